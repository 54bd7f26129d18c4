"""What happens to both grounds, step by step: objects as people write them, in two clusters."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from crossfade.names import ALPHA_PREFIX, STABLE_PREFIX, WEIGHT_PROPERTY
from tools.conformance.grounds import Ground
from world.kubernetes import Object

NAMESPACE: Final = "team"
_FIRST_STABLE = (0, 22)


@dataclass(frozen=True)
class Step:
    """One step: its name, and what it does to a ground."""

    name: str
    do: Callable[["Hand"], None]


@dataclass(frozen=True)
class Hand:
    """Whoever edits the clusters of a ground; *version* says which annotations are read there."""

    ground: Ground
    version: str

    @property
    def prefix(self) -> str:
        """Of the annotations that this version reads."""
        major, minor = self.version.removeprefix("v").split(".")[:2]
        return STABLE_PREFIX if (int(major), int(minor)) >= _FIRST_STABLE else ALPHA_PREFIX

    def host(self, name: str) -> str:
        """A host in the zone of the ground."""
        return f"{name}.{self.ground.domain}"

    def both(self, make: Callable[[str], Object], status: Callable[[str], Object] | None = None) -> None:
        """Add to both clusters what *make* makes for a colour, with its *status*."""
        for color in self.ground.clusters:
            self.add(color, make(color), status(color) if status else {})

    def add(self, color: str, document: Object, status: Object) -> None:
        """Add one object, with its *status*."""
        store = self.ground.clusters[color].store
        store.add(document)
        if status:
            store.merge(document["kind"], NAMESPACE, document["metadata"]["name"], {"status": status})

    def merge(self, color: str, kind: str, name: str, patch: Object) -> None:
        """Change one object."""
        self.ground.clusters[color].store.merge(kind, NAMESPACE, name, patch)

    def say(self, color: str, key: str, value: str | None, kind: str = "Ingress", name: str = "app") -> None:
        """Set or remove one annotation that is read."""
        self.merge(color, kind, name, {"metadata": {"annotations": {f"{self.prefix}{key}": value}}})

    def said(self, color: str, weight: str, **more: str) -> dict[str, str]:
        """The annotations of an object with *weight*."""
        said = {"set-identifier": color, "aws-weight": weight, **more}
        return {f"{self.prefix}{key}": value for key, value in said.items()}

    def edit(self, type_: str, action: str, *, mark: str = "", color: str = "green", weight: int | None = None) -> None:
        """Change a record of the first host by hand, if it is there."""
        key = (f"{mark}{self.host('app')}", type_, color)
        for record in self.ground.route53.records(self.ground.zone_id):
            if record.key == key:
                edited = record if weight is None else replace(record, weight=weight)
                self.ground.change(action, edited)

    # Objects.

    def ingress(self, color: str, weight: str, name: str = "app", host: str = "app") -> Object:
        """An Ingress of *host*."""
        metadata = _metadata(name, self.said(color, weight))
        return _object("networking.k8s.io/v1", "Ingress", metadata, {"rules": [{"host": self.host(host)}]})

    def service(self, color: str, weight: str) -> Object:
        """A Service of type LoadBalancer."""
        metadata = _metadata("edge", self.said(color, weight, hostname=self.host("edge")))
        return _object("v1", "Service", metadata, {"type": "LoadBalancer", "ports": [{"port": 80}]})

    def gateway(self) -> Object:
        """A Gateway for all hosts of the zone."""
        listener = {"name": "http", "protocol": "HTTP", "port": 80, "hostname": f"*.{self.ground.domain}"}
        spec = {"gatewayClassName": "alb", "listeners": [listener]}
        return _object("gateway.networking.k8s.io/v1", "Gateway", _metadata("public", {}), spec)

    def route(self, color: str, weight: str) -> Object:
        """An HTTPRoute behind that Gateway."""
        metadata = _metadata("catalog", self.said(color, weight))
        spec = {"hostnames": [self.host("catalog")], "parentRefs": [{"name": "public"}]}
        return _object("gateway.networking.k8s.io/v1", "HTTPRoute", metadata, spec)

    def endpoint(self, color: str, weight: str | None) -> Object:
        """A DNSEndpoint."""
        spec = {"endpoints": [self.entry(color, weight)]}
        return _object("externaldns.k8s.io/v1alpha1", "DNSEndpoint", _metadata("checkout", {}), spec)

    def entry(self, color: str, weight: str | None) -> Object:
        """What stands in that DNSEndpoint."""
        weights = [] if weight is None else [{"name": WEIGHT_PROPERTY, "value": weight}]
        entry = {"dnsName": self.host("checkout"), "recordType": "CNAME", "targets": [balancer(color)]}
        return {**entry, "setIdentifier": color, "providerSpecific": weights}


def balancer(color: str, name: str = "shop") -> str:
    """The DNS name of a load balancer, as ExternalDNS knows them."""
    return f"k8s-{name}-{color}-0123456789.eu-west-1.elb.amazonaws.com"


def served(color: str) -> Object:
    """The status of an Ingress or Service."""
    return {"loadBalancer": {"ingress": [{"hostname": balancer(color)}]}}


def accepted(is_true: str = "True") -> Object:
    """The status of an HTTPRoute."""
    condition = {"type": "Accepted", "status": is_true, "reason": "Accepted", "message": ""}
    stamped = {**condition, "lastTransitionTime": "2026-01-01T00:00:00Z"}
    return {"parents": [{"controllerName": "alb", "parentRef": {"name": "public"}, "conditions": [stamped]}]}


def _metadata(name: str, annotations: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE, "annotations": annotations}


def _object(version: str, kind: str, metadata: dict[str, Any], spec: dict[str, Any]) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


# --- Ingress ---------------------------------------------------------------------------------------------------------


def _create(hand: Hand) -> None:
    hand.both(lambda color: hand.ingress(color, "100" if color == "blue" else "0"), served)


def _disown(hand: Hand) -> None:
    for mark in ("a-", "aaaa-", "cname-"):
        hand.edit("TXT", "DELETE", mark=mark, color="blue")


def _dualstack(hand: Hand) -> None:
    for color in hand.ground.clusters:
        annotations = {"alb.ingress.kubernetes.io/ip-address-type": "dualstack"}
        hand.merge(color, "Ingress", "app", {"metadata": {"annotations": annotations}})


def _two_families(hand: Hand) -> None:
    points = [{"ip": "192.0.2.7"}, {"ip": "2001:db8::7"}]
    hand.add("green", hand.ingress("green", "7", "ips", "ips"), {"loadBalancer": {"ingress": points}})


def _two_objects(hand: Hand) -> None:
    second = hand.ingress("green", "77", "second")
    hand.add("green", second, {"loadBalancer": {"ingress": [{"hostname": balancer("green", "aaa")}]}})


def _other_prefix(hand: Hand) -> None:
    other = ALPHA_PREFIX if hand.prefix == STABLE_PREFIX else STABLE_PREFIX
    hand.merge("green", "Ingress", "app", {"metadata": {"annotations": {f"{other}aws-weight": "42"}}})


def _other_owner(hand: Hand) -> None:
    hand.ground.clusters["green"].settings.owner = "somebody-else"
    hand.say("green", "aws-weight", "9")


def _own_owner(hand: Hand) -> None:
    hand.ground.clusters["green"].settings.owner = "green"


def _upsert_only(hand: Hand) -> None:
    hand.ground.clusters["green"].settings.policy = "upsert-only"
    for name in ("app", "second"):
        hand.ground.clusters["green"].store.remove("Ingress", NAMESPACE, name)


def _sync_again(hand: Hand) -> None:
    hand.ground.clusters["green"].settings.policy = "sync"


# --- Other kinds -----------------------------------------------------------------------------------------------------


def _service(hand: Hand) -> None:
    hand.both(lambda color: hand.service(color, "100" if color == "blue" else "0"), served)


def _cluster_ip(hand: Hand) -> None:
    hand.merge("green", "Service", "edge", {"spec": {"type": "ClusterIP"}})


def _route(hand: Hand) -> None:
    addresses = [{"type": "Hostname", "value": ""}]
    hand.both(
        lambda _: hand.gateway(), lambda color: {"addresses": [{**addresses[0], "value": balancer(color, "gateway")}]}
    )
    hand.both(lambda color: hand.route(color, "100" if color == "blue" else "0"), lambda _: accepted())


def _endpoint(hand: Hand) -> None:
    hand.both(lambda color: hand.endpoint(color, "100" if color == "blue" else "0"))


def _entry(hand: Hand, weight: str | None) -> None:
    hand.merge("green", "DNSEndpoint", "checkout", {"spec": {"endpoints": [hand.entry("green", weight)]}})


STEPS: Final = (
    Step("Ingress: both records are created", _create),
    Step("Ingress: green is raised to 5", lambda hand: hand.say("green", "aws-weight", "5")),
    Step("Ingress: blue is lowered to 95", lambda hand: hand.say("blue", "aws-weight", "95")),
    Step("nothing has changed", lambda _: None),
    Step("Ingress: a weight that is no number", lambda hand: hand.say("green", "aws-weight", "abc")),
    Step("Ingress: a weight above 255 is refused by Route 53", lambda hand: hand.say("green", "aws-weight", "300")),
    Step("Ingress: the weight is deleted", lambda hand: hand.say("green", "aws-weight", None)),
    Step("Ingress: the weight is put back", lambda hand: hand.say("green", "aws-weight", "5")),
    Step("Ingress: a weight under the other prefix is not read", _other_prefix),
    Step("Ingress: another set identifier", lambda hand: hand.say("green", "set-identifier", "verdant")),
    Step("Ingress: no set identifier", lambda hand: hand.say("green", "set-identifier", None)),
    Step("Ingress: the set identifier is put back", lambda hand: hand.say("green", "set-identifier", "green")),
    Step("a weight that was edited in the record is put back", lambda hand: hand.edit("A", "UPSERT", weight=77)),
    Step("a record that was deleted is made again", lambda hand: hand.edit("A", "DELETE")),
    Step("without its ownership record a record is left alone", _disown),
    Step("its weight is changed then, too", lambda hand: hand.say("blue", "aws-weight", "33")),
    Step("Ingress: a load balancer with IPv6", _dualstack),
    Step("Ingress: addresses of both families", _two_families),
    Step("Ingress: a second one with the same host and identifier", _two_objects),
    Step("Ingress: the first of both is changed", lambda hand: hand.say("green", "aws-weight", "6")),
    Step("another owner touches nothing", _other_owner),
    Step("the owner is back", _own_owner),
    Step("Service: both records are created", _service),
    Step("Service: green is raised", lambda hand: hand.say("green", "aws-weight", "5", "Service", "edge")),
    Step("Service: of type ClusterIP", _cluster_ip),
    Step("HTTPRoute: both records are created", _route),
    Step("HTTPRoute: green is raised", lambda hand: hand.say("green", "aws-weight", "5", "HTTPRoute", "catalog")),
    Step("HTTPRoute: the weight of the Gateway is not read",
         lambda hand: hand.say("green", "aws-weight", "77", "Gateway", "public")),
    Step("HTTPRoute: its Gateway no longer accepts it",
         lambda hand: hand.merge("green", "HTTPRoute", "catalog", {"status": accepted("False")})),
    Step("DNSEndpoint: both records are created", _endpoint),
    Step("DNSEndpoint: green is raised", lambda hand: _entry(hand, "5")),
    Step("DNSEndpoint: annotations are not read",
         lambda hand: hand.say("green", "aws-weight", "77", "DNSEndpoint", "checkout")),
    Step("DNSEndpoint: the weight is removed", lambda hand: _entry(hand, None)),
    Step("upsert-only: deleted Ingresses keep their records", _upsert_only),
    Step("sync: they are gone", _sync_again),
)  # fmt: skip
