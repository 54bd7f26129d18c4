"""The estate with one load balancer in front of both clusters: migrations through its rule, and what keeps them out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from crossfade.adapters.config_file import read_config
from crossfade.cli.embedded import START, embedded, estate_of
from crossfade.core.finding import Finding, Grade
from crossfade.errors import InvalidInputError
from crossfade.steps.preflight import look
from crossfade.wiring import Wired
from tests.workflow.journey import CONFIG as SAMPLE
from world.clock import Clock
from world.cloud import Cloud
from world.estate import BLUE, GREEN, Estate
from world.faults import Fault, parse_fault

CONFIG: Final = Path(__file__).parents[2] / "examples" / "estates" / "alb" / "crossfade.yaml"
BAD_GREEN: Final = "green-5xx@2"


@contextmanager
def an_estate(faults: Sequence[Fault]) -> Iterator[Estate]:
    config = read_config(CONFIG, now=None)
    with Clock(START) as clock, Cloud(clock, region=config.clusters.green.region):
        spec = replace(estate_of(config, CONFIG), warm_up=timedelta(minutes=4))
        with Estate(clock, spec, seed=1, faults=faults) as estate:
            yield estate


def findings(*faults: str) -> dict[str, list[Finding]]:
    """What the preflight says against the estate in which all of *faults* are true, by check."""
    config = read_config(CONFIG, now=None)
    with an_estate([parse_fault(fault) for fault in faults]):
        parts = Wired(table="", topic_arn="", config_file="", region=config.clusters.green.region)
        parts.config = config
        plan = config.plan(config.default_plan)
        seen = look(parts.router, parts.rescue, parts.alarms, parts.estate, plan, probe=parts.probe)
    failed: dict[str, list[Finding]] = {}
    for finding in seen:
        if finding.verdict is Grade.FAIL:
            failed.setdefault(finding.check, []).append(finding)
    return failed


def test_a_sound_estate_may_start() -> None:
    assert findings() == {}


@pytest.mark.parametrize(
    ("faults", "wanted"),
    [
        (
            ["preflight:controllers-rule", "preflight:third-target-group", "preflight:missing-binding"],
            {"rule-owner": "undoes what others write", "listener-rule": "a third target", "binding": "does not exist"},
        ),
        (
            ["preflight:sticky-rule", "preflight:crossed-binding", "preflight:unhealthy-targets"],
            {"stickiness": "for 1h", "binding": "leads to blue's target group", "rule-targets": "answered with 503"},
        ),
        (["preflight:missing-rule"], {"listener-rule": "does not exist"}),
        (["preflight:green-has-weight"], {"weights": "green already has weight 10"}),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_with_its_fix(faults: list[str], wanted: dict[str, str]) -> None:
    found = findings(*faults)

    for check, words in wanted.items():
        assert any(words in finding.evidence and finding.fix for finding in found[check]), found[check]
    assert set(found) - set(wanted) <= {"weights", "way-back", "answers"}  # they say the same in other words


def test_a_fault_of_a_rule_needs_an_estate_with_one() -> None:
    config = read_config(SAMPLE, now=None)

    with (
        pytest.raises(InvalidInputError, match="examples/estates/alb"),
        embedded(config, SAMPLE, seed=1, faults=[parse_fault("preflight:missing-rule")]),
    ):
        pass


def test_a_bad_green_behind_a_rule_gives_its_users_back_and_the_rule_says_so() -> None:
    config = read_config(CONFIG, now=None)
    with embedded(config, CONFIG, seed=1, faults=[parse_fault(BAD_GREEN)]) as world:
        execution = world.cloud.run("tonight", {})
        (host,) = world.estate.snapshot().hosts
        record = world.ledger.load("tonight")

    assert (execution.status, execution.error) == ("FAILED", "RolledBack")
    assert dict(host.weights) == {BLUE: 100, GREEN: 0}
    assert record is not None
    assert record.rollback_began is not None
    assert record.ended is not None
    assert record.ended - record.rollback_began <= timedelta(minutes=2)
