"""The evidence report of a migration in the embedded world: minutes as the world counted them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from crossfade.cli.embedded import Embedded
from crossfade.cli.summary import Summary
from crossfade.core.record import Record
from crossfade.core.traffic import Reading, SideReading
from crossfade.report import Environment, History, Minute, Report, Series, Totals, build
from world.clients import Counts
from world.estate_view import HostView

_MINUTE: Final = timedelta(minutes=1)
_USERS: Final = "the users of the embedded world"


class Minutes:
    """Notes, once a virtual minute, what each host's users got in it."""

    def __init__(self, world: Embedded) -> None:
        self._world = world
        self._seen: dict[str, list[Minute]] = {}
        self._fault_at: datetime | None = None
        self._appointment = world.clock.every(_MINUTE, self._note)

    @property
    def fault_at(self) -> datetime | None:
        """The minute in which something was first broken on purpose."""
        return self._fault_at

    def series(self) -> list[Series]:
        """All minutes so far, one series a workload."""
        return [Series(workload=name, minutes=tuple(minutes)) for name, minutes in self._seen.items()]

    def stop(self) -> None:
        """Note no more."""
        self._appointment.cancel()

    def _note(self) -> None:
        now = self._world.clock.now
        if self._world.estate.active and self._fault_at is None:
            self._fault_at = now
        for host in self._world.estate.snapshot().hosts:
            self._seen.setdefault(host.workload, []).append(_minute(now - _MINUTE, host.last_minute))


def _minute(at: datetime, counts: Mapping[str, Counts]) -> Minute:
    blue, green = (counts.get(side, Counts()) for side in ("blue", "green"))
    return Minute(
        at=at, blue_requests=blue.total, green_requests=green.total, blue_5xx=blue.failed, green_5xx=green.failed
    )


def report_of(world: Embedded, migration: str, summary: Summary, minutes: Minutes) -> Report | None:
    """The report of *migration*; None when it never opened a record."""
    record = world.ledger.load(migration)
    if record is None:
        return None
    return build(
        record,
        world.ledger.timeline(migration),
        environment=Environment.EMBEDDED,
        series=minutes.series(),
        readback=[_reading(host) for host in world.estate.snapshot().hosts],
        readback_at=world.clock.now,
        signals=world.ledger.signals(migration),
        totals=_totals(record, summary, minutes),
        history=History(status=summary.status, events=summary.events, transitions=summary.transitions),
        fault_at=minutes.fault_at,
        broken=summary.broken,
    )


def _totals(record: Record, summary: Summary, minutes: Minutes) -> Totals:
    """What users got until the end; a migration that the guardian ended after its execution ended later."""
    if record.ended is None or record.ended <= summary.ended:
        return Totals(requests=summary.requests, failed=summary.failed, source=_USERS)
    return totals_until(minutes.series(), record.ended)


def totals_until(series: Sequence[Series], end: datetime) -> Totals:
    """Requests and failures of all workloads in the minutes that began before *end*."""
    counted = [minute for each in series for minute in each.minutes if minute.at < end]
    requests = sum((minute.blue_requests or 0) + (minute.green_requests or 0) for minute in counted)
    failed = sum((minute.blue_5xx or 0) + (minute.green_5xx or 0) for minute in counted)
    return Totals(requests=requests, failed=failed, source=_USERS)


def _reading(host: HostView) -> Reading:
    blue, green = (_side(host, side) for side in ("blue", "green"))
    return Reading(host.workload, blue=blue, green=green)


def _side(host: HostView, side: str) -> SideReading:
    declared = host.declared[side]
    is_number = declared is not None and declared.isdecimal()
    return SideReading(declared=int(declared or "0") if is_number else None, authoritative=host.weights[side])
