"""The person of the demo lets a gate open, once its bake is over and not before."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import boto3
import pytest

from crossfade.adapters.dynamodb_ledger import DynamoLedger
from crossfade.cli.approving import Approver
from crossfade.cli.embedded import Embedded
from tests.cli.conftest import MINUTE, REGION, Deployed


@dataclass
class AtOnce:
    """A clock on which everything that is asked for later is done at once."""

    now: datetime
    delays: list[timedelta] = field(default_factory=list)

    def after(self, delay: timedelta, action: Callable[[], object]) -> None:
        self.delays.append(delay)
        action()


@dataclass
class World:
    """As much of the embedded world as somebody who approves has to do with."""

    ledger: DynamoLedger
    clock: AtOnce


@pytest.fixture
def world(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    boto3.setup_default_session()
    return World(deployed.ledger, AtOnce(deployed.now))


def _look(world: World) -> bool:
    return Approver(cast("Embedded", world)).look("tonight")


def test_what_waits_is_approved_once_in_a_persons_name(deployed: Deployed, world: World) -> None:
    deployed.baking(bake_began=deployed.now - 60 * MINUTE)

    assert [_look(world), _look(world)] == [True, False]
    (signal,) = deployed.ledger.signals("tonight")
    assert (signal.stage, signal.by.rpartition("/")[2]) == (1, "ann")
    assert [event.text for event in deployed.ledger.timeline("tonight")] == [
        f"approved by {signal.by}: green looks good"
    ]
    assert world.clock.delays == [timedelta(seconds=1)]


def test_a_bake_that_is_not_over_is_not_approved(deployed: Deployed, world: World) -> None:
    assert not _look(world)  # there is none yet
    deployed.baking()

    assert not _look(world)
    assert deployed.ledger.signals("tonight") == ()
