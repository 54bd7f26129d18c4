"""Collect a report: from the record, the timeline, the series and the weights read back.

Rule 1: what is not in them is left None; nothing is estimated.
Rule 2: what is derived says from what (`Moment.how`), so that an auditor can repeat it.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from crossfade.core.fleet import read_back
from crossfade.core.reckoning import reckoning
from crossfade.core.record import Outcome, Record
from crossfade.core.signals import Signal
from crossfade.core.timeline import Event
from crossfade.core.traffic import Reading
from crossfade.core.waves import wave_name
from crossfade.core.workload import Workload
from crossfade.names import TimelineEvent
from crossfade.report.clock import clock_of
from crossfade.report.counting import MINUTE, measured, rounded, share, total
from crossfade.report.decisions import decisions_of, with_measures
from crossfade.report.model import (
    Bound,
    DecisionEntry,
    Environment,
    History,
    Minute,
    Readback,
    Report,
    Series,
    StageEntry,
    StageResult,
    TimelineEntry,
    Totals,
    WriteEntry,
)
from crossfade.report.written import Step, share_at, share_steps


def build(
    record: Record,
    timeline: Sequence[Event],
    *,
    environment: Environment,
    series: Sequence[Series] = (),
    readback: Sequence[Reading] = (),
    readback_at: datetime | None = None,
    decisions: Sequence[DecisionEntry] = (),
    signals: Sequence[Signal] = (),
    totals: Totals | None = None,
    failed_budget: int | None = None,
    bound: Bound | None = None,
    history: History | None = None,
    fault_at: datetime | None = None,
    broken: Sequence[str] = (),
) -> Report:
    """
    Collect the report of one migration, running or ended.

    Args:
        record: From the ledger.
        timeline: From the ledger.
        environment: Where it ran.
        series: Requests and 5xx answers per minute, one a workload; what a source calls "no data" while it has
            requests is to be given as 0.
        readback: Weights read from the authority for this report.
        readback_at: When they were read.
        decisions: With the evidence that each was given; without any they are taken from the timeline.
        signals: What people told the migration.
        totals: Requests of the whole run as somebody counted them; without it they are summed from *series*.
        failed_budget: How many requests may fail; that of the plan if there is none.
        bound: What the preview foresaw for a case like this one; made of the plan's own rates if there is none.
        history: What the execution used.
        fault_at: When the fault began, if that is known (it was caused on purpose).
        broken: Promises found broken.
    """
    entries = tuple(_entry(entry) for entry in timeline)
    writes = _writes(record, entries)
    full = tuple(_filled(workload, record, writes) for workload in series if workload.minutes)
    decided = with_measures(decisions or decisions_of(entries), entries, full)
    return Report(
        environment=environment,
        migration=record.migration,
        execution=record.execution,
        epoch=record.epoch,
        plan=record.plan,
        baseline=record.baseline,
        started=record.started,
        ended=record.ended,
        outcome=record.outcome,
        reason=record.reason,
        started_by=record.started_by,
        purpose=record.purpose,
        stages=_stages(record, entries, full),
        soak_began=record.soak_began,
        soak_passed=_first(entries, TimelineEvent.SOAK_PASSED),
        rollback_began=record.rollback_began,
        timeline=entries,
        signals=tuple(signals),
        series=full,
        totals=totals or _totals(full),
        failed_budget=record.plan.failed_requests if failed_budget is None else failed_budget,
        bound=bound or _bound(record),
        charge=record.charge,
        residual=record.residual,
        writes=writes,
        decisions=decided,
        readback=tuple(_readback(record, reading) for reading in readback),
        readback_at=readback_at,
        clock=clock_of(record, entries, writes, full, fault_at=fault_at),
        history=history,
        broken=tuple(broken),
    )


def _bound(record: Record) -> Bound | None:
    foreseen = reckoning(record).foreseen
    return Bound(expected=foreseen.expected, worst=foreseen.worst) if foreseen else None


def _entry(entry: Event) -> TimelineEntry:
    text = json.dumps(dict(entry.data), default=str)
    data = json.loads(text, parse_constant=lambda _: None)  # JSON knows no Infinity
    return TimelineEntry(at=entry.at, what=str(entry.what), text=entry.text, data=data)


def _writes(record: Record, entries: Sequence[TimelineEntry]) -> tuple[WriteEntry, ...]:
    """Every write of the timeline; "before" and "epoch" are what earlier entries and the baseline say."""
    weights = {(at.workload, side): w for at in record.baseline for side, w in (("blue", at.blue), ("green", at.green))}
    epoch: int | None = None
    writes: list[WriteEntry] = []
    for entry in entries:
        epoch = _whole(entry, "epoch") or epoch
        after = _whole(entry, "weight")
        if entry.what == TimelineEvent.WEIGHT_WRITTEN and after is not None:
            key = (str(entry.data.get("workload")), str(entry.data.get("side")))
            before = _whole(entry, "before") if "before" in entry.data else weights.get(key)
            writes.append(
                WriteEntry(at=entry.at, workload=key[0], side=key[1], before=before, after=after, epoch=epoch)
            )
            weights[key] = after
    return tuple(writes)


def _filled(series: Series, record: Record, writes: Sequence[WriteEntry]) -> Series:
    steps: tuple[Step, ...] = ()
    for baseline in record.baseline:
        if baseline.workload == series.workload:
            steps = share_steps(record.started, baseline, writes)
    minutes = sorted(series.minutes, key=lambda minute: minute.at)
    return Series(workload=series.workload, minutes=tuple(_filled_minute(minute, steps) for minute in minutes))


def _filled_minute(minute: Minute, steps: Sequence[Step]) -> Minute:
    written = minute.written_percent if minute.written_percent is not None else share_at(steps, minute.at + MINUTE)
    observed = share(minute.blue_requests, minute.green_requests)
    return minute.model_copy(update={"written_percent": rounded(written), "observed_percent": rounded(observed)})


def _stages(record: Record, entries: Sequence[TimelineEntry], series: Sequence[Series]) -> tuple[StageEntry, ...]:
    return tuple(_stage(record, index, entries, series) for index in range(len(record.plan.stages)))


def _stage(record: Record, index: int, entries: Sequence[TimelineEntry], series: Sequence[Series]) -> StageEntry:
    stage = record.plan.stages[index]
    began = _first(entries, TimelineEvent.STAGE_BEGAN, index)
    moved = _first(entries, TimelineEvent.TRAFFIC_MOVED, index)
    passed = _first(entries, TimelineEvent.STAGE_PASSED, index)
    until = passed or record.rollback_began or record.ended
    baked = measured(series, moved + record.plan.convergence.margin, until) if moved and until else None
    return StageEntry(
        number=index + 1,
        wanted_percent=stage.share_percent,
        blue=stage.blue,
        green=stage.green,
        written_percent=round(stage.split.share_percent, 2),
        observed_percent=baked.observed_percent if baked else None,
        bake_seconds=round(stage.bake.total_seconds()),
        gate=stage.gate,
        began=began,
        moved=moved,
        passed=passed,
        result=_result(record, began, passed),
        wave=wave_name(record.plan, index),
    )


def _result(record: Record, began: datetime | None, passed: datetime | None) -> StageResult:
    if passed:
        return StageResult.PASSED
    if began is None:
        return StageResult.NOT_REACHED
    return StageResult.ROLLED_BACK if record.rollback_began else StageResult.UNFINISHED


def _readback(record: Record, reading: Reading) -> Readback:
    wanted = _wanted(record, reading.workload)
    return Readback(
        workload=reading.workload,
        host=_host(record.plan.workloads, reading.workload),
        blue=reading.blue.authoritative,
        green=reading.green.authoritative,
        wanted_blue=wanted[0],
        wanted_green=wanted[1],
        note="; ".join(side.note for side in (reading.blue, reading.green) if side.note),
    )


def _wanted(record: Record, workload: str) -> tuple[int | None, int | None]:
    """The weights that the outcome promises for *workload*; before there is a baseline, or when held, none."""
    baseline = next((at for at in record.baseline if at.workload == workload), None)
    if baseline is None or record.outcome in (None, Outcome.HELD):
        return None, None
    if found := read_back(record).get(workload):
        return found.blue, found.green
    return baseline.blue, baseline.green


def _totals(series: Sequence[Series]) -> Totals | None:
    minutes = [minute for workload in series for minute in workload.minutes]
    requests = total(count for m in minutes for count in (m.blue_requests, m.green_requests))
    failed = total(count for m in minutes for count in (m.blue_5xx, m.green_5xx))
    if requests is None:
        return None
    begin, end = min(m.at for m in minutes), max(m.at for m in minutes) + MINUTE
    source = f"summed over the series, {begin:%H:%M} to {end:%H:%M} UTC; failed are 5xx answers"
    return Totals(requests=requests, failed=failed, source=source)


def _first(entries: Sequence[TimelineEntry], what: TimelineEvent, stage: int | None = None) -> datetime | None:
    return next((e.at for e in entries if e.what == what and stage in (None, e.data.get("stage"))), None)


def _whole(entry: TimelineEntry, key: str) -> int | None:
    number = entry.data.get(key)
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _host(workloads: Sequence[Workload], name: str) -> str:
    return next((workload.host for workload in workloads if workload.name == name), "")
