"""What was published to CloudWatch, as series of periods and statistics. It reads moto's books and judges nothing."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import MetricDatumBase

from world.metric_math import Series

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
        """The last *count* periods, of *period* seconds, that are over at *now*, oldest first."""
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
