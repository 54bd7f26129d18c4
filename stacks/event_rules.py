"""Starts by events: one EventBridge rule for each in the configuration, off unless it says otherwise.

A rule cannot name the execution, and an event can be delivered twice. While the first migration runs, the lease ends
the second one as `Duplicate`; after it, the preflight finds the users on green and refuses. Both change nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.dead_letters import dead_letter_queue

_RETRIES: Final = 3
"""Few, as with schedules: a start that comes late is worse than none."""


@dataclass(frozen=True, slots=True)
class EventStart:
    """
    One rule.

    Attributes:
        name: Unique; letters, digits, `-`, `_` and `.`.
        source: Of the events, such as `aws.codepipeline` or `com.example.release`.
        detail_type: Of the events.
        detail: A pattern for their detail; empty for any.
        plan: Which plan to run.
        enabled: Whether it is on.
        max_age: How late a start may come; later it goes to the dead-letter queue.
    """

    name: str
    source: str
    detail_type: str
    detail: Mapping[str, Any]
    plan: str
    enabled: bool
    max_age: timedelta


class EventRules(Construct):
    """
    All rules.

    Attributes:
        dead_letters: Starts that could not be delivered in time.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        machine: sfn.IStateMachine,
        bus: events.IEventBus,
        starts: Sequence[EventStart],
    ) -> None:
        super().__init__(scope, id_)
        self.dead_letters = dead_letter_queue(self)
        for start in starts:
            self._add(start, machine, bus)

    def _add(self, start: EventStart, machine: sfn.IStateMachine, bus: events.IEventBus) -> None:
        events.Rule(
            self,
            start.name,
            description=f"Starts plan {start.plan} of Crossfade",
            enabled=start.enabled,
            event_bus=bus,
            event_pattern=events.EventPattern(
                source=[start.source], detail_type=[start.detail_type], detail=dict(start.detail) or None
            ),
            targets=[
                targets.SfnStateMachine(
                    machine,
                    input=events.RuleTargetInput.from_object(
                        {
                            "plan": start.plan,
                            "startedBy": f"event rule {start.name}",
                            "reason": f"event {events.EventField.event_id}",
                        }
                    ),
                    max_event_age=Duration.seconds(start.max_age.total_seconds()),
                    retry_attempts=_RETRIES,
                    dead_letter_queue=self.dead_letters,
                )
            ],
        )
