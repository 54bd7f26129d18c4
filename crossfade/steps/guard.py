"""Guard: restore what an execution left behind that can no longer restore it itself.

A stopped, killed, timed-out or deleted execution runs no Catch. The guardian trusts neither the event that woke it
nor its order: it looks at the leases, asks Step Functions whether their executions still run, and takes the same road
back as every rollback, under a fresh epoch, one safe write at a time. Each run may be the first or the hundredth.
"""

from datetime import datetime

from crossfade.core.migration import Outcome, Record
from crossfade.errors import NotPropagatedError, TemporaryError
from crossfade.names import TimelineEvent
from crossfade.ports import Executions, Ledger, Notice, Notifier, TrafficRouter
from crossfade.steps.common import note
from crossfade.steps.confirm_rollback import confirm_rollback
from crossfade.steps.roll_back import begin, give_back, roll_back
from crossfade.steps.tasks import EndTask

_RUNNING = "RUNNING"


def guard(
    ledger: Ledger, router: TrafficRouter, notifier: Notifier, executions: Executions, *, now: datetime
) -> dict[str, str]:
    """
    Look at every lease and bring back what nobody else will.

    One migration that cannot be restored yet does not keep the others waiting.

    Returns:
        What was done, by migration; a migration that still runs is not mentioned.

    Raises:
        TemporaryError: At least one migration could not be looked at; ask again.
    """
    done: dict[str, str] = {}
    failed: list[TemporaryError] = []
    for migration in ledger.leased():
        try:
            if words := _guard_one(ledger, router, notifier, executions, migration, now=now):
                done[migration] = words
        except TemporaryError as error:
            failed.append(error)
    if failed:
        raise type(failed[0])("; ".join(str(error) for error in failed)) from failed[0]
    return done


def _guard_one(
    ledger: Ledger, router: TrafficRouter, notifier: Notifier, executions: Executions, migration: str, *, now: datetime
) -> str:
    record = ledger.load(migration)
    if record is None:
        return "a lease without a record was left alone"
    if record.outcome is Outcome.ROLLBACK_UNCONFIRMED:
        return _try_again(ledger, router, notifier, record, now=now)
    if record.outcome is not None:
        ledger.release(record.plan.lease_units, epoch=record.epoch)
        return f"the lease of a migration that ended as {record.outcome.value} was given up"
    status = executions.status(record.execution)
    if status == _RUNNING:
        return ""
    task = EndTask(migration=migration, execution=record.execution, now=now, reason=f"the execution ended as {status}")
    return _restore(ledger, router, notifier, task)


def _restore(ledger: Ledger, router: TrafficRouter, notifier: Notifier, task: EndTask) -> str:
    try:
        progress = roll_back(ledger, router, task)
    except NotPropagatedError as error:
        task = task.model_copy(update={"reason": f"{task.reason}; {error}"})
    else:
        if not progress.arrived:
            return progress.reason
    ending = confirm_rollback(ledger, router, notifier, task)
    return f"{ending['outcome']}: {ending['reason']}"


def _try_again(ledger: Ledger, router: TrafficRouter, notifier: Notifier, record: Record, *, now: datetime) -> str:
    """An unconfirmed rollback was paged; go on trying, and say so when it is read back after all."""
    record = begin(ledger, router, record, now=now, reason=record.reason)
    progress = give_back(ledger, router, record, now=now)
    if not progress.arrived:
        return progress.reason
    text = f"read back at last: {record.reason}"
    record = ledger.load(record.migration) or record
    record = ledger.save(record.with_(outcome=Outcome.ROLLED_BACK, ended=now, reason=text))
    note(ledger, record, now, TimelineEvent.ENDED, text, outcome=Outcome.ROLLED_BACK.value)
    ledger.release(record.plan.lease_units, epoch=record.epoch)
    title = f"Crossfade {Outcome.ROLLED_BACK.value} after all: {record.migration}"
    notifier.tell(Notice(record.migration, title[:100], text, Outcome.ROLLED_BACK))
    return text
