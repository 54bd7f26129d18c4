"""Load balancers as the AWS Load Balancer Controller makes them: one an Ingress group, Gateway or Service.

Those of Services are Network Load Balancers, which count connections and know no answer.

They exist in moto's ELBv2 with its tags, and serve requests with the error rate of the cluster behind them.
Limits: one target group each; a target is healthy or not, never in between; moto names all of them `app/`.
Source of the names: aws-load-balancer-controller, pkg/ingress/model_build_load_balancer.go.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Any, Self

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.elbv2.models import ELBv2Backend, elbv2_backends

from world.application import TARGETS, Application
from world.clock import Clock
from world.kubernetes import Object
from world.moto_hooks.swap import swapped
from world.shared_balancers import RuleSpec, SharedBalancer, make

_FAMILIES = {"Ingress": "ingress.k8s.aws", "Gateway": "gateway.k8s.aws", "Service": "service.k8s.aws"}
"""What the tags of a load balancer begin with, by the kind of its object."""
_GROUP_ANNOTATION = "alb.ingress.kubernetes.io/group.name"
_ATTRIBUTES_ANNOTATION = "alb.ingress.kubernetes.io/load-balancer-attributes"
_NO_LETTER = re.compile(r"[^a-z0-9]")


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """
    One load balancer.

    Attributes:
        side: The side it belongs to, `blue` or `green`.
        region: Where it is.
        name: Of the load balancer.
        dns_name: What aliases point to.
        dimension: Its CloudWatch dimension, `app/<name>/<id>`.
        target_group: The dimension of its target group.
        application: What is behind it.
        is_part: Whether this is only one target group of a load balancer that serves both sides.
        is_network: Whether it is a Network Load Balancer.
    """

    side: str
    region: str
    name: str
    dns_name: str
    dimension: str
    target_group: str
    application: Application
    is_part: bool = False
    is_network: bool = False


class LoadBalancers:
    """
    All load balancers of the estate.

    Args:
        clock: Its time.

    Attributes:
        applications: What runs in each cluster, by side.
    """

    def __init__(self, clock: Clock) -> None:
        self.applications: dict[str, Application] = {}
        self._clock = clock
        self._by_dns_name: dict[str, LoadBalancer] = {}
        self._shared: dict[str, SharedBalancer] = {}
        self._parts: dict[str, LoadBalancer] = {}

    @contextmanager
    def installed(self) -> Iterator[Self]:
        """Let moto's target health be this one while the context is open."""
        with swapped(ELBv2Backend, "describe_target_health", self._targets_are_as_healthy_as_what_runs_in_them()):
            yield self

    def _targets_are_as_healthy_as_what_runs_in_them(self) -> Callable[..., list[Any]]:
        """Moto takes every registered target for healthy."""
        moto = ELBv2Backend.describe_target_health

        def describe_target_health(backend: ELBv2Backend, arn: str, targets: list[dict[str, Any]]) -> list[Any]:
            described = moto(backend, arn, targets)
            ours = [one for one in self if arn.endswith(one.target_group)]
            healthy = ours[0].application.healthy_targets(self._clock.now) if ours else len(described)
            for sick in described[healthy:]:
                sick.status = "unhealthy"
            return described

        return describe_target_health

    def __iter__(self) -> Iterator[LoadBalancer]:
        return chain(self._by_dns_name.values(), self._parts.values())

    def find(self, dns_name: str) -> LoadBalancer | None:
        """The load balancer with this DNS name, if there is one."""
        return self._by_dns_name.get(dns_name)

    def is_healthy(self, dns_name: str) -> bool:
        """Route 53's verdict: whether every target group has a healthy target."""
        if dns_name in self._shared:
            return all(part.application.healthy_targets(self._clock.now) for part in self._parts.values())
        balancer = self._by_dns_name.get(dns_name)
        return balancer is not None and balancer.application.healthy_targets(self._clock.now) > 0

    def serving(self, dns_name: str, host: str, passed: timedelta) -> list[tuple[LoadBalancer, float]]:
        """
        Who serves requests for *host* that reach *dns_name*, and which part of them; empty when nobody does.

        Args:
            dns_name: Of a load balancer.
            host: What is asked for.
            passed: Since this was last asked.
        """
        if (shared := self._shared.get(dns_name)) is not None:
            found = shared.shares(host, passed)
            return [(self._parts[arn], share) for arn, share in found.items() if arn in self._parts]
        balancer = self.find(dns_name)
        return [(balancer, 1.0)] if balancer else []

    def share(self, rule: RuleSpec, host: str) -> SharedBalancer:
        """Put one load balancer in front of both sides, with *rule* for *host*; both sides' pods register in it."""
        made = make(rule, host, {"Team": "platform"})
        made = self._shared.setdefault(made.dns_name, made)
        dimension = rule.balancer.partition(":loadbalancer/")[2]
        for side, arn in rule.groups.items():
            application = self.applications.setdefault(side, Application())
            group = arn.rpartition(":")[2]
            name = dimension.split("/")[1]
            self._parts[arn] = LoadBalancer(
                side, rule.region, name, made.dns_name, dimension, group, application, is_part=True
            )
        return made

    def weights(self, rule: RuleSpec, host: str) -> dict[str, int | None]:
        """The weight of each side's target group in *rule*, as listed; None when it is not in it."""
        listed = next(one for one in self._shared.values() if one.arn == rule.balancer).weights(host)
        return {side: listed.get(arn) for side, arn in rule.groups.items()}

    def part(self, arn: str) -> LoadBalancer:
        """The target group *arn* of a load balancer that serves both sides."""
        return self._parts[arn]

    def serve(self, held: Object, *, side: str, cluster: str, region: str) -> LoadBalancer:
        """The load balancer of *held*, an Ingress, Gateway or Service, made if there is none yet."""
        name = name_of(cluster, held)
        existing = next((one for one in self if one.name == name), None)
        if existing is not None:
            return existing
        application = self.applications.setdefault(side, Application())
        family = _FAMILIES[held["kind"]]
        tags = {"elbv2.k8s.aws/cluster": cluster, f"{family}/stack": stack_of(held)}
        is_network = held["kind"] == "Service"
        tags |= {f"{family}/resource": "LoadBalancer"}
        made = _make(name, region, tags, attributes_of(held), is_network=is_network)
        balancer = LoadBalancer(side, region, name, *made, application, is_network=is_network)
        self._by_dns_name[balancer.dns_name] = balancer
        return balancer


