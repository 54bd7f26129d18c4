"""Route 53's health checks that follow an alarm: its data, not its state, and their last status without data.

Once a minute the data that were published are looked at; what they say is how name servers judge from then on, and
what CloudWatch shows in us-east-1. So from a value to an answer it takes one minute to two.
The checks are moto's, so the API shows them; that they follow an alarm is ours, as moto forgets it.
Limits: no other type, no inverted ones; the alarms of one Region.
Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, Self
from uuid import NAMESPACE_URL, uuid5

import boto3
from moto.cloudwatch.models import MetricDatum, cloudwatch_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.route53.models import HealthCheck, route53_backends

from world.clock import Appointment, Clock
from world.moto_hooks.swap import swapped

MINUTE: Final = timedelta(minutes=1)
STATUS_REGION: Final = "us-east-1"
PHASE: Final = timedelta(seconds=41)
"""When they look, for the first time: when nothing else happens, and well after the minute is over."""

_PARTITION: Final = "aws"
_ALARM: Final = "ALARM"
_OK: Final = "OK"


_OF_ALARM: Final = (
    "AlarmName",
    "Namespace",
    "MetricName",
    "Dimensions",
    "Statistic",
    "Period",
    "EvaluationPeriods",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
)


def id_of(config: Mapping[str, Any]) -> str:
    """The id that a health check gets: made of its alarm's name, so that a manifest can name it before it is there."""
    return str(uuid5(NAMESPACE_URL, config["AlarmIdentifier"]["Name"]))


def deploy(configs: Sequence[Mapping[str, Any]], alarms: Mapping[str, Callable[[str], Any]]) -> None:
    """
    Create health checks and the alarms that they follow, as CloudFormation would.

    Args:
        configs: Of the health checks.
        alarms: Of each alarm of the template, by its name: what gives a property of it.
    """
    for config in configs:
        identifier, id_ = config["AlarmIdentifier"], id_of(config)
        asked = {key: alarms[identifier["Name"]](key) for key in _OF_ALARM}
        boto3.client("cloudwatch", region_name=identifier["Region"]).put_metric_alarm(**asked)
        make: Any = HealthCheck  # abstract to the eye of a type checker only
        check = make(id_, id_, {"type": config["Type"]})
        check.followed = dict(config)
        _books()[id_] = check


class HealthChecks:
    """
    All health checks that follow an alarm.

    Args:
        clock: Their time.
        says: What the data of an alarm say, by its name: OK, ALARM, or None when there are too few.
    """

    def __init__(self, clock: Clock, says: Callable[[str], str | None]) -> None:
        self._clock = clock
        self._says = says
        self._unhealthy: set[str] = set()

    @contextmanager
    def installed(self) -> Iterator[Self]:
        """Let the API say what each health check follows while the context is open."""
        with _a_check_says_what_it_follows():
            yield self

    def start(self) -> list[Appointment]:
        """Look every minute from now on, if there is anything to look at."""
        return [self._clock.every(MINUTE, self.look, first=PHASE)] if self._checks() else []

    def is_healthy(self, id_: str) -> bool:
        """How name servers judge; a new one is healthy until its data say otherwise."""
        return id_ not in self._unhealthy

    def look(self) -> None:
        """Follow what the data say now, and publish it."""
        for id_, check in self._checks().items():
            says = self._says(check.followed["AlarmIdentifier"]["Name"])
            if says == _ALARM:
                self._unhealthy.add(id_)
            elif says == _OK:
                self._unhealthy.discard(id_)
            self._publish(id_)

    def _publish(self, id_: str) -> None:
        dimensions = [{"Name": "HealthCheckId", "Value": id_}]
        began = (self._clock.now - MINUTE).replace(tzinfo=None)  # as moto keeps times
        datum = MetricDatum("AWS/Route53", "HealthCheckStatus", float(self.is_healthy(id_)), dimensions, began)
        cloudwatch_backends[DEFAULT_ACCOUNT_ID][STATUS_REGION].metric_data.append(datum)

    @staticmethod
    def _checks() -> dict[str, Any]:
        return {id_: check for id_, check in _books().items() if hasattr(check, "followed")}


def _books() -> dict[str, Any]:
    books: dict[str, Any] = route53_backends[DEFAULT_ACCOUNT_ID][_PARTITION].health_checks
    return books


@contextmanager
def _a_check_says_what_it_follows() -> Iterator[None]:
    """Moto knows no alarm of a health check, and gives every check an address and a port."""
    moto: Any = HealthCheck.health_check_config

    def health_check_config(check: Any) -> dict[str, Any]:
        followed: dict[str, Any] | None = getattr(check, "followed", None)
        return followed or moto.fget(check)

    with swapped(HealthCheck, "health_check_config", property(health_check_config)):
        yield
