"""The embedded API server answers as recorded of a real one, and breaks on demand."""

import copy
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest
import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.world.kubernetes_contract.probes import WEIGHT, ask_all, ingress
from world.kubernetes import ApiError, Caller, Interference, KubernetesApi, definitions, with_tokens
from world.kubernetes.api import Call

RECORDED: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "kubernetes_contract" / "answers.json").read_text(encoding="utf-8")
)
"""Answers of a real kube-apiserver 1.35 to 64 of its 84 questions."""

NOTED: Final[dict[str, Any]] = {
    "bad_token": [401, "Unauthorized", "Unauthorized"],
    "client_404": ["NotFoundException", 404, "NotFound"],
    "client_list": ["V1IngressList", 1, 0, 0, True],
    "client_patch_ct_merge": ["33"],
    "crd_create": [201, 201],
    "discovery": ["APIVersions", "APIGroupList", 200, 200, 200, 200, 200],
    "list_limit_continue": [1, True, ["b"]],
    "merge_patch_fresh_rv": [200],
    "merge_patch_stale_rv": RECORDED["put_stale_rv"],
    "put_no_rv": [200, "8", None],
    "rbac_lambda_ssa_create": [403, "Forbidden"],
    "secret_stringdata": [201, {"k": "dg=="}, None, "Opaque"],
    "ssa_remove": [200, ["external-dns.alpha.kubernetes.io/set-identifier", "keep", "only"]],
    "ssar": [201, True],
    "strategic_finalizers_merge": [["d.e/f", "a.b/c"], None],
    "strategic_patch": [200, "90"],
}
"""What was noted, but not recorded word by word, of the same server's other answers."""

UNRECORDED: Final = "the answer was not recorded; a test of its own says what it is"
DIFFERENCES: Final = {
    "version": "the version is this world's, not the recorded build's",
    "unknown_field_strict": "there is no schema, so the text names the field instead of showing the object",
    "cr_client_patch": "the recorded text holds the headers of the answer",
    "discovery": "there are no OpenAPI documents",
    "watch_from_rv": UNRECORDED,
    "watch_initial": UNRECORDED,
    "watch_bookmark_sendinitial": UNRECORDED,
    "patch_latency_ms": "a measurement, not an answer",
}
"""Every question that is answered differently, or not asked, and why."""

TOKENS: Final = {
    "admin-token": Caller("admin", ("system:masters",)),
    "lambda-token": Caller("weight-lambda", ("dns-weight-patchers",)),
    "nobody-token": Caller("nobody"),
}


@pytest.fixture
def cluster() -> Iterator[KubernetesApi]:
    with KubernetesApi(with_tokens(TOKENS)) as cluster:
        yield cluster


@pytest.fixture
def ingresses(cluster: KubernetesApi) -> Iterator[Any]:
    cluster.store.add(ingress("a") | {"metadata": {**ingress("a")["metadata"], "namespace": "team"}})
    configuration = client.Configuration()
    configuration.host = cluster.url
    configuration.api_key = {"BearerToken": "Bearer admin-token"}
    configuration.retries = False
    api = client.ApiClient(configuration)
    yield client.NetworkingV1Api(api)
    api.rest_client.close()


def patch(ingresses: Any, weight: str) -> Any:
    body = {"metadata": {"annotations": {WEIGHT: weight}}}
    return ingresses.patch_namespaced_ingress("a", "team", body, _request_timeout=(2, 5))


def test_it_answers_as_the_real_server_does_but_for_the_differences_listed_here(cluster: KubernetesApi) -> None:
    expected = NOTED | RECORDED
    actual = ask_all(cluster.url)

    different = {name for name, answer in expected.items() if actual.get(name) != answer}
    not_asked = {"watch_from_rv", "watch_initial", "watch_bookmark_sendinitial", "patch_latency_ms"}

    assert different | not_asked == DIFFERENCES.keys()
    assert len(expected) - len(different) == 76


def test_a_fault_answers_as_often_as_it_is_asked_to(cluster: KubernetesApi, ingresses: Any) -> None:
    cluster.interfere(Interference(verb="patch", resource="ingresses", status=429, retry_after=1, times=1))

    with pytest.raises(ApiException) as caught:
        patch(ingresses, "1")

    assert (caught.value.status, (caught.value.headers or {})["Retry-After"]) == (429, "1")
    assert patch(ingresses, "2").metadata.annotations[WEIGHT] == "2"


def test_a_fault_meets_only_the_object_it_is_about(cluster: KubernetesApi, ingresses: Any) -> None:
    cluster.interfere(Interference(verb="patch", name="b", status=503))

    assert patch(ingresses, "2").metadata.annotations[WEIGHT] == "2"


