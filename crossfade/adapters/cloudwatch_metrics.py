"""Requests and failures of both sides' load balancers, minute by minute, raw; the arithmetic is ours.

`RequestCount` counts requests for which a target was chosen, the 5xx counts are absent when they are zero, and nothing
is published without requests. A 5xx of the load balancer itself may have no request counted for it, so it is added.
Of two target groups of one load balancer each has its own series. Its own 5xx nobody attributes to one of them: there
connections that a target did not take count as failed.
A Network Load Balancer counts connections: they stand for requests, and those that it rejects for failures. What its
targets answer it does not know, so there only alarms of the application tell a bad answer.
Limits: 500 queries a call, 50 calls a second an account; metrics cost $0.01 a 1,000 queries, however many minutes.
Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html;
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html;
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from crossfade.adapters.cloudwatch import CLOUDWATCH
from crossfade.adapters.load_balancers import Balancer
from crossfade.core.record import Ends
from crossfade.core.series import MINUTE, Minute, Sample, Series
from crossfade.core.sight import Standing
from crossfade.core.weight import Side
from crossfade.core.workload import Workload
from crossfade.errors import AlarmsRefusedError, AlarmsUnavailableError

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef, MetricTypeDef

NAMESPACE: Final = "AWS/ApplicationELB"
NETWORK_NAMESPACE: Final = "AWS/NetworkELB"
_QUERIES_MAX: Final = 500
_PERIOD_SECONDS: Final = 60

_REQUESTS: Final = "RequestCount"
_TARGET_5XX: Final = "HTTPCode_Target_5XX_Count"
_OWN_5XX: Final = "HTTPCode_ELB_5XX_Count"
_SECONDS: Final = "TargetResponseTime"
_HEALTHY: Final = "HealthyHostCount"
_UNCONNECTED: Final = "TargetConnectionErrorCount"
_CONNECTIONS: Final = "NewFlowCount"
_REJECTED: Final = "RejectedFlowCount"
_STATISTICS: Final = dict.fromkeys((_REQUESTS, _TARGET_5XX, _OWN_5XX, _UNCONNECTED, _CONNECTIONS, _REJECTED), "Sum") | {
    _SECONDS: "p99",
    _HEALTHY: "Maximum",
}
_OF_BALANCER: Final = (_REQUESTS, _TARGET_5XX, _OWN_5XX, _SECONDS)
_OF_NETWORK: Final = (_CONNECTIONS, _REJECTED)
_OF_PART: Final = (_REQUESTS, _TARGET_5XX, _UNCONNECTED, _SECONDS)


@dataclass(frozen=True, slots=True)
class _Query:
    """One metric of a load balancer, or of one target group behind it."""

    balancer: str
    metric: str
    group: str = ""
    namespace: str = NAMESPACE

    def as_request(self, id_: str) -> "MetricDataQueryTypeDef":
        """What CloudWatch is asked, to be answered under the name *id_*."""
        dimensions = {"LoadBalancer": self.balancer} | ({"TargetGroup": self.group} if self.group else {})
        metric: MetricTypeDef = {
            "Namespace": self.namespace,
            "MetricName": self.metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        }
        return {
            "Id": id_,
            "MetricStat": {"Metric": metric, "Period": _PERIOD_SECONDS, "Stat": _STATISTICS[self.metric]},
        }


_Values = Mapping[datetime, float]
_Read = Mapping[_Query, _Values]


class Finder(Protocol):
    """Where the load balancers of workloads are looked up; see `LoadBalancers`."""

    @property
    def shown(self) -> Mapping[str, Mapping[Side, int | None]]:
        """The weights that the zone showed in the last `find`, by workload and side; None for no weight."""

    def find(
        self, workloads: Sequence[Workload], ends: Sequence[Ends] = ()
    ) -> Mapping[str, Mapping[Side, Balancer] | str]:
        """Those of both sides, by workload; a text says why there are none."""


class CloudWatchMetrics:
    """
    See `ports.MetricSource`.

    Args:
        balancers: Finds them.
        cloudwatch: A client for each Region of a load balancer.
    """

    def __init__(self, balancers: Finder, cloudwatch: "Mapping[str, CloudWatchClient]") -> None:
        self._balancers = balancers
        self._cloudwatch = cloudwatch

    def read(
        self, workloads: Sequence[Workload], *, since: datetime, until: datetime, ends: Sequence[Ends] = ()
    ) -> Mapping[str, Series]:
        """See `ports.MetricSource.read`."""
        found = self._balancers.find(workloads, ends)
        balancers = {balancer for sides in found.values() if not isinstance(sides, str) for balancer in sides.values()}
        first, end = _rounded_up(since), until.replace(second=0, microsecond=0)
        values: dict[_Query, _Values] = {}
        for region, cloudwatch in self._cloudwatch.items() if first < end else ():
            queries = [query for one in sorted(balancers, key=str) if one.region == region for query in _queries(one)]
            values |= _read(cloudwatch, region, queries, first, end)
        series = {name: _series(name, sides, values) for name, sides in found.items()}
        return {name: replace(each, shown=self._shown(name)) for name, each in series.items()}

    def _shown(self, workload: str) -> tuple[int | None, int | None] | None:
        weights = self._balancers.shown.get(workload)
        return (weights[Side.BLUE], weights[Side.GREEN]) if weights else None


def _rounded_up(at: datetime) -> datetime:
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + MINUTE


def _queries(balancer: Balancer) -> Iterator[_Query]:
    metrics = _OF_NETWORK if balancer.is_network else _OF_PART if balancer.part else _OF_BALANCER
    yield from (_query(balancer, metric, balancer.part) for metric in metrics)
    yield from (_query(balancer, _HEALTHY, group) for group in balancer.groups)


def _query(balancer: Balancer, metric: str, group: str) -> _Query:
    namespace = NETWORK_NAMESPACE if balancer.is_network else NAMESPACE
    return _Query(balancer.dimension, metric, group, namespace)


# --- Asking ----------------------------------------------------------------------------------------------------------


def _read(
    cloudwatch: "CloudWatchClient", region: str, queries: Sequence[_Query], first: datetime, end: datetime
) -> dict[_Query, _Values]:
    values: dict[_Query, dict[datetime, float]] = {query: {} for query in queries}
    for start in range(0, len(queries), _QUERIES_MAX):
        batch = {f"q{number}": query for number, query in enumerate(queries[start : start + _QUERIES_MAX])}
        for result in _results(cloudwatch, region, batch, first, end):
            into = values[batch[result["Id"]]]
            points = zip(result["Timestamps"], result["Values"], strict=True)
            into |= {at: value for when, value in points if (at := when.astimezone(UTC)) < end}
    return dict(values)


def _results(
    cloudwatch: "CloudWatchClient", region: str, batch: Mapping[str, _Query], first: datetime, end: datetime
) -> Iterator[Mapping[str, Any]]:
    """
    What CloudWatch answers, page after page; a series may stand on several pages.

    Raises:
        AlarmsUnavailableError, AlarmsRefusedError: A series could not be read to its end.
    """
    pages: Any = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[query.as_request(id_) for id_, query in batch.items()],
        StartTime=first,
        EndTime=end,
        ScanBy="TimestampAscending",
    )
    last: dict[str, str] = {}
    with CLOUDWATCH.around("cloudwatch:GetMetricData", f"{len(batch)} metrics in {region}"):
        for page in pages:
            for result in page["MetricDataResults"]:
                last[result["Id"]] = result.get("StatusCode", "Complete")
                yield result
    _check(last.values(), region)


def _check(statuses: Iterable[str], region: str) -> None:
    found = set(statuses) - {"Complete"}
    if "Forbidden" in found:
        msg = f"CloudWatch does not allow cloudwatch:GetMetricData in {region}; grant it to this function's role"
        raise AlarmsRefusedError(msg)
    if found:
        msg = f"CloudWatch read only part of the metrics in {region} ({', '.join(sorted(found))}); it is tried again"
        raise AlarmsUnavailableError(msg)


# --- Putting together ------------------------------------------------------------------------------------------------


def _series(workload: str, sides: Mapping[Side, Balancer] | str, values: _Read) -> Series:
    if isinstance(sides, str):
        return Series(workload, unreadable=sides)
    instants = sorted(
        {at for balancer in sides.values() for query in _queries(balancer) for at in values.get(query, ())}
    )
    minutes = (Minute(at, *(_sample(sides[side], values, at) for side in (Side.BLUE, Side.GREEN))) for at in instants)
    return Series(workload, tuple(minutes), standing=standing_of(sides[Side.GREEN]))


def standing_of(green: Balancer) -> Standing:
    """What an alarm that sees green looks at."""
    if green.part:
        return Standing(frozenset({green.part}), shared=green.dimension)
    return Standing(frozenset({green.dimension, *green.groups}))


def _sample(balancer: Balancer, values: _Read, at: datetime) -> Sample:
    def value(metric: str, group: str = balancer.part) -> float | None:
        return values.get(_query(balancer, metric, group), {}).get(at)

    healthy = [count for group in balancer.groups if (count := value(_HEALTHY, group)) is not None]
    targets = round(sum(healthy)) if healthy else None
    if balancer.is_network:
        flows, rejected = (round(value(metric) or 0) for metric in _OF_NETWORK)
        return Sample(flows + rejected, rejected, healthy_targets=targets)
    lost = _UNCONNECTED if balancer.part else _OWN_5XX
    requests, failed, own = (round(value(metric) or 0) for metric in (_REQUESTS, _TARGET_5XX, lost))
    if failed > requests:  # the requests of this minute are not published yet
        return Sample(healthy_targets=targets)
    return Sample(requests + own, failed + own, p99_seconds=value(_SECONDS), healthy_targets=targets)
