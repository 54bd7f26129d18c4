"""A ledger that announces what has been written down: the change first, then the word about it.

An announcement is made after the entry stands in the timeline, and never when that failed. Whether anybody hears it
makes no difference to the ledger or to the migration. It keeps no state of its own but the records that just passed
through it, which every step reads before it writes.
"""

from collections.abc import Sequence
from datetime import datetime

from crossfade.core.announcement import announcement_of
from crossfade.core.latch import Latch
from crossfade.core.record import Record
from crossfade.core.signals import Signal
from crossfade.core.timeline import Brief, Event
from crossfade.ports import Announcer, Ledger


class AnnouncingLedger:
    """
    See `ports.Ledger`.

    Args:
        ledger: That keeps everything.
        announcer: That is told what is news.
    """

    def __init__(self, ledger: Ledger, announcer: Announcer) -> None:
        self._ledger = ledger
        self._announcer = announcer
        self._seen: dict[str, Record] = {}

    def open(self, record: Record) -> Record:
        """See `ports.Ledger.open`."""
        return self._remember(self._ledger.open(record))

    def load(self, migration: str) -> Record | None:
        """See `ports.Ledger.load`."""
        record = self._ledger.load(migration)
        return self._remember(record) if record else None

    def save(self, record: Record) -> Record:
        """See `ports.Ledger.save`."""
        return self._remember(self._ledger.save(record))

    def append(self, migration: str, event: Event) -> None:
        """See `ports.Ledger.append`; and announce *event* if it is news."""
        self._ledger.append(migration, event)
        if (record := self._seen.get(migration)) is None:
            return
        news = announcement_of(record, what=event.what, text=event.text, at=event.at, data=event.data)
        if news is not None:
            self._announcer.announce(news)

    def _remember(self, record: Record) -> Record:
        self._seen[record.migration] = record
        return record

    def brief(self, migration: str) -> Brief:
        """See `ports.Ledger.brief`."""
        found = self._ledger.brief(migration)
        if found.record:
            self._remember(found.record)
        return found

    # --- Passed on as it is -----------------------------------------------------------------------------------------

    def take(self, units: Sequence[str], *, migration: str, execution: str, now: datetime, fresh: bool = False) -> int:
        """See `ports.Ledger.take`."""
        return self._ledger.take(units, migration=migration, execution=execution, now=now, fresh=fresh)

    def holds(self, units: Sequence[str], *, epoch: int) -> bool:
        """See `ports.Ledger.holds`."""
        return self._ledger.holds(units, epoch=epoch)

    def release(self, units: Sequence[str], *, epoch: int) -> None:
        """See `ports.Ledger.release`."""
        self._ledger.release(units, epoch=epoch)

    def leased(self) -> tuple[str, ...]:
        """See `ports.Ledger.leased`."""
        return self._ledger.leased()

    def timeline(self, migration: str) -> tuple[Event, ...]:
        """See `ports.Ledger.timeline`."""
        return self._ledger.timeline(migration)

    def signal(self, migration: str, signal: Signal) -> None:
        """See `ports.Ledger.signal`."""
        self._ledger.signal(migration, signal)

    def signals(self, migration: str) -> tuple[Signal, ...]:
        """See `ports.Ledger.signals`."""
        return self._ledger.signals(migration)

    def latch(self, migration: str, latch: Latch) -> None:
        """See `ports.Ledger.latch`."""
        self._ledger.latch(migration, latch)

    def latches(self, migration: str) -> tuple[Latch, ...]:
        """See `ports.Ledger.latches`."""
        return self._ledger.latches(migration)

    def listen(self, migration: str, *, now: datetime) -> None:
        """See `ports.Ledger.listen`."""
        self._ledger.listen(migration, now=now)

    def ring(self, migration: str, *, now: datetime) -> str | None:
        """See `ports.Ledger.ring`."""
        return self._ledger.ring(migration, now=now)
