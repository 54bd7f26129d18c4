"""CloudWatch alarms by name: metric, composite and log alarms, asked for by type.

Limits: 100 names a call; 9 calls a second an account. Without AlarmTypes the service returns metric alarms only.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from crossfade.adapters.aws import Translation
from crossfade.core.facts import WatchFacts
from crossfade.core.verdict import Alarm, AlarmState
from crossfade.errors import AlarmsRefusedError, AlarmsUnavailableError

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient

_NAMES_MAX: Final = 100
_LISTS: Final = {"MetricAlarm": "MetricAlarms", "CompositeAlarm": "CompositeAlarms", "LogAlarm": "LogAlarms"}
_DIMENSIONS: Final = frozenset({"LoadBalancer", "TargetGroup"})
_CHILD: Final = re.compile(r"(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*[\"']?([^\"')]+?)[\"']?\s*\)")
_BLIND: Final = frozenset({"PARTIAL_DATA", "EVALUATION_ERROR", "EVALUATION_FAILURE"})

_CLOUDWATCH: Final = Translation(
    "CloudWatch",
    throttled=AlarmsUnavailableError,
    unavailable=AlarmsUnavailableError,
    denied=AlarmsRefusedError,
)


class CloudWatchAlarms:
    """
    See `ports.AlarmSource`.

    Args:
        cloudwatch: A client, in the Region of the alarms.
    """

    def __init__(self, cloudwatch: "CloudWatchClient") -> None:
        self._cloudwatch = cloudwatch
        self._types = _types_known(cloudwatch)

    def read(self, names: Sequence[str]) -> Mapping[str, Alarm]:
        """See `ports.AlarmSource.read`."""
        return {alarm.name: alarm for batch in _batches(names) for alarm in map(_alarm, self._describe(batch))}

    def watches(self, names: Sequence[str]) -> Mapping[str, WatchFacts]:
        """
        What the alarms *names* watch; a name that does not exist is not in the answer.

        Raises:
            AlarmsRefusedError, AlarmsUnavailableError: As `read`.
        """
        return {entry["AlarmName"]: watch_of(entry) for batch in _batches(names) for entry in self._describe(batch)}

    def _describe(self, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        pages = self._cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNames=list(names),
            AlarmTypes=self._types,  # type: ignore[arg-type]  # newer than the stub
        )
        with _CLOUDWATCH.around("cloudwatch:DescribeAlarms", f"{len(names)} alarms"):
            for page in pages:
                found: Mapping[str, Any] = page
                for kind in self._types:
                    yield from found.get(_LISTS[kind], ())


def _types_known(cloudwatch: "CloudWatchClient") -> list[str]:
    """The alarm types that this SDK can ask for; log alarms are younger than some runtimes' SDK."""
    shape: Any = cloudwatch.meta.service_model.operation_model("DescribeAlarms").input_shape
    return [kind for kind in shape.members["AlarmTypes"].member.enum if kind in _LISTS]


def _alarm(entry: Mapping[str, Any]) -> Alarm:
    evaluation = entry.get("EvaluationState")
    if evaluation in _BLIND and entry["StateValue"] != AlarmState.ALARM:
        return Alarm(entry["AlarmName"], AlarmState.INSUFFICIENT_DATA, f"CloudWatch reports {evaluation}: it is blind")
    return Alarm(entry["AlarmName"], AlarmState(entry["StateValue"]), entry.get("StateReason", ""))


def watch_of(entry: Mapping[str, Any]) -> WatchFacts:
    """What an alarm watches, from its definition as CloudWatch shows it."""
    stats = [query["MetricStat"] for query in entry.get("Metrics", ()) if "MetricStat" in query]
    metrics = [entry, *(stat["Metric"] for stat in stats)]
    periods = [entry.get("Period") or 0, *(stat["Period"] for stat in stats)]
    points = entry.get("DatapointsToAlarm") or entry.get("EvaluationPeriods") or 0
    return WatchFacts(
        balancers=tuple(
            dict.fromkeys(
                dimension["Value"]
                for metric in metrics
                for dimension in metric.get("Dimensions", ())
                if dimension["Name"] in _DIMENSIONS
            )
        ),
        speed=timedelta(seconds=max(periods) * points),
        children=tuple(
            dict.fromkeys(name.rpartition(":alarm:")[2] for name in _CHILD.findall(entry.get("AlarmRule", "")))
        ),
    )


def _batches(names: Sequence[str]) -> Iterator[list[str]]:
    left = iter(dict.fromkeys(names))
    while batch := list(islice(left, _NAMES_MAX)):
        yield batch
