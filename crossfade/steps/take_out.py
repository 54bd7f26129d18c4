"""Take out: the third rung, when neither a workload's own router nor Route 53 takes or shows its weights.

Green is taken out of DNS by the health check on its record, which needs no change of a record. What is flipped is
written down before, so that whoever comes next puts it back, after the records. What is flipped, and when, is
`core.switch`'s to say; without a workload that has a switch all of this is `give_back`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from crossfade.core.record import Record
from crossfade.core.series import Series, is_blue_dead
from crossfade.core.switch import SWITCH_AFTER, is_seen, may_switch, still_on_green, taken_out
from crossfade.core.traffic import Reading
from crossfade.errors import (
    CrossfadeError,
    RouterObjectMissingError,
    RouterRefusedError,
    RouterThrottledError,
    RouterUnavailableError,
    WeightsRevertedError,
)
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, MetricSource, Switch, TrafficRouter
from crossfade.steps.common import note, series_if_known
from crossfade.steps.give_back import give_back
from crossfade.steps.tasks import Progress

_NO_WAY: Final = (
    RouterObjectMissingError,
    RouterRefusedError,
    RouterThrottledError,
    RouterUnavailableError,
    WeightsRevertedError,
)
"""What is raised when neither rung 1 nor rung 2 got through. Others are at work, or the ledger fails: that is no cause.
"""
_LATELY: Final = timedelta(minutes=10)
"""Of targets and requests, what is known within this time is looked at."""


@dataclass(frozen=True, slots=True)
class Ways:
    """
    The ways back, each in another failure domain, and what shows that the last one works.

    Attributes:
        router: Every workload's own: the first rung.
        rescue: Route 53 itself, for the records of all workloads: the second.
        switch: The health checks on green's records: the third.
        metrics: Whether blue has targets, and whether green still has requests.
    """

    router: TrafficRouter
    rescue: TrafficRouter
    switch: Switch
    metrics: MetricSource


def give_back_or_take_out(
    ledger: Ledger, ways: Ways, record: Record, *, now: datetime, only: Sequence[str] = ()
) -> Progress:
    """
    Make the next safe write on the way back; where that fails for too long, flip the switches of those that have one.

    Arrived only when the records are back *and* no switch is flipped any more.

    Raises:
        TemporaryError, PermanentError: As `give_back`; the message says what was flipped.
    """
    try:
        progress = give_back(ledger, ways.router, ways.rescue, record, now=now, only=only)
    except _NO_WAY as error:
        if told := _cut_off(ledger, ways, record, now=now, only=only):
            msg = f"{error}; {told}"
            raise type(error)(msg) from error
        raise
    if not any(workload.switch for workload in record.plan.workloads):
        return progress
    record = ledger.load(record.migration) or record  # `give_back` may have saved it
    if record.cut_off_since is not None:
        record = ledger.save(record.with_(cut_off_since=None))
    if progress.arrived:
        _put_back(ledger, ways.switch, record, now)
        return progress
    began = (record.returning_since if only else record.rollback_began) or now
    is_late = now - began >= record.plan.timing.propagation  # both rungs have had their time, and nobody has refused
    told = _take_out(ledger, ways, record, now=now, only=only) if is_late or record.switched else ""
    return replace(progress, reason=f"{progress.reason}; {told}") if told else progress


def _cut_off(ledger: Ledger, ways: Ways, record: Record, *, now: datetime, only: Sequence[str]) -> str:
    """Flip what is to be flipped when nothing has got through for a while; what is to be told of it."""
    if not may_switch(record, only):
        return ""
    record = ledger.load(record.migration) or record  # `give_back` may have saved it
    if record.cut_off_since is None:
        record = ledger.save(record.with_(cut_off_since=now))
    since = record.cut_off_since or now
    return _take_out(ledger, ways, record, now=now, only=only) if now - since >= SWITCH_AFTER or record.switched else ""


def _take_out(ledger: Ledger, ways: Ways, record: Record, *, now: datetime, only: Sequence[str]) -> str:
    """Flip what is to be flipped and is not, repeat what is, and look whether it is seen; all that in words."""
    left = still_on_green(may_switch(record, only), _readings(ways.rescue, record), record)
    record = _flip(ledger, ways, record, [name for name in left if name not in record.switched], now)
    return _look(ledger, ways.metrics, record, now) if record.switched else ""


def _readings(rescue: TrafficRouter, record: Record) -> Mapping[str, Reading]:
    """What Route 53 shows; nothing when it does not let itself be read."""
    try:
        return {reading.workload: reading for reading in rescue.observe(record.workloads)}
    except CrossfadeError:
        return {}


def _flip(ledger: Ledger, ways: Ways, record: Record, left: Sequence[str], now: datetime) -> Record:
    """*record*, with the switches of *left* flipped, too; those that are flipped already are flipped once more."""
    series = _series(ways.metrics, record, left, now)
    new = [name for name in left if name not in series or not is_blue_dead(series[name])]
    if new:
        record = ledger.save(record.with_(switched=(*record.switched, *new), switched_since=None, switch_seen=None))
    if not record.switched:
        return record
    try:
        ways.switch.flip(record.plan.zone.id, record.switched, out=True, now=now)
    except CrossfadeError:  # it is no rung that others wait for; the next try flips it
        return record
    if record.switched_since is None:
        record = ledger.save(record.with_(switched_since=now))
        text = f"{', '.join(record.switched)}: green is taken out of DNS by the health check on its record"
        note(ledger, record, now, TimelineEvent.SWITCH_FLIPPED, text, workloads=list(record.switched))
    return record


def _look(ledger: Ledger, metrics: MetricSource, record: Record, now: datetime) -> str:
    """What is to be told of the switches of *record*; written down when green is seen to be out for the first time."""
    series = _series(metrics, record, record.switched, now)
    seen = [said for name in record.switched if name in series and (said := is_seen(series[name], record, now))]
    if len(seen) < len(record.switched):
        return taken_out(record)
    if record.switch_seen is None:
        record = ledger.save(record.with_(switch_seen=now))
        note(ledger, record, now, TimelineEvent.SWITCH_SEEN, f"users are on blue: {'; '.join(seen)}")
    return taken_out(record, seen)


def _series(metrics: MetricSource, record: Record, names: Sequence[str], now: datetime) -> Mapping[str, Series]:
    workloads = [workload for workload in record.workloads if workload.name in names]
    return series_if_known(metrics, workloads, since=now - _LATELY, now=now, ends=record.ends)


def _put_back(ledger: Ledger, switch: Switch, record: Record, now: datetime) -> None:
    """
    Let green in again: its weights are what they were, so nobody is answered with it.

    Raises:
        AlarmsUnavailableError, AlarmsRefusedError: It stays out, and is not called back.
    """
    if not record.switched:
        return
    switch.flip(record.plan.zone.id, record.switched, out=False, now=now)
    text = f"{', '.join(record.switched)}: the records are back, so the switch is put back, too"
    record = ledger.save(record.with_(switched=(), switched_since=None, switch_seen=None))
    note(ledger, record, now, TimelineEvent.SWITCH_PUT_BACK, text)
