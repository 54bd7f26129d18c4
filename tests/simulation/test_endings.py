"""How a simulated execution ends agrees with its record, and the machine pages when nobody could confirm."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from crossfade.core.record import Outcome, Record
from crossfade.names import State
from simulation.faults import Fault, How, Spell, Trouble
from simulation.invariants import Watch
from simulation.machine import Execution
from simulation.scenario import Result, Scenario
from simulation.session import Session
from tests.steps.scene import EXECUTION, a_plan

pytestmark = pytest.mark.xdist_group("simulation")

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
FOREVER = 10**6


def judged(status: str, said: str, outcome: Outcome | None, *, epoch: int = 7, paged: bool = False) -> list[str]:
    """What the watch finds wrong when an execution ends as *said* and its record says *outcome*."""
    nothing: Any = SimpleNamespace()
    watch = Watch(nothing, nothing, nothing, lambda: None)
    execution = Execution({}, EXECUTION, {}, NOW, status=status)
    if status == "SUCCEEDED":
        execution.output = {"outcome": said}
    else:
        execution.error = said
    record = Record(migration="tonight", execution=EXECUTION, plan=a_plan(), started=NOW, outcome=outcome, epoch=epoch)
    watch.claims.ended(execution, record, paged=paged)
    return watch.broken


@pytest.mark.parametrize("outcome", [Outcome.SUCCEEDED, Outcome.DRY_RUN])
def test_a_success_is_one_in_the_record_too(outcome: Outcome) -> None:
    assert judged("SUCCEEDED", outcome.value, outcome) == []
    assert judged("SUCCEEDED", outcome.value, Outcome.ROLLED_BACK)
    assert judged("SUCCEEDED", outcome.value, None)


@pytest.mark.parametrize("outcome", [Outcome.ROLLED_BACK, Outcome.REFUSED, Outcome.HELD])
def test_a_failure_is_called_what_the_record_calls_it(outcome: Outcome) -> None:
    assert judged("FAILED", outcome.value, outcome) == []
    assert judged("FAILED", outcome.value, None)
    assert judged("FAILED", "States.Runtime", outcome)
    assert judged("FAILED", Outcome.SUCCEEDED.value, Outcome.SUCCEEDED)


def test_worse_than_the_record_may_be_said_when_somebody_was_paged() -> None:
    assert judged("FAILED", "RollbackUnconfirmed", Outcome.ROLLED_BACK, paged=True) == []
    assert judged("FAILED", "RollbackUnconfirmed", None, paged=True) == []
    assert judged("FAILED", "RollbackUnconfirmed", Outcome.ROLLED_BACK)


def test_what_never_had_a_lease_needs_no_outcome() -> None:
    assert judged("FAILED", "Duplicate", None, epoch=0) == []
    assert judged("FAILED", "Duplicate", None, epoch=7)


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_an_execution_that_was_ended_from_outside_says_nothing(status: str) -> None:
    assert judged(status, "", Outcome.ROLLED_BACK) == []


def test_when_nothing_can_be_confirmed_the_machine_pages_and_the_guardian_finishes(session: Session) -> None:
    result = session.attempt(
        Scenario(1, "two", (), (Spell(Trouble.GREEN_BAD, 200, FOREVER), Spell(Trouble.LEDGER, 330, 900)))
    )

    assert result.broken == []
    assert result.path[-3:] == [State.CONFIRM_ROLLBACK, State.PAGE, State.ROLLBACK_UNCONFIRMED]
    assert result.told[0].page
    assert result.outcome == Outcome.ROLLED_BACK


@pytest.mark.parametrize("lasts", [1800, 7200])
@pytest.mark.parametrize("begins", [190, 330, 600])
def test_a_ledger_that_is_silent_for_long_costs_a_page_and_no_traffic_stays_on_a_bad_green(
    session: Session, begins: int, lasts: int
) -> None:
    result = session.attempt(
        Scenario(1, "two", (), (Spell(Trouble.GREEN_BAD, 200, FOREVER), Spell(Trouble.LEDGER, begins, lasts)))
    )

    assert (result.outcome, result.broken) == ("RolledBack", []), result.trace
    assert any(notice.page for notice in result.told) or begins == 600  # by then all was back


def test_a_success_whose_answer_is_lost_for_good_is_still_a_success(session: Session) -> None:
    faults: tuple[Fault, ...] = ()
    for _ in range(4):  # the first try and three retries
        quiet = session.attempt(Scenario(1, "leap", faults))
        faults = (*faults, Fault(last_completion(quiet), How.CRASH_AFTER))

    result = session.attempt(Scenario(1, "leap", faults))

    assert result.broken == []
    assert result.path[-4:] == [
        *(State.IS_TRAFFIC_BACK, State.CONFIRM_ROLLBACK, State.HOW_DID_IT_END, State.SUCCEEDED),
    ]
    assert (result.status, result.outcome) == ("SUCCEEDED", Outcome.SUCCEEDED)


def last_completion(result: Result) -> int:
    return max(number for number, name in enumerate(result.calls) if name == "lambda: complete")
