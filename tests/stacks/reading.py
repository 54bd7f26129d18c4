"""How the tests read a template: resources by type, and permissions as words."""

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def resources(template: Json, kind: str) -> dict[str, Json]:
    """Resources of type *kind*, such as `AWS::Lambda::Function`, by logical id."""
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] == kind}


def properties(template: Json, kind: str) -> list[Json]:
    """The properties of all resources of type *kind*."""
    return [resource["Properties"] for resource in resources(template, kind).values()]


def permissions(template: Json, role: str) -> dict[str, list[str]]:
    """What the role whose logical id starts with *role* may do: actions, each with its resources as words."""
    allowed: dict[str, list[str]] = {}
    for policy in properties(template, "AWS::IAM::Policy"):
        if policy["Roles"][0]["Ref"].startswith(role):
            for statement in policy["PolicyDocument"]["Statement"]:
                for action in _listed(statement["Action"]):
                    allowed.setdefault(action, []).extend(_words(statement["Resource"]))
    return {action: sorted(allowed[action]) for action in sorted(allowed)}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _words(resource: Any) -> Iterator[str]:
    for part in _listed(resource):
        if isinstance(part, str):
            yield part
        elif "Fn::Join" in part:
            yield "".join(text if isinstance(text, str) else f"*{_named(text)}*" for text in part["Fn::Join"][1])
        else:
            yield _named(part)


def _named(reference: Json) -> str:
    """The resource that a reference speaks of, without the hash in its logical id."""
    logical_id = reference["Fn::GetAtt"][0] if "Fn::GetAtt" in reference else reference["Ref"]
    if logical_id == "AWS::AccountId":
        return "account"
    return re.sub(r"[0-9A-F]{8}([0-9a-f]{32,})?$", "", logical_id)


def alarm_rules(template: Json) -> list[Json]:
    found = properties(template, "AWS::Events::Rule")
    return [rule for rule in found if "aws.cloudwatch" in rule.get("EventPattern", {}).get("source", ())]
