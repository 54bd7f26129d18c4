"""In-memory twins of every port: what tests of steps and doors are given instead of AWS and Kubernetes.

They keep the promises written in `ports`; `tests/contracts` holds fake and real adapter to the same claims.
Faults are asked for explicitly (`fail`, `unreachable`, `in_between`); nothing fails by chance.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crossfade.core.announcement import Announcement
from crossfade.core.definition import Definition
from crossfade.core.facts import EstateFacts
from crossfade.core.latch import Latch
from crossfade.core.plan import Plan
from crossfade.core.probe import Answer, Answers, Heard
from crossfade.core.record import Ends, Record
from crossfade.core.series import MINUTE, Minute, Sample, Series
from crossfade.core.sight import Standing
from crossfade.core.signals import Signal
from crossfade.core.traffic import Reading, SideReading, Write
from crossfade.core.verdict import Alarm, AlarmState
from crossfade.core.weight import WEIGHT_MAX, Side
from crossfade.core.workload import Workload
from crossfade.errors import (
    CrossfadeError,
    RouterObjectMissingError,
    RouterRefusedError,
    RouterUnavailableError,
    SupersededError,
    TemporaryError,
    WriteConflictError,
)
from crossfade.ports import Brief, Event, Notice
from simulation.memory_ledger import MemoryLedger
from simulation.sound import sound


@dataclass
class _Fault:
    error: CrossfadeError
    times: int
    after: bool


class _Faulty:
    """Raises what a test has asked for, before or after a call took effect."""

    def __init__(self) -> None:
        super().__init__()
        self._faults: dict[str, _Fault] = {}

    def fail(self, method: str, error: CrossfadeError, *, times: int = 1, after: bool = False) -> None:
        """Let the next *times* calls of *method* raise *error*; with *after*, only once they took effect."""
        self._faults[method] = _Fault(error, times, after)

    def _trip(self, method: str, *, after: bool = False) -> None:
        fault = self._faults.get(method)
        if fault and fault.after is after and fault.times > 0:
            fault.times -= 1
            raise fault.error


# --- TrafficRouter ---------------------------------------------------------------------------------------------------


@dataclass
class _Object:
    """One Ingress and its record: *shown* is what the authority answers."""

    declared: int | None
    shown: int | None
    epoch: int = 0
    version: int = 1
    by: str = ""
    applied: int | None = None


class InMemoryRouter(_Faulty):
    """
    Both clusters and an authority that follows the declared weights only when told (`propagate`).

    Attributes:
        written: Every write that took effect, oldest first; a write that changes nothing is not here.
        unreachable: Sides whose API server does not answer.
        refused: Names of workloads whose objects nobody may write.
        in_between: Called once, after a write has read its object and before it writes it.
        refusals: What `rehearse` answers.
    """

    def __init__(self, workloads: Iterable[str], *, blue: int | None = 100, green: int | None = 0) -> None:
        super().__init__()
        self._objects: dict[tuple[str, Side], _Object] = {}
        for workload in workloads:
            self._objects[workload, Side.BLUE] = _Object(blue, blue)
            self._objects[workload, Side.GREEN] = _Object(green, green)
        self.written: list[Write] = []
        self.unreachable: set[Side] = set()
        self.refused: set[str] = set()
        self.in_between: Callable[[], None] | None = None
        self.refusals: tuple[str, ...] = ()

    # What a test does to the world.

    def propagate(self, side: Side | None = None, workload: str | None = None) -> None:
        """Let the authority show what is declared: everywhere, or on one *side*, or of one *workload*."""
        for (name, of), held in self._objects.items():
            if (side is None or of is side) and (workload is None or name == workload):
                held.shown = held.declared

    def by_hand(self, workload: str, side: Side, weight: int | None) -> None:
        """Somebody edits a weight; the authority follows when told, the epoch stays."""
        held = self._objects[workload, side]
        held.declared = weight
        held.by = "somebody"
        held.version += 1

    def apply(self, workload: str, side: Side, weight: int) -> None:
        """A file with *weight* was applied last; what is declared now came after it."""
        self._objects[workload, side].applied = weight

    def show(self, workload: str, side: Side, weight: int | None) -> None:
        """Let the authority show *weight*, whatever is declared."""
        self._objects[workload, side].shown = weight

    def remove(self, workload: str, side: Side) -> None:
        """Somebody deletes the object."""
        del self._objects[workload, side]

    def restore(self, workload: str, side: Side, weight: int) -> None:
        """Somebody creates the object anew, and its record follows."""
        self._objects[workload, side] = _Object(weight, weight)

    def declared(self, workload: str, side: Side) -> int | None:
        """The declared weight, as a test sees it."""
        return self._objects[workload, side].declared

    def version(self, workload: str, side: Side) -> int:
        """Rises with every change of the object."""
        return self._objects[workload, side].version

    def epoch(self, workload: str, side: Side) -> int:
        """The epoch that the object carries."""
        return self._objects[workload, side].epoch

    # The port.

    def observe(self, workloads: Sequence[Workload]) -> tuple[Reading, ...]:
        """See `ports.TrafficRouter.observe`."""
        self._trip("observe")
        readings: list[Reading] = []
        faults: list[CrossfadeError] = []
        for workload in workloads:
            sides: list[SideReading] = []
            for side in Side:
                try:
                    sides.append(_reading(self._get(workload.name, side), side))
                except (RouterUnavailableError, RouterObjectMissingError) as error:
                    sides.append(self._unseen(workload.name, side, error))
                    if len(self.unreachable) == len(Side):
                        faults.append(error)
            readings.append(Reading(workload.name, *sides))
        _raise_worst(faults)
        return tuple(readings)

    def write(self, workloads: Sequence[Workload], writes: Sequence[Write], *, epoch: int) -> None:
        """See `ports.TrafficRouter.write`."""
        self._trip("write")
        known = {workload.name for workload in workloads}
        assert all(write.workload in known for write in writes), "a write concerns a workload that was not given"
        self._try_all([(write.workload, write.side, write.weight) for write in writes], epoch)
        self._trip("write", after=True)

    def stamp(self, workloads: Sequence[Workload], *, epoch: int) -> None:
        """See `ports.TrafficRouter.stamp`."""
        self._trip("stamp")
        self._try_all([(workload.name, side, None) for workload in workloads for side in Side], epoch)
        self._trip("stamp", after=True)

    def rehearse(self, workloads: Sequence[Workload]) -> tuple[str, ...]:
        """See `ports.TrafficRouter.rehearse`."""
        self._trip("rehearse")
        faults: list[CrossfadeError] = []
        for workload in workloads:
            for side in Side:
                try:
                    self._get(workload.name, side)
                except CrossfadeError as error:
                    faults.append(error)
        _raise_worst([fault for fault in faults if isinstance(fault, TemporaryError)])
        return (*self.refusals, *(str(fault) for fault in faults))

    def _unseen(
        self, workload: str, side: Side, error: RouterUnavailableError | RouterObjectMissingError
    ) -> SideReading:
        held = self._objects.get((workload, side))
        shown, note = held.shown if held else None, str(error)
        fault = error if isinstance(error, RouterObjectMissingError) else None
        return SideReading(None, shown, note=note, reachable=False, identifier=side.value, fault=fault)

    def _get(self, workload: str, side: Side) -> _Object:
        if side in self.unreachable:
            msg = f"{workload}: {side} does not answer; try again"
            raise RouterUnavailableError(msg)
        if (workload, side) not in self._objects:
            msg = f"{workload}: {side} has no Ingress; create it"
            raise RouterObjectMissingError(msg)
        return self._objects[workload, side]

    def _try_all(self, changes: Sequence[tuple[str, Side, int | None]], epoch: int) -> None:
        faults: list[CrossfadeError] = []
        for workload, side, weight in changes:
            try:
                self._change(workload, side, weight, epoch)
            except CrossfadeError as error:
                faults.append(error)
        _raise_worst(faults)

    def _change(self, workload: str, side: Side, weight: int | None, epoch: int) -> None:
        read = replace(self._get(workload, side))
        if read.epoch > epoch:
            msg = f"{workload}: {side} carries epoch {read.epoch}, ours is {epoch}; stop writing"
            raise SupersededError(msg)
        if workload in self.refused:
            msg = f"{workload}: {side} may not be written; bind a Role"
            raise RouterRefusedError(msg)
        if weight is not None and not 0 <= weight <= WEIGHT_MAX:
            msg = f"{workload}: {side} cannot carry weight {weight}; use 0 to {WEIGHT_MAX}"
            raise RouterRefusedError(msg)
        if read.epoch == epoch and weight in (None, read.declared):
            return
        hook, self.in_between = self.in_between, None
        if hook:
            hook()
        held = self._get(workload, side)
        if held.version != read.version:
            msg = f"{workload}: {side} was changed in between; read again"
            raise WriteConflictError(msg)
        held.epoch, held.version = epoch, held.version + 1
        if weight is not None and weight != held.declared:
            held.declared, held.by = weight, ""
            self.written.append(Write(workload, side, weight))


class InMemoryRescue(_Faulty):
    """
    Route 53 itself, under the objects of an InMemoryRouter: what is written is shown at once, annotations stay.

    Attributes:
        written: Every write that took effect, oldest first.
        rehearsed: The names of all workloads that were rehearsed.
        refusals: What `rehearse` answers.
    """

    def __init__(self, clusters: InMemoryRouter) -> None:
        super().__init__()
        self.rehearsed: list[str] = []
        self._objects = clusters._objects
        self._epochs: dict[str, int] = {}
        self.written: list[Write] = []
        self.refusals: tuple[str, ...] = ()

    def observe(self, workloads: Sequence[Workload]) -> tuple[Reading, ...]:
        """See `ports.TrafficRouter.observe`."""
        self._trip("observe")
        return tuple(self._read(workload.name) for workload in workloads)

    def _read(self, workload: str) -> Reading:
        try:
            return Reading(workload, *(self._reading(workload, side) for side in Side))
        except RouterObjectMissingError as error:
            lost = SideReading(None, None, note=str(error), reachable=False, fault=error)
            return Reading(workload, lost, lost)

    def _reading(self, workload: str, side: Side) -> SideReading:
        held = self._get(workload, side)
        return SideReading(held.shown, held.shown, epoch=self._epochs.get(workload, 0), identifier=side.value)

    def write(self, workloads: Sequence[Workload], writes: Sequence[Write], *, epoch: int) -> None:
        """See `ports.TrafficRouter.write`."""
        self._trip("write")
        assert all(workload.identifiers for workload in workloads), "records are found by their set identifiers"
        faults: list[CrossfadeError] = []
        for write in writes:
            try:
                self._stamp(write.workload, epoch)
                held = self._get(write.workload, write.side)
            except CrossfadeError as error:
                faults.append(error)
                continue
            if held.shown != write.weight:
                held.shown = write.weight
                self.written.append(write)
        _raise_worst(faults)

    def stamp(self, workloads: Sequence[Workload], *, epoch: int) -> None:
        """See `ports.TrafficRouter.stamp`."""
        self._trip("stamp")
        for workload in workloads:
            self._stamp(workload.name, epoch)

    def rehearse(self, workloads: Sequence[Workload]) -> tuple[str, ...]:
        """See `ports.TrafficRouter.rehearse`."""
        self._trip("rehearse")
        assert all(workload.identifiers for workload in workloads), "records are found by their set identifiers"
        self.rehearsed += [workload.name for workload in workloads]
        return self.refusals

    def _stamp(self, workload: str, epoch: int) -> None:
        if self._epochs.get(workload, 0) > epoch:
            msg = f"{workload} carries epoch {self._epochs[workload]}, ours is {epoch}; stop writing"
            raise SupersededError(msg)
        self._epochs[workload] = epoch

    def _get(self, workload: str, side: Side) -> _Object:
        if (workload, side) not in self._objects or self._objects[workload, side].shown is None:
            msg = f"{workload}: {side} has no record; create it"
            raise RouterObjectMissingError(msg)
        return self._objects[workload, side]


def _reading(held: _Object, side: Side) -> SideReading:
    note = "" if held.declared is not None and held.shown is not None else "absent"
    return SideReading(
        held.declared, held.shown, epoch=held.epoch, note=note, identifier=side.value, by=held.by, applied=held.applied
    )


def _raise_worst(faults: Sequence[CrossfadeError]) -> None:
    """One error for all: superseded before permanent before temporary."""
    if not faults:
        return
    ranked = sorted(
        faults, key=lambda fault: (not isinstance(fault, SupersededError), isinstance(fault, TemporaryError))
    )
    raise type(ranked[0])("; ".join(str(fault) for fault in ranked))


# --- Ledger ----------------------------------------------------------------------------------------------------------


class InMemoryLedger(_Faulty, MemoryLedger):
    """The ledger in memory, which fails when it is asked to."""

    def open(self, record: Record) -> Record:
        """See `ports.Ledger.open`."""
        self._trip("open")
        stored = super().open(record)
        self._trip("open", after=True)
        return stored

    def load(self, migration: str) -> Record | None:
        """See `ports.Ledger.load`."""
        self._trip("load")
        return super().load(migration)

    def save(self, record: Record) -> Record:
        """See `ports.Ledger.save`."""
        self._trip("save")
        raised = super().save(record)
        self._trip("save", after=True)
        return raised

    def take(self, units: Sequence[str], *, migration: str, execution: str, now: datetime, fresh: bool = False) -> int:
        """See `ports.Ledger.take`."""
        self._trip("take")
        epoch = super().take(units, migration=migration, execution=execution, now=now, fresh=fresh)
        self._trip("take", after=True)
        return epoch

    def holds(self, units: Sequence[str], *, epoch: int) -> bool:
        """See `ports.Ledger.holds`."""
        self._trip("holds")
        return super().holds(units, epoch=epoch)

    def release(self, units: Sequence[str], *, epoch: int) -> None:
        """See `ports.Ledger.release`."""
        self._trip("release")
        super().release(units, epoch=epoch)

    def leased(self) -> tuple[str, ...]:
        """See `ports.Ledger.leased`."""
        self._trip("leased")
        return super().leased()

    def append(self, migration: str, event: Event) -> None:
        """See `ports.Ledger.append`."""
        self._trip("append")
        super().append(migration, event)

    def timeline(self, migration: str) -> tuple[Event, ...]:
        """See `ports.Ledger.timeline`."""
        self._trip("timeline")
        return super().timeline(migration)

    def signal(self, migration: str, signal: Signal) -> None:
        """See `ports.Ledger.signal`."""
        self._trip("signal")
        super().signal(migration, signal)

    def signals(self, migration: str) -> tuple[Signal, ...]:
        """See `ports.Ledger.signals`."""
        self._trip("signals")
        return super().signals(migration)

    def latch(self, migration: str, latch: Latch) -> None:
        """See `ports.Ledger.latch`."""
        self._trip("latch")
        super().latch(migration, latch)

    def latches(self, migration: str) -> tuple[Latch, ...]:
        """See `ports.Ledger.latches`."""
        self._trip("latches")
        return super().latches(migration)

    def brief(self, migration: str) -> Brief:
        """See `ports.Ledger.brief`."""
        self._trip("brief")
        return super().brief(migration)

    def listen(self, migration: str, *, now: datetime) -> None:
        """See `ports.Ledger.listen`."""
        self._trip("listen")
        super().listen(migration, now=now)

    def ring(self, migration: str, *, now: datetime) -> str | None:
        """See `ports.Ledger.ring`."""
        self._trip("ring")
        return super().ring(migration, now=now)


# --- AlarmSource and Notifier ----------------------------------------------------------------------------------------


class FakeAlarms(_Faulty):
    """
    Alarms in states that the test sets; OK unless told otherwise.

    Attributes:
        sees: Dimensions at which they look, by name.
        told: What they are told; the same for all unless the test says otherwise.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        super().__init__()
        self._alarms = {name: Alarm(name, AlarmState.OK) for name in names}
        self.sees: dict[str, tuple[str, ...]] = {}
        self.told: dict[str, Definition] = {}
        self.asked: list[tuple[str, ...]] = []

    def set(self, name: str, state: AlarmState, reason: str = "") -> None:
        """Put *name* into *state*; MISSING deletes it."""
        self._alarms[name] = Alarm(name, state, reason)
        if state is AlarmState.MISSING:
            del self._alarms[name]

    def read(self, names: Sequence[str]) -> Mapping[str, Alarm]:
        """See `ports.AlarmSource.read`."""
        self._trip("read")
        self.asked.append(tuple(names))
        return {name: self._alarm(name) for name in names if name in self._alarms}

    def edit(self, name: str, *children: str, **parts: str) -> None:
        """Tell *name* something else."""
        self.told[name] = Definition(alarm=name, parts=parts, children=children)

    def _alarm(self, name: str) -> Alarm:
        told = self.told.get(name, Definition(alarm=name, parts={"threshold": "1.0", "saved": "yesterday"}))
        return replace(self._alarms[name], sees=self.sees.get(name, ()), definition=told)


