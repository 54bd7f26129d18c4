"""One host whose traffic moves: its objects, its way to its users, and what judges and probes it.

Fixed with the plan, never changed. This file knows no stage and no YAML; `blocks.workloads` reads that.
"""

from collections.abc import Iterable
from enum import StrEnum

from crossfade.core.argocd import ArgoCd
from crossfade.core.model import Model
from crossfade.core.places import HostedZone
from crossfade.core.source import Source, SourceKind
from crossfade.core.weight import Side


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


def alarms_of(workloads: Iterable[Workload]) -> tuple[str, ...]:
    """The names of all alarms of *workloads*, each once, in order."""
    return tuple(dict.fromkeys(name for workload in workloads for name in workload.alarms))
