"""The questions that were put to a real kube-apiserver 1.35, whose answers stand in answers.json.

They are asked in order, as each finds what those before it left. An answer is small JSON: status, reason and message
of a refusal, or the few fields that the question is about. Namespaces are written `NS` in the answers.
"""

import json
from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any

import urllib3
from kubernetes import client, dynamic, watch
from kubernetes.client.exceptions import ApiException

NAMESPACE = "ct1700000000"
WEIGHT = "external-dns.alpha.kubernetes.io/aws-weight"
INGRESSES = f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/ingresses"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
ARGO = "/apis/argoproj.io/v1alpha1"
APPLICATIONS = f"{ARGO}/namespaces/{NAMESPACE}/applications"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

ADMIN = "admin-token"
JSON = "application/json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"

Reply = tuple[int, Any, Mapping[str, str]]
Probe = Callable[["Server"], Any]
PROBES: dict[str, Probe] = {}


class Server:
    """The server that is asked: by raw HTTP, and by the official client."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = urllib3.PoolManager(maxsize=20)
        self.clients = [self._client(ADMIN), self._client("wrong")]
        self.networking: Any = client.NetworkingV1Api(self.clients[0])
        self.core: Any = client.CoreV1Api(self.clients[0])
        self.custom: Any = client.CustomObjectsApi(self.clients[0])

    def close(self) -> None:
        self._http.clear()
        for one in self.clients:
            one.rest_client.close()

    def _client(self, token: str) -> Any:
        configuration = client.Configuration()
        configuration.host = self.url
        configuration.api_key = {"authorization": f"Bearer {token}", "BearerToken": f"Bearer {token}"}
        configuration.retries = False
        return client.ApiClient(configuration)

    def ask(self, method: str, path: str, body: Any = None, kind: str = JSON, token: str = ADMIN) -> Reply:
        headers = {"Accept": JSON}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = kind
        data = body if isinstance(body, str | None) else json.dumps(body)
        answer = self._http.request(method, self.url + path, body=data, headers=headers, timeout=20, retries=False)
        try:
            content = json.loads(answer.data)
        except ValueError:
            content = {}
        return answer.status, content, answer.headers

    def watch(self, **query: str) -> list[Any]:
        """The events of one second."""
        asked = "&".join(f"{key}={value}" for key, value in {"watch": "1", "timeoutSeconds": "1", **query}.items())
        headers = {"Accept": JSON, "Authorization": f"Bearer {ADMIN}"}
        answer = self._http.request("GET", f"{self.url}{INGRESSES}?{asked}", headers=headers, timeout=20, retries=False)
        return [json.loads(line) for line in answer.data.splitlines()]

    def patch(self, name: str, body: Any, kind: str = MERGE, token: str = ADMIN, query: str = "") -> Reply:
        return self.ask("PATCH", f"{INGRESSES}/{name}{query}", body, kind, token)

    def weight(self, weight: str, name: str = "a", token: str = ADMIN) -> Reply:
        return self.patch(name, {"metadata": {"annotations": {WEIGHT: weight}}}, token=token)

    def metadata(self, name: str = "a") -> Any:
        return self.ask("GET", f"{INGRESSES}/{name}")[1]["metadata"]

    def touch(self, value: str) -> None:
        self.patch("a", {"metadata": {"annotations": {"t": value}}})


def probe(function: Probe) -> Probe:
    PROBES[function.__name__] = function
    return function


def verdict(reply: Reply) -> list[Any]:
    code, content, _ = reply
    if content.get("kind") == "Status":
        return [code, content.get("reason"), (content.get("message") or "")[:220]]
    return [code]


def ask_all(url: str) -> dict[str, Any]:
    """Every probe's answer, by its name."""
    server = Server(url)
    try:
        answers = {name: ask(server) for name, ask in PROBES.items()}
    finally:
        server.close()
    parsed: dict[str, Any] = json.loads(json.dumps(answers).replace(NAMESPACE, "NS"))
    return parsed


def ingress(name: str, weight: str = "0") -> dict[str, Any]:
    annotations = {WEIGHT: weight, "external-dns.alpha.kubernetes.io/set-identifier": "blue", "keep": "me"}
    backend = {"service": {"name": "svc", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "annotations": annotations, "labels": {"app": name}},
        "spec": {"rules": [{"host": "a.example.com", "http": {"paths": [path]}}]},
    }


