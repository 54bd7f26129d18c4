"""What a run in the embedded world has published: metrics in the functions' logs, and what AWS itself would count.

AWS counts executions and failed calls. How long a call takes is not measured here, because the time is virtual.
"""

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from crossfade.cli.dashboard.definition import Line, MetricKey, NotDrawnError
from crossfade.cli.embedded import Embedded
from world.step_functions import Execution

Points = Sequence[tuple[datetime, float]]

_ENDS: Final = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}
"""Source: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html"""

_STATISTICS: Final[Mapping[str, Callable[[list[float]], float]]] = {"Sum": sum, "Maximum": max}
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {"GreaterThanOrEqualToThreshold": operator.ge}


@dataclass(frozen=True, slots=True)
class Published:
    """
    All that was published until one instant.

    Attributes:
        at: The instant.
        values: When and what, by metric.
        states: Of the alarms, by ARN.
        records: What the functions logged as JSON, oldest first.
    """

    at: datetime
    values: Mapping[MetricKey, Points] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    records: Sequence[Mapping[str, Any]] = ()

    def series(self, line: Line) -> Points:
        """
        One value a period in which something was published, oldest first.

        Raises:
            NotDrawnError: Its statistic is not known here.
        """
        periods: dict[int, list[float]] = {}
        length = line.period // timedelta(seconds=1)
        for at, value in self.values.get(line.metric, ()):
            periods.setdefault(int(at.timestamp()) // length, []).append(value)
        combine = _statistic(line.statistic)
        return [(datetime.fromtimestamp(at * length, UTC), combine(found)) for at, found in sorted(periods.items())]

    def number(self, line: Line, since: datetime) -> float | None:
        """The one value of the whole time from *since* on; None for none."""
        found = [value for at, value in self.values.get(line.metric, ()) if at >= since]
        return _statistic(line.statistic)(found) if found else None


class Recorder:
    """
    Listens to a run, from before its start.

    Args:
        world: In which it runs.
    """

    def __init__(self, world: Embedded) -> None:
        self._world = world
        self._values: dict[MetricKey, list[tuple[datetime, float]]] = {}
        world.cloud.on_invoke(self._note_call)
        world.cloud.on_end(self._note_end)

    def published(self, alarms: Sequence[Mapping[str, Any]]) -> Published:
        """
        All that was published until now.

        Args:
            alarms: The properties of Crossfade's own alarms, with the ARN of each, as `Arn`.
        """
        records = [json.loads(line.text) for line in self._world.cloud.logs if line.text.startswith("{")]
        values = {key: list(points) for key, points in self._values.items()}
        for record in records:
            for key, value in _in_format(record):
                values.setdefault(key, []).append((_moment(record), value))
        now = self._world.clock.now
        own = {alarm["Arn"]: _state(alarm, values, now) for alarm in alarms}
        return Published(now, values, {**self._judging(), **own}, [each for each in records if "message" in each])

    def _judging(self) -> Mapping[str, str]:
        """By name: an ARN ends with it."""
        return self._world.estate.alarms.states()

    def _note_call(self, role: str, _payload: Any, outcome: Any) -> None:
        function = self._world.cloud.deployment.functions[role].name
        key = ("AWS/Lambda", "Errors", frozenset({("FunctionName", function)}))
        self._add(key, self._world.clock.now, float(isinstance(outcome, Exception)))

    def _note_end(self, execution: Execution) -> None:
        self._count("ExecutionsStarted", execution.started)
        self._count(_ENDS[execution.status], execution.stopped or self._world.clock.now)

    def _count(self, name: str, at: datetime) -> None:
        of = frozenset({("StateMachineArn", self._world.cloud.deployment.machine_arn)})
        self._add(("AWS/States", name, of), at, 1.0)

    def _add(self, key: MetricKey, at: datetime, value: float) -> None:
        self._values.setdefault(key, []).append((at, value))


def _moment(record: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(record["_aws"]["Timestamp"] / 1000, UTC)


def _in_format(record: Mapping[str, Any]) -> Sequence[tuple[MetricKey, float]]:
    """The metrics in one line of the embedded metric format; none in any other line."""
    return [
        ((directive["Namespace"], metric["Name"], frozenset((name, record[name]) for name in dimensions)), value)
        for directive in record.get("_aws", {}).get("CloudWatchMetrics", ())
        for dimensions in directive["Dimensions"]
        for metric in directive["Metrics"]
        for value in record[metric["Name"]]
    ]


def _statistic(name: str) -> Callable[[list[float]], float]:
    if name not in _STATISTICS:
        msg = f"the statistic {name}"
        raise NotDrawnError(msg)
    return _STATISTICS[name]


def _state(alarm: Mapping[str, Any], values: Mapping[MetricKey, Points], now: datetime) -> str:
    """
    The state of an alarm that asks for one period and takes no data for good.

    Raises:
        NotDrawnError: It compares in a way that is not known here.
    """
    if alarm["ComparisonOperator"] not in _COMPARISONS:
        msg = f"an alarm with {alarm['ComparisonOperator']}"
        raise NotDrawnError(msg)
    dimensions = frozenset((each["Name"], each["Value"]) for each in alarm["Dimensions"])
    since = now - timedelta(seconds=alarm["Period"])
    points = values.get((alarm["Namespace"], alarm["MetricName"], dimensions), ())
    found = [value for at, value in points if at >= since]
    is_over = bool(found) and _COMPARISONS[alarm["ComparisonOperator"]](
        _statistic(alarm["Statistic"])(found), alarm["Threshold"]
    )
    return "ALARM" if is_over else "OK"
