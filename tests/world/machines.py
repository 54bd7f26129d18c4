"""Small state machines for the tests of the embedded cloud: a definition, its functions, one template."""

import itertools
import json
from collections.abc import Mapping
from typing import Any, Final

from world.cloud import Cloud
from world.functions import Handler
from world.step_functions import Execution, History

Json = dict[str, Any]

_ACCOUNT: Final = "123456789012"
_numbers = itertools.count(1)


def definition(start: str, /, *, timeout_seconds: Any = None, **states: Any) -> Json:
    """A JSONata machine; keyword names are the state names."""
    more = {} if timeout_seconds is None else {"TimeoutSeconds": timeout_seconds}
    return {"QueryLanguage": "JSONata", "StartAt": start, "States": states, **more}


def task(role: str, /, *, payload: Any = None, **fields: Any) -> Json:
    """A Task that invokes the function *role*; its output is the payload of the answer."""
    arguments = {
        "FunctionName": f"arn:aws:lambda:eu-west-1:{_ACCOUNT}:function:{role}:1",
        "Payload": {} if payload is None else payload,
    }
    result = {"Output": "{% $states.result.Payload %}"}
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": arguments, **result, **fields}


def template(machine: Json, handlers: Mapping[str, Handler], **function_properties: Any) -> Json:
    """What CDK would make of *machine* with a function for each of *handlers*."""
    functions = {
        f"Function{number}": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"FunctionName": role, "Handler": f"lambdas.{role}.handler", **function_properties},
        }
        for number, role in enumerate(handlers)
    }
    return {
        "Resources": {
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                },
            },
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Role": {"Type": "AWS::IAM::Role"},
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "DefinitionString": json.dumps(machine),
                    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                },
            },
            **functions,
        }
    }


def deploy(cloud: Cloud, machine: Json, function_properties: Json | None = None, /, **handlers: Handler) -> None:
    """Deploy *machine* beside whatever was deployed before."""

    def load(path: str) -> Handler:
        return handlers[path.split(".")[1]]

    body = template(machine, handlers, **(function_properties or {}))
    cloud.deploy(body, load, stack=f"Small{next(_numbers)}")


def run(cloud: Cloud, machine: Json, /, *, given: Any = None, **handlers: Handler) -> Execution:
    """Deploy *machine* and run it once."""
    deploy(cloud, machine, **handlers)
    return cloud.run(execution_input=given)


def run_with_history(
    cloud: Cloud, machine: Json, /, *, given: Any = None, **handlers: Handler
) -> tuple[Execution, History]:
    """Deploy *machine*, run it once, and look at what it did."""
    execution = run(cloud, machine, given=given, **handlers)
    return execution, cloud.history(execution.arn)


def answers(*results: Any) -> Handler:
    """A handler that gives one result after the other, or raises it, and stays with the last."""
    remaining = list(results)

    def handler(_event: Any, _context: Any) -> Any:
        result = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        if isinstance(result, Exception):
            raise result
        return result

    return handler


def echo(event: Any, _context: Any) -> Any:
    """A handler that answers with what it was asked."""
    return event
