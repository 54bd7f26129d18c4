"""What every switch promises: that in memory, and CloudWatch's, read as the health check's alarm reads it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Protocol

import boto3
import pytest
from botocore.config import Config
from botocore.stub import ANY, Stubber
from moto import mock_aws

from crossfade.adapters.cloudwatch_switch import CloudWatchSwitch
from crossfade.errors import AlarmsRefusedError, AlarmsUnavailableError
from crossfade.names import SWITCH_METRIC, SWITCH_NAMESPACE
from crossfade.ports import Switch
from simulation.switches import KeptSwitch
from tests.contracts.estate import REGION
from tests.steps.scene import T0

ZONE = "Z0EXAMPLE1234567890"
MINUTE = timedelta(minutes=1)


class Ground(Protocol):
    """A switch, and whose green it has taken out."""

    @property
    def switch(self) -> Switch: ...

    def out(self) -> set[str]: ...

    def break_down(self) -> None: ...


class MemoryGround:
    def __init__(self) -> None:
        self.switch = KeptSwitch()

    def out(self) -> set[str]:
        return set(self.switch.out)

    def break_down(self) -> None:
        self.switch.works = False


class CloudWatchGround:
    """The last minute with a value counts, and the least value in it."""

    def __init__(self) -> None:
        self._client: Any = boto3.client("cloudwatch", region_name=REGION)
        self.switch = CloudWatchSwitch(self._client)

    def out(self) -> set[str]:
        named = self._client.list_metrics(Namespace=SWITCH_NAMESPACE, MetricName=SWITCH_METRIC)["Metrics"]
        return {name for each in named if self._last(dims := each["Dimensions"]) >= 1 for name in [_workload(dims)]}

    def _last(self, dimensions: list[dict[str, str]]) -> float:
        asked = {"Namespace": SWITCH_NAMESPACE, "MetricName": SWITCH_METRIC, "Dimensions": dimensions}
        span = {"StartTime": T0 - MINUTE, "EndTime": T0 + 9 * MINUTE, "Period": 60, "Statistics": ["Minimum"]}
        points = self._client.get_metric_statistics(**asked, **span)["Datapoints"]
        return float(max(points, key=lambda point: point["Timestamp"])["Minimum"])

    def break_down(self) -> None:
        closed = Config(connect_timeout=1, retries={"total_max_attempts": 1})
        client = boto3.client("cloudwatch", REGION, endpoint_url="http://127.0.0.1:9", config=closed)
        self.switch = CloudWatchSwitch(client)


def _workload(dimensions: list[dict[str, str]]) -> str:
    found = {each["Name"]: each["Value"] for each in dimensions}
    assert found["zone"] == ZONE
    return found["workload"]


@pytest.fixture(params=[MemoryGround, CloudWatchGround])
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    with mock_aws():
        yield request.param()


def test_green_of_exactly_those_workloads_is_taken_out(ground: Ground) -> None:
    ground.switch.flip(ZONE, ["burnham", "yelb"], out=True, now=T0)
    ground.switch.flip(ZONE, ["yelb"], out=False, now=T0 + MINUTE)

    assert ground.out() == {"burnham"}


def test_the_same_flip_twice_is_once(ground: Ground) -> None:
    for minute in range(3):
        ground.switch.flip(ZONE, ["burnham"], out=True, now=T0 + minute * MINUTE)
    ground.switch.flip(ZONE, ["burnham"], out=False, now=T0 + 3 * MINUTE)

    assert ground.out() == set()


def test_who_lets_green_in_is_not_undone_in_the_same_minute(ground: Ground) -> None:
    ground.switch.flip(ZONE, ["burnham"], out=True, now=T0)
    ground.switch.flip(ZONE, ["burnham"], out=False, now=T0)

    assert ground.out() == set()


def test_a_service_that_does_not_answer_is_asked_again(ground: Ground) -> None:
    ground.break_down()

    with pytest.raises(AlarmsUnavailableError, match="tried again"):
        ground.switch.flip(ZONE, ["burnham"], out=True, now=T0)


def test_what_may_not_be_flipped_says_which_permission_is_missing() -> None:
    client: Any = boto3.client("cloudwatch", REGION, aws_access_key_id="a", aws_secret_access_key="s")
    with Stubber(client) as stub:
        asked = {"Namespace": SWITCH_NAMESPACE, "MetricData": ANY}
        stub.add_client_error("put_metric_data", "AccessDenied", http_status_code=403, expected_params=asked)
        with pytest.raises(AlarmsRefusedError, match="cloudwatch:PutMetricData on the switches of burnham"):
            CloudWatchSwitch(client).flip(ZONE, ["burnham"], out=True, now=T0)
