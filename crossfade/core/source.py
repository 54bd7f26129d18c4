"""The objects of a cluster from which ExternalDNS takes a weight: their kinds, and how each is named.

Pure data; what stands in such an object, the adapters know.
Source of flags and resources: ExternalDNS, docs/sources; Gateway API v1; externaldns.k8s.io/v1alpha1.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class SourceKind(StrEnum):
    """The kinds; the value is Kubernetes' name for the kind."""

    INGRESS = "Ingress"
    SERVICE = "Service"
    HTTP_ROUTE = "HTTPRoute"
    DNS_ENDPOINT = "DNSEndpoint"

    @property
    def naming(self) -> "Naming":
        """How it is called elsewhere."""
        return NAMINGS[self]


@dataclass(frozen=True, slots=True)
class Naming:
    """
    What a kind is called.

    Attributes:
        key: In `crossfade.yaml`.
        attribute: Of a `Workload`.
        flag: The `--source` with which ExternalDNS looks at it.
        group: Its API group; empty for the core.
        version: Of that group.
        plural: In paths and in RBAC.
    """

    key: str
    attribute: str
    flag: str
    group: str
    version: str
    plural: str


NAMINGS: Final = {
    SourceKind.INGRESS: Naming("ingress", "ingress", "ingress", "networking.k8s.io", "v1", "ingresses"),
    SourceKind.SERVICE: Naming("service", "service", "service", "", "v1", "services"),
    SourceKind.HTTP_ROUTE: Naming(
        "httpRoute", "http_route", "gateway-httproute", "gateway.networking.k8s.io", "v1", "httproutes"
    ),
    SourceKind.DNS_ENDPOINT: Naming(
        "dnsEndpoint", "dns_endpoint", "crd", "externaldns.k8s.io", "v1alpha1", "dnsendpoints"
    ),
}


@dataclass(frozen=True, slots=True)
class Source:
    """One object in which a weight stands; the same in both clusters."""

    kind: SourceKind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"
