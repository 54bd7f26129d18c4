"""The clock starts a migration: once, in its minute, only inside a change window, and never too late."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
import yaml

from crossfade.adapters.config_file import parse_config
from crossfade.cli.embedded import Embedded
from crossfade.cli.starting import Way, begin
from tests.deployed import embedded
from tests.workflow.journey import CONFIG, ON_GREEN, Journey
from world.step_functions import Execution

pytestmark = pytest.mark.xdist_group("schedules")

TWO = datetime(2026, 3, 1, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NIGHTLY = {
    "name": "nightly",
    "expression": "cron(0,20,40 3 ? * SUN *)",
    "timezone": "Europe/Berlin",  # an hour ahead of UTC
    "plan": "short",
    "enabled": True,
}
WINDOW = {"timezone": "Europe/Berlin", "windows": [{"days": ["SUN"], "opens": "02:00", "closes": "03:15"}]}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """
    A night in which the schedule fires at 02:00, 02:20 and 02:40 UTC.

    The first start is delivered twice, no window is open for the second, the third is not answered for too long.
    """
    file = configuration(tmp_path_factory.mktemp("night"))
    with embedded(parse_config(file.read_text(encoding="utf-8"), now=None), file, seed=1) as world:
        schedules = world.cloud.schedules
        schedules.copies = 2
        begin(world, Way.SCHEDULE, {})  # as the demo waits for it
        world.clock.run_until(TWO + 10 * MINUTE)
        schedules.copies = 1
        world.clock.run_until(TWO + 30 * MINUTE)
        schedules.unreachable_until = TWO + 60 * MINUTE
        world.clock.run_until(TWO + 50 * MINUTE)
        yield world


def configuration(folder: Path) -> Path:
    """Of one workload that moves at once, as fast as it may."""
    document = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    document |= {"triggers": {"schedules": [NIGHTLY]}, "calendar": WINDOW}
    document["plans"] = {"short": {"stages": [{"share": 100, "bake": "1m"}], "soak": "1m"}}
    document["workloads"] = document["workloads"][:1]
    file = folder / "crossfade.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


def executions(world: Embedded) -> list[Execution]:
    """All that were started, in that order."""
    machine = world.cloud.deployment.machine_arn
    found = boto3.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    return sorted((world.cloud.describe(each["executionArn"]) for each in found), key=lambda each: each.started)


def test_a_schedule_starts_its_plan_in_its_minute_and_traffic_moves(night: Embedded) -> None:
    first = executions(night)[0]
    record = night.ledger.load(first.name)

    assert (first.status, first.started.replace(second=0)) == ("SUCCEEDED", TWO)
    assert first.name.startswith("schedule-")
    assert record is not None
    assert (record.started_by, record.plan.name) == ("schedule nightly", "short")
    assert Journey(night).routed == ON_GREEN


def test_a_second_delivery_ends_as_a_duplicate(night: Embedded) -> None:
    first, second, *_ = executions(night)

    assert (second.started, second.error) == (first.started, "Duplicate")
    assert first.name in (second.cause or "")


def test_a_start_outside_the_change_window_is_refused_and_says_when_one_may_begin(night: Embedded) -> None:
    third = executions(night)[2]
    cause = third.cause or ""

    assert third.error == "Refused"
    assert cause.startswith("WindowClosedError: plan short may not start now: no change window has room for")
    assert "the next start is Sun 2026-03-08 02:00 Europe/Berlin. Nothing was changed" in cause


def test_a_start_that_could_not_be_delivered_in_time_is_a_dead_letter_and_starts_nothing(night: Embedded) -> None:
    (dead,) = night.cloud.schedules.dead

    assert len(executions(night)) == 3
    assert "SchedulesDeadLetters" in dead.queue
    assert "schedule nightly" in dead.request
