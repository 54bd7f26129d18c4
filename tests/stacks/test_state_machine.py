"""What the synthesised state machine promises."""

import json
from typing import Any

import pytest

from crossfade import errors
from crossfade.core.config import Config
from crossfade.core.migration import Action
from crossfade.core.record import Outcome
from crossfade.names import (
    CRASH_ERRORS,
    LAMBDA_ERRORS,
    OUTSIDE_THE_MACHINE,
    PAGE_ERRORS,
    TEMPORARY_ERRORS,
    Function,
    State,
)
from stacks.definition_check import check_definition
from stacks.functions import PROFILES
from tests.stacks.reading import properties, resources

pytestmark = pytest.mark.xdist_group("stacks")
Json = dict[str, Any]


def tasks(definition: Json) -> dict[str, Json]:
    """The tasks that invoke a function."""
    return {
        name: state
        for name, state in definition["States"].items()
        if state["Type"] == "Task" and state["Resource"].endswith(":lambda:invoke")
    }


def test_every_task_invokes_a_function_but_the_page_and_the_sleeps(definition: Json) -> None:
    every = {name for name, state in definition["States"].items() if state["Type"] == "Task"}

    assert every - set(tasks(definition)) == {State.PAGE, State.BAKE, State.SOAK}


def subclasses(kind: type[Exception]) -> set[type[Exception]]:
    return {below for child in kind.__subclasses__() for below in {child, *subclasses(child)}}


def test_the_definition_has_no_fault(definition: Json) -> None:
    assert check_definition(definition) == []


def test_state_names_are_the_agreed_ones(definition: Json) -> None:
    assert set(definition["States"]) == {state.value for state in State}


def test_every_state_and_every_choice_tells_people_what_it_is(definition: Json) -> None:
    for name, state in definition["States"].items():
        comments = [state.get("Comment", ""), *(rule.get("Comment", "") for rule in state.get("Choices", ()))]

        assert all(len(comment) > 10 for comment in comments), name


def test_the_sample_input_in_the_comment_is_valid(definition: Json, config: Config) -> None:
    sample = json.loads(definition["Comment"].split("Sample input: ")[1])

    assert sample == {"plan": config.default_plan, "dryRun": True, "reason": "rehearsal"}


def test_every_task_that_fails_rolls_back(definition: Json) -> None:
    column = {State.ROLL_BACK, State.CONFIRM_ROLLBACK}
    ways = {name: task["Catch"][-1] for name, task in tasks(definition).items() if name not in column}

    assert {way["Next"] for way in ways.values()} == {State.ROLL_BACK}
    assert all(way["ErrorEquals"] == ["States.ALL"] for way in ways.values())


def test_a_rollback_that_fails_is_still_confirmed_and_ends_honestly(definition: Json) -> None:
    states = definition["States"]

    assert states[State.ROLL_BACK]["Catch"][-1]["Next"] == State.CONFIRM_ROLLBACK
    assert states[State.CONFIRM_ROLLBACK]["Catch"][-1]["Next"] == State.PAGE