def applied(annotations: Mapping[str, str]) -> dict[str, Any]:
    metadata = {"name": "a", "annotations": dict(annotations)}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata}


# --- objects ---------------------------------------------------------------------------------------------------------


@probe
def version(server: Server) -> Any:
    return server.ask("GET", "/version")[1]["gitVersion"]


@probe
def create_ns(server: Server) -> Any:
    return verdict(server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}}))


@probe
def create_ingress(server: Server) -> Any:
    code, content, _ = server.ask("POST", INGRESSES, ingress("a"))
    metadata = content["metadata"]
    keys = sorted(key for key in metadata if key != "managedFields")
    is_number = metadata["resourceVersion"].isdigit()
    return [code, content["kind"], keys, metadata["generation"], is_number, "managedFields" in metadata]


@probe
def create_dup(server: Server) -> Any:
    return verdict(server.ask("POST", INGRESSES, ingress("a")))


@probe
def client_read(server: Server) -> Any:
    found = server.networking.read_namespaced_ingress("a", NAMESPACE)
    return [type(found).__name__, found.metadata.annotations[WEIGHT], found.spec.rules[0].host]


@probe
def client_list(server: Server) -> Any:
    every = server.networking.list_namespaced_ingress(NAMESPACE, label_selector="app=a")
    others = server.networking.list_namespaced_ingress(NAMESPACE, label_selector="app!=a")
    none = server.networking.list_namespaced_ingress(NAMESPACE, field_selector="metadata.name=zzz")
    counts = [len(found.items) for found in (every, others, none)]
    return [type(every).__name__, *counts, bool(every.metadata.resource_version)]


@probe
def list_kind(server: Server) -> Any:
    code, content, _ = server.ask("GET", INGRESSES)
    return [code, content["kind"], content["apiVersion"], "kind" in content["items"][0]]


@probe
def list_all_ns(server: Server) -> Any:
    items = server.networking.list_ingress_for_all_namespaces().items
    return len([item for item in items if item.metadata.namespace == NAMESPACE])


@probe
def list_limit_continue(server: Server) -> Any:
    server.ask("POST", INGRESSES, ingress("b"))
    first = server.ask("GET", f"{INGRESSES}?limit=1")[1]
    token = first["metadata"].get("continue")
    second = server.ask("GET", f"{INGRESSES}?limit=1&continue={token}")[1]
    return [len(first["items"]), bool(token), [item["metadata"]["name"] for item in second["items"]]]


@probe
def get_missing(server: Server) -> Any:
    return verdict(server.ask("GET", f"{INGRESSES}/nope"))


@probe
def client_404(server: Server) -> Any:
    return _refusal(lambda: server.networking.read_namespaced_ingress("nope", NAMESPACE))


def _refusal(call: Callable[[], Any]) -> list[Any]:
    try:
        call()
    except ApiException as error:
        return [type(error).__name__, error.status, json.loads(error.body or "{}")["reason"]]
    return []


# --- patches ---------------------------------------------------------------------------------------------------------


@probe
def merge_patch(server: Server) -> Any:
    code, content, _ = server.patch("a", {"metadata": {"annotations": {WEIGHT: "100", "keep": None}}})
    return [code, content["metadata"]["annotations"], content["metadata"]["generation"]]


@probe
def strategic_patch(server: Server) -> Any:
    code, content, _ = server.patch("a", {"metadata": {"annotations": {WEIGHT: "90", "x": "y"}}}, STRATEGIC)
    return [code, content["metadata"]["annotations"][WEIGHT]]


@probe
def strategic_finalizers_merge(server: Server) -> Any:
    server.patch("b", {"metadata": {"finalizers": ["a.b/c"]}})
    merged = server.patch("b", {"metadata": {"finalizers": ["d.e/f"]}}, STRATEGIC)[1]["metadata"].get("finalizers")
    removed = server.patch("b", {"metadata": {"finalizers": None}})[1]["metadata"].get("finalizers")
    return [merged, removed]