@pytest.mark.parametrize(
    ("after_commit", "kept"), [pytest.param(False, "0", id="lost request"), pytest.param(True, "9", id="lost answer")]
)
def test_a_connection_can_end_before_and_after_the_write(
    cluster: KubernetesApi, ingresses: Any, *, after_commit: bool, kept: str
) -> None:
    cluster.interfere(Interference(verb="patch", drop=True, after_commit=after_commit))

    with pytest.raises(urllib3.exceptions.HTTPError):
        patch(ingresses, "9")

    assert cluster.store.read("Ingress", "team", "a")["metadata"]["annotations"][WEIGHT] == kept


def test_an_unreachable_cluster_answers_nobody(cluster: KubernetesApi, ingresses: Any) -> None:
    cluster.is_reachable = False

    with pytest.raises(urllib3.exceptions.HTTPError):
        patch(ingresses, "9")

    cluster.is_reachable = True

    assert patch(ingresses, "9").metadata.annotations[WEIGHT] == "9"


def test_the_audit_tells_who_did_what(cluster: KubernetesApi, ingresses: Any) -> None:
    patch(ingresses, "9")
    seen = cluster.api.audit[-1]

    assert (seen.caller, seen.request.verb, seen.request.name, seen.code) == ("admin", "patch", "a", 200)


def test_a_controller_writes_the_status_and_nothing_else(cluster: KubernetesApi, ingresses: Any) -> None:
    status = {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}
    cluster.store.merge("Ingress", "team", "a", {"status": status}, manager="lbc")
    found = ingresses.read_namespaced_ingress("a", "team")

    assert found.status.load_balancer.ingress[0].hostname == "lb.example.com"
    assert found.metadata.generation == 1


def test_a_patch_of_an_object_does_not_reach_its_status(ingresses: Any) -> None:
    body = {"status": {"loadBalancer": {"ingress": [{"hostname": "forged.example.com"}]}}}

    assert ingresses.patch_namespaced_ingress("a", "team", body).status.load_balancer.ingress is None


def test_what_a_controller_reads_is_its_own_copy(cluster: KubernetesApi, ingresses: Any) -> None:
    cluster.store.read("Ingress", "team", "a")["metadata"]["annotations"][WEIGHT] = "77"
    cluster.store.all("Ingress")[0]["metadata"]["annotations"][WEIGHT] = "78"

    assert ingresses.read_namespaced_ingress("a", "team").metadata.annotations[WEIGHT] == "0"


def test_what_a_controller_has_looked_at_is_changed_by_no_write(cluster: KubernetesApi, ingresses: Any) -> None:
    looked_at = cluster.store.seen("Ingress", "team")[0]
    was = copy.deepcopy(looked_at)

    ingresses.patch_namespaced_ingress("a", "team", {"metadata": {"annotations": {WEIGHT: "79"}}})

    assert looked_at == was
    assert cluster.store.seen("Ingress", "team")[0]["metadata"]["annotations"][WEIGHT] == "79"


def test_a_deleted_namespace_takes_its_objects_along(cluster: KubernetesApi, ingresses: Any) -> None:
    assert ingresses.read_namespaced_ingress("a", "team")

    cluster.store.remove("Namespace", "", "team")

    with pytest.raises(ApiError, match=r'ingresses.networking.k8s.io "a" not found'):
        cluster.store.read("Ingress", "team", "a")


def test_closing_does_not_wait_for_idle_connections() -> None:
    cluster = KubernetesApi(with_tokens(TOKENS))
    with urllib3.PoolManager() as http:
        assert http.request("GET", f"{cluster.url}/healthz", retries=False).data == b"ok"

        cluster.close()


# --- Watching --------------------------------------------------------------------------------------------------------


def events(cluster: KubernetesApi, count: int, **query: str) -> list[tuple[str, str]]:
    """The first *count* events of a watch on all Ingresses."""
    asked = "&".join(f"{key}={value}" for key, value in {"watch": "1", **query}.items())
    call = Call("GET", f"/apis/networking.k8s.io/v1/ingresses?{asked}", {"authorization": "Bearer admin-token"})
    body = cluster.api.answer(call).body
    assert isinstance(body, Iterator)
    found = list(islice(body, count))
    return [(each["type"], each["object"]["metadata"].get("name", "")) for each in found]


def test_a_watch_begins_with_what_is_there(cluster: KubernetesApi, ingresses: Any) -> None:
    assert ingresses
    assert events(cluster, 1) == [("ADDED", "a")]


