"""What the API server of green does not give, or does not take, before anything moves.

Each is made as people make it: a binding that was deleted, a policy that somebody added, a broken network.
This file knows no checks; it only makes the world as it should not be.
"""

from collections.abc import Callable, Mapping
from typing import Final

from world.built import Built
from world.estate_spec import GREEN
from world.faults import FaultKind
from world.kubernetes import Interference

_POLICY: Final = (
    'ingresses.networking.k8s.io "{name}" is forbidden: ValidatingAdmissionPolicy "freeze" with binding "freeze" '
    "denied request: annotations are frozen until Monday"
)
"""How an API server words it; https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/"""


def _silent_cluster(estate: Built) -> None:
    """Its endpoint is private, or its network is broken; what runs in it runs on."""
    estate.clusters[GREEN].api.is_reachable = False


def _silent_hub(estate: Built) -> None:
    if estate.hub is not None:
        estate.hub.api.is_reachable = False


def _unbound_role(estate: Built) -> None:
    _unbind(estate, "crossfade-weights")


def _unseen_pods(estate: Built) -> None:
    _unbind(estate, "crossfade-running")


def _unbind(estate: Built, name: str) -> None:
    """Somebody has tidied up RoleBindings in the namespace of green's first workload."""
    estate.clusters[GREEN].api.store.remove("RoleBinding", estate.spec.workloads[0].namespace, name)


def _admission(estate: Built) -> None:
    """A policy refuses what changes the first Ingress; reading it is as before."""
    workload = estate.spec.workloads[0]
    name = workload.objects[0]
    frozen = Interference(
        verb="patch",
        resource="ingresses",
        namespace=workload.namespace,
        name=name,
        status=403,
        message=_POLICY.format(name=name),
    )
    estate.clusters[GREEN].api.interfere(frozen)


MAKERS: Final[Mapping[FaultKind, Callable[[Built], None]]] = {
    FaultKind.SILENT_CLUSTER: _silent_cluster,
    FaultKind.SILENT_HUB: _silent_hub,
    FaultKind.UNBOUND_ROLE: _unbound_role,
    FaultKind.UNSEEN_PODS: _unseen_pods,
    FaultKind.ADMISSION: _admission,
}
"""What puts each fault into place."""
