"""The sample estate as Argo CD keeps it: burnham is rendered from a cluster Secret, guestbook from a parameter."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from crossfade.adapters.argocd import ArgoCdRouter
from crossfade.adapters.argocd_api import ArgoCdApi, ArgoCds
from crossfade.core.argocd import ArgoCd, HelmParameter, SecretKey
from crossfade.core.weight import Side
from crossfade.core.workload import Router, Workload
from crossfade.names import EPOCH_ANNOTATION
from tests.contracts.estate import BURNHAM, CLUSTERS, REGION, WORKLOADS, Estate, an_estate
from tests.contracts.zone import Configured
from world.argocd import install

KEY: Final = "route53_weight"
PARAMETER: Final = HelmParameter(application="team-riker", name="spec.ingress.route53_weight")
BY_SECRET: Final = ArgoCd(
    applications=("bootstrap-workloads-{cluster}", "team-burnham"), secret=SecretKey(name="{cluster}", key=KEY)
)
BY_PARAMETER: Final = ArgoCd(parameter=PARAMETER)


def by_argocd(workload: Workload) -> Workload:
    """*workload* as it is configured for the router argocd."""
    block = BY_SECRET if workload.name == BURNHAM.name else BY_PARAMETER
    return workload.model_copy(update={"router": Router.ARGOCD, "argocd": block})


class Interruptible(ArgoCdApi):
    """Lets something happen between the reading and the writing of a source, once."""

    in_between: Callable[[], None] | None = None

    def annotate_secret(self, *args: Any, **options: Any) -> None:
        self._happen()
        super().annotate_secret(*args, **options)

    def patch_application(self, *args: Any, **options: Any) -> None:
        self._happen()
        super().patch_application(*args, **options)

    def _happen(self) -> None:
        happen, self.in_between = self.in_between, None
        if happen:
            happen()


class ArgoCdGround:
    """
    See `test_router.Ground`. Everything is synced; nothing follows by itself.

    Attributes:
        estate: The clusters and the zone.
        inner: The router as it is.
        router: The router to which workloads are known as configured.
        own: Argo CD's objects of each side, as the router asks for them.
        argocds: The same, as it is given them.
    """

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        for side in Side:
            self._fill(side, estate.servers[side].store)
        self.own = {side: Interruptible(CLUSTERS[side], estate.eks[side].connect) for side in Side}
        places = {side: (CLUSTERS[side], REGION) for side in Side}
        self.argocds = ArgoCds({places[side]: self.own[side] for side in Side}, places)
        self.inner = ArgoCdRouter(estate.router, estate.apis, self.argocds)
        self.router = Configured(self.inner, by_argocd)

    def _fill(self, side: Side, store: Any) -> None:
        install(store)
        store.add(a_secret(CLUSTERS[side], "100" if side is Side.BLUE else "0"))
        store.add(an_argocd_server("v2.12.6"))
        for document in (
            a_bootstrap(f"bootstrap-workloads-{CLUSTERS[side]}"),
            an_application("team-burnham", BURNHAM),
            an_application("team-riker", WORKLOADS[1]),
        ):
            store.add(document)

    # What is there.

    def declared(self, workload: Workload, side: Side) -> int | None:
        return self.estate.declared(workload, side)

    def epoch(self, workload: Workload, side: Side) -> int:
        return min(self.estate.epoch(workload, side), int(self.annotations(workload, side).get(EPOCH_ANNOTATION, "0")))

    def version(self, workload: Workload, side: Side) -> object:
        return self.estate.version(workload, side), self.source(workload, side)["metadata"]["resourceVersion"]

    def annotations(self, workload: Workload, side: Side) -> Mapping[str, str]:
        found: Mapping[str, str] = self.source(workload, side)["metadata"].get("annotations") or {}
        return found

    def source(self, workload: Workload, side: Side) -> dict[str, Any]:
        return self.estate.servers[side].store.read(*self._at(workload, side))

    def said(self, workload: Workload, side: Side) -> str | None:
        """What the source says."""
        if workload.name == BURNHAM.name:
            return self.annotations(workload, side).get(KEY)
        parameters = self.source(workload, side)["spec"]["source"].get("helm", {}).get("parameters", [])
        return next((entry["value"] for entry in parameters if entry["name"] == PARAMETER.name), None)

    def application(self, name: str, side: Side) -> dict[str, Any]:
        return self.estate.servers[side].store.read("Application", "argocd", name)

    # What happens.

    def by_hand(self, workload: Workload, side: Side, weight: int | None) -> None:
        self.estate.by_hand(workload, side, weight)
        if weight is not None:
            self.say(workload, side, str(weight))

    def say(self, workload: Workload, side: Side, value: str | None) -> None:
        """Somebody writes the source."""
        if workload.name == BURNHAM.name:
            patch: dict[str, Any] = {"metadata": {"annotations": {KEY: value}}}
        else:
            parameters = [{"name": PARAMETER.name, "value": value}] if value is not None else []
            patch = {"spec": {"source": {"helm": {"parameters": parameters}}}}
        self.estate.servers[side].store.merge(*self._at(workload, side), patch, manager="terraform")

    def report(self, name: str, side: Side, *, workload: Workload | None = None, **status: Any) -> None:
        """Argo CD compares: the Application, and the Ingress of *workload* in it, have this status."""
        word = status["sync"]["status"]
        patch: dict[str, Any] = {**status}
        if workload:
            patch["resources"] = [{**an_ingress(workload), "status": word}]
        self.estate.servers[side].store.merge("Application", "argocd", name, {"status": patch, "spec": {}})

    def show(self, workload: Workload, side: Side, weight: int) -> None:
        self.estate.show(workload, side, weight)

    def remove(self, workload: Workload, side: Side) -> None:
        self.estate.remove(workload, side)

    def cut_off(self, side: Side) -> None:
        self.estate.cut_off(side)

    def in_between(self, action: Callable[[], None]) -> None:
        for api in self.own.values():
            api.in_between = action

    def _at(self, workload: Workload, side: Side) -> tuple[str, str, str]:
        if workload.name == BURNHAM.name:
            return "Secret", "argocd", CLUSTERS[side]
        return "Application", "argocd", PARAMETER.application


# --- Objects ---------------------------------------------------------------------------------------------------------


def a_secret(name: str, weight: str) -> dict[str, Any]:
    labels = {"argocd.argoproj.io/secret-type": "cluster"}
    metadata = {"name": name, "namespace": "argocd", "labels": labels, "annotations": {KEY: weight}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"name": name}}


def an_argocd_server(tag: str) -> dict[str, Any]:
    containers = [{"name": "server", "image": f"quay.io/argoproj/argocd:{tag}"}]
    metadata = {"name": "argocd-server", "namespace": "argocd"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {"template": {"spec": {"containers": containers}}},
    }


def an_ingress(workload: Workload) -> dict[str, str]:
    return {
        "group": "networking.k8s.io",
        "kind": "Ingress",
        "namespace": workload.namespace,
        "name": workload.sources[0].name,
    }


def an_application(name: str, workload: Workload) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {
            "source": {"repoURL": "https://git.example.com/workloads.git", "path": name},
            "syncPolicy": {"automated": {"prune": True}},
        },
        "status": {
            "sync": {"status": "Synced"},
            "health": {"status": "Healthy"},
            "resources": [{**an_ingress(workload), "status": "Synced"}],
        },
    }


def a_bootstrap(name: str) -> dict[str, Any]:
    """As an ApplicationSet makes it: one source, in the list of sources; synced, but not self-healing."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": name,
            "namespace": "argocd",
            "ownerReferences": [{"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "name": "bootstrap"}],
        },
        "spec": {
            "sources": [{"repoURL": "https://git.example.com/workloads.git", "path": "envs/dev", "ref": "values"}],
            "syncPolicy": {"automated": {}},
        },
        "status": {"sync": {"status": "Synced"}, "health": {"status": "Healthy"}},
    }


@contextmanager
def an_argocd_estate() -> Iterator[ArgoCdGround]:
    """The estate with an Argo CD in each cluster, alone in its own cloud and time."""
    with an_estate() as estate:
        yield ArgoCdGround(estate)
