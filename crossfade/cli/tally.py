"""What a search of the simulator has found so far, group by group, and how far it is."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rich.console import Console

if TYPE_CHECKING:
    from rich.status import Status

    from simulation.reactions import Reaction
    from simulation.scenario import Result

_SAID_EVERY: Final = 1000
"""Where nobody watches a terminal, a line is enough every so many runs."""


@dataclass
class Tally:
    """
    Counts runs.

    Attributes:
        outcomes: How they ended.
        faults: Faults and troubles in all of them.
        failing: Those that broke an invariant.
        slowest: The slowest answers, in seconds.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    failing: "list[Result]" = field(default_factory=list)
    slowest: "dict[Reaction, float]" = field(default_factory=dict)

    @property
    def runs(self) -> int:
        """How many were counted."""
        return self.outcomes.total()

    def add(self, result: "Result") -> None:
        """Count one run."""
        self.outcomes[f"{result.outcome or 'not started'}"] += 1
        self.faults += len(result.scenario.faults) + len(result.scenario.spells)
        for reaction, seconds in result.slowest.items():
            self.slowest[reaction] = max(seconds, self.slowest.get(reaction, 0.0))
        if result.broken:
            self.failing.append(result)

    def line(self, name: str) -> str:
        """The figures of the group *name* in one line."""
        answers = [f"{each.name.lower()} {seconds:.0f} s" for each, seconds in sorted(self.slowest.items())]
        slowest = f"slowest: {', '.join(answers)}" if answers else "nothing to answer"
        broken = f"{len(self.failing)} broken"
        return f"{name:12} {self.runs:6} runs, {self.faults:6} faults, {broken}; {slowest}"


@dataclass
class Progress:
    """
    Says on standard error how far a search is: in one line on a terminal, else a line now and then.

    Args:
        console: Of standard error.
        status: The line on the terminal.
    """

    console: Console
    status: "Status"
    _began: float = field(default_factory=time.perf_counter)

    def tell(self, runs: int, group: str) -> None:
        """After every run: *runs* were made so far, the last one in *group*."""
        rate = runs / max(time.perf_counter() - self._began, 0.001)
        text = f"{runs} runs, {rate:.0f} a second; now {group}"
        if self.console.is_terminal:
            self.status.update(text)
        elif runs % _SAID_EVERY == 0:
            self.console.print(text, highlight=False)


@contextmanager
def progress() -> Iterator[Progress]:
    """Inside, somebody is told how far it is."""
    console = Console(stderr=True, soft_wrap=True)
    with console.status("The machine is synthesised.") as status:
        yield Progress(console, status)
