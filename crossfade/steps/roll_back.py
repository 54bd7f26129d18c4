"""Roll back: give all traffic back to where it was, blue first, and never under an epoch that others share.

The same road as every shift, with the baseline as the weight. What was never written is never touched.
"""

from datetime import datetime

from crossfade.core.migration import Record
from crossfade.core.weight import Split
from crossfade.errors import CrossfadeError, NotPropagatedError
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, TrafficRouter
from crossfade.steps.common import approach, note, outstanding
from crossfade.steps.tasks import EndTask, Progress


def roll_back(ledger: Ledger, router: TrafficRouter, task: EndTask) -> Progress:
    """
    Make the next safe write on the way back; arrived when the authority shows every baseline weight.

    Raises:
        NotPropagatedError: The baseline was not shown within the plan's rollback time.
        LeaseHeldError, SupersededError: Somebody else has taken over.
    """
    record = ledger.load(task.migration)
    if record is None or record.execution != task.execution or not record.baseline or record.outcome is not None:
        return Progress(arrived=True, reason="there is nothing to give back", wait_seconds=0)
    record = begin(ledger, router, record, now=task.now, reason=task.reason)
    progress = give_back(ledger, router, record, now=task.now)
    limit = record.plan.timing.rollback
    if not progress.arrived and record.rollback_began is not None and task.now - record.rollback_began > limit:
        msg = f"the rollback is not read back within {round(limit.total_seconds())} s: {progress.reason}"
        raise NotPropagatedError(msg)
    return progress


def give_back(ledger: Ledger, router: TrafficRouter, record: Record, *, now: datetime) -> Progress:
    """Make the next safe write towards the baseline of *record*, whose rollback has begun."""
    record, steps = approach(ledger, router, record, _targets(record), now=now)
    if waiting := outstanding(steps):
        return Progress(arrived=False, reason=waiting, wait_seconds=round(record.plan.timing.poll.total_seconds()))
    text = "every weight is read back as it was before the start"
    note(ledger, record, now, TimelineEvent.TRAFFIC_RETURNED, text)
    return Progress(arrived=True, reason=text, wait_seconds=0)


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
    try:
        router.stamp(record.plan.workloads, epoch=epoch)
    except CrossfadeError as error:  # a cluster that cannot be stamped must not delay the one that can be raised
        note(ledger, record, now, TimelineEvent.ROLLBACK_BEGAN, f"not every object could be fenced: {error}")
    return record


def _targets(record: Record) -> dict[str, Split]:
    splits = {baseline.workload: baseline.split for baseline in record.baseline}
    return {workload: split for workload, split in splits.items() if split is not None}
