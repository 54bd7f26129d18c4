"""Alarms on Crossfade itself, and the dashboard that people keep open in a maintenance window.

Whether green is healthy is judged by the alarms in the configuration; they are shown here, but belong to somebody else.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from crossfade.names import METRIC_NAMESPACE, SERVICE, WORKLOAD_DIMENSION, Function, Metric

_MINUTE: Final = Duration.minutes(1)
_FIVE_MINUTES: Final = Duration.minutes(5)
_WIDTH: Final = 24  # the whole grid of a dashboard

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

_SHOWN_ALARMS_MAX: Final = 100
"""As many as one widget takes."""

_SHOWN_METRICS_MAX: Final = 500
"""As many as one graph takes.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"""

_COUNTED: Final = (
    Metric.STAGE_SHIFTED,
    Metric.MIGRATION_SUCCEEDED,
    Metric.ROLLED_BACK,
    Metric.PARTLY_ROLLED_BACK,
    Metric.ROLLBACK_UNCONFIRMED,
    Metric.GUARDIAN_ACTED,
)
"""What is counted when it happens."""

_HELP_HEIGHT: Final = 3

_HELP: Final = """# Crossfade
**To give traffic back, abort the migration as the runbook says; do not stop its execution.**
Somebody stopped it? The guardian raises blue within two minutes and gives all traffic back after that.
**Where is traffic?** *Decisions* below says what was read back, newest first.
"""


class Monitoring(Construct):
    """
    Alarms and dashboard.

    Attributes:
        alarms: On Crossfade itself; each one tells the topic.
        dashboard: The dashboard.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        machine: sfn.StateMachine,
        functions: Mapping[Function, lambda_.Function],
        log_groups: Sequence[logs.LogGroup],
        topic: sns.ITopic,
        dead_letters: Mapping[str, sqs.Queue],
        judging_alarms: Sequence[str],
        workloads: Sequence[str],
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
        self.dashboard = cloudwatch.Dashboard(self, "Dashboard", default_interval=Duration.hours(3))
        self._lay_out(log_groups, judging_alarms, workloads)

    # --- Alarms ------------------------------------------------------------------------------------------------------

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

    # --- Dashboard ---------------------------------------------------------------------------------------------------

    def _lay_out(
        self, log_groups: Sequence[logs.LogGroup], judging_alarms: Sequence[str], workloads: Sequence[str]
    ) -> None:
        judging = [
            cloudwatch.Alarm.from_alarm_arn(self, f"Judging{index}", arn)
            for index, arn in enumerate(judging_alarms[:_SHOWN_ALARMS_MAX])
        ]
        self.dashboard.add_widgets(cloudwatch.TextWidget(markdown=_HELP, width=_WIDTH, height=_HELP_HEIGHT))
        self.dashboard.add_widgets(
            cloudwatch.AlarmStatusWidget(title="What judges green", alarms=judging, width=_WIDTH // 2, height=5),
            cloudwatch.AlarmStatusWidget(title="Crossfade itself", alarms=self.alarms, width=_WIDTH // 2, height=5),
        )
        self.dashboard.add_widgets(self._shares(workloads), self._failures(workloads))
        self.dashboard.add_widgets(self._stage_and_lease(), self._decisions(log_groups))
        self.dashboard.add_widgets(self._migrations(), self._outcomes())
        self.dashboard.add_widgets(self._errors(), self._durations())

    def _decisions(self, log_groups: Sequence[logs.LogGroup]) -> cloudwatch.LogQueryWidget:
        return cloudwatch.LogQueryWidget(
            title="Decisions, newest first",
            log_group_names=[group.log_group_name for group in log_groups],
            query_lines=[
                "fields @timestamp, migration, function, action, arrived, outcome, error, reason",
                'filter message in ["decision", "error"] and ispresent(reason)',
                "sort @timestamp desc",
                "limit 50",
            ],
            width=_WIDTH * 3 // 4,
            height=9,
        )

    def _shares(self, workloads: Sequence[str]) -> cloudwatch.GraphWidget:
        metrics = [
            _of_workload(metric, workload, f"{workload} {words}", color)
            for workload in workloads[: _SHOWN_METRICS_MAX // 2]
            for metric, words, color in (
                (Metric.WRITTEN_SHARE, "written", cloudwatch.Color.GREY),
                (Metric.OBSERVED_SHARE, "observed", None),
            )
        ]
        return _percentages("Share of green: written and read back (grey), and observed in this stage", metrics)

    def _failures(self, workloads: Sequence[str]) -> cloudwatch.GraphWidget:
        metrics = [
            _of_workload(metric, workload, f"{workload} on {side}", color)
            for workload in workloads[: _SHOWN_METRICS_MAX // 2]
            for metric, side, color in (
                (Metric.BLUE_ERROR_RATE, "blue", cloudwatch.Color.BLUE),
                (Metric.GREEN_ERROR_RATE, "green", cloudwatch.Color.GREEN),
            )
        ]
        return _percentages("5xx in this stage: blue beside green", metrics)

    def _stage_and_lease(self) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(
            title="Stage, and leases held",
            left=[
                _own_metric(Metric.STAGE, statistic="max", label="stage"),
                _own_metric(Metric.LEASES_HELD, statistic="max", label="leases held"),
            ],
            left_y_axis=cloudwatch.YAxisProps(min=0),
            width=_WIDTH // 4,
            height=9,
        )

    def _migrations(self) -> cloudwatch.GraphWidget:
        machine = self._machine
        return cloudwatch.GraphWidget(
            title="Migrations",
            left=[
                machine.metric_started(period=_MINUTE),
                machine.metric_succeeded(period=_MINUTE),
                machine.metric_failed(period=_MINUTE),
                machine.metric_timed_out(period=_MINUTE),
                machine.metric_aborted(period=_MINUTE),
            ],
            width=_WIDTH // 2,
        )

    def _outcomes(self) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(
            title="Outcomes", left=[_own_metric(metric) for metric in _COUNTED], width=_WIDTH // 2
        )

    def _errors(self) -> cloudwatch.GraphWidget:
        errors = [
            code.metric_errors(period=_MINUTE, label=function.value) for function, code in self._functions.items()
        ]
        return cloudwatch.GraphWidget(title="Errors of functions", left=errors, width=_WIDTH // 2)

    def _durations(self) -> cloudwatch.GraphWidget:
        durations = [
            code.metric_duration(period=_MINUTE, statistic="max", label=function.value)
            for function, code in self._functions.items()
        ]
        return cloudwatch.GraphWidget(title="Duration of functions", left=durations, width=_WIDTH // 2)


def _percentages(title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    axis = cloudwatch.YAxisProps(min=0, label="percent", show_units=False)
    return cloudwatch.GraphWidget(title=title, left=[*metrics], left_y_axis=axis, width=_WIDTH // 2, height=7)


def _of_workload(metric: Metric, workload: str, label: str, color: str | None) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=METRIC_NAMESPACE,
        metric_name=metric.value,
        dimensions_map={"service": SERVICE, WORKLOAD_DIMENSION: workload},
        period=_MINUTE,
        statistic="max",
        label=label,
        color=color,
    )


def _own_metric(metric: Metric, *, statistic: str = "sum", label: str | None = None) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=METRIC_NAMESPACE,
        metric_name=metric.value,
        dimensions_map={"service": SERVICE},
        period=_MINUTE,
        statistic=statistic,
        label=label,
    )
