"""CloudWatch alarms by name: metric, composite and log alarms, asked for by type.

Limits: 100 names a call; 9 calls a second an account. Without AlarmTypes the service returns metric alarms only.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from crossfade.adapters.aws import Translation
from crossfade.core.verdict import Alarm, AlarmState
from crossfade.errors import AlarmsRefusedError, AlarmsUnavailableError

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient

_NAMES_MAX: Final = 100
_LISTS: Final = {"MetricAlarm": "MetricAlarms", "CompositeAlarm": "CompositeAlarms", "LogAlarm": "LogAlarms"}
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
        return {alarm.name: alarm for batch in _batches(names) for alarm in self._describe(batch)}

    def _describe(self, names: Sequence[str]) -> Iterator[Alarm]:
        pages = self._cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNames=list(names),
            AlarmTypes=self._types,  # type: ignore[arg-type]  # newer than the stub
        )
        with _CLOUDWATCH.around("cloudwatch:DescribeAlarms", f"{len(names)} alarms"):
            for page in pages:
                found: Mapping[str, Any] = page
                for kind in self._types:
                    yield from (_alarm(entry) for entry in found.get(_LISTS[kind], ()))


def _types_known(cloudwatch: "CloudWatchClient") -> list[str]:
    """The alarm types that this SDK can ask for; log alarms are younger than some runtimes' SDK."""
    shape: Any = cloudwatch.meta.service_model.operation_model("DescribeAlarms").input_shape
    return [kind for kind in shape.members["AlarmTypes"].member.enum if kind in _LISTS]


def _alarm(entry: Mapping[str, Any]) -> Alarm:
    evaluation = entry.get("EvaluationState")
    if evaluation in _BLIND and entry["StateValue"] != AlarmState.ALARM:
        return Alarm(entry["AlarmName"], AlarmState.INSUFFICIENT_DATA, f"CloudWatch reports {evaluation}: it is blind")
    return Alarm(entry["AlarmName"], AlarmState(entry["StateValue"]), entry.get("StateReason", ""))


def _batches(names: Sequence[str]) -> Iterator[list[str]]:
    left = iter(dict.fromkeys(names))
    while batch := list(islice(left, _NAMES_MAX)):
        yield batch
