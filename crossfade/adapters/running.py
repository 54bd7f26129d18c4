"""What runs behind the workloads, as the API server of one cluster lists it, namespace by namespace.

Ready pods are counted in EndpointSlices, which say which pods a Service sends requests to.
Sources: Kubernetes API reference, discovery.k8s.io/v1 EndpointSlice (no `ready` means ready; several slices may name
one endpoint), autoscaling/v2 HorizontalPodAutoscaler (minReplicas is 1 when absent), batch/v1 CronJob.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final, TypeVar

from crossfade.adapters.kubernetes_api import KubernetesApi
from crossfade.adapters.kubernetes_objects import Document, Resource
from crossfade.core.plan import Plan
from crossfade.core.running import RunningFacts, ScalerFacts
from crossfade.core.source import SourceKind
from crossfade.core.workload import Workload
from crossfade.errors import RouterObjectMissingError, RouterRefusedError

T = TypeVar("T")

_SLICES: Final = Resource("EndpointSlice", "discovery.k8s.io", "v1", "endpointslices")
_SCALERS: Final = Resource("HorizontalPodAutoscaler", "autoscaling", "v2", "horizontalpodautoscalers")
_JOBS: Final = Resource("CronJob", "batch", "v1", "cronjobs")
_DEPLOYMENTS: Final = Resource("Deployment", "apps", "v1", "deployments")
_SERVICE_LABEL: Final = "kubernetes.io/service-name"


class Running:
    """
    What runs in one cluster.

    Args:
        cluster: Its API server.
    """

    def __init__(self, cluster: KubernetesApi) -> None:
        self._cluster = cluster
        self._unseen: dict[str, None] = {}

    def read(self, plan: Plan) -> RunningFacts:
        """
        Read the namespaces of *plan*'s workloads.

        Raises:
            RouterUnavailableError: Ask again later.
        """
        self._unseen = {}
        namespaces = tuple(dict.fromkeys(workload.namespace for workload in plan.workloads))
        pods = {namespace: self._unless_refused(partial(self._pods, namespace)) for namespace in namespaces}
        return RunningFacts(
            ready=dict(self._ready(plan.workloads, pods)),
            scalers={_name(found): _scaler(found) for found in self._listed(_SCALERS, namespaces)},
            jobs=frozenset(_name(found) for found in self._listed(_JOBS, namespaces) if not _is_suspended(found)),
            consumers=self._consumers(plan),
            unseen=tuple(self._unseen),
        )

    def _listed(self, resource: Resource, namespaces: Iterable[str]) -> Iterator[Document]:
        for namespace in namespaces:
            yield from self._unless_refused(partial(self._all, resource, namespace)) or ()

    def _all(self, resource: Resource, namespace: str) -> list[Document]:
        return list(self._cluster.within(resource, namespace))

    def _pods(self, namespace: str) -> Mapping[str, set[str]]:
        """The ready endpoints behind each Service of *namespace*, by its name."""
        found: dict[str, set[str]] = {}
        for piece in self._cluster.within(_SLICES, namespace):
            service = (piece["metadata"].get("labels") or {}).get(_SERVICE_LABEL, "")
            found.setdefault(service, set()).update(_ready_in(piece))
        return found

    def _ready(
        self, workloads: Iterable[Workload], pods: Mapping[str, Mapping[str, set[str]] | None]
    ) -> Iterator[tuple[str, int]]:
        for workload in workloads:
            services, known = self._services(workload), pods[workload.namespace]
            if services and known is not None:
                yield workload.name, len(set[str]().union(*(known.get(name, set()) for name in services)))

    def _services(self, workload: Workload) -> set[str]:
        """The Services to which the objects of *workload* send requests."""
        found: set[str] = set()
        if workload.alb is not None:
            try:
                found.add(self._cluster.binding(workload.namespace, workload.alb.binding).service)
            except RouterObjectMissingError:
                return found
        for source in workload.sources:
            try:
                found.update(services_of(source.kind, self._cluster.read(source).document))
            except RouterObjectMissingError:
                continue
        return found

    def _consumers(self, plan: Plan) -> dict[str, int]:
        names = {f"{workload.namespace}/{name}" for workload in plan.workloads for name in workload.consumers}
        namespaces = sorted({name.partition("/")[0] for name in names})
        return {
            _name(found): (found.get("status") or {}).get("readyReplicas") or 0
            for found in self._listed(_DEPLOYMENTS, namespaces)
            if _name(found) in names
        }

    def _unless_refused(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except RouterRefusedError as error:
            self._unseen[str(error)] = None
            return None


def services_of(kind: SourceKind, document: Document) -> set[str]:
    """The names of the Services to which an object of *kind* sends requests; in its own namespace."""
    spec: Mapping[str, Any] = document.get("spec") or {}
    match kind:
        case SourceKind.SERVICE:
            return {document["metadata"]["name"]}
        case SourceKind.INGRESS:
            paths = [path for rule in spec.get("rules") or () for path in (rule.get("http") or {}).get("paths") or ()]
            backends = [path["backend"] for path in paths]
            backends += [spec["defaultBackend"]] if spec.get("defaultBackend") else []
            # use-annotation: an action of the AWS Load Balancer Controller, such as a redirect, and no Service
            services = [back["service"] for back in backends if back.get("service")]
            return {each["name"] for each in services if (each.get("port") or {}).get("name") != "use-annotation"}
        case SourceKind.HTTP_ROUTE:
            refs = [ref for rule in spec.get("rules") or () for ref in rule.get("backendRefs") or ()]
            return {ref["name"] for ref in refs if ref.get("kind", "Service") == "Service"}
        case SourceKind.DNS_ENDPOINT:
            return set()


def _ready_in(piece: Document) -> Iterator[str]:
    for endpoint in piece.get("endpoints") or ():
        if (endpoint.get("conditions") or {}).get("ready") is not False:
            yield (endpoint.get("targetRef") or {}).get("name") or endpoint["addresses"][0]


def _scaler(found: Document) -> ScalerFacts:
    spec, status = found["spec"], found.get("status") or {}
    return ScalerFacts(
        floor=spec["minReplicas"] if spec.get("minReplicas") is not None else 1,
        ceiling=spec["maxReplicas"],
        now=status.get("currentReplicas") or 0,
    )


def _is_suspended(found: Document) -> bool:
    return bool(found["spec"].get("suspend"))


def _name(found: Document) -> str:
    return f"{found['metadata']['namespace']}/{found['metadata']['name']}"