def _operation(op: str, value: str) -> dict[str, str]:
    return {"op": op, "path": "/metadata/annotations/external-dns.alpha.kubernetes.io~1aws-weight", "value": value}


@probe
def json_patch(server: Server) -> Any:
    code, content, _ = server.patch("a", [_operation("test", "90"), _operation("replace", "80")], JSON_PATCH)
    return [code, content["metadata"]["annotations"][WEIGHT]]


@probe
def json_patch_test_fails(server: Server) -> Any:
    return verdict(server.patch("a", [_operation("test", "1"), _operation("replace", "2")], JSON_PATCH))


@probe
def json_patch_missing_path(server: Server) -> Any:
    return verdict(server.patch("a", [{"op": "remove", "path": "/metadata/annotations/nope"}], JSON_PATCH))


@probe
def patch_bad_ctype(server: Server) -> Any:
    return verdict(server.patch("a", {"metadata": {}}, JSON))


@probe
def patch_int_annotation(server: Server) -> Any:
    return verdict(server.patch("a", {"metadata": {"annotations": {WEIGHT: 100}}}))


@probe
def patch_int_annotation_strategic(server: Server) -> Any:
    return verdict(server.patch("a", {"metadata": {"annotations": {WEIGHT: 100}}}, STRATEGIC))


@probe
def patch_bad_annotation_key(server: Server) -> Any:
    return verdict(server.patch("a", {"metadata": {"annotations": {"bad key!": "1"}}}))


@probe
def patch_annotation_too_big(server: Server) -> Any:
    return verdict(server.patch("a", {"metadata": {"annotations": {"big": "x" * 270_000}}}))


@probe
def patch_malformed(server: Server) -> Any:
    return verdict(server.patch("a", '{"metadata":'))


@probe
def patch_missing_obj(server: Server) -> Any:
    return verdict(server.weight("1", name="nope"))


@probe
def noop_patch_keeps_rv(server: Server) -> Any:
    before = server.metadata()
    after = server.weight(before["annotations"][WEIGHT])[1]["metadata"]
    return [before[key] == after[key] for key in ("resourceVersion", "generation")]


@probe
def spec_change_bumps_generation(server: Server) -> Any:
    before = server.metadata()["generation"]
    after = server.patch("a", {"spec": {"rules": [{"host": "b.example.com"}]}})[1]
    return [before, after["metadata"]["generation"], len(after["spec"]["rules"])]


@probe
def merge_patch_stale_rv(server: Server) -> Any:
    stale = server.metadata()["resourceVersion"]
    server.touch("1")
    return verdict(server.patch("a", {"metadata": {"resourceVersion": stale, "annotations": {WEIGHT: "5"}}}))


@probe
def merge_patch_fresh_rv(server: Server) -> Any:
    fresh = server.metadata()["resourceVersion"]
    return verdict(server.patch("a", {"metadata": {"resourceVersion": fresh, "annotations": {WEIGHT: "6"}}}))


@probe
def put_stale_rv(server: Server) -> Any:
    stale = server.ask("GET", f"{INGRESSES}/a")[1]
    server.touch("2")
    return verdict(server.ask("PUT", f"{INGRESSES}/a", stale))


@probe
def put_replaces(server: Server) -> Any:
    body = server.ask("GET", f"{INGRESSES}/a")[1]
    body["metadata"]["annotations"] = {WEIGHT: "7"}
    code, content, _ = server.ask("PUT", f"{INGRESSES}/a", body)
    return [code, content["metadata"]["annotations"]]


@probe
def put_no_rv(server: Server) -> Any:
    code, content, _ = server.ask("PUT", f"{INGRESSES}/a", ingress("a", "8"))
    return [code, content["metadata"]["annotations"][WEIGHT], content.get("message")]


@probe
def patch_name_mismatch(server: Server) -> Any:
    return verdict(server.patch("a", {"metadata": {"name": "other"}}))


@probe
def patch_uid_precondition(server: Server) -> Any:
    return verdict(server.patch("a", {"metadata": {"uid": "00000000-0000-0000-0000-000000000000"}}))


@probe
def dry_run(server: Server) -> Any:
    code, content, _ = server.patch("a", {"metadata": {"annotations": {WEIGHT: "55"}}}, query="?dryRun=All")
    return [code, content["metadata"]["annotations"][WEIGHT], server.metadata()["annotations"][WEIGHT]]


