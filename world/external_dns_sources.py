"""What ExternalDNS finds in the objects of a cluster: hosts, where they lead, set identifier and weight, as written.

One function a `--source`. An object that leads nowhere makes nothing. Of a Gateway only its addresses and the
annotation `target` are read; everything else stands on the route.
Written from the behaviour of v0.13 to v0.22: source/ingress.go, service.go, gateway.go, crd.go.
Limits: no templates and filters; namespaces of listeners are Same or All; headless and node-port Services make nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crossfade.names import HEALTH_CHECK_KEY, HEALTH_CHECK_PROPERTY, IDENTIFIER_KEY, WEIGHT_KEY, WEIGHT_PROPERTY
from world.kubernetes import Object, Store

SOURCES: Final = {
    "Ingress": "ingress",
    "Service": "service",
    "HTTPRoute": "gateway-httproute",
    "DNSEndpoint": "crd",
}
"""The `--source` that looks at a kind."""
RESOURCES: Final = {"Ingress": "ingress", "Service": "service", "HTTPRoute": "httproute", "DNSEndpoint": "crd"}
"""What the ownership records call a kind."""

_ADDRESSES = ("A", "AAAA", "CNAME")
_HTTP = ("HTTP", "HTTPS")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    One host of one object.

    Attributes:
        host: Lower case, without a trailing dot.
        targets: Addresses and DNS names to which it leads.
        identifier: Its set identifier; None when it has none.
        weight: As it is written; None when there is none.
        resource: The object, as the ownership records name it.
        health_check: Id of the health check of its records; None for none.
        is_dualstack: Whether it says that its load balancer has IPv6, which versions before v0.16 went by.
    """

    host: str
    targets: tuple[str, ...]
    identifier: str | None
    weight: str | None
    resource: str
    is_dualstack: bool = False
    health_check: str | None = None


def endpoints(store: Store, sources: tuple[str, ...], prefix: str) -> Iterator[Endpoint]:
    """What *sources* find in *store*, reading annotations with *prefix*; some of them may lead nowhere."""
    for source in sources:
        yield from (each for each in _SOURCES.get(source, _nothing)(store, prefix) if each.host)


def endpoint_of(store: Store, kind: str, name: str, host: str, prefix: str) -> Endpoint | None:
    """What the object *name* (`namespace/name`) says of *host*; None when it is not there or says nothing of it."""
    resource = f"{RESOURCES[kind]}/{name}"
    found = endpoints(store, (SOURCES[kind],), prefix)
    return next((each for each in found if (each.resource, each.host) == (resource, host)), None)


def _nothing(_: Store, __: str) -> Iterator[Endpoint]:
    return iter(())


def _ingresses(store: Store, prefix: str) -> Iterator[Endpoint]:
    for ingress in _all(store, "Ingress"):
        spec, says = ingress["spec"], _says(ingress, prefix)
        only = says.get("ingress-hostname-source", "").lower()
        defined = [rule.get("host") for rule in spec.get("rules") or ()]
        defined += [host for tls in spec.get("tls") or () for host in tls.get("hosts") or ()]
        hosts = defined if only != "annotation-only" else []
        hosts += _list(says.get("hostname")) if only != "defined-hosts-only" else []
        yield from _made("ingress", ingress, says, hosts, _target(says) or _balancer(ingress))


def _services(store: Store, prefix: str) -> Iterator[Endpoint]:
    for service in _all(store, "Service"):
        says = _says(service, prefix)
        is_balanced = service["spec"].get("type") == "LoadBalancer"
        targets = _target(says) or (_balancer(service) if is_balanced else ())
        yield from _made("service", service, says, _list(says.get("hostname")), targets)


def _routes(store: Store, prefix: str) -> Iterator[Endpoint]:
    gateways = {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in _all(store, "Gateway")}
    for route in _all(store, "HTTPRoute"):
        says, spec = _says(route, prefix), route.get("spec") or {}
        only = says.get("gateway-hostname-source", "").lower()
        hosts = list(spec.get("hostnames") or [""]) if only != "annotation-only" else []
        hosts += _list(says.get("hostname")) if only != "defined-hosts-only" else []
        found: dict[str, tuple[str, ...]] = {}
        for gateway, section in _accepted(route, gateways):
            targets = _target(_says(gateway, prefix)) or _gateway_addresses(gateway)
            for host in _matching(hosts, gateway, section, route["metadata"]["namespace"]):
                found[host] = tuple(dict.fromkeys((*found.get(host, ()), *targets)))
        for host, targets in found.items():
            yield from _made("httproute", route, says, [host], targets)


