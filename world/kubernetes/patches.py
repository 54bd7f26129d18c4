"""The three kinds of patches that are pure functions of the object. Server-side apply stands in `ownership`.

Sources: RFC 7386 (merge), RFC 6902 (JSON patch); strategic merge only for the lists that this world uses.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

from world.kubernetes.status import bad_request, failed_json_patch

_LIST_KEYS: dict[tuple[str, ...], str | None] = {
    ("metadata", "finalizers"): None,
    ("metadata", "ownerReferences"): "uid",
    ("spec", "ports"): "port",
    ("spec", "template", "spec", "containers"): "name",
}
"""Lists that strategic patches merge, and by which key; None merges plain values."""


def merge(target: Any, patch: Any) -> Any:
    """A copy of *target* with the JSON merge patch *patch*; null removes."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def strategic(target: Any, patch: Any, path: tuple[str, ...] = ()) -> Any:
    """A copy of *target* with the strategic merge patch *patch*."""
    if isinstance(patch, dict):
        return _strategic_map(target, patch, path)
    if isinstance(patch, list) and isinstance(target, list) and path in _LIST_KEYS:
        return _strategic_list(target, patch, path)
    return copy.deepcopy(patch)


def _strategic_map(target: Any, patch: dict[str, Any], path: tuple[str, ...]) -> Any:
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            result.pop(key, None)
        else:
            result[key] = strategic(result.get(key), value, (*path, key))
    return result


def _strategic_list(target: list[Any], patch: list[Any], path: tuple[str, ...]) -> list[Any]:
    key = _LIST_KEYS[path]
    if key is None:
        return [*patch, *(item for item in target if item not in patch)]
    result = list(target)
    for item in patch:
        at = next((i for i, old in enumerate(result) if old.get(key) == item.get(key)), None)
        if at is None:
            result.append(item)
        elif item.get("$patch") == "delete":
            result.pop(at)
        else:
            result[at] = strategic(result[at], item)
    return result


def json_patch(target: Any, operations: Any) -> Any:
    """
    A copy of *target* with the JSON patch *operations*.

    Raises:
        ApiError: 400 when it is no list, 422 when a test fails or a path does not exist.
    """
    if not isinstance(operations, list):
        raise bad_request("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    document = {"": copy.deepcopy(target)}
    for operation in operations:
        try:
            _OPERATIONS[operation["op"]](document, operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise failed_json_patch() from error
    return document[""]


def _place(document: Any, pointer: str) -> tuple[Any, Any]:
    """The container that *pointer* points into, and the key in it."""
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")]
    container = document
    for part in parents:
        container = container[int(part)] if isinstance(container, list) else container[part]
    if isinstance(container, list):
        return container, len(container) if last == "-" else int(last)
    return container, last


def _get(document: Any, pointer: str) -> Any:
    container, key = _place(document, pointer)
    return container[key]


def _add(document: Any, pointer: str, value: Any) -> None:
    container, key = _place(document, pointer)
    if isinstance(container, list):
        container.insert(key, value)
    else:
        container[key] = value


def _remove(document: Any, pointer: str) -> Any:
    container, key = _place(document, pointer)
    return container.pop(key)


def _replace(document: Any, operation: dict[str, Any]) -> None:
    container, key = _place(document, operation["path"])
    container[key]  # a path that does not exist is an error, also for a map
    container[key] = operation.get("value")


def _test(document: Any, operation: dict[str, Any]) -> None:
    if _get(document, operation["path"]) != operation.get("value"):
        raise failed_json_patch()


def _remove_at(document: Any, operation: dict[str, Any]) -> None:
    _remove(document, operation["path"])


_OPERATIONS: dict[str, Callable[[Any, dict[str, Any]], None]] = {
    "add": lambda document, op: _add(document, op["path"], op.get("value")),
    "remove": _remove_at,
    "replace": _replace,
    "test": _test,
    "move": lambda document, op: _add(document, op["path"], _remove(document, op["from"])),
    "copy": lambda document, op: _add(document, op["path"], copy.deepcopy(_get(document, op["from"]))),
}

PATCHES: dict[str, Callable[[Any, Any], Any]] = {
    "application/json-patch+json": json_patch,
    "application/merge-patch+json": merge,
    "application/strategic-merge-patch+json": strategic,
}
APPLY = "application/apply-patch+yaml"


def accepted(*, is_custom: bool) -> tuple[str, ...]:
    """The content types of patches that a resource accepts, in the order of the server's message."""
    types: Sequence[str] = ("application/json-patch+json", "application/merge-patch+json", APPLY)
    return (*types, *(() if is_custom else ("application/strategic-merge-patch+json",)))
