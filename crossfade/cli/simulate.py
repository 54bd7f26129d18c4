"""`crossfade simulate` and `crossfade replay`: try to break the promise, and repeat what broke it.

The simulator is imported when it is asked for; no other command needs it.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from crossfade.cli.exits import Exit
from crossfade.cli.tally import Tally, progress

if TYPE_CHECKING:
    from simulation.crew import Runs
    from simulation.scenario import Result
    from simulation.search import Try

_SHOWN: Final = 3
_BATCH: Final = 100
"""So many seeds are run before the clock is looked at."""


class Search(StrEnum):
    """Which scenarios are tried."""

    SWARM = "swarm"  # random faults and troubles, one seed a run
    EXHAUSTIVE = "exhaustive"  # every single fault at every call


def simulate(
    seeds: Annotated[int, typer.Option(help="How many seeds of a swarm to run.", min=1)] = 300,
    first: Annotated[int, typer.Option(help="The first seed.", min=0)] = 0,
    search: Annotated[Search, typer.Option(help="swarm, or exhaustive: each fault at each call.")] = Search.SWARM,
    seconds: Annotated[int, typer.Option(help="Go on with new seeds for so long instead; 0 does not.", min=0)] = 0,
    processes: Annotated[int, typer.Option(help="So many share the runs; what is found stays the same.", min=1)] = 1,
) -> None:
    """
    Run many migrations with faults; hold each to the promise.

    Exit code 1 when an invariant was broken; the smallest scenario that breaks it is printed.
    """
    from crossfade.cli.synth import template
    from simulation.crew import crew
    from simulation.session import CONFIG

    console = Console(soft_wrap=True)
    all_runs, groups, began = Tally(), defaultdict[str, Tally](Tally), time.perf_counter()
    with progress() as far, crew(template(CONFIG), processes=processes) as runs:
        for group, result in _results(runs, search, first=first, seeds=seeds, seconds=seconds):
            for tally in (all_runs, groups[group]):
                tally.add(result)
            far.tell(all_runs.runs, group)
            if len(all_runs.failing) >= _SHOWN:
                break
    _print(console, all_runs, groups, took=time.perf_counter() - began)
    if all_runs.failing:
        _show_smallest(console, all_runs.failing, search)
        raise typer.Exit(Exit.BROKEN)
    console.print("No invariant was broken.", style="green")


def _print(console: Console, all_runs: Tally, groups: dict[str, Tally], *, took: float) -> None:
    runs = all_runs.runs
    console.print(f"{runs} migrations, {all_runs.faults} faults and troubles, {runs / took:.0f} migrations a second")
    console.print(", ".join(f"{outcome} {count}" for outcome, count in all_runs.outcomes.most_common()))
    for group, tally in sorted(groups.items()):
        console.print(tally.line(group), highlight=False)
    for reaction, slowest in sorted(all_runs.slowest.items()):
        console.print(f"slowest {slowest:.0f} s of at most {reaction.seconds_max} s {reaction}", highlight=False)


def _show_smallest(console: Console, failing: "list[Result]", search: Search) -> None:
    from simulation.search import shrink

    attempt = _attempt()
    for each in failing:
        smallest = attempt(shrink(attempt, each.scenario))
        _show(console, smallest, f"crossfade replay {each.scenario.seed}" if search is Search.SWARM else "")


def replay(
    seed: Annotated[int, typer.Argument(metavar="SEED", help="A seed of a swarm.", min=0)],
    smallest: Annotated[bool, typer.Option(help="Drop whatever is not needed to break it.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Repeat one run of a swarm and print what happened in it."""
    from simulation.search import shrink, swarm

    attempt = _attempt()
    result = attempt(swarm(seed))
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


def _results(runs: "Runs", search: Search, *, first: int, seeds: int, seconds: int) -> "Iterator[tuple[str, Result]]":
    """Each result, and the name of the group that it counts for: its plan."""
    from simulation.search import struck, swarm, worlds

    if search is Search.EXHAUSTIVE:
        for plain in worlds():
            quiet = next(runs([plain]))
            yield plain.plan, quiet
            for result in runs(struck(quiet)):
                yield plain.plan, result
        return
    end = time.perf_counter() + seconds
    seed = first
    while seed < first + seeds or time.perf_counter() < end:
        size = _BATCH if seconds else min(_BATCH, first + seeds - seed)
        for result in runs([swarm(number) for number in range(seed, seed + size)]):
            yield result.scenario.plan, result
        seed += size


def _show(console: Console, result: "Result", again: str) -> None:
    console.print(f"\n{result.scenario}", highlight=False)
    for sentence in result.broken:
        console.print(f"BROKEN {sentence}", style="red", highlight=False)
    for line in result.trace:
        console.print(f"  {line}", highlight=False)
    console.print(f"outcome {result.outcome}, execution {result.status}, {result.events} history events", style="dim")
    if again:
        console.print(f"repeat it: {again}")