def _make(
    name: str, region: str, tags: Mapping[str, str], attributes: Mapping[str, str], *, is_network: bool
) -> tuple[str, str, str]:
    """
    A load balancer with a target group in moto; the value is its DNS name and both CloudWatch dimensions.

    Written into moto's books: clients of ELBv2 and EC2 would cost more than the rest of the estate together.
    """
    books: Any = elbv2_backends[DEFAULT_ACCOUNT_ID][region]
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    subnets = [subnet for zone in books.ec2_backend.subnets.values() for subnet in zone]
    kind, protocol = ("network", "TCP") if is_network else ("application", "HTTP")
    balancer = books.create_load_balancer(name, [], subnets[:2], tags=listed, loadbalancer_type=kind)
    balancer.attrs.update(attributes)
    listening = {"vpc_id": balancer.vpc_id, "protocol": protocol, "port": 80, "target_type": "ip"}
    group = books.create_target_group(name, **listening, tags=listed)
    books.register_targets(group.arn, [{"Id": f"10.0.0.{10 + number}", "Port": 80} for number in range(TARGETS)])
    forward = [{"Type": "forward", "TargetGroupArn": group.arn}]
    books.create_listener(balancer.arn, protocol, 80, ssl_policy="", certificate=None, actions=forward)
    return balancer.dns_name.lower(), balancer.arn.partition(":loadbalancer/")[2], group.arn.rpartition(":")[2]


def attributes_of(held: Object) -> dict[str, str]:
    """What the annotation of an Ingress sets, such as `client_keep_alive.seconds=60`."""
    said = (held["metadata"].get("annotations") or {}).get(_ATTRIBUTES_ANNOTATION, "")
    return dict(part.strip().split("=", 1) for part in said.split(",") if part.strip())


def stack_of(held: Object) -> str:
    """The group of an Ingress, or the object itself when it has none."""
    metadata = held["metadata"]
    group = (metadata.get("annotations") or {}).get(_GROUP_ANNOTATION)
    return group or f"{metadata['namespace']}/{metadata['name']}"


def name_of(cluster: str, held: Object) -> str:
    """The name that the controller gives: stable, and different in each cluster."""
    stack = stack_of(held)
    digest = hashlib.sha256(f"{cluster}/{stack}/internet-facing".encode()).hexdigest()[:10]
    namespace, _, name = stack.rpartition("/")
    if not namespace:
        return f"k8s-{_plain(name)[:17]}-{digest}"
    return f"k8s-{_plain(namespace)[:8]}-{_plain(name)[:8]}-{digest}"


def _plain(name: str) -> str:
    return _NO_LETTER.sub("", name.lower())
