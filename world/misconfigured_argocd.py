"""What goes wrong around Argo CD: somebody sets a source back, syncs hang, objects are missing or broken.

Each is made as people and Argo CD make it. This file knows no checks; it only makes the world as it should not be.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from world.argocd import NAMESPACE
from world.argocd_rendering import TRACKING
from world.built import Built
from world.clusters import Cluster
from world.estate_spec import BLUE, GREEN, EstateSpec
from world.faults import FaultKind

APPLIED_EVERY: Final = timedelta(minutes=1)
"""Of `argocd-reverts`: how often somebody's automation applies what it was told before the migration."""


def _reverts(estate: Built) -> None:
    """Terraform is applied again and again, as it was before; or, without it, Argo CD heals what Git says."""
    if not has_argocd(estate.spec):
        _self_heal(estate)
        return

    def apply() -> None:
        for cluster in estate.clusters.values():
            _set_back(cluster)

    estate.clock.every(APPLIED_EVERY, apply)


def _set_back(cluster: Cluster) -> None:
    store = cluster.api.store
    for document in cluster.spec.manifests:
        name = document["metadata"]["name"]
        if document["kind"] == "Secret":
            annotations = document["metadata"].get("annotations") or {}
            store.merge("Secret", NAMESPACE, name, {"metadata": {"annotations": annotations}}, manager="terraform")
        parameters = _parameters(document)
        if parameters:
            patch = {"spec": {"source": {"helm": {"parameters": parameters}}}}
            store.merge("Application", NAMESPACE, name, patch, manager="terraform")


def _parameters(document: Mapping[str, Any]) -> Any:
    if document["kind"] != "Application":
        return ()
    return ((document["spec"].get("source") or {}).get("helm") or {}).get("parameters") or ()


def _stalled(estate: Built) -> None:
    for cluster in estate.clusters.values():
        cluster.argocd.is_stalled = True


def _self_heal(estate: Built) -> None:
    """An Argo CD that heals itself has rendered the Ingresses all along; where there is none yet, nobody was told."""
    for cluster in estate.clusters.values():
        heal = {"spec": {"syncPolicy": {"automated": {"selfHeal": True}}}}
        for application in cluster.api.store.all("Application", NAMESPACE):
            cluster.api.store.merge("Application", NAMESPACE, application["metadata"]["name"], heal)
    if not has_argocd(estate.spec):
        _bring(estate)


def _bring(estate: Built) -> None:
    """Applications that render what is in the clusters, one a namespace."""
    for cluster in estate.clusters.values():
        ingresses = [each for each in cluster.spec.manifests if each["kind"] == "Ingress"]
        for namespace in dict.fromkeys(each["metadata"]["namespace"] for each in ingresses):
            mine = [each for each in ingresses if each["metadata"]["namespace"] == namespace]
            application = namespace if namespace.startswith("team-") else f"team-{namespace}"
            cluster.argocd.adopt(_application(application, namespace), mine)
            for each in mine:
                name = each["metadata"]["name"]
                tracking = f"{application}:networking.k8s.io/Ingress:{namespace}/{name}"
                patch = {"metadata": {"annotations": {TRACKING: tracking}}}
                cluster.api.store.merge("Ingress", namespace, name, patch)
        cluster.argocd.reconcile()


def _application(name: str, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "source": {"repoURL": "https://git.example.com/platform/workloads.git", "path": namespace},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
            "syncPolicy": {"automated": {"selfHeal": True}},
        },
    }


def _out_of_sync(estate: Built) -> None:
    """Somebody has edited green's first Ingress, and its Application does not heal itself."""
    workload = estate.spec.workloads[0]
    cluster = estate.clusters[GREEN]
    edited = {"metadata": {"annotations": {"alb.ingress.kubernetes.io/tags": "Edited=by-hand"}}}
    cluster.api.store.merge("Ingress", workload.namespace, workload.objects[0], edited, manager="kubectl")
    cluster.argocd.reconcile()


def _degraded(estate: Built) -> None:
    cluster = estate.clusters[BLUE]
    cluster.argocd.degraded.add(_leaf(estate, cluster))
    cluster.argocd.reconcile()


def _sync_failed(estate: Built) -> None:
    cluster = estate.clusters[GREEN]
    state = {"phase": "Failed", "message": "one or more objects failed to apply"}
    patch = {"status": {"operationState": state}}
    cluster.api.store.merge("Application", NAMESPACE, _leaf(estate, cluster), patch)


def _no_key(estate: Built) -> None:
    """Somebody has taken the weight out of green's Secret; what is rendered now is the 0 that was there before."""
    cluster = estate.clusters[GREEN]
    for document in cluster.spec.manifests:
        if document["kind"] == "Secret":
            gone = dict.fromkeys(document["metadata"].get("annotations") or {})
            where = "Secret", NAMESPACE, document["metadata"]["name"]
            cluster.api.store.merge(*where, {"metadata": {"annotations": gone}}, manager="terraform")


def _missing(estate: Built) -> None:
    cluster = estate.clusters[GREEN]
    cluster.api.store.remove("Application", NAMESPACE, _leaf(estate, cluster))


def _affected(estate: Built) -> None:
    """Both clusters run a version that leaves changed values alone."""
    for cluster in estate.clusters.values():
        container = {"name": "server", "image": "quay.io/argoproj/argocd:v2.13.3"}
        patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
        cluster.api.store.merge("Deployment", NAMESPACE, "argocd-server", patch)


def _leaf(estate: Built, cluster: Cluster) -> str:
    """The Application that renders the first workload."""
    workload = estate.spec.workloads[0]
    ingress = cluster.api.store.read("Ingress", workload.namespace, workload.objects[0])
    return str(ingress["metadata"]["annotations"][TRACKING]).partition(":")[0]


def has_argocd(spec: EstateSpec) -> bool:
    """Whether Argo CD renders anything in an estate of *spec*."""
    return any(document["kind"] == "Application" for document in spec.blue.manifests)


MAKERS: Final[Mapping[FaultKind, Callable[[Built], None]]] = {
    FaultKind.ARGOCD_REVERTS: _reverts,
    FaultKind.ARGOCD_STALLED: _stalled,
    FaultKind.ARGOCD_SELF_HEAL: _self_heal,
    FaultKind.ARGOCD_OUT_OF_SYNC: _out_of_sync,
    FaultKind.ARGOCD_DEGRADED: _degraded,
    FaultKind.ARGOCD_SYNC_FAILED: _sync_failed,
    FaultKind.ARGOCD_NO_KEY: _no_key,
    FaultKind.ARGOCD_MISSING: _missing,
    FaultKind.ARGOCD_AFFECTED: _affected,
}
"""What puts each fault into place."""
EVERYWHERE: Final = frozenset({FaultKind.ARGOCD_REVERTS, FaultKind.ARGOCD_SELF_HEAL})
"""Those that need no Argo CD in the estate: they bring one."""
