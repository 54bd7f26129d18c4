"""The CustomResourceDefinitions of the objects that ExternalDNS looks at: Gateway API and its own DNSEndpoint.

Reduced to the fields that matter here; unknown fields of a part are kept, as these schemas say so where they are open.
Gateway API serves the same objects as v1beta1, which ExternalDNS up to v0.19 asks for.
Sources: Gateway API v1 (standard channel); ExternalDNS, config/crd/standard.
"""

from typing import Any, Final

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_TEXTS: Final[Schema] = {"type": "array", "items": _TEXT}
_OPEN: Final[Schema] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_OPEN_LIST: Final[Schema] = {"type": "array", "items": _OPEN}
_HOSTNAME: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 253,
    "pattern": r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
}
_NAME: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 253}


def _object(required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


def _list(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


def _definition(
    group: str, version: str, plural: str, kind: str, *, also: tuple[str, ...] = (), **properties: Schema
) -> Schema:
    schema = _object((), apiVersion=_TEXT, kind=_TEXT, metadata={"type": "object"}, **properties)
    served: Schema = {"served": True, "schema": {"openAPIV3Schema": schema}, "subresources": {"status": {}}}
    versions = [{"name": each, "storage": each == version, **served} for each in (version, *also)]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
            "versions": versions,
        },
    }


_PARENT: Final = _object(("name",), group=_TEXT, kind=_TEXT, namespace=_TEXT, name=_NAME, sectionName=_TEXT,
                         port={"type": "integer", "minimum": 1, "maximum": 65_535})  # fmt: skip

GATEWAYS: Final[Schema] = _definition(
    "gateway.networking.k8s.io",
    "v1",
    "gateways",
    "Gateway",
    also=("v1beta1",),
    spec=_object(
        ("gatewayClassName", "listeners"),
        gatewayClassName=_NAME,
        listeners=_list(
            _object(
                ("name", "port", "protocol"),
                name=_NAME,
                hostname=_HOSTNAME,
                port={"type": "integer", "minimum": 1, "maximum": 65_535},
                protocol=_TEXT,
                tls=_OPEN,
                allowedRoutes=_OPEN,
            ),
            minItems=1,
            maxItems=64,
        ),
        addresses=_OPEN_LIST,
        infrastructure=_OPEN,
    ),
    status=_object(
        addresses=_list(_object(("value",), type=_TEXT, value=_TEXT)), conditions=_OPEN_LIST, listeners=_OPEN_LIST
    ),
)

HTTP_ROUTES: Final[Schema] = _definition(
    "gateway.networking.k8s.io",
    "v1",
    "httproutes",
    "HTTPRoute",
    also=("v1beta1",),
    spec=_object(parentRefs=_list(_PARENT, maxItems=32), hostnames=_list(_HOSTNAME, maxItems=16), rules=_OPEN_LIST),
    status=_object(
        parents=_list(
            _object(("controllerName", "parentRef"), controllerName=_TEXT, parentRef=_PARENT, conditions=_OPEN_LIST)
        )
    ),
)

DNS_ENDPOINTS: Final[Schema] = _definition(
    "externaldns.k8s.io",
    "v1alpha1",
    "dnsendpoints",
    "DNSEndpoint",
    spec=_object(
        endpoints=_list(
            _object(
                dnsName=_TEXT,
                recordType=_TEXT,
                recordTTL={"type": "integer", "format": "int64"},
                setIdentifier=_TEXT,
                targets=_TEXTS,
                labels={"type": "object", "additionalProperties": _TEXT},
                providerSpecific=_list(_object(name=_TEXT, value=_TEXT)),
            )
        )
    ),
    status=_object(observedGeneration={"type": "integer", "format": "int64"}),
)

ALL: Final = (GATEWAYS, HTTP_ROUTES, DNS_ENDPOINTS)
"""What an estate has that uses them."""
