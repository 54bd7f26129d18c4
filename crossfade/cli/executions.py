"""The executions of the deployed state machine, as the command line needs them: start, describe, list.

Limits: a name has at most 80 of A-Z, a-z, 0-9, - and _, and is taken for 90 days after its execution has ended.
Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from crossfade.adapters.aws import code_of
from crossfade.errors import InvalidInputError

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

RUNNING: Final = "RUNNING"

_NAME: Final = re.compile(r"[0-9A-Za-z_-]{1,80}")
_RUNNING_MAX: Final = 100  # more migrations than that at once are none of one team's


@dataclass(frozen=True, slots=True)
class Execution:
    """
    One execution.

    Attributes:
        name: Of the migration.
        arn: Its own.
        status: Step Functions' word: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED.
        started: UTC.
        stopped: None while it runs.
        error: Its error name, when that was asked for and there is one.
        cause: Likewise.
    """

    name: str
    arn: str
    status: str
    started: datetime
    stopped: datetime | None = None
    error: str = ""
    cause: str = ""


class Executions:
    """
    The executions of one state machine.

    Args:
        stepfunctions: A client.
        machine_arn: Of the state machine.
    """

    def __init__(self, stepfunctions: "SFNClient", machine_arn: str) -> None:
        self._stepfunctions = stepfunctions
        self._machine_arn = machine_arn

    def start(self, name: str, given: Mapping[str, object]) -> str:
        """
        Start an execution; its ARN. The same name and input as one that runs starts nothing.

        Raises:
            InvalidInputError: The name is not possible, or it is taken.
        """
        check_name(name)
        try:
            started = self._stepfunctions.start_execution(
                stateMachineArn=self._machine_arn, name=name, input=json.dumps(dict(given))
            )
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise
            msg = f"there has been a migration {name} already; give another --name"
            raise InvalidInputError(msg) from error
        return started["executionArn"]

    def find(self, name: str) -> Execution | None:
        """The execution *name*; None when Step Functions does not know it."""
        check_name(name)
        arn = f"{self._machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
        try:
            found: Any = self._stepfunctions.describe_execution(executionArn=arn)
        except ClientError as error:
            if code_of(error) != "ExecutionDoesNotExist":
                raise
            return None
        return _execution(found, error=found.get("error", ""), cause=found.get("cause", ""))

    def running(self) -> tuple[Execution, ...]:
        """All that run, the latest first."""
        return tuple(islice(self._list(statusFilter=RUNNING), _RUNNING_MAX))

    def recent(self, most: int) -> tuple[Execution, ...]:
        """At most *most* of the last 90 days, the latest first."""
        return tuple(islice(self._list(), most))

    def _list(self, **which: Any) -> Iterator[Execution]:
        pages = self._stepfunctions.get_paginator("list_executions")
        for page in pages.paginate(stateMachineArn=self._machine_arn, **which):
            yield from (_execution(found) for found in page["executions"])


def check_name(name: str) -> None:
    """
    Refuse what cannot be the name of an execution.

    Raises:
        InvalidInputError: With the form.
    """
    if not _NAME.fullmatch(name):
        msg = f"{name[:100]!r} cannot be the name of a migration; use at most 80 letters, digits, hyphens, underscores"
        raise InvalidInputError(msg)


def _execution(found: Any, *, error: str = "", cause: str = "") -> Execution:
    stopped = found.get("stopDate")
    return Execution(
        name=found["name"],
        arn=found["executionArn"],
        status=found["status"],
        started=found["startDate"].astimezone(UTC),
        stopped=stopped.astimezone(UTC) if stopped else None,
        error=error,
        cause=cause,
    )
