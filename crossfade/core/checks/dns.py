"""Checks of weights, objects, records and zones: whether a weight that is written can do what it says.

Sources: Route 53 Developer Guide, "Weighted routing" and "How Route 53 chooses records when health checking is
configured"; ExternalDNS, registry/txt.go.
"""

from collections.abc import Iterator
from typing import Final

from crossfade.core.facts import Facts
from crossfade.core.facts_places import ADDRESSES, RecordFacts
from crossfade.core.finding import (
    Check,
    Found,
    Subject,
    each_host,
    each_host_place,
    each_workload,
    fail,
    passed,
    the_plan,
    the_zone,
    warn,
)
from crossfade.core.traffic import Reading, SideReading
from crossfade.core.weight import Side
from crossfade.core.workload import Router

# --- Answers, weights, the way back ----------------------------------------------------------------------------------


def answers(facts: Facts, _: Subject) -> Iterator[Found]:
    """Everything could be read."""
    for why in facts.unread:
        evidence, _semicolon, fix = why.rpartition("; ")
        yield fail(evidence or why, fix if evidence else "mend that and try again")


def weights(facts: Facts, subject: Subject) -> Iterator[Found]:
    """The weights of one workload are a safe baseline."""
    reading = facts.readings.get(subject.of.name)
    if reading is not None:
        yield from unsafe_weights(reading)


def unsafe_weights(reading: Reading) -> Iterator[Found]:
    """Every reason why the weights of one workload are no safe baseline."""
    for side in Side:
        yield from _unsafe_side(side, reading.side(side))
    blue, green = reading.blue.authoritative, reading.green.authoritative
    if blue == 0:
        yield fail("blue has weight 0 and no users to move", "swap blue and green in `clusters`, if they are")
    if green is not None and green > 0:
        yield fail(f"green already has weight {green}", "set it to 0 before the start")


def _unsafe_side(side: Side, at: SideReading) -> Iterator[Found]:
    if at.declared is None:
        fix = "give it one, in its object and let ExternalDNS follow, or in its target group"
        yield fail(f"{side} carries no readable weight ({at.note or 'absent'})", fix)
    elif at.authoritative is None:
        fix = "let ExternalDNS create its record first; in a listener rule let nobody else have a weight"
        yield fail(f"{side} has no weight that users get ({at.note or 'no record'})", fix)
    elif at.is_disputed and at.source:
        evidence = f"{side} is annotated with {at.declared}, but {at.source.note}"
        yield fail(evidence, "make both say the same before the start")
    elif at.declared != at.authoritative:
        evidence = f"{side} is annotated with {at.declared} but Route 53 has {at.authoritative}"
        yield fail(evidence, "mend its ExternalDNS before the start")


def way_back(facts: Facts, _: Subject) -> Iterator[Found]:
    """The writes of a rollback would be accepted."""
    yield from _against(facts.rehearsed, "let that write be accepted")
    if not facts.rehearsed and all(workload.router.is_direct for workload in facts.plan.workloads):
        yield passed("nothing stands against it; a dry run of such a write there is not")


_ALONE: Final = {
    Router.ROUTE53: ("record", "a Route 53"),
    Router.ALB: ("listener rule", "an Elastic Load Balancing"),
}
"""What has no other way below it: where the weights of these routers stand, and whose service that is."""


def second_way_back(facts: Facts, _: Subject) -> Iterator[Found]:
    """The same weights could be written past their source of truth, as far as that can be known without writing."""
    yield from _against(facts.rescued, "let Route 53 accept changes of that record")
    for router, (where, whose) in _ALONE.items():
        alone = [workload.name for workload in facts.plan.workloads if workload.router is router]
        if alone:
            evidence = f"the {where} is the only way back of {', '.join(alone)}"
            yield warn(evidence, f"know the runbook for {whose} that takes no changes")
    if not facts.rescued and any(not workload.router.is_direct for workload in facts.plan.workloads):
        evidence = "the records of both sides are found and nothing protects them"
        yield passed(f"{evidence}; whether we may change them, Route 53 says only when we do")


def _against(reasons: tuple[str, ...], mend: str) -> Iterator[Found]:
    for why in reasons:
        evidence, _semicolon, fix = why.rpartition("; ")
        yield fail(evidence or why, fix if evidence else mend)


# --- Objects ---------------------------------------------------------------------------------------------------------


