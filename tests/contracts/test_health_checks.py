"""Health checks as the preflight reads them: what they follow, whether somebody changed them, how they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import ANY, Stubber

from crossfade.adapters.health_checks import HealthChecks
from crossfade.core.facts import HealthCheckFacts
from crossfade.errors import AlarmsUnavailableError, RouterThrottledError

CONFIG = {
    "Type": "CLOUDWATCH_METRIC",
    "AlarmIdentifier": {"Name": "the-alarm", "Region": "eu-west-1"},
    "InsufficientDataHealthStatus": "LastKnownStatus",
}


@dataclass
class Stubbed:
    source: HealthChecks
    route53: Stubber
    cloudwatch: Stubber

    def holds(self, config: dict[str, Any]) -> None:
        check = {"Id": "one", "CallerReference": "x", "HealthCheckConfig": config, "HealthCheckVersion": 1}
        self.route53.add_response("get_health_check", {"HealthCheck": check}, {"HealthCheckId": "one"})

    def published(self, *values: float) -> None:
        asked = {"MetricDataQueries": ANY, "StartTime": ANY, "EndTime": ANY, "ScanBy": "TimestampDescending"}
        self.cloudwatch.add_response(
            "get_metric_data", {"MetricDataResults": [{"Id": "h0", "Values": [*values]}]}, asked
        )


@pytest.fixture
def stubbed() -> Iterator[Stubbed]:
    once = Config(retries={"total_max_attempts": 1})
    keys: Any = {"aws_access_key_id": "a", "aws_secret_access_key": "s", "config": once}
    route53: Any = boto3.client("route53", region_name="eu-west-1", **keys)
    cloudwatch: Any = boto3.client("cloudwatch", region_name="us-east-1", **keys)
    with Stubber(route53) as one, Stubber(cloudwatch) as two:
        yield Stubbed(HealthChecks(route53, lambda: cloudwatch), one, two)


@pytest.mark.parametrize(("values", "healthy"), [((1.0, 0.0), True), ((0.0, 1.0), False), ((), None)])
def test_the_newest_status_that_was_published_counts(
    stubbed: Stubbed, values: tuple[float, ...], *, healthy: bool | None
) -> None:
    stubbed.holds(CONFIG)
    stubbed.published(*values)

    assert stubbed.source.read(["one", "one"]) == {"one": HealthCheckFacts("the-alarm", healthy=healthy)}


@pytest.mark.parametrize(
    "change", [{"Inverted": True}, {"Disabled": True}, {"InsufficientDataHealthStatus": "Healthy"}]
)
def test_what_somebody_changed_by_hand_is_seen(stubbed: Stubbed, change: dict[str, Any]) -> None:
    stubbed.holds(CONFIG | change)
    stubbed.published(1.0)

    found = stubbed.source.read(["one"])["one"]

    assert found is not None
    assert not found.is_as_deployed


@pytest.mark.parametrize("code", ["NoSuchHealthCheck", "AccessDenied"])
def test_a_health_check_that_is_gone_or_of_somebody_else_is_none_of_ours(stubbed: Stubbed, code: str) -> None:
    stubbed.route53.add_client_error("get_health_check", code, http_status_code=403)

    assert stubbed.source.read(["one"]) == {"one": None}


def test_a_service_that_limits_the_rate_is_asked_again(stubbed: Stubbed) -> None:
    stubbed.route53.add_client_error("get_health_check", "Throttling")
    with pytest.raises(RouterThrottledError, match="route53:GetHealthCheck"):
        stubbed.source.read(["one"])

    stubbed.holds(CONFIG)
    stubbed.cloudwatch.add_client_error("get_metric_data", "ThrottlingException")
    with pytest.raises(AlarmsUnavailableError, match="the status of 1 health checks"):
        stubbed.source.read(["one"])


def test_nothing_is_asked_when_no_record_carries_one(stubbed: Stubbed) -> None:
    assert stubbed.source.read([]) == {}
