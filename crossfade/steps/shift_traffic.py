"""Shift traffic: bring all workloads of a stage to its weights, one safe write after another, and read them back."""

from datetime import datetime

from crossfade.core.fleet import moving
from crossfade.core.record import Record
from crossfade.core.signals import abort_asked
from crossfade.core.waves import wave_at, wave_name
from crossfade.errors import AbortedError, NotPropagatedError, StageRefusedError
from crossfade.names import TimelineEvent
from crossfade.ports import AlarmSource, EstateReader, Ledger, TrafficRouter
from crossfade.steps.common import approach, note, outstanding, under_lease
from crossfade.steps.look_again import look_again
from crossfade.steps.tasks import Progress, StageTask

_ALL_WRITES = 4  # raise blue, raise green, lower green, lower blue


def shift_traffic(
    ledger: Ledger, router: TrafficRouter, task: StageTask, *, alarms: AlarmSource, estate: EstateReader
) -> Progress:
    """
    Make the next safe write of this stage; arrived when the authority shows every wanted weight.

    Before the first one it is looked again at what the stage rests on.

    Raises:
        StageRefusedError: A check before the first write failed.
        NotPropagatedError: A weight was written, but not shown in time. Says nothing about health.
        DriftError: Somebody else changed a weight.
        AbortedError: Somebody asked for a rollback.
        SupersededError: This run may not write any more.
    """
    brief = ledger.brief(task.migration)
    record = under_lease(ledger, task, brief.record)
    if aborted := abort_asked(brief.signals):
        raise AbortedError(aborted)
    poll = round(record.plan.timing.poll.total_seconds())
    if record.stage != task.stage:
        try:
            record, waiting = look_again(ledger, alarms, estate, record, task)
        except StageRefusedError:
            _enter_wave(ledger, record, task)
            raise
        if waiting:
            return Progress(arrived=False, reason=waiting, wait_seconds=poll)
        record = _begin(ledger, record, task)
    stage = record.plan.stages[task.stage]
    targets = {workload.name: record.target(workload.name, task.stage) for workload in record.plan.workloads}
    before = {name: record.split_before(name, task.stage) for name in targets}
    record, steps = approach(ledger, router, record, targets, now=task.now, before=before)
    if waiting := outstanding(steps):
        check_propagation(record, record.stage_began or task.now, task.now, waiting)
        return Progress(arrived=False, reason=waiting, wait_seconds=poll)
    reason = f"{_named(record, task.stage)}: {stage.split} is read back for {_whom(record)}"
    if record.bake_began is None:
        record = ledger.save(record.with_(bake_began=task.now + record.plan.convergence.margin))
        data = {"stage": task.stage, "share_percent": stage.share_percent, **_wave(record, task.stage)}
        note(ledger, record, task.now, TimelineEvent.TRAFFIC_MOVED, reason, **data)
    return Progress(arrived=True, reason=reason, wait_seconds=poll)


def _enter(ledger: Ledger, record: Record, task: StageTask) -> Record:
    changes = {"stage": task.stage, "came_from": record.stage, "stage_began": task.now, "bake_began": None}
    return ledger.save(record.with_(**changes))


def _enter_wave(ledger: Ledger, record: Record, task: StageTask) -> None:
    """Write down that the wave before is complete, even if the next one is refused."""
    if record.stage >= 0 and wave_at(record.plan, record.stage) < wave_at(record.plan, task.stage):
        _enter(ledger, record, task)


def _begin(ledger: Ledger, record: Record, task: StageTask) -> Record:
    record = _enter(ledger, record, task)
    stage = record.plan.stages[task.stage]
    text = f"{_named(record, task.stage)} begins: {stage.share_percent:g} % to green"
    data = {"stage": task.stage, "weights": str(stage.split), **_wave(record, task.stage)}
    note(ledger, record, task.now, TimelineEvent.STAGE_BEGAN, text, **data)
    return record


def _named(record: Record, stage: int) -> str:
    wave = wave_name(record.plan, stage)
    return f"stage {stage + 1} of {len(record.plan.stages)}{f', wave {wave}' if wave else ''}"


def _whom(record: Record) -> str:
    return ", ".join(moving(record)) if record.plan.waves or record.left_out else "every workload"


def _wave(record: Record, stage: int) -> dict[str, object]:
    wave = wave_name(record.plan, stage)
    return {"wave": wave, "workloads": list(moving(record))} if wave else {}


def check_propagation(record: Record, began: datetime, now: datetime, waiting: str) -> None:
    """
    Give up on weights that do not arrive: too long after the last write, or written again and again.

    Raises:
        NotPropagatedError: With what is waited for.
    """
    limit = record.plan.timing.propagation
    last = max(began, record.wrote or began)
    if now - last > limit or now - began > limit * _ALL_WRITES:
        msg = (
            f"not propagated within {round(limit.total_seconds())} s: {waiting}. "
            f"This says nothing about green's health; look at what carries that weight (ExternalDNS in its cluster)"
        )
        raise NotPropagatedError(msg)
