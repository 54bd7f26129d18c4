"""The router over ExternalDNS moves every kind of object in which ExternalDNS finds a weight, several together."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from crossfade.core.source import SourceKind
from crossfade.core.traffic import Write
from crossfade.core.weight import Side
from crossfade.core.workload import Router, Workload
from crossfade.errors import RouterObjectMissingError, RouterRefusedError, SupersededError, WriteConflictError
from crossfade.names import ALPHA_PREFIX, EPOCH_ANNOTATION, WEIGHT_PROPERTY
from tests.contracts.estate import CLUSTERS, DOMAIN, Estate, an_estate
from world.kubernetes.definitions import DNS_ENDPOINTS, HTTP_ROUTES

BLUE, GREEN = Side.BLUE, Side.GREEN
HOST: Final = f"shop.{DOMAIN}"
NAMESPACE: Final = "team-shop"
VERSIONS: Final = {
    SourceKind.INGRESS: "networking.k8s.io/v1",
    SourceKind.SERVICE: "v1",
    SourceKind.HTTP_ROUTE: "gateway.networking.k8s.io/v1",
    SourceKind.DNS_ENDPOINT: "externaldns.k8s.io/v1alpha1",
}
SPECS: Final[Mapping[SourceKind, Mapping[str, Any]]] = {
    SourceKind.INGRESS: {"rules": [{"host": HOST}]},
    SourceKind.SERVICE: {"type": "LoadBalancer", "ports": [{"port": 80}]},
    SourceKind.HTTP_ROUTE: {"hostnames": [HOST], "parentRefs": [{"name": "public"}]},
}


def workload(kind: SourceKind, *names: str) -> Workload:
    fields: dict[str, Any] = {kind.naming.attribute: names or ("shop",)}
    return Workload(
        name="shop", namespace=NAMESPACE, host=HOST, router=Router.EXTERNAL_DNS, alarms=("green-5xx",), **fields
    )


def entry(side: Side, weight: str | None, type_: str = "CNAME", host: str = HOST) -> dict[str, Any]:
    properties = [{"name": "aws/evaluate-target-health", "value": "true"}]
    properties += [] if weight is None else [{"name": WEIGHT_PROPERTY, "value": weight}]
    common = {"dnsName": host, "recordType": type_, "targets": [f"{side}.elb.example.com"]}
    return {**common, "setIdentifier": CLUSTERS[side], "providerSpecific": properties}


def document(kind: SourceKind, side: Side, weight: str, name: str = "shop") -> dict[str, Any]:
    head = {"apiVersion": VERSIONS[kind], "kind": kind.value}
    metadata = {"name": name, "namespace": NAMESPACE}
    if kind is SourceKind.DNS_ENDPOINT:
        other = entry(side, "7", host=f"other.{DOMAIN}")
        entries = [entry(side, weight), entry(side, weight, "AAAA"), other]
        return {**head, "metadata": metadata, "spec": {"endpoints": entries}}
    annotations = {f"{ALPHA_PREFIX}aws-weight": weight, f"{ALPHA_PREFIX}set-identifier": CLUSTERS[side]}
    return {**head, "metadata": {**metadata, "annotations": annotations}, "spec": dict(SPECS[kind])}


@pytest.fixture(scope="module")
def built() -> Iterator[Estate]:
    with an_estate() as estate:
        for side in Side:
            store = estate.servers[side].store
            for definition in (HTTP_ROUTES, DNS_ENDPOINTS):
                store.add(definition)
            role = {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "Role",
                "metadata": {"name": "crossfade-shop", "namespace": NAMESPACE},
                "rules": [
                    {"apiGroups": [kind.naming.group], "resources": [kind.naming.plural], "verbs": ["get", "patch"]}
                    for kind in SourceKind
                ],
            }
            subject = {"kind": "Group", "name": "crossfade:shifters", "apiGroup": "rbac.authorization.k8s.io"}
            ref = {"kind": "Role", "name": "crossfade-shop", "apiGroup": "rbac.authorization.k8s.io"}
            store.add(role)
            store.add({**role, "kind": "RoleBinding", "roleRef": ref, "subjects": [subject]})
        for side, weight in ((BLUE, 100), (GREEN, 0)):
            estate.show(workload(SourceKind.SERVICE), side, weight)
        yield estate


@pytest.fixture
def estate(built: Estate) -> Iterator[Estate]:
    """The same estate with nothing of the workload in it, before and after."""
    yield built
    for side in Side:
        store = built.servers[side].store
        for kind in SourceKind:
            for each in store.all(kind.value, NAMESPACE):
                store.remove(kind.value, NAMESPACE, each["metadata"]["name"])


def add(estate: Estate, kind: SourceKind, *names: str) -> Workload:
    for side, weight in ((BLUE, "100"), (GREEN, "0")):
        for name in names or ("shop",):
            estate.servers[side].store.add(document(kind, side, weight, name))
    return workload(kind, *names)


def held(estate: Estate, kind: SourceKind, side: Side, name: str = "shop") -> dict[str, Any]:
    return estate.servers[side].store.read(kind.value, NAMESPACE, name)


def written(estate: Estate, kind: SourceKind, side: Side, name: str = "shop") -> set[str]:
    """The weights that stand in an object."""
    found = held(estate, kind, side, name)
    if kind is not SourceKind.DNS_ENDPOINT:
        return {found["metadata"]["annotations"][f"{ALPHA_PREFIX}aws-weight"]}
    return {
        each["value"]
        for one in found["spec"]["endpoints"]
        if one["dnsName"] == HOST
        for each in one["providerSpecific"]
        if each["name"] == WEIGHT_PROPERTY
    }


kinds = pytest.mark.parametrize("kind", list(SourceKind))


@kinds
def test_the_weight_of_every_kind_is_read_and_written(estate: Estate, kind: SourceKind) -> None:
    shop = add(estate, kind)
    before = estate.router.observe([shop])[0]
    estate.router.write([shop], [Write("shop", GREEN, 5)], epoch=7)
    after = estate.router.observe([shop])[0]

    assert (before.blue.declared, before.green.declared) == (100, 0)
    assert (before.blue.authoritative, before.green.authoritative) == (100, 0)
    assert (before.blue.identifier, before.green.identifier) == (CLUSTERS[BLUE], CLUSTERS[GREEN])
    assert (after.blue.declared, after.green.declared, after.green.epoch) == (100, 5, 7)
    assert written(estate, kind, GREEN) == {"5"}


@kinds
def test_a_younger_epoch_on_any_kind_fences_an_older_writer_off(estate: Estate, kind: SourceKind) -> None:
    shop = add(estate, kind)
    estate.router.stamp([shop], epoch=9)

    with pytest.raises(SupersededError, match=r"shop in eks-blueprint-green carries epoch 9"):
        estate.router.write([shop], [Write("shop", GREEN, 5)], epoch=8)
    assert written(estate, kind, GREEN) == {"0"}
    assert held(estate, kind, BLUE)["metadata"]["annotations"][EPOCH_ANNOTATION] == "9"


@kinds
def test_a_change_in_between_is_a_conflict_and_stays(estate: Estate, kind: SourceKind) -> None:
    shop = add(estate, kind)
    label = {"metadata": {"labels": {"edited": "yes"}}}
    store = estate.servers[GREEN].store

    def somebody_edits() -> None:
        store.merge(kind.value, NAMESPACE, "shop", label)

    estate.in_between(somebody_edits)

    with pytest.raises(WriteConflictError, match="read again"):
        estate.router.write([shop], [Write("shop", GREEN, 5)], epoch=7)
    estate.in_between(lambda: None)
    assert written(estate, kind, GREEN) == {"0"}


@kinds
def test_a_rehearsal_changes_no_kind_and_finds_a_role_that_is_missing(estate: Estate, kind: SourceKind) -> None:
    shop = add(estate, kind)
    before = held(estate, kind, BLUE)
    allowed = estate.router.rehearse([shop])
    store = estate.servers[BLUE].store
    role = store.read("Role", NAMESPACE, "crossfade-shop")
    store.merge("Role", NAMESPACE, "crossfade-shop", {"rules": []})
    refused = estate.router.rehearse([shop])
    store.merge("Role", NAMESPACE, "crossfade-shop", {"rules": role["rules"]})

    assert (allowed, held(estate, kind, BLUE)) == ((), before)
    assert len(refused) == 1
    assert f"{kind} {NAMESPACE}/shop in {CLUSTERS[BLUE]}" in refused[0]


@kinds
def test_an_object_that_is_missing_is_named_by_its_kind(estate: Estate, kind: SourceKind) -> None:
    with pytest.raises(RouterObjectMissingError, match=rf"{kind} team-shop/shop in eks-blueprint-blue"):
        estate.router.write([workload(kind)], [Write("shop", BLUE, 100)], epoch=7)


# --- Several objects of one host -------------------------------------------------------------------------------------


@kinds
def test_all_objects_of_a_host_are_moved_together(estate: Estate, kind: SourceKind) -> None:
    shop = add(estate, kind, "shop", "shop-api")
    estate.router.write([shop], [Write("shop", GREEN, 5)], epoch=7)

    assert [written(estate, kind, GREEN, name) for name in ("shop", "shop-api")] == [{"5"}, {"5"}]
    assert estate.router.observe([shop])[0].green.epoch == 7


def test_objects_that_differ_have_no_weight_until_they_are_written_again(estate: Estate) -> None:
    shop = add(estate, SourceKind.INGRESS, "shop", "shop-api")
    annotations = {f"{ALPHA_PREFIX}aws-weight": "5"}
    estate.servers[GREEN].store.merge("Ingress", NAMESPACE, "shop-api", {"metadata": {"annotations": annotations}})
    differing = estate.router.observe([shop])[0].green
    estate.router.write([shop], [Write("shop", GREEN, 0)], epoch=7)

    assert differing.declared is None
    assert "Ingress team-shop/shop (0) and Ingress team-shop/shop-api (5) differ" in differing.note
    assert estate.router.observe([shop])[0].green.declared == 0


def test_a_host_is_fenced_as_far_as_the_last_of_its_objects(estate: Estate) -> None:
    shop = add(estate, SourceKind.INGRESS, "shop", "shop-api")
    estate.router.stamp([workload(SourceKind.INGRESS, "shop")], epoch=9)

    assert estate.router.observe([shop])[0].green.epoch == 0


def test_none_is_written_while_one_of_them_may_not_be(estate: Estate) -> None:
    shop = add(estate, SourceKind.INGRESS, "shop", "shop-api")
    estate.router.stamp([workload(SourceKind.INGRESS, "shop-api")], epoch=9)

    with pytest.raises(SupersededError):
        estate.router.write([shop], [Write("shop", GREEN, 5)], epoch=8)
    assert written(estate, SourceKind.INGRESS, GREEN, "shop") == {"0"}


# --- DNSEndpoint -----------------------------------------------------------------------------------------------------


def test_a_dns_endpoint_keeps_everything_but_the_weights_of_its_host(estate: Estate) -> None:
    shop = add(estate, SourceKind.DNS_ENDPOINT)
    before = held(estate, SourceKind.DNS_ENDPOINT, GREEN)["spec"]["endpoints"]
    estate.router.write([shop], [Write("shop", GREEN, 5)], epoch=7)
    after = held(estate, SourceKind.DNS_ENDPOINT, GREEN)["spec"]["endpoints"]

    assert after == [entry(GREEN, "5"), entry(GREEN, "5", "AAAA"), before[2]]


@pytest.mark.parametrize(
    ("entries", "note"),
    [
        pytest.param([], f"no address record of {HOST}", id="no entry"),
        pytest.param([entry(GREEN, None)], "has no weight; add providerSpecific aws/weight", id="no weight"),
        pytest.param([entry(GREEN, "0"), entry(GREEN, "5", "AAAA")], "several weights (0, 5)", id="two weights"),
        pytest.param([entry(GREEN, "05")], "aws/weight is '05'; write a whole number", id="not canonical"),
        pytest.param([{**entry(GREEN, "0"), "setIdentifier": ""}], "have no setIdentifier", id="no identifier"),
        pytest.param([entry(GREEN, "0"), entry(BLUE, "100")], "several set identifiers", id="both clusters in one"),
    ],
)
def test_a_dns_endpoint_that_lacks_something_says_so_and_how_to_mend_it(
    estate: Estate, entries: list[dict[str, Any]], note: str
) -> None:
    shop = add(estate, SourceKind.DNS_ENDPOINT)
    estate.servers[GREEN].store.merge("DNSEndpoint", NAMESPACE, "shop", {"spec": {"endpoints": entries}})
    reading = estate.router.observe([shop])[0].green

    assert reading.declared is None or not reading.identifier
    assert note in reading.note


def test_a_dns_endpoint_without_a_weight_is_given_one_on_the_way_back(estate: Estate) -> None:
    shop = add(estate, SourceKind.DNS_ENDPOINT)
    entries = [entry(BLUE, None), entry(BLUE, None, "AAAA")]
    estate.servers[BLUE].store.merge("DNSEndpoint", NAMESPACE, "shop", {"spec": {"endpoints": entries}})
    estate.router.write([shop], [Write("shop", BLUE, 100)], epoch=7)

    assert written(estate, SourceKind.DNS_ENDPOINT, BLUE) == {"100"}


def test_annotations_of_a_dns_endpoint_have_no_say(estate: Estate) -> None:
    shop = add(estate, SourceKind.DNS_ENDPOINT)
    annotations = {f"{ALPHA_PREFIX}aws-weight": "77", f"{ALPHA_PREFIX}set-identifier": "other"}
    estate.servers[GREEN].store.merge("DNSEndpoint", NAMESPACE, "shop", {"metadata": {"annotations": annotations}})
    reading = estate.router.observe([shop])[0].green

    assert (reading.declared, reading.identifier) == (0, CLUSTERS[GREEN])


def test_a_weight_beyond_route_53_is_refused_for_every_kind(estate: Estate) -> None:
    shop = add(estate, SourceKind.DNS_ENDPOINT)

    with pytest.raises(RouterRefusedError, match=r"DNSEndpoint team-shop/shop(?s:.*)256 is no weight"):
        estate.router.write([shop], [Write("shop", GREEN, 256)], epoch=7)
