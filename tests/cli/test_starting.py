"""The ways to start a migration in the demo: what is deployed for each of them."""

from pathlib import Path

import pytest

from crossfade.adapters.config_file import read_config
from crossfade.cli.starting import Way, triggered

SHIPPED = read_config(Path(__file__).resolve().parents[2] / "crossfade.yaml", now=None)


@pytest.mark.parametrize("way", [Way.CONSOLE, Way.PIPELINE])
def test_a_person_and_a_pipeline_start_what_is_deployed_as_it_is(way: Way) -> None:
    assert triggered(SHIPPED, way, "quick") == SHIPPED


def test_a_schedule_of_the_demo_is_on_and_alone() -> None:
    (schedule,) = triggered(SHIPPED, Way.SCHEDULE, "quick").triggers.schedules

    assert (schedule.expression, schedule.plan, schedule.enabled) == ("at(2026-03-01T02:00:00)", "quick", True)


def test_a_rule_of_the_demo_is_on_and_no_schedule_is_left() -> None:
    triggers = triggered(SHIPPED, Way.EVENT, "quick").triggers

    assert [(rule.source, rule.plan, rule.enabled) for rule in triggers.events] == [
        ("com.example.release", "quick", True)
    ]
    assert triggers.schedules == ()
