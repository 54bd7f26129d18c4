"""The definition of the state machine, taken out of the synthesised template."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def definition_of(template: Mapping[str, Any]) -> dict[str, Any]:
    """The definition in a synthesised *template*, each function's ARN replaced by one that ends in its role."""
    resources = template["Resources"]
    machine = next(r for r in resources.values() if r["Type"] == "AWS::StepFunctions::StateMachine")
    parts: Sequence[Any] = machine["Properties"]["DefinitionString"]["Fn::Join"][1]
    definition: dict[str, Any] = json.loads("".join(_part(part, resources) for part in parts))
    return definition


def _part(part: Any, resources: Mapping[str, Any]) -> str:
    if isinstance(part, str):
        return part
    target = part.get("Ref", "")
    if target == "AWS::Partition":
        return "aws"
    if resources[target]["Type"] == "AWS::SNS::Topic":
        return f"arn:aws:sns:::{target}"
    if resources[target]["Type"] == "AWS::DynamoDB::Table":
        return str(target)
    version = resources[target]
    function = resources[version["Properties"]["FunctionName"]["Ref"]]
    return f"arn:aws:lambda:::function:{function['Properties']['Handler'].split('.')[-2]}"