@probe
def unknown_field_warn(server: Server) -> Any:
    code, _, headers = server.patch("a", {"spec": {"bogus": 1}})
    return [code, {key: value for key, value in headers.items() if key.lower() == "warning"}]


@probe
def unknown_field_strict(server: Server) -> Any:
    return verdict(server.patch("a", {"spec": {"bogus": 1}}, query="?fieldValidation=Strict"))


@probe
def invalid_ingress_422(server: Server) -> Any:
    return verdict(server.patch("a", {"spec": {"rules": None, "defaultBackend": None}}))


# --- server-side apply -----------------------------------------------------------------------------------------------


def _apply(server: Server, annotations: Mapping[str, str], query: str) -> Reply:
    return server.patch("a", applied(annotations), APPLY, query=query)


@probe
def ssa_no_manager(server: Server) -> Any:
    return verdict(_apply(server, {WEIGHT: "11"}, ""))


@probe
def ssa_conflict(server: Server) -> Any:
    code, content, _ = _apply(server, {WEIGHT: "11"}, "?fieldManager=switch")
    return [code, content["reason"], content["message"][:200], content["details"]["causes"]]


@probe
def ssa_force(server: Server) -> Any:
    code, content, _ = _apply(server, {WEIGHT: "11"}, "?fieldManager=switch&force=true")
    metadata = content["metadata"]
    owned = [
        (entry["manager"], entry["operation"], entry["fieldsV1"]["f:metadata"]["f:annotations"])
        for entry in metadata["managedFields"]
        if entry["manager"] == "switch"
    ]
    return [code, metadata["annotations"][WEIGHT], owned]


@probe
def ssa_again_same_manager(server: Server) -> Any:
    code, content, _ = _apply(server, {WEIGHT: "12"}, "?fieldManager=switch")
    return [code, content["metadata"]["annotations"][WEIGHT]]


@probe
def ssa_remove(server: Server) -> Any:
    code, content, _ = _apply(server, {"only": "this"}, "?fieldManager=switch")
    return [code, sorted(content["metadata"]["annotations"])]


@probe
def ssa_creates(server: Server) -> Any:
    code, content, _ = server.patch("ssa1", ingress("ssa1"), APPLY, query="?fieldManager=switch")
    return [code, content["metadata"]["name"]]


@probe
def update_takes_ownership(server: Server) -> Any:
    _apply(server, {WEIGHT: "12"}, "?fieldManager=argocd&force=true")
    server.patch("a", {"metadata": {"annotations": {WEIGHT: "13"}}}, query="?fieldManager=lambda")
    code, content, _ = _apply(server, {WEIGHT: "12"}, "?fieldManager=argocd")
    return [code, content["reason"], content["message"][:160]]


# --- who may ---------------------------------------------------------------------------------------------------------


@probe
def bad_token(server: Server) -> Any:
    return verdict(server.ask("GET", INGRESSES, token="wrong"))


@probe
def no_token(server: Server) -> Any:
    return verdict(server.ask("GET", INGRESSES, token=""))


@probe
def nobody_patch(server: Server) -> Any:
    return verdict(server.weight("1", token="nobody-token"))


@probe
def nobody_list(server: Server) -> Any:
    return verdict(server.ask("GET", INGRESSES, token="nobody-token"))


@probe
def client_401(server: Server) -> Any:
    networking = client.NetworkingV1Api(server.clients[1])
    return _refusal(lambda: networking.read_namespaced_ingress("a", NAMESPACE))


@probe
def rbac_setup(server: Server) -> Any:
    names = {"resources": ["ingresses"], "resourceNames": ["a"]}
    rule = {"apiGroups": ["networking.k8s.io"], **names, "verbs": ["get", "patch"]}
    role = {"metadata": {"name": f"{NAMESPACE}-w"}, "rules": [rule]}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": f"{NAMESPACE}-w"}
    subject = {"kind": "Group", "name": "dns-weight-patchers", "apiGroup": "rbac.authorization.k8s.io"}
    binding = {"metadata": {"name": "w"}, "roleRef": reference, "subjects": [subject]}
    paths = (f"{RBAC}/clusterroles", f"{RBAC}/namespaces/{NAMESPACE}/rolebindings")
    return [verdict(server.ask("POST", path, body)) for path, body in zip(paths, (role, binding), strict=True)]


