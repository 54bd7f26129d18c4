"""Complete: make green permanent, read it back, give up the lease, say so."""

from datetime import datetime

from crossfade.core import overrides
from crossfade.core.declaration import declarations, told
from crossfade.core.notice import Notice
from crossfade.core.reckoning import reckoning
from crossfade.core.record import Outcome, Record
from crossfade.core.weight import Side
from crossfade.errors import CrossfadeError, SupersededError
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, Notifier, TrafficRouter
from crossfade.steps.common import approach, current, note, outstanding, result_of, where
from crossfade.steps.shift_traffic import check_propagation
from crossfade.steps.tasks import LeasedTask, Progress


def complete(ledger: Ledger, router: TrafficRouter, notifier: Notifier, task: LeasedTask) -> Progress:
    """
    Give green the weight that blue had, read every host back, and end the migration.

    Raises:
        NotPropagatedError: The final weights were not shown in time.
        DriftError: Somebody else changed a weight.
        SupersededError: This run may not act any more.
    """
    ended = _ended(ledger, task)
    if ended is not None:
        return _done(ended)
    record = current(ledger, task)
    if record.plan.dry_run:
        text = "the preflight passed; nothing was changed"
        return _end(ledger, notifier, record, now=task.now, outcome=Outcome.DRY_RUN, text=text)
    last = len(record.plan.stages)
    if record.stage != last:
        record = ledger.save(record.with_(stage=last, came_from=record.stage, stage_began=task.now))
    targets = {workload.name: record.target(workload.name, last) for workload in record.plan.workloads}
    before = {name: record.split_before(name, last) for name in targets}
    record, steps = approach(ledger, router, record, targets, now=task.now, before=before)
    if waiting := outstanding(steps):
        check_propagation(record, record.stage_began or task.now, task.now, waiting)
        poll = round(record.plan.timing.poll.total_seconds())
        return Progress(arrived=False, reason=waiting, wait_seconds=poll)
    outcome = Outcome.PARTLY_ROLLED_BACK if record.left_out else Outcome.SUCCEEDED
    ended = record.with_(outcome=outcome)
    text = "".join((where(record, outcome), _rest(record), _drift_pending(router, record), _left(ended)))
    return _end(ledger, notifier, record, now=task.now, outcome=outcome, text=text)


def _drift_pending(router: TrafficRouter, record: Record) -> str:
    """What the files say otherwise, from which objects were last applied, as far as the objects tell."""
    try:
        readings = router.observe(record.workloads)
    except CrossfadeError:
        return ""  # it has been read back; this is only about files
    last = len(record.plan.stages)
    behind = [
        f"{reading.workload} on {side} was last applied with {applied}"
        for reading in readings
        for side in Side
        if (applied := reading.side(side).applied) not in (None, record.target(reading.workload, last).weight(side))
    ]
    return f"; drift pending: {', '.join(behind)}" if behind else ""


def _rest(record: Record) -> str:
    """What it has cost and what blue still had, as far as that is known."""
    parts = (reckoning(record).words, record.residual.words if record.residual else "")
    return "".join(f"; {part}" for part in parts if part)


def _left(record: Record) -> str:
    words = overrides.words(record)
    return f"; {words}" if words else ""


def _ended(ledger: Ledger, task: LeasedTask) -> Record | None:
    """The record, if an earlier try of this same task has ended it."""
    record = ledger.load(task.migration)
    if record is None:
        msg = f"migration {task.migration} is not in the ledger; start a new one"
        raise SupersededError(msg)
    done = record.outcome in (Outcome.SUCCEEDED, Outcome.PARTLY_ROLLED_BACK, Outcome.DRY_RUN)
    return record if done and record.execution == task.execution else None


def _done(record: Record) -> Progress:
    """The answer of a migration that has ended: to its caller it succeeds only when nothing was given back."""
    partly = record.outcome is Outcome.PARTLY_ROLLED_BACK
    return Progress(arrived=True, reason=record.reason, wait_seconds=0, result=result_of(record), partly=partly)


def _end(ledger: Ledger, notifier: Notifier, record: Record, *, now: datetime, outcome: Outcome, text: str) -> Progress:
    record = ledger.save(record.with_(outcome=outcome, ended=now, reason=text))
    note(ledger, record, now, TimelineEvent.ENDED, text, outcome=outcome.value)
    ledger.release(record.plan.lease_units, epoch=record.epoch)
    mail = "\n\n".join(filter(None, (text, told(declarations(record)))))
    notifier.tell(Notice(record.migration, f"Crossfade {outcome.value}: {record.migration}", mail, outcome))
    return _done(record)