def test_a_watch_from_a_version_tells_what_happened_since(cluster: KubernetesApi, ingresses: Any) -> None:
    version = cluster.store.resource_version
    patch(ingresses, "5")
    cluster.store.remove("Ingress", "team", "a")

    assert events(cluster, 2, resourceVersion=version) == [("MODIFIED", "a"), ("DELETED", "a")]


def test_a_bookmark_stands_behind_what_was_there_when_it_is_asked_for(cluster: KubernetesApi, ingresses: Any) -> None:
    assert ingresses
    asked = {"sendInitialEvents": "true", "allowWatchBookmarks": "true", "resourceVersionMatch": "NotOlderThan"}

    assert events(cluster, 2, **asked) == [("ADDED", "a"), ("BOOKMARK", "")]


def test_a_watch_without_the_right_is_refused(cluster: KubernetesApi) -> None:
    call = Call("GET", "/apis/networking.k8s.io/v1/ingresses?watch=1", {"authorization": "Bearer nobody-token"})

    assert cluster.api.answer(call).code == 403


# --- Objects that ExternalDNS looks at -------------------------------------------------------------------------------

ROUTE: Final[dict[str, Any]] = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "HTTPRoute",
    "metadata": {"name": "shop", "namespace": "team"},
    "spec": {"hostnames": ["shop.example.com"], "parentRefs": [{"name": "public"}], "unknown": 1},
}
ENDPOINT: Final[dict[str, Any]] = {
    "apiVersion": "externaldns.k8s.io/v1alpha1",
    "kind": "DNSEndpoint",
    "metadata": {"name": "shop", "namespace": "team"},
    "spec": {"endpoints": [{"dnsName": "shop.example.com", "recordType": "A", "targets": ["192.0.2.1"]}]},
}
SERVICE: Final[dict[str, Any]] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "shop", "namespace": "team"},
    "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
}


@pytest.fixture
def defined(cluster: KubernetesApi) -> KubernetesApi:
    for definition in definitions.ALL:
        cluster.store.add(definition)
    return cluster


def test_a_field_that_a_custom_resource_does_not_have_is_dropped(defined: KubernetesApi) -> None:
    defined.store.add(ROUTE)

    assert defined.store.read("HTTPRoute", "team", "shop")["spec"] == {
        "hostnames": ["shop.example.com"],
        "parentRefs": [{"name": "public"}],
    }


@pytest.mark.parametrize(
    ("document", "spec", "says"),
    [
        pytest.param(ROUTE, {"hostnames": ["Shop_1"]}, 'HTTPRoute.gateway.networking.k8s.io "shop" is invalid: spec.hos'
                     'tnames[0]: Invalid value: "Shop_1": spec.hostnames[0] in body should match', id="a bad host"),
        pytest.param(ROUTE, {"parentRefs": [{}]}, "spec.parentRefs[0].name: Required value", id="a nameless parent"),
        pytest.param(ENDPOINT, {"endpoints": [{"recordTTL": "60"}]}, "spec.endpoints[0].recordTTL in body must be of "
                     'type integer: "string"', id="a text for a number"),
        pytest.param(ENDPOINT, {"endpoints": [{"providerSpecific": [{"name": "aws/weight", "value": 5}]}]},
                     'spec.endpoints[0].providerSpecific[0].value in body must be of type string: "integer"',
                     id="a number for a weight"),
        pytest.param(SERVICE, {"type": "External", "ports": [{"port": 80}]}, 'spec.type: Unsupported value: "External"',
                     id="no type of a Service"),
        pytest.param(SERVICE, {"type": "LoadBalancer"}, "spec.ports: Required value", id="a Service without ports"),
    ],
)  # fmt: skip
def test_what_breaks_a_schema_is_refused_in_the_words_of_the_server(
    defined: KubernetesApi, document: dict[str, Any], spec: dict[str, Any], says: str
) -> None:
    with pytest.raises(ApiError) as caught:
        defined.store.add({**document, "spec": spec})

    assert caught.value.code == 422
    assert says in caught.value.message


def test_the_kinds_are_found_by_discovery(defined: KubernetesApi) -> None:
    for version, plural in ((ROUTE["apiVersion"], "httproutes"), (ENDPOINT["apiVersion"], "dnsendpoints")):
        call = Call("GET", f"/apis/{version}", {"authorization": "Bearer admin-token"})
        body = defined.api.answer(call).body
        assert isinstance(body, dict)
        assert {plural, f"{plural}/status"} <= {each["name"] for each in body["resources"]}
