"""The estate with one load balancer in front of both clusters: migrations through its rule."""

from datetime import timedelta
from typing import Final

import pytest

from crossfade.adapters.config_file import read_config
from crossfade.errors import InvalidInputError
from tests.deployed import embedded
from tests.workflow.journey import CONFIG as SAMPLE
from tests.workflow.journey import example
from world.estate_spec import BLUE, GREEN
from world.faults import parse_fault

BAD_GREEN: Final = "green-5xx@2"


def test_a_fault_of_a_rule_needs_an_estate_with_one() -> None:
    config = read_config(SAMPLE, now=None)

    with (
        pytest.raises(InvalidInputError, match="examples/estates/alb"),
        embedded(config, SAMPLE, seed=1, faults=[parse_fault("preflight:missing-rule")]),
    ):
        pass


def test_a_bad_green_behind_a_rule_gives_its_users_back_and_the_rule_says_so() -> None:
    with example("alb", BAD_GREEN) as tonight:
        world = tonight.world
        execution = world.cloud.run("tonight", {})
        (host,) = world.estate.snapshot().hosts
        record = world.ledger.load("tonight")

    assert (execution.status, execution.error) == ("FAILED", "RolledBack")
    assert dict(host.weights) == {BLUE: 100, GREEN: 0}
    assert record is not None
    assert "green" in record.reason
    assert "somebody else" not in record.reason
    assert record.rollback_began is not None
    assert record.ended is not None
    assert record.ended - record.rollback_began <= timedelta(minutes=2)
