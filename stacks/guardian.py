"""What wakes the guardian: every bad end of an execution, and every minute.

An execution that is stopped, or reaches its time-out, runs no Catch, so somebody outside must look. The event makes it
fast; the minutes make it sure, because events can be lost.
The guardian takes the time from the event, and a rollback must never believe that more time has passed than has. So a
late event is worth nothing: it is dropped, and the next minute comes anyway.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.dead_letters import dead_letter_queue

BAD_ENDS: Final = ("FAILED", "TIMED_OUT", "ABORTED")
"""The states of an execution after which traffic may be anywhere. FAILED also is how every rollback ends."""

_MINUTE: Final = Duration.minutes(1)
_LATEST: Final = Duration.minutes(1)
"""The least that EventBridge and Lambda take; their own defaults are a day and six hours."""
_EVENT_RETRIES: Final = 5
_SWEEP_RETRIES: Final = 1


class Guardian(Construct):
    """
    The rules that wake the guardian.

    Attributes:
        dead_letters: Events that could not be handed over. One of them is no harm; that there are any is.
    """

    def __init__(self, scope: Construct, id_: str, *, function: lambda_.Function, machine_arn: str) -> None:
        super().__init__(scope, id_)
        self._function = function
        function.configure_async_invoke(
            max_event_age=_LATEST,
            retry_attempts=0,  # the next minute tries again, with the right time
        )
        self.dead_letters = dead_letter_queue(self)
        events.Rule(
            self,
            "BadEnd",
            description="Crossfade: an execution ended without success; the guardian looks where traffic is",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": [machine_arn], "status": list(BAD_ENDS)},
            ),
            targets=[self._target(retries=_EVENT_RETRIES)],
        )
        events.Rule(
            self,
            "EveryMinute",
            description="Crossfade: the guardian looks for leases whose execution does not run",
            schedule=events.Schedule.rate(_MINUTE),
            targets=[self._target(retries=_SWEEP_RETRIES)],
        )

    def _target(self, *, retries: int) -> targets.LambdaFunction:
        return targets.LambdaFunction(
            self._function, max_event_age=_LATEST, retry_attempts=retries, dead_letter_queue=self.dead_letters
        )
