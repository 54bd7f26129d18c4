"""Where both ExternalDNS run: two clusters each, one Route 53 with the world's rules, a zone for each of them.

The real one is a subprocess that makes one round (`--once`) against the in-memory API server and moto, over HTTP.
Ours makes one round in this process. Nothing here is in virtual time.
"""

import logging
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

import boto3
import yaml
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.route53.models import route53_backends
from moto.server import ThreadedMotoServer

from world.clock import Clock
from world.external_dns import DEPLOYMENT, NAMESPACE, ExternalDns
from world.external_dns_sources import SOURCES
from world.kubernetes import Caller, KubernetesApi, Store, definitions
from world.route53 import Route53
from world.route53_records import Record

COLORS: Final = ("blue", "green")
_ADMIN = Caller("admin", ("system:masters",))
_REGION = "eu-west-1"
_ROUND_SECONDS = 60


@dataclass
class Settings:
    """What the ExternalDNS of one cluster is told, beside what all are told."""

    owner: str
    policy: str = "sync"


@dataclass
class Cluster:
    """One cluster, and how its ExternalDNS is run."""

    store: Store
    settings: Settings
    url: str = ""


@dataclass
class Ground:
    """
    Two clusters and their zone.

    Attributes:
        name: `real` or `world`.
        domain: Of the zone.
        zone_id: Its id.
        clusters: By colour.
    """

    name: str
    domain: str
    zone_id: str
    route53: Route53
    clusters: dict[str, Cluster] = field(default_factory=dict)

    def seen(self) -> dict[str, str]:
        """Every record but those of the zone itself, with its values, in the same words for both grounds."""
        found = (record for record in self.route53.records(self.zone_id) if record.type not in ("NS", "SOA"))
        return dict(_shown(record, self.domain) for record in found)

    def change(self, action: str, record: Record) -> None:
        """Change one record, as a person does."""
        client: Any = boto3.client("route53", aws_access_key_id="person", aws_secret_access_key="person")  # noqa: S106
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record.as_request()}]}
        client.change_resource_record_sets(HostedZoneId=self.zone_id, ChangeBatch=batch)

    def round(self) -> None:
        """Let both clusters' ExternalDNS make one round, blue's first."""
        for color, cluster in self.clusters.items():
            self.turn(color, cluster)

    def turn(self, color: str, cluster: Cluster) -> None:
        """Let one make its round."""
        raise NotImplementedError


class World(Ground):
    """Ours."""

    version = ""
    clock: Clock

    def turn(self, color: str, cluster: Cluster) -> None:
        """See `Ground.turn`."""
        deployment = _deployment(self.version, _arguments(cluster.settings, self.domain))
        if any(held["metadata"]["name"] == DEPLOYMENT for held in cluster.store.all("Deployment")):
            cluster.store.remove("Deployment", NAMESPACE, DEPLOYMENT)
        cluster.store.add(deployment)
        ExternalDns(self.clock, cluster.store, self.route53, self.zone_id, color).sync()


class Real(Ground):
    """The real one."""

    program: Path
    folder: Path
    endpoint: str

    def turn(self, color: str, cluster: Cluster) -> None:
        """
        See `Ground.turn`.

        Raises:
            subprocess.TimeoutExpired: It did not end; its log is in the folder.
        """
        command = [*self.command(color, cluster), "--once"]
        with (self.folder / f"{color}.log").open("ab") as log:
            subprocess.run(  # noqa: S603 - a program that we have built
                command, env=self.environment(color), stdout=log, stderr=log, timeout=_ROUND_SECONDS, check=False
            )

    def command(self, color: str, cluster: Cluster) -> list[str]:
        """How it is called for one cluster; without more it loops for ever."""
        kubeconfig = self.folder / f"{color}.yaml"
        kubeconfig.write_text(yaml.safe_dump(_kubeconfig(cluster.url)), encoding="utf-8")
        command = [str(self.program), *_arguments(cluster.settings, self.domain), "--provider=aws"]
        return [*command, f"--kubeconfig={kubeconfig}", "--metrics-address=127.0.0.1:0", "--log-level=debug"]

    def environment(self, color: str) -> dict[str, str]:
        """Its variables: this Route 53, and no other AWS."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": _REGION,
            "AWS_ACCESS_KEY_ID": color,
            "AWS_SECRET_ACCESS_KEY": "conformance",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def grounds(version: str, program: Path, folder: Path) -> Iterator[tuple[Real, World]]:
    """Both grounds for *version*, empty; everything ends with the context."""
    clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))  # never entered: only its notion of now is asked for
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with ExitStack() as stack:
        stack.callback(route53_backends[DEFAULT_ACCOUNT_ID]["aws"].reset)  # the zones of one version are not the next's
        server.start()
        stack.callback(server.stop)
        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        stack.enter_context(_environment(AWS_ENDPOINT_URL=endpoint, AWS_DEFAULT_REGION=_REGION))
        route53 = stack.enter_context(Route53(clock, Random(1)).installed())  # noqa: S311 - a seed is the point
        real = Real("real", "real.example.com", "Z0REAL", route53)
        world = World("world", "world.example.com", "Z0WORLD", route53)
        real.program, real.folder, real.endpoint = program, folder, endpoint
        world.version, world.clock = version, clock
        for ground in (real, world):
            route53.create_zone(ground.zone_id, ground.domain)
            for color in COLORS:
                api = stack.enter_context(KubernetesApi(anonymous=_ADMIN))
                for definition in definitions.ALL:
                    api.store.add(definition)
                ground.clusters[color] = Cluster(api.store, Settings(color), api.url)
        yield real, world


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _arguments(settings: Settings, domain: str) -> list[str]:
    return [
        *(f"--source={source}" for source in sorted(SOURCES.values())),
        "--registry=txt",
        f"--txt-owner-id={settings.owner}",
        f"--policy={settings.policy}",
        f"--domain-filter={domain}",
    ]


def _deployment(version: str, arguments: list[str]) -> dict[str, Any]:
    container = {"name": DEPLOYMENT, "image": f"registry.k8s.io/external-dns/external-dns:{version}", "args": arguments}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": DEPLOYMENT, "namespace": NAMESPACE},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }


def _kubeconfig(url: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "it",
        "clusters": [{"name": "it", "cluster": {"server": url}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": ""}}],
    }


def _shown(record: Record, domain: str) -> tuple[str, str]:
    name = record.name.removesuffix(f".{domain}")
    key = f"{name} {record.type} {record.set_identifier or '-'}"
    health = " with health" if record.evaluate_target_health else ""
    leads = f"alias {record.target}{health}" if record.target else f"{', '.join(record.values)} ttl {record.ttl}"
    weight = "-" if record.weight is None else record.weight
    return key, f"weight {weight}, {leads}"


Seen = Mapping[str, str]
