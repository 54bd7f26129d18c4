"""Roll back: give all traffic back to where it was, blue first, and never under an epoch that others share.

The steps themselves are those of `give_back`. What was never written is never touched.
"""

from datetime import datetime

from crossfade.core.migration import Record
from crossfade.errors import CrossfadeError, NotPropagatedError
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, TrafficRouter
from crossfade.steps.common import note
from crossfade.steps.give_back import give_back
from crossfade.steps.tasks import EndTask, Progress


def roll_back(ledger: Ledger, router: TrafficRouter, rescue: TrafficRouter, task: EndTask) -> Progress:
    """
    Make the next safe write on the way back; arrived when the authority shows every baseline weight.

    Args:
        ledger: Where the record is.
        router: The first rung: every workload's own.
        rescue: The second: Route 53 itself, for the records of all workloads.
        task: With the reason.

    Raises:
        NotPropagatedError: The baseline was not shown within the plan's rollback time.
        LeaseHeldError, SupersededError: Somebody else has taken over.
    """
    record = ledger.load(task.migration)
    if record is None or record.execution != task.execution or not record.baseline or record.outcome is not None:
        return Progress(arrived=True, reason="there is nothing to give back", wait_seconds=0)
    record = begin(ledger, router, record, now=task.now, reason=task.reason)
    progress = give_back(ledger, router, rescue, record, now=task.now)
    limit = record.plan.timing.rollback
    if not progress.arrived and record.rollback_began is not None and task.now - record.rollback_began > limit:
        msg = f"the rollback is not read back within {round(limit.total_seconds())} s: {progress.reason}"
        raise NotPropagatedError(msg)
    return progress


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
