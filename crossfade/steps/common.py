"""What several steps share: the record under its lease, and one approach towards wanted weights."""

from collections.abc import Mapping
from datetime import datetime

from crossfade.core.migration import Record
from crossfade.core.traffic import Step, next_step
from crossfade.core.weight import Split
from crossfade.errors import SupersededError
from crossfade.names import TimelineEvent
from crossfade.ports import Event, Ledger, TrafficRouter
from crossfade.steps.tasks import LeasedTask


def current(ledger: Ledger, task: LeasedTask) -> Record:
    """
    The record of *task*'s migration, if it may still act.

    Raises:
        SupersededError: The record is gone, ended or rolled back, or its lease has another epoch.
    """
    record = ledger.load(task.migration)
    if record is None or record.execution != task.execution:
        msg = f"migration {task.migration} is not in the ledger; start a new one"
        raise SupersededError(msg)
    if record.outcome is not None or record.rollback_began is not None:
        msg = f"migration {task.migration} has ended or is being rolled back; start a new one"
        raise SupersededError(msg)
    if record.epoch != task.epoch or not ledger.holds(record.plan.lease_units, epoch=task.epoch):
        msg = f"epoch {task.epoch} of migration {task.migration} was taken over; nothing more is written under it"
        raise SupersededError(msg)
    return record


def approach(
    ledger: Ledger, router: TrafficRouter, record: Record, targets: Mapping[str, Split], *, now: datetime
) -> tuple[Record, tuple[Step, ...]]:
    """
    Read all weights and write, for every workload, the next one that is safe on the way to *targets*.

    The time of writing is stored before the write: after a crash the authority is given more time, never less.

    Args:
        targets: The wanted weights, by workload.
    """
    workloads = record.plan.workloads
    settled = record.settled(now)
    readings = router.observe(workloads)
    steps = tuple(next_step(reading, targets[reading.workload], settled=settled) for reading in readings)
    writes = tuple(write for step in steps for write in step.writes)
    if writes:
        record = ledger.save(record.with_(wrote=now))
        router.write(workloads, writes, epoch=record.epoch)
        for step in steps:
            for write in step.writes:
                data = {"workload": write.workload, "side": write.side.value, "weight": write.weight}
                note(ledger, record, now, TimelineEvent.WEIGHT_WRITTEN, step.reason, **data)
    return record, steps


def outstanding(steps: tuple[Step, ...]) -> str:
    """What the steps still wait for, in words; empty when all have arrived."""
    return "; ".join(step.reason for step in steps if not step.arrived)


def note(ledger: Ledger, record: Record, at: datetime, what: TimelineEvent, text: str, **data: object) -> None:
    """Add one entry to the timeline of *record*."""
    ledger.append(record.migration, Event(at=at, what=what.value, text=text, data=data))
