"""In-memory twins of the ports, those that move weights apart: what tests are given instead of AWS and Kubernetes.

They keep the promises written in `ports`; `tests/contracts` holds fake and real adapter to the same claims.
Faults are asked for explicitly (`fail`, `unreachable`, `in_between`); nothing fails by chance.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from crossfade.core.announcement import Announcement
from crossfade.core.definition import Definition
from crossfade.core.facts import EstateFacts
from crossfade.core.latch import Latch
from crossfade.core.notice import Notice
from crossfade.core.plan import Plan
from crossfade.core.probe import Answer, Answers, Heard
from crossfade.core.record import Ends, Record
from crossfade.core.series import MINUTE, Minute, Sample, Series
from crossfade.core.sight import Standing
from crossfade.core.signals import Signal
from crossfade.core.timeline import Brief, Event
from crossfade.core.verdict import Alarm, AlarmState
from crossfade.core.weight import Side
from crossfade.core.workload import Workload
from simulation.memory_ledger import MemoryLedger
from simulation.sound import sound
from tests.faulty import Faulty

# --- TrafficRouter ---------------------------------------------------------------------------------------------------


# --- Ledger ----------------------------------------------------------------------------------------------------------


class InMemoryLedger(Faulty, MemoryLedger):
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


class FakeAlarms(Faulty):
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


class FakeMetrics(Faulty):
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


class FakeProbe(Faulty):
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


class FakeExecutions(Faulty):
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


class FakeEstate(Faulty):
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
