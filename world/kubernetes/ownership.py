"""Field managers: who last set which field, as `managedFields` tells it, and server-side apply on top of that.

Limit: lists are owned whole. This file knows no store; it is given the object before and after.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from world.kubernetes.resources import Object
from world.kubernetes.status import ApiError

Path = tuple[str, ...]

_UNOWNED = {("apiVersion",), ("kind",)} | {
    ("metadata", key)
    for key in ("name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
}


@dataclass(frozen=True, slots=True)
class Manager:
    """
    Who writes.

    Attributes:
        name: As given by `fieldManager`, or the start of the User-Agent.
        operation: `Update` or `Apply`.
        subresource: `status` or empty.
    """

    name: str
    operation: str = "Update"
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Owned:
    """The fields of one manager and when it last wrote, RFC 3339."""

    paths: frozenset[Path]
    time: str


Owners = dict[Manager, Owned]


def leaves(value: Mapping[str, Any], path: Path = ()) -> dict[Path, Any]:
    """Every field of *value* that can be owned."""
    found: dict[Path, Any] = {}
    for key, inner in value.items():
        here = (*path, key)
        if here in _UNOWNED:
            continue
        if isinstance(inner, dict) and inner:
            found |= leaves(inner, here)
        else:
            found[here] = inner
    return found


def after_update(owners: Owners, old: Object, new: Object, manager: Manager, time: str) -> Owners:
    """Who owns what after *manager* turned *old* into *new*: what changed is its own now."""
    before, after = leaves(old), leaves(new)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    gone = before.keys() - after.keys()
    result = {who: Owned(owned.paths - changed - gone, owned.time) for who, owned in owners.items() if who != manager}
    mine = owners[manager].paths if manager in owners else frozenset()
    stamp = time if changed or manager not in owners else owners[manager].time
    result[manager] = Owned((mine | changed) - gone, stamp)
    return {who: owned for who, owned in result.items() if owned.paths}


def apply(
    old: Object, body: Object, owners: Owners, manager: Manager, *, force: bool, time: str
) -> tuple[Object, Owners]:
    """
    The object and its owners after *manager* applied *body*.

    Raises:
        ApiError: 409 when another manager owns a field with another value and *force* is not given.
    """
    wanted = leaves(body)
    conflicts = list(_conflicts(leaves(old), wanted, owners, manager))
    if conflicts and not force:
        raise _conflict(old["apiVersion"], conflicts)
    taken = {path for _, path in conflicts}
    others = {who: Owned(owned.paths - taken, owned.time) for who, owned in owners.items() if who != manager}
    new = _merged(old, body)
    mine = owners[manager].paths if manager in owners else frozenset()
    still_owned = {path for owned in others.values() for path in owned.paths}
    for path in mine - wanted.keys() - still_owned:
        _remove(new, path)
    result = others | {manager: Owned(frozenset(wanted), time)}
    return new, {who: owned for who, owned in result.items() if owned.paths}


def _merged(old: Any, body: Any) -> Any:
    if not isinstance(body, dict):
        return copy.deepcopy(body)
    result = copy.deepcopy(old) if isinstance(old, dict) else {}
    for key, value in body.items():
        result[key] = _merged(result.get(key), value)
    return result


def _conflicts(
    current: Mapping[Path, Any], wanted: Mapping[Path, Any], owners: Owners, manager: Manager
) -> Iterable[tuple[Manager, Path]]:
    for who, owned in owners.items():
        if who == manager:
            continue
        for path in sorted(owned.paths & wanted.keys()):
            if current.get(path) != wanted[path]:
                yield who, path


def _conflict(api_version: str, conflicts: list[tuple[Manager, Path]]) -> ApiError:
    by_manager: dict[str, list[str]] = {}
    for who, path in conflicts:
        by_manager.setdefault(f'conflict with "{who.name}" using {api_version}', []).append("." + ".".join(path))
    plural = "s" if len(conflicts) > 1 else ""
    listed = ", ".join(f"{who}: {', '.join(fields)}" for who, fields in by_manager.items())
    causes = [
        {"reason": "FieldManagerConflict", "message": who, "field": field}
        for who, fields in by_manager.items()
        for field in fields
    ]
    message = f"Apply failed with {len(conflicts)} conflict{plural}: {listed}"
    return ApiError(409, message, details={"causes": causes})


def _remove(value: Any, path: Path) -> None:
    """Remove the field at *path*, and the maps that it leaves empty."""
    head, *rest = path
    if not isinstance(value, dict) or head not in value:
        return
    if rest:
        _remove(value[head], tuple(rest))
    if not rest or value[head] == {}:
        del value[head]


def managed_fields(owners: Owners, api_version: str) -> list[Object]:
    """`metadata.managedFields`, in the order of first writing."""
    return [_entry(who, owned, api_version) for who, owned in owners.items()]


def _entry(who: Manager, owned: Owned, api_version: str) -> Object:
    fields: Object = {}
    for path in sorted(owned.paths):
        node = fields
        for key in path:
            node = node.setdefault(f"f:{key}", {})
    entry: Object = {"manager": who.name, "operation": who.operation, "apiVersion": api_version, "time": owned.time}
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": fields}
    return entry | ({"subresource": who.subresource} if who.subresource else {})
