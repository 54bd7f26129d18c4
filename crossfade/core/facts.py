"""What is read of an estate before the first write: plain values, for the checks of `preflight`.

This file knows no API. An empty text or None says that something is not there; `unread` says that it was not to be
read, which is never taken for being in order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from crossfade.core.facts_argocd import ArgoCdFacts
from crossfade.core.plan import Plan
from crossfade.core.probe import Answers
from crossfade.core.running import RunningFacts
from crossfade.core.traffic import Reading
from crossfade.core.verdict import Alarm
from crossfade.core.weight import Side
from crossfade.core.workload import Workload

ADDRESSES: Final = frozenset({"A", "AAAA", "CNAME"})
"""Types of records that lead users somewhere."""
KEEP_ALIVE_DEFAULT: Final = timedelta(hours=1)
"""Of an Application Load Balancer: `client_keep_alive.seconds`."""
DRAINING_DEFAULT: Final = timedelta(minutes=5)
"""Of a target group: `deregistration_delay.timeout_seconds`."""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """
    An object of which ExternalDNS makes records: an Ingress, a Service, an HTTPRoute or a DNSEndpoint.

    Attributes:
        name: For people, such as `Ingress team-burnham/burnham-ingress`.
        hosts: Of which records are made, lower case.
        address: DNS name of the load balancer to which they lead; empty while there is none.
        identifier: Its set identifier; empty when it has none.
        prefixes: The annotation prefixes under which it carries a weight; none for a DNSEndpoint.
        lack: Why no record leads from it to a load balancer; empty when one does.
        fix: What to do about that.
    """

    name: str
    hosts: tuple[str, ...]
    address: str
    identifier: str
    prefixes: tuple[str, ...]
    lack: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class InsightFacts:
    """
    What Amazon EKS finds in the way of an upgrade.

    Attributes:
        name: Of the insight.
        version: Of Kubernetes that it is about.
        status: `WARNING` or `ERROR`.
        reason: Why, in Amazon's words.
        recommendation: What Amazon says to do.
    """

    name: str
    version: str
    status: str
    reason: str
    recommendation: str


@dataclass(frozen=True, slots=True)
class TargetGroupFacts:
    """
    A target group.

    Attributes:
        name: Its name.
        healthy: How many of its targets are healthy.
        registered: How many targets it has.
        sticky: How long a client stays with one target; None when it does not.
        draining: How long requests under way may go on at a target that is taken out.
    """

    name: str
    healthy: int
    registered: int
    sticky: timedelta | None = None
    draining: timedelta = DRAINING_DEFAULT


@dataclass(frozen=True, slots=True)
class BalancerFacts:
    """
    A load balancer.

    Attributes:
        dimension: As CloudWatch names it, `app/<name>/<id>`.
        state: `active`, `provisioning`, `active_impaired` or `failed`.
        kind: `application`, `network` or `gateway`.
        dualstack: Whether it has IPv6 addresses.
        groups: Its target groups.
        keep_alive: How long a client may keep a connection open.
    """

    dimension: str
    state: str
    kind: str
    dualstack: bool
    groups: tuple[TargetGroupFacts, ...]
    keep_alive: timedelta = KEEP_ALIVE_DEFAULT


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """
    One workload in one cluster.

    Attributes:
        sources: Those of its objects that are there.
        balancer: The load balancer to which they lead, or that of the listener rule with the one target group of this
            cluster; None when there is none in the account.
        missing: Names of those that are not there, for people.
        strangers: Names of further objects of the cluster with its host and set identifier, for people.
        unlisted: Why further objects could not be looked for; empty when they could.
        binding: What its TargetGroupBinding leads to, the ARN or the name of a target group; None when there is none.
    """

    sources: tuple[SourceFacts, ...]
    balancer: BalancerFacts | None
    missing: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    unlisted: str = ""
    binding: str | None = None

    @property
    def address(self) -> str:
        """To which load balancer they lead: the first that one of them names."""
        return next((source.address for source in self.sources if source.address), "")

    @property
    def identifier(self) -> str:
        """Their set identifier; empty when they have none, or several."""
        found = {source.identifier for source in self.sources}
        return found.pop() if len(found) == 1 else ""

    @property
    def hosts(self) -> frozenset[str]:
        """All their hosts."""
        return frozenset(host for source in self.sources for host in source.hosts)


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """
    A listener rule, or the default action of a listener.

    Attributes:
        groups: The weights of its target groups, 0 to 999, by ARN.
        sticky: How long a user stays with one target group, whatever the weights; None when nobody does.
        owner: The tag of the load balancer controller that owns it; empty when none does.
        is_default: Whether it is a default rule, which only its listener can change.
    """

    groups: Mapping[str, int]
    sticky: timedelta | None = None
    owner: str = ""
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """
    A record set of a host, or of the names at which ExternalDNS says who owns the records of that host.

    Attributes:
        type: `A`, `AAAA`, `CNAME`, `TXT`, …
        identifier: Its SetIdentifier; empty for a simple record.
        weight: 0 to 255; None for a record that is not weighted.
        policy: Its routing policy, such as `weighted`, `simple` or `latency`.
        target: The DNS name that it leads to, for an alias or a CNAME.
        owner: Who owns the host's records, for an ownership record (TXT); otherwise empty.
        follows_health: Whether Route 53 looks at the health of the target.
        health_check: Id of the health check that it carries; empty for none.
    """

    type: str
    identifier: str
    weight: int | None
    policy: str
    target: str = ""
    owner: str = ""
    follows_health: bool = False
    health_check: str = ""


@dataclass(frozen=True, slots=True)
class HealthCheckFacts:
    """
    A health check.

    Attributes:
        alarm: Name of the alarm that it follows; empty for none.
        is_as_deployed: Whether it is neither inverted nor disabled, and keeps its last status when there are no data.
        healthy: How it is; None when that is not known.
    """

    alarm: str
    is_as_deployed: bool = True
    healthy: bool | None = None


@dataclass(frozen=True, slots=True)
class ControllerFacts:
    """
    The ExternalDNS of one cluster, as its Deployment runs it.

    Attributes:
        ready: How many of its pods are ready.
        prefix: Of the annotations it reads; empty when neither flag nor image tells.
        owner: `--txt-owner-id`.
        policy: `--policy`.
        registry: `--registry`.
        sources: `--source`.
        domains: `--domain-filter`; empty for all domains.
        dry_run: Whether it only pretends.
        interval: Between two loops; None when it is not readable.
        cache: How old the records may be on which it decides.
        events: Whether a change of an object starts a loop as well.
    """

    ready: int
    prefix: str
    owner: str
    policy: str
    registry: str
    sources: tuple[str, ...]
    domains: tuple[str, ...]
    dry_run: bool
    interval: timedelta | None
    cache: timedelta = timedelta(0)
    events: bool = False


@dataclass(frozen=True, slots=True)
class WatchFacts:
    """
    What an alarm watches.

    Attributes:
        balancers: Values of its metrics' `LoadBalancer` dimensions, and of `TargetGroup`.
        speed: Period times data points to alarm: how long a fault lasts before it fires, at least.
        children: The alarms in the rule of a composite.
    """

    balancers: tuple[str, ...] = ()
    speed: timedelta = timedelta(0)
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """Another hosted zone with the name of ours: its id, and whether only VPCs see it."""

    id: str
    private: bool


@dataclass(frozen=True, slots=True)
class EstateFacts:
    """
    The estate of a plan.

    Attributes:
        places: By name of the workload and side.
        records: Of each workload's host, by name of the workload.
        controllers: The ExternalDNS of each side; None when it was not to be seen.
        watches: What the alarms watch, by name, the children of composites included.
        balancers: The dimensions of every load balancer and target group that there is, in the Regions of both sides.
        twins: Other zones with the same name.
        running: What runs in each cluster.
        insights: Those of EKS that do not pass, by side; None when they may not be read.
        rules: Of the workloads behind a listener rule, by name of the workload; None for one that does not exist.
        argocd: Of the workloads that Argo CD renders, by name of the workload and side.
        health_checks: Those that records of workloads with a switch carry, by id; None for one that is not ours.
    """

    places: Mapping[tuple[str, Side], PlaceFacts]
    records: Mapping[str, tuple[RecordFacts, ...]]
    controllers: Mapping[Side, ControllerFacts | None]
    watches: Mapping[str, WatchFacts] = field(default_factory=dict)
    balancers: frozenset[str] = frozenset()
    twins: tuple[ZoneFacts, ...] = ()
    rules: Mapping[str, RuleFacts | None] = field(default_factory=dict)
    running: Mapping[Side, RunningFacts] = field(default_factory=dict)
    insights: Mapping[Side, tuple[InsightFacts, ...] | None] = field(default_factory=dict)
    argocd: Mapping[tuple[str, Side], ArgoCdFacts] = field(default_factory=dict)
    health_checks: Mapping[str, HealthCheckFacts | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """
    Everything that the checks look at.

    Attributes:
        plan: What is going to be run.
        readings: The weights, by name of the workload.
        alarms: The plan's alarms and the children of composites, by name.
        rehearsed: What stands against writing a rollback through the workloads' own routers.
        rescued: What stands against writing it to Route 53 itself.
        estate: The rest; None when it was not to be read.
        probes: What the load balancers answered, by name of the workload; all that have a probe.
        unread: What was not to be read, and why.
    """

    plan: Plan
    readings: Mapping[str, Reading]
    alarms: Mapping[str, Alarm]
    rehearsed: tuple[str, ...] = ()
    rescued: tuple[str, ...] = ()
    estate: EstateFacts | None = None
    probes: Mapping[str, Answers] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def place(self, workload: Workload, side: Side) -> PlaceFacts | None:
        """The workload in the cluster of *side*, if it was read."""
        return self.estate.places.get((workload.name, side)) if self.estate else None

    def sources(self, workload: Workload, side: Side) -> tuple[SourceFacts, ...]:
        """Those of its objects that are there."""
        place = self.place(workload, side)
        return place.sources if place else ()

    def balancer(self, workload: Workload, side: Side) -> BalancerFacts | None:
        """Its load balancer, if there is one."""
        place = self.place(workload, side)
        return place.balancer if place else None

    def rule(self, workload: Workload) -> RuleFacts | None:
        """Its listener rule, if there is one."""
        return self.estate.rules.get(workload.name) if self.estate else None

    def records(self, workload: Workload) -> tuple[RecordFacts, ...]:
        """The records of its host."""
        return self.estate.records.get(workload.name, ()) if self.estate else ()

    def records_of(self, workload: Workload, side: Side) -> tuple[RecordFacts, ...]:
        """Those of them that lead to *side*."""
        identifier = self.identifier(workload, side)
        return tuple(record for record in self.records(workload) if identifier and record.identifier == identifier)

    def identifier(self, workload: Workload, side: Side) -> str:
        """The set identifier of its records: as configured, else as its objects have it; empty when there is none."""
        if workload.identifiers is not None:
            return workload.identifiers.of(side)
        place = self.place(workload, side)
        return place.identifier if place else ""

    def running(self, side: Side) -> RunningFacts | None:
        """What runs on *side*, if it was read."""
        return self.estate.running.get(side) if self.estate else None

    def controller(self, side: Side) -> ControllerFacts | None:
        """The ExternalDNS of *side*, if it was to be seen."""
        return self.estate.controllers.get(side) if self.estate else None
