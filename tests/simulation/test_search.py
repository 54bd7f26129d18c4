"""Which runs are tried, who makes them, and what is told of them."""

from itertools import chain

import pytest

from crossfade.cli.tally import Tally
from simulation.crew import crew
from simulation.faults import Fault, How, Trouble
from simulation.scenario import Scenario
from simulation.search import sampled, struck, swarm, worlds
from simulation.session import CONFIG, FLEETS, PLANS, Session
from simulation.ways import Way
from tests.deployed import kept_template

pytestmark = pytest.mark.xdist_group("simulation")


def test_an_exhaustive_search_strikes_every_call_of_every_world_in_every_way(session: Session) -> None:
    plain = next(worlds())
    quiet = session.attempt(plain)
    tried = list(struck(quiet))

    assert {scenario.faults for scenario in tried} == {
        (Fault(at, how),) for at in range(len(quiet.calls)) for how in How
    }
    assert {(scenario.plan, scenario.spells) for scenario in tried} == {(plain.plan, plain.spells)}
    assert {each.plan for each in worlds()} == {*PLANS, *FLEETS}


def test_what_is_found_does_not_depend_on_how_many_processes_look(session: Session) -> None:
    scenarios = [Scenario(seed, "leap", (Fault(40 * seed, How.STOP),)) for seed in range(3)]
    with crew(kept_template(CONFIG), processes=2) as runs:
        shared = list(runs(scenarios))

    assert [result.trace for result in shared] == [session.attempt(scenario).trace for scenario in scenarios]


def test_a_line_says_what_a_group_has_cost_and_found(session: Session) -> None:
    tally = Tally()
    for at in (100, 200):
        tally.add(session.attempt(Scenario(1, "two", (Fault(at, How.STOP),))))

    said = " ".join(tally.line("two").split())
    assert said == "two 2 runs, 2 faults, 0 broken; slowest: event 1 s"


def test_samples_with_every_first_call_try_all_that_an_exhaustive_search_tries(session: Session) -> None:
    quiet = session.attempt(Scenario(0, "leap"))
    every = 5
    tried = [sampled(quiet, every=every, first=first) for first in range(every * len(How))]

    assert sorted(map(str, chain(*tried))) == sorted(map(str, struck(quiet)))


def test_a_swarm_draws_every_way_every_plan_and_every_trouble() -> None:
    drawn = [swarm(seed) for seed in range(400)]

    assert {scenario.way for scenario in drawn} == set(Way)
    assert {scenario.plan for scenario in drawn} == {*PLANS, *FLEETS}
    assert {spell.trouble for scenario in drawn for spell in scenario.spells} == set(Trouble)
