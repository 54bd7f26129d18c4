"""The kinds of states that the machine is made of: tasks that call a function, choices, waits, sleeps, ends.

Rule 1: a Task retries what is temporary, by name. One that may be done twice and has no better way out (Complete,
Roll back, Confirm rollback) also retries the crash of its function.
Rule 2: a sleep has an ear open. It leaves a token in the ledger, by which an alarm or a person wakes it; its time-out
is the next look that would come anyway. Where no token can be left, it sleeps by the clock.
This file knows no order of states; `flow` and `failure_column` have that.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import Aws, Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from crossfade.names import (
    BELL_ITEM,
    BELL_KEY,
    BELL_RANG,
    BELL_TOKEN,
    CRASH_ERRORS,
    LAMBDA_ERRORS,
    PAGE_ERRORS,
    RANG_ERRORS,
    TEMPORARY_ERRORS,
    Function,
    State,
)
from stacks.functions import PROFILES

_GRACE_SECONDS: Final = 15
"""By how much a Task outlives its function's own time-out, so that an answer is never thrown away."""

_PAGE_SECONDS: Final = 20
"""How long SNS may take to accept the page; it takes milliseconds."""

_RETRIES: Final = 6
_PATIENT_RETRIES: Final = 20
"""Of what ends a migration: about five minutes, longer than Route 53 or an API server is usually throttled."""

_CRASH_RETRIES: Final = 3

_COMMON_PAYLOAD: Final = {
    "migration": "{% $states.context.Execution.Name %}",
    "execution": "{% $states.context.Execution.Id %}",
    "now": "{% $now() %}",  # of this try: the state was entered before its retries
}

ANSWER: Final = "{% $states.result.Payload %}"
WAIT: Final = {"wait": "{% $states.result.Payload.wait_seconds %}"}
REASON: Final = {"reason": "{% $states.result.Payload.reason %}"}

# The cause of a function's error is JSON; that of any other error is text, possibly cut off or absent.
_IS_JSON: Final = (
    "$substring($states.errorOutput.Cause, 0, 1) = '{' and $substring($states.errorOutput.Cause, -1) = '}'"
)
_CAUSE: Final = f"({_IS_JSON} ? $parse($states.errorOutput.Cause).errorMessage : $states.errorOutput.Cause)"
ERROR: Final = f"$states.errorOutput.Error & ': ' & {_CAUSE}"
ERROR_AGAIN: Final = f"($contains($reason, {ERROR}) ? 'the same' : {ERROR})"
"""What also went wrong; with the words of what had gone wrong before, it is said in short."""
"""What went wrong, as an expression inside a catch: the name of the error and its cause."""

_PAGE: Final = (
    r"'ACT NOW. Nobody could read back where traffic is; some of it may still be on green. "
    r"The guardian tries to give it back once a minute.\n\nLook: crossfade status ' & $states.context.Execution.Name"
    r" & '\nThe runbook says what to do: docs/runbook.md\n\nWhy: ' & $ending.reason"
    r" & '\n\nExecution: ' & $states.context.Execution.Id & '\n'"
)


