"""What several steps share: the record under its lease, and one approach towards wanted weights."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from crossfade.core.fleet import kept
from crossfade.core.overrides import overrides
from crossfade.core.reckoning import reckoning
from crossfade.core.record import Ends, Outcome, Record
from crossfade.core.series import Series
from crossfade.core.shared import in_step, sharing
from crossfade.core.timeline import Event
from crossfade.core.traffic import Reading, SideReading, Step, Write, next_step
from crossfade.core.weight import Side, Split
from crossfade.core.wording import gathered
from crossfade.core.workload import Identifiers, Workload
from crossfade.errors import CrossfadeError, DriftError, RouterUnavailableError, SupersededError
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, MetricSource, TrafficRouter
from crossfade.steps.tasks import LeasedTask


def current(ledger: Ledger, task: LeasedTask) -> Record:
    """
    The record of *task*'s migration, if it may still change weights.

    Raises:
        SupersededError: As `unended` raises it; or the lease has another epoch.
    """
    return under_lease(ledger, task, ledger.load(task.migration))


def under_lease(ledger: Ledger, task: LeasedTask, record: Record | None) -> Record:
    """*record*, as `current` gives it; for who has read it already."""
    record = unended(task, record)
    if not ledger.holds(record.plan.lease_units, epoch=task.epoch):
        raise _taken_over(task)
    return record


def unended(task: LeasedTask, record: Record | None) -> Record:
    """
    *record* of *task*'s migration, if its execution goes on: enough for a task that only looks.

    Raises:
        SupersededError: The record is gone, ended or rolled back, or has another epoch.
    """
    if record is None or record.execution != task.execution:
        msg = f"migration {task.migration} is not in the ledger; start a new one"
        raise SupersededError(msg)
    if record.outcome is not None or record.rollback_began is not None:
        msg = f"migration {task.migration} has ended or is being rolled back; start a new one"
        raise SupersededError(msg)
    if record.epoch != task.epoch:
        raise _taken_over(task)
    return record


def _taken_over(task: LeasedTask) -> SupersededError:
    msg = f"epoch {task.epoch} of migration {task.migration} was taken over; nothing more is written under it"
    return SupersededError(msg)


def observe_all(router: TrafficRouter, workloads: Sequence[Workload]) -> tuple[Reading, ...]:
    """
    Read both sides of every workload; what is not a way back goes on with nothing less.

    Raises:
        RouterUnavailableError: A cluster does not answer; ask again later.
        PermanentError: An object does not exist or may not be read.
    """
    readings = router.observe(workloads)
    raise_faults(readings)
    sides = [reading.side(side) for reading in readings for side in Side]
    silent = [at.note for at in sides if not at.reachable]
    silent += [at.source.note for at in sides if at.source and not at.source.reachable]
    if silent:
        raise RouterUnavailableError("; ".join(dict.fromkeys(silent)))
    return readings


def series_if_known(
    metrics: MetricSource, workloads: Sequence[Workload], *, since: datetime, now: datetime, ends: Sequence[Ends] = ()
) -> Mapping[str, Series]:
    """The series of *workloads*; nothing when they cannot be read, for the caller waits for none."""
    if not workloads:
        return {}
    try:
        return metrics.read(workloads, since=since, until=now, ends=ends)
    except CrossfadeError:
        return {}


def raise_faults(readings: Sequence[Reading]) -> None:
    """
    Raise what can never be read of *readings*, in one sentence.

    Raises:
        PermanentError: Of the class of the first one; nothing is raised when there is none.
    """
    faults = [fault for reading in readings for fault in reading.faults]
    if faults:
        raise type(faults[0])("; ".join(dict.fromkeys(str(fault) for fault in faults))) from faults[0]


def identifiers_of(reading: Reading) -> Identifiers | None:
    """The set identifiers of both sides; None unless both are known."""
    blue, green = reading.blue.identifier, reading.green.identifier
    return Identifiers(blue=blue, green=green) if blue and green else None


def approach(
    ledger: Ledger,
    router: TrafficRouter,
    record: Record,
    targets: Mapping[str, Split],
    *,
    now: datetime,
    before: Mapping[str, Split],
) -> tuple[Record, tuple[Step, ...]]:
    """
    Read all weights and write, for every workload, the next one that is safe on the way forward to *targets*.

    The time of writing is stored before the write: after a crash the authority is given more time, never less.

    Args:
        targets: The wanted weights, by workload.
        before: The weights that we left behind, by workload; anything else was written by somebody else and is
            never overwritten.

    Raises:
        DriftError: A weight is neither the one from before nor the wanted one.
        RouterUnavailableError: A cluster does not answer.
    """
    workloads = record.plan.workloads
    readings = observe_all(router, workloads)
    record = observed(ledger, record, readings, now)
    settled = record.settled(now)
    refuse_drift(readings, targets, before)
    steps = tuple(next_step(reading, targets[reading.workload], settled=settled) for reading in readings)
    steps = in_step(steps, readings, targets, sharing(workloads))
    writes = tuple(write for step in steps for write in step.writes)
    if writes:
        record = ledger.save(record.with_(wrote=now, agreed=None, **unsettled(writes)))
        router.write(workloads, writes, epoch=record.epoch)
        for step in steps:
            for write in step.writes:
                data = {"workload": write.workload, "side": write.side.value, "weight": write.weight}
                note(ledger, record, now, TimelineEvent.WEIGHT_WRITTEN, step.reason, **data)
    if again := [write for step in steps for write in step.again]:
        router.write(workloads, again, epoch=record.epoch)
    return record, steps


def unsettled(writes: Sequence[Write]) -> dict[str, None]:
    """What to forget of the record when *writes* are made: blue has to settle anew only when blue is written."""
    return {"blue_agreed": None} if any(write.side is Side.BLUE for write in writes) else {}


def observed(ledger: Ledger, record: Record, readings: Sequence[Reading], now: datetime) -> Record:
    """*record*, knowing what *readings* say about what has settled; saved if that is news."""
    knowing = record.observed(readings, now)
    return record if knowing is record else ledger.save(knowing)


def refuse_drift(readings: Sequence[Reading], targets: Mapping[str, Split], before: Mapping[str, Split]) -> None:
    """
    Refuse to go on over weights that are not ours.

    Raises:
        DriftError: Names every one of them.
    """
    foreign = [
        f"{reading.workload}: {side} is {how} {weight}{_hand(reading.side(side))}, we left {ours[0]} and want {ours[1]}"
        for reading in readings
        for side in Side
        for how, weight in _declared(reading.side(side))
        if weight not in (ours := (before[reading.workload].weight(side), targets[reading.workload].weight(side)))
    ]
    if foreign:
        msg = f"somebody else changed a weight that this migration holds: {'; '.join(foreign)}"
        raise DriftError(msg)


def _hand(at: SideReading) -> str:
    return f" (by {at.by})" if at.by else ""


def _declared(at: SideReading) -> Iterator[tuple[str, int]]:
    """What is declared, and what it is rendered from: each may be somebody else's."""
    if at.declared is not None:
        yield "written as", at.declared
    if at.source is not None and at.source.weight is not None:
        yield "rendered from", at.source.weight


