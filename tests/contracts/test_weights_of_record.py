"""What every keeper of the weights of record promises: that in memory, and the SSM Parameter Store. It never raises."""

import json
from collections.abc import Iterator
from typing import Any, Protocol

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from crossfade.adapters.ssm_weights import SECONDS_MAX, SsmWeights
from crossfade.core.weight import Split
from crossfade.ports import WeightsOfRecord
from simulation.weights import KeptWeights
from tests.contracts.estate import REGION
from tests.steps.scene import NAMES, T0, a_plan

PLAN = a_plan()
FIRST, SECOND = NAMES[:2]
HALF = {FIRST: Split(50, 50), SECOND: Split(99, 1)}


class Ground(Protocol):
    """A keeper and what it has stored."""

    @property
    def weights(self) -> WeightsOfRecord: ...

    def stored(self, workload: str) -> tuple[int, int] | None: ...

    def break_down(self) -> None: ...


class MemoryGround:
    def __init__(self) -> None:
        self.weights = KeptWeights()

    def stored(self, workload: str) -> tuple[int, int] | None:
        split = self.weights.kept.get(workload)
        return (split.blue, split.green) if split else None

    def break_down(self) -> None:
        self.weights.works = False


class SsmGround:
    def __init__(self) -> None:
        self._client: Any = boto3.client("ssm", region_name=REGION)
        self.weights = SsmWeights(self._client)

    def value(self, workload: str) -> dict[str, Any] | None:
        name = f"/crossfade/{PLAN.zone.name}/{workload}"
        found = self._client.get_parameters(Names=[name])["Parameters"]
        value: dict[str, Any] | None = json.loads(found[0]["Value"]) if found else None
        return value

    def stored(self, workload: str) -> tuple[int, int] | None:
        value = self.value(workload)
        return (value["weights"][PLAN.blue.name], value["weights"][PLAN.green.name]) if value else None

    def break_down(self) -> None:
        closed = Config(connect_timeout=1, retries={"total_max_attempts": 1})
        self.weights = SsmWeights(boto3.client("ssm", REGION, endpoint_url="http://127.0.0.1:9", config=closed))


@pytest.fixture(params=[MemoryGround, SsmGround])
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    with mock_aws():
        yield request.param()


def keep(ground: Ground, weights: dict[str, Split]) -> tuple[str, ...]:
    return ground.weights.keep(PLAN, weights, migration="tonight", now=T0)


def test_each_workload_has_its_own_weights(ground: Ground) -> None:
    assert keep(ground, HALF) == ()

    assert (ground.stored(FIRST), ground.stored(SECOND)) == ((50, 50), (99, 1))


def test_the_last_weights_are_the_ones_that_count(ground: Ground) -> None:
    keep(ground, HALF)

    assert keep(ground, {FIRST: Split(0, 100)}) == ()

    assert (ground.stored(FIRST), ground.stored(SECOND)) == ((0, 100), (99, 1))


def test_a_store_that_is_down_is_named_for_each_workload_and_raises_nothing(ground: Ground) -> None:
    keep(ground, {FIRST: Split(99, 1)})
    ground.break_down()

    faults = keep(ground, HALF)

    assert len(faults) == 2
    assert FIRST in faults[0]
    assert "blue 50 : green 50" in faults[0]


def test_the_parameter_names_clusters_not_colours() -> None:
    with mock_aws():
        ssm = SsmGround()
        keep(ssm, HALF)
        value = ssm.value(FIRST)

    assert value == {
        "weights": {PLAN.blue.name: 50, PLAN.green.name: 50},
        "migration": "tonight",
        "at": T0.isoformat(),
    }


def test_what_cannot_be_stored_in_time_is_named_and_not_waited_for() -> None:
    ticks = iter([0.0, 0.0, SECONDS_MAX + 1.0])
    with mock_aws():
        client: Any = boto3.client("ssm", region_name=REGION)

        faults = SsmWeights(client, elapsed=lambda: next(ticks)).keep(PLAN, HALF, migration="tonight", now=T0)

    assert len(faults) == 1
    assert SECOND in faults[0]
    assert "in time" in faults[0]
