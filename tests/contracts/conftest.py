"""The grounds on which several contracts are tried."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from tests.contracts.estate import REGION, Estate, an_estate
from tests.contracts.metrics_ground import TEN, Account, Clients, CloudWatchGround
from world.alarms import Alarms
from world.clock import Clock
from world.cloud import Cloud


@pytest.fixture
def estate() -> Iterator[Estate]:
    with an_estate() as estate:
        yield estate


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    """One account for the whole module: to make one, and clients of it, takes longer than all tests together."""
    made: dict[tuple[str, str], Any] = {}

    def client(service: str, region: str) -> Any:
        if (service, region) not in made:
            make: Callable[..., Any] = boto3.client
            made[service, region] = make(service, region_name=region)
        return made[service, region]

    with Clock(TEN) as clock, Cloud(clock, region=REGION), Alarms(clock, REGION).installed():
        yield client


@pytest.fixture
def account(clients: Clients) -> Iterator[Account]:
    grounds: list[CloudWatchGround] = []

    def make(**given: Any) -> CloudWatchGround:
        grounds.append(CloudWatchGround(clients, **given))
        return grounds[-1]

    yield make
    for ground in grounds:
        ground.close()


@pytest.fixture
def cloudwatch(account: Account) -> CloudWatchGround:
    return account().serve_all()
