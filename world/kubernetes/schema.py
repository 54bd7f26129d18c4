"""The structural schema of a custom resource: what the API server refuses, and what it drops without a word.

Limits: the first fault alone is told; no CEL rules, no defaults, no formats.
Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
Fault = tuple[str, str]
"""The path of a field, and what is wrong with it, in the server's words."""

_OPEN = "x-kubernetes-preserve-unknown-fields"
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def faults(value: Any, schema: Schema, path: str = "") -> Iterator[Fault]:
    """Every fault of *value*, depth first."""
    wanted = schema.get("type")
    if wanted and not _is(value, wanted):
        yield path, f'Invalid value: {_shown(value)}: {path} in body must be of type {wanted}: "{_type(value)}"'
        return
    if isinstance(value, str):
        yield from _text_faults(value, schema, path)
    elif isinstance(value, dict):
        yield from _object_faults(value, schema, path)
    elif isinstance(value, list):
        yield from _list_faults(value, schema, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _number_faults(value, schema, path)


def pruned(value: Any, schema: Schema) -> Any:
    """A copy of *value* without the fields that *schema* does not have."""
    if isinstance(value, list):
        return [pruned(item, schema.get("items", {})) for item in value]
    if not isinstance(value, dict) or schema.get(_OPEN) or "properties" not in schema:
        return value
    properties = schema["properties"]
    return {key: pruned(inner, properties[key]) for key, inner in value.items() if key in properties}


def _object_faults(value: Mapping[str, Any], schema: Schema, path: str) -> Iterator[Fault]:
    for key in schema.get("required", ()):
        if key not in value:
            yield _at(path, key), "Required value"
    for key, inner in value.items():
        below = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
        if isinstance(below, Mapping) and inner is not None:
            yield from faults(inner, below, _at(path, key))


def _list_faults(value: list[Any], schema: Schema, path: str) -> Iterator[Fault]:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    if len(value) < least:
        yield path, f"Invalid value: {len(value)}: {path} in body should have at least {least} items"
    if most is not None and len(value) > most:
        yield path, f"Too many: {len(value)}: must have at most {most} items"
    for index, item in enumerate(value):
        yield from faults(item, schema.get("items", {}), f"{path}[{index}]")


def _text_faults(value: str, schema: Schema, path: str) -> Iterator[Fault]:
    pattern, least, most = schema.get("pattern"), schema.get("minLength", 0), schema.get("maxLength")
    if len(value) < least:
        yield path, f'Invalid value: "{value}": {path} in body should be at least {least} chars long'
    elif most is not None and len(value) > most:
        yield path, f"Too long: may not be more than {most} bytes"
    elif pattern and not re.search(pattern, value):
        yield path, f"Invalid value: \"{value}\": {path} in body should match '{pattern}'"


def _number_faults(value: float, schema: Schema, path: str) -> Iterator[Fault]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and value < least:
        yield path, f"Invalid value: {value}: {path} in body should be greater than or equal to {least}"
    if most is not None and value > most:
        yield path, f"Invalid value: {value}: {path} in body should be less than or equal to {most}"


def _is(value: Any, wanted: str) -> bool:
    return isinstance(value, _TYPES[wanted]) and (wanted == "boolean" or not isinstance(value, bool))


def _type(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def _shown(value: Any) -> str:
    return f'"{_type(value)}"' if isinstance(value, str | dict | list) else json.dumps(value)


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
