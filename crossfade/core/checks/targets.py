"""Checks of what stands behind the records: load balancers, their targets, and how long clients cling to them.

Source: Route 53 API, AliasTarget, "Evaluate Target Health": a load balancer is healthy if every target group has a
healthy target; a group without targets is unhealthy. Weight 0 is no isolation: when no record with a weight is
healthy, Route 53 answers with those of weight 0.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from crossfade.core.duration import format_duration
from crossfade.core.facts import Facts
from crossfade.core.facts_places import BalancerFacts, TargetGroupFacts
from crossfade.core.finding import Check, Found, Subject, each_host_on_green, each_host_place, fail, passed, warn
from crossfade.core.weight import Side

CLINGING: Final = timedelta(minutes=5)
"""A client that may stay longer than this is warned of: as long as a weight may take to be shown."""

_DUALSTACK: Final = "dualstack."  # how ExternalDNS and the console write an alias
_CONSEQUENCE: Final = {
    Side.BLUE: "there is no way back",
    Side.GREEN: "Route 53 would keep its users on blue, whatever the weights say",
}


def balancer(facts: Facts, subject: Subject) -> Iterator[Found]:
    """The load balancer of the objects is active, and the records lead to it."""
    place = facts.place(subject.of, subject.on)
    if place is None or not place.address:
        return
    address, at = place.address, place.balancer
    if at is None:
        fix = f"wait until the {subject.of.kind} names its load balancer, or correct the Region in `clusters`"
        yield fail(f"{address} is no load balancer of this account in its cluster's Region", fix)
        return
    if at.state != "active":
        yield fail(f"{at.dimension} is {at.state}", "wait until it is active")
    if at.kind != "application":
        evidence = f"{at.dimension} is a {at.kind} load balancer, which counts no answers"
        yield warn(evidence, "give the workload an alarm on what its application answers, or on what stands before it")
    yield from _strays(facts, subject, address)


def _strays(facts: Facts, subject: Subject, address: str) -> Iterator[Found]:
    """Records that lead elsewhere than to *address*."""
    for record in facts.records_of(subject.of, subject.on):
        target = record.target.removeprefix(_DUALSTACK)
        if target and target != address.removeprefix(_DUALSTACK):
            evidence = f"its {record.type} record leads to {target}, its {subject.of.kind} to {address}"
            yield fail(evidence, "let ExternalDNS follow; look at its log")


def targets(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Route 53 counts the load balancer as healthy."""
    at = facts.balancer(subject.of, subject.on)
    if at is None:
        return
    sick = [group for group in at.groups if not group.healthy]
    if sick or not at.groups:
        shown = ", ".join(map(_sickness, sick)) or f"{at.dimension} has no target group"
        fix = "let every target group of the load balancer have a healthy target; one without targets counts, too"
        yield fail(f"{shown}: {_CONSEQUENCE[subject.on]}", fix)
        return
    count = sum(group.healthy for group in at.groups)
    records = facts.records_of(subject.of, subject.on)
    if any(record.target and not record.follows_health for record in records):
        evidence = f"{count} healthy targets, but the records do not follow them: EvaluateTargetHealth is off"
        yield warn(evidence, "let ExternalDNS evaluate target health, as is its default")
    else:
        yield passed(f"{count} healthy targets in {len(at.groups)} target groups")


def _sickness(group: TargetGroupFacts) -> str:
    return f"{group.name} has {group.healthy} of {group.registered} targets healthy"


def clinging(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Clients leave green soon after its weight is gone."""
    at = facts.balancer(subject.of, subject.on)
    if at is not None:
        yield from _held(at)


def _held(at: BalancerFacts) -> Iterator[Found]:
    if at.keep_alive > CLINGING:
        seconds = round(at.keep_alive.total_seconds())
        evidence = f"a busy client may stay on green for {seconds} s after a rollback (client_keep_alive.seconds)"
        yield warn(evidence, "set client_keep_alive.seconds to 60 on green's load balancer an hour before the start")
    for group in at.groups:
        if group.sticky is not None:
            seconds = round(group.sticky.total_seconds())
            evidence = f"{group.name} holds sessions for {seconds} s ({format_duration(group.sticky)}, stickiness)"
            yield warn(evidence, "expect users to lose such sessions when they move")
        if group.draining > CLINGING:
            seconds = round(group.draining.total_seconds())
            evidence = f"{group.name} lets requests at a pod that goes last {seconds} s (deregistration delay)"
            yield warn(
                evidence, "lower deregistration_delay.timeout_seconds, or wait so long before green is taken down"
            )


CHECKS: Final = (
    Check(
        "load-balancer",
        "the load balancer is active and the records lead to it",
        "The load balancer of the object is missing or not active, or a record leads to another one.",
        "Wait for the AWS Load Balancer Controller and ExternalDNS.",
        each_host_place,
        balancer,
    ),
    Check(
        "targets",
        "every target group has a healthy target",
        "A target group has no healthy target, or none at all: Route 53 then takes the whole load balancer for dead.",
        "Mend the targets; remove rules to services without pods.",
        each_host_place,
        targets,
    ),
    Check(
        "clinging",
        "clients leave green soon after a rollback",
        "Warns: clients may keep connections to green for more than five minutes, have sticky sessions there, or their "
        "requests may last longer than that at a pod that goes.",
        "Lower client_keep_alive.seconds before the start.",
        each_host_on_green,
        clinging,
    ),
)
