"""The plan of one migration: what moves, in which stages, judged by which alarms.

A plan is resolved once from the deployed configuration and the input of the execution, stored in the ledger, and
never changed. This file knows no YAML; `config` reads that.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from pydantic import BaseModel, ConfigDict

from crossfade.core.convergence import AT_ONCE, Convergence, slowest, through_dns
from crossfade.core.source import Source, SourceKind
from crossfade.core.statistics import requests_needed
from crossfade.core.weight import PERCENT, Side, Split


class Model(BaseModel):
    """An immutable record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Router(StrEnum):
    """How a workload's weight reaches its users."""

    EXTERNAL_DNS = "external_dns"  # the weight in an object that ExternalDNS reads
    ROUTE53 = "route53"  # the record itself
    ALB = "alb"  # the weights of two target groups behind one Application Load Balancer
    ARGOCD = "argocd"  # what Argo CD renders that annotation from, and then the annotation

    @property
    def is_direct(self) -> bool:
        """Whether it writes the authority itself: then there is no rung below it, and nobody who carries a weight."""
        return self in (Router.ROUTE53, Router.ALB)

    @property
    def is_dns(self) -> bool:
        """Whether the weights stand in DNS, so that name servers and resolvers follow late."""
        return self is not Router.ALB


class Gate(StrEnum):
    """What must happen, beside good health, before a stage is left."""

    NONE = "none"
    APPROVAL = "approval"


class OnFailure(StrEnum):
    """What goes back when a workload fails in the course of a plan."""

    ALL = "all"  # every workload
    WAVE = "wave"  # its wave and what comes after that; waves that are complete stay on green
    WORKLOAD = "workload"  # it alone and the waves after its own; the others go on


class Cluster(Model):
    """
    An Amazon EKS cluster.

    Attributes:
        name: Its EKS name.
        region: Its AWS Region.
    """

    name: str
    region: str


class HostedZone(Model):
    """A Route 53 hosted zone: its id (`Z…`) and its name without a trailing dot."""

    id: str
    name: str


class Identifiers(Model):
    """The set identifiers of a host's weighted records: one a cluster."""

    blue: str
    green: str

    def of(self, side: Side) -> str:
        """The set identifier of *side*."""
        return self.blue if side is Side.BLUE else self.green


class ListenerRule(Model):
    """
    The rule of a load balancer that shares requests out among two target groups, one a cluster.

    Attributes:
        rule: ARN of the listener rule; of the listener, for its default action.
        blue: ARN of blue's target group.
        green: ARN of green's.
        binding: Name of the TargetGroupBinding, the same in both clusters.
    """

    rule: str
    blue: str
    green: str
    binding: str

    def group(self, side: Side) -> str:
        """ARN of the target group of *side*."""
        return self.blue if side is Side.BLUE else self.green


class SecretKey(Model):
    """
    Write point A: an annotation of the Secret by which Argo CD knows a cluster. ApplicationSets render from it.

    Attributes:
        name: Of the Secret; `{cluster}` stands for the name of the side's cluster.
        key: Of the annotation, such as `route53_weight`.
    """

    name: str
    key: str


class HelmParameter(Model):
    """
    Write point B: a Helm parameter of one Application.

    Attributes:
        application: Its name; `{cluster}` stands for the name of the side's cluster.
        name: Of the parameter, such as `spec.ingress.route53_weight`.
        source: Which of `spec.sources` has the chart, from 0; None for the one `spec.source`.
    """

    application: str
    name: str
    source: int | None = None


class ArgoCd(Model):
    """
    What Argo CD renders the weight of a workload from: a Secret's annotation or a Helm parameter, never both.

    Attributes:
        applications: Names of the Applications from there to the Ingress; `{cluster}` as above.
        namespace: Of Argo CD's objects.
        hub: The cluster where Argo CD runs for both sides; None when each side has its own.
        secret: Write point A.
        parameter: Write point B.
    """

    applications: tuple[str, ...] = ()
    namespace: str = "argocd"
    hub: Cluster | None = None
    secret: SecretKey | None = None
    parameter: HelmParameter | None = None

    def on(self, cluster: str) -> "ArgoCd":
        """The same for the side whose cluster is called *cluster*, with every name in full."""
        secret, parameter = self.secret, self.parameter
        if secret:
            secret = secret.model_copy(update={"name": _in_full(secret.name, cluster)})
        names = [_in_full(name, cluster) for name in self.applications]
        if parameter:
            parameter = parameter.model_copy(update={"application": _in_full(parameter.application, cluster)})
            names.insert(0, parameter.application)
        changes = {"secret": secret, "parameter": parameter, "applications": tuple(dict.fromkeys(names))}
        return self.model_copy(update=changes)

    @property
    def source(self) -> tuple[str, ...]:
        """What is written, for comparing: workloads with the same one move together."""
        what = self.secret or self.parameter
        named = [str(value) for value in what.model_dump().values()] if what else []
        return (self.hub.name if self.hub else "", self.namespace, type(what).__name__, *named)


def _in_full(name: str, cluster: str) -> str:
    return name.replace("{cluster}", cluster)


