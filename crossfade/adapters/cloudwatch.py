"""CloudWatch alarms by name: metric, composite and log alarms, asked for by type.

Limits: 100 names a call; 9 calls a second an account. Without AlarmTypes the service returns metric alarms only.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from crossfade.adapters.aws import Translation
from crossfade.core.definition import SAVED, Definition
from crossfade.core.facts import WatchFacts
from crossfade.core.verdict import Alarm, AlarmState
from crossfade.errors import AlarmsRefusedError, AlarmsUnavailableError

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient

_NAMES_MAX: Final = 100
_LISTS: Final = {"MetricAlarm": "MetricAlarms", "CompositeAlarm": "CompositeAlarms", "LogAlarm": "LogAlarms"}
_DIMENSIONS: Final = frozenset({"LoadBalancer", "TargetGroup"})
_CHILD: Final = re.compile(r"(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*[\"']?([^\"')]+?)[\"']?\s*\)")
_VOLATILE: Final = re.compile(
    r"AlarmName|AlarmArn|AlarmDescription|State.*|EvaluationState|ActionsSuppressed(By|Reason)"
)
"""Fields of an alarm that change by themselves, or say nothing of what it watches."""
_CALLED: Final[Mapping[str, str]] = {
    "AlarmConfigurationUpdatedTimestamp": SAVED,
    "Threshold": "threshold",
    "Period": "period",
    "EvaluationPeriods": "periods",
    "DatapointsToAlarm": "data points",
    "TreatMissingData": "missing data",
    "ComparisonOperator": "comparison",
    "MetricName": "metric",
    "Dimensions": "dimensions",
    "ActionsEnabled": "actions enabled",
    "AlarmRule": "rule",
}
"""The words for those that people edit; all others are one part."""
_REST: Final = "actions or other settings"
_SHORT: Final = 32
_DIGEST: Final = 8
_BLIND: Final = frozenset({"PARTIAL_DATA", "EVALUATION_ERROR", "EVALUATION_FAILURE"})

CLOUDWATCH: Final = Translation(
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
        with CLOUDWATCH.around("cloudwatch:DescribeAlarms", f"{len(names)} alarms"):
            for page in pages:
                found: Mapping[str, Any] = page
                for kind in self._types:
                    yield from found.get(_LISTS[kind], ())


def _types_known(cloudwatch: "CloudWatchClient") -> list[str]:
    """The alarm types that this SDK can ask for; log alarms are younger than some runtimes' SDK."""
    shape: Any = cloudwatch.meta.service_model.operation_model("DescribeAlarms").input_shape
    return [kind for kind in shape.members["AlarmTypes"].member.enum if kind in _LISTS]


def _alarm(entry: Mapping[str, Any]) -> Alarm:
    evaluation, state, reason = entry.get("EvaluationState"), entry["StateValue"], entry.get("StateReason", "")
    if evaluation in _BLIND and state != AlarmState.ALARM:
        state, reason = AlarmState.INSUFFICIENT_DATA, f"CloudWatch reports {evaluation}: it is blind"
    watch = watch_of(entry)
    definition = Definition(alarm=entry["AlarmName"], parts=_parts(entry), children=watch.children)
    return Alarm(entry["AlarmName"], AlarmState(state), reason, sees=watch.balancers, definition=definition)


def _parts(entry: Mapping[str, Any]) -> dict[str, str]:
    """What an alarm was told, part by part; what is long as a digest, so that a record stays small."""
    told = {field: value for field, value in entry.items() if _VOLATILE.fullmatch(field) is None}
    rest = {field: value for field, value in told.items() if field not in _CALLED}
    parts = {word: told[field] for field, word in _CALLED.items() if field in told} | {_REST: rest}
    texts = {word: json.dumps(value, sort_keys=True, default=str).strip('"') for word, value in parts.items()}
    return {word: text if len(text) <= _SHORT else _digest(text) for word, text in texts.items()}


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_DIGEST]


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
