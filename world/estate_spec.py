"""What an estate is built from: two clusters, their hosts and who looks after their weights. Plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from world.clients import REQUESTS_PER_SECOND
from world.kubernetes import Object
from world.shared_balancers import RuleSpec

BLUE: Final = "blue"
GREEN: Final = "green"
ALL_USERS: Final = 100
"""Blue's weight before a migration, where the estate itself makes the records."""


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """
    One cluster.

    Attributes:
        name: Its EKS name.
        region: Its AWS Region.
        manifests: Objects in it: Ingresses, the Deployment of ExternalDNS, roles; as parsed documents.
    """

    name: str
    region: str
    manifests: Sequence[Object]


@dataclass(frozen=True, slots=True)
class WorkloadSpec:
    """
    One host.

    Attributes:
        name: What people call it.
        namespace: Of its objects, in both clusters.
        objects: Their names.
        host: What users ask for.
        alarms: The first is on its error rate on green; any other is a composite of all error rates.
        kind: Of its objects.
        rule: Of the load balancer that serves both clusters; None where each cluster has its own.
        identifiers: Of its weighted records, by side, where somebody has made them by hand and no ExternalDNS does.
    """

    name: str
    namespace: str
    objects: tuple[str, ...]
    host: str
    alarms: tuple[str, ...]
    kind: str = "Ingress"
    rule: RuleSpec | None = None
    identifiers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class EstateSpec:
    """
    The whole estate.

    Attributes:
        blue: The cluster that has the users.
        green: The other one.
        zone_id: Of the hosted zone.
        zone_name: Its name, without a trailing dot.
        workloads: The hosts.
        requests_per_second: Of each host's users.
        warm_up: How long users are there before the estate is handed over.
        hub: The cluster where Argo CD runs for both sides; None when each has its own.
    """

    blue: ClusterSpec
    green: ClusterSpec
    zone_id: str
    zone_name: str
    workloads: tuple[WorkloadSpec, ...]
    requests_per_second: float = REQUESTS_PER_SECOND
    warm_up: timedelta = timedelta(minutes=15)
    hub: ClusterSpec | None = None

    @property
    def sides(self) -> dict[str, ClusterSpec]:
        """Both clusters, by side."""
        return {BLUE: self.blue, GREEN: self.green}
