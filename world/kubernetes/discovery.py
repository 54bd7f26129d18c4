"""Discovery: `/version`, `/api`, `/apis` and the lists of resources, as clients ask for them."""

from collections.abc import Iterator, Sequence
from typing import Any

from world.kubernetes.resources import Catalogue, Object, Resource

_OBJECT_VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]
_STATUS_VERBS = ["get", "patch", "update"]


def discover(catalogue: Catalogue, parts: Sequence[str], version: str) -> Object | None:
    """What stands at a discovery path, given in *parts*; None when it is no such path."""
    match parts:
        case ["version"]:
            return _version(version)
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["api", "v1"]:
            return _resources(catalogue, "", "v1")
        case ["apis", *rest]:
            return _groups(catalogue, rest)
    return None


def _groups(catalogue: Catalogue, rest: Sequence[str]) -> Object | None:
    names = sorted({group for group, _ in catalogue.versions() if group})
    match rest:
        case []:
            groups = [_group(catalogue, name) for name in names]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case [group] if group in names:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(catalogue, group)}
        case [group, api_version] if (group, api_version) in catalogue.versions():
            return _resources(catalogue, group, api_version)
    return None


def _version(version: str) -> Object:
    major, minor = version.removeprefix("v").split(".")[:2]
    unknown = dict.fromkeys(("gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler"), "")
    return {"major": major, "minor": minor, "gitVersion": version, "platform": "linux/amd64", **unknown}


def _group(catalogue: Catalogue, name: str) -> Object:
    versions = [
        {"groupVersion": f"{group}/{version}", "version": version}
        for group, version in catalogue.versions()
        if group == name
    ]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resources(catalogue: Catalogue, group: str, version: str) -> Object:
    served = (r for r in catalogue if r.group == group and version in (r.version, *r.other_versions))
    found = sorted(served, key=lambda r: r.plural)
    entries = [entry for resource in found for entry in _entries(resource)]
    group_version = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": entries}


def _entries(resource: Resource) -> Iterator[dict[str, Any]]:
    common = {"namespaced": resource.is_namespaced, "kind": resource.kind}
    singular = resource.kind.lower()
    yield {"name": resource.plural, "singularName": singular, "verbs": _OBJECT_VERBS, **common}
    if resource.has_status:
        yield {"name": f"{resource.plural}/status", "singularName": "", "verbs": _STATUS_VERBS, **common}
