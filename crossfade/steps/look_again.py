"""Look again: before the first write of every stage, at the few things without which it could not be moved or judged.

The preflight has looked at everything, but hours may have passed since: alarms, targets and controllers come and go.
What is wrong with green, or with what moves and judges it, refuses the stage. A blue that could not take its traffic
back makes it wait: it goes neither on nor back.
"""

from datetime import datetime

from crossfade.core.capacity import request, words
from crossfade.core.facts import Facts
from crossfade.core.latch import latched_since
from crossfade.core.plan import Plan
from crossfade.core.preflight import examine_again
from crossfade.core.record import Record
from crossfade.errors import StageRefusedError
from crossfade.names import TimelineEvent
from crossfade.ports import AlarmSource, EstateReader, Ledger
from crossfade.steps.common import note
from crossfade.steps.preflight import listed_targets, unless_refused
from crossfade.steps.tasks import StageTask


def look_again(
    ledger: Ledger, alarms: AlarmSource, estate: EstateReader, record: Record, task: StageTask
) -> tuple[Record, str]:
    """
    Look at what the stage of *task* rests on.

    Returns:
        The record, and why the stage waits; an empty text when it may begin.

    Raises:
        StageRefusedError: A check failed, or blue did not recover in time; nothing of the stage was written.
        TemporaryError: Something did not answer; ask again later.
    """
    moving = _still_moving(record)
    facts = _facts(alarms, estate, moving)
    found = examine_again(facts)
    short = record.room.short_of(listed_targets(facts), now=task.now)
    waits = "; ".join(filter(None, (found.waits, f"{words(short)}; {request(short)}" if short else "")))
    name = f"stage {task.stage + 1} is not begun"
    if found.refuses:
        msg = f"{name}: {found.refuses}"
        raise StageRefusedError(msg)
    if record.postponed is not None and (fired := _fired(ledger, moving, record, record.postponed)):
        msg = f"{name}: {', '.join(fired)} went into ALARM while it waited"
        raise StageRefusedError(msg)
    if not waits:
        return (record if record.postponed is None else ledger.save(record.with_(postponed=None))), ""
    reason = f"{name} while blue could not take its traffic back: {waits}"
    if record.postponed is None:
        record = ledger.save(record.with_(postponed=task.now))
        note(ledger, record, task.now, TimelineEvent.STAGE_POSTPONED, reason, stage=task.stage)
    if record.postponed is not None and task.now - record.postponed > record.plan.timing.propagation:
        msg = f"{reason}; it did not get better in time"
        raise StageRefusedError(msg)
    return record, reason


def _fired(ledger: Ledger, moving: Plan, record: Record, since: datetime) -> tuple[str, ...]:
    """The alarms of those that still move that fired *since* then, whatever they say now."""
    return tuple(alarm for alarm in latched_since(ledger.latches(record.migration), since) if alarm in moving.alarms)


def _facts(alarms: AlarmSource, estate: EstateReader, plan: Plan) -> Facts:
    unread: list[str] = []
    seen = unless_refused(lambda: estate.glance(plan), unread)
    spoken = unless_refused(lambda: alarms.read(plan.alarms), unread) or {}
    return Facts(plan=plan, readings={}, alarms=spoken, estate=seen, unread=tuple(unread))


def _still_moving(record: Record) -> Plan:
    """The plan without the workloads that were left out."""
    kept = tuple(workload for workload in record.plan.workloads if workload.name not in record.left_out)
    return record.plan.model_copy(update={"workloads": kept})
