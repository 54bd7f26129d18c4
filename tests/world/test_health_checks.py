"""Health checks that follow an alarm, as documented: its data count, not its state; without data nothing changes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest

from world.alarms import Alarms
from world.chance import stream
from world.clock import Clock
from world.cloud import Cloud
from world.health_checks import HealthChecks, deploy, id_of
from world.route53 import Route53
from world.route53_records import Record

REGION: Final = "eu-west-1"
ZONE: Final = "Z0EXAMPLE1234567890"
HOST: Final = "app.example.com"
CONFIG: Final = {
    "Type": "CLOUDWATCH_METRIC",
    "AlarmIdentifier": {"Name": "the-switch", "Region": REGION},
    "InsufficientDataHealthStatus": "LastKnownStatus",
}
ALARM: Final[dict[str, Any]] = {
    "AlarmName": "the-switch",
    "Namespace": "Switch",
    "MetricName": "Out",
    "Dimensions": [{"Name": "of", "Value": "app"}],
    "Statistic": "Minimum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "missing",
}
ID: Final = id_of(CONFIG)


class World:
    """A health check on green's record, its alarm, and name servers."""

    def __init__(self, clock: Clock, checks: HealthChecks, route53: Route53) -> None:
        self.cloudwatch: Any = boto3.client("cloudwatch", region_name=REGION)
        self.checks = checks
        self._clock = clock
        self._route53 = route53

    def put(self, value: float) -> None:
        datum = {"MetricName": "Out", "Dimensions": ALARM["Dimensions"], "Value": value, "Timestamp": self._clock.now}
        self.cloudwatch.put_metric_data(Namespace="Switch", MetricData=[datum])

    def pass_minutes(self, minutes: float) -> None:
        self._clock.sleep(minutes * 60)

    @property
    def shares(self) -> dict[str | None, float]:
        return {answer.record.set_identifier: answer.share for answer in self._route53.answers(HOST)}

    def published(self) -> list[float]:
        """The last minutes of what CloudWatch shows of the check."""
        dimensions = [{"Name": "HealthCheckId", "Value": ID}]
        metric = {"Namespace": "AWS/Route53", "MetricName": "HealthCheckStatus", "Dimensions": dimensions}
        query: Any = {"Id": "h", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Minimum"}}
        now = self._clock.now
        shown: Any = boto3.client("cloudwatch", region_name="us-east-1").get_metric_data(
            MetricDataQueries=[query], StartTime=now - timedelta(minutes=3), EndTime=now
        )
        return list(shown["MetricDataResults"][0]["Values"])


@pytest.fixture
def world(cloud: Cloud, clock: Clock) -> Iterator[World]:
    assert cloud
    alarms = Alarms(clock, REGION)
    checks = HealthChecks(clock, alarms.says)
    route53 = Route53(clock, stream(1), passes=checks.is_healthy)
    with alarms.installed(), checks.installed(), route53.installed():
        deploy([CONFIG], {"the-switch": ALARM.__getitem__})
        route53.create_zone(ZONE, "example.com")
        records = [
            Record(HOST, "A", "blue", 0, ttl=60, values=("192.0.2.1",)),
            Record(HOST, "A", "green", 100, ttl=60, values=("192.0.2.2",), health_check=ID),
        ]
        changes: Any = [{"Action": "CREATE", "ResourceRecordSet": record.as_request()} for record in records]
        boto3.client("route53").change_resource_record_sets(HostedZoneId=ZONE, ChangeBatch={"Changes": changes})
        route53.settle()
        checks.start()
        yield World(clock, checks, route53)


def test_a_new_check_is_healthy_and_its_record_counts(world: World) -> None:
    world.pass_minutes(3)

    assert world.shares == {"blue": 0.0, "green": 1.0}
    assert set(world.published()) == {1.0}


def test_data_beyond_the_threshold_take_the_record_out_and_a_zero_weight_stands_in(world: World) -> None:
    world.put(1)
    world.pass_minutes(0.5)
    assert world.shares["green"] == 1.0, "a minute has to be over first"
    world.pass_minutes(1.5)

    assert world.shares == {"blue": 1.0, "green": 0.0}
    assert 0.0 in world.published()


def test_without_data_a_check_stays_as_it_was_until_other_data_come(world: World) -> None:
    world.put(1)
    world.pass_minutes(30)
    assert world.shares["green"] == 0.0

    world.put(0)
    world.pass_minutes(2)

    assert world.shares["green"] == 1.0


def test_of_two_values_in_a_minute_the_lower_one_counts(world: World) -> None:
    world.put(1)
    world.put(0)
    world.pass_minutes(5)

    assert world.shares["green"] == 1.0


def test_the_state_of_the_alarm_moves_nothing(world: World) -> None:
    world.cloudwatch.set_alarm_state(AlarmName="the-switch", StateValue="ALARM", StateReason="a try")
    world.pass_minutes(3)

    assert world.shares["green"] == 1.0


def test_the_api_says_what_a_check_follows(world: World) -> None:
    assert world.checks.is_healthy(ID)

    found: Any = boto3.client("route53").get_health_check(HealthCheckId=ID)["HealthCheck"]["HealthCheckConfig"]

    assert found == CONFIG


def test_moto_alone_forgets_what_a_check_follows(cloud: Cloud) -> None:
    assert cloud
    route53: Any = boto3.client("route53")
    made = route53.create_health_check(CallerReference="x", HealthCheckConfig=CONFIG)["HealthCheck"]

    assert (
        "AlarmIdentifier" not in route53.get_health_check(HealthCheckId=made["Id"])["HealthCheck"]["HealthCheckConfig"]
    )
