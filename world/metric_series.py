"""What was published to CloudWatch, as series of periods and statistics. It reads moto's books and judges nothing.

`metric_data` answers GetMetricData from them. Limits: whole minutes; one period for all queries of an expression.
Source: CloudWatch API reference, GetMetricData.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.models import Dimension, MetricDatumBase

from world.metric_math import Series, evaluate

MetricKey = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name and dimensions of a metric."""


def metric_key(namespace: str, name: str, dimensions: Sequence[Any]) -> MetricKey:
    """The key of a metric whose dimensions are moto's."""
    return namespace, name, frozenset((one.name, one.value) for one in dimensions or ())


class MetricIndex:
    """What was published, by metric and minute; it reads only what is new in moto's books."""

    def __init__(self) -> None:
        self._read = 0
        self._minutes: dict[MetricKey, dict[int, list[MetricDatumBase]]] = {}

    def read(self, data: Sequence[MetricDatumBase]) -> None:
        """Take in what is new in *data*, which only ever grows."""
        for datum in data[self._read :]:
            aware = datum.timestamp if datum.timestamp.tzinfo else datum.timestamp.replace(tzinfo=UTC)
            minutes = self._minutes.setdefault(metric_key(datum.namespace, datum.name, datum.dimensions), {})
            minutes.setdefault(int(aware.timestamp()) // 60, []).append(datum)
        self._read = len(data)

    def series(self, key: MetricKey, statistic: str, period: int, now: datetime, count: int) -> Series:
        """The last *count* periods, of *period* seconds, that are over at the full minute of *now*, oldest first."""
        minutes = self._minutes.get(key, {})
        length = max(1, period // 60)
        end = int(now.timestamp()) // 60
        series = []
        for start in range(end - length * count, end, length):
            data = [datum for minute in range(start, start + length) for datum in minutes.get(minute, ())]
            series.append(_statistic(data, statistic) if data else None)
        return series


def _attribute(data: Sequence[Any], name: str) -> list[float]:
    """*name* of aggregated data; a single one is its own sum, minimum and maximum."""
    return [float(getattr(one, name) if hasattr(one, name) else one.value) for one in data]


def _counts(data: Sequence[Any]) -> list[float]:
    return [float(getattr(one, "sample_count", 1.0)) for one in data]


_STATISTICS: Mapping[str, Callable[[Sequence[Any]], float]] = {
    "Sum": lambda data: sum(_attribute(data, "sum")),
    "SampleCount": lambda data: sum(_counts(data)),
    "Average": lambda data: sum(_attribute(data, "sum")) / sum(_counts(data)),
    "Minimum": lambda data: min(_attribute(data, "min")),
    "Maximum": lambda data: max(_attribute(data, "max")),
}


def _statistic(data: Sequence[Any], statistic: str) -> float:
    if statistic in _STATISTICS:
        return _STATISTICS[statistic](data)
    ordered = sorted(_attribute(data, "sum"))
    rank = float(statistic.removeprefix("p")) / 100 * (len(ordered) - 1)
    low, high = ordered[math.floor(rank)], ordered[math.ceil(rank)]
    return low + (high - low) * (rank % 1)


def metric_data(
    index: MetricIndex, queries: Sequence[Mapping[str, Any]], start: datetime, end: datetime, *, newest_first: bool
) -> list[dict[str, Any]]:
    """The results of GetMetricData for *queries* about *start* to *end*, both naive UTC as moto has them."""
    asked = [query for query in queries if "MetricStat" in query]
    period = max((int(query["MetricStat"]["Period"]) for query in asked), default=60)
    first = _floor(start, period)
    count = max(0, -((first - end) // timedelta(seconds=period)))
    last = first.replace(tzinfo=UTC) + timedelta(seconds=period * count)
    series: dict[str, Series] = {}
    for query in asked:
        stat, metric = query["MetricStat"]["Stat"], query["MetricStat"]["Metric"]
        dimensions = [Dimension(one["Name"], one["Value"]) for one in metric.get("Dimensions", ())]
        key = metric_key(metric["Namespace"], metric["MetricName"], dimensions)
        series[query["Id"]] = index.series(key, stat, period, last, count)
    for query in queries:
        if "Expression" in query:
            series[query["Id"]] = evaluate(query["Expression"], series)
    times = [first + timedelta(seconds=period * number) for number in range(count)]
    shown = [query for query in queries if query.get("ReturnData", True)]
    return [_result(query, times, series[query["Id"]], newest_first=newest_first) for query in shown]


def _result(
    query: Mapping[str, Any], times: Sequence[datetime], series: Series, *, newest_first: bool
) -> dict[str, Any]:
    points = [(time, value) for time, value in zip(times, series, strict=True) if value is not None]
    if newest_first:
        points.reverse()
    label = query.get("Label") or query["Id"]
    timestamps, values = [time for time, _ in points], [value for _, value in points]
    return {"id": query["Id"], "label": label, "timestamps": timestamps, "values": values, "status_code": "Complete"}


def _floor(time: datetime, period: int) -> datetime:
    seconds = int(time.replace(tzinfo=UTC).timestamp())
    return time.replace(microsecond=0) - timedelta(seconds=seconds % period)