class Scheme(StrEnum):
    """How a probe speaks to a load balancer."""

    HTTPS = "https"
    HTTP = "http"  # no certificate is looked at


class ProbeRequest(Model):
    """
    The request with which each side's load balancer is asked whether it answers for a host.

    Attributes:
        path: What is asked for, with its query; begins with a slash.
        status: The answers that are good, 200 to 599. A redirect is not followed: it is an answer.
        scheme: With TLS or without.
        port: 1 to 65535; None for that of the scheme.
    """

    path: str = "/"
    status: tuple[int, ...] = (200,)
    scheme: Scheme = Scheme.HTTPS
    port: int | None = None

    @property
    def at_port(self) -> int:
        """The port that is asked."""
        return self.port or (443 if self.scheme is Scheme.HTTPS else 80)


class Acknowledged(StrEnum):
    """What may run on both sides at once, because people say that it is right."""

    CRONJOBS = "cronjobs"
    CONSUMERS = "consumers"


class Workload(Model):
    """
    One host whose traffic moves, and what is behind it in both clusters: objects of one kind, or target groups.

    Attributes:
        name: What people call it; unique in a plan.
        namespace: Of its objects, the same in both clusters.
        ingress: Name of its Ingress, or of its Ingresses, the same in both clusters; None when it has none.
        service: Likewise of its Service.
        http_route: Likewise of its HTTPRoute.
        dns_endpoint: Likewise of its DNSEndpoint.
        host: The DNS name that users ask for, lower case, without a trailing dot.
        router: How the weight reaches users.
        identifiers: Of its records; None when only its objects know them.
        alb: What carries the weights, with the router alb; otherwise None.
        argocd: What its weight is rendered from; only with the router argocd.
        alarms: Names of the CloudWatch alarms, metric or composite, that judge green.
        requests_per_second: Expected at the time of a migration, on both clusters together; None when unknown.
        probe: What both sides are asked directly; None for nothing.
        consumers: Names of Deployments in its namespace that take work from a queue.
        acknowledge: What of its namespace may run on both sides at once.
        switch: Whether green's record has a health check that takes green out when Route 53 takes no changes.
    """

    name: str
    namespace: str
    ingress: str | tuple[str, ...] | None = None
    service: str | tuple[str, ...] | None = None
    http_route: str | tuple[str, ...] | None = None
    dns_endpoint: str | tuple[str, ...] | None = None
    host: str
    router: Router
    identifiers: Identifiers | None = None
    alb: ListenerRule | None = None
    argocd: ArgoCd | None = None
    alarms: tuple[str, ...]
    requests_per_second: float | None = None
    probe: ProbeRequest | None = None
    consumers: tuple[str, ...] = ()
    acknowledge: tuple[Acknowledged, ...] = ()
    switch: bool = False

    @property
    def listener_rule(self) -> ListenerRule:
        """
        What carries its weights, for the router alb.

        Raises:
            ValueError: It has none; the configuration lets no such workload through.
        """
        if self.alb is None:
            msg = f"{self.name}: the router {self.router} has no listener rule; add `alb` to crossfade.yaml"
            raise ValueError(msg)
        return self.alb

    def lease_unit(self, zone: HostedZone) -> str:
        """What nobody else may move at the same time: the listener rule, or else the host in its *zone*."""
        return f"alb/{self.alb.rule}" if self.alb else f"dns/{zone.id}/{self.host}"

    @property
    def sources(self) -> tuple[Source, ...]:
        """The objects in which its weight stands, in the order of the configuration."""
        named: dict[SourceKind, str | tuple[str, ...] | None] = {
            kind: getattr(self, kind.naming.attribute) for kind in SourceKind
        }
        return tuple(
            Source(kind, self.namespace, name)
            for kind, names in named.items()
            for name in ((names,) if isinstance(names, str) else names or ())
        )

    @property
    def objects(self) -> tuple[str, ...]:
        """What stands behind its host in both clusters, by name, for people."""
        if self.alb is not None:
            return (f"TargetGroupBinding {self.namespace}/{self.alb.binding}",)
        return tuple(map(str, self.sources))

    @property
    def kind(self) -> SourceKind:
        """The kind of its objects."""
        return self.sources[0].kind


class Wave(Model):
    """
    Workloads that move together, stage by stage, before the next wave begins.

    Attributes:
        name: Unique in a plan.
        workloads: Names, at least one.
        after: Names of earlier waves without which this one is not to be on green.
    """

    name: str
    workloads: tuple[str, ...]
    after: tuple[str, ...] = ()


class Stage(Model):
    """
    One step of the plan, of one wave.

    Attributes:
        share_percent: The wanted share of traffic on green, above 0 to 100.
        blue: Blue's weight at this stage, 0 to 255.
        green: Green's weight at this stage, 0 to 255.
        bake: How long the stage is watched once traffic has moved.
        gate: What else must happen before it is left.
        wave: Index of the wave that moves in it.
    """

    share_percent: float
    blue: int
    green: int
    bake: timedelta
    gate: Gate = Gate.NONE
    wave: int = 0

    @property
    def split(self) -> Split:
        """The weights of this stage."""
        return Split(self.blue, self.green)


