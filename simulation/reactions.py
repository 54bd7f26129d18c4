"""Bounded response: how long it takes from trouble to the command that ends it, and what users lose until then.

The bounds hold for the troubles that they are promised for: one failure at a time, in an estate that answers. What is
measured in other runs stands in the figures and breaks nothing. Like `invariants`, this shares no code with what
decides; but what a bad green may cost is what the product itself has said before the start.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from crossfade.core.plan import Plan
from crossfade.core.preview import Preview, preview
from crossfade.core.record import Outcome, Record
from crossfade.core.signals import Signal, SignalKind
from crossfade.core.weight import Side
from simulation.estate import Estate
from simulation.faults import Fault, How, Spell, Trouble
from simulation.policy import stays
from simulation.users import REQUESTS

_BLUE: Final = 100
"""Blue's weight before the start, in every simulated estate."""


class Reaction(StrEnum):
    """What is answered, within how many seconds."""

    ALARM = "from an alarm in a bake to blue being raised"
    ABORT = "from an abort to blue being raised"
    EVENT = "from a stopped execution to blue being raised, with its event"
    SWEEP = "from a stopped execution to blue being raised, without its event"

    @property
    def seconds_max(self) -> int:
        """The bound, when nothing else is broken."""
        return {Reaction.ALARM: 45, Reaction.ABORT: 45, Reaction.EVENT: 120, Reaction.SWEEP: 240}[self]


_HARMLESS: Final = frozenset(
    {
        Trouble.ABORT,
        Trouble.ALARM_DELETED,
        Trouble.ALARM_EVENTS,
        Trouble.GREEN_ALARM_SILENT,
        Trouble.GREEN_BAD,
        Trouble.NOTIFIER,
        Trouble.STATUS_EVENTS,
    }
)
"""Troubles that slow nothing down on the way back."""


