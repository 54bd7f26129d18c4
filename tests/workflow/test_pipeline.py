"""A pipeline's stage passes with a good migration and fails, by name, with one that gave traffic back."""

import json
from pathlib import Path

import pytest

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
    with journey("green-crash@1") as tonight:
        result = run(tonight)

        assert (result.passed, result.error, result.output) == (False, "RolledBack", None)
        assert result.message.startswith("RolledBack: ")
        assert tonight.routed == ON_BLUE


def test_an_input_that_names_nothing_that_is_there_fails_the_stage_before_anything_moves() -> None:
    with journey() as tonight:
        result = run(tonight, plan="nightly")

        assert (result.passed, result.error) == (False, "Refused")
        with pytest.raises(BadActionError, match=r"has no migration\.json"):
            run_action(ACTION, tonight.world.clock, machine_arn="arn:aws:states:eu-west-1:1:stateMachine:x")
