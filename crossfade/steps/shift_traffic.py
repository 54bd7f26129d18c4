"""Shift traffic: bring all workloads of a stage to its weights, one safe write after another, and read them back."""

from datetime import datetime

from crossfade.core.migration import Record, abort_asked
from crossfade.errors import AbortedError, NotPropagatedError
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, TrafficRouter
from crossfade.steps.common import approach, current, note, outstanding
from crossfade.steps.tasks import Progress, StageTask

_ALL_WRITES = 4  # raise blue, raise green, lower green, lower blue


def shift_traffic(ledger: Ledger, router: TrafficRouter, task: StageTask) -> Progress:
    """
    Make the next safe write of this stage; arrived when the authority shows every wanted weight.

    Raises:
        NotPropagatedError: A weight was written, but not shown in time. Says nothing about health.
        DriftError: Somebody else changed a weight.
        AbortedError: Somebody asked for a rollback.
        SupersededError: This run may not write any more.
    """
    record = current(ledger, task)
    if aborted := abort_asked(ledger.signals(task.migration)):
        raise AbortedError(aborted)
    record = _begin(ledger, record, task)
    stage = record.plan.stages[task.stage]
    targets = {workload.name: stage.split for workload in record.plan.workloads}
    before = {name: record.split_before(name, task.stage) for name in targets}
    record, steps = approach(ledger, router, record, targets, now=task.now, before=before)
    waiting = outstanding(steps)
    poll = round(record.plan.timing.poll.total_seconds())
    if waiting:
        check_propagation(record, record.stage_began or task.now, task.now, waiting)
        return Progress(arrived=False, reason=waiting, wait_seconds=poll)
    reason = f"stage {task.stage + 1} of {len(record.plan.stages)}: {stage.split} is read back for every workload"
    if record.bake_began is None:
        record = ledger.save(record.with_(bake_began=task.now + record.plan.convergence.margin))
        data = {"stage": task.stage, "share_percent": stage.share_percent}
        note(ledger, record, task.now, TimelineEvent.TRAFFIC_MOVED, reason, **data)
    return Progress(arrived=True, reason=reason, wait_seconds=poll)


def _begin(ledger: Ledger, record: Record, task: StageTask) -> Record:
    if record.stage == task.stage:
        return record
    record = ledger.save(record.with_(stage=task.stage, stage_began=task.now, bake_began=None))
    stage = record.plan.stages[task.stage]
    text = f"stage {task.stage + 1} of {len(record.plan.stages)} begins: {stage.share_percent:g} % to green"
    note(ledger, record, task.now, TimelineEvent.STAGE_BEGAN, text, stage=task.stage, weights=str(stage.split))
    return record


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