class States:
    """
    Makes states, each by its name.

    Args:
        scope: Of all of them: a state's name is its construct id.
        functions: The versions that tasks call.
        topic: Where the page goes.
        table_name: Of the ledger, in which a sleep leaves its token.
    """

    def __init__(
        self, scope: Construct, *, functions: Mapping[Function, lambda_.IVersion], topic: sns.ITopic, table_name: str
    ) -> None:
        self._scope = scope
        self._functions = functions
        self._topic = topic
        self._table_name = table_name

    def task(
        self,
        function: Function,
        state: State,
        comment: str,
        *,
        payload: Mapping[str, object] | None = None,
        assign: Mapping[str, object] | None = None,
        crashes_are_retried: bool = False,
    ) -> tasks.LambdaInvoke:
        """A call of *function*, retried by name; *payload* comes on top of what every function is told."""
        task = tasks.LambdaInvoke.jsonata(
            self._scope,
            state.value,
            comment=comment,
            lambda_function=self._functions[function],
            payload=sfn.TaskInput.from_object(_COMMON_PAYLOAD | dict(payload or {})),
            outputs=ANSWER,
            assign=assign,
            retry_on_service_exceptions=False,  # would add a second list, without jitter, beside ours
            task_timeout=sfn.Timeout.duration(Duration.seconds(PROFILES[function].timeout_seconds + _GRACE_SECONDS)),
        )
        _retry(task, LAMBDA_ERRORS)
        _retry(task, TEMPORARY_ERRORS, most=_PATIENT_RETRIES if crashes_are_retried else _RETRIES)
        if crashes_are_retried:
            _retry(task, CRASH_ERRORS, most=_CRASH_RETRIES)
        return task

    def choice(self, state: State, comment: str, *, assign: Mapping[str, object] | None = None) -> sfn.Choice:
        """A choice without a branch yet."""
        return sfn.Choice.jsonata(self._scope, state.value, comment=comment, assign=assign)

    def sleep(self, state: State, comment: str, *, by_the_clock: State, then: sfn.IChainable) -> sfn.CustomState:
        """
        Sleep until somebody rings, or for as long as it was told.

        The token is left in the ledger only where nobody has rung since the last look, so no ring is lost in between.
        CDK has no construct for this integration with a condition on the item.
        Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
        """
        sleep = sfn.CustomState(self._scope, state.value, state_json=self._token_left_in_the_ledger(comment))
        clock = self.wait(by_the_clock, "No token could be left, so nobody can wake it: sleep for as long anyway.")
        clock.next(then)
        for errors, way in ((["States.Timeout", *RANG_ERRORS], then), (["States.ALL"], clock)):
            sleep.add_catch(sfn.Chain.start(way), errors=errors)
        sleep.next(then)
        return sleep

    def _token_left_in_the_ledger(self, comment: str) -> dict[str, object]:
        key = {"pk": {"S": f"{{% '{BELL_KEY}' & $states.context.Execution.Name %}}"}, "sk": {"S": BELL_ITEM}}
        return {
            "Type": "Task",
            "Comment": comment,
            "Resource": f"arn:{Aws.PARTITION}:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
            "Arguments": {
                "TableName": self._table_name,
                "Key": key,
                "UpdateExpression": f"SET {BELL_TOKEN} = :token",
                "ConditionExpression": f"attribute_not_exists({BELL_RANG})",
                "ExpressionAttributeValues": {":token": {"S": "{% $states.context.Task.Token %}"}},
            },
            "TimeoutSeconds": "{% $wait %}",
        }

    def wait(self, state: State, comment: str) -> sfn.Wait:
        """A wait of as many seconds as the last function has asked for."""
        return sfn.Wait.jsonata(self._scope, state.value, comment=comment, time=sfn.WaitTime.seconds("{% $wait %}"))

    def failure(self, state: State, error: str, comment: str) -> sfn.Fail:
        """An end as a failure called *error*, whose cause is the reason of the ending."""
        return sfn.Fail.jsonata(self._scope, state.value, comment=comment, error=error, cause="{% $ending.reason %}")

    def page(self, then: sfn.IChainable) -> tasks.SnsPublish:
        """No function stands between this and the topic: it may be the functions that do not work."""
        page = tasks.SnsPublish.jsonata(
            self._scope,
            State.PAGE.value,
            comment="Call somebody: nobody has confirmed where traffic is.",
            topic=self._topic,
            subject="Crossfade NEEDS YOU: nobody could confirm where traffic is",
            message=sfn.TaskInput.from_text(f"{{% {_PAGE} %}}"),
            task_timeout=sfn.Timeout.duration(Duration.seconds(_PAGE_SECONDS)),
        )
        _retry(page, PAGE_ERRORS, most=_CRASH_RETRIES)
        page.add_catch(then, errors=["States.ALL"])
        page.next(then)
        return page


def _retry(task: tasks.LambdaInvoke | tasks.SnsPublish, errors: Sequence[str], *, most: int = _RETRIES) -> None:
    """*most* more tries, six within about a minute, spread so that several functions do not ask in step."""
    task.add_retry(
        errors=list(errors),
        interval=Duration.seconds(2),
        backoff_rate=2,
        max_delay=Duration.seconds(30),
        max_attempts=most,
        jitter_strategy=sfn.JitterType.FULL,
    )


def arrived() -> sfn.Condition:
    """Whether the last answer says that DNS carries what was written."""
    return sfn.Condition.jsonata("{% $states.input.arrived %}")


def action(value: str) -> sfn.Condition:
    """Whether the last answer asks for the action *value*."""
    return sfn.Condition.jsonata(f"{{% $states.input.action = '{value}' %}}")
