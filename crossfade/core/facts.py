"""What is read of an estate before the first write: plain values, for the checks of `preflight`.

This file knows no API. An empty text or None says that something is not there; `unread` says that it was not to be
read, which is never taken for being in order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from crossfade.core.facts_argocd import ArgoCdFacts
from crossfade.core.facts_places import BalancerFacts, PlaceFacts, RecordFacts, RuleFacts, SourceFacts
from crossfade.core.plan import Plan
from crossfade.core.probe import Answers
from crossfade.core.running import RunningFacts
from crossfade.core.traffic import Reading
from crossfade.core.verdict import Alarm
from crossfade.core.weight import Side
from crossfade.core.workload import Workload


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
