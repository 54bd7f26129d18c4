"""An estate as those see it who break it, mend it or watch it: its parts, whoever has put them together."""

from typing import Any, Protocol

from world.alarms import Alarms
from world.clients import Clients
from world.clock import Clock
from world.clusters import Cluster, Hub
from world.estate_spec import EstateSpec, WorkloadSpec
from world.external_dns_sources import Endpoint
from world.front_doors import FrontDoors
from world.load_balancers import LoadBalancer, LoadBalancers
from world.route53 import Route53


class Built(Protocol):
    """See `world.estate.Estate`, which says what each part is."""

    clock: Clock
    spec: EstateSpec
    clusters: dict[str, Cluster]
    hub: Hub | None
    route53: Route53
    balancers: LoadBalancers
    doors: FrontDoors
    insights: dict[str, list[dict[str, Any]]]
    clients: Clients
    alarms: Alarms

    def endpoint(self, side: str, workload: WorkloadSpec) -> Endpoint | None:
        """What *side*'s ExternalDNS finds in the first object of *workload*."""

    def green_balancer(self, workload: WorkloadSpec) -> LoadBalancer:
        """What serves *workload* on green."""