def _dns_endpoints(store: Store, _: str) -> Iterator[Endpoint]:
    for held in _all(store, "DNSEndpoint"):
        for entry in (held.get("spec") or {}).get("endpoints") or ():
            if entry.get("recordType") not in _ADDRESSES:
                continue
            properties = {each.get("name"): each.get("value") for each in entry.get("providerSpecific") or ()}
            yield Endpoint(
                host=str(entry.get("dnsName") or "").rstrip(".").lower(),
                targets=tuple(str(target).rstrip(".").lower() for target in entry.get("targets") or ()),
                identifier=entry.get("setIdentifier") or None,
                weight=properties.get(WEIGHT_PROPERTY),
                resource=_resource("crd", held),
                health_check=properties.get(HEALTH_CHECK_PROPERTY),
            )


_SOURCES: Final[Mapping[str, Callable[[Store, str], Iterator[Endpoint]]]] = {
    "ingress": _ingresses,
    "service": _services,
    "gateway-httproute": _routes,
    "crd": _dns_endpoints,
}


def _all(store: Store, kind: str) -> list[Object]:
    """Every object of *kind*; none where the cluster does not know the kind."""
    return store.seen(kind) if any(resource.kind == kind for resource in store.catalogue) else []


# --- Parts -----------------------------------------------------------------------------------------------------------


def _made(
    kind: str, held: Object, says: Mapping[str, str], hosts: list[Any], targets: tuple[str, ...]
) -> Iterator[Endpoint]:
    annotations = held["metadata"].get("annotations") or {}
    for host in dict.fromkeys(str(host or "").rstrip(".").lower() for host in hosts):
        yield Endpoint(
            host=host,
            targets=targets,
            identifier=says.get(IDENTIFIER_KEY) or None,
            weight=says.get(WEIGHT_KEY),
            resource=_resource(kind, held),
            is_dualstack=annotations.get("alb.ingress.kubernetes.io/ip-address-type") == "dualstack",
            health_check=says.get(HEALTH_CHECK_KEY) or None,
        )


def _resource(kind: str, held: Object) -> str:
    return f"{kind}/{held['metadata']['namespace']}/{held['metadata']['name']}"


def _says(held: Object, prefix: str) -> dict[str, str]:
    """Its annotations with *prefix*, without it."""
    annotations: Mapping[str, str] = held["metadata"].get("annotations") or {}
    return {key.removeprefix(prefix): value for key, value in annotations.items() if key.startswith(prefix)}


def _list(text: str | None) -> list[str]:
    return [part for part in (text or "").replace(" ", "").split(",") if part]


def _target(says: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(target.rstrip(".").lower() for target in _list(says.get("target")))


def _balancer(held: Object) -> tuple[str, ...]:
    found = ((held.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return tuple(point[key].lower() for point in found for key in ("ip", "hostname") if point.get(key))


# --- Gateways --------------------------------------------------------------------------------------------------------


def _accepted(route: Object, gateways: Mapping[tuple[str, str], Object]) -> Iterator[tuple[Object, str]]:
    """The Gateways that have accepted *route*, each with the listener that was asked for."""
    own = route["metadata"]["namespace"]
    for parent in (route.get("status") or {}).get("parents") or ():
        ref, conditions = parent["parentRef"], parent.get("conditions") or ()
        accepted = any(each["type"] == "Accepted" and each["status"] == "True" for each in conditions)
        gateway = gateways.get((ref.get("namespace") or own, ref["name"]))
        if accepted and gateway is not None:
            yield gateway, ref.get("sectionName") or ""


def _gateway_addresses(gateway: Object) -> tuple[str, ...]:
    return tuple(each["value"].lower() for each in (gateway.get("status") or {}).get("addresses") or ())


def _matching(hosts: list[str], gateway: Object, section: str, namespace: str) -> Iterator[str]:
    """The hosts of a route in *namespace* that a listener of *gateway* takes."""
    for listener in gateway["spec"]["listeners"]:
        if listener["protocol"] not in _HTTP or section not in ("", listener["name"]):
            continue
        allowed = ((listener.get("allowedRoutes") or {}).get("namespaces") or {}).get("from", "Same")
        if allowed != "All" and not (allowed == "Same" and namespace == gateway["metadata"]["namespace"]):
            continue
        for host in hosts:
            if common := _common(listener.get("hostname") or "", host):
                yield common


def _common(one: str, other: str) -> str:
    """The narrower of two hosts, either of which may be a wildcard or empty for all; empty when they do not meet."""
    if not one or not other or one == other:
        return one or other
    wide, narrow = sorted((one, other), key=len)
    return narrow if wide.startswith("*.") and narrow.endswith(wide[1:]) else ""
