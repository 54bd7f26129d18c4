"""The objects of one cluster: versions, owners, preconditions. In process; HTTP stands in `api` and `server`.

The world's controllers use the methods under "for controllers"; the API uses the others. One lock guards it all.
"""

import copy
import itertools
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from world.kubernetes import patches, validation
from world.kubernetes.ownership import Manager, Owned, Owners, after_update, apply, leaves, managed_fields
from world.kubernetes.resources import DEFINITIONS, NAMESPACES, Catalogue, Object, Resource, custom_resource
from world.kubernetes.selection import selected
from world.kubernetes.status import (
    ApiError,
    already_exists,
    bad_request,
    invalid,
    modified,
    no_such_resource,
    not_found,
)
from world.kubernetes.watch import Change, Changes

Key = tuple[str, str]
"""Namespace (empty for cluster-wide objects) and name."""

_FIXED = ("uid", "creationTimestamp", "namespace", "generation", "deletionTimestamp", "resourceVersion", "name")
_CONTROLLER = "world"
_UID_SPACE = uuid.UUID("6f1c1c66-3c5e-4f43-8d0b-2f3a3c9b6a51")


@dataclass(frozen=True, slots=True)
class Writing:
    """
    How a write is made.

    Attributes:
        manager: The field manager's name.
        dry_run: Whether to answer as if, and keep nothing.
        subresource: `status` or empty.
        force: For apply, whether to take fields from other managers.
        strict: Whether an unknown field is an error.
    """

    manager: str = _CONTROLLER
    dry_run: bool = False
    subresource: str = ""
    force: bool = False
    strict: bool = False


@dataclass(slots=True)
class _Stored:
    content: Object
    owners: Owners = field(default_factory=dict)


