"""The synthesised machine, run in the embedded cloud with functions that answer as told: each way through the graph."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from crossfade.errors import DriftError, LeaseHeldError, RouterThrottledError, RouterUnavailableError
from crossfade.names import BELL_ITEM, BELL_KEY, BELL_RANG, CRASH_ERRORS, OUTSIDE_THE_MACHINE, Function, State
from world.clock import Clock
from world.cloud import Cloud
from world.functions import CrashError
from world.step_functions import Execution

pytestmark = pytest.mark.xdist_group("stacks")
Json = dict[str, Any]
NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

ARRIVED = {"arrived": True, "wait_seconds": 60, "reason": "read back", "partly": False}
NOT_YET = {"arrived": False, "wait_seconds": 30, "reason": "DNS shows the old weights", "partly": False}
ADVANCE = {"action": "advance", "wait_seconds": 0, "reason": "2 of 2 alarms are OK"}
WAIT = {"action": "wait", "wait_seconds": 30, "reason": "2 of 2 alarms are OK"}
BAD = {"action": "roll_back", "wait_seconds": 0, "reason": 'alarm "green-5xx" is in ALARM'}
ONE_BAD = {"action": "give_back", "wait_seconds": 0, "reason": "yelb goes back alone"}
GIVEN_BACK = ARRIVED | {"epoch": 8, "wait_seconds": 20}
RESULT = {"outcome": "Succeeded", "share_percent": 100}
ENDS = {"outcome": "RolledBack", "reason": "all weights are as before"}

WELL: dict[Function, list[Any]] = {
    Function.RESOLVE_PLAN: [{"plan": "quick", "stages": 2, "workloads": 1, "dry_run": False, "summary": "1 %, 100 %"}],
    Function.TAKE_LEASE: [{"epoch": 7}],
    Function.PREFLIGHT: [{"checks": 6, "reason": "all good"}],
    Function.RECORD_BASELINE: [{"workloads": 1}],
    Function.SHIFT_TRAFFIC: [ARRIVED],
    Function.CHECK_HEALTH: [ADVANCE],
    Function.COMPLETE: [ARRIVED | {"result": RESULT}],
    Function.ROLL_BACK: [ARRIVED],
    Function.CONFIRM_ROLLBACK: [ENDS],
    Function.LATCH_ALARM: [{}],
    Function.GUARDIAN: [{}],
}


class Run:
    """The deployed machine and what it has asked of its functions."""

    def __init__(self, cloud: Cloud, template: Json) -> None:
        self.asked: list[tuple[str, Json]] = []
        self.deployed: Callable[[], object] = lambda: None
        self._cloud = cloud
        self._template = template

    def __call__(self, given: Any = None, **scripts: list[Any]) -> tuple[Execution, list[str]]:
        """Run it once; *scripts* replace the answers of functions. The last answer stays."""
        answers = {function.value: list(script) for function, script in WELL.items()} | scripts
        self._cloud.deploy(self._template, lambda path: self._handler(path.split(".")[1], answers))
        self.deployed()
        execution = self._cloud.run("tonight", given)
        return execution, self._cloud.history(execution.arn).states

    def payload(self, function: Function) -> Json:
        """The last payload of *function*."""
        return [payload for name, payload in self.asked if name == function][-1]

    def _handler(self, name: str, answers: dict[str, list[Any]]) -> Callable[[Any, Any], Any]:
        def handler(event: Json, _context: object) -> Any:
            self.asked.append((name, event))
            script = answers[name]
            answer = script.pop(0) if len(script) > 1 else script[0]
            if isinstance(answer, Exception):
                raise answer
            return {"next_stage": event["stage"] + 1, **answer} if "action" in answer else answer

        return handler


@pytest.fixture
def run(main_template: Json) -> Iterator[Run]:
    with Clock(NINE) as clock, Cloud(clock) as cloud:
        yield Run(cloud, main_template)


START = [State.RESOLVE_PLAN, State.TAKE_LEASE, State.PREFLIGHT, State.DRY_RUN, State.RECORD_BASELINE]
STAGE = [
    *(State.MORE_STAGES, State.SHIFT_TRAFFIC, State.HAS_TRAFFIC_MOVED),
    *(State.BAKE, State.CHECK_HEALTH, State.HEALTHY, State.NEXT_STAGE),
]
SOAK = [State.MORE_STAGES, State.SOAK, State.CHECK_SOAK, State.SOAKED]
END = [State.COMPLETE, State.IS_COMPLETE, State.SUCCEEDED]
BACK = [State.ROLL_BACK, State.IS_TRAFFIC_BACK, State.CONFIRM_ROLLBACK, State.HOW_DID_IT_END]


def test_the_happy_path_goes_straight_down(run: Run) -> None:
    execution, states = run()

    assert (execution.status, execution.output) == ("SUCCEEDED", RESULT)
    assert states == [*START, *STAGE, *STAGE, *SOAK, *END]
    assert execution.seconds == 60 + 60 + 1


def test_while_one_workload_is_given_back_the_stage_goes_on_being_watched_under_the_new_epoch(run: Run) -> None:
    execution, states = run(check_health=[ONE_BAD, WAIT, ADVANCE], roll_back=[GIVEN_BACK])

    assert execution.status == "SUCCEEDED"
    round_ = [State.GIVE_BACK, *STAGE[3:6]]
    assert states[len(START) : len(START) + 13] == [*STAGE[:6], *round_, *STAGE[3:6]]
    asked = next(payload for name, payload in run.asked if name == Function.ROLL_BACK)
    assert (asked["alone"], asked["reason"]) == (True, ONE_BAD["reason"])
    assert run.payload(Function.COMPLETE)["epoch"] == 8


def test_one_workload_is_given_back_in_the_soak_and_the_soak_goes_on(run: Run) -> None:
    _, states = run(check_health=[ADVANCE, ADVANCE, ONE_BAD, ADVANCE], roll_back=[GIVEN_BACK])

    assert states[-9:] == [*SOAK[1:], State.GIVE_BACK_IN_SOAK, *SOAK[1:], *END][-9:]


def test_waves_of_which_nobody_is_left_are_passed_over(run: Run) -> None:
    _, states = run(check_health=[ADVANCE | {"next_stage": 2}, ADVANCE])

    assert states == [*START, *STAGE, *SOAK, *END]


def test_what_is_complete_for_some_only_is_a_failure_to_the_caller(run: Run) -> None:
    execution, states = run(complete=[ARRIVED | {"partly": True, "reason": "yelb is back on blue"}])

    assert (execution.status, execution.error) == ("FAILED", "PartlyRolledBack")
    assert execution.cause == "yelb is back on blue"
    assert states[-3:] == [State.COMPLETE, State.IS_COMPLETE, State.PARTLY_ROLLED_BACK]


def test_a_dry_run_ends_before_the_baseline(run: Run) -> None:
    plan = WELL[Function.RESOLVE_PLAN][0] | {"dry_run": True}

    execution, states = run({"dryRun": True}, resolve_plan=[plan])

    assert execution.status == "SUCCEEDED"
    assert states == [*START[:4], *END]
    assert run.payload(Function.RESOLVE_PLAN)["input"] == {"dryRun": True}


def test_traffic_is_waited_for_at_every_turn(run: Run) -> None:
    execution, states = run(
        shift_traffic=[NOT_YET, ARRIVED],
        check_health=[WAIT, ADVANCE, ADVANCE, WAIT, ADVANCE],
        complete=[NOT_YET, WELL[Function.COMPLETE][0]],
    )

    assert execution.status == "SUCCEEDED"
    assert states.count(State.WAIT_FOR_TRAFFIC) == 1
    assert states.count(State.BAKE) == 3
    assert states.count(State.SOAK) == 2
    assert states.count(State.WAIT_FOR_COMPLETION) == 1
    assert execution.seconds == 30 + 60 + 30 + 60 + 1 + 30 + 30


def test_a_bake_that_cannot_leave_a_token_sleeps_by_the_clock(run: Run) -> None:
    run.deployed = lambda: boto3.client("dynamodb").delete_table(TableName=run._cloud.deployment.table)

    execution, states = run()

    assert execution.status == "SUCCEEDED"
    assert states.count(State.BAKE_BY_THE_CLOCK) == 2
    assert states.count(State.SOAK_BY_THE_CLOCK) == 1
    assert execution.seconds == 60 + 60 + 1


def test_a_bake_that_somebody_rang_before_it_began_is_none(run: Run) -> None:
    bell = {"pk": {"S": f"{BELL_KEY}tonight"}, "sk": {"S": BELL_ITEM}, BELL_RANG: {"S": "at 9"}}
    run.deployed = lambda: boto3.client("dynamodb").put_item(TableName=run._cloud.deployment.table, Item=bell)

    execution, states = run()

    assert states == [*START, *STAGE, *STAGE, *SOAK, *END]
    assert execution.seconds == 0


def test_stages_are_counted_from_zero(run: Run) -> None:
    run()

    stages = [payload["stage"] for name, payload in run.asked if name == Function.SHIFT_TRAFFIC]
    soaking = [payload["soaking"] for name, payload in run.asked if name == Function.CHECK_HEALTH]

    assert stages == [0, 1]
    assert soaking == [False, False, True]


@pytest.mark.parametrize("bad_look", [0, 1, 2], ids=["first stage", "second stage", "soak"])
def test_a_bad_verdict_gives_traffic_back(run: Run, bad_look: int) -> None:
    execution, states = run(check_health=[*[ADVANCE] * bad_look, BAD])

    assert (execution.status, execution.error) == ("FAILED", "RolledBack")
    assert execution.cause == ENDS["reason"]
    assert states[-5:] == [*BACK, State.ROLLED_BACK]
    assert run.payload(Function.ROLL_BACK)["reason"] == BAD["reason"]


COLUMN = (Function.ROLL_BACK, Function.CONFIRM_ROLLBACK)


@pytest.mark.parametrize("function", [f for f in Function if f not in (*COLUMN, *OUTSIDE_THE_MACHINE)])
def test_whichever_function_fails_traffic_is_given_back(run: Run, function: Function) -> None:
    execution, states = run(**{function.value: [DriftError('he said "no"; ask the team')]})

    assert (execution.status, execution.error) == ("FAILED", "RolledBack")
    assert states[-5:] == [*BACK, State.ROLLED_BACK]
    assert run.payload(Function.ROLL_BACK)["reason"] == 'DriftError: he said "no"; ask the team'


def dying(function: Function, times: int = 1, error: str = "Runtime.ExitError") -> Callable[[Any], None]:
    """Let *function* die the first *times* times."""
    left = [times]

    def die(invocation: Any) -> None:
        if invocation.function == function and left[0]:
            left[0] -= 1
            raise CrashError(error)

    return die


def test_a_function_that_dies_is_an_error_like_any_other(run: Run) -> None:
    run._cloud.functions.before.append(dying(Function.SHIFT_TRAFFIC))

    execution, _ = run()

    assert execution.error == "RolledBack"
    assert run.payload(Function.ROLL_BACK)["reason"].startswith("Runtime.ExitError: ")


def test_a_function_that_hangs_is_ended_and_traffic_given_back(run: Run) -> None:
    def hang(invocation: Any) -> None:
        if invocation.function == Function.SHIFT_TRAFFIC:
            run._cloud.clock.sleep(3600)

    run._cloud.functions.before.append(hang)

    execution, _ = run()

    assert execution.error == "RolledBack"
    assert run.payload(Function.ROLL_BACK)["reason"].startswith("Sandbox.Timedout: ")


def test_what_is_temporary_is_tried_again_and_forgotten(run: Run) -> None:
    execution, states = run(shift_traffic=[RouterThrottledError("slow down"), ARRIVED])

    assert execution.status == "SUCCEEDED"
    assert State.ROLL_BACK not in states


def test_what_stays_temporary_too_long_gives_traffic_back(run: Run) -> None:
    execution, _ = run(shift_traffic=[RouterUnavailableError("no answer")])

    assert execution.error == "RolledBack"
    assert sum(name == Function.SHIFT_TRAFFIC for name, _ in run.asked) == 1 + 6


def test_a_held_lease_ends_without_a_rollback(run: Run) -> None:
    execution, states = run(take_lease=[LeaseHeldError("burnham is moved by yesterday; wait for it")])

    assert (execution.status, execution.error) == ("FAILED", "Duplicate")
    assert execution.cause == "LeaseHeldError: burnham is moved by yesterday; wait for it"
    assert states == [State.RESOLVE_PLAN, State.TAKE_LEASE, State.DUPLICATE]


def test_a_rollback_waits_until_traffic_is_back(run: Run) -> None:
    _, states = run(check_health=[BAD], roll_back=[NOT_YET, NOT_YET, ARRIVED])

    assert states.count(State.WAIT_FOR_ROLLBACK) == 2


def test_a_rollback_that_fails_is_read_back_all_the_same(run: Run) -> None:
    unconfirmed = {"outcome": "RollbackUnconfirmed", "reason": "burnham is still on green"}

    execution, states = run(check_health=[BAD], roll_back=[DriftError("no")], confirm_rollback=[unconfirmed])

    assert (execution.error, execution.cause) == ("RollbackUnconfirmed", "burnham is still on green")
    assert states[-4:] == [
        *(State.ROLL_BACK, State.CONFIRM_ROLLBACK),
        *(State.HOW_DID_IT_END, State.ROLLBACK_UNCONFIRMED),
    ]
    assert run.payload(Function.CONFIRM_ROLLBACK)["reason"] == (
        f"{BAD['reason']}; and the rollback failed: DriftError: no"
    )


UNSEEN = f"{BAD['reason']}; and nobody could confirm where traffic is: DriftError: no"


def test_a_confirmation_that_fails_is_never_a_confirmation_and_somebody_is_paged(run: Run) -> None:
    execution, states = run(check_health=[BAD], confirm_rollback=[DriftError("no")])

    assert (execution.error, execution.cause) == ("RollbackUnconfirmed", UNSEEN)
    assert states[-3:] == [State.CONFIRM_ROLLBACK, State.PAGE, State.ROLLBACK_UNCONFIRMED]
    (page,) = run._cloud.messages
    assert page.subject == "Crossfade NEEDS YOU: nobody could confirm where traffic is"
    assert page.text.startswith("ACT NOW. Nobody could read back where traffic is")
    assert page.text.splitlines()[-3:] == [f"Why: {UNSEEN}", "", f"Execution: {execution.arn}"]
    assert f"Look: crossfade status {execution.name}" in page.text


def test_one_cause_of_everything_is_told_once_when_somebody_is_paged(run: Run) -> None:
    same = "Route 53 takes no changes"

    execution, _ = run(
        check_health=[DriftError(same)], roll_back=[DriftError(same)], confirm_rollback=[DriftError(same)]
    )

    assert execution.cause == (
        f"DriftError: {same}; and the rollback failed: the same; and nobody could confirm where traffic is: the same"
    )


def test_a_page_that_cannot_be_sent_still_ends_honestly(run: Run) -> None:
    run.deployed = lambda: boto3.client("sns").delete_topic(TopicArn=run._cloud.deployment.topic_arn)

    execution, states = run(check_health=[BAD], confirm_rollback=[DriftError("no")])

    assert (execution.error, execution.cause) == ("RollbackUnconfirmed", UNSEEN)
    assert states[-2:] == [State.PAGE, State.ROLLBACK_UNCONFIRMED]


@pytest.mark.parametrize("error", [error for error in CRASH_ERRORS if error != "States.Timeout"])
@pytest.mark.parametrize("function", [Function.COMPLETE, *COLUMN])
def test_what_may_be_done_twice_is_done_again_when_its_function_dies(run: Run, function: Function, error: str) -> None:
    run._cloud.functions.before.append(dying(function, times=3, error=error))

    execution, _ = run(check_health=[ADVANCE if function is Function.COMPLETE else BAD])

    assert execution.error in (None, "RolledBack")
    assert execution.status == ("SUCCEEDED" if function is Function.COMPLETE else "FAILED")


def test_a_rollback_whose_function_dies_again_and_again_is_confirmed_by_what_is_seen(run: Run) -> None:
    run._cloud.functions.before.append(dying(Function.ROLL_BACK, times=99))

    execution, states = run(check_health=[BAD])

    assert states[-4:] == [*BACK[:1], *BACK[2:], State.ROLLED_BACK]
    assert execution.error == "RolledBack"


@pytest.mark.parametrize("outcome", ["Succeeded", "DryRun"])
def test_a_success_whose_answer_was_lost_is_a_success(run: Run, outcome: str) -> None:
    result = RESULT | {"outcome": outcome}
    run._cloud.functions.before.append(dying(Function.COMPLETE, times=99))

    execution, states = run(confirm_rollback=[{"outcome": outcome, "reason": "all is well", "result": result}])

    assert (execution.status, execution.output) == ("SUCCEEDED", result)
    assert states[-5:] == [*BACK, State.SUCCEEDED]


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        ("RolledBack", "RolledBack"),
        ("Held", "Held"),
        ("Refused", "Refused"),
        ("RollbackUnconfirmed", "RollbackUnconfirmed"),
        ("Whatever", "RollbackUnconfirmed"),
    ],
)
def test_it_ends_as_the_confirmation_says(run: Run, outcome: str, error: str) -> None:
    execution, _ = run(check_health=[BAD], confirm_rollback=[{"outcome": outcome, "reason": "so it is"}])

    assert (execution.error, execution.cause) == (error, "so it is")
