"""What people type while a migration runs: a hold freezes it, also when its execution is stopped; an abort ends it."""

import pytest

from simulation.faults import Fault, How, Spell, Trouble
from simulation.reactions import Reaction
from simulation.scenario import Scenario
from simulation.session import Session

pytestmark = pytest.mark.xdist_group("simulation")

LASTS = 900
FOR_GOOD = 10**6


@pytest.mark.parametrize("begins", [30, 170, 290, 530])
def test_a_hold_freezes_and_then_it_goes_on(session: Session, begins: int) -> None:
    calm = session.attempt(Scenario(begins, "two"))
    held = session.attempt(Scenario(begins, "two", (), (Spell(Trouble.HOLD, begins, LASTS),)))

    assert held.broken == [], held.trace
    assert held.outcome == "Succeeded"
    assert held.seconds >= max(calm.seconds, begins + LASTS)
    assert any("hold by" in line for line in held.trace)


@pytest.mark.parametrize("begins", [350, 530])
def test_a_green_that_turns_bad_in_a_hold_is_given_up_in_time(session: Session, begins: int) -> None:
    spells = (Spell(Trouble.HOLD, begins, LASTS), Spell(Trouble.GREEN_BAD, begins + 60, FOR_GOOD))
    result = session.attempt(Scenario(begins, "two", (), spells))

    assert result.broken == [], result.trace
    assert result.outcome == "RolledBack"
    assert Reaction.ALARM in result.slowest


@pytest.mark.parametrize("begins", [90, 200, 310, 500])
def test_whenever_somebody_aborts_blue_is_raised_in_time(session: Session, begins: int) -> None:
    result = session.attempt(Scenario(begins, "two", (), (Spell(Trouble.ABORT, begins, 1),)))

    assert result.broken == [], result.trace
    assert result.outcome == "RolledBack"
    assert Reaction.ABORT in result.slowest


def test_a_hold_outlives_a_stop_with_a_page_and_ends_with_all_traffic_on_blue(session: Session) -> None:
    spells = (Spell(Trouble.HOLD, 200, LASTS),)
    looks = [
        n for n, call in enumerate(session.attempt(Scenario(1, "two", (), spells)).calls) if "check_health" in call
    ]
    result = session.attempt(Scenario(1, "two", (Fault(looks[4], How.STOP),), spells))

    given_back = next(line for line in result.trace if "rollback_began" in line)
    assert result.broken == [], result.trace
    assert result.outcome == "RolledBack"
    assert int(given_back.removeprefix("+").split()[0]) >= 200 + LASTS
    assert any(notice.page for notice in result.told)
