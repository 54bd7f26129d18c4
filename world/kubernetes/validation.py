"""What makes an object invalid: only the rules that a weight-shifting client can meet.

Limit: only custom resources have a schema; elsewhere unknown fields are noticed in the spec of the kinds listed here.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from world.kubernetes import schema
from world.kubernetes.resources import Object, Resource
from world.kubernetes.status import ApiError, bad_request, invalid, invalid_patch

_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_KEY_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_ANNOTATION_BYTES = 262_144
_SPEC_FIELDS = {"Ingress": frozenset(("defaultBackend", "ingressClassName", "rules", "tls"))}
_SERVICE_TYPES = frozenset(("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"))
_STRING_MAPS = ("annotations", "labels")


def check_created(resource: Resource, body: Object) -> None:
    """
    Refuse a new object that breaks a rule; fill in what the server would.

    Raises:
        ApiError: 400 when it cannot be read as its kind, 422 when a value is not allowed.
    """
    for field, _, _ in _not_strings(body):
        where = f"json: cannot unmarshal into Go struct field ObjectMeta.metadata.{field} of type string"
        msg = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {where}'
        raise bad_request(msg)
    check(resource, body)


def check_patched(patched: Object, patch: Any, *, is_strategic: bool) -> None:
    """
    Refuse a patched object whose annotations or labels are not strings.

    Raises:
        ApiError: 422; the text shows the whole object, or the patch for a strategic one.
    """
    for _, _, value in _not_strings(patched):
        text = _go_map(patch) if is_strategic else json.dumps(patched, sort_keys=True, separators=(",", ":"))
        kind = "int64" if isinstance(value, int) else type(value).__name__
        msg = f"{json.dumps(text)}: cannot convert {kind} to string"
        raise invalid_patch(msg)


def check(resource: Resource, body: Object) -> None:
    """
    Refuse an object that breaks a rule of its kind.

    Raises:
        ApiError: 422 when a value is not allowed, 400 for a Secret that is not base64.
    """
    _check_annotations(resource, body["metadata"])
    if resource.schema is not None:
        for field, problem in schema.faults(body, resource.schema):
            raise invalid(resource, body["metadata"]["name"], field, problem)
    if resource.kind == "Service":
        _check_service(resource, body)
    if resource.kind == "Ingress":
        _check_ingress(resource, body)
    if resource.kind == "Secret":
        _fill_secret(body)


def unknown_fields(resource: Resource, body: Object) -> tuple[str, ...]:
    """Names of fields that the kind does not have."""
    known = _SPEC_FIELDS.get(resource.kind)
    spec = body.get("spec")
    if known is None or not isinstance(spec, dict):
        return ()
    return tuple(f"spec.{key}" for key in spec if key not in known)


def without_unknown_fields(resource: Resource, body: Object) -> Object:
    """A copy of *body* as the server stores it."""
    if resource.schema is not None:
        metadata = {"metadata": body["metadata"]}  # the server has a schema of its own for it
        stored: Object = schema.pruned(body, resource.schema) | metadata
        return stored
    unknown = unknown_fields(resource, body)
    if not unknown:
        return body
    return {**body, "spec": {key: value for key, value in body["spec"].items() if f"spec.{key}" not in unknown}}


def _not_strings(body: Object) -> Iterator[tuple[str, str, Any]]:
    metadata = body.get("metadata") or {}
    for field in _STRING_MAPS:
        for key, value in (metadata.get(field) or {}).items():
            if not isinstance(value, str):
                yield field, key, value


def _check_annotations(resource: Resource, metadata: Object) -> None:
    annotations: Mapping[str, str] = metadata.get("annotations") or {}
    name = metadata.get("name", "")
    for key in annotations:
        if not _KEY.fullmatch(key):
            raise invalid(resource, name, "metadata.annotations", f'Invalid value: "{key}": {_KEY_RULE}')
    if sum(len(key) + len(value) for key, value in annotations.items()) > _ANNOTATION_BYTES:
        problem = f"Too long: may not be more than {_ANNOTATION_BYTES} bytes"
        raise invalid(resource, name, "metadata.annotations", problem)


def _check_ingress(resource: Resource, body: Object) -> None:
    spec = body.get("spec") or {}
    if not spec.get("rules") and not spec.get("defaultBackend"):
        problem = "Invalid value: null: either `defaultBackend` or `rules` must be specified"
        raise invalid(resource, body["metadata"]["name"], "spec", problem)


def _check_service(resource: Resource, body: Object) -> None:
    spec, name = body.setdefault("spec", {}), body["metadata"]["name"]
    kind = spec.setdefault("type", "ClusterIP")
    if kind not in _SERVICE_TYPES:
        listed = ", ".join(f'"{each}"' for each in sorted(_SERVICE_TYPES))
        raise invalid(resource, name, "spec.type", f'Unsupported value: "{kind}": supported values: {listed}')
    if kind != "ExternalName" and spec.get("clusterIP") != "None" and not spec.get("ports"):
        raise invalid(resource, name, "spec.ports", "Required value")


def _fill_secret(body: Object) -> None:
    body.setdefault("type", "Opaque")
    for key, value in (body.pop("stringData", None) or {}).items():
        body.setdefault("data", {})[key] = base64.b64encode(value.encode()).decode()
    for value in (body.get("data") or {}).values():
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise _not_base64() from error


def _not_base64() -> ApiError:
    return bad_request('Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0')


def _go_map(value: Any) -> str:
    """*value* as Go prints a map."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_go_map(inner)}' for key, inner in sorted(value.items()))}]"
    return str(value)