@probe
def rbac_lambda_patch(server: Server) -> Any:
    return verdict(server.weight("21", token="lambda-token"))


@probe
def rbac_lambda_patch_other(server: Server) -> Any:
    return verdict(server.weight("21", name="b", token="lambda-token"))


@probe
def rbac_lambda_list(server: Server) -> Any:
    return verdict(server.ask("GET", INGRESSES, token="lambda-token"))


@probe
def rbac_lambda_put(server: Server) -> Any:
    return verdict(server.ask("PUT", f"{INGRESSES}/a", ingress("a"), token="lambda-token"))


@probe
def rbac_lambda_ssa_create(server: Server) -> Any:
    return verdict(server.patch("new", ingress("new"), APPLY, "lambda-token", "?fieldManager=x"))[:2]


@probe
def ssar(server: Server) -> Any:
    attributes = {"group": "networking.k8s.io", "resource": "ingresses", "verb": "patch", "namespace": NAMESPACE}
    body = {"kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": {**attributes, "name": "a"}}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    code, content, _ = server.ask("POST", path, body, token="lambda-token")
    return [code, content["status"]["allowed"]]


# --- secrets and custom resources ------------------------------------------------------------------------------------


@probe
def secret_stringdata(server: Server) -> Any:
    labels = {"argocd.argoproj.io/secret-type": "cluster"}
    body = {"metadata": {"name": "s", "labels": labels}, "stringData": {"k": "v"}}
    code, content, _ = server.ask("POST", SECRETS, body)
    return [code, content["data"], content.get("stringData"), content["type"]]


@probe
def secret_bad_b64(server: Server) -> Any:
    return verdict(server.ask("POST", SECRETS, {"metadata": {"name": "s2"}, "data": {"k": "***"}}))


@probe
def secret_client(server: Server) -> Any:
    found = server.core.read_namespaced_secret("s", NAMESPACE)
    return [type(found.data).__name__, found.data]


@probe
def secret_patch_label(server: Server) -> Any:
    code, content, _ = server.ask("PATCH", f"{SECRETS}/s", {"metadata": {"labels": {"traffic": "off"}}}, MERGE)
    return [code, content["metadata"]["labels"]]


@probe
def crd_before(server: Server) -> Any:
    return verdict(server.ask("GET", f"{ARGO}/applications"))


def _definition(group: str, version: str, plural: str, kind: str) -> dict[str, Any]:
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"openAPIV3Schema": {**free, "properties": {"spec": free, "status": free}}}
    stored = {"name": version, "served": True, "storage": True, "subresources": {"status": {}}, "schema": schema}
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [stored]},
    }


@probe
def crd_create(server: Server) -> Any:
    applications = _definition("argoproj.io", "v1alpha1", "applications", "Application")
    bindings = _definition("elbv2.k8s.aws", "v1beta1", "targetgroupbindings", "TargetGroupBinding")
    return [server.ask("POST", DEFINITIONS, body)[0] for body in (applications, bindings)]


@probe
def cr_crud(server: Server) -> Any:
    spec = {"syncPolicy": {"automated": {"selfHeal": True}}}
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "app1"}, "spec": spec}
    made = server.custom.create_namespaced_custom_object("argoproj.io", "v1alpha1", NAMESPACE, "applications", body)
    patch = {"spec": {"syncPolicy": {"automated": None}}}
    code, content, _ = server.ask("PATCH", f"{APPLICATIONS}/app1", patch, MERGE)
    return [made["metadata"]["generation"], code, content["spec"], content["metadata"]["generation"]]


@probe
def cr_strategic(server: Server) -> Any:
    return verdict(server.ask("PATCH", f"{APPLICATIONS}/app1", {"spec": {}}, STRATEGIC))


@probe
def cr_client_patch(server: Server) -> Any:
    patch = server.custom.patch_namespaced_custom_object
    where = ("elbv2.k8s.aws", "v1beta1", NAMESPACE, "targetgroupbindings", "nope")
    name, code, _ = _refusal(lambda: patch(*where, {"metadata": {}}))
    return f"EXC {name}: ({code})"


