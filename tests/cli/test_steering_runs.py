"""Steering from the command line to the weights: the commands, the ledger, the deployed machine and its functions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from crossfade.adapters.config_file import parse_config
from crossfade.cli.app import app
from crossfade.cli.embedded import Embedded
from crossfade.cli.serve import findable
from crossfade.core.record import Record
from tests.deployed import embedded
from world.step_functions import Execution

MINUTE = timedelta(minutes=1)
SECONDS = 5
"""From a person's word to the first step back."""
ROOT = Path(__file__).resolve().parents[2]
PLAN = {
    "stages": [
        {"share": 10, "bake": "3m"},
        {"share": 50, "bake": "5m", "gate": "approval"},
        {"share": 100, "bake": "2m"},
    ],
    "soak": "20m",
}


@dataclass
class Steering:
    """A migration in the embedded world, and what people type while it runs."""

    world: Embedded
    said: list[str] = field(default_factory=list)

    def type(self, *arguments: str) -> str:
        answer = CliRunner().invoke(app, list(arguments))
        assert answer.exit_code == 0, f"{arguments}: {answer.output} {answer.exception}"
        self.said.append(answer.stdout)
        return answer.stdout

    def when(self, what: str, stage: int | None, then: Callable[[], object]) -> None:
        """Once the timeline has *what* (of *stage*), do *then*, a minute later."""

        def look() -> None:
            events = self.world.ledger.timeline("tonight")
            if any(event.what == what and stage in (None, event.data.get("stage")) for event in events):
                looking.cancel()
                self.world.clock.after(MINUTE, then)

        looking = self.world.clock.every(MINUTE / 2, look)

    def run(self) -> Execution:
        self.type("start", "--name", "tonight", "--plan", "steered", "--wait", "0")
        arn = self.world.cloud.deployment.machine_arn.replace(":stateMachine:", ":execution:") + ":tonight"
        return self.world.cloud.wait(arn)

    @property
    def record(self) -> Record:
        record = self.world.ledger.load("tonight")
        assert record is not None
        return record

    def seconds_between(self, one: str, other: str) -> float:
        """From the first event *one* to the first *other*."""
        at = {event.what: event.at for event in reversed(self.world.ledger.timeline("tonight"))}
        return (at[other] - at[one]).total_seconds()

    @property
    def told(self) -> list[str]:
        return [event.text for event in self.world.ledger.timeline("tonight")]


@contextmanager
def _world(tmp_path: Path) -> Iterator[Embedded]:
    document: Any = yaml.safe_load((ROOT / "crossfade.yaml").read_text(encoding="utf-8"))
    document["plans"]["steered"] = PLAN
    document["workloads"] = document["workloads"][:1]
    path = tmp_path / "crossfade.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    config = parse_config(path.read_text(encoding="utf-8"), now=None)
    with embedded(config, path, seed=1) as world:
        findable(world)
        yield world


@pytest.fixture
def steering(tmp_path: Path) -> Iterator[Steering]:
    with _world(tmp_path) as world:
        yield Steering(world)


def test_an_approved_gate_opens_and_a_promotion_ends_the_soak_early(steering: Steering) -> None:
    steering.when("traffic_moved", 1, lambda: steering.type("approve", "tonight", "--stage", "2", "--reason", "fine"))
    steering.when("soak_began", None, lambda: steering.type("promote", "tonight", "--reason", "quiet night"))

    execution = steering.run()

    soak = [event.at for event in steering.world.ledger.timeline("tonight") if event.what.startswith("soak_")]
    assert execution.status == "SUCCEEDED"
    assert "is approved." in steering.said[1]
    assert any(text.startswith("approved by ") and text.endswith(": fine") for text in steering.told)
    assert soak[1] - soak[0] < 3 * MINUTE
    assert any("promoted by" in text and "quiet night" in text for text in steering.told)


def test_an_abort_gives_traffic_back(steering: Steering) -> None:
    steering.when("traffic_moved", 1, lambda: steering.type("abort", "tonight", "--reason", "wrong night"))

    execution = steering.run()

    assert execution.error == "RolledBack"
    assert execution.cause is not None
    assert "wrong night" in execution.cause
    assert "At once traffic goes back" in steering.said[-1]
    assert steering.seconds_between("signalled", "rollback_began") <= SECONDS
    assert {tuple(host.weights.values()) for host in steering.world.estate.snapshot().hosts} == {(100, 0)}


def test_a_hold_freezes_until_it_is_resumed(steering: Steering) -> None:
    steering.when("traffic_moved", 0, lambda: steering.type("hold", "tonight", "--reason", "lunch", "--for", "2h"))
    steering.when(
        "signalled", None, lambda: steering.world.clock.after(20 * MINUTE, lambda: steering.type("resume", "tonight"))
    )
    steering.when("stage_passed", 0, lambda: steering.type("abort", "tonight", "--reason", "seen enough"))

    execution = steering.run()

    (passed,) = (event.at for event in steering.world.ledger.timeline("tonight") if event.what == "stage_passed")
    assert execution.error == "RolledBack"
    assert 20 * MINUTE < passed - steering.record.started < 35 * MINUTE


def test_status_tells_the_same_story_while_it_runs(steering: Steering) -> None:
    seen: list[str] = []

    def look_and_abort() -> None:
        seen.append(steering.type("status", "tonight"))
        steering.type("abort", "tonight", "--reason", "enough")
        seen.append(steering.type("status"))

    steering.when("traffic_moved", 0, look_and_abort)

    steering.run()

    assert "stage 1 of 3: " in seen[0]
    assert "has aborted it: at the next look it gives traffic back" in seen[1]
    assert "it has ended: RolledBack." in steering.type("status", "tonight")
    assert "RolledBack" in steering.type("history")
