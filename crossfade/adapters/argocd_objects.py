"""What an Application says: its parameters, whether its last comparison agrees, whether it would sync. Pure.

Sources: the Application's definition, https://argo-cd.readthedocs.io/en/stable/user-guide/application-specification/;
controller/appcontroller.go and controller/state.go of v2.8 to v3.2 for what a status means.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from crossfade.core.argocd import HelmParameter
from crossfade.core.workload import Workload
from crossfade.names import FIELD_MANAGER, WEIGHT_KEY

Object = Mapping[str, Any]

_VERSION: Final = re.compile(r":v?(\d+)\.(\d+)\.(\d+)")
_FIRST_AFFECTED: Final = (2, 13)
_FIRST_MENDED: Final = (3, 2)
"""Between them, Argo CD leaves a change of values alone in Applications with several sources and no self-heal.
Source: https://github.com/argoproj/argo-cd/pull/19512, mended by /pull/23655."""

SYNC: Final[Object] = {
    "operation": {"initiatedBy": {"username": FIELD_MANAGER}, "sync": {"syncStrategy": {"hook": {}}}},
}
"""Asks for a sync. Source: https://argo-cd.readthedocs.io/en/stable/user-guide/sync-kubectl/"""


def version_of(image: str) -> str:
    """The version in the tag of *image*, such as `2.13.3`; empty when there is none."""
    found = _VERSION.search(image.partition("@")[0])
    return ".".join(found.groups()) if found else ""


def is_affected(version: str) -> bool:
    """Whether *version* leaves changed values alone in Applications with several sources; an unknown one may."""
    if not version:
        return True
    major, minor, *_ = (int(part) for part in version.split("."))
    return _FIRST_AFFECTED <= (major, minor) < _FIRST_MENDED


# --- Parameters ------------------------------------------------------------------------------------------------------


def parameter_of(application: Object, parameter: HelmParameter) -> str | None:
    """The value of *parameter*; None when the Application does not set it."""
    entries = _parameters(_source(application, parameter))
    return next((str(entry.get("value", "")) for entry in entries if entry.get("name") == parameter.name), None)


def with_parameter(application: Object, parameter: HelmParameter, value: str) -> Object:
    """The patch that sets *parameter*; every other parameter and source stays."""
    source = _source(application, parameter)
    entries = [dict(entry) for entry in _parameters(source)]
    mine = next((entry for entry in entries if entry.get("name") == parameter.name), None)
    if mine is None:
        entries.append({"name": parameter.name, "value": value})
    else:
        mine["value"] = value
    helm = {**(source.get("helm") or {}), "parameters": entries}
    if parameter.source is None:
        return {"spec": {"source": {"helm": helm}}}
    sources = list(application["spec"]["sources"])
    sources[parameter.source] = {**source, "helm": helm}
    return {"spec": {"sources": sources}}


def has_source(application: Object, parameter: HelmParameter) -> bool:
    """Whether the Application has the source that *parameter* names."""
    spec = application["spec"]
    if parameter.source is None:
        return isinstance(spec.get("source"), dict)
    return parameter.source < len(spec.get("sources") or ())


def _source(application: Object, parameter: HelmParameter) -> Object:
    spec = application["spec"]
    found: Object = spec["source"] if parameter.source is None else spec["sources"][parameter.source]
    return found


def _parameters(source: Object) -> Iterable[Object]:
    return (source.get("helm") or {}).get("parameters") or ()


# --- Status ----------------------------------------------------------------------------------------------------------


def status_of(application: Object, workload: Workload) -> str:
    """Argo CD's word for the objects of *workload*, the worst one first; empty when it does not manage them."""
    mine = {(str(source.kind), source.namespace, source.name) for source in workload.sources}
    words = {
        str(resource.get("status", ""))
        for resource in (application.get("status") or {}).get("resources") or ()
        if (resource.get("kind"), resource.get("namespace"), resource.get("name")) in mine
    }
    return next((word for word in ("OutOfSync", "Unknown", "Synced") if word in words), "")


def sync_of(application: Object) -> str:
    """Synced, OutOfSync or Unknown; empty before the first comparison."""
    return str(((application.get("status") or {}).get("sync") or {}).get("status", ""))


def last_sync(application: Object) -> tuple[str, str]:
    """Phase and message of the last sync; empty before the first one."""
    state = (application.get("status") or {}).get("operationState") or {}
    return str(state.get("phase", "")), str(state.get("message", ""))


def waits_for_a_push(application: Object) -> bool:
    """Whether it is out of sync, nothing is under way, and it is of the form that an affected version leaves so."""
    has_several = bool(application["spec"].get("sources"))
    is_left_alone = has_several and is_automated(application) and not heals_itself(application)
    is_idle = "operation" not in application and last_sync(application)[0] not in ("Running", "Terminating")
    return is_left_alone and is_idle and sync_of(application) == "OutOfSync"


def is_automated(application: Object) -> bool:
    """Whether it syncs by itself."""
    automated = (application["spec"].get("syncPolicy") or {}).get("automated")
    return automated is not None and automated.get("enabled", True) is not False


def heals_itself(application: Object) -> bool:
    """Whether it puts back whatever is changed by hand."""
    return is_automated(application) and bool(application["spec"]["syncPolicy"]["automated"].get("selfHeal"))


def leaves_weights_alone(application: Object, kind: str, prefixes: Iterable[str]) -> bool:
    """
    Whether its syncs leave the weight annotation of objects of *kind* as it is, under every one of *prefixes*.

    Both are needed: `ignoreDifferences` alone hides the difference, and a sync writes it all the same.
    """
    spec = application["spec"]
    options = (spec.get("syncPolicy") or {}).get("syncOptions") or ()
    if "RespectIgnoreDifferences=true" not in options:
        return False
    ignored = {
        pointer
        for entry in spec.get("ignoreDifferences") or ()
        if entry.get("kind") in (kind, "*") and not entry.get("name")
        for pointer in entry.get("jsonPointers") or ()
    }
    wanted = [f"/metadata/annotations/{prefix.replace('/', '~1')}{WEIGHT_KEY}" for prefix in prefixes]
    return bool(wanted) and all(ignored & {pointer, "/metadata/annotations"} for pointer in wanted)


def is_generated(application: Object) -> bool:
    """Whether an ApplicationSet makes it, and puts back whatever is edited in its spec."""
    owners = application["metadata"].get("ownerReferences") or ()
    return any(owner.get("kind") == "ApplicationSet" for owner in owners)
