"""Waves, and workloads that fail alone, under everything that goes wrong. A failure prints its seed."""

import pytest

from simulation.faults import Spell, Trouble
from simulation.scenario import Result, Scenario
from simulation.search import FLEET_WORLDS, sampled
from simulation.session import FLEETS, Session

pytestmark = pytest.mark.xdist_group("simulation")

EVERY = 47
EARLY, LATE = Spell(Trouble.ONE_BAD, 200, 10**6), Spell(Trouble.ONE_BAD, 700, 10**6)


def told(result: Result) -> str:
    return "\n".join([f"seed={result.scenario.seed} {result.scenario}", *result.broken, *result.trace])


@pytest.mark.parametrize("plan", FLEETS)
def test_without_faults_every_fleet_ends_on_green(session: Session, plan: str) -> None:
    result = session.attempt(Scenario(0, plan))

    assert (result.outcome, result.status, result.broken) == ("Succeeded", "SUCCEEDED", []), told(result)


@pytest.mark.parametrize(
    ("plan", "bad", "outcome"),
    [
        ("waves", EARLY, "RolledBack"),
        ("waves", LATE, "RolledBack"),
        ("by_wave", LATE, "PartlyRolledBack"),
        ("by_workload", EARLY, "PartlyRolledBack"),
        ("by_workload", LATE, "PartlyRolledBack"),
        ("alone", EARLY, "PartlyRolledBack"),
        ("alone", Spell(Trouble.ONE_BAD, 450, 10**6), "PartlyRolledBack"),
    ],
)
def test_one_bad_workload_takes_back_what_the_plan_says(session: Session, plan: str, bad: Spell, outcome: str) -> None:
    result = session.attempt(Scenario(0, plan, (), (bad,)))

    assert (result.outcome, result.broken) == (outcome, []), told(result)
    assert not any(notice.page for notice in result.told)


@pytest.mark.parametrize("plan", FLEETS)
def test_no_single_fault_at_any_call_breaks_an_invariant_of_a_fleet(session: Session, plan: str) -> None:
    for spells in FLEET_WORLDS:
        quiet = session.attempt(Scenario(0, plan, (), spells))
        assert quiet.broken == [], told(quiet)
        for scenario in sampled(quiet, every=EVERY, first=7 * FLEETS.index(plan)):
            result = session.attempt(scenario)
            assert result.broken == [], told(result)
