"""Guard: restore what an execution left behind that can no longer restore it itself.

A stopped, killed, timed-out or deleted execution runs no Catch. The guardian trusts neither the event that woke it
nor its order: it looks at the leases, asks Step Functions whether their executions still run, and takes the same road
back as every rollback, under a fresh epoch, one safe write at a time. Each run may be the first or the hundredth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crossfade.core.config import Config
from crossfade.core.fleet import kept
from crossfade.core.notice import Notice
from crossfade.core.places import Cluster, HostedZone
from crossfade.core.record import Outcome, Record
from crossfade.core.switch import taken_out
from crossfade.core.wording import how_it_ended, said_once
from crossfade.core.workload import Workload
from crossfade.errors import CrossfadeError, PermanentError, TemporaryError
from crossfade.names import TimelineEvent
from crossfade.ports import AlarmSource, Executions, Ledger, Notifier
from crossfade.steps.common import note
from crossfade.steps.confirm_rollback import confirm_rollback, end
from crossfade.steps.keep_hold import keep_hold
from crossfade.steps.roll_back import begin, roll_back
from crossfade.steps.take_out import Ways, give_back_or_take_out
from crossfade.steps.tasks import EndTask

_RUNNING = "RUNNING"
_MOVED = (
    "the deployed configuration has other clusters or hosts than this migration; deploy the one from before, and the "
    "guardian goes on, or restore by hand: see docs/runbook.md"
)


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
    ways: Ways
    notifier: Notifier
    executions: Executions
    alarms: AlarmSource
    config: Config
    now: datetime


def guard(
    ledger: Ledger,
    ways: Ways,
    notifier: Notifier,
    executions: Executions,
    *,
    alarms: AlarmSource,
    leased: Sequence[str],
    config: Config,
    now: datetime,
) -> dict[str, Deed]:
    """
    Look at every lease and bring back what nobody else will.

    One migration that cannot be restored yet does not keep the others waiting.

    Args:
        ledger: Whose leases.
        ways: All rungs of the way back.
        notifier: Who tells people.
        executions: Whether they run.
        alarms: Whether green turns bad while a hold is kept.
        leased: The migrations that hold a lease, by `Ledger.leased`.
        config: What the routers were made for; a migration that began under another one is not touched.
        now: UTC.

    Returns:
        What was done, by migration; one that still runs, or is held as before, is not mentioned.

    Raises:
        CrossfadeError: At least one migration could not be looked at; ask again.
    """
    hands = _Hands(ledger, ways, notifier, executions, alarms, config, now)
    done: dict[str, Deed] = {}
    failed: list[CrossfadeError] = []
    for migration in leased:
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
    try:
        return _guard_record(hands, record)
    finally:
        _tell_what_is_seen(hands, record)


def _guard_record(hands: _Hands, record: Record) -> Deed | None:
    ledger = hands.ledger
    if record.outcome is Outcome.ROLLBACK_UNCONFIRMED:
        return Deed(_MOVED) if _is_elsewhere(record, hands.config) else _try_again(hands, record)
    if record.outcome is not None:
        ledger.release(record.plan.lease_units, epoch=record.epoch)
        return Deed(f"the lease of a migration that ended as {record.outcome.value} was given up")
    status = hands.executions.status(record.execution)
    if status == _RUNNING:
        return None
    return _take_over(hands, record, status)


def _take_over(hands: _Hands, record: Record, status: str) -> Deed | None:
    """Do what the execution of *record* cannot do any more, since it ended as *status*: keep a hold, or restore."""
    ledger, migration = hands.ledger, record.migration
    reason = _with(record.reason, how_it_ended(status))
    if _is_elsewhere(record, hands.config):
        ending = end(ledger, hands.notifier, record, Outcome.ROLLBACK_UNCONFIRMED, f"{reason}; {_MOVED}", now=hands.now)
        return Deed(ending["reason"], Outcome.ROLLBACK_UNCONFIRMED)
    held = keep_hold(ledger, hands.notifier, hands.alarms, hands.ways.metrics, record, status=status, now=hands.now)
    if held.words:
        return Deed(held.words) if record.orphaned is None else None
    reason = _with(reason, held.because) if held.because else reason
    return _restore(hands, EndTask(migration=migration, execution=record.execution, now=hands.now, reason=reason))


def _tell_what_is_seen(hands: _Hands, before: Record) -> None:
    """Tell people once that users are on blue by a switch: whoever was paged need not fear for those."""
    if before.switch_seen is not None or not any(workload.switch for workload in before.plan.workloads):
        return
    try:
        record = hands.ledger.load(before.migration)
    except CrossfadeError:
        return
    if record is not None and record.switch_seen is not None:
        title = f"Crossfade: users are on blue by health check: {record.migration}"
        hands.notifier.tell(Notice(record.migration, title[:100], taken_out(record)))


def _is_elsewhere(record: Record, config: Config) -> bool:
    """
    Whether *record* began under a configuration with other clusters or hosts.

    The machine runs the versions that it began with; the guardian runs what was deployed last. If blue and green have
    swapped their names in between, its blue is the other one.
    """
    plan = record.plan
    places: list[tuple[Cluster | HostedZone | Workload, Cluster | HostedZone | Workload | None]] = [
        (plan.blue, config.clusters.blue),
        (plan.green, config.clusters.green),
        (plan.zone, config.hosted_zone),
        *((mine, _named(mine.name, config)) for mine in plan.workloads),
    ]
    return any(there is None or _place(here) != _place(there) for here, there in places)


def _named(name: str, config: Config) -> Workload | None:
    return next((workload for workload in config.workloads if workload.name == name), None)


def _place(of: Cluster | HostedZone | Workload) -> dict[str, object]:
    """Where something is; not what judges it, and not how much it is used."""
    return of.model_dump(exclude={"alarms", "requests_per_second", "switch"})


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
        progress = roll_back(hands.ledger, hands.ways, task)
    except CrossfadeError as error:
        _raise_in_time(hands, task, error)
        task = task.model_copy(update={"reason": f"{task.reason}; {error}"})
    else:
        if not progress.arrived:
            return Deed(progress.reason)
    return _confirm(hands, task)


def _confirm(hands: _Hands, task: EndTask) -> Deed:
    try:
        ending = confirm_rollback(hands.ledger, hands.ways.router, hands.notifier, task)
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
    record = begin(ledger, hands.ways.router, record, now=now, reason=record.reason)
    try:
        progress = give_back_or_take_out(ledger, hands.ways, record, now=now)
    except PermanentError as error:  # somebody was paged for that; it may be mended before the next look
        return Deed(str(error))
    if not progress.arrived:
        return Deed(progress.reason)
    outcome = _at_last(record)
    put_back = f", and the switch of {', '.join(record.switched)} is put back" if record.switched else ""
    stay = f"{', '.join(record.stranded)} left on green for want of a target of blue's; " if record.stranded else ""
    text = said_once(f"{stay}read back at last{put_back}: {record.reason}")
    record = ledger.load(record.migration) or record
    record = ledger.save(record.with_(outcome=outcome, ended=now, reason=text))
    note(ledger, record, now, TimelineEvent.ENDED, text, outcome=outcome.value)
    ledger.release(record.plan.lease_units, epoch=record.epoch)
    page = outcome is Outcome.HELD
    title = f"Crossfade {'NEEDS YOU: ' if page else ''}{outcome.value} after all: {record.migration}"
    hands.notifier.tell(Notice(record.migration, title[:100], text, outcome, page=page))
    return Deed(text, outcome)


def _at_last(record: Record) -> Outcome:
    """How a rollback has ended of which everything is read back that was to go back."""
    if record.stranded:
        return Outcome.HELD
    return Outcome.PARTLY_ROLLED_BACK if kept(record) else Outcome.ROLLED_BACK
