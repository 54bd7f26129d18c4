"""A pipeline's action that invokes Step Functions, as CodePipeline documents it; moto's never runs an action.

It starts an execution with the literal input, or with a file of the input artifact, under the prefix and the id of the
action; then it asks how the execution is. SUCCEEDED passes and gives the output on; everything else fails the action.
Source: https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-StepFunctions.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import boto3

from world.clock import Clock

POLL: Final = timedelta(seconds=30)
_LONGEST: Final = timedelta(days=7)
"""As long as CodePipeline lets an action run that sets nothing else."""


class BadActionError(ValueError):
    """The action's configuration is one that CodePipeline would refuse."""


@dataclass(frozen=True)
class ActionResult:
    """
    How the action ended.

    Attributes:
        passed: Whether the stage goes on.
        execution: Name of the execution.
        error: Name of the error; empty when it passed.
        message: What the pipeline shows.
        output: The output artifact: the execution's output; None when it failed.
    """

    passed: bool
    execution: str
    error: str
    message: str
    output: Any = None


def run_action(
    configuration: Mapping[str, str],
    clock: Clock,
    *,
    machine_arn: str,
    artifact: Mapping[str, str] | None = None,
    action_id: str = "1624a1d1-3699-43f0-8e1e-6bafd7fde791",
) -> ActionResult:
    """
    Run one action and let time pass until it has ended.

    Args:
        configuration: Of the action, as the template has it.
        clock: Whose time passes.
        machine_arn: Of the state machine, in place of the one that the template names by reference.
        artifact: The files of the input artifact, by path.
        action_id: Of this run of the action; part of the execution's name.

    Raises:
        BadActionError: The input is no JSON, or its file is not in the artifact.
    """
    stepfunctions = boto3.client("stepfunctions")
    prefix = configuration.get("ExecutionNamePrefix", "")
    name = f"{prefix}-{action_id}" if prefix else action_id
    given = _input(configuration, artifact or {})
    arn = stepfunctions.start_execution(stateMachineArn=machine_arn, name=name, input=given)["executionArn"]
    began = clock.now
    while (found := stepfunctions.describe_execution(executionArn=arn))["status"] == "RUNNING":
        if clock.now - began > _LONGEST:
            return ActionResult(passed=False, execution=name, error="JobTimedOut", message="it took longer than 7 days")
        clock.sleep(POLL.total_seconds())
    if found["status"] == "SUCCEEDED":
        return ActionResult(passed=True, execution=name, error="", message="", output=json.loads(found["output"]))
    error = found.get("error", found["status"])
    return ActionResult(passed=False, execution=name, error=error, message=f"{error}: {found.get('cause', '')}")


def _input(configuration: Mapping[str, str], artifact: Mapping[str, str]) -> str:
    given = configuration.get("Input", "{}")
    if configuration.get("InputType", "Literal") == "FilePath":
        path = given.rpartition("::")[2]
        if path not in artifact:
            msg = f"the input artifact has no {path}; it has {', '.join(artifact) or 'nothing'}"
            raise BadActionError(msg)
        given = artifact[path]
    try:
        json.loads(given)
    except ValueError as error:
        msg = f"the input is no JSON: {error}"
        raise BadActionError(msg) from error
    return given
