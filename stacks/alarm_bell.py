"""What wakes a bake: the alarms that judge it, told by EventBridge the moment they change.

The event makes it fast; the look that comes anyway makes it sure, because events can be lost. Both end the same way:
the migration looks at its health.
An event that comes late is still worth something: that an alarm was in ALARM is not forgotten by its being OK again.
Limits: a pattern has at most 2,048 characters, so many alarms need several rules; alarms of another Region than the
stack's are only looked at.
Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
"""

from collections.abc import Iterator, Sequence
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from crossfade.names import ALARM_EVENT, ALARM_SOURCE

_NAMES_CHARACTERS: Final = 1_500
"""Of a pattern; the rest of it needs some 150."""
_LATEST: Final = Duration.minutes(15)
"""As late as a rollback may take: what is told later than that belongs to a stage that is over."""
_RETRIES: Final = 8


class AlarmBell(Construct):
    """The rules that tell of alarms. Nothing is retried for longer than a quarter of an hour."""

    def __init__(
        self, scope: Construct, id_: str, *, function: lambda_.Function, alarms: Sequence[str], dead_letters: sqs.IQueue
    ) -> None:
        super().__init__(scope, id_)
        function.configure_async_invoke(max_event_age=_LATEST, retry_attempts=2)
        target = targets.LambdaFunction(
            function, max_event_age=_LATEST, retry_attempts=_RETRIES, dead_letter_queue=dead_letters
        )
        for number, names in enumerate(_together(alarms), start=1):
            events.Rule(
                self,
                f"Alarms{number}",
                description="Crossfade: an alarm that judges green went into ALARM",
                event_pattern=events.EventPattern(
                    source=[ALARM_SOURCE],
                    detail_type=[ALARM_EVENT],
                    detail={"alarmName": names, "state": {"value": ["ALARM"]}},
                ),
                targets=[target],
            )


def _together(names: Sequence[str]) -> Iterator[list[str]]:
    """Divide *names* into as few lists as patterns allow."""
    together: list[str] = []
    for name in names:
        if together and sum(len(each) + 3 for each in [*together, name]) > _NAMES_CHARACTERS:
            yield together
            together = []
        together.append(name)
    if together:
        yield together
