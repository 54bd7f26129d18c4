"""The dashboard that people keep open in a maintenance window: what to do, alarms, shares beside failures, decisions.

From top to bottom it goes from "what do I do" over "is it bad" and "where is traffic" to the insides of Crossfade.
`crossfade demo --dashboard FILE` draws this definition with the metrics of a run. It knows no alarm's threshold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from crossfade.core.config import Config
from crossfade.names import METRIC_NAMESPACE, SERVICE, WORKLOAD_DIMENSION, Function, Metric

_MINUTE: Final = Duration.minutes(1)
_SHOWN: Final = Duration.hours(3)
"""A migration of the shipped plan takes about one hour and a quarter, a supervised one two."""

_WIDTH: Final = 24  # the whole grid of a dashboard
_HALF: Final = _WIDTH // 2
_THIRD: Final = _WIDTH // 3

_SHOWN_ALARMS_MAX: Final = 100
"""As many as one widget takes."""

_WRITTEN: Final = cloudwatch.Color.GREY
_OBSERVED: Final = ("#9467bd", "#17becf", "#bcbd22", "#e377c2", "#8c564b")
"""By turns: blue and green mean the clusters, red is bad, grey is written, orange is the stage."""
_STAGE: Final = cloudwatch.Color.ORANGE
_TOLERATED: Final = cloudwatch.Color.RED

_OUTCOMES: Final = {
    Metric.STAGE_SHIFTED: "stages shifted",
    Metric.MIGRATION_SUCCEEDED: "succeeded",
    Metric.ROLLED_BACK: "rolled back",
    Metric.PARTLY_ROLLED_BACK: "partly rolled back",
    Metric.ROLLBACK_UNCONFIRMED: "rollback unconfirmed",
    Metric.GUARDIAN_ACTED: "acts of the guardian",
}
"""What is counted when it happens, as people read it."""

_HELP: Final = """\
- **Give all traffic back:** `crossfade abort NAME --reason "..."`. \
Do not stop the execution: blue would wait up to two minutes for the guardian.
- **Stay where it is:** `crossfade hold NAME --for 1h --reason "..."`. **Go on:** `crossfade resume NAME`.
- **Where is traffic?** *What was decided* says what was read back. NAME stands there, too. \
[The executions]({executions}) have the graph of the states; the runbook has the rest.
"""


@dataclass(frozen=True, slots=True)
class Sources:
    """
    What the dashboard shows.

    Attributes:
        machine: The state machine.
        functions: By what they are for.
        log_groups: Theirs.
        own_alarms: On Crossfade itself.
        judging_alarms: ARNs of those that judge green.
    """

    machine: sfn.StateMachine
    functions: Mapping[Function, lambda_.Function]
    log_groups: Sequence[logs.LogGroup]
    own_alarms: Sequence[cloudwatch.IAlarm]
    judging_alarms: Sequence[str]


class Dashboard(Construct):
    """
    The dashboard.

    Attributes:
        name: Of the dashboard in CloudWatch.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config, sources: Sources) -> None:
        super().__init__(scope, id_)
        self._sources = sources
        self._workloads = [workload.name for workload in config.workloads]  # at most 90: no graph has too many lines
        self._tolerated = config.evidence.max_error_rate
        dashboard = cloudwatch.Dashboard(
            self, "Body", default_interval=_SHOWN, period_override=cloudwatch.PeriodOverride.INHERIT
        )
        for row in self._rows():
            dashboard.add_widgets(*row)
        self.name = dashboard.dashboard_name

    def _rows(self) -> Sequence[Sequence[cloudwatch.IWidget]]:
        return [
            [self._help()],
            [self._judging(), self._own()],
            [self._shares(), self._failures()],
            [self._decided()],
            [self._seen_last()],
            [self._executions(), self._outcomes(), self._leases()],
            [self._workload(name, _observed(at)) for at, name in enumerate(self._workloads)],
            [self._errors(), self._durations()],
        ]

    # --- What to do, and whether to ----------------------------------------------------------------------------------

    def _help(self) -> cloudwatch.TextWidget:
        region = Stack.of(self).region
        executions = (
            f"https://{region}.console.aws.amazon.com/states/home?region={region}"
            f"#/statemachines/view/{self._sources.machine.state_machine_arn}"
        )
        return cloudwatch.TextWidget(markdown=_HELP.format(executions=executions), width=_WIDTH, height=3)

    def _judging(self) -> cloudwatch.AlarmStatusWidget:
        alarms = [
            cloudwatch.Alarm.from_alarm_arn(self, f"Judging{index}", arn)
            for index, arn in enumerate(self._sources.judging_alarms[:_SHOWN_ALARMS_MAX])
        ]
        return _alarms("Alarms that judge green: one in ALARM gives traffic back", alarms)

    def _own(self) -> cloudwatch.AlarmStatusWidget:
        return _alarms("Alarms on Crossfade itself", self._sources.own_alarms)

    # --- Where traffic is, and how it fares --------------------------------------------------------------------------

    def _shares(self) -> cloudwatch.GraphWidget:
        metrics = [
            _of_workload(metric, name, f"{name} {words}", color)
            for index, name in enumerate(self._workloads)
            for metric, words, color in (
                (Metric.WRITTEN_SHARE, "written", _WRITTEN),
                (Metric.OBSERVED_SHARE, "observed", _observed(index)),
            )
        ]
        return cloudwatch.GraphWidget(
            title="Green's share: written (grey, as read back) and observed in this stage",
            left=metrics,
            right=[_own_metric(Metric.STAGE, statistic="max", label="stage (right)", color=_STAGE)],
            left_y_axis=_percent("percent of traffic on green"),
            right_y_axis=cloudwatch.YAxisProps(min=0, label="stage", show_units=False),
            width=_HALF,
            height=8,
        )

    def _failures(self) -> cloudwatch.GraphWidget:
        metrics = [
            _of_workload(metric, name, f"{name} on {side}", color)
            for name in self._workloads
            for metric, side, color in (
                (Metric.BLUE_ERROR_RATE, "blue", cloudwatch.Color.BLUE),
                (Metric.GREEN_ERROR_RATE, "green", cloudwatch.Color.GREEN),
            )
        ]
        return cloudwatch.GraphWidget(
            title="5xx in this stage: blue beside green",
            left=metrics,
            left_y_axis=_percent("percent of requests"),
            left_annotations=[self._tolerance()],
            width=_HALF,
            height=8,
        )

    def _workload(self, name: str, color: str) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(
            title=f"{name}: share (left), 5xx (right)",
            left=[
                _of_workload(Metric.WRITTEN_SHARE, name, "written", _WRITTEN),
                _of_workload(Metric.OBSERVED_SHARE, name, "observed", color),
            ],
            right=[
                _of_workload(Metric.BLUE_ERROR_RATE, name, "5xx on blue (right)", cloudwatch.Color.BLUE),
                _of_workload(Metric.GREEN_ERROR_RATE, name, "5xx on green (right)", cloudwatch.Color.GREEN),
            ],
            left_y_axis=_percent("percent on green"),
            right_y_axis=_percent("percent of requests"),
            right_annotations=[self._tolerance()],
            width=_THIRD,
            height=6,
        )

    def _tolerance(self) -> cloudwatch.HorizontalAnnotation:
        return cloudwatch.HorizontalAnnotation(
            value=self._tolerated, label=f"tolerated on green: {self._tolerated:g} %", color=_TOLERATED
        )

    # --- What Crossfade makes of it ----------------------------------------------------------------------------------

    def _decided(self) -> cloudwatch.LogQueryWidget:
        """Without the looks at which nothing was decided: every half minute one."""
        return self._told("What was decided, newest first", '(not ispresent(action) or action != "wait")', 50, 9)

    def _seen_last(self) -> cloudwatch.LogQueryWidget:
        return self._told("What was seen last, and what is waited for", 'action = "wait"', 3, 4)

    def _told(self, title: str, which: str, limit: int, height: int) -> cloudwatch.LogQueryWidget:
        return cloudwatch.LogQueryWidget(
            title=title,
            log_group_names=[group.log_group_name for group in self._sources.log_groups],
            query_lines=[
                "fields @timestamp, migration, function, coalesce(outcome, error, action) as result, reason",
                f'filter message in ["decision", "error"] and ispresent(reason) and {which}',
                "sort @timestamp desc",
                f"limit {limit}",
            ],
            width=_WIDTH,
            height=height,
        )

    # --- How Crossfade fares -----------------------------------------------------------------------------------------

    def _executions(self) -> cloudwatch.SingleValueWidget:
        machine = self._sources.machine
        return _counts(
            "Executions in the time shown",
            [
                machine.metric_started(period=_MINUTE, label="started"),
                machine.metric_succeeded(period=_MINUTE, label="succeeded"),
                machine.metric_failed(period=_MINUTE, label="failed, such as rolled back"),
                machine.metric_timed_out(period=_MINUTE, label="timed out"),
                machine.metric_aborted(period=_MINUTE, label="stopped by somebody"),
            ],
        )

    def _outcomes(self) -> cloudwatch.SingleValueWidget:
        counted = [_own_metric(metric, label=words) for metric, words in _OUTCOMES.items()]
        return _counts("Migrations in the time shown", counted)

    def _leases(self) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(
            title="Leases: migrations that hold their hosts",
            left=[_own_metric(Metric.LEASES_HELD, statistic="max", label="leases held")],
            left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
            width=_THIRD,
            height=5,
        )

    def _errors(self) -> cloudwatch.GraphWidget:
        errors = [
            code.metric_errors(period=_MINUTE, label=function.value)
            for function, code in self._sources.functions.items()
        ]
        axis = cloudwatch.YAxisProps(min=0, label="failed calls", show_units=False)
        return cloudwatch.GraphWidget(title="Errors of functions", left=errors, left_y_axis=axis, width=_HALF)

    def _durations(self) -> cloudwatch.GraphWidget:
        durations = [
            code.metric_duration(period=_MINUTE, statistic="max", label=function.value)
            for function, code in self._sources.functions.items()
        ]
        axis = cloudwatch.YAxisProps(min=0, label="milliseconds", show_units=False)
        return cloudwatch.GraphWidget(
            title="Longest call of each function", left=durations, left_y_axis=axis, width=_HALF
        )


