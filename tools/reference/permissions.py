"""Parts about who may do what: the roles of the template and the RBAC of the shipped manifests."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from tools.reference.markdown import ROOT, Json, Lines, code, read, table
from tools.reference.template import resources

RBAC_FILES: Final = ROOT / "examples" / "rbac"
Right = tuple[str, str]
"""An action and where it is allowed."""


def iam() -> Lines:
    """What every role of the main stack may do, from the synthesised template; what all functions share comes first."""
    found = resources()
    policies = (policy["Properties"] for policy in found.values() if policy["Type"] == "AWS::IAM::Policy")
    rights = {_owner(policy["Roles"][0]["Ref"], found): list(_rights(policy, found)) for policy in policies}
    functions = [held for owner, held in rights.items() if owner.startswith("`")]
    shared = [right for right in functions[0] if all(right in held for held in functions)]
    own = {owner: [right for right in held if right not in shared] for owner, held in sorted(rights.items())}
    rows = {"every function": shared, **own}
    return table(["Role of", "May"], ([owner, _words(held)] for owner, held in rows.items()))


def _rights(policy: Json, resources: Mapping[str, Json]) -> Iterator[Right]:
    for statement in policy["PolicyDocument"]["Statement"]:
        places = dict.fromkeys(_place(each, resources) for each in _listed(statement["Resource"]))
        effect = "" if statement["Effect"] == "Allow" else ", never"
        condition = _condition(statement.get("Condition", {}))
        for action in _listed(statement["Action"]):
            yield action, f"{' and '.join(places)}{condition}{effect}"


def _condition(condition: Json) -> str:
    """What a condition lets through, in words; that its keys have to be there (`Null`) is left to the prose."""
    tests = [test for operator, test in condition.items() if operator != "Null"]
    parts = [f"`{key.rpartition(':')[2]}` of {_few(_listed(value))}" for test in tests for key, value in test.items()]
    return f", only with {'; '.join(parts)}" if parts else ""


def _few(words: Sequence[str]) -> str:
    more = len(words) - _FEW
    return code(words[:_FEW]) + (f" and {more} more" if more > 0 else "")


_FEW: Final = 5


def _words(rights: Sequence[Right]) -> str:
    places = dict.fromkeys(place for _, place in rights)
    lines = (f"{code(action for action, at in rights if at == place)} on {place}" for place in places)
    return "<br>".join(lines) or "nothing more"


def _owner(role: str, resources: Mapping[str, Json]) -> str:
    """Who wears *role*: a function by its module's name, anything else by the service that assumes it."""
    for resource in resources.values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Function" and properties["Role"] == {"Fn::GetAtt": [role, "Arn"]}:
            return f"`{properties['Handler'].split('.')[1]}`"
    trust = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    return _WEARERS[trust[0]["Principal"]["Service"]]


_WEARERS: Final = {
    "events.amazonaws.com": "the rules",
    "scheduler.amazonaws.com": "the schedules",
    "states.amazonaws.com": "the state machine",
}
_PLACES: Final = {
    "AWS::DynamoDB::Table": "the ledger's table",
    "AWS::Lambda::Function": "the functions",
    "AWS::Lambda::Version": "the published versions of the functions",
    "AWS::Logs::LogGroup": "its own log group",
    "AWS::SNS::Topic": "the topic",
    "AWS::SQS::Queue": "a dead-letter queue",
    "AWS::StepFunctions::StateMachine": "the state machine",
}


def _place(resource: Any, resources: Mapping[str, Json]) -> str:
    """A resource in words; an ARN with what CloudFormation fills in written as `${…}`."""
    if isinstance(resource, str):
        return f"`{resource}`"
    (function, argument), *_ = resource.items()
    if function == "Fn::Join":
        return f"`{''.join(_part(each, resources) for each in argument[1])}`"
    name = argument if function == "Ref" else argument[0]
    return _PLACES[resources[name]["Type"]]


def _part(part: Any, resources: Mapping[str, Json]) -> str:
    if isinstance(part, str):
        return part
    name = next(iter(part.values()))
    name = name if isinstance(name, str) else name[0]
    return f"${{{resources[name]['Type'].rpartition('::')[2] if name in resources else name}}}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def rbac() -> Lines:
    """What the shipped RBAC manifests give to Crossfade's group."""
    objects = [each for path in sorted(RBAC_FILES.glob("*.yaml")) for each in yaml.safe_load_all(read(path))]
    rows = (
        [f"`{each['metadata'].get('namespace', 'all')}`", *(code(rule.get(key, ["all"])) for key in _RULE)]
        for each in objects
        if each["kind"] in ("Role", "ClusterRole")
        for rule in each["rules"]
    )
    return table(["Namespace", "API group", "Kind", "Names", "Verbs"], rows)


_RULE: Final = ("apiGroups", "resources", "resourceNames", "verbs")
