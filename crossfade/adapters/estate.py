"""The estate of a plan, read for the preflight: Ingresses, ExternalDNS, records, load balancers, what alarms watch.

It only reads. Everything is read anew each time, so that what is judged is what is there.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from crossfade.adapters.aws import Translation
from crossfade.adapters.balancer_facts import Region
from crossfade.adapters.cloudwatch import CloudWatchAlarms
from crossfade.adapters.external_dns_dialect import words_of
from crossfade.adapters.external_dns_settings import controller_of
from crossfade.adapters.gathering import gather, raise_worst, split
from crossfade.adapters.kubernetes_api import KubernetesApi
from crossfade.adapters.route53 import RecordReader
from crossfade.core.facts import (
    BalancerFacts,
    ControllerFacts,
    EstateFacts,
    IngressFacts,
    PlaceFacts,
    RecordFacts,
    ZoneFacts,
)
from crossfade.core.plan import Plan, Workload
from crossfade.core.records import ownership_names
from crossfade.core.weight import Side
from crossfade.errors import (
    RouterObjectMissingError,
    RouterRefusedError,
    RouterThrottledError,
    RouterUnavailableError,
)
from crossfade.names import ALPHA_PREFIX, STABLE_PREFIX, WEIGHT_KEY

if TYPE_CHECKING:
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client
    from types_boto3_route53 import Route53Client

T = TypeVar("T")
_OWNER: Final = re.compile(r'external-dns/owner=([^,"]+)')
_WORKERS: Final = 8
_POLICIES: Final[Mapping[str, str]] = {
    "Weight": "weighted",
    "Region": "latency",
    "Failover": "failover",
    "GeoLocation": "geolocation",
    "GeoProximityLocation": "geoproximity",
    "CidrRoutingConfig": "IP-based",
    "MultiValueAnswer": "multivalue",
}
_ROUTE53: Final = Translation(
    "Route 53", throttled=RouterThrottledError, unavailable=RouterUnavailableError, denied=RouterRefusedError
)


class EstateSurvey:
    """
    See `ports.EstateReader`.

    Args:
        clusters: The API server of each side.
        route53: For the zone and its namesakes.
        elb: A client for each Region of the clusters.
        alarms: In the Region of the state machine.
        namespace: Of the Deployment of ExternalDNS, in both clusters.
        deployment: Its name.
    """

    def __init__(
        self,
        clusters: Mapping[Side, KubernetesApi],
        route53: "Route53Client",
        elb: "Mapping[str, ElasticLoadBalancingv2Client]",
        alarms: CloudWatchAlarms,
        *,
        namespace: str = "external-dns",
        deployment: str = "external-dns",
    ) -> None:
        self._clusters = clusters
        self._route53 = route53
        self._elb = elb
        self._alarms = alarms
        self._namespace = namespace
        self._deployment = deployment

    def read(self, plan: Plan) -> EstateFacts:
        """See `ports.EstateReader.read`."""
        controllers = self._controllers()
        ingresses = self._ingresses(plan, controllers)
        regions = {name: Region(name, elb) for name, elb in self._elb.items()}
        balancers = _balancers(plan, ingresses, regions)
        watches = dict(self._alarms.watches(plan.alarms))
        children = [name for watch in watches.values() for name in watch.children if name not in watches]
        return EstateFacts(
            places={place: PlaceFacts(held, balancers.get(place)) for place, held in ingresses.items()},
            records=self._records(plan),
            controllers=controllers,
            watches=watches | dict(self._alarms.watches(children)),
            balancers=frozenset[str]().union(*(region.dimensions for region in regions.values())),
            twins=self._twins(plan),
        )

    # --- Kubernetes --------------------------------------------------------------------------------------------------

    def _controllers(self) -> dict[Side, ControllerFacts | None]:
        found = _all([partial(self._clusters[side].deployment, self._namespace, self._deployment) for side in Side])
        return {side: controller_of(held) if held else None for side, held in zip(Side, found, strict=True)}

    def _ingresses(
        self, plan: Plan, controllers: Mapping[Side, ControllerFacts | None]
    ) -> dict[tuple[str, Side], IngressFacts | None]:
        places = [(workload, side) for workload in plan.workloads for side in Side]
        found = _all([partial(self._ingress, workload, side, controllers[side]) for workload, side in places])
        return {(workload.name, side): held for (workload, side), held in zip(places, found, strict=True)}

    def _ingress(self, workload: Workload, side: Side, controller: ControllerFacts | None) -> IngressFacts | None:
        try:
            return ingress_of(
                self._clusters[side].ingress_document(workload.namespace, workload.ingress),
                controller.prefix if controller else "",
            )
        except RouterObjectMissingError:
            return None

    # --- Route 53 ----------------------------------------------------------------------------------------------------

    def _records(self, plan: Plan) -> dict[str, tuple[RecordFacts, ...]]:
        names = [name for workload in plan.workloads for name in ownership_names(workload.host)]
        stored = RecordReader(self._route53, plan.zone.id).stored(names)
        return {
            workload.name: tuple(
                record_of(record)
                for name in ownership_names(workload.host)
                for record in stored[name]
                if name == workload.host or record["Type"] == "TXT"
            )
            for workload in plan.workloads
        }

    def _twins(self, plan: Plan) -> tuple[ZoneFacts, ...]:
        with _ROUTE53.around("route53:ListHostedZonesByName", plan.zone.name):
            listed: Any = self._route53.list_hosted_zones_by_name(DNSName=plan.zone.name, MaxItems="100")
        zones = [
            ZoneFacts(zone["Id"].rpartition("/")[2], zone["Config"]["PrivateZone"]) for zone in _named(listed, plan)
        ]
        return tuple(zone for zone in zones if zone.id != plan.zone.id)


def _named(listed: Mapping[str, Any], plan: Plan) -> list[Mapping[str, Any]]:
    return [zone for zone in listed["HostedZones"] if zone["Name"].rstrip(".").lower() == plan.zone.name]


def ingress_of(document: Mapping[str, Any], prefix: str) -> IngressFacts:
    """An Ingress as the API server shows it, read by an ExternalDNS with *prefix* (empty: not known)."""
    annotations = document["metadata"].get("annotations") or {}
    status = ((document.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    rules = document["spec"].get("rules") or ()
    return IngressFacts(
        hosts=tuple(dict.fromkeys(rule["host"].lower() for rule in rules if rule.get("host"))),
        address=next((point["hostname"].lower() for point in status if point.get("hostname")), ""),
        identifier=words_of(annotations, prefix or None).identifier,
        prefixes=tuple(
            known
            for known in dict.fromkeys((ALPHA_PREFIX, STABLE_PREFIX, *([prefix] if prefix else ())))
            if f"{known}{WEIGHT_KEY}" in annotations
        ),
    )


def record_of(record: Mapping[str, Any]) -> RecordFacts:
    """A record set as Route 53 lists it."""
    alias = record.get("AliasTarget", {})
    values = [value["Value"] for value in record.get("ResourceRecords", ())]
    target = alias.get("DNSName") or (values[0] if record["Type"] == "CNAME" and values else "")
    owners = [found[1] for value in values if record["Type"] == "TXT" and (found := _OWNER.search(value))]
    return RecordFacts(
        type=record["Type"],
        identifier=record.get("SetIdentifier", ""),
        weight=record.get("Weight"),
        policy=next((name for key, name in _POLICIES.items() if key in record), "simple"),
        target=target.rstrip(".").lower(),
        owner=owners[0] if owners else "",
        follows_health=bool(alias.get("EvaluateTargetHealth")) or "HealthCheckId" in record,
    )


def _balancers(
    plan: Plan, ingresses: Mapping[tuple[str, Side], IngressFacts | None], regions: Mapping[str, Region]
) -> dict[tuple[str, Side], BalancerFacts]:
    """The load balancer that each Ingress names, looked for in the Region of its cluster."""
    found: dict[tuple[str, Side], BalancerFacts] = {}
    for side, cluster in ((Side.BLUE, plan.blue), (Side.GREEN, plan.green)):
        named = {place: held.address for place, held in ingresses.items() if place[1] is side and held and held.address}
        facts = regions[cluster.region].facts(list(named.values()))
        found |= {place: facts[address] for place, address in named.items() if address in facts}
    return found


def _all(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make all *calls* side by side, then raise the worst error, if there is one."""
    results, errors = split(gather(calls, workers=_WORKERS))
    raise_worst(errors)
    return results
