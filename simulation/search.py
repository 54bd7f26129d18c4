"""Which runs to try: every single fault at every call, random swarms, the shortest scenario that still fails."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Final

from simulation.faults import Fault, How, Spell, Trouble
from simulation.scenario import Result, Scenario
from simulation.session import FLEETS, PLANS
from simulation.ways import Way

Try = Callable[[Scenario], Result]

CANONICAL: Final[Sequence[tuple[Spell, ...]]] = (
    (),
    (Spell(Trouble.GREEN_BAD, 200, 3600),),  # in the first stage
    (Spell(Trouble.GREEN_BAD, 900, 3600),),  # with all traffic on green
)
"""The worlds in which every single fault is tried: all is well, green is bad early, green is bad late."""

FLEET_WORLDS: Final[Sequence[tuple[Spell, ...]]] = (
    (),
    (Spell(Trouble.ONE_BAD, 200, 10**6),),
    (Spell(Trouble.ONE_BAD, 700, 10**6),),
)
"""The same for plans with waves: all is well, one workload is bad early, or late."""

_SWARM_SECONDS: Final = 2400
_LASTS_SECONDS: Final = (30, 120, 600, 1800)
_FOREVER_SECONDS: Final = 10**6
_FOREVER_RATE: Final = 0.2
_ONE_BAD_RATE: Final = 0.7
_ONE_BAD_SECONDS: Final = (150, 400, 700)


def worlds() -> Iterator[Scenario]:
    """Every plan in every one of its worlds, without faults: where an exhaustive search begins."""
    for plan in (*PLANS, *FLEETS):
        for spells in FLEET_WORLDS if plan in FLEETS else CANONICAL:
            yield Scenario(0, plan, (), spells)


def struck(quiet: Result) -> Iterator[Scenario]:
    """The scenario of *quiet*, a run without faults, with every fault at every one of its calls."""
    for at in range(len(quiet.calls)):
        for how in How:
            yield replace(quiet.scenario, faults=(Fault(at, how),))


def sampled(quiet: Result, *, every: int, first: int) -> Iterator[Scenario]:
    """
    A sample of `struck`: one fault at each *every*-th call from the *first* on, each kind in its turn.

    As long as *every* and the number of kinds have no divisor in common, all of `struck` is tried by so many samples
    as there are calls in *every*, times kinds: whoever tries another *first* tries something else.
    """
    kinds = list(How)
    for at in range(first % every, len(quiet.calls), every):
        yield replace(quiet.scenario, faults=(Fault(at, kinds[(first + at // every) % len(kinds)]),))


def swarm(seed: int, plans: Sequence[str] = (*PLANS, *FLEETS), ways: Sequence[Way] = tuple(Way)) -> Scenario:
    """A random scenario: a way, a plan, a few faults and troubles; which kinds are possible at all is drawn first."""
    random = Random(seed)
    way, plan = random.choice(list(ways)), random.choice(list(plans))
    kinds = random.sample(list(How), random.randint(1, len(How)))
    troubles = random.sample([each for each in Trouble if each is not Trouble.ONE_BAD], random.randint(0, 4))
    faults = {random.randint(0, 500): random.choice(kinds) for _ in range(random.randint(0, 3))}
    spells = [
        Spell(trouble, random.randint(0, _SWARM_SECONDS), _lasting(random, trouble))
        for trouble in troubles
        for _ in range(random.randint(1, 2))
    ]
    if plan in FLEETS and random.random() < _ONE_BAD_RATE:
        spells.append(Spell(Trouble.ONE_BAD, random.choice(_ONE_BAD_SECONDS), _FOREVER_SECONDS))
    return Scenario(
        seed,
        plan,
        tuple(Fault(at, how) for at, how in sorted(faults.items())),
        tuple(sorted(spells, key=lambda spell: spell.begins)),
        way,
    )


_FOR_GOOD: Final = frozenset(
    {
        Trouble.BLUE_API,
        Trouble.BLUE_DEAD,
        Trouble.BLUE_EXTERNAL_DNS,
        Trouble.GREEN_API,
        Trouble.GREEN_BAD,
        Trouble.GREEN_EXTERNAL_DNS,
        Trouble.NOTIFIER,
    }
)


def _lasting(random: Random, trouble: Trouble) -> int:
    """Mostly a while; sometimes for good, where nobody but people can mend it."""
    is_for_good = trouble in _FOR_GOOD and random.random() < _FOREVER_RATE
    return _FOREVER_SECONDS if is_for_good else random.choice(_LASTS_SECONDS)


def shrink(attempt: Try, failing: Scenario) -> Scenario:
    """The smallest scenario found that still breaks something: faults and troubles are dropped one by one."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(failing):
            if attempt(candidate).broken:
                failing, smaller = candidate, True
                break
    return failing


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    for index in range(len(scenario.faults)):
        yield replace(scenario, faults=scenario.faults[:index] + scenario.faults[index + 1 :])
    for index in range(len(scenario.spells)):
        yield replace(scenario, spells=scenario.spells[:index] + scenario.spells[index + 1 :])
