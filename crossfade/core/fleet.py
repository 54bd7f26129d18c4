"""Where each workload of a migration is, and what a failure comes to under the plan's policy.

Rule 1: a wave is complete when the next one begins; the last one when the migration ends.
Rule 2: with `onFailure: wave` or `workload` complete waves stay on green in every rollback, an abort's and the
guardian's too; all else goes back. With `all` everything does.
Rule 3: a workload that was left out once is never raised again in the same migration.
This file decides nothing but whom a failure concerns; where traffic goes next is `migration`'s and `traffic`'s.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from crossfade.core.migration import Action, Decision
from crossfade.core.plan import OnFailure
from crossfade.core.record import Outcome, Record
from crossfade.core.signals import Signal, active_hold
from crossfade.core.verdict import Health, Verdict
from crossfade.core.waves import fallout, members, next_stage, wave_at, wave_of
from crossfade.core.weight import Split
from crossfade.core.workload import Workload


def moving(record: Record) -> tuple[str, ...]:
    """Names of the workloads that move in the current stage."""
    wave = wave_at(record.plan, _stage(record))
    return tuple(name for name in members(record.plan, wave) if name not in record.left_out)


def complete(record: Record) -> tuple[str, ...]:
    """Names of the workloads whose wave is complete."""
    return tuple(name for name in _earlier(record) if name not in record.left_out)


def on_green(record: Record) -> tuple[Workload, ...]:
    """The workloads that are to have users on green now."""
    names = {*complete(record), *moving(record)} if record.stage >= 0 else set()
    return tuple(workload for workload in record.plan.workloads if workload.name in names)


def kept(record: Record) -> tuple[str, ...]:
    """Names of the workloads that stay on green when all else is given back."""
    return () if record.plan.on_failure is OnFailure.ALL else complete(record)


def rest(record: Record, workload: str) -> Split | None:
    """Where *workload* is after a rollback; None when that was never a safe pair of weights."""
    return record.final_split(workload) if workload in kept(record) else record.baseline_of(workload).split


def read_back(record: Record) -> dict[str, Split]:
    """What each workload was last read back at; of those that move, and when nobody knows, nothing."""
    names = [workload.name for workload in record.plan.workloads]
    match record.outcome:
        case Outcome.SUCCEEDED:
            return {name: record.final_split(name) for name in names}
        case Outcome.PARTLY_ROLLED_BACK if record.rollback_began is None:
            return {name: record.target(name, len(record.plan.stages)) for name in names}
        case Outcome.ROLLED_BACK | Outcome.PARTLY_ROLLED_BACK:
            return {name: split for name in names if (split := rest(record, name))}
        case None if record.bake_began is not None and record.rollback_began is None and not _completes(record):
            return {name: record.target(name, record.stage) for name in names if name not in record.returning}
        case _:
            return {}


def _completes(record: Record) -> bool:
    return record.stage >= len(record.plan.stages)


def by_policy(record: Record, decision: Decision, blamed: Collection[str], now: datetime) -> Decision:
    """
    What a rollback that the evidence asks for comes to: some workloads alone, or all that are not complete.

    Args:
        record: The migration.
        decision: As `migration.decide` has it.
        blamed: Names of the workloads that the evidence speaks against.
        now: UTC.
    """
    plan = record.plan
    if decision.action is not Action.ROLL_BACK or not decision.judged or plan.on_failure is OnFailure.ALL:
        return decision
    lost = {*record.left_out, *fallout(plan, blamed)}
    left_out = tuple(workload.name for workload in plan.workloads if workload.name in lost)
    alone = plan.on_failure is OnFailure.WORKLOAD and blamed and len(left_out) < len(plan.workloads)
    if not alone or not _has_room(record, now):
        return replace(decision, left_out=left_out)
    news = ", ".join(name for name in left_out if name not in record.left_out)
    return Decision(Action.GIVE_BACK, f"{decision.reason}; {news} alone: the others go on", left_out=left_out)


def going_on(
    record: Record, decision: Decision, verdict: Verdict, signals: tuple[Signal, ...], now: datetime
) -> Decision:
    """*decision*, but nothing goes on before what is given back is read back, and nobody waits for an empty wave."""
    if decision.action not in (Action.WAIT, Action.ADVANCE):
        return decision
    if record.returning:
        return Decision(Action.GIVE_BACK, f"{', '.join(record.returning)}: given back, not read back yet")
    is_idle = record.soak_began is None and not moving(record) and verdict.health is Health.HEALTHY
    if is_idle and active_hold(signals, now) is None:
        following = next_stage(record.plan, record.stage, record.left_out)
        return Decision(Action.ADVANCE, "nobody is left in this wave", next_stage=following)
    return decision


def left_out(record: Record, names: tuple[str, ...], now: datetime) -> Record:
    """*record* without the workloads *names*, of which those that have begun to move are to be given back."""
    begun = {*_earlier(record), *members(record.plan, wave_at(record.plan, _stage(record)))}
    news = tuple(name for name in names if name in begun and name not in record.left_out)
    return record.with_(
        left_out=names,
        returning=(*record.returning, *news),
        returning_since=record.returning_since or now,
        fence=record.epoch,
    )


def _has_room(record: Record, now: datetime) -> bool:
    """Whether the history has room for one more: while some are given back the machine takes twice as many states."""
    soaking, timing = record.soak_began is not None, record.plan.timing
    watched = record.plan.soak if soaking else record.plan.stages[_stage(record)].bake
    needed = (len(record.left_out) + 2) * timing.rollback + watched + timing.patience
    return now + needed < record.patience_ends(soaking=soaking)


def _earlier(record: Record) -> tuple[str, ...]:
    """Names of the workloads of all waves before the current one."""
    now_moving = wave_at(record.plan, _stage(record))
    names = (workload.name for workload in record.plan.workloads)
    return tuple(name for name in names if wave_of(record.plan, name) < now_moving)


def _stage(record: Record) -> int:
    """The current stage; while the final weights are written, the one before."""
    last = len(record.plan.stages) - 1
    at = record.came_from if record.stage > last and record.came_from is not None else record.stage
    return max(0, min(at, last))
