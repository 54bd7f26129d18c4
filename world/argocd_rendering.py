"""What Argo CD renders: templates of ApplicationSets, values of Helm, and the one chart of the sample estate.

The chart is that of the EKS Blueprints' workloads: every Ingress has the weight `spec.ingress.route53_weight` of its
values, and every Application in it gets all values handed down. Pure, but for the version, read from a Deployment.
"""

import base64
import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import yaml

from crossfade.names import ALPHA_PREFIX, STABLE_PREFIX, WEIGHT_KEY
from world.kubernetes import ApiError, Object, Store
from world.kubernetes.resources import Resource as Kind

APPLICATIONS: Final = Kind("argoproj.io", "v1alpha1", "applications", "Application", is_custom=True)
"""Argo CD's definition has no subresource for the status."""
APPLICATION_SETS: Final = Kind("argoproj.io", "v1alpha1", "applicationsets", "ApplicationSet", is_custom=True)
TRACKING: Final = "argocd.argoproj.io/tracking-id"
WEIGHT: Final = ("spec", "ingress", "route53_weight")
"""Where the chart finds the weight in its values."""

_EXPRESSION: Final = re.compile(r"\{\{\s*(?:default\s+\"([^\"]*)\"\s+)?\.([\w.]+)\s*\}\}")
_TAG: Final = re.compile(r":v(\d+)\.(\d+)")
_NEWEST: Final = (3, 2)


@dataclass(frozen=True)
class Resource:
    """An object as Git has it."""

    kind: str
    namespace: str
    name: str
    group: str
    document: Object = field(hash=False, compare=False)

    @classmethod
    def of(cls, document: Object) -> Self:
        """*document* as a resource."""
        metadata = document["metadata"]
        group = document["apiVersion"].rpartition("/")[0]
        return cls(document["kind"], metadata["namespace"], metadata["name"], group, document)

    @property
    def reference(self) -> dict[str, str]:
        """As the status of an Application names it."""
        return {"group": self.group, "kind": self.kind, "namespace": self.namespace, "name": self.name}


def resources_of(manifests: Sequence[Object]) -> dict[str, list[Resource]]:
    """The objects in *manifests* that belong to Applications, by its name."""
    found: dict[str, list[Resource]] = {}
    for document in manifests:
        tracking = (document["metadata"].get("annotations") or {}).get(TRACKING)
        if tracking:
            found.setdefault(tracking.partition(":")[0], []).append(Resource.of(document))
    return found


def version_of(store: Store) -> tuple[int, int]:
    """Major and minor of the Argo CD in *store*; a new one when no Deployment tells."""
    try:
        deployment = store.read("Deployment", "argocd", "argocd-server")
    except ApiError:
        return _NEWEST
    tag = _TAG.search(deployment["spec"]["template"]["spec"]["containers"][0]["image"])
    return (int(tag[1]), int(tag[2])) if tag else _NEWEST


# --- ApplicationSets -------------------------------------------------------------------------------------------------


def generated(application_set: Object, secrets: Sequence[Object]) -> Iterator[Object]:
    """The Applications that *application_set* makes of the clusters that *secrets* are about."""
    owner = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "name": application_set["metadata"]["name"],
    }
    for secret in secrets:
        if (secret["metadata"].get("labels") or {}).get("argocd.argoproj.io/secret-type") != "cluster":
            continue
        template = _filled(application_set["spec"]["template"], _facts(secret))
        metadata = {**template["metadata"], "namespace": "argocd", "ownerReferences": [owner]}
        yield {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": metadata,
            "spec": template["spec"],
        }


def _facts(secret: Object) -> Mapping[str, str]:
    data = {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}
    annotations = secret["metadata"].get("annotations") or {}
    return {**data, **{f"metadata.annotations.{key}": value for key, value in annotations.items()}}


def _filled(value: Any, facts: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, facts) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, facts) for inner in value]
    if not isinstance(value, str):
        return value
    return _EXPRESSION.sub(lambda found: facts.get(found[2], found[1] or ""), value)


# --- Charts ----------------------------------------------------------------------------------------------------------


def values_of(application: Object) -> dict[str, Any]:
    """What its chart gets, in Helm's order: values, then the values object, then parameters."""
    spec = application["spec"]
    values: dict[str, Any] = {}
    for source in spec.get("sources") or [spec.get("source") or {}]:
        helm = source.get("helm") or {}
        _merge(values, yaml.safe_load(helm.get("values") or "") or {})
        _merge(values, helm.get("valuesObject") or {})
        for parameter in helm.get("parameters") or ():
            _merge(values, _nested(parameter["name"].split("."), parameter["value"]))
    return values


def rendered(resource: Resource, application: Object) -> Object:
    """*resource* as the chart of *application* renders it."""
    document = copy.deepcopy(resource.document)
    values = values_of(application)
    if resource.kind == "Application":
        helm = document["spec"]["source"].setdefault("helm", {})
        helm["valuesObject"] = values
        return document
    weight = _found(values, WEIGHT)
    annotations = document["metadata"].get("annotations") or {}
    for prefix in (ALPHA_PREFIX, STABLE_PREFIX):
        if weight is not None and f"{prefix}{WEIGHT_KEY}" in annotations:
            annotations[f"{prefix}{WEIGHT_KEY}"] = str(weight)
    return document


def differs(application: Object, resource: Resource, wanted: Object, live: Object) -> bool:
    """Whether *live* is not as *wanted*, where that is not to be ignored."""
    ignored = _ignored(application, resource)
    return any(key not in ignored for key in _changes(resource, wanted, live))


def patch_of(application: Object, resource: Resource, wanted: Object, live: Object) -> Object:
    """What a sync changes: ignored differences, too, unless it is told to respect that; empty when nothing."""
    options = (application["spec"].get("syncPolicy") or {}).get("syncOptions") or ()
    ignored = _ignored(application, resource) if "RespectIgnoreDifferences=true" in options else frozenset()
    changes = {key: value for key, value in _changes(resource, wanted, live).items() if key not in ignored}
    if not changes:
        return {}
    if resource.kind == "Application":
        return {"spec": {"source": {"helm": {"valuesObject": changes["valuesObject"]}}}}
    return {"metadata": {"annotations": changes}}


def _changes(resource: Resource, wanted: Object, live: Object) -> dict[str, Any]:
    """Annotations of an Ingress, or the values of an Application, that are not as wanted."""
    if resource.kind == "Application":
        values = wanted["spec"]["source"]["helm"]["valuesObject"]
        now = (live["spec"]["source"].get("helm") or {}).get("valuesObject")
        return {} if now == values else {"valuesObject": values}
    now = live["metadata"].get("annotations") or {}
    return {key: value for key, value in wanted["metadata"]["annotations"].items() if now.get(key) != value}


def _ignored(application: Object, resource: Resource) -> frozenset[str]:
    pointers = [
        pointer
        for entry in application["spec"].get("ignoreDifferences") or ()
        if entry.get("kind") == resource.kind
        for pointer in entry.get("jsonPointers") or ()
    ]
    return frozenset(pointer.removeprefix("/metadata/annotations/").replace("~1", "/") for pointer in pointers)


def _nested(path: Sequence[str], value: Any) -> dict[str, Any]:
    return {path[0]: _nested(path[1:], value) if len(path) > 1 else value}


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)


def _found(values: Any, path: Sequence[str]) -> Any:
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values
