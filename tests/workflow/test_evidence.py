"""The whole machine in the embedded world: what users' requests say decides, as it was published, late and sparse."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from crossfade.adapters.config_file import read_config
from crossfade.cli.embedded import Embedded
from crossfade.core.timeline import Event
from crossfade.wiring import Wired
from tests.deployed import embedded
from world.application import HEALTHY_ERROR_RATE

ROOT = Path(__file__).parents[2]
MINUTE = timedelta(minutes=1)
SEED = 7


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Embedded]:
    """The sample configuration with one workload and two short stages, deployed."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "crossfade.yaml").read_text(encoding="utf-8"))
    stages = [{"share": 25, "bake": "4m"}, {"share": 100, "bake": "4m"}]
    document["workloads"] = document["workloads"][:1]
    document["plans"] = {"standard": {"stages": stages, "soak": "1m"}}
    document["triggers"] = {}
    path = tmp_path / "crossfade.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    with ExitStack() as stack:
        yield stack.enter_context(embedded(read_config(path, now=None), path, seed=SEED))


def let_fail(world: Embedded, rates: dict[str, float]) -> Callable[[], None]:
    """What makes each side's applications fail at its rate."""

    def happen() -> None:
        for side, rate in rates.items():
            world.estate.balancers.applications[side].error_rate = rate

    return happen


def entries(world: Embedded, what: str) -> list[Event]:
    return [event for event in world.ledger.timeline("tonight") if event.what == what]


def test_a_good_green_passes_on_the_requests_that_its_users_made(world: Embedded) -> None:
    execution = world.cloud.run("tonight")

    assert execution.status == "SUCCEEDED", f"seed={SEED}"
    for passed in entries(world, "stage_passed"):
        assert passed.data["cause"] == "good"
        assert passed.data["green_requests"] >= 300
        written, observed = passed.data["written_percent"], passed.data["share_percent"]
        assert written / 4 <= observed <= min(100, 4 * written)


def test_what_is_read_is_what_the_load_balancers_served(world: Embedded, tmp_path: Path) -> None:
    deployed = tmp_path / "crossfade.json"
    deployed.write_text(world.config.to_json(), encoding="utf-8")
    wired = Wired(table="none", topic_arn="none", config_file=str(deployed), region="eu-west-1")
    began = world.clock.now
    world.clock.sleep(600)
    workloads = world.config.plan("standard").workloads

    (series,) = wired.metrics.read(workloads, since=began, until=world.clock.now - 3 * MINUTE).values()

    assert not series.unreadable
    assert len(series.minutes) == 7
    assert all(2_000 < minute.blue.requests < 4_000 and not minute.green.requests for minute in series.minutes)
    assert {minute.blue.healthy_targets for minute in series.minutes} == {2}


def test_a_green_that_fails_a_part_of_its_requests_is_given_up(world: Embedded) -> None:
    world.clock.after(5 * MINUTE, let_fail(world, {"green": 0.05}))

    execution = world.cloud.run("tonight")

    (decided,) = entries(world, "rollback_decided")
    assert execution.error == "RolledBack", f"seed={SEED}"
    assert decided.data["cause"] in {"worse_than_blue", "too_many_errors", "alarm"}
    assert decided.data["green_failed"] >= 5


def test_trouble_that_strikes_both_sides_freezes_traffic_pages_once_and_then_goes_on(world: Embedded) -> None:
    world.clock.after(5 * MINUTE, let_fail(world, {"green": 0.2, "blue": 0.2}))
    world.clock.after(9 * MINUTE, let_fail(world, {"green": HEALTHY_ERROR_RATE, "blue": HEALTHY_ERROR_RATE}))

    execution = world.cloud.run("tonight")

    pages = [message for message in world.cloud.messages if "both sick" in (message.subject or "")]
    causes = [event.data["cause"] for event in entries(world, "verdict_changed")]
    assert execution.status == "SUCCEEDED", f"seed={SEED}: {execution.cause}"
    assert len(pages) == 1
    assert "common_cause" in causes
