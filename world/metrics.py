"""The metrics of the load balancers in CloudWatch: minute by minute, published late, absent when there is nothing.

`HTTPCode_Target_5XX_Count` is absent when zero, and everything but the host counts without requests, as documented.
A Network Load Balancer counts connections, one a request here, and no answers.
Values go to moto's books directly, as the service itself puts them there; the API then answers with them.
Source: Elastic Load Balancing User Guide, "CloudWatch metrics for your Application Load Balancer".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from moto.cloudwatch.models import MetricDatum, cloudwatch_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from world.application import TARGETS
from world.clock import Appointment, Clock
from world.load_balancers import LoadBalancer

NAMESPACE: Final = "AWS/ApplicationELB"
NETWORK_NAMESPACE: Final = "AWS/NetworkELB"
MINUTE: Final = timedelta(minutes=1)
PUBLISHING_SECONDS: Final = (60, 120)
"""From the end of a minute until its values can be read."""
_JITTER: Final = 0.03
"""Of the response time from minute to minute, relative."""


@dataclass(slots=True)
class _Minute:
    requests: int = 0
    failures: int = 0
    busy_seconds: float = 0.0


class LoadBalancerMetrics:
    """
    Counts what load balancers serve and publishes it.

    Args:
        clock: Its time.
        random: Where publishing delays come from.
    """

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._open: dict[str, _Minute] = {}
        self._balancers: Sequence[LoadBalancer] = ()

    def start(self, balancers: Sequence[LoadBalancer]) -> Appointment:
        """Close a minute at every full minute from now on."""
        self._balancers = balancers
        into = timedelta(seconds=self._clock.now.second, microseconds=self._clock.now.microsecond)
        return self._clock.every(MINUTE, self._close_minute, first=MINUTE - into)

    def count(self, balancer: LoadBalancer, requests: int, failures: int) -> None:
        """Note that *balancer* served *requests*, *failures* of them with a 5xx of its targets."""
        minute = self._open.setdefault(balancer.target_group, _Minute())
        minute.requests += requests
        minute.failures += failures
        minute.busy_seconds += requests * balancer.application.response_seconds

    def _close_minute(self) -> None:
        began = self._clock.now - MINUTE
        for balancer in self._balancers:
            minute = self._open.pop(balancer.target_group, _Minute())
            minute.busy_seconds *= self._random.gauss(1, _JITTER)
            data = list(_data(balancer, minute, began, self._clock.now))
            delay = timedelta(seconds=self._random.uniform(*PUBLISHING_SECONDS))
            self._clock.after(delay, _Publication(balancer.region, data))


@dataclass(frozen=True, slots=True)
class _Publication:
    region: str
    data: list[MetricDatum]

    def __call__(self) -> None:
        cloudwatch_backends[DEFAULT_ACCOUNT_ID][self.region].metric_data.extend(self.data)


def _data(balancer: LoadBalancer, minute: _Minute, began: datetime, now: datetime) -> Iterator[MetricDatum]:
    of_balancer = [{"Name": "LoadBalancer", "Value": balancer.dimension}]
    of_targets = [{"Name": "TargetGroup", "Value": balancer.target_group}, *of_balancer]
    of_requests = of_targets if balancer.is_part else of_balancer  # nobody here asks for the sum of both sides
    healthy = balancer.application.healthy_targets(now)
    if balancer.is_network:
        yield _datum("HealthyHostCount", healthy, of_targets, began, NETWORK_NAMESPACE)
        yield _datum("UnHealthyHostCount", TARGETS - healthy, of_targets, began, NETWORK_NAMESPACE)
        yield _datum("NewFlowCount", minute.requests, of_balancer, began, NETWORK_NAMESPACE)
        return
    yield _datum("HealthyHostCount", healthy, of_targets, began)
    yield _datum("UnHealthyHostCount", TARGETS - healthy, of_targets, began)
    if minute.requests:
        yield _datum("RequestCount", minute.requests, of_requests, began)
        yield _datum("TargetResponseTime", minute.busy_seconds / minute.requests, of_requests, began)
    if minute.failures:
        yield _datum("HTTPCode_Target_5XX_Count", minute.failures, of_requests, began)


def _datum(
    name: str, value: float, dimensions: list[dict[str, str]], began: datetime, namespace: str = NAMESPACE
) -> MetricDatum:
    naive = began.replace(tzinfo=None)  # as moto keeps times
    return MetricDatum(namespace, name, float(value), dimensions, naive)