def sources(facts: Facts, subject: Subject) -> Iterator[Found]:
    """The objects exist and lead to a load balancer."""
    place = facts.place(subject.of, subject.on)
    if place is None:
        return
    for name in place.missing:
        yield fail(f"{name} does not exist", "create it, or correct crossfade.yaml")
    for source in place.sources:
        if source.lack:
            yield fail(f"{source.name} {source.lack}", source.fix)
        else:
            yield passed(f"{source.name} is served by {source.address}")


def strangers(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Nothing else in the cluster has the same host and set identifier."""
    place = facts.place(subject.of, subject.on)
    if place is None or subject.of.router.is_direct:
        return
    key = subject.of.kind.naming.key
    if place.unlisted:
        reason, _semicolon, _fix = place.unlisted.rpartition("; ")
        fix = "bind the shipped ClusterRole crossfade-neighbours, or make sure by hand"
        yield warn(f"whether another object has {subject.of.host}, too, is not known: {reason}", fix)
    for name in place.strangers:
        evidence = f"{name} has {subject.of.host} and the same set identifier, and only one weight counts"
        fix = (
            f"list it under {key} of {subject.of.name} if it is of that kind, so that both move, or take its host away"
        )
        yield fail(evidence, fix)


def identifiers(facts: Facts, subject: Subject) -> Iterator[Found]:
    """The set identifiers differ, so that each cluster has a record of its own."""
    found = {side: facts.identifier(subject.of, side) for side in Side if facts.sources(subject.of, side)}
    for side, identifier in found.items():
        named = sorted({source.identifier or "none" for source in facts.sources(subject.of, side)})
        if not identifier and len(named) > 1:
            yield fail(f"{side} has several set identifiers ({', '.join(named)})", "give all its objects the same")
        elif not identifier:
            yield fail(f"{side} has no set identifier", "give its object the name of its cluster as set identifier")
    if len(found) == len(Side) and found[Side.BLUE] and found[Side.BLUE] == found[Side.GREEN]:
        fix = "give each cluster's object the name of its own cluster as set identifier"
        yield fail(f"both clusters use the set identifier {found[Side.BLUE]}: there is one record for both", fix)


def hosts(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Both clusters' objects serve the same hosts, that of the workload among them."""
    workload, served = subject.of, dict[Side, frozenset[str]]()
    for side in Side:
        place = facts.place(workload, side)
        if place is not None and place.sources:
            served[side] = place.hosts
    for side, names in served.items():
        if workload.host not in names:
            shown = ", ".join(sorted(names)) or "no host"
            yield fail(f"{side}'s {workload.kind} serves {shown}", f"add {workload.host} to it, or correct the host")
    if len(served) == len(Side) and (odd := served[Side.BLUE] ^ served[Side.GREEN]) - {workload.host}:
        one = ", ".join(sorted(odd - {workload.host}))
        yield fail(f"only one cluster's {workload.kind} serves {one}", "give both the same hosts")


# --- Records ---------------------------------------------------------------------------------------------------------


def _addresses(records: tuple[RecordFacts, ...]) -> tuple[RecordFacts, ...]:
    return tuple(record for record in records if record.type in ADDRESSES)


def policy(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Every address record of the host is weighted, and belongs to blue or green."""
    workload = subject.of
    records = _addresses(facts.records(workload))
    for record in records:
        if record.policy != "weighted":
            fix = "remove it, or give it a set identifier and a weight on both sides"
            yield fail(f"its {record.type} record is {record.policy}, so weights do not rule it", fix)
    ours = {facts.identifier(workload, side) for side in Side}
    for record in records:
        if record.policy == "weighted" and record.identifier not in ours:
            evidence = f"a third {record.type} record, {record.identifier}, has weight {record.weight}"
            fix = "remove it: its users belong to neither blue nor green"
            yield fail(evidence, fix) if record.weight else warn(evidence, fix)


def types(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Both clusters have records of the same types."""
    workload = subject.of
    blue, green = ({record.type for record in _addresses(facts.records_of(workload, side))} for side in Side)
    if not blue or not green or blue == green:
        return
    balancer = facts.balancer(workload, Side.GREEN)
    evidence = f"blue has {_list(blue)} records, green has {_list(green)}"
    fix = "let both ExternalDNS keep the same types; from v0.16 on it adds AAAA"
    if "AAAA" in green - blue and (balancer is None or balancer.dualstack):
        yield fail(f"{evidence}: green is alone with IPv6 users, whatever its weight", fix)
    elif green - blue - {"AAAA"}:
        yield fail(f"{evidence}: green is alone with {_list(green - blue)}, whatever its weight", fix)
    else:
        yield warn(evidence, fix)


def _list(names: set[str]) -> str:
    return " and ".join(sorted(names)) or "no"


def ownership(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Each cluster's ownership record is there and names that cluster's ExternalDNS."""
    workload, side = subject.of, subject.on
    records, controller = facts.records_of(workload, side), facts.controller(side)
    if workload.router.is_direct or not records:
        return
    owners = sorted({record.owner for record in records if record.type == "TXT" and record.owner})
    if not owners:
        fix = "write it anew, as ExternalDNS does: with its owner id, and this cluster's set identifier and weight"
        yield fail("there is no ownership record (TXT), so ExternalDNS does not touch the weight", fix)
    elif controller is not None and owners != [controller.owner]:
        evidence = f"the records belong to {', '.join(owners)}, its ExternalDNS is {controller.owner}"
        yield fail(evidence, "give ExternalDNS the --txt-owner-id that stands in the TXT record")
    else:
        yield passed(f"the records belong to {owners[0]}")


def twins(facts: Facts, _: Subject) -> Iterator[Found]:
    """No other zone answers for the same names."""
    zone = facts.plan.zone
    for other in facts.estate.twins if facts.estate else ():
        if other.private:
            evidence = f"there is a private zone {zone.name}, too ({other.id}): its VPCs see its records, not ours"
            yield warn(evidence, "move the clients in those VPCs as well, or remove the hosts from that zone")
        else:
            evidence = f"there is a second public zone {zone.name} ({other.id})"
            yield warn(evidence, f"make sure that the name servers of the domain are those of {zone.id}")


CHECKS: Final = (
    Check(
        "answers",
        "both API servers, Route 53, the load balancers and CloudWatch answer",
        "An API server, Route 53, Elastic Load Balancing or CloudWatch does not let itself be read.",
        "The message says which permission or endpoint is missing.",
        the_plan,
        answers,
    ),
    Check(
        "weights",
        "declared and shown weights agree, blue has the users and green has none",
        "A weight is absent or unreadable, a record shows another one, blue has weight 0, or green more than 0.",
        "Give the object a weight, let ExternalDNS follow, or swap the clusters.",
        each_workload,
        weights,
    ),
    Check(
        "way-back",
        "a dry run of the rollback is accepted in both clusters",
        "The API server refuses a dry run of the very write that a rollback makes.",
        "Bind the shipped Role; let admission policies accept the two annotations.",
        the_plan,
        way_back,
    ),
    Check(
        "second-way-back",
        "the records themselves could be written instead, as far as that can be known without writing",
        "A record of blue or green is missing, or Route 53 protects it. Warns where the record is the first way, too.",
        "Create the record, or delete its protection.",
        the_plan,
        second_way_back,
    ),
    Check(
        "source",
        "the Ingress, Service, HTTPRoute or DNSEndpoint exists and leads to a load balancer",
        "The object does not exist, has no load balancer in its status, is a Service of another type than "
        "LoadBalancer, or no Gateway has accepted it.",
        "Look at the events or conditions of the object.",
        each_host_place,
        sources,
    ),
    Check(
        "shared-host",
        "no other object of the cluster has the same host and set identifier",
        "Another object has both, so its weight may be the one that counts. Warns when objects may not be listed.",
        "Name all objects of a host in `workloads`, or take the host from the others.",
        each_host_place,
        strangers,
    ),
    Check(
        "identifiers",
        "the set identifiers of both clusters differ",
        "A set identifier is missing, or is the same in both clusters.",
        "Use the name of the cluster as set identifier.",
        each_host,
        identifiers,
    ),
    Check(
        "hosts",
        "the objects of both clusters serve the same hosts",
        "An object lacks the host of the workload, or serves a host that the other cluster's does not.",
        "Give both the same hosts.",
        each_host,
        hosts,
    ),
    Check(
        "record-policy",
        "every address record is weighted and belongs to blue or green",
        "A record of the host is simple or has another policy; a third record has a weight (with weight 0: warns).",
        "Remove that record.",
        each_host,
        policy,
    ),
    Check(
        "record-types",
        "both clusters have records of the same types",
        "Green alone has AAAA records and a dualstack load balancer. Any other difference in AAAA warns.",
        "Let both ExternalDNS keep the same types.",
        each_host,
        types,
    ),
    Check(
        "ownership",
        "the ownership record names this cluster's ExternalDNS",
        "The TXT record of a host is missing or names another owner than the cluster's ExternalDNS.",
        "Restore the TXT record, or the --txt-owner-id.",
        each_host_place,
        ownership,
    ),
    Check(
        "zone-twin",
        "no other zone has the same name",
        "Warns: there is a private or a second public zone with the same name.",
        "Move clients of the other zone, too.",
        the_zone,
        twins,
    ),
)