def outstanding(steps: tuple[Step, ...]) -> str:
    """What the steps still wait for, in words; empty when all have arrived."""
    return "; ".join(gathered(step.reason for step in steps if not step.arrived))


def where(record: Record, outcome: Outcome) -> str:
    """Where every workload of a migration that ends as *outcome* was read back, in words."""
    green, blue = record.plan.green.name, record.plan.blue.name
    if outcome is Outcome.SUCCEEDED:
        count = len(record.plan.workloads)
        return f"all traffic of {count} workload{'s' * (count != 1)} is on {green}, read back"
    stay = record.left_out if record.rollback_began is None else _not(record, kept(record))
    return f"read back: on {green} {', '.join(_not(record, stay))}; back on {blue} {', '.join(stay)}"


def _not(record: Record, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(workload.name for workload in record.plan.workloads if workload.name not in names)


def note(ledger: Ledger, record: Record, at: datetime, what: TimelineEvent, text: str, **data: object) -> None:
    """Add one entry to the timeline of *record*."""
    ledger.append(record.migration, Event(at=at, what=what.value, text=text, data=data))


def charge_data(record: Record) -> dict[str, object]:
    """What *record* has cost so far, for an entry of the timeline; nothing before anything was counted."""
    if record.charge is None:
        return {}
    return {"failed_charged": record.charge.failed, "failed_budget": record.plan.failed_requests}


def result_of(record: Record) -> dict[str, Any]:
    """The documented output of a successful execution."""
    return {
        "outcome": record.outcome,
        "migration": record.migration,
        "plan": record.plan.name,
        "workloads": len(record.plan.workloads) - len(record.left_out),
        "stages": len(record.plan.stages),
        "share_percent": 0 if record.plan.dry_run else 100,
        "started": record.started.isoformat(),
        "ended": record.ended.isoformat() if record.ended else None,
        "failed_requests": reckoning(record).to_json(),
        "residual": record.residual.to_json() if record.residual else None,
        "overrides": list(overrides(record)),
    }
