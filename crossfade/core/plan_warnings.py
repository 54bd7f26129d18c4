"""What deserves a second look in a plan that is valid: looks that come late, alarms that are shared, few requests."""

from collections.abc import Iterator, Mapping, Sequence

from crossfade.core.duration import format_duration
from crossfade.core.exposure import Exposure
from crossfade.core.plan import Plan
from crossfade.core.waves import members


def plan_warnings(
    plan: Plan, typical: Exposure, slowest: Exposure, rates: Mapping[str, float] | None
) -> tuple[str, ...]:
    """
    Warn of what may surprise.

    Args:
        plan: As resolved.
        typical: It at the typical pace.
        slowest: It at the slowest.
        rates: Requests a second by workload; None when unknown.
    """
    return (*_late(plan, slowest), *_shared(plan), *_starved(plan, rates, typical))


def _late(plan: Plan, slowest: Exposure) -> Iterator[str]:
    """Looks that come too late to spare users the next stage."""
    if slowest.bad_from_start() is None:
        yield "this plan is over before an alarm can see a bad green; lengthen the bakes or the soak"
    notice = slowest.followed - plan.convergence.margin + slowest.alarm + plan.timing.poll
    short = [number for number, stage in enumerate(plan.stages[:-1], start=1) if stage.bake < notice]
    if short:
        yield (
            f"it can take {format_duration(notice)} until an alarm is seen, and {_bake(short)} for less: a bad green "
            f"may get more traffic first"
        )
    if plan.timing.propagation < slowest.pace.carried(plan) + plan.timing.poll:
        given = format_duration(plan.timing.propagation)
        yield f"timing.propagation of {given} is less than ExternalDNS may take; a slow minute would roll back"


def _shared(plan: Plan) -> Iterator[str]:
    """Alarms that cannot tell which of several workloads is bad."""
    for alarm in dict.fromkeys(alarm for workload in plan.workloads for alarm in workload.alarms):
        judged = [workload.name for workload in plan.workloads if alarm in workload.alarms]
        if len(judged) > 1:
            yield f"{' and '.join(judged)} share the alarm {alarm}: when one of them is bad, all of them are given back"


def _starved(plan: Plan, rates: Mapping[str, float] | None, typical: Exposure) -> Iterator[str]:
    """Stages that last longer than their bake, because green has too few requests to be judged by."""
    if rates is None:
        return
    for index, stage in enumerate(plan.stages):
        quietest = min(members(plan, stage.wave), key=lambda name: rates[name])
        watched = typical.run.left[index] - typical.run.stages[index].arrived
        rate = rates[quietest] * stage.split.green_part
        has_enough = rate * stage.bake.total_seconds() >= plan.evidence.requests
        if has_enough or watched <= plan.convergence.margin + stage.bake + 2 * plan.timing.poll:
            continue
        then = "it is rolled back there" if index in typical.run.starved else f"it lasts {format_duration(watched)}"
        yield (
            f"in stage {index + 1} green gets {rate:.2g} requests a second to {quietest} and is judged by "
            f"{plan.evidence.requests:,}: {then}; raise its share or its bake"
        )


def _bake(stages: Sequence[int]) -> str:
    """Which of them bake, for people."""
    *before, last = map(str, stages)
    return f"stages {', '.join(before)} and {last} bake" if before else f"stage {last} bakes"
