"""The state of executions, from Step Functions, and the way to end a wait for a token.

Limit: an execution is forgotten 90 days after its end; DescribeExecution takes 10 to 15 calls a second.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from crossfade.adapters.aws import Translation, code_of
from crossfade.errors import LedgerRefusedError, LedgerUnavailableError

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

DELETED: Final = "DELETED"

_WOKEN: Final = '{"woken": true}'
_TOO_LATE: Final = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
"""The wait has ended meanwhile, by its time-out or with its execution."""

_STEP_FUNCTIONS: Final = Translation(
    "Step Functions",
    throttled=LedgerUnavailableError,
    unavailable=LedgerUnavailableError,
    denied=LedgerRefusedError,
)


class StepFunctionsExecutions:
    """
    See `ports.Executions`.

    Args:
        stepfunctions: A client.
    """

    def __init__(self, stepfunctions: "SFNClient") -> None:
        self._stepfunctions = stepfunctions

    def status(self, execution: str) -> str:
        """See `ports.Executions.status`."""
        try:
            with _STEP_FUNCTIONS.around("states:DescribeExecution", execution):
                return self._stepfunctions.describe_execution(executionArn=execution)["status"]
        except ClientError as error:
            if code_of(error) != "ExecutionDoesNotExist":
                raise
            return DELETED

    def wake(self, token: str) -> bool:
        """See `ports.Executions.wake`. The token stands in no message: who has it can end the wait."""
        try:
            with _STEP_FUNCTIONS.around("states:SendTaskSuccess", "a wait for a token"):
                self._stepfunctions.send_task_success(taskToken=token, output=_WOKEN)
        except ClientError as error:
            if code_of(error) not in _TOO_LATE:
                raise
            return False
        return True