def _alarms(title: str, alarms: Sequence[cloudwatch.IAlarm]) -> cloudwatch.AlarmStatusWidget:
    """Those that fire come first."""
    return cloudwatch.AlarmStatusWidget(
        title=title,
        alarms=alarms,
        sort_by=cloudwatch.AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
        width=_HALF,
        height=5,
    )


def _counts(title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.SingleValueWidget:
    """Sums over the time that the dashboard shows: a single event is a number here, and a lost dot in a graph."""
    return cloudwatch.SingleValueWidget(
        title=title, metrics=metrics, set_period_to_time_range=True, width=_THIRD, height=5
    )


def _observed(index: int) -> str:
    return _OBSERVED[index % len(_OBSERVED)]


def _percent(label: str) -> cloudwatch.YAxisProps:
    """Without an upper end: a first share of 1 % has to be seen, too."""
    return cloudwatch.YAxisProps(min=0, label=label, show_units=False)


def _of_workload(metric: Metric, workload: str, label: str, color: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=METRIC_NAMESPACE,
        metric_name=metric.value,
        dimensions_map={"service": SERVICE, WORKLOAD_DIMENSION: workload},
        period=_MINUTE,
        statistic="max",
        label=label,
        color=color,
    )


def _own_metric(
    metric: Metric, *, statistic: str = "sum", label: str | None = None, color: str | None = None
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=METRIC_NAMESPACE,
        metric_name=metric.value,
        dimensions_map={"service": SERVICE},
        period=_MINUTE,
        statistic=statistic,
        label=label,
        color=color,
    )