@dataclass
class Reactions:
    """
    Watches one run.

    Args:
        estate: What users get.
        record: The record of the migration that may write now.
        costs: What the product has said of the plan before the start.
        faults, spells: Of the scenario; they say which bounds hold.
        violated: Told of every broken bound: the number of the invariant, and words.
        sent: What people have told the migration so far.

    Attributes:
        slowest: In seconds, for what was seen.
    """

    estate: Estate
    record: Callable[[], Record | None]
    costs: Preview
    faults: Sequence[Fault]
    spells: Sequence[Spell]
    violated: Callable[[str, str], None]
    sent: Sequence[Signal] = ()
    slowest: dict[Reaction, float] = field(default_factory=dict)
    _waiting: dict[Reaction, float] = field(default_factory=dict)
    _went_bad: int | None = None
    _bad_since: float | None = None
    _is_over: bool = False
    _late: set[Reaction] = field(default_factory=set)

    @property
    def is_bound(self) -> bool:
        """Whether the bounds hold for this run: nothing slows the way back, and it is stopped at most once."""
        stops = all(fault.how is How.STOP for fault in self.faults) and len(self.faults) <= 1
        harmless = (
            _HARMLESS if self.faults else _HARMLESS | {Trouble.HOLD}
        )  # a hold outlives an execution that is stopped
        return stops and all(spell.trouble in harmless for spell in self.spells)

    def look(self) -> None:
        """After every event."""
        self.estate.elapse()
        is_bad = Trouble.GREEN_BAD.value in self.estate.broken
        self._bad_since = (self.estate.seconds if self._bad_since is None else self._bad_since) if is_bad else None
        self._hear_alarm()
        self._hear_abort()
        self._answer()
        self._price()

    def stopped(self) -> None:
        """An execution has ended from outside, or past every catch."""
        lost = Trouble.STATUS_EVENTS.value in self.estate.broken
        self._waiting.setdefault(Reaction.SWEEP if lost else Reaction.EVENT, self.estate.seconds)

    def ended(self) -> None:
        """An execution has ended by itself: when nothing went wrong, in the time that the plan has said."""
        record = self.record()
        if record is None or self.faults or self.spells:
            return
        longest = self.costs.duration.longest.total_seconds()
        if self.estate.seconds > longest:
            self.violated("I16", f"it took {self.estate.seconds:.0f} s; at most {longest:.0f} s were foreseen")

    @property
    def _names(self) -> list[str]:
        return [workload.name for workload in self.estate.plan.workloads]

    def _hear_alarm(self) -> None:
        """An alarm counts from when it fires in a bake or in the soak; while traffic still moves nobody looks."""
        record = self.record()
        if record is None or record.rollback_began is not None:
            return
        self._waiting.pop(Reaction.ALARM, None)  # the stage was left, or green is well again
        watched = record.bake_began if record.outcome is None else None
        if watched is not None and self._bad_since is not None:
            since = max(self._bad_since, (watched - self.estate.began).total_seconds())
            if since <= self.estate.seconds:
                self._waiting[Reaction.ALARM] = since

    def _hear_abort(self) -> None:
        """An abort counts once a stage has begun: before that there is nothing to give back."""
        record = self.record()
        abort = next((signal for signal in self.sent if signal.kind is SignalKind.ABORT), None)
        if abort is None or record is None or record.stage < 0 or record.rollback_began is not None:
            return
        began = record.stage_began or abort.at
        self._waiting.setdefault(Reaction.ABORT, (max(abort.at, began) - self.estate.began).total_seconds())

    def _answer(self) -> None:
        """Note what was answered, and miss what should have been."""
        record = self.record()
        settled = record is None or record.outcome in {Outcome.SUCCEEDED, Outcome.REFUSED, Outcome.DRY_RUN}
        for reaction, since in list(self._waiting.items()):
            took = self.estate.seconds - since
            back = [name for name in self._names if record is None or not stays(record, name)]
            if settled or all(map(self._is_raised, back)):
                del self._waiting[reaction]
                self.slowest[reaction] = max(took, self.slowest.get(reaction, 0.0))
            elif self.is_bound and took > reaction.seconds_max and reaction not in self._late:
                self._late.add(reaction)
                number = "I15" if reaction in (Reaction.ALARM, Reaction.ABORT) else "I18"
                self.violated(number, f"{took:.0f} s {reaction}; at most {reaction.seconds_max} s were promised")

    def _is_raised(self, workload: str) -> bool:
        """Whether blue is asked for, or shown, as before the start."""
        key = (workload, Side.BLUE)
        has_annotation = key in self.estate.ingresses
        return self.estate.listed[key] == _BLUE or (has_annotation and self.estate.declared(*key) == _BLUE)

    def _price(self) -> None:
        record = self.record()
        if record is None or self.faults or not self.is_bound or self._is_over:
            return
        if record.outcome is Outcome.SUCCEEDED:
            return  # what comes after the end is no migration's cost
        if self._went_bad is None and Trouble.GREEN_BAD.value in self.estate.broken:
            self._went_bad = max(record.stage, -1)
        if self._went_bad is None:
            return
        bound = _bound(self.costs, self._went_bad)
        if bound is not None and self.estate.users.failed > bound:
            self._is_over = True
            lost = self.estate.users.failed
            self.violated("I20", f"a bad green has failed {lost:,.0f} requests; at most {bound:,.0f} were foreseen")


def _bound(costs: Preview, stage: int) -> float | None:
    """What a green that turns bad in *stage* may cost; what begins at its last moment counts as the next one."""
    figures = (costs.bad_from_start, *(each.turns_bad for each in costs.stages))
    worst = [figure.worst if figure else None for figure in figures[max(0, stage) : stage + 3]]
    known = [figure for figure in worst if figure is not None]
    return max(known) if len(known) == len(worst) else None


def foreseen(plan: Plan) -> Preview:
    """What the product says of *plan* before the start, with the requests that simulated users make."""
    rate = REQUESTS / timedelta(minutes=1).total_seconds()
    return preview(plan, requests_per_second={workload.name: rate for workload in plan.workloads})
