"""Starts by the clock: one EventBridge schedule for each in the configuration, off unless it says otherwise.

Delivery is at least once. The execution is named after the delivery: one whose answer was lost finds its execution
running. A delivery under another name moves nothing either: while the first migration runs, the lease ends the second
one as `Duplicate`; after it, the preflight finds the users on green and refuses.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aws_cdk import Duration, TimeZone
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from stacks.dead_letters import dead_letter_queue

_RETRIES: Final = 3
"""Few: a start that comes late is worse than none. The service's own default is 185, over a day."""


@dataclass(frozen=True, slots=True)
class Start:
    """
    One schedule.

    Attributes:
        name: Unique; letters, digits, `-` and `_`.
        expression: `cron(…)`, `rate(…)` or `at(…)`.
        timezone: IANA name, such as `Europe/Berlin`.
        plan: Which plan to run.
        enabled: Whether it is on.
        max_age: How late a start may come; later it goes to the dead-letter queue.
    """

    name: str
    expression: str
    timezone: str
    plan: str
    enabled: bool
    max_age: timedelta


class Schedules(Construct):
    """
    All schedules.

    Attributes:
        dead_letters: Starts that could not be delivered in time.
    """

    def __init__(self, scope: Construct, id_: str, *, machine_arn: str, starts: Sequence[Start]) -> None:
        super().__init__(scope, id_)
        self._machine_arn = machine_arn
        self.dead_letters = dead_letter_queue(self)
        self._role = self._add_role()
        for start in starts:
            self._add(start)

    def _add_role(self) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            description="Crossfade: what the schedules may do",
            assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"),
        )
        self.dead_letters.grant_send_messages(role)
        return role

    def _add(self, start: Start) -> None:
        scheduler.Schedule(
            self,
            start.name,
            description=f"Starts plan {start.plan} of Crossfade",
            schedule=scheduler.ScheduleExpression.expression(start.expression, TimeZone.of(start.timezone)),
            enabled=start.enabled,
            target=targets.Universal(
                service="sfn",  # not the templated target, because only this one can name the execution
                action="startExecution",
                input=scheduler.ScheduleTargetInput.from_object(self._request(start)),
                role=self._role,
                policy_statements=[self._start_permission()],
                max_event_age=Duration.seconds(start.max_age.total_seconds()),
                retry_attempts=_RETRIES,
                dead_letter_queue=self.dead_letters,
            ),
        )

    def _start_permission(self) -> iam.PolicyStatement:
        return iam.PolicyStatement(actions=["states:StartExecution"], resources=[self._machine_arn])

    def _request(self, start: Start) -> dict[str, str]:
        return {
            "StateMachineArn": self._machine_arn,
            "Name": f"schedule-{scheduler.ContextAttribute.execution_id}",
            "Input": json.dumps({"plan": start.plan, "startedBy": f"schedule {start.name}"}),
        }
