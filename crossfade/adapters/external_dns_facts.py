"""What an object gives ExternalDNS to make records of: hosts, where they lead, set identifier; and what it lacks.

Pure, but for the Gateway that an HTTPRoute is asked about. An annotation is looked for under the prefix that the
cluster's ExternalDNS reads; while that is not known, under both.
Sources: ExternalDNS v0.22, source/ingress.go, service.go, gateway.go, crd.go.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from crossfade.adapters.external_dns_endpoint import is_about
from crossfade.adapters.external_dns_objects import Prefixes, understand
from crossfade.adapters.kubernetes_objects import Document, Held
from crossfade.core.facts_places import ADDRESSES, SourceFacts
from crossfade.core.source import Source, SourceKind
from crossfade.errors import RouterObjectMissingError
from crossfade.names import ALPHA_PREFIX, STABLE_PREFIX, WEIGHT_KEY

Gateways = Callable[[str, str], Document]
"""Reads a Gateway by namespace and name; raises `RouterObjectMissingError` where there is none."""

_LOAD_BALANCER: Final = "LoadBalancer"
_CONTROLLER: Final = "the AWS Load Balancer Controller says there what it lacks"


def source_facts(source: Source, held: Held, host: str, prefix: str, gateways: Gateways) -> SourceFacts:
    """
    What *source* gives an ExternalDNS that reads *prefix* (empty: not known).

    Args:
        source: Which object.
        held: As it was read.
        host: Of the workload.
        prefix: Of the annotations.
        gateways: Reads the Gateway of an HTTPRoute.

    Raises:
        RouterRefusedError, RouterUnavailableError: The Gateway could not be read.
    """
    document = held.document
    address, lack, fix = _ADDRESSES[source.kind](document, host, prefix, gateways)
    known = dict.fromkeys((ALPHA_PREFIX, STABLE_PREFIX, *([prefix] if prefix else ())))
    carried = (
        ()
        if source.kind is SourceKind.DNS_ENDPOINT
        else tuple(each for each in known if f"{each}{WEIGHT_KEY}" in held.annotations)
    )
    return SourceFacts(
        name=str(source),
        hosts=hosts_of(source.kind, document, prefix),
        address=address,
        identifier=understand(source, held, host, Prefixes(prefix or None)).identifier,
        prefixes=carried,
        lack=lack,
        fix=fix,
    )


# --- Hosts -----------------------------------------------------------------------------------------------------------


def hosts_of(kind: SourceKind, document: Document, prefix: str) -> tuple[str, ...]:
    """The hosts of which ExternalDNS makes records, lower case, each once."""
    found = _HOSTS[kind](document.get("spec") or {}, document, prefix)
    return tuple(dict.fromkeys(host.rstrip(".").lower() for host in found if host))


def _ingress_hosts(spec: Mapping[str, Any], document: Document, prefix: str) -> Iterator[str]:
    only = _annotation(document, prefix, "ingress-hostname-source").lower()
    if only != "annotation-only":
        yield from (rule.get("host") or "" for rule in spec.get("rules") or ())
        yield from (host for tls in spec.get("tls") or () for host in tls.get("hosts") or ())
    if only != "defined-hosts-only":
        yield from _annotated_hosts(document, prefix)


def _service_hosts(_: Mapping[str, Any], document: Document, prefix: str) -> Iterator[str]:
    return _annotated_hosts(document, prefix)


def _route_hosts(spec: Mapping[str, Any], document: Document, prefix: str) -> Iterator[str]:
    only = _annotation(document, prefix, "gateway-hostname-source").lower()
    if only != "annotation-only":
        yield from spec.get("hostnames") or ()
    if only != "defined-hosts-only":
        yield from _annotated_hosts(document, prefix)


def _endpoint_hosts(spec: Mapping[str, Any], _: Document, __: str) -> Iterator[str]:
    for entry in spec.get("endpoints") or ():
        if entry.get("recordType") in ADDRESSES:
            yield str(entry.get("dnsName") or "")


_HOSTS: Final[Mapping[SourceKind, Callable[[Mapping[str, Any], Document, str], Iterator[str]]]] = {
    SourceKind.INGRESS: _ingress_hosts,
    SourceKind.SERVICE: _service_hosts,
    SourceKind.HTTP_ROUTE: _route_hosts,
    SourceKind.DNS_ENDPOINT: _endpoint_hosts,
}


def _annotated_hosts(document: Document, prefix: str) -> Iterator[str]:
    yield from _list(_annotation(document, prefix, "hostname"))


def _annotation(document: Document, prefix: str, key: str) -> str:
    annotations: Mapping[str, str] = document["metadata"].get("annotations") or {}
    prefixes = (prefix,) if prefix else (ALPHA_PREFIX, STABLE_PREFIX)
    return next((annotations[f"{each}{key}"] for each in prefixes if f"{each}{key}" in annotations), "")


def _list(text: str) -> list[str]:
    return [part for part in text.replace(" ", "").split(",") if part]


# --- Where they lead -------------------------------------------------------------------------------------------------

_Address = tuple[str, str, str]
"""The name of the load balancer; or nothing, what is lacking, and the fix."""


def _ingress_address(document: Document, _: str, prefix: str, __: Gateways) -> _Address:
    address = _target(document, prefix) or _balancer(document)
    lack = "has no load balancer in its status"
    return (address, "", "") if address else ("", lack, f"look at the events of the Ingress: {_CONTROLLER}")


def _service_address(document: Document, _: str, prefix: str, __: Gateways) -> _Address:
    kind = (document.get("spec") or {}).get("type") or "ClusterIP"
    if address := _target(document, prefix):
        return address, "", ""
    if kind != _LOAD_BALANCER:
        lack = f"is of type {kind}, of which ExternalDNS makes no record that leads to a load balancer"
        return "", lack, "make it of type LoadBalancer, or name the object that is exposed"
    address = _balancer(document)
    lack = "has no load balancer in its status"
    return (address, "", "") if address else ("", lack, f"look at the events of the Service: {_CONTROLLER}")


def _route_address(document: Document, _: str, prefix: str, gateways: Gateways) -> _Address:
    accepted = list(_accepting(document))
    if not accepted:
        fix = "look at the conditions in its status, and let ExternalDNS see the Gateway"
        return "", "is accepted by no Gateway", fix
    for namespace, name in accepted:
        try:
            gateway = gateways(namespace, name)
        except RouterObjectMissingError:
            return (
                "",
                f"belongs to Gateway {namespace}/{name}, which does not exist",
                "create it, or correct parentRefs",
            )
        addresses = (gateway.get("status") or {}).get("addresses") or ()
        if address := _target(gateway, prefix) or next((each["value"] for each in addresses), ""):
            return address.lower(), "", ""
    named = " and ".join(f"Gateway {namespace}/{name}" for namespace, name in accepted)
    return "", f"belongs to {named} without an address in its status", "look at the conditions of the Gateway"


def _accepting(document: Document) -> Iterator[tuple[str, str]]:
    """Namespace and name of every Gateway that has accepted this route."""
    own = document["metadata"].get("namespace", "")
    for parent in (document.get("status") or {}).get("parents") or ():
        ref, conditions = parent["parentRef"], parent.get("conditions") or ()
        accepted = any(each["type"] == "Accepted" and each["status"] == "True" for each in conditions)
        if accepted and ref.get("kind", "Gateway") == "Gateway":
            yield ref.get("namespace") or own, ref["name"]


def _endpoint_address(document: Document, host: str, _: str, __: Gateways) -> _Address:
    entries = (document.get("spec") or {}).get("endpoints") or ()
    targets = [target for each in entries if is_about(each, host) for target in each.get("targets") or ()]
    if targets:
        return str(targets[0]).rstrip(".").lower(), "", ""
    return "", f"has no target for {host}", "name the load balancer as target of the host"


_ADDRESSES: Final[Mapping[SourceKind, Callable[[Document, str, str, Gateways], _Address]]] = {
    SourceKind.INGRESS: _ingress_address,
    SourceKind.SERVICE: _service_address,
    SourceKind.HTTP_ROUTE: _route_address,
    SourceKind.DNS_ENDPOINT: _endpoint_address,
}


def _target(document: Document, prefix: str) -> str:
    return next((each.rstrip(".").lower() for each in _list(_annotation(document, prefix, "target"))), "")


def _balancer(document: Document) -> str:
    points: Sequence[Mapping[str, str]] = ((document.get("status") or {}).get("loadBalancer") or {}).get(
        "ingress"
    ) or ()
    named = [point["hostname"] for point in points if point.get("hostname")]
    return named[0].lower() if named else ""
