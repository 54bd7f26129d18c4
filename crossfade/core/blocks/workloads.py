"""What `crossfade.yaml` may say of one workload: its objects, its way to its users, what judges and probes it.

What needs two fields at once stands in `rules`.
"""

from typing import Annotated

from pydantic import Field, Strict

from crossfade.core.blocks.argocd import ArgoCdConfig
from crossfade.core.forms import (
    AlarmName,
    DnsName,
    Label,
    ObjectName,
    ObjectNames,
    RuleArn,
    SetIdentifier,
    TargetGroupArn,
    UrlPath,
)
from crossfade.core.workload import Acknowledged, Identifiers, ListenerRule, ProbeRequest, Router, Scheme, Workload

Rate = Annotated[float, Strict(), Field(gt=0, allow_inf_nan=False)]
Status = Annotated[int, Strict(), Field(ge=200, le=599)]
Port = Annotated[int, Strict(), Field(ge=1, le=65_535)]


class IdentifiersConfig(Identifiers):
    """The set identifiers of a host's weighted records in Route 53."""

    blue: SetIdentifier = Field(description="Of the record that leads to blue.")
    green: SetIdentifier = Field(description="Of the record that leads to green.")


class ListenerRuleConfig(ListenerRule):
    """The rule of a load balancer that forwards to two target groups with weights."""

    rule: RuleArn = Field(
        description="The ARN of the listener rule; or of the listener, if its default action carries the weights."
    )
    blue: TargetGroupArn = Field(description="The ARN of the target group in which blue registers its pods.")
    green: TargetGroupArn = Field(description="The ARN of the target group in which green registers its pods.")
    binding: ObjectName = Field(description="The name of the TargetGroupBinding, the same in both clusters.")


class ProbeConfig(ProbeRequest):
    """A request to the load balancer of each side, past DNS: before the first write, and while a stage bakes."""

    path: UrlPath = Field(default="/", description="What is asked for, such as /healthz.")
    status: tuple[Status, ...] = Field(
        default=(200,), min_length=1, description="The answers that are good. A redirect is not followed."
    )
    scheme: Scheme = Field(
        default=Scheme.HTTPS,
        description="https: the certificate has to be good for the host; http: none is looked at.",
    )
    port: Port | None = Field(default=None, description="The port that is asked; 443 for https, 80 for http.")


class WorkloadConfig(Workload):
    """One host whose traffic moves, and the objects behind it in both clusters, which are all of one kind."""

    name: Label = Field(description="What people call it; each workload has its own name.")
    namespace: Label = Field(description="The namespace of its objects, the same in both clusters.")
    ingress: ObjectNames | None = Field(
        default=None,
        description="The name of its Ingress, the same in both clusters; a list, if several Ingresses have the host.",
    )
    service: ObjectNames | None = Field(
        default=None, description="Instead of `ingress`: the name of its Service of type LoadBalancer, or several."
    )
    http_route: ObjectNames | None = Field(
        default=None,
        alias="httpRoute",
        description="Instead of `ingress`: the name of its HTTPRoute (Gateway API), or several.",
    )
    dns_endpoint: ObjectNames | None = Field(
        default=None,
        alias="dnsEndpoint",
        description="Instead of `ingress`: the name of its DNSEndpoint (ExternalDNS's own resource), or several.",
    )
    host: DnsName = Field(description="The DNS name that users ask for, in the hosted zone.")
    router: Router = Field(
        default=Router.EXTERNAL_DNS,
        description="How the weight reaches users: external_dns writes the weight that ExternalDNS reads; "
        "route53 writes the weighted records themselves, where no ExternalDNS keeps them; alb writes the weights of "
        "two target groups into a listener rule; argocd writes what Argo CD renders that annotation from, and then "
        "the annotation.",
    )
    identifiers: IdentifiersConfig | None = Field(
        default=None,
        description="Only with the router route53, which needs them; ExternalDNS's are read from its objects.",
    )
    alb: ListenerRuleConfig | None = Field(
        default=None, description="Only with the router alb, which needs it: the rule and its two target groups."
    )
    argocd: ArgoCdConfig | None = Field(
        default=None, description="Only with the router argocd, which needs it: what the weight is rendered from."
    )
    alarms: tuple[AlarmName, ...] = Field(
        min_length=1, description="CloudWatch alarms, metric or composite, that judge green. One in ALARM rolls back."
    )
    requests_per_second: Rate | None = Field(
        default=None,
        alias="requestsPerSecond",
        description="Requests expected while a migration runs; with it, `crossfade plan` says how many may fail.",
    )
    probe: ProbeConfig | None = Field(
        default=None,
        description="A request that both sides are asked directly; `{}` asks for / over HTTPS.",
    )
    consumers: tuple[ObjectName, ...] = Field(
        default=(), description="Deployments in the namespace that take work from a queue, so that both sides share it."
    )
    acknowledge: tuple[Acknowledged, ...] = Field(
        default=(),
        description="What may run on both sides at once: cronjobs, consumers. Until it is said, the preflight refuses.",
    )
    switch: Annotated[bool, Strict()] = Field(
        default=False,
        description="true: a health check on green's record, with which Crossfade takes green out of DNS when Route 53 "
        "takes no changes. Costs about 0.60 dollars a month, and green's object has to name it.",
    )
