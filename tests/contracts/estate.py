"""The sample estate as ExternalDNS users have it: two clusters over HTTP, EKS, a zone; and what happens to them.

The manifests and the RBAC are the ones in `examples/`, so what is proved here holds for what is shipped.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, Final

import boto3
import yaml
from botocore.credentials import Credentials
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.eks.models import eks_backends

from crossfade.adapters.aws import client
from crossfade.adapters.eks import EksCluster
from crossfade.adapters.external_dns import ExternalDnsRouter
from crossfade.adapters.kubernetes_api import KubernetesApi
from crossfade.adapters.route53 import RecordReader
from crossfade.core.source import Source
from crossfade.core.weight import Side
from crossfade.core.workload import Router, Workload
from crossfade.names import ALPHA_PREFIX, EPOCH_ANNOTATION, WEIGHT_KEY
from world.clock import Clock
from world.cloud import Cloud
from world.eks_tokens import EksAuthenticator
from world.kubernetes import KubernetesApi as ApiServer
from world.route53 import Route53

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
REGION: Final = "eu-west-1"
ZONE: Final = "Z0EXAMPLE1234567890"
DOMAIN: Final = "eks-blueprint.example.com"
NINE: Final = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CLUSTERS: Final = {side: f"eks-blueprint-{side}" for side in Side}


def a_workload(name: str, namespace: str, ingress: str, host: str) -> Workload:
    return Workload(
        name=name, namespace=namespace, ingress=ingress, host=host, router=Router.EXTERNAL_DNS, alarms=("green-5xx",)
    )


BURNHAM: Final = a_workload("burnham", "team-burnham", "burnham-ingress", f"burnham.{DOMAIN}")
GUESTBOOK: Final = a_workload("guestbook", "team-riker", "riker-ingress", f"guestbook-ui.{DOMAIN}")
WORKLOADS: Final = (BURNHAM, GUESTBOOK)


_KINDS: Final = {"Ingress", "Deployment", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}


class Interruptible(KubernetesApi):
    """Lets something happen between the reading and the writing of an object, once."""

    in_between: Callable[[], None] | None = None

    def patch(self, source: Source, patch: Mapping[str, Any], *, resource_version: str, dry_run: bool = False) -> None:
        happen, self.in_between = self.in_between, None
        if happen:
            happen()
        super().patch(source, patch, resource_version=resource_version, dry_run=dry_run)


class Estate:
    """
    Blue has weight 100 and green weight 0 for every workload, declared and shown.

    Attributes:
        router: What is tested, with credentials that both clusters know.
        workloads: What it moves.
        servers: The API servers.
        eks: The clusters as EKS knows them.
        apis: What the router calls.
        records: Where it reads what is shown.
    """

    workloads = WORKLOADS

    def __init__(self, servers: Mapping[Side, ApiServer]) -> None:
        self.servers = servers
        credentials = Credentials("embedded", "embedded", "embedded")
        eks = client("eks", REGION)
        self.eks = {side: EksCluster(CLUSTERS[side], REGION, eks=eks, credentials=credentials) for side in Side}
        self.apis = {side: Interruptible(CLUSTERS[side], self.eks[side].connect) for side in Side}
        self._route53: Any = boto3.client("route53")
        self.records = RecordReader(client("route53", REGION), ZONE)
        self.router = ExternalDnsRouter(self.apis, self.records)
        for workload in WORKLOADS:
            self.show(workload, Side.BLUE, 100)
            self.show(workload, Side.GREEN, 0)

    # What is there.

    def annotations(self, workload: Workload, side: Side) -> dict[str, str]:
        found = self.servers[side].store.read("Ingress", workload.namespace, workload.sources[0].name)
        return dict(found["metadata"]["annotations"])

    def declared(self, workload: Workload, side: Side) -> int | None:
        value = self.annotations(workload, side).get(f"{ALPHA_PREFIX}{WEIGHT_KEY}")
        return None if value is None else int(value)

    def epoch(self, workload: Workload, side: Side) -> int:
        return int(self.annotations(workload, side).get(EPOCH_ANNOTATION, "0"))

    def version(self, workload: Workload, side: Side) -> str:
        found = self.servers[side].store.read("Ingress", workload.namespace, workload.sources[0].name)
        return str(found["metadata"]["resourceVersion"])

    # What happens.

    def annotate(self, workload: Workload, side: Side, annotations: Mapping[str, str | None]) -> None:
        patch = {"metadata": {"annotations": dict(annotations)}}
        self.servers[side].store.merge(
            "Ingress", workload.namespace, workload.sources[0].name, patch, manager="kubectl"
        )

    def by_hand(self, workload: Workload, side: Side, weight: int | None) -> None:
        self.annotate(workload, side, {f"{ALPHA_PREFIX}{WEIGHT_KEY}": None if weight is None else str(weight)})

    def show(
        self, workload: Workload, side: Side, weight: int, *, type_: str = "A", identifier: str | None = None
    ) -> None:
        alias = {"HostedZoneId": "Z2P70J7EXAMPLE", "DNSName": f"{side}.elb.example.com", "EvaluateTargetHealth": True}
        record = {"Name": workload.host, "Type": type_, "SetIdentifier": identifier or CLUSTERS[side]}
        self.change("UPSERT", {**record, "Weight": weight, "AliasTarget": alias})

    def change(self, action: str, record: dict[str, Any]) -> None:
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        self._route53.change_resource_record_sets(HostedZoneId=ZONE, ChangeBatch=batch)

    def remove(self, workload: Workload, side: Side) -> None:
        self.servers[side].store.remove("Ingress", workload.namespace, workload.sources[0].name)

    def cut_off(self, side: Side) -> None:
        self.servers[side].is_reachable = False

    def in_between(self, action: Callable[[], None]) -> None:
        for api in self.apis.values():
            api.in_between = action

    def run_external_dns(self, side: Side, **container: Any) -> None:
        """Run it in *side* with another image, arguments or environment."""
        deployment = self.servers[side].store.read("Deployment", "external-dns", "external-dns")
        found = deployment["spec"]["template"]["spec"]["containers"][0] | container
        patch = {"spec": {"template": {"spec": {"containers": [found]}}}}
        self.servers[side].store.merge("Deployment", "external-dns", "external-dns", patch)


@contextmanager
def a_cloud() -> Iterator[Clock]:
    """An account with the empty zone, and its time."""
    with ExitStack() as stack:
        clock = stack.enter_context(Clock(NINE))
        stack.enter_context(Cloud(clock, region=REGION))
        route53 = Route53(clock, Random(1))  # noqa: S311  # a seed is the point
        stack.enter_context(route53.installed()).create_zone(ZONE, DOMAIN)
        yield clock


@contextmanager
def an_estate() -> Iterator[Estate]:
    """The estate, alone in its own cloud and time."""
    with ExitStack() as stack:
        clock = stack.enter_context(a_cloud())
        servers = {side: stack.enter_context(_server(side, clock)) for side in Side}
        _register(servers)
        estate = Estate(servers)
        for eks in estate.eks.values():
            stack.callback(eks.close)
        yield estate


def _server(side: Side, clock: Clock) -> ApiServer:
    authenticator = EksAuthenticator(CLUSTERS[side], region=REGION, now=lambda: clock.now)
    server = ApiServer(authenticator, now=lambda: clock.now, seed=side.value)
    for document in _documents(side):
        server.store.add(copy.deepcopy(document))
    return server


@lru_cache
def _documents(side: Side) -> tuple[dict[str, Any], ...]:
    """What is in the cluster of *side*; read once, as reading YAML takes longer than many a test."""
    files = [*sorted((EXAMPLES / "manifests" / side.value).glob("*.yaml")), *sorted((EXAMPLES / "rbac").glob("*.yaml"))]
    found = [each for path in files for each in yaml.safe_load_all(path.read_text(encoding="utf-8"))]
    return tuple(each for each in found if each["kind"] in _KINDS)


def _register(servers: Mapping[Side, ApiServer]) -> None:
    """EKS clusters whose endpoints are *servers*; moto's own endpoints lead nowhere."""
    eks = boto3.client("eks", region_name=REGION)
    for side, server in servers.items():
        role = "arn:aws:iam::123456789012:role/eks"
        eks.create_cluster(name=CLUSTERS[side], roleArn=role, resourcesVpcConfig={"subnetIds": []})
        eks_backends[DEFAULT_ACCOUNT_ID][REGION].clusters[CLUSTERS[side]].endpoint = server.url