class Timing(Model):
    """
    How long things may take. The defaults fit ExternalDNS with an interval of one minute.

    Attributes:
        poll: Between two looks at alarms, weights or signals.
        settle: After Route 53 lists a weight, until every name server answers so: "generally within 60 seconds".
            Nothing but raising blue happens earlier. Only for routers that use DNS; see `Plan.convergence`.
        margin: From "Route 53 shows the weight" to "the bake begins": the 60 s TTL of an ELB alias. Likewise.
        propagation: How long a written weight may take to be shown; then it is `NotPropagated`.
        patience: By how much inconclusive evidence may extend a bake; then the stage counts as bad.
        rollback: How long a rollback may take to be read back; then it is `RollbackUnconfirmed`.
    """

    poll: timedelta = timedelta(seconds=30)
    settle: timedelta = timedelta(seconds=75)
    margin: timedelta = timedelta(seconds=60)
    propagation: timedelta = timedelta(minutes=5)
    patience: timedelta = timedelta(minutes=10)
    rollback: timedelta = timedelta(minutes=15)


class Evidence(Model):
    """
    What is asked of the requests themselves, beside the alarms. The defaults fit a service that fails rarely.

    Attributes:
        max_error_rate: How many percent of green's requests may fail, above 0 to 50.
        max_excess: How many percent more than blue's may fail, 0 or more; None for a tenth of *max_error_rate*.
        min_requests: How many requests green must have had before a stage is left; None for as many as prove the
            tolerated error rate, if none of them fails (the rule of three).
    """

    max_error_rate: float = 1.0
    max_excess: float | None = None
    min_requests: int | None = None

    @property
    def tolerated(self) -> float:
        """The part of green's requests that may fail, 0 to 1."""
        return self.max_error_rate / PERCENT

    @property
    def excess(self) -> float:
        """The part of green's requests that may fail beyond what fails on blue, 0 to 1."""
        return self.tolerated / 10 if self.max_excess is None else self.max_excess / PERCENT

    @property
    def requests(self) -> int:
        """How many requests green must have had."""
        return requests_needed(self.tolerated) if self.min_requests is None else self.min_requests


class Plan(Model):
    """
    All that one migration does, fixed before it starts.

    Attributes:
        name: Of the plan in the configuration.
        blue: The cluster that has the users.
        green: The cluster that gets them.
        zone: The hosted zone of every host.
        workloads: What moves.
        stages: In order, those of one wave after those of another; in each wave shares rise and end at 100.
        waves: In order, each workload in one of them; empty when all workloads move together.
        on_failure: What goes back when a workload fails.
        soak: How long green is watched with all traffic before the migration is complete.
        timing: How long things may take.
        evidence: What is asked of the requests.
        failed_requests: How many requests may fail, beyond blue's own rate; None without a budget.
        not_after: The latest instant at which this migration may start; None for any.
        dry_run: Whether to stop after the preflight, before anything is written.
        approver_is_another: Whether whoever started a migration may not approve its stages.
    """

    name: str
    blue: Cluster
    green: Cluster
    zone: HostedZone
    workloads: tuple[Workload, ...]
    stages: tuple[Stage, ...]
    waves: tuple[Wave, ...] = ()
    on_failure: OnFailure = OnFailure.ALL
    soak: timedelta
    timing: Timing = Timing()
    evidence: Evidence = Evidence()
    failed_requests: int | None = None
    not_after: datetime | None = None
    dry_run: bool = False
    approver_is_another: bool = False

    def cluster(self, side: Side) -> Cluster:
        """The cluster on *side*."""
        return self.blue if side is Side.BLUE else self.green

    @property
    def convergence(self) -> Convergence:
        """How its weights reach users: all workloads move together, so the slowest router counts."""
        return slowest(_convergence(workload.router, self.timing) for workload in self.workloads)

    @property
    def alarms(self) -> tuple[str, ...]:
        """The names of all alarms, each once, in order."""
        return alarms_of(self.workloads)

    @property
    def requests_per_second(self) -> dict[str, float] | None:
        """What is expected, by workload; None unless it is known of all."""
        rates = {workload.name: workload.requests_per_second for workload in self.workloads}
        known = {name: rate for name, rate in rates.items() if rate is not None}
        return known if len(known) == len(rates) else None

    @property
    def lease_units(self) -> tuple[str, ...]:
        """What this migration must hold alone: the host in its zone or the rule, not the name of a workload."""
        return tuple(sorted(workload.lease_unit(self.zone) for workload in self.workloads))


def _convergence(router: Router, timing: Timing) -> Convergence:
    match router:
        case Router.EXTERNAL_DNS | Router.ARGOCD:
            return through_dns(timing.settle, timing.margin, carried=True)
        case Router.ROUTE53:
            return through_dns(timing.settle, timing.margin, carried=False)
        case Router.ALB:
            return AT_ONCE
        case _:
            assert_never(router)


def alarms_of(workloads: Iterable[Workload]) -> tuple[str, ...]:
    """The names of all alarms of *workloads*, each once, in order."""
    return tuple(dict.fromkeys(name for workload in workloads for name in workload.alarms))
