"""`crossfade simulate` and `crossfade replay`: try to break the promise, and repeat what broke it.

The simulator is imported when it is asked for; no other command needs it.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from crossfade.cli.exits import Exit

if TYPE_CHECKING:
    from simulation.reactions import Reaction
    from simulation.run import Result
    from simulation.search import Try

_SHOWN: Final = 3


class Search(StrEnum):
    """Which scenarios are tried."""

    SWARM = "swarm"  # random faults and troubles, one seed a run
    EXHAUSTIVE = "exhaustive"  # every single fault at every call


@dataclass
class _Tally:
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    failing: "list[Result]" = field(default_factory=list)
    slowest: "dict[Reaction, float]" = field(default_factory=dict)

    def add(self, result: "Result") -> None:
        self.outcomes[f"{result.outcome or 'not started'}"] += 1
        self.faults += len(result.scenario.faults) + len(result.scenario.spells)
        for reaction, seconds in result.slowest.items():
            self.slowest[reaction] = max(seconds, self.slowest.get(reaction, 0.0))
        if result.broken:
            self.failing.append(result)


def simulate(
    seeds: Annotated[int, typer.Option(help="How many seeds of a swarm to run.", min=1)] = 300,
    first: Annotated[int, typer.Option(help="The first seed.", min=0)] = 0,
    search: Annotated[Search, typer.Option(help="swarm, or exhaustive: each fault at each call.")] = Search.SWARM,
    seconds: Annotated[int, typer.Option(help="Go on with new seeds for so long instead; 0 does not.", min=0)] = 0,
) -> None:
    """
    Run many migrations with faults, and hold each to the invariants.

    Exit code 1 when an invariant was broken; the smallest scenario that breaks it is printed.
    """
    from simulation.search import shrink

    console = Console(soft_wrap=True)
    attempt = _attempt()
    tally, began = _Tally(), time.perf_counter()
    for result in _results(attempt, search, first=first, seeds=seeds, seconds=seconds):
        tally.add(result)
        if len(tally.failing) >= _SHOWN:
            break
    took = time.perf_counter() - began
    runs = sum(tally.outcomes.values())
    console.print(f"{runs} migrations, {tally.faults} faults and troubles, {runs / took:.0f} migrations a second")
    console.print(", ".join(f"{outcome} {count}" for outcome, count in tally.outcomes.most_common()))
    for reaction, slowest in sorted(tally.slowest.items()):
        console.print(f"slowest {slowest:.0f} s of at most {reaction.seconds_max} s {reaction}", highlight=False)
    for failing in tally.failing:
        smallest = attempt(shrink(attempt, failing.scenario))
        _show(console, smallest, f"crossfade replay {failing.scenario.seed}" if search is Search.SWARM else "")
    if tally.failing:
        raise typer.Exit(Exit.BROKEN)
    console.print("No invariant was broken.", style="green")


def replay(
    seed: Annotated[int, typer.Argument(help="A seed of a swarm.", min=0)],
    smallest: Annotated[bool, typer.Option(help="Drop whatever is not needed to break it.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Repeat one run of a swarm and print what happened in it."""
    from simulation.search import shrink, swarm
    from simulation.session import PLANS

    attempt = _attempt()
    result = attempt(swarm(seed, PLANS))
    if smallest and result.broken:
        result = attempt(shrink(attempt, result.scenario))
    _show(Console(soft_wrap=True), result, "")
    if result.broken:
        raise typer.Exit(Exit.BROKEN)
    raise typer.Exit(Exit.DONE)


def _attempt() -> "Try":
    from crossfade.cli.synth import template
    from simulation.session import CONFIG, Session

    return Session(template(CONFIG)).attempt


def _results(attempt: "Try", search: Search, *, first: int, seeds: int, seconds: int) -> "Iterator[Result]":
    from simulation.search import FLEET_WORLDS, single_faults, swarm
    from simulation.session import FLEETS, PLANS

    if search is Search.EXHAUSTIVE:
        for plan in PLANS:
            yield from single_faults(attempt, plan=plan)
        for plan in FLEETS:
            yield from single_faults(attempt, plan=plan, worlds=FLEET_WORLDS)
        return
    end = time.perf_counter() + seconds
    seed = first
    while seed < first + seeds or time.perf_counter() < end:
        yield attempt(swarm(seed, PLANS))
        seed += 1


def _show(console: Console, result: "Result", again: str) -> None:
    console.print(f"\n{result.scenario}", highlight=False)
    for sentence in result.broken:
        console.print(f"BROKEN {sentence}", style="red", highlight=False)
    for line in result.trace:
        console.print(f"  {line}", highlight=False)
    console.print(f"outcome {result.outcome}, execution {result.status}, {result.events} history events", style="dim")
    if again:
        console.print(f"repeat it: {again}")
