"""The ledger in memory: keeps the promises of `ports.Ledger`, and forgets everything when the process ends.

`tests/contracts` holds it and the one on DynamoDB to the same claims. It never fails; faults are put around it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from crossfade.core.latch import Latch
from crossfade.core.record import Record
from crossfade.core.signals import Signal
from crossfade.core.timeline import Brief, Event
from crossfade.errors import InvalidInputError, LeaseHeldError, WriteConflictError


@dataclass
class _Lease:
    migration: str
    execution: str
    epoch: int
    held: bool = True


@dataclass
class _Log:
    events: list[Event] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    latches: list[Latch] = field(default_factory=list)


@dataclass
class _Bell:
    token: str | None = None
    rang: bool = False


class MemoryLedger:
    """Everything in dictionaries; records are copied by being immutable, event data by way of JSON."""

    MAX_UNITS = 90

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        self._leases: dict[str, _Lease] = {}
        self._logs: dict[str, _Log] = {}
        self._bells: dict[str, _Bell] = {}
        self._epoch = 0

    def open(self, record: Record) -> Record:
        """See `ports.Ledger.open`."""
        stored = self._records.setdefault(record.migration, record)
        if stored.execution != record.execution:
            msg = f"{record.migration} was used by {stored.execution}; start with another name"
            raise LeaseHeldError(msg)
        return stored

    def load(self, migration: str) -> Record | None:
        """See `ports.Ledger.load`."""
        return self._records.get(migration)

    def save(self, record: Record) -> Record:
        """See `ports.Ledger.save`."""
        raised = record.with_(revision=record.revision + 1)
        stored = self._records.get(record.migration)
        if stored != raised and (stored is None or stored.revision != record.revision):
            msg = f"{record.migration} was saved by somebody else in between; read it again"
            raise WriteConflictError(msg)
        self._records[record.migration] = raised
        return raised

    def take(self, units: Sequence[str], *, migration: str, execution: str, now: datetime, fresh: bool = False) -> int:
        """See `ports.Ledger.take`."""
        del now
        _check_units(units, self.MAX_UNITS)
        held = [lease for unit in units if (lease := self._leases.get(unit)) and lease.held]
        if other := next((lease for lease in held if lease.execution != execution), None):
            msg = f"{other.migration} ({other.execution}) holds the lease; wait for its end"
            raise LeaseHeldError(msg)
        if not fresh and len(held) == len(units) and len({lease.epoch for lease in held}) == 1:
            return held[0].epoch
        self._epoch += 1
        self._leases |= {unit: _Lease(migration, execution, self._epoch) for unit in units}
        return self._epoch

    def holds(self, units: Sequence[str], *, epoch: int) -> bool:
        """See `ports.Ledger.holds`."""
        leases = [self._leases.get(unit) for unit in units]
        return all(lease is not None and lease.held and lease.epoch == epoch for lease in leases)

    def release(self, units: Sequence[str], *, epoch: int) -> None:
        """See `ports.Ledger.release`."""
        for lease in [self._leases[unit] for unit in units if unit in self._leases]:
            if lease.epoch == epoch:
                lease.held = False

    def leased(self) -> tuple[str, ...]:
        """See `ports.Ledger.leased`."""
        return tuple(sorted({lease.migration for lease in self._leases.values() if lease.held}))

    def append(self, migration: str, event: Event) -> None:
        """See `ports.Ledger.append`."""
        log = self._logs.setdefault(migration, _Log())
        event = replace(event, data=json.loads(json.dumps(event.data)))
        if event not in log.events:
            log.events.append(event)

    def timeline(self, migration: str) -> tuple[Event, ...]:
        """See `ports.Ledger.timeline`."""
        return tuple(sorted(self._logs.get(migration, _Log()).events, key=lambda event: event.at))

    def signal(self, migration: str, signal: Signal) -> None:
        """See `ports.Ledger.signal`."""
        log = self._logs.setdefault(migration, _Log())
        if signal not in log.signals:
            log.signals.append(signal)

    def signals(self, migration: str) -> tuple[Signal, ...]:
        """See `ports.Ledger.signals`."""
        return tuple(sorted(self._logs.get(migration, _Log()).signals, key=lambda signal: signal.at))

    def latch(self, migration: str, latch: Latch) -> None:
        """See `ports.Ledger.latch`."""
        log = self._logs.setdefault(migration, _Log())
        if latch not in log.latches:
            log.latches.append(latch)

    def latches(self, migration: str) -> tuple[Latch, ...]:
        """See `ports.Ledger.latches`."""
        return tuple(sorted(self._logs.get(migration, _Log()).latches, key=lambda latch: latch.at))

    def brief(self, migration: str) -> Brief:
        """See `ports.Ledger.brief`."""
        return Brief(
            self._records.get(migration), MemoryLedger.signals(self, migration), MemoryLedger.latches(self, migration)
        )

    def listen(self, migration: str, *, now: datetime) -> None:
        """See `ports.Ledger.listen`."""
        del now
        self._bells[migration] = _Bell()

    def ring(self, migration: str, *, now: datetime) -> str | None:
        """See `ports.Ledger.ring`."""
        del now
        before = self._bells.get(migration, _Bell())
        self._bells[migration] = _Bell(rang=True)
        return before.token

    def fall_asleep(self, migration: str, token: str) -> bool:
        """What the state machine does when it begins to sleep; False when somebody rang, so that it must not."""
        bell = self._bells.setdefault(migration, _Bell())
        if not bell.rang:
            bell.token = token
        return not bell.rang


def _check_units(units: Sequence[str], limit: int) -> None:
    if not 1 <= len(set(units)) == len(units) <= limit:
        msg = f"a migration holds 1 to {limit} different hosts, not {len(units)}; split it"
        raise InvalidInputError(msg)
