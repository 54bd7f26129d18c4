"""Waves: which workloads move in which stage, and what goes back when some of them fail.

The stages of a plan are one list, wave by wave, so that a migration is at one place in it. What a stage asks of a
workload depends on its wave: one that has moved is at its final weights, one that moves has the stage's, one that
comes later has those from before. This file knows plans and names; weights are `record`'s.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import assert_never

from crossfade.core.plan import OnFailure, Plan, Stage, Wave
from crossfade.core.shared import sharing


def in_turn(stages: Sequence[Stage], waves: Sequence[Wave]) -> tuple[Stage, ...]:
    """*stages* for one wave after the other; once, when there are no waves."""
    return tuple(stage.model_copy(update={"wave": wave}) for wave in range(len(waves) or 1) for stage in stages)


def wave_of(plan: Plan, workload: str) -> int:
    """The index of the wave in which *workload* moves."""
    return next((index for index, wave in enumerate(plan.waves) if workload in wave.workloads), 0)


def wave_at(plan: Plan, stage: int) -> int:
    """The index of the wave that moves in *stage*; past the last stage one past the last wave."""
    return plan.stages[stage].wave if stage < len(plan.stages) else plan.stages[-1].wave + 1


def wave_name(plan: Plan, stage: int) -> str:
    """The name of the wave that moves in *stage*; empty when all workloads move together, and outside the stages."""
    return plan.waves[plan.stages[stage].wave].name if plan.waves and 0 <= stage < len(plan.stages) else ""


def first_stages(plan: Plan) -> dict[int, str]:
    """The names of the waves, by the index of their first stage; empty when all workloads move together."""
    first = {wave: index for index, wave in reversed([(i, stage.wave) for i, stage in enumerate(plan.stages)])}
    return {first[number]: wave.name for number, wave in enumerate(plan.waves)}


def members(plan: Plan, wave: int) -> tuple[str, ...]:
    """The names of the workloads of *wave*, in the plan's order."""
    return tuple(workload.name for workload in plan.workloads if wave_of(plan, workload.name) == wave)


def next_stage(plan: Plan, stage: int, left_out: Collection[str]) -> int:
    """
    The stage after *stage*, passing over waves of which nobody is left; one past the last when there is none.

    Args:
        plan: With the stages.
        stage: Index of the present one.
        left_out: Names of workloads that do not move any more.
    """
    left = {index for index in _all(plan) if set(members(plan, index)) - set(left_out)}
    later = (index for index in range(stage + 1, len(plan.stages)) if plan.stages[index].wave in left)
    return next(later, len(plan.stages))


def fallout(plan: Plan, failed: Collection[str]) -> tuple[str, ...]:
    """
    The names of all workloads that may not be on green when *failed* are not, by the plan's policy.

    Workloads that share one weight fail together.
    """
    failed = set(failed).union(*(group for group in sharing(plan.workloads) if group & set(failed)))
    waves = {wave_of(plan, name) for name in failed}
    match plan.on_failure:
        case OnFailure.ALL:
            lost = set(_all(plan))
        case OnFailure.WAVE:
            lost = waves | _dependents(plan, waves)
        case OnFailure.WORKLOAD:
            lost = _dependents(plan, waves)
        case _:
            assert_never(plan.on_failure)
    names = (workload.name for workload in plan.workloads)
    return tuple(name for name in names if name in failed or wave_of(plan, name) in lost)


def narrowed(plan: Plan, names: Collection[str]) -> Plan:
    """
    *plan* for the workloads *names* alone; a wave of which nobody is left is no wave any more.

    What came after such a wave comes after those that it came after itself.
    """
    workloads = tuple(workload for workload in plan.workloads if workload.name in names)
    kept = [index for index, wave in enumerate(plan.waves) if set(wave.workloads) & set(names)]
    if not plan.waves:
        return plan.model_copy(update={"workloads": workloads})
    waves = tuple(_narrowed(plan, index, kept, names) for index in kept)
    stages = (stage for stage in plan.stages if stage.wave in kept)
    renumbered = tuple(stage.model_copy(update={"wave": kept.index(stage.wave)}) for stage in stages)
    return plan.model_copy(update={"workloads": workloads, "waves": waves, "stages": renumbered})


def linked(waves: Iterable[tuple[str, tuple[str, ...], tuple[str, ...] | None]]) -> tuple[Wave, ...]:
    """Waves from name, workloads and what they come after; None for the one before, which is the cautious order."""
    given = list(waves)
    before = [(), *((name,) for name, _, _ in given)]
    return tuple(
        Wave(name=name, workloads=workloads, after=earlier if after is None else after)
        for (name, workloads, after), earlier in zip(given, before, strict=False)
    )


def _narrowed(plan: Plan, index: int, kept: Sequence[int], names: Collection[str]) -> Wave:
    wave = plan.waves[index]
    after = [plan.waves[earlier].name for earlier in sorted(_prerequisites(plan, index)) if earlier in kept]
    return Wave(name=wave.name, workloads=tuple(name for name in wave.workloads if name in names), after=tuple(after))


def _prerequisites(plan: Plan, wave: int) -> set[int]:
    """The indices of all waves without which *wave* is not to be on green."""
    direct = {index for index, earlier in enumerate(plan.waves) if earlier.name in plan.waves[wave].after}
    return direct.union(*(_prerequisites(plan, index) for index in direct))


def _dependents(plan: Plan, waves: set[int]) -> set[int]:
    """The indices of all waves that are not to be on green without *waves*."""
    return {index for index in range(len(plan.waves)) if _prerequisites(plan, index) & waves}


def _all(plan: Plan) -> range:
    return range(len(plan.waves) or 1)
