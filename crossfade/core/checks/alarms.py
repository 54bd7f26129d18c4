"""Checks of the alarms that judge green: whether they exist, see green's live load balancer, and are fast enough.

A load balancer that was made anew has other dimensions: an alarm on the old one sees nothing and stays OK for ever.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from crossfade.core.duration import format_duration
from crossfade.core.facts import Facts
from crossfade.core.finding import Check, Found, Subject, each_alarm, fail, passed, warn
from crossfade.core.verdict import AlarmState
from crossfade.core.weight import Side
from crossfade.core.workload import Workload

_MISSING: Final = "[Breaching]"
"""How CloudWatch ends the reason of an alarm that takes missing data for a breach."""
_UNSEEN: Final = "let it treat missing data as notBreaching: green has no users yet, so nothing is counted"


def state(facts: Facts, subject: Subject) -> Iterator[Found]:
    """It exists and does not fire. Without data it may start: green has no traffic yet."""
    alarm = facts.alarms.get(subject.alarm)
    if alarm is None:
        if not facts.unread:
            yield fail("does not exist in this account and Region", "create it or correct `alarms`")
        return
    for child in _children(facts, subject.alarm):
        if child not in facts.alarms:
            yield fail(f"its rule names {child}, which does not exist", "create that alarm, or correct the rule")
    if alarm.state is AlarmState.ALARM:
        fix = _UNSEEN if _MISSING in alarm.reason else "start when it is OK"
        yield fail(f"is already in ALARM ({alarm.reason})", fix)
    elif alarm.state is AlarmState.INSUFFICIENT_DATA:
        fix = "it must be OK before a stage is left; let it treat missing data as notBreaching if it counts errors"
        yield warn("has no data yet", fix)
    else:
        yield passed(f"is {alarm.state}")


def _children(facts: Facts, name: str) -> Sequence[str]:
    watch = facts.estate.watches.get(name) if facts.estate else None
    return watch.children if watch else ()


def sight(facts: Facts, subject: Subject) -> Iterator[Found]:
    """It watches green's load balancer as it is now."""
    if facts.estate is None:
        return
    seen = _watched(facts, subject.alarm)
    gone = sorted(seen - facts.estate.balancers)
    if gone:
        evidence = f"is blind: {', '.join(gone)} does not exist; a load balancer that was made anew has another id"
        yield fail(evidence, "give it the dimensions of green's load balancer of now")
        return
    workloads = [workload for workload in facts.plan.workloads if subject.alarm in workload.alarms]
    green = set().union(*(_dimensions(facts, workload, Side.GREEN) for workload in workloads))
    if seen and green and not seen & green:
        blue = set().union(*(_dimensions(facts, workload, Side.BLUE) for workload in workloads))
        if seen <= _shared(facts, workloads):
            yield warn(f"watches blue and green alike ({', '.join(sorted(seen))})", "watch green's target group, too")
            return
        kind = "target group" if any(workload.alb for workload in workloads) else "load balancer"
        whose = f"blue's {kind}" if seen & blue else f"another {kind}"
        names = ", ".join(workload.name for workload in workloads)
        yield fail(f"watches {whose} ({', '.join(sorted(seen))})", f"give it the dimensions of green's for {names}")
    else:
        yield passed("watches green's load balancer" if seen else "watches no load balancer by its dimension")


def _watched(facts: Facts, name: str) -> set[str]:
    """The dimensions that *name*, or the alarms in its rule, look at."""
    watches = facts.estate.watches if facts.estate else {}
    found = [watches[each] for each in (name, *_children(facts, name)) if each in watches]
    return {dimension for watch in found for dimension in watch.balancers}


def _dimensions(facts: Facts, workload: Workload, side: Side) -> set[str]:
    """What is *side*'s alone; of a load balancer that both share, only the target group is."""
    at = facts.balancer(workload, side)
    if at is None:
        return set()
    groups = {group.name for group in at.groups}
    return groups if workload.alb else {at.dimension, *groups}


def _shared(facts: Facts, workloads: Sequence[Workload]) -> set[str]:
    """The load balancers that serve both sides."""
    return {at.dimension for workload in workloads if workload.alb and (at := facts.balancer(workload, Side.GREEN))}


def speed(facts: Facts, subject: Subject) -> Iterator[Found]:
    """It can fire within the shortest bake."""
    watches = facts.estate.watches if facts.estate else {}
    found = [watches[each].speed for each in (subject.alarm, *_children(facts, subject.alarm)) if each in watches]
    if not found:
        return
    slowest, shortest = max(found), min(stage.bake for stage in facts.plan.stages)
    shown = f"a fault has to last {format_duration(slowest)}, the shortest bake is {format_duration(shortest)}"
    if slowest >= shortest:
        yield warn(f"{shown}: it cannot fire in time", "shorten its period or data points, or lengthen the bake")
    else:
        yield passed(shown)


CHECKS: Final = (
    Check(
        "alarm-state",
        "the alarm exists and does not fire",
        "An alarm, or one in the rule of a composite, does not exist, or is in ALARM. Without data it warns.",
        "Create it, or start when it is OK.",
        each_alarm,
        state,
    ),
    Check(
        "alarm-sight",
        "the alarm watches green's load balancer of now",
        "A dimension names a load balancer or target group that is gone, or one that is not green's.",
        "Give the alarm the dimensions of green's load balancer.",
        each_alarm,
        sight,
    ),
    Check(
        "alarm-speed",
        "the alarm can fire within the shortest bake",
        "Warns: period times data points is as long as the shortest bake.",
        "Shorten the period, or lengthen the bake.",
        each_alarm,
        speed,
    ),
)