def test_the_page_needs_no_function_and_leads_to_an_honest_end_delivered_or_not(definition: Json) -> None:
    page = definition["States"][State.PAGE]

    assert page["Resource"].endswith(":states:::sns:publish")
    assert page["Next"] == page["Catch"][-1]["Next"] == State.ROLLBACK_UNCONFIRMED
    assert page["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    assert [error for retry in page["Retry"] for error in retry["ErrorEquals"]] == list(PAGE_ERRORS)


def test_the_subject_of_the_page_is_one_that_sns_takes(definition: Json) -> None:
    subject = definition["States"][State.PAGE]["Arguments"]["Subject"]

    assert subject.startswith("Crossfade NEEDS YOU: ")
    assert subject.isascii()
    assert len(subject) <= 100


def test_temporary_errors_are_exactly_the_classes_of_that_kind() -> None:
    assert set(TEMPORARY_ERRORS) == {kind.__name__ for kind in subclasses(errors.TemporaryError)}


TWICE_IS_ONCE = {State.GIVE_BACK, State.GIVE_BACK_IN_SOAK, State.COMPLETE, State.ROLL_BACK, State.CONFIRM_ROLLBACK}
"""Their functions may die after they acted: the same again does no harm, and no better way out is left."""


def test_retried_errors_are_exactly_the_temporary_errors_and_the_crashes_of_what_may_be_done_twice(
    definition: Json,
) -> None:
    for name, task in tasks(definition).items():
        retried = [error for retry in task["Retry"] for error in retry["ErrorEquals"]]
        crashes = CRASH_ERRORS if name in TWICE_IS_ONCE else ()

        assert sorted(retried) == sorted([*LAMBDA_ERRORS, *TEMPORARY_ERRORS, *crashes]), name


def test_retries_are_spread_and_bounded(definition: Json) -> None:
    spread = {"IntervalSeconds": 2, "BackoffRate": 2, "MaxDelaySeconds": 30, "JitterStrategy": "FULL"}
    for name, state in definition["States"].items():
        for retry in state.get("Retry", ()):
            errors = retry["ErrorEquals"]
            few = {*CRASH_ERRORS, *PAGE_ERRORS}.issuperset(errors)
            patient = name in TWICE_IS_ONCE and set(errors) == set(TEMPORARY_ERRORS)
            expected = spread | {"ErrorEquals": errors, "MaxAttempts": 3 if few else 20 if patient else 6}

            assert retry == expected


def test_a_task_waits_longer_than_its_function_may_run(main_template: Json, definition: Json) -> None:
    function_seconds = {profile.timeout_seconds for profile in PROFILES.values()}
    deployed = {function["Timeout"] for function in properties(main_template, "AWS::Lambda::Function")}

    assert deployed == function_seconds
    in_the_machine = {
        profile.timeout_seconds + 15 for function, profile in PROFILES.items() if function not in OUTSIDE_THE_MACHINE
    }
    assert {task["TimeoutSeconds"] for task in tasks(definition).values()} == in_the_machine


def test_every_function_is_told_which_migration_it_serves_and_when_it_is(definition: Json) -> None:
    for name, task in tasks(definition).items():
        payload = task["Arguments"]["Payload"]

        assert payload["migration"] == "{% $states.context.Execution.Name %}", name
        assert payload["execution"] == "{% $states.context.Execution.Id %}", name
        assert payload["now"] == "{% $now() %}", name


EXTRA_PAYLOAD = {
    State.RESOLVE_PLAN: {"input", "started"},
    State.TAKE_LEASE: set(),
    State.PREFLIGHT: {"epoch"},
    State.RECORD_BASELINE: {"epoch"},
    State.SHIFT_TRAFFIC: {"epoch", "stage"},
    State.CHECK_HEALTH: {"epoch", "stage", "soaking"},
    State.CHECK_SOAK: {"epoch", "stage", "soaking"},
    State.GIVE_BACK: {"reason", "alone"},
    State.GIVE_BACK_IN_SOAK: {"reason", "alone"},
    State.COMPLETE: {"epoch"},
    State.ROLL_BACK: {"reason"},
    State.CONFIRM_ROLLBACK: {"reason"},
}


def test_tasks_carry_the_agreed_payload_and_nothing_else(definition: Json) -> None:
    common = {"migration", "execution", "now"}
    extra = {name: set(task["Arguments"]["Payload"]) - common for name, task in tasks(definition).items()}

    assert extra == {state.value: keys for state, keys in EXTRA_PAYLOAD.items()}


def test_health_is_checked_by_one_function_that_knows_when_it_is_the_soak(definition: Json) -> None:
    bake, soak = (definition["States"][name]["Arguments"] for name in (State.CHECK_HEALTH, State.CHECK_SOAK))

    assert bake["FunctionName"] == soak["FunctionName"]
    assert (bake["Payload"]["soaking"], soak["Payload"]["soaking"]) == (False, True)


def test_every_action_of_a_decision_has_a_way(definition: Json) -> None:
    for name in (State.HEALTHY, State.SOAKED):
        choice = definition["States"][name]
        asked = " ".join(rule["Condition"] for rule in choice["Choices"])

        assert f"'{Action.ADVANCE}'" in asked
        assert f"'{Action.WAIT}'" in asked
        assert f"'{Action.GIVE_BACK}'" in asked
        assert choice["Default"] == State.ROLL_BACK  # also what nobody has thought of


def test_every_failure_ends_with_the_name_of_an_outcome(definition: Json) -> None:
    ends = {name: state["Error"] for name, state in definition["States"].items() if state["Type"] == "Fail"}

    assert ends == {
        State.ROLLED_BACK: Outcome.ROLLED_BACK,
        State.PARTLY_ROLLED_BACK: Outcome.PARTLY_ROLLED_BACK,
        State.ROLLBACK_UNCONFIRMED: Outcome.ROLLBACK_UNCONFIRMED,
        State.HELD: Outcome.HELD,
        State.REFUSED: Outcome.REFUSED,
        State.DUPLICATE: Outcome.DUPLICATE,
    }


def test_a_good_end_whose_answer_was_lost_is_a_good_end(definition: Json) -> None:
    (way,) = (rule for rule in definition["States"][State.HOW_DID_IT_END]["Choices"] if rule["Next"] == State.SUCCEEDED)

    assert all(f"'{outcome}'" in way["Condition"] for outcome in (Outcome.SUCCEEDED, Outcome.DRY_RUN))


def test_an_unknown_ending_counts_as_unconfirmed(definition: Json) -> None:
    assert definition["States"][State.HOW_DID_IT_END]["Default"] == State.ROLLBACK_UNCONFIRMED


def test_functions_are_invoked_by_published_version(main_template: Json, definition: Json) -> None:
    versions = resources(main_template, "AWS::Lambda::Version")
    invoked = {task["Arguments"]["FunctionName"].strip("${}") for task in tasks(definition).values()}

    assert invoked == set(versions)
    assert len(versions) == len(Function) - len(OUTSIDE_THE_MACHINE), (
        "what is woken by rules always runs what is deployed"
    )


def test_old_versions_stay_for_the_migrations_that_run_on_them(main_template: Json) -> None:
    for version in resources(main_template, "AWS::Lambda::Version").values():
        assert version["DeletionPolicy"] == version["UpdateReplacePolicy"] == "Retain"


def test_the_log_of_the_machine_holds_no_data_of_executions(main_template: Json) -> None:
    (machine,) = properties(main_template, "AWS::StepFunctions::StateMachine")

    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["TracingConfiguration"] == {"Enabled": True}


def test_an_execution_ends_some_day(definition: Json) -> None:
    assert definition["TimeoutSeconds"] == 14 * 24 * 3600
    assert definition["QueryLanguage"] == "JSONata"
