"""The check of the third way back: green's records carry the switch of this stack, and it lets green in now.

A zero-weight record is answered with when every nonzero one is unhealthy, and a record without a health check is
always healthy. So with green's record unhealthy all users get blue, whatever the weights are. If blue is unhealthy as
well, all records count as healthy, and nothing changes: users are never sent to a dead blue by the switch.
Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
"""

from collections.abc import Iterator
from typing import Final

from crossfade.core.facts import Facts, HealthCheckFacts
from crossfade.core.facts_places import ADDRESSES, RecordFacts
from crossfade.core.finding import Check, Found, Subject, fail, passed, warn
from crossfade.core.plan import Plan
from crossfade.core.weight import Side
from crossfade.core.workload import Router
from crossfade.names import (
    ALPHA_PREFIX,
    HEALTH_CHECK_KEY,
    SWITCH_METRIC,
    SWITCH_NAMESPACE,
    WORKLOAD_DIMENSION,
    ZONE_DIMENSION,
    switch_alarm,
)


def each_switched(plan: Plan) -> Iterator[Subject]:
    """Every workload that has a switch."""
    return (Subject(plan, workload) for workload in plan.workloads if workload.switch)


def switch(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Green's records carry the switch, blue's carry no health check of green, and green is let in."""
    green, blue = (_addresses(facts, subject, side) for side in (Side.GREEN, Side.BLUE))
    if facts.estate is None or not green:
        return  # what is not there, other checks say
    carried = {record.health_check for record in green}
    if carried == {""}:
        yield fail("green's records have no health check", _carry(facts, subject))
        return
    if len(carried) > 1:
        shown = ", ".join(f"{record.type} has {record.health_check or 'none'}" for record in green)
        yield fail(f"green's records differ in their health check: {shown}", _carry(facts, subject))
        return
    (id_,) = carried
    if any(record.health_check == id_ for record in blue):
        yield fail(f"blue's records carry green's health check {id_}, too", "take it from blue: it would go as well")
    yield from _of_check(subject, id_, facts.estate.health_checks.get(id_), _carry(facts, subject))


def _addresses(facts: Facts, subject: Subject, side: Side) -> list[RecordFacts]:
    return [record for record in facts.records_of(subject.of, side) if record.type in ADDRESSES]


def _carry(facts: Facts, subject: Subject) -> str:
    """How green's records come by their health check."""
    workload, output = subject.of, "the stack's output for this workload says which"
    if workload.router is Router.ROUTE53:
        return f"give green's records the health check of its switch; {output}"
    at = facts.controller(Side.GREEN)
    key = f"{at.prefix if at and at.prefix else ALPHA_PREFIX}{HEALTH_CHECK_KEY}"
    return f"annotate green's {workload.kind} with {key} in Git, in the cluster green alone; {output}"


def _of_check(subject: Subject, id_: str, check: HealthCheckFacts | None, carry: str) -> Iterator[Found]:
    wanted = switch_alarm(subject.plan.zone.id, subject.of.name)
    if check is None:
        yield fail(f"the health check {id_} is gone, none of this stack's, or may not be read", carry)
    elif check.alarm != wanted:
        yield fail(f"the health check {id_} follows {check.alarm or 'no alarm'}, not {wanted}", carry)
    elif not check.is_as_deployed:
        evidence = f"the health check {id_} is inverted, disabled or does not keep its last status"
        yield fail(evidence, "set it back to what the stack's template says")
    elif check.healthy is False:
        yield fail(f"the health check {id_} is unhealthy, so nobody would get green", f"let green in: {put(subject)}")
    elif check.healthy is None:
        fix = "look at it in the Route 53 console before the start"
        yield warn(f"CloudWatch does not say whether the health check {id_} is healthy", fix)
    else:
        yield passed(f"green's records carry the health check {id_}, which is healthy")


def put(subject: Subject, value: int = 0) -> str:
    """The command with which a person flips the switch of a workload."""
    dimensions = f"{ZONE_DIMENSION}={subject.plan.zone.id},{WORKLOAD_DIMENSION}={subject.of.name}"
    return (
        f"aws cloudwatch put-metric-data --namespace {SWITCH_NAMESPACE} --metric-name {SWITCH_METRIC} "
        f"--dimensions {dimensions} --value {value}"
    )


CHECKS: Final = (
    Check(
        "switch",
        "green's records carry the health check of their switch, and it is healthy",
        "Only with `switch`. Green's records carry no health check, or not that of this stack; blue's carry it, too; "
        "it is unhealthy or was changed by hand. Warns when CloudWatch does not say whether it is healthy.",
        "Annotate green's object in Git with the id that the stack puts out.",
        each_switched,
        switch,
    ),
)