class Store:
    """
    All objects of one cluster.

    Args:
        now: Says what time it is; for timestamps only.
        seed: Of the uids, which are the same in every run.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC), seed: object = 0) -> None:
        self.lock = threading.RLock()
        self.catalogue = Catalogue()
        self._now = now
        self._seed = seed
        self._version = itertools.count(101)
        self._last_version = 100
        self._objects: dict[Resource, dict[Key, _Stored]] = {}
        self.changes = Changes(self.lock)
        for name in ("default", "kube-system"):
            self.create(NAMESPACES, "", {"metadata": {"name": name}}, Writing())

    # --- for controllers -------------------------------------------------------------------------------------------

    def add(self, document: Object, *, manager: str = _CONTROLLER) -> Object:
        """Create the object *document* and, if need be, its namespace."""
        resource = self.catalogue.of_kind(document["kind"], document["apiVersion"])
        namespace = document["metadata"].get("namespace", "default") if resource.is_namespaced else ""
        if namespace and ("", namespace) not in self._of(NAMESPACES):
            self.create(NAMESPACES, "", {"metadata": {"name": namespace}}, Writing(manager))
        return self.create(resource, namespace, document, Writing(manager))

    def all(self, kind: str, namespace: str = "") -> list[Object]:
        """Every object of *kind*, in *namespace* or everywhere, sorted; without `managedFields`."""
        return self._select(self.catalogue.of_kind(kind), namespace, lambda _: True)

    def seen(self, kind: str, namespace: str = "") -> list[Object]:
        """
        As `all`, but the very objects, for callers that only read.

        They stay as they are: a write puts another object in the place of one.
        """
        with self.lock:
            return [held.content for held in self._matching(self.catalogue.of_kind(kind), namespace, lambda _: True)]

    def read(self, kind: str, namespace: str, name: str) -> Object:
        """
        One object.

        Raises:
            ApiError: 404.
        """
        resource = self.catalogue.of_kind(kind)
        with self.lock:
            return copy.deepcopy(self._stored(resource, (namespace, name)).content)

    def merge(self, kind: str, namespace: str, name: str, patch: Object, *, manager: str = _CONTROLLER) -> Object:
        """Merge *patch* into one object; its status too, when the patch is about nothing else."""
        subresource = "status" if patch.keys() == {"status"} else ""
        resource = self.catalogue.of_kind(kind)
        writing = Writing(manager, subresource=subresource)
        return self.patch(resource, (namespace, name), "application/merge-patch+json", patch, writing)

    def remove(self, kind: str, namespace: str, name: str) -> None:
        """Delete one object."""
        self.delete(self.catalogue.of_kind(kind), (namespace, name), {})

    # --- for the API -----------------------------------------------------------------------------------------------

    @property
    def resource_version(self) -> str:
        """Of the last write."""
        return str(self._last_version)

    def get(self, resource: Resource, key: Key) -> Object:
        """
        One object as the API shows it.

        Raises:
            ApiError: 404.
        """
        with self.lock:
            return self._shown(resource, self._stored(resource, key))

    def search(self, resource: Resource, namespace: str, *, labels: str = "", fields: str = "") -> list[Object]:
        """Every object that matches, as the API shows it, sorted by namespace and name."""
        with self.lock:
            matching = self._matching(resource, namespace, selected(labels=labels, fields=fields))
            return [self._shown(resource, stored) for stored in matching]

    def create(
        self, resource: Resource, namespace: str, body: Object, writing: Writing, operation: str = "Update"
    ) -> Object:
        """
        A new object.

        Raises:
            ApiError: 400, 404 (namespace), 409 (exists), 422.
        """
        content = copy.deepcopy(body) | {"apiVersion": resource.api_version, "kind": resource.kind}
        metadata = content.setdefault("metadata", {})
        with self.lock:
            key = self._new_key(resource, namespace, metadata)
            validation.check_created(resource, content)
            content = validation.without_unknown_fields(resource, content)
            if key in self._of(resource):
                raise already_exists(resource, key[1])
            self._begin(resource, namespace, content)
            if writing.dry_run:
                return content
            owner = Manager(writing.manager, operation)
            fields = frozenset(leaves({name: value for name, value in content.items() if name != "status"}))
            stored = _Stored(content, {owner: Owned(fields, self._stamp())})
            self._keep(resource, key, stored)
            return self._shown(resource, stored)

    def update(self, resource: Resource, key: Key, body: Object, writing: Writing) -> Object:
        """
        Replace one object.

        Raises:
            ApiError: 400, 404, 409 (resourceVersion), 422.
        """
        with self.lock:
            return self._commit(resource, key, copy.deepcopy(body), writing)

    def patch(self, resource: Resource, key: Key, content_type: str, patch: Any, writing: Writing) -> Object:
        """
        Patch one object with one of `patches.PATCHES`.

        Raises:
            ApiError: 400, 404, 409 (resourceVersion), 422.
        """
        with self.lock:
            old = self._stored(resource, key).content
            patched = patches.PATCHES[content_type](copy.deepcopy(old), patch)
            validation.check_patched(patched, patch, is_strategic="strategic" in content_type)
            return self._commit(resource, key, patched, writing)

    def apply(self, resource: Resource, key: Key, body: Object, writing: Writing) -> tuple[int, Object]:
        """
        Server-side apply; the status is 201 when that created the object.

        Raises:
            ApiError: 409 when another manager owns a field, and as `update` does.
        """
        with self.lock:
            stored = self._of(resource).get(key)
            if stored is None:
                return 201, self.create(resource, key[0], body, writing, "Apply")
            manager = Manager(writing.manager, "Apply", writing.subresource)
            new, owners = apply(stored.content, body, stored.owners, manager, force=writing.force, time=self._stamp())
            return 200, self._commit(resource, key, new, writing, owners)

    def delete(self, resource: Resource, key: Key, options: Object) -> Object:
        """
        Delete one object, or mark it for its finalizers.

        Raises:
            ApiError: 404, 409 (precondition).
        """
        with self.lock:
            stored = self._stored(resource, key)
            metadata = stored.content["metadata"]
            for name, value in (options.get("preconditions") or {}).items():
                if metadata.get(name) != value:
                    raise modified(resource, key[1])
            if metadata.get("finalizers"):
                marked = copy.deepcopy(stored.content)
                marked["metadata"]["deletionTimestamp"] = self._stamp()
                self._keep(resource, key, _Stored(marked, stored.owners))
                return copy.deepcopy(marked)
            self._drop(resource, key)
            details = {"name": key[1], "group": resource.group, "kind": resource.plural, "uid": metadata["uid"]}
            return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}

    # --- inside ----------------------------------------------------------------------------------------------------

    def _of(self, resource: Resource) -> dict[Key, _Stored]:
        return self._objects.setdefault(resource, {})

    def _stored(self, resource: Resource, key: Key) -> _Stored:
        found = self._of(resource).get(key)
        if found is None:
            raise not_found(resource, key[1])
        return found

    def _matching(self, resource: Resource, namespace: str, wanted: Callable[[Object], bool]) -> Iterable[_Stored]:
        for key, stored in sorted(self._of(resource).items(), key=lambda item: item[0]):
            if namespace in ("", key[0]) and wanted(stored.content):
                yield stored

    def _select(self, resource: Resource, namespace: str, wanted: Callable[[Object], bool]) -> list[Object]:
        with self.lock:
            return [copy.deepcopy(stored.content) for stored in self._matching(resource, namespace, wanted)]

    def _shown(self, resource: Resource, stored: _Stored) -> Object:
        shown = copy.deepcopy(stored.content)
        if fields := managed_fields(stored.owners, resource.api_version):
            shown["metadata"]["managedFields"] = fields
        return shown

    def _stamp(self) -> str:
        return self._now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def _new_key(self, resource: Resource, namespace: str, metadata: Object) -> Key:
        if namespace and metadata.get("namespace", namespace) != namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if namespace and ("", namespace) not in self._of(NAMESPACES):
            details = {"name": namespace, "kind": "namespaces"}
            raise ApiError(404, f'namespaces "{namespace}" not found', details=details)
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = f"{metadata['generateName']}{next(self._version):05x}"
        if not metadata.get("name"):
            raise invalid(resource, "", "metadata.name", "Required value: name or generateName is required")
        return namespace, metadata["name"]

    def _begin(self, resource: Resource, namespace: str, content: Object) -> None:
        metadata = content["metadata"]
        metadata.pop("managedFields", None)
        identity = f"{self._seed}/{resource.full_name}/{namespace}/{metadata['name']}/{self._last_version}"
        metadata |= {"uid": str(uuid.uuid5(_UID_SPACE, identity)), "creationTimestamp": self._stamp()}
        metadata["resourceVersion"] = ""
        if namespace:
            metadata["namespace"] = namespace
        if resource.has_generation:
            metadata["generation"] = 1
        if resource == NAMESPACES:
            content |= {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
        elif resource.has_status and not resource.is_custom:
            content.setdefault("status", {"loadBalancer": {}} if resource.kind in ("Ingress", "Service") else {})

    def _keep(self, resource: Resource, key: Key, stored: _Stored) -> None:
        self._last_version = next(self._version)
        stored.content["metadata"]["resourceVersion"] = str(self._last_version)
        kind = "MODIFIED" if key in self._of(resource) else "ADDED"
        self._of(resource)[key] = stored
        self.changes.note(Change(self._last_version, resource, kind, stored.content))
        if resource == DEFINITIONS:
            self.catalogue.add(custom_resource(stored.content))

    def _drop(self, resource: Resource, key: Key) -> None:
        self._last_version = next(self._version)
        dropped = self._of(resource).pop(key)
        self._note_gone(resource, dropped)
        if resource == NAMESPACES:
            for other in self.catalogue:
                for inner in [inner for inner in self._of(other) if inner[0] == key[1]]:
                    self._note_gone(other, self._of(other).pop(inner))
        if resource == DEFINITIONS:
            self.catalogue.remove(custom_resource(dropped.content))

    def _note_gone(self, resource: Resource, dropped: _Stored) -> None:
        last = {**dropped.content["metadata"], "resourceVersion": str(self._last_version)}
        self.changes.note(Change(self._last_version, resource, "DELETED", {**dropped.content, "metadata": last}))

    def _commit(
        self, resource: Resource, key: Key, new: Object, writing: Writing, owners: Owners | None = None
    ) -> Object:
        stored = self._stored(resource, key)
        old = stored.content
        _check_identity(resource, key[1], old, new)
        new = _only_subresource(resource, old, new, writing.subresource)
        _restore_fixed(old, new)
        self._check_content(resource, key[1], new, writing)
        new = validation.without_unknown_fields(resource, new)
        if owners is None:
            manager = Manager(writing.manager, "Update", writing.subresource)
            owners = after_update(stored.owners, old, new, manager, self._stamp())
        if resource.has_generation and _without_status(new) != _without_status(old):
            new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
        if writing.dry_run or (new == old and _paths(owners) == _paths(stored.owners)):
            return self._shown(resource, _Stored(new, owners))
        self._keep(resource, key, _Stored(new, owners))
        if new["metadata"].get("deletionTimestamp") and not new["metadata"].get("finalizers"):
            self._drop(resource, key)
        return self._shown(resource, _Stored(new, owners))

    def _check_content(self, resource: Resource, name: str, new: Object, writing: Writing) -> None:
        unknown = validation.unknown_fields(resource, new)
        if unknown and writing.strict:
            raise invalid(resource, name, unknown[0], "strict decoding error: unknown field")
        validation.check(resource, new)

    def require(self, group: str, version: str, plural: str) -> Resource:
        """
        The resource at this path.

        Raises:
            ApiError: 404.
        """
        found = self.catalogue.find(group, version, plural)
        if found is None:
            raise no_such_resource()
        return found


def _check_identity(resource: Resource, name: str, old: Object, new: Object) -> None:
    metadata, before = new.setdefault("metadata", {}), old["metadata"]
    if metadata.get("name", name) != name:
        msg = f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
        raise bad_request(msg)
    if metadata.get("uid", before["uid"]) != before["uid"]:
        raise invalid(resource, name, "metadata.uid", f'Invalid value: "{metadata["uid"]}": field is immutable')
    if metadata.get("resourceVersion") not in (None, "", before["resourceVersion"]):
        raise modified(resource, name)


def _only_subresource(resource: Resource, old: Object, new: Object, subresource: str) -> Object:
    """*new* with only what this path may change: the status through `/status`, all else without it."""
    if subresource == "status":
        return copy.deepcopy(old) | {"status": new.get("status", {})}
    if resource.has_status:
        new.pop("status", None)
        if "status" in old:
            new["status"] = copy.deepcopy(old["status"])
    return new


def _restore_fixed(old: Object, new: Object) -> None:
    metadata, before = new["metadata"], old["metadata"]
    metadata.pop("managedFields", None)
    for key in _FIXED:
        metadata.pop(key, None)
        if key in before:
            metadata[key] = before[key]
    for key in ("annotations", "labels", "finalizers"):
        if not metadata.get(key, True):
            del metadata[key]
    new |= {"apiVersion": old["apiVersion"], "kind": old["kind"]}


def _without_status(content: Object) -> Object:
    return {key: value for key, value in content.items() if key not in ("metadata", "status")}


def _paths(owners: Owners) -> Sequence[tuple[Manager, frozenset[tuple[str, ...]]]]:
    return [(who, owned.paths) for who, owned in owners.items()]
