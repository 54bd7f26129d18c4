"""The embedded ExternalDNS behaves as the real one is documented to, version by version."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest

from crossfade.names import ALPHA_PREFIX, STABLE_PREFIX
from world.chance import stream
from world.clock import Clock
from world.cloud import Cloud
from world.external_dns import ExternalDns, Settings
from world.kubernetes import Store, definitions
from world.route53 import Route53
from world.route53_records import Record

ZONE: Final = "Z0EXAMPLE1234567890"
HOST: Final = "app.example.com"
Loops = dict[str, ExternalDns]


def deployment(color: str, version: str = "v0.13.5", *more: str) -> dict[str, Any]:
    arguments = [f"--txt-owner-id={color}", "--policy=sync", "--interval=1m", "--domain-filter=example.com", *more]
    container = {"name": "external-dns", "image": f"registry.k8s.io/x/external-dns:{version}", "args": arguments}
    metadata = {"name": "external-dns", "namespace": "external-dns"}
    spec = {"template": {"spec": {"containers": [container]}}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


class Cluster:
    """One cluster with one Ingress and its ExternalDNS."""

    def __init__(self, clock: Clock, route53: Route53, color: str, version: str = "v0.13.5", *more: str) -> None:
        self.store = Store()
        self.store.add(deployment(color, version, *more))
        self.add_ingress("app", HOST, color)
        self.loop = ExternalDns(clock, self.store, route53, ZONE, color)
        self._color = color

    def add_ingress(self, name: str, host: str, color: str) -> None:
        annotations = {f"{ALPHA_PREFIX}set-identifier": color, f"{ALPHA_PREFIX}aws-weight": "100"}
        metadata = {"name": name, "namespace": "team", "annotations": annotations}
        spec = {"rules": [{"host": host}]}
        self.store.add({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec})
        self.set_address(f"{color}.elb.example.com", name)

    def set_address(self, address: str, name: str = "app") -> None:
        ingress = [{"hostname": address}] if address else []
        self.store.merge("Ingress", "team", name, {"status": {"loadBalancer": {"ingress": ingress}}})

    def annotate(self, key: str, value: str | None, name: str = "app", prefix: str = ALPHA_PREFIX) -> None:
        self.store.merge("Ingress", "team", name, {"metadata": {"annotations": {f"{prefix}{key}": value}}})


Make = Callable[..., Cluster]


@pytest.fixture
def route53(cloud: Cloud, clock: Clock) -> Iterator[Route53]:
    assert cloud
    with Route53(clock, stream(1)).installed() as route53:
        route53.create_zone(ZONE, "example.com")
        yield route53


@pytest.fixture
def cluster(route53: Route53, clock: Clock) -> Make:
    def make(color: str = "blue", version: str = "v0.13.5", *more: str) -> Cluster:
        return Cluster(clock, route53, color, version, *more)

    return make


def records(route53: Route53, type_: str = "A") -> list[Record]:
    return sorted((record for record in route53.records(ZONE) if record.type == type_), key=lambda one: one.key)


def weights(route53: Route53) -> dict[str | None, int | None]:
    return {record.set_identifier: record.weight for record in records(route53)}


def test_an_ingress_becomes_a_weighted_alias_and_its_ownership_records(cluster: Make, route53: Route53) -> None:
    cluster().loop.sync()
    alias, *_ = records(route53)

    assert (alias.name, alias.weight, alias.target) == (HOST, 100, "blue.elb.example.com")
    assert alias.evaluate_target_health
    assert {(one.name, one.set_identifier, one.weight) for one in records(route53, "TXT")} == {
        (HOST, "blue", 100),
        (f"cname-{HOST}", "blue", 100),
    }
    assert "external-dns/owner=blue,external-dns/resource=ingress/team/app" in records(route53, "TXT")[0].values[0]


@pytest.mark.parametrize(
    ("version", "types", "names"),
    [
        pytest.param("v0.15.1", {"A"}, {HOST, f"cname-{HOST}"}, id="v0.15: A only"),
        pytest.param("v0.16.1", {"A", "AAAA"}, {HOST, f"cname-{HOST}", f"aaaa-{HOST}"}, id="v0.16: AAAA too"),
        pytest.param("v0.18.0", {"A", "AAAA"}, {f"cname-{HOST}", f"aaaa-{HOST}"}, id="v0.18: new names only"),
    ],
)
def test_the_version_says_which_records_there_are(
    cluster: Make, route53: Route53, version: str, types: set[str], names: set[str]
) -> None:
    cluster("blue", version).loop.sync()
    stored = [record for record in route53.records(ZONE) if record.set_identifier]

    assert {record.type for record in stored} - {"TXT"} == types
    assert {record.name for record in stored if record.type == "TXT"} == names


def test_from_v0_22_on_another_prefix_is_read(cluster: Make, route53: Route53) -> None:
    one = cluster("blue", "v0.22.0")
    one.annotate("set-identifier", "blue", prefix=STABLE_PREFIX)
    one.annotate("aws-weight", "7", prefix=STABLE_PREFIX)
    one.loop.sync()

    assert weights(route53) == {"blue": 7}


def test_the_prefix_can_be_given() -> None:
    settings = Settings.of(deployment("blue", "v0.22.0", f"--annotation-prefix={ALPHA_PREFIX}"))

    assert settings.prefix == ALPHA_PREFIX


def test_an_upgrade_that_no_longer_reads_the_weight_wants_a_simple_record_and_loses_its_own(
    cluster: Make, route53: Route53
) -> None:
    cluster("blue").loop.sync()
    green = cluster("green")
    green.loop.sync()
    green.store.remove("Deployment", "external-dns", "external-dns")
    green.store.add(deployment("green", "v0.22.0"))
    green.loop.sync()

    assert any("weighted set exists" in line for line in green.loop.log)
    assert weights(route53)["blue"] == 100


def test_a_changed_weight_is_written_and_nothing_else_is(cluster: Make, route53: Route53, clock: Clock) -> None:
    blue = cluster()
    blue.loop.sync()
    blue.annotate("aws-weight", "19")
    blue.loop.sync()
    before = route53._batches
    blue.loop.sync()

    assert weights(route53) == {"blue": 19}
    assert {record.weight for record in records(route53, "TXT")} == {19}
    assert route53._batches == before == 2
    assert blue.loop.synced == clock.now


@pytest.mark.parametrize(("written", "weight"), [("abc", 0), ("", 0), ("1.5", 0), ("050", 50)])
def test_a_weight_that_is_no_number_is_zero(cluster: Make, route53: Route53, written: str, weight: int) -> None:
    blue = cluster()
    blue.annotate("aws-weight", written)
    blue.loop.sync()

    assert weights(route53) == {"blue": weight}


@pytest.mark.parametrize("written", ["256", "-1", None])
def test_a_weight_that_route_53_refuses_leaves_the_record_as_it_was(
    cluster: Make, route53: Route53, written: str | None
) -> None:
    blue = cluster()
    blue.add_ingress("other", "other.example.com", "blue")
    blue.loop.sync()
    blue.annotate("aws-weight", written)
    blue.annotate("aws-weight", "5", name="other")
    blue.loop.sync()

    assert {record.name: record.weight for record in records(route53)} == {HOST: 100, "other.example.com": 5}


def test_two_clusters_leave_each_other_alone(cluster: Make, route53: Route53) -> None:
    blue, green = cluster("blue"), cluster("green")
    for _ in range(2):
        blue.loop.sync()
        green.loop.sync()
    green.store.remove("Ingress", "team", "app")
    green.loop.sync()

    assert weights(route53) == {"blue": 100}
    assert {record.set_identifier for record in records(route53, "TXT")} == {"blue"}


def test_a_record_with_another_owner_is_not_touched(cluster: Make, route53: Route53) -> None:
    cluster("blue").loop.sync()
    thief = cluster("green")
    thief.annotate("set-identifier", "blue")
    thief.annotate("aws-weight", "0")
    thief.loop.sync()

    assert weights(route53) == {"blue": 100}


def test_an_ingress_without_an_address_loses_its_records(cluster: Make, route53: Route53) -> None:
    blue = cluster()
    blue.loop.sync()
    blue.set_address("")
    blue.loop.sync()

    assert records(route53) == []
    assert records(route53, "TXT") == []


def test_a_new_set_identifier_replaces_the_old_record(cluster: Make, route53: Route53) -> None:
    blue = cluster()
    blue.loop.sync()
    blue.annotate("set-identifier", "azure")
    blue.loop.sync()

    assert weights(route53) == {"azure": 100}


def test_a_direct_edit_of_the_record_is_reverted(cluster: Make, route53: Route53) -> None:
    blue = cluster()
    blue.loop.sync()
    edited = records(route53)[0].as_request() | {"Weight": 3}
    client: Any = boto3.client("route53")
    client.change_resource_record_sets(
        HostedZoneId=ZONE, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": edited}]}
    )
    blue.loop.sync()

    assert weights(route53) == {"blue": 100}


def test_a_stuck_loop_changes_nothing_until_it_is_freed(cluster: Make, route53: Route53, clock: Clock) -> None:
    blue = cluster()
    blue.loop.start(timedelta(seconds=7))
    clock.sleep(60)
    blue.annotate("aws-weight", "19")
    blue.loop.is_stuck = True
    clock.sleep(600)

    assert weights(route53) == {"blue": 100}

    blue.loop.is_stuck = False
    clock.sleep(60)

    assert weights(route53) == {"blue": 19}


def test_a_throttled_loop_catches_up_when_the_throttling_is_over(cluster: Make, route53: Route53, clock: Clock) -> None:
    blue = cluster()
    blue.loop.start(timedelta(seconds=7))
    clock.sleep(60)
    blue.annotate("aws-weight", "19")
    route53.throttle(timedelta(seconds=120))
    clock.sleep(60)

    assert weights(route53) == {"blue": 100}

    clock.sleep(120)

    assert weights(route53) == {"blue": 19}


def test_a_record_without_its_ownership_record_is_left_alone_and_not_claimed(cluster: Make, route53: Route53) -> None:
    blue = cluster("blue")
    blue.loop.sync()
    client: Any = boto3.client("route53")
    changes = [{"Action": "DELETE", "ResourceRecordSet": one.as_request()} for one in records(route53, "TXT")]
    client.change_resource_record_sets(HostedZoneId=ZONE, ChangeBatch={"Changes": changes})
    blue.annotate("aws-weight", "5")
    blue.loop.sync()

    assert weights(route53) == {"blue": 100}
    assert records(route53, "TXT") == []


# --- Other objects than Ingresses ------------------------------------------------------------------------------------


def an_object(kind: str, version: str, spec: dict[str, Any], **annotations: str) -> dict[str, Any]:
    said = {f"{ALPHA_PREFIX}{key.replace('_', '-')}": value for key, value in annotations.items()}
    metadata = {"name": "shop", "namespace": "team", "annotations": said}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


WEIGHTED: Final = {"set_identifier": "blue", "aws_weight": "7"}
BALANCED: Final = {"loadBalancer": {"ingress": [{"hostname": "shop.elb.example.com"}]}}
GATEWAY: Final = {"listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}], "gatewayClassName": "alb"}


def of_shop(route53: Route53) -> list[tuple[str | None, int | None, str | None]]:
    return [(one.set_identifier, one.weight, one.target) for one in records(route53) if one.name == "shop.example.com"]


def looking_at(make: Make, *sources: str) -> Cluster:
    made = make("blue", "v0.15.1", *(f"--source={source}" for source in sources))
    for definition in definitions.ALL:
        made.store.add(definition)
    return made


def test_a_service_of_type_load_balancer_becomes_a_weighted_alias(cluster: Make, route53: Route53) -> None:
    blue = looking_at(cluster, "service")
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    blue.store.add(an_object("Service", "v1", spec, hostname="shop.example.com", **WEIGHTED))
    blue.loop.sync()
    without_status = of_shop(route53)
    blue.store.merge("Service", "team", "shop", {"status": BALANCED})
    blue.loop.sync()

    assert (without_status, of_shop(route53)) == ([], [("blue", 7, "shop.elb.example.com")])


def test_a_route_has_the_address_of_the_gateway_that_accepts_it(cluster: Make, route53: Route53) -> None:
    blue = looking_at(cluster, "gateway-httproute")
    gateway = an_object("Gateway", "gateway.networking.k8s.io/v1", GATEWAY, aws_weight="99")
    blue.store.add({**gateway, "status": {"addresses": [{"value": "shop.elb.example.com"}]}})
    route = an_object("HTTPRoute", "gateway.networking.k8s.io/v1", {"hostnames": ["shop.example.com"]}, **WEIGHTED)
    condition = {"type": "Accepted", "status": "True"}
    parent = {"controllerName": "alb", "parentRef": {"name": "shop"}, "conditions": [condition]}
    blue.store.add(route)
    blue.loop.sync()
    before = of_shop(route53)
    blue.store.merge("HTTPRoute", "team", "shop", {"status": {"parents": [parent]}})
    blue.loop.sync()

    assert (before, of_shop(route53)) == ([], [("blue", 7, "shop.elb.example.com")])


def test_a_dns_endpoint_says_its_weight_in_its_spec(cluster: Make, route53: Route53) -> None:
    blue = looking_at(cluster, "crd")
    entry = {"dnsName": "shop.example.com", "recordType": "CNAME", "targets": ["shop.elb.example.com"]}
    weight = [{"name": "aws/weight", "value": "7"}]
    spec = {"endpoints": [{**entry, "setIdentifier": "blue", "providerSpecific": weight}]}
    blue.store.add(an_object("DNSEndpoint", "externaldns.k8s.io/v1alpha1", spec, aws_weight="99"))
    blue.loop.sync()

    assert of_shop(route53) == [("blue", 7, "shop.elb.example.com")]


def test_of_two_objects_with_one_host_that_counts_which_the_ownership_record_names(
    cluster: Make, route53: Route53
) -> None:
    blue = cluster("blue")
    blue.loop.sync()
    blue.add_ingress("aaa", HOST, "blue")
    blue.annotate("aws-weight", "5", name="aaa")
    blue.loop.sync()

    assert weights(route53) == {"blue": 100}


def test_the_health_check_of_an_object_is_carried_to_its_records_and_ownership_records(
    cluster: Make, route53: Route53
) -> None:
    green = cluster("green", "v0.16.0")
    green.annotate("aws-health-check-id", "one")

    green.loop.sync()

    assert {record.health_check for record in route53.records(ZONE) if record.set_identifier == "green"} == {"one"}
