"""Guard: restore what an execution left behind that can no longer restore it itself.

A stopped, killed, timed-out or deleted execution runs no Catch. The guardian trusts neither the event that woke it
nor its order: it looks at the leases, asks Step Functions whether their executions still run, and takes the same road
back as every rollback, under a fresh epoch, one safe write at a time. Each run may be the first or the hundredth.
"""

from dataclasses import dataclass
from datetime import datetime

from crossfade.core.migration import Outcome, Record
from crossfade.errors import CrossfadeError, TemporaryError
from crossfade.names import TimelineEvent
from crossfade.ports import Executions, Ledger, Notice, Notifier, TrafficRouter
from crossfade.steps.common import note
from crossfade.steps.confirm_rollback import confirm_rollback, end
from crossfade.steps.give_back import give_back
from crossfade.steps.roll_back import begin, roll_back
from crossfade.steps.tasks import EndTask

_RUNNING = "RUNNING"


@dataclass(frozen=True, slots=True)
class Deed:
    """
    What was done for one migration.

    Attributes:
        words: In a sentence.
        outcome: If this is how it ended.
    """

    words: str
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class _Hands:
    """What the guardian works with."""

    ledger: Ledger
    router: TrafficRouter
    rescue: TrafficRouter
    notifier: Notifier
    executions: Executions
    now: datetime


def guard(
    ledger: Ledger,
    router: TrafficRouter,
    rescue: TrafficRouter,
    notifier: Notifier,
    executions: Executions,
    *,
    now: datetime,
) -> dict[str, Deed]:
    """
    Look at every lease and bring back what nobody else will.

    One migration that cannot be restored yet does not keep the others waiting.

    Returns:
        What was done, by migration; a migration that still runs is not mentioned.

    Raises:
        CrossfadeError: At least one migration could not be looked at; ask again.
    """
    hands = _Hands(ledger, router, rescue, notifier, executions, now)
    done: dict[str, Deed] = {}
    failed: list[CrossfadeError] = []
    for migration in ledger.leased():
        try:
            if deed := _guard_one(hands, migration):
                done[migration] = deed
        except CrossfadeError as error:
            failed.append(error)
    if failed:
        raise type(failed[0])("; ".join(str(error) for error in failed)) from failed[0]
    return done


def _guard_one(hands: _Hands, migration: str) -> Deed | None:
    ledger = hands.ledger
    record = ledger.load(migration)
    if record is None:
        return Deed("a lease without a record was left alone")
    if record.outcome is Outcome.ROLLBACK_UNCONFIRMED:
        return _try_again(hands, record)
    if record.outcome is not None:
        ledger.release(record.plan.lease_units, epoch=record.epoch)
        return Deed(f"the lease of a migration that ended as {record.outcome.value} was given up")
    status = hands.executions.status(record.execution)
    if status == _RUNNING:
        return None
    reason = _with(record.reason, f"the execution ended as {status}")
    return _restore(hands, EndTask(migration=migration, execution=record.execution, now=hands.now, reason=reason))


def _with(before: str, words: str) -> str:
    """Why a rollback had begun before, if it had, and *words*, once."""
    return before if words in before else "; ".join(filter(None, (before, words)))


def _restore(hands: _Hands, task: EndTask) -> Deed:
    """
    Make the next step back; when there is none left, or no use in another, say how it ended.

    Raises:
        TemporaryError: Something did not answer, and there is still time to ask again.
    """
    try:
        progress = roll_back(hands.ledger, hands.router, hands.rescue, task)
    except CrossfadeError as error:
        _raise_in_time(hands, task, error)
        task = task.model_copy(update={"reason": f"{task.reason}; {error}"})
    else:
        if not progress.arrived:
            return Deed(progress.reason)
    return _confirm(hands, task)


def _confirm(hands: _Hands, task: EndTask) -> Deed:
    try:
        ending = confirm_rollback(hands.ledger, hands.router, hands.notifier, task)
    except TemporaryError as error:
        record = _raise_in_time(hands, task, error)
        reason = f"{task.reason}; the weights cannot be read back: {error}"
        ending = end(
            hands.ledger, hands.notifier, record, Outcome.ROLLBACK_UNCONFIRMED, reason, now=task.now
        )  # pages; every later look tries again
    outcome = Outcome(ending["outcome"])
    return Deed(f"{outcome.value}: {ending['reason']}", outcome)


def _raise_in_time(hands: _Hands, task: EndTask, error: CrossfadeError) -> Record:
    """
    Raise *error* if asking again can help and the rollback still has time; else the record, as it is now.

    Without a limit a cluster that never answers would be asked for ever, and nobody told.
    """
    record = hands.ledger.load(task.migration)
    if record is None:
        raise error
    began = record.rollback_began
    is_late = began is not None and task.now - began > record.plan.timing.rollback
    if isinstance(error, TemporaryError) and not is_late:
        raise error
    return record


def _try_again(hands: _Hands, record: Record) -> Deed:
    """An unconfirmed rollback was paged; go on trying, and say so when it is read back after all."""
    ledger, now = hands.ledger, hands.now
    record = begin(ledger, hands.router, record, now=now, reason=record.reason)
    progress = give_back(ledger, hands.router, hands.rescue, record, now=now)
    if not progress.arrived:
        return Deed(progress.reason)
    text = f"read back at last: {record.reason}"
    record = ledger.load(record.migration) or record
    record = ledger.save(record.with_(outcome=Outcome.ROLLED_BACK, ended=now, reason=text))
    note(ledger, record, now, TimelineEvent.ENDED, text, outcome=Outcome.ROLLED_BACK.value)
    ledger.release(record.plan.lease_units, epoch=record.epoch)
    title = f"Crossfade {Outcome.ROLLED_BACK.value} after all: {record.migration}"
    hands.notifier.tell(Notice(record.migration, title[:100], text, Outcome.ROLLED_BACK))
    return Deed(text, Outcome.ROLLED_BACK)
