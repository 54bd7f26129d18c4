"""A pipeline's stage passes with a good migration and fails, by name, with one that gave traffic back."""

import json
from pathlib import Path

import pytest

from crossfade.cli.rehearsal import Demo
from crossfade.cli.starting import Way
from crossfade.cli.view import SilentView
from crossfade.core.record import Outcome
from tests.workflow.journey import ON_BLUE, ON_GREEN, Journey, journey
from world.pipeline import ActionResult, BadActionError, run_action

INPUT = json.loads((Path(__file__).resolve().parents[2] / "examples/pipeline/migration.json").read_text())
ACTION = {"Input": "Source::migration.json", "InputType": "FilePath", "ExecutionNamePrefix": "pipeline"}
"""As the example's template has it; tests/stacks/test_pipeline.py holds it to that."""


def run(tonight: Journey, **changes: object) -> ActionResult:
    given = {key: value for key, value in (INPUT | {"plan": None} | changes).items() if value is not None}
    return run_action(
        ACTION,
        tonight.world.clock,
        machine_arn=tonight.world.cloud.deployment.machine_arn,
        artifact={"migration.json": json.dumps(given)},
    )


def test_a_good_migration_lets_the_stage_pass_and_gives_its_output_on() -> None:
    with journey() as tonight:
        result = run(tonight)
        record = tonight.world.ledger.load(result.execution)

        assert result.passed
        assert result.output["outcome"] == "Succeeded"
        assert result.execution.startswith("pipeline-")
        assert record is not None
        assert record.started_by == "pipeline CrossfadePipeline"
        assert tonight.routed == ON_GREEN


def test_a_rollback_fails_the_stage_by_its_name() -> None:
    """As `crossfade demo --start pipeline` runs and shows it."""
    with journey("green-crash@1") as tonight:
        world = tonight.world
        plan = world.config.plan(world.config.default_plan)
        summary = Demo(world, plan, SilentView(), fault="", way=Way.PIPELINE).run({})

        assert summary.timeline[0].text.startswith("a pipeline's stage starts it and waits, as pipeline-")
        assert summary.timeline[-1].text == "the pipeline's stage has failed with RolledBack"
        assert (summary.outcome, summary.broken) == (Outcome.ROLLED_BACK, ())
        assert tonight.routed == ON_BLUE


def test_an_input_that_names_nothing_that_is_there_fails_the_stage_before_anything_moves() -> None:
    with journey() as tonight:
        result = run(tonight, plan="nightly")

        assert (result.passed, result.error, result.output) == (False, "Refused", None)
        assert result.message.startswith("Refused: ")
        with pytest.raises(BadActionError, match=r"has no migration\.json"):
            run_action(ACTION, tonight.world.clock, machine_arn="arn:aws:states:eu-west-1:1:stateMachine:x")
