"""The promise under everything that goes wrong. A failure prints its seed; `crossfade replay SEED` repeats a swarm."""

import pytest

from simulation.faults import Spell, Trouble
from simulation.run import Result, Scenario
from simulation.search import CANONICAL, single_faults, swarm
from simulation.session import PLANS, Session

pytestmark = pytest.mark.xdist_group("simulation")

SWARM_SEEDS = 150
EVERY = 11
"""Every so manieth call is tried here; `crossfade simulate --search exhaustive` tries all."""


NOTIFIER_DOWN = Spell(Trouble.NOTIFIER, 0, 10**6)


def told(result: Result) -> str:
    return "\n".join([f"seed={result.scenario.seed} {result.scenario}", *result.broken, *result.trace])


@pytest.mark.parametrize("plan", PLANS)
def test_without_faults_every_plan_ends_with_all_traffic_on_green(session: Session, plan: str) -> None:
    result = session.attempt(Scenario(0, plan))

    assert result.broken == [], told(result)
    assert (result.outcome, result.status) == ("Succeeded", "SUCCEEDED")


@pytest.mark.parametrize("spells", CANONICAL[1:], ids=["early", "late"])
@pytest.mark.parametrize("plan", PLANS)
def test_a_bad_green_ends_with_all_traffic_on_blue(session: Session, plan: str, spells: tuple[Spell, ...]) -> None:
    result = session.attempt(Scenario(0, plan, (), spells))

    assert result.broken == [], told(result)
    assert result.outcome in ("RolledBack", "Succeeded")
    assert (result.outcome == "RolledBack") == (result.path[-1] == "Rolled back")


@pytest.mark.parametrize("plan", PLANS)
def test_no_single_fault_at_any_call_breaks_an_invariant(session: Session, plan: str) -> None:
    for result in single_faults(session.attempt, plan=plan, every=EVERY):
        assert result.broken == [], told(result)


def test_no_random_swarm_of_faults_and_troubles_breaks_an_invariant(session: Session) -> None:
    for seed in range(SWARM_SEEDS):
        result = session.attempt(swarm(seed, PLANS))
        assert result.broken == [], told(result)


def test_the_same_seed_gives_the_same_run(session: Session) -> None:
    for seed in (3, 17, 98):
        first, again = (session.attempt(swarm(seed, PLANS)) for _ in range(2))

        assert first.trace == again.trace
        assert first.calls == again.calls


def test_a_notifier_that_is_down_changes_no_weight(session: Session) -> None:
    for seed in range(20):
        up = swarm(seed, PLANS)
        down = Scenario(up.seed, up.plan, up.faults, (*up.spells, NOTIFIER_DOWN))
        changes = [
            [line for line in session.attempt(scenario).trace if "annotation:" in line] for scenario in (up, down)
        ]

        assert changes[0] == changes[1], f"seed={seed}"
