"""The ledger of a run: the in-memory one that the contract tests hold to DynamoDB's promises, behind the seams."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from crossfade.core.latch import Latch
from crossfade.core.record import Record
from crossfade.core.signals import Signal
from crossfade.core.timeline import Brief, Event
from crossfade.errors import LedgerUnavailableError
from simulation.faults import Seams, Trouble
from simulation.memory_ledger import MemoryLedger

T = TypeVar("T")


class SimulatedLedger:
    """
    See `ports.Ledger`; every call is a seam.

    Attributes:
        saved: Told of every save: the record before and after.
        taken: Told of every lease: the migration, and those others that have not ended.
    """

    def __init__(self, seams: Seams, broken: set[str]) -> None:
        self._inner = MemoryLedger()
        self._seams = seams
        self._broken = broken
        self._names: list[str] = []
        self._newest: Record | None = None
        self.taken: Callable[[str, list[str]], None] = lambda _migration, _others: None
        self.saved: Callable[[Record | None, Record], None] = lambda _before, _after: None

    def peek(self, migration: str) -> Record | None:
        """The record as stored, past the seams."""
        return self._inner.load(migration)

    def newest(self) -> Record | None:
        """The record with the highest epoch, past the seams: the migration that may write."""
        return self._newest

    def entries(self, migration: str) -> tuple[Event, ...]:
        """The timeline, past the seams."""
        return self._inner.timeline(migration)

    def holders(self) -> tuple[str, ...]:
        """Who holds leases, past the seams."""
        return self._inner.leased()

    def open(self, record: Record) -> Record:
        """See `ports.Ledger.open`."""
        self._names.append(record.migration)

        def open_() -> Record:
            stored = self._inner.open(record)
            self._note(stored)
            return stored

        return self._call("open", open_)

    def _note(self, record: Record) -> None:
        """Keep the newest in sight: it is asked for after every event."""
        newest = self._newest
        if newest is None or newest.migration == record.migration or newest.epoch < record.epoch:
            self._newest = record

    def load(self, migration: str) -> Record | None:
        """See `ports.Ledger.load`."""
        return self._call("load", lambda: self._inner.load(migration))

    def save(self, record: Record) -> Record:
        """See `ports.Ledger.save`."""

        def save() -> Record:
            before = self._inner.load(record.migration)
            after = self._inner.save(record)
            self._note(after)
            self.saved(before, after)
            return after

        return self._call("save", save, late=True)

    def take(self, units: Sequence[str], *, migration: str, execution: str, now: datetime, fresh: bool = False) -> int:
        """See `ports.Ledger.take`."""

        def take() -> int:
            epoch = self._inner.take(units, migration=migration, execution=execution, now=now, fresh=fresh)
            self.taken(migration, self._unfinished(migration))
            return epoch

        return self._call("take", take, late=True)

    def _unfinished(self, migration: str) -> list[str]:
        """Other migrations that have had a lease and have not ended."""
        records = [record for name in self._names if name != migration and (record := self._inner.load(name))]
        return [record.migration for record in records if record.epoch and record.outcome is None]

    def holds(self, units: Sequence[str], *, epoch: int) -> bool:
        """See `ports.Ledger.holds`."""
        return self._call("holds", lambda: self._inner.holds(units, epoch=epoch))

    def release(self, units: Sequence[str], *, epoch: int) -> None:
        """See `ports.Ledger.release`."""
        self._call("release", lambda: self._inner.release(units, epoch=epoch), late=True)

    def leased(self) -> tuple[str, ...]:
        """See `ports.Ledger.leased`."""
        return self._call("leased", self._inner.leased)

    def append(self, migration: str, event: Event) -> None:
        """See `ports.Ledger.append`."""
        self._call("append", lambda: self._inner.append(migration, event), late=True)

    def timeline(self, migration: str) -> tuple[Event, ...]:
        """See `ports.Ledger.timeline`."""
        return self._call("timeline", lambda: self._inner.timeline(migration))

    def signal(self, migration: str, signal: Signal) -> None:
        """See `ports.Ledger.signal`."""
        self._call("signal", lambda: self._inner.signal(migration, signal))

    def signals(self, migration: str) -> tuple[Signal, ...]:
        """See `ports.Ledger.signals`."""
        return self._call("signals", lambda: self._inner.signals(migration))

    def latch(self, migration: str, latch: Latch) -> None:
        """See `ports.Ledger.latch`."""
        self._call("latch", lambda: self._inner.latch(migration, latch))

    def latches(self, migration: str) -> tuple[Latch, ...]:
        """See `ports.Ledger.latches`."""
        return self._call("latches", lambda: self._inner.latches(migration))

    def brief(self, migration: str) -> Brief:
        """See `ports.Ledger.brief`."""
        return self._call("brief", lambda: self._inner.brief(migration))

    def listen(self, migration: str, *, now: datetime) -> None:
        """See `ports.Ledger.listen`."""
        self._call("listen", lambda: self._inner.listen(migration, now=now))

    def ring(self, migration: str, *, now: datetime) -> str | None:
        """See `ports.Ledger.ring`."""
        return self._call("ring", lambda: self._inner.ring(migration, now=now))

    def fall_asleep(self, migration: str, token: str) -> bool:
        """What the state machine does; see `MemoryLedger.fall_asleep`."""
        return self._call("leave token", lambda: self._inner.fall_asleep(migration, token))

    def _call(self, what: str, action: Callable[[], T], *, late: bool = False) -> T:
        if Trouble.LEDGER.value in self._broken:
            msg = f"DynamoDB limits the rate of {what}; it is tried again"
            raise LedgerUnavailableError(msg)
        return self._seams.call(f"ledger: {what}", action, LedgerUnavailableError, late=late)
