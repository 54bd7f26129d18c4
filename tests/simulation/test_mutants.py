"""The checkers have teeth: each seeded bug is killed by the invariant that its row names."""

import pytest

from simulation.mutants import MUTANTS, Mutant
from simulation.session import Session

pytestmark = pytest.mark.xdist_group("simulation")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_seeded_bug_is_killed_by_its_invariant(session: Session, mutant: Mutant) -> None:
    broken: list[str] = []
    with mutant.applied():
        for result in mutant.results(session.attempt):
            broken += result.broken
            if any(sentence.startswith(f"{mutant.killed_by} ") for sentence in broken):
                return

    pytest.fail(f"{mutant.name} ({mutant.bug}) survived {mutant.killed_by}; it broke only {broken}")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_without_its_bug_nothing_breaks_where_a_mutant_was_killed(session: Session, mutant: Mutant) -> None:
    result = next(mutant.results(session.attempt))

    assert result.broken == [], f"seed={result.scenario.seed} {result.broken}"
