"""Alarms on Crossfade itself. Whether green is healthy is judged by those in the configuration, which are not ours."""

from collections.abc import Mapping
from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from crossfade.names import METRIC_NAMESPACE, SERVICE, Function, Metric

_MINUTE: Final = Duration.minutes(1)
_FIVE_MINUTES: Final = Duration.minutes(5)

_MANY_ERRORS: Final = 3
"""In five minutes, of one function: more than the odd retry, and well before the retries are used up."""

_ROLLS_BACK: Final = "A migration that runs gives its traffic back, if it goes on."
_CONSEQUENCES: Final = {
    Function.ROLL_BACK: "A rollback that runs is not finished; see that it goes on: see the runbook.",
    Function.CONFIRM_ROLLBACK: "Nobody has read back where traffic is; look yourself: see the runbook.",
    Function.LATCH_ALARM: "Alarms wake no migration; it sees them at its next look, up to five minutes later.",
    Function.GUARDIAN: "If somebody stops a migration now, nobody gives traffic back. Stop none until it is mended.",
    Function.REPORT: "Traffic is not touched by that; the report of a migration is missing or late.",
}
"""What it means for traffic that a function fails again and again; otherwise `_ROLLS_BACK`."""

_LOST: Final = {
    "Guardian": "EventBridge could not wake the guardian, or the function that notes alarms: if somebody stops a "
    "migration now, perhaps nobody gives traffic back. Look at the rules' targets and at both functions.",
    "Event": "A start by an event did not arrive in time, so no migration has begun. Start it by hand if it is wanted.",
    "Schedule": "A start by a schedule did not arrive in time, so no migration has begun. Start it by hand if it is "
    "wanted.",
    "Report": "The end of a migration did not reach the function that writes reports. Traffic is not touched by that; "
    "crossfade report makes the report that is missing.",
}
"""What it means that messages are in a dead-letter queue, by who they were for."""


class Monitoring(Construct):
    """
    Alarms on Crossfade itself.

    Attributes:
        alarms: All of them; each one tells the topic.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        machine: sfn.StateMachine,
        functions: Mapping[Function, lambda_.Function],
        topic: sns.ITopic,
        dead_letters: Mapping[str, sqs.Queue],
    ) -> None:
        super().__init__(scope, id_)
        self._machine = machine
        self._functions = functions
        self._topic = topic
        self.alarms = [
            *self._machine_alarms(),
            self._unconfirmed_alarm(),
            self._guardian_alarm(),
            *(self._dead_letters_alarm(lost, queue) for lost, queue in dead_letters.items()),
            *self._function_alarms(),
        ]

    def _machine_alarms(self) -> list[cloudwatch.Alarm]:
        machine = self._machine
        return [
            self._alarm(
                "Failed",
                machine.metric_failed(period=_MINUTE),
                "A migration did not succeed. Its error says how it ended: RolledBack, PartlyRolledBack, Held, "
                "Refused, Duplicate, or RollbackUnconfirmed, which needs somebody now. Open the execution.",
            ),
            self._alarm(
                "TimedOut",
                machine.metric_timed_out(period=_MINUTE),
                "A migration reached its time-out. The guardian gives traffic back; see that it does: see the runbook.",
            ),
            self._alarm(
                "Aborted",
                machine.metric_aborted(period=_MINUTE),
                "Somebody stopped a migration. The guardian gives traffic back; see that it does: see the runbook.",
            ),
        ]

    def _unconfirmed_alarm(self) -> cloudwatch.Alarm:
        return self._alarm(
            "RollbackUnconfirmed",
            _own_metric(Metric.ROLLBACK_UNCONFIRMED),
            "A rollback could not be read back. Somebody must look now: see the runbook.",
        )

    def _guardian_alarm(self) -> cloudwatch.Alarm:
        return self._alarm(
            "GuardianActed",
            _own_metric(Metric.GUARDIAN_ACTED),
            "The guardian gives traffic back, or a lease, for an execution that no longer can. Its log says what "
            "it does and how it ends.",
        )

    def _dead_letters_alarm(self, lost: str, queue: sqs.Queue) -> cloudwatch.Alarm:
        return self._alarm(
            f"{lost}DeadLetters",
            queue.metric_approximate_number_of_messages_visible(period=_MINUTE, statistic="max"),
            f"{_LOST[lost]} The messages in the queue say which and why; purge it when that is mended.",
        )

    def _function_alarms(self) -> list[cloudwatch.Alarm]:
        return [
            self._alarm(
                f"{function.value}-errors",
                code.metric_errors(period=_FIVE_MINUTES),
                f"{function.value} fails again and again; its log says why. {_CONSEQUENCES.get(function, _ROLLS_BACK)}",
                threshold=_MANY_ERRORS,
            )
            for function, code in self._functions.items()
        ]

    def _alarm(
        self, id_: str, metric: cloudwatch.IMetric, description: str, *, threshold: float = 1
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            id_,
            alarm_name=f"{Stack.of(self).stack_name}-{id_}",  # people read it in mails and on the dashboard
            metric=metric,
            alarm_description=description,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,  # no migration, no data
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))
        return alarm


def _own_metric(metric: Metric) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=METRIC_NAMESPACE,
        metric_name=metric.value,
        dimensions_map={"service": SERVICE},
        period=_MINUTE,
        statistic="sum",
    )
