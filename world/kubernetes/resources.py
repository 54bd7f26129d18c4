"""Which resources the API server has, and how their names are written. It knows no object."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]
"""A Kubernetes object as JSON."""

_RBAC_KINDS = ("roles", "rolebindings", "clusterroles", "clusterrolebindings")
_WITHOUT_GENERATION = frozenset(("namespaces", "secrets", "configmaps", "serviceaccounts", *_RBAC_KINDS))


@dataclass(frozen=True, slots=True)
class Resource:
    """
    One kind of object.

    Attributes:
        group: API group; empty for the core.
        version: API version.
        plural: Its name in paths and roles.
        kind: Its name in objects.
        is_namespaced: Whether objects live in a namespace.
        has_status: Whether `/status` is a subresource.
        is_custom: Whether a CustomResourceDefinition made it.
        schema: Of its objects, if it is custom and has one.
        other_versions: Of the group, in which the same objects are served, too.
    """

    group: str
    version: str
    plural: str
    kind: str
    is_namespaced: bool = True
    has_status: bool = False
    is_custom: bool = False
    schema: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
    other_versions: tuple[str, ...] = field(default=(), compare=False)

    @property
    def api_version(self) -> str:
        """`group/version`, or only the version for the core."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full_name(self) -> str:
        """`ingresses.networking.k8s.io`: how errors name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def full_kind(self) -> str:
        """`Ingress.networking.k8s.io`: how validation errors name it."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def has_generation(self) -> bool:
        """Whether a change of the spec raises `metadata.generation`."""
        return self.plural not in _WITHOUT_GENERATION


RBAC_GROUP = "rbac.authorization.k8s.io"
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", is_namespaced=False, has_status=True)
DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", is_namespaced=False
)
BUILT_IN = (
    NAMESPACES,
    Resource("", "v1", "secrets", "Secret"),
    Resource("", "v1", "configmaps", "ConfigMap"),
    Resource("", "v1", "services", "Service", has_status=True),
    Resource("", "v1", "pods", "Pod", has_status=True),
    Resource("", "v1", "nodes", "Node", is_namespaced=False, has_status=True),
    Resource("", "v1", "serviceaccounts", "ServiceAccount"),
    Resource("apps", "v1", "deployments", "Deployment", has_status=True),
    Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", has_status=True),
    Resource("batch", "v1", "cronjobs", "CronJob", has_status=True),
    Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
    Resource("networking.k8s.io", "v1", "ingresses", "Ingress", has_status=True),
    Resource("networking.k8s.io", "v1", "ingressclasses", "IngressClass", is_namespaced=False),
    Resource(RBAC_GROUP, "v1", "roles", "Role"),
    Resource(RBAC_GROUP, "v1", "rolebindings", "RoleBinding"),
    Resource(RBAC_GROUP, "v1", "clusterroles", "ClusterRole", is_namespaced=False),
    Resource(RBAC_GROUP, "v1", "clusterrolebindings", "ClusterRoleBinding", is_namespaced=False),
    DEFINITIONS,
)


def custom_resource(definition: Mapping[str, Any]) -> Resource:
    """The resource that a CustomResourceDefinition makes, in its stored version."""
    spec = definition["spec"]
    stored = next(version for version in spec["versions"] if version.get("storage"))
    return Resource(
        group=spec["group"],
        version=stored["name"],
        plural=spec["names"]["plural"],
        kind=spec["names"]["kind"],
        is_namespaced=spec.get("scope") == "Namespaced",
        has_status="status" in (stored.get("subresources") or {}),
        is_custom=True,
        schema=(stored.get("schema") or {}).get("openAPIV3Schema"),
        other_versions=tuple(
            each["name"] for each in spec["versions"] if each.get("served") and not each.get("storage")
        ),
    )


class Catalogue:
    """All resources that a server has just now."""

    def __init__(self) -> None:
        self._by_name = {(resource.group, resource.plural): resource for resource in BUILT_IN}

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._by_name.values())

    def add(self, resource: Resource) -> None:
        """Have *resource* too."""
        self._by_name[resource.group, resource.plural] = resource

    def remove(self, resource: Resource) -> None:
        """Have *resource* no more."""
        self._by_name.pop((resource.group, resource.plural), None)

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The resource at this path; None when there is none."""
        found = self._by_name.get((group, plural))
        return found if found is not None and version in (found.version, *found.other_versions) else None

    def of_kind(self, kind: str, api_version: str | None = None) -> Resource:
        """
        The resource whose objects are of *kind*.

        Raises:
            KeyError: There is none; add its CustomResourceDefinition first.
        """
        for resource in self:
            if resource.kind == kind and api_version in (None, resource.api_version):
                return resource
        msg = f"no resource of kind {kind} in {api_version or 'any group'}; add its CustomResourceDefinition first"
        raise KeyError(msg)

    def versions(self) -> tuple[tuple[str, str], ...]:
        """Every (group, version), sorted."""
        served = ((each.group, version) for each in self for version in (each.version, *each.other_versions))
        return tuple(sorted(set(served)))
