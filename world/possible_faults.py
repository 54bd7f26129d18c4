"""Which faults an estate has something for: what is not there cannot be broken, and is refused before it is built."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from crossfade.names import HEALTH_CHECK_KEY
from world import misconfigured_argocd, misconfigured_rules
from world.estate_spec import EstateSpec
from world.faults import OF_HUBS, Fault, FaultKind, InvalidFaultError
from world.kubernetes import Object


def check_faults(spec: EstateSpec, faults: Sequence[Fault]) -> None:
    """
    Refuse what cannot be broken in an estate of *spec*.

    Raises:
        InvalidFaultError: A fault is about Argo CD, and nothing here is rendered by it; or about a hub or a
            listener rule, and there is none; or about a workload that is not here.
    """
    _check_kinds(spec, faults)
    names = [workload.name for workload in spec.workloads]
    for fault in faults:
        if fault.workload and fault.workload not in names:
            msg = f"{fault}: there is no workload {fault.workload!r} here; use one of {', '.join(names)}"
            raise InvalidFaultError(msg)
    rendered = misconfigured_argocd.MAKERS.keys() - misconfigured_argocd.EVERYWHERE
    lost = [fault for fault in faults if fault.kind in rendered]
    if lost and not misconfigured_argocd.has_argocd(spec):
        msg = f"{lost[0]}: nothing here is rendered by Argo CD; use an estate such as examples/estates/argocd"
        raise InvalidFaultError(msg)
    silent = [fault for fault in faults if fault.kind in OF_HUBS]
    if silent and spec.hub is None:
        msg = f"{silent[0]}: there is no hub here; use an estate such as examples/estates/hub"
        raise InvalidFaultError(msg)
    unruled = [fault for fault in faults if fault.kind in misconfigured_rules.MAKERS]
    if unruled and spec.workloads[0].rule is None:
        msg = f"{unruled[0]}: there is no listener rule here; use an estate such as examples/estates/alb"
        raise InvalidFaultError(msg)


def idle(manifests: Iterable[Object]) -> list[tuple[str, str]]:
    """Namespace and name of every Deployment that is not to run yet."""
    waiting = [each for each in manifests if each["kind"] == "Deployment" and each["spec"].get("replicas") == 0]
    return [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in waiting]


_IDLE: Final = "an idle Deployment"
_SWITCH: Final = "a health check on green's record"
_NEEDS: Final[Mapping[FaultKind, str]] = {
    FaultKind.MISSING_OBJECT: "Ingress",
    FaultKind.NO_STATUS: "Ingress",
    FaultKind.SHARED_HOST: "Ingress",
    FaultKind.TWO_OWNERS: "Ingress",
    FaultKind.SERVICE_TYPE: "Service",
    FaultKind.WEIGHTLESS: "DNSEndpoint",
    FaultKind.ODD_HOST: "Ingress",
    FaultKind.ADMISSION: "Ingress",
    FaultKind.CONSUMERS: _IDLE,
    FaultKind.NO_SWITCH: _SWITCH,
}
"""What a workload has to have for a fault."""


def _has_health_check(document: Object) -> bool:
    return any(key.endswith(f"/{HEALTH_CHECK_KEY}") for key in document["metadata"].get("annotations") or ())


def _check_kinds(spec: EstateSpec, faults: Iterable[Fault]) -> None:
    """
    Make sure that there is something that *faults* can break.

    Raises:
        InvalidFaultError: There is no workload of the kind that one of them is about.
    """
    kinds = {workload.kind for workload in spec.workloads if workload.objects}
    if idle(spec.green.manifests):
        kinds.add(_IDLE)
    if any(_has_health_check(each) for each in spec.green.manifests):
        kinds.add(_SWITCH)
    for fault in faults:
        if (kind := _NEEDS.get(fault.kind)) and kind not in kinds:
            estate = "switch" if kind == _SWITCH else "sources"
            msg = f"{fault}: no workload here has {kind}; try --config examples/estates/{estate}/crossfade.yaml"
            raise InvalidFaultError(msg)