class FakeMetrics(_Faulty):
    """
    Series that the test makes up: every minute has as many requests as told, split as told, failing as told.

    Attributes:
        requests: Of each workload in each minute, on both sides together.
        share: Gives green's part of a workload's requests, 0 to 1.
        failing: Which part fails, by workload and side, 0 to 1; nothing fails unless told.
        healthy_targets: By workload and side; unknown unless told.
        unreadable: Why there are no numbers, by workload.
        standing: What stands behind green, by workload; unknown unless told.
    """

    def __init__(self, share: Callable[[str], float] = lambda _workload: 0.5, *, requests: int = 60_000) -> None:
        super().__init__()
        self.requests = requests
        self.share = share
        self.failing: dict[tuple[str, Side], float] = {}
        self.healthy_targets: dict[tuple[str, Side], int] = {}
        self.unreadable: dict[str, str] = {}
        self.standing: dict[str, Standing] = {}
        self.made: dict[str, list[Minute]] = {}

    def put(self, workload: str, minutes: Iterable[Minute]) -> None:
        """Let *workload* have exactly these *minutes*, oldest first."""
        self.made[workload] = list(minutes)

    def read(
        self, workloads: Sequence[Workload], *, since: datetime, until: datetime, ends: Sequence[Ends] = ()
    ) -> Mapping[str, Series]:
        """See `ports.MetricSource.read`."""
        del ends  # here the load balancers are known without the zone
        self._trip("read")
        return {workload.name: self._series(workload.name, since, until) for workload in workloads}

    def _series(self, workload: str, since: datetime, until: datetime) -> Series:
        if reason := self.unreadable.get(workload):
            return Series(workload, unreadable=reason)
        if workload in self.made:
            minutes = self.made[workload]
        else:
            first = since.replace(second=0, microsecond=0)
            minutes = [self._minute(workload, first + n * MINUTE) for n in range((until - first) // MINUTE + 1)]
        read = tuple(m for m in minutes if m.at >= since and m.at + MINUTE <= until)
        return Series(workload, read, standing=self.standing.get(workload))

    def _minute(self, workload: str, at: datetime) -> Minute:
        green = round(self.requests * self.share(workload))
        sides = {Side.BLUE: self.requests - green, Side.GREEN: green}
        return Minute(at, *(self._sample((workload, side), requests) for side, requests in sides.items()))

    def _sample(self, at: tuple[str, Side], requests: int) -> Sample:
        failed = round(requests * self.failing.get(at, 0.0))
        return Sample(requests, failed, healthy_targets=self.healthy_targets.get(at))


class FakeProbe(_Faulty):
    """
    Load balancers that answer 200 over a certificate that is good for a year, until the test says something else.

    Attributes:
        answers: What is answered instead, by workload and side.
        asked: The names of the workloads of every call.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[tuple[str, Side], Answer] = {}
        self.asked: list[tuple[str, ...]] = []

    def ask(self, workloads: Sequence[Workload]) -> Mapping[str, Answers]:
        """See `ports.Probe.ask`."""
        self._trip("ask")
        asked = [workload.name for workload in workloads if workload.probe]
        self.asked.append(tuple(asked))
        good = Answer(Heard.STATUS, 200, days_left=365)
        return {name: {side: self.answers.get((name, side), good) for side in Side} for name in asked}


class RecordingNotifier:
    """
    Keeps what was told.

    Attributes:
        told: Every notice, oldest first, delivered or not.
        works: Whether notices are delivered.
    """

    def __init__(self, *, works: bool = True) -> None:
        self.told: list[Notice] = []
        self.works = works

    def tell(self, notice: Notice) -> bool:
        """See `ports.Notifier.tell`."""
        self.told.append(notice)
        return self.works

    def to_log(self) -> list[dict[str, Any]]:
        """The titles and outcomes, for assertions that read well."""
        return [{"title": notice.title, "outcome": notice.outcome, "page": notice.page} for notice in self.told]


class RecordingAnnouncer:
    """
    Keeps what was announced.

    Attributes:
        heard: Every announcement, oldest first, delivered or not.
        works: Whether announcements are delivered.
    """

    def __init__(self, *, works: bool = True) -> None:
        self.heard: list[Announcement] = []
        self.works = works

    def announce(self, news: Announcement) -> bool:
        """See `ports.Announcer`."""
        self.heard.append(news)
        return self.works


class FakeExecutions(_Faulty):
    """
    Executions in the state that the test sets; RUNNING unless told otherwise.

    Attributes:
        asleep: The tokens of those that sleep.
        woken: The tokens of those that were woken, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asleep: set[str] = set()
        self.woken: list[str] = []
        self._statuses: dict[str, str] = {}

    def set(self, execution: str, status: str) -> None:
        """Put *execution* into *status*."""
        self._statuses[execution] = status

    def status(self, execution: str) -> str:
        """See `ports.Executions.status`."""
        self._trip("status")
        return self._statuses.get(execution, "RUNNING")

    def wake(self, token: str) -> bool:
        """See `ports.Executions.wake`."""
        self._trip("wake")
        if token not in self.asleep:
            return False
        self.asleep.remove(token)
        self.woken.append(token)
        return True


class FakeEstate(_Faulty):
    """
    An estate in which nothing is wrong, until the test says so.

    Attributes:
        change: Makes of the sound estate what is read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.change: Callable[[EstateFacts], EstateFacts] = lambda facts: facts

    def read(self, plan: Plan) -> EstateFacts:
        """See `ports.EstateReader.read`."""
        self._trip("read")
        return self.change(sound(plan))

    def glance(self, plan: Plan) -> EstateFacts:
        """See `ports.EstateReader.glance`."""
        self._trip("glance")
        return self.change(sound(plan))
