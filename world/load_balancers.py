"""Application Load Balancers: one an Ingress group and cluster, as the AWS Load Balancer Controller makes them.

They exist in moto's ELBv2 with its tags, and serve requests with the error rate of the cluster behind them.
Limits: one target group each; target health is this file's, DescribeTargetHealth of moto always says healthy.
Source of the names: aws-load-balancer-controller, pkg/ingress/model_build_load_balancer.go.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from world.chance import binomial
from world.clock import Clock
from world.kubernetes import Object

UNHEALTHY_AFTER: Final = timedelta(seconds=30)
"""Two failed health checks, 15 s apart: the controller's default."""
TARGETS: Final = 2
HEALTHY_ERROR_RATE: Final = 0.0002
"""What a healthy application answers with 5xx: a fraction, 0 to 1."""

_GROUP_ANNOTATION = "alb.ingress.kubernetes.io/group.name"
_NO_LETTER = re.compile(r"[^a-z0-9]")


@dataclass(slots=True)
class Application:
    """
    What runs behind the load balancers of one cluster.

    Attributes:
        error_rate: Fraction of requests answered with 5xx, 0 to 1.
        crashed: When it began to answer everything, health checks too, with 5xx; None while it runs.
        response_seconds: Mean time to answer.
    """

    error_rate: float = HEALTHY_ERROR_RATE
    crashed: datetime | None = None
    response_seconds: float = 0.04

    def failures(self, requests: int, random: Random) -> int:
        """How many of *requests* it answers with 5xx."""
        return requests if self.crashed else binomial(random, requests, self.error_rate)

    def healthy_targets(self, now: datetime) -> int:
        """How many of its targets pass their health checks."""
        return 0 if self.crashed and now - self.crashed >= UNHEALTHY_AFTER else TARGETS


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """
    One load balancer.

    Attributes:
        cluster: The side it belongs to, `blue` or `green`.
        name: Of the load balancer.
        dns_name: What aliases point to.
        dimension: Its CloudWatch dimension, `app/<name>/<id>`.
        target_group: The dimension of its target group.
        application: What is behind it.
    """

    cluster: str
    name: str
    dns_name: str
    dimension: str
    target_group: str
    application: Application


class LoadBalancers:
    """
    All load balancers of the estate.

    Args:
        clock: Its time.
        region: Theirs.

    Attributes:
        applications: What runs in each cluster, by side.
    """

    def __init__(self, clock: Clock, region: str) -> None:
        self.applications: dict[str, Application] = {}
        self._clock = clock
        self._region = region
        self._by_dns_name: dict[str, LoadBalancer] = {}

    def __iter__(self) -> Iterator[LoadBalancer]:
        return iter(self._by_dns_name.values())

    def find(self, dns_name: str) -> LoadBalancer | None:
        """The load balancer with this DNS name, if there is one."""
        return self._by_dns_name.get(dns_name)

    def is_healthy(self, dns_name: str) -> bool:
        """Route 53's verdict: whether every target group has a healthy target."""
        balancer = self._by_dns_name.get(dns_name)
        return balancer is not None and balancer.application.healthy_targets(self._clock.now) > 0

    def for_ingress(self, side: str, cluster: str, ingress: Object) -> LoadBalancer:
        """The load balancer of *ingress*, made if its group has none yet."""
        name = name_of(cluster, ingress)
        existing = next((one for one in self if one.name == name), None)
        if existing is not None:
            return existing
        application = self.applications.setdefault(side, Application())
        made = self._make(side, name, cluster, stack_of(ingress), application)
        self._by_dns_name[made.dns_name] = made
        return made

    def _make(self, side: str, name: str, cluster: str, stack: str, application: Application) -> LoadBalancer:
        elb: Any = boto3.client("elbv2", region_name=self._region)
        tags = {
            "elbv2.k8s.aws/cluster": cluster,
            "ingress.k8s.aws/stack": stack,
            "ingress.k8s.aws/resource": "LoadBalancer",
        }
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        subnets = list(_subnets(self._region))[:2]
        balancer = elb.create_load_balancer(Name=name, Subnets=subnets, Tags=listed)["LoadBalancers"][0]
        group = elb.create_target_group(
            Name=name, Protocol="HTTP", Port=80, VpcId=balancer["VpcId"], TargetType="ip", Tags=listed
        )["TargetGroups"][0]
        targets = [{"Id": f"10.0.0.{10 + number}", "Port": 80} for number in range(TARGETS)]
        elb.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=targets)
        return LoadBalancer(
            cluster=side,
            name=name,
            dns_name=balancer["DNSName"].lower(),
            dimension=balancer["LoadBalancerArn"].partition(":loadbalancer/")[2],
            target_group=group["TargetGroupArn"].rpartition(":")[2],
            application=application,
        )


def stack_of(ingress: Object) -> str:
    """The group of *ingress*, or the Ingress itself when it has none."""
    metadata = ingress["metadata"]
    group = (metadata.get("annotations") or {}).get(_GROUP_ANNOTATION)
    return group or f"{metadata['namespace']}/{metadata['name']}"


def name_of(cluster: str, ingress: Object) -> str:
    """The name that the controller gives: stable, and different in each cluster."""
    stack = stack_of(ingress)
    digest = hashlib.sha256(f"{cluster}/{stack}/internet-facing".encode()).hexdigest()[:10]
    namespace, _, name = stack.rpartition("/")
    if not namespace:
        return f"k8s-{_plain(name)[:17]}-{digest}"
    return f"k8s-{_plain(namespace)[:8]}-{_plain(name)[:8]}-{digest}"


def _plain(name: str) -> str:
    return _NO_LETTER.sub("", name.lower())


def _subnets(region: str) -> Iterator[str]:
    """The default subnets, from moto's own books: an EC2 client would cost more than all else here."""
    for zone in ec2_backends[DEFAULT_ACCOUNT_ID][region].subnets.values():
        yield from zone