@probe
def cr_client_patch_dict(server: Server) -> Any:
    where = ("argoproj.io", "v1alpha1", NAMESPACE, "applications", "app1")
    body = {"metadata": {"annotations": {"q": "1"}}}
    return server.custom.patch_namespaced_custom_object(*where, body)["metadata"]["annotations"]


@probe
def cr_status_sub(server: Server) -> Any:
    patch = {"status": {"sync": {"status": "Synced"}}, "spec": {"z": 1}}
    code, content, _ = server.ask("PATCH", f"{APPLICATIONS}/app1/status", patch, MERGE)
    return [code, content["status"], content["spec"]]


# --- what the official client sends ----------------------------------------------------------------------------------


def _client_patch(server: Server, body: Any, **options: Any) -> list[str]:
    patched = server.networking.patch_namespaced_ingress("a", NAMESPACE, body, **options)
    return [patched.metadata.annotations[WEIGHT]]


@probe
def client_patch_dict(server: Server) -> Any:
    return _client_patch(server, {"metadata": {"annotations": {WEIGHT: "31", "keep": None}}}, field_manager="x")


@probe
def client_patch_list(server: Server) -> Any:
    return _client_patch(server, [_operation("replace", "32")])


@probe
def client_patch_ct_merge(server: Server) -> Any:
    return _client_patch(server, {"metadata": {"annotations": {WEIGHT: "33"}}}, _content_type=MERGE)


@probe
def client_patch_ssa(server: Server) -> Any:
    return _client_patch(server, applied({WEIGHT: "34"}), _content_type=APPLY, field_manager="z", force=True)


@probe
def discovery(server: Server) -> Any:
    kinds = [server.ask("GET", path)[1]["kind"] for path in ("/api", "/apis")]
    health = [server.ask("GET", path)[0] for path in ("/healthz", "/readyz", "/livez")]
    return [*kinds, *health, *(server.ask("GET", path)[0] for path in ("/openapi/v3", "/openapi/v2"))]


@probe
def dynamic_client(server: Server) -> Any:
    make: Any = dynamic.DynamicClient
    resources = make(server.clients[0]).resources
    ingresses = resources.get(api_version="networking.k8s.io/v1", kind="Ingress")
    return ingresses.get(name="a", namespace=NAMESPACE).metadata.name


# --- watching --------------------------------------------------------------------------------------------------------


@probe
def watch_old_rv(server: Server) -> Any:
    first = server.watch(resourceVersion="1")[0]
    return [first["type"], first["object"].get("code"), first["object"].get("reason")]


@probe
def client_watch(server: Server) -> Any:
    server.ask("DELETE", f"{INGRESSES}/ssa1")  # as a probe before this one did when it was recorded
    watcher: Any = watch.Watch  # untyped
    events = watcher().stream(server.networking.list_namespaced_ingress, NAMESPACE, timeout_seconds=1)
    return sorted((event["type"], event["object"].metadata.name) for event in events)


@probe
def concurrent_patches(server: Server) -> Any:
    codes: list[int] = []

    def patch_often(who: int) -> None:
        bodies = [{"metadata": {"annotations": {f"c{who}": str(value)}}} for value in range(10)]
        codes.extend(server.patch("b", body)[0] for body in bodies)

    threads = [Thread(target=patch_often, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    annotations = server.metadata("b")["annotations"]
    return [sorted(set(codes)), codes.count(409), sum(annotations.get(f"c{who}") == "9" for who in range(8))]


# --- the end ---------------------------------------------------------------------------------------------------------


@probe
def delete_ing(server: Server) -> Any:
    return verdict(server.ask("DELETE", f"{INGRESSES}/a"))[:2]


@probe
def namespace_not_found(server: Server) -> Any:
    path = "/apis/networking.k8s.io/v1/namespaces/nosuchns/ingresses"
    return verdict(server.ask("POST", path, ingress("q")))


@probe
def unknown_resource(server: Server) -> Any:
    return verdict(server.ask("GET", f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/widgets"))


@probe
def wrong_method(server: Server) -> Any:
    return verdict(server.ask("POST", f"{INGRESSES}/a", {}))
