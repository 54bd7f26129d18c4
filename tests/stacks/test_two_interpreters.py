"""The simulator's small interpreter and moto's walk the same definition alike: states, payloads, times, ends.

Both get the synthesised definition, the same input and functions that give the same answers. What differs would be a
promise that only one of them has tried.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from crossfade.errors import DriftError, LeaseHeldError, RouterThrottledError
from crossfade.names import OUTSIDE_THE_MACHINE, Function
from simulation.definition import definition_of
from simulation.machine import Execution, TaskFailedError, Walker
from tests.stacks.test_machine_runs import ADVANCE, ARRIVED, BAD, GIVEN_BACK, NINE, NOT_YET, ONE_BAD, WAIT, WELL, Json
from world.clock import Clock
from world.cloud import Cloud
from world.functions import CrashError

pytestmark = pytest.mark.xdist_group("stacks")

DIES = CrashError("Runtime.ExitError")


@dataclass(frozen=True)
class Case:
    """
    One walk.

    Attributes:
        scripts: Answers by function, instead of those of a run in which all is well. The last one stays.
        given: The input of the execution.
        stop: After how many seconds somebody presses Stop; None for never.
        is_exact: Whether times and payloads are the same, too; not where the waits of retries are drawn, and not where
            an interpreter says in its own words what is wrong.
    """

    scripts: dict[Function, list[Any]]
    given: Json
    stop: float | None = None
    is_exact: bool = True


@dataclass(frozen=True)
class Walk:
    """What came of it: all that an execution shows, and what its functions were asked."""

    states: list[str]
    status: str
    error: str | None
    output: Any
    asked: list[tuple[str, Json]]
    seconds: float | None


CASES = {
    "all is well": Case({}, {}),
    "traffic is waited for": Case(
        {Function.SHIFT_TRAFFIC: [NOT_YET, ARRIVED], Function.CHECK_HEALTH: [WAIT, WAIT, ADVANCE]}, {"plan": "quick"}
    ),
    "a dry run": Case({Function.RESOLVE_PLAN: [WELL[Function.RESOLVE_PLAN][0] | {"dry_run": True}]}, {"dryRun": True}),
    "an alarm": Case({Function.CHECK_HEALTH: [ADVANCE, BAD], Function.ROLL_BACK: [NOT_YET, ARRIVED]}, {}),
    "an alarm in the soak": Case({Function.CHECK_HEALTH: [ADVANCE, ADVANCE, BAD]}, {}),
    "one workload goes back alone": Case(
        {Function.CHECK_HEALTH: [ONE_BAD, WAIT, ADVANCE], Function.ROLL_BACK: [GIVEN_BACK]}, {}
    ),
    "an answer without a key": Case({Function.CHECK_HEALTH: [ONE_BAD]}, {}, is_exact=False),
    "a function dies": Case({Function.SHIFT_TRAFFIC: [DIES]}, {}),
    "a rollback dies once": Case(
        {Function.CHECK_HEALTH: [BAD], Function.ROLL_BACK: [DIES, ARRIVED]}, {}, is_exact=False
    ),
    "a permanent error": Case({Function.PREFLIGHT: [DriftError('he said "no"; ask the team')]}, {}),
    "a temporary error": Case({Function.SHIFT_TRAFFIC: [RouterThrottledError("wait"), ARRIVED]}, {}, is_exact=False),
    "a lease is held": Case({Function.TAKE_LEASE: [LeaseHeldError("yesterday holds it; wait for it")]}, {}),
    "nobody can confirm": Case({Function.CHECK_HEALTH: [BAD], Function.CONFIRM_ROLLBACK: [DriftError("no")]}, {}),
    "a success whose answer was lost": Case(
        {
            Function.COMPLETE: [DriftError("lost")],
            Function.CONFIRM_ROLLBACK: [{"outcome": "Succeeded", "reason": "well", "result": {"outcome": "Succeeded"}}],
        },
        {},
    ),
    "somebody presses Stop in a bake": Case({Function.CHECK_HEALTH: [WAIT]}, {}, stop=100.5),
}


class Answers:
    """Functions that answer as told, for either interpreter."""

    def __init__(self, case: Case) -> None:
        self.asked: list[tuple[str, Json]] = []
        self._scripts = {function.value: list(script) for function, script in {**WELL, **case.scripts}.items()}

    def __call__(self, role: str, payload: Json) -> Any:
        if role not in OUTSIDE_THE_MACHINE:
            self.asked.append((role, payload))
        script = self._scripts[role]
        answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, Exception):
            raise answer
        return {"next_stage": payload["stage"] + 1, **answer} if "action" in answer else answer


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Clock(NINE) as clock, Cloud(clock) as found:
        yield found


def by_moto(cloud: Cloud, template: Json, case: Case) -> tuple[str, Walk]:
    """Walk *case* in the embedded cloud; also its ARN."""
    answers = Answers(case)

    def handler(path: str) -> Any:
        return lambda event, _context: answers(path.split(".")[1], event)

    cloud.deploy(template, handler)
    arn = cloud.start("tonight", case.given)
    if case.stop is not None:
        cloud.clock.after(timedelta(seconds=case.stop), lambda: cloud.stop(arn))
    ended = cloud.wait(arn)
    states = cloud.history(arn).states
    return arn, Walk(states, ended.status, ended.error, ended.output, answers.asked, ended.seconds)


def by_ours(template: Json, arn: str, case: Case) -> Walk:
    """Walk *case* with the small interpreter."""
    answers = Answers(case)

    def invoke(called: str, payload: Json) -> Any:
        if called.endswith((":sns:publish", ".waitForTaskToken")):  # told, or asleep until the time is over
            return {}
        try:
            return answers(called.rsplit(":", 1)[-1], payload)
        except Exception as error:
            name = error.error_type if isinstance(error, CrashError) else type(error).__name__
            raise TaskFailedError(name, json.dumps({"errorMessage": str(error), "errorType": name})) from error

    execution, waits = Execution(definition_of(template), arn, case.given, NINE), [0.0]
    walker = Walker(execution, invoke, lambda: NINE + timedelta(seconds=sum(waits)), Random(1))  # noqa: S311 - seeded
    for delay in walker.walk():
        waits.append(delay)
        if case.stop is not None and sum(waits) > case.stop:
            waits = [case.stop]
            execution.end("ABORTED")
            break
    error = execution.error or None
    return Walk(execution.path, execution.status, error, execution.output, answers.asked, sum(waits))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_both_interpreters_walk_alike(cloud: Cloud, main_template: Json, case: Case) -> None:
    arn, theirs = by_moto(cloud, main_template, case)
    ours = by_ours(main_template, arn, case)

    assert ours.states == theirs.states
    assert (ours.status, ours.error, ours.output) == (theirs.status, theirs.error, theirs.output)
    assert [role for role, _ in ours.asked] == [role for role, _ in theirs.asked]
    assert not case.is_exact or ours == theirs
