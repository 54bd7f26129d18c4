"""Roll back: give traffic back to where it was, blue first, and never under an epoch that others share.

All of it but complete waves that the plan keeps; or that of some workloads alone, while the others go on.
The steps themselves are those of `give_back`. What was never written is never touched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from crossfade.core.capacity import words
from crossfade.core.fleet import kept, on_green
from crossfade.core.record import Record
from crossfade.core.series import Series, blue_targets, is_blue_dead
from crossfade.core.workload import Workload
from crossfade.errors import BlueIsDeadError, CrossfadeError, NotPropagatedError, SupersededError
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, MetricSource, TrafficRouter
from crossfade.steps.common import note, series_if_known
from crossfade.steps.take_out import Ways, give_back_or_take_out
from crossfade.steps.tasks import EndTask, Progress

_LATELY: Final = timedelta(minutes=10)
"""Of the targets, the newest two minutes that are known within this time are believed."""


def roll_back(ledger: Ledger, ways: Ways, task: EndTask) -> Progress:
    """
    Make the next safe write on the way back; arrived when the authority shows every baseline weight.

    A workload whose blue is dead while its green serves is not moved: giving it back would make an outage of trouble.

    Args:
        ledger: Where the record is.
        ways: All rungs. Whether blue has targets is never waited for.
        task: With the reason.

    Raises:
        NotPropagatedError: The baseline was not shown within the plan's rollback time.
        LeaseHeldError, SupersededError: Somebody else has taken over.
    """
    record = ledger.load(task.migration)
    if record is None or record.execution != task.execution or not record.baseline or record.outcome is not None:
        return Progress(arrived=True, reason="there is nothing to give back", wait_seconds=0)
    if record.rollback_began is None:
        record = _knowing_blue(ways.metrics, record, task.now)
    record = begin(ledger, ways.router, record, now=task.now, reason=task.reason)
    progress = give_back_or_take_out(ledger, ways, record, now=task.now)
    limit = record.plan.timing.rollback
    if not progress.arrived and record.rollback_began is not None and task.now - record.rollback_began > limit:
        msg = f"the rollback is not read back within {round(limit.total_seconds())} s: {progress.reason}"
        raise NotPropagatedError(msg)
    return progress


def _knowing_blue(metrics: MetricSource, record: Record, now: datetime) -> Record:
    """*record*, knowing where blue is dead, and where it has less room than it had for what comes back."""
    series = _series(metrics, on_green(record), now)
    stranded = tuple(name for name, each in series.items() if is_blue_dead(each))
    staying = {*stranded, *kept(record)}
    counted = {name: targets for name, each in series.items() if (targets := blue_targets(each))}
    room = record.room.seen(counted, resumed=None, now=now)
    return record.with_(stranded=stranded, short=tuple(each for each in room.short if each.workload not in staying))


def _dead(metrics: MetricSource, workloads: Sequence[Workload], now: datetime) -> tuple[str, ...]:
    """Names of those of *workloads* whose blue has no healthy target, while green has; none when nobody knows."""
    return tuple(name for name, each in _series(metrics, workloads, now).items() if is_blue_dead(each))


def _series(metrics: MetricSource, workloads: Sequence[Workload], now: datetime) -> Mapping[str, Series]:
    return series_if_known(metrics, workloads, since=now - _LATELY, now=now)


def give_some_back(ledger: Ledger, ways: Ways, task: EndTask) -> Progress:
    """
    Make the next safe write on the way back of the workloads that were left out, while the others go on.

    All is done under a fresh epoch, with which the others go on, too: whatever still runs under the old one loses.

    Raises:
        BlueIsDeadError: Blue cannot take one of them back; then all others go back, and somebody is paged.
        NotPropagatedError: It was not read back within the plan's rollback time; then all goes back.
        LeaseHeldError, SupersededError: Somebody else has taken over.
    """
    record = ledger.load(task.migration)
    if record is None or record.execution != task.execution or record.outcome or record.rollback_began:
        msg = f"migration {task.migration} has ended or is being rolled back; start a new one"
        raise SupersededError(msg)
    if record.epoch <= record.fence:
        returning = [workload for workload in record.workloads if workload.name in record.returning]
        if dead := _dead(ways.metrics, returning, task.now):
            msg = f"blue has no healthy target to take {', '.join(dead)} back; mend it, then move traffic by hand"
            raise BlueIsDeadError(msg)
        record = _refenced(ledger, ways.router, record, now=task.now)
    if not record.returning:
        return Progress(arrived=True, reason="all is read back", wait_seconds=_poll(record), epoch=record.epoch)
    names = record.returning
    progress = give_back_or_take_out(ledger, ways, record, now=task.now, only=names)
    limit, since = record.plan.timing.rollback, record.returning_since or task.now
    if not progress.arrived and task.now - since > limit:
        msg = f"{', '.join(names)}: not read back within {round(limit.total_seconds())} s: {progress.reason}"
        raise NotPropagatedError(msg)
    if progress.arrived:
        latest = ledger.load(task.migration) or record
        record = ledger.save(latest.with_(returning=(), returning_since=None))
    return replace(progress, wait_seconds=_poll(record), epoch=record.epoch)


def _poll(record: Record) -> int:
    return round(record.plan.timing.poll.total_seconds())


def _refenced(ledger: Ledger, router: TrafficRouter, record: Record, *, now: datetime) -> Record:
    """*record* under a fresh epoch that is stamped on both sides of all workloads."""
    units = record.plan.lease_units
    epoch = ledger.take(units, migration=record.migration, execution=record.execution, now=now, fresh=True)
    record = ledger.save(record.with_(epoch=epoch))
    text = f"{', '.join(record.returning)}: given back alone, under a fresh epoch"
    note(ledger, record, now, TimelineEvent.GIVE_BACK_BEGAN, text, epoch=epoch, workloads=list(record.returning))
    _stamp(ledger, router, record, now)
    return record


def begin(ledger: Ledger, router: TrafficRouter, record: Record, *, now: datetime, reason: str) -> Record:
    """
    Take a fresh epoch and stamp it on both clusters, so that a late writer loses; once, unless the lease was lost.

    Raises:
        LeaseHeldError: Somebody else holds the lease.
    """
    units = record.plan.lease_units
    if record.rollback_began is not None and ledger.holds(units, epoch=record.epoch):
        return record
    epoch = ledger.take(units, migration=record.migration, execution=record.execution, now=now, fresh=True)
    record = ledger.save(
        record.with_(epoch=epoch, rollback_began=record.rollback_began or now, reason=record.reason or reason)
    )
    note(ledger, record, now, TimelineEvent.ROLLBACK_BEGAN, f"rollback: {reason}", epoch=epoch)
    if record.stranded:
        text = f"{', '.join(record.stranded)} stay where they are: blue has no healthy target, and green has"
        note(ledger, record, now, TimelineEvent.ROLLBACK_BEGAN, text, workloads=list(record.stranded))
    if record.short:
        text = f"traffic comes back to less than there was: {words(record.short)}; scale blue up now"
        note(ledger, record, now, TimelineEvent.BLUE_SHRANK, text, workloads=[each.workload for each in record.short])
    _stamp(ledger, router, record, now)
    return record


def _stamp(ledger: Ledger, router: TrafficRouter, record: Record, now: datetime) -> None:
    try:
        router.stamp(record.plan.workloads, epoch=record.epoch)
    except CrossfadeError as error:  # a cluster that cannot be stamped must not delay the one that can be raised
        note(ledger, record, now, TimelineEvent.ROLLBACK_BEGAN, f"not every object could be fenced: {error}")
