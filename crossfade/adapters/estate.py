"""The estate of a plan, read for the preflight: objects, ExternalDNS, records, load balancers, what alarms watch.

It only reads. Everything is read anew each time, so that what is judged is what is there.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from crossfade.adapters.alb import ListenerRules
from crossfade.adapters.argocd_survey import ArgoCdSurvey
from crossfade.adapters.aws import Translation
from crossfade.adapters.balancer_facts import Region
from crossfade.adapters.cloudwatch import CloudWatchAlarms
from crossfade.adapters.external_dns_facts import hosts_of, source_facts
from crossfade.adapters.external_dns_objects import Prefixes, understand
from crossfade.adapters.external_dns_settings import controller_of
from crossfade.adapters.gathering import gather, raise_worst, split
from crossfade.adapters.health_checks import HealthChecks
from crossfade.adapters.insights import Insights
from crossfade.adapters.kubernetes_api import KubernetesApi
from crossfade.adapters.kubernetes_objects import Held
from crossfade.adapters.route53 import RecordReader
from crossfade.adapters.rule_facts import places_of, rules_of
from crossfade.adapters.running import Running
from crossfade.core.facts import ControllerFacts, EstateFacts, ZoneFacts
from crossfade.core.facts_places import BalancerFacts, PlaceFacts, RecordFacts, SourceFacts
from crossfade.core.host_records import ownership_names
from crossfade.core.plan import Plan
from crossfade.core.running import RunningFacts
from crossfade.core.source import Source, SourceKind
from crossfade.core.weight import Side
from crossfade.core.workload import Workload
from crossfade.errors import RouterObjectMissingError, RouterRefusedError, RouterThrottledError, RouterUnavailableError

if TYPE_CHECKING:
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client
    from types_boto3_route53 import Route53Client

T = TypeVar("T")
_Hosts = dict[tuple[str, str], list[str]]
"""The names of all objects with a host and set identifier."""


@dataclass(slots=True)
class _Listed:
    """The objects of a cluster by host; why some of them may not be listed, if so."""

    hosts: _Hosts = field(default_factory=dict)
    refusal: str = ""


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
        argocd: Looks at Argo CD.
        insights: What EKS says of both clusters.
        health_checks: Those of the stack.
        namespace: Of the Deployment of ExternalDNS, in both clusters.
        deployment: Its name.
    """

    def __init__(
        self,
        clusters: Mapping[Side, KubernetesApi],
        route53: "Route53Client",
        elb: "Mapping[str, ElasticLoadBalancingv2Client]",
        alarms: CloudWatchAlarms,
        argocd: ArgoCdSurvey,
        *,
        insights: Insights,
        health_checks: HealthChecks,
        namespace: str = "external-dns",
        deployment: str = "external-dns",
    ) -> None:
        self._clusters = clusters
        self._route53 = route53
        self._elb = elb
        self._alarms = alarms
        self._argocd = argocd
        self._insights = insights
        self._health_checks = health_checks
        self._namespace = namespace
        self._deployment = deployment

    def read(self, plan: Plan) -> EstateFacts:
        """See `ports.EstateReader.read`."""
        controllers = self._controllers()
        listed = dict(zip(Side, _all([partial(self._list, side, controllers[side]) for side in Side]), strict=True))
        seen = self._seen(plan, controllers, listed)
        watches = dict(self._alarms.watches(plan.alarms))
        children = [name for watch in watches.values() for name in watch.children if name not in watches]
        records = self._records(plan)
        return replace(
            seen,
            records=records,
            watches=watches | dict(self._alarms.watches(children)),
            twins=self._twins(plan),
            running=self._running(plan),
            insights={side: self._insights.read(plan.cluster(side)) for side in Side},
            health_checks=self._health_checks.read(_carried(plan, records)),
        )

    def glance(self, plan: Plan) -> EstateFacts:
        """See `ports.EstateReader.glance`."""
        return self._seen(plan, self._controllers(), {side: _Listed() for side in Side})

    def _seen(
        self, plan: Plan, controllers: Mapping[Side, ControllerFacts | None], listed: "Mapping[Side, _Listed]"
    ) -> EstateFacts:
        """What a stage rests on, beside everything that is *listed* in the clusters."""
        places = self._places(plan, controllers, listed)
        regions = {name: Region(name, elb) for name, elb in self._elb.items()}
        balancers = _balancers(plan, places, regions)
        pointed = {at: replace(place, balancer=balancers.get(at)) for at, place in places.items()}
        return EstateFacts(
            places=pointed | places_of(plan, self._clusters, regions),
            records={},
            controllers=controllers,
            balancers=frozenset[str]().union(*(region.dimensions for region in regions.values())),
            rules=rules_of(plan, ListenerRules(self._elb)),
            argocd=self._argocd.read(plan),
        )

    # --- Kubernetes --------------------------------------------------------------------------------------------------

    def _controllers(self) -> dict[Side, ControllerFacts | None]:
        _all([self._clusters[side].find for side in Side])  # a cluster that is not there has no missing objects
        found = _all([partial(self._clusters[side].deployment, self._namespace, self._deployment) for side in Side])
        return {side: controller_of(held) if held else None for side, held in zip(Side, found, strict=True)}

    def _places(
        self, plan: Plan, controllers: Mapping[Side, ControllerFacts | None], listed: "Mapping[Side, _Listed]"
    ) -> dict[tuple[str, Side], PlaceFacts]:
        """Every workload in both clusters, its load balancer aside."""
        prefixes = {side: at.prefix if at else "" for side, at in controllers.items()}
        places = [(workload, side) for workload in plan.workloads if workload.sources for side in Side]
        found = _all([partial(self._place, workload, side, prefixes[side], listed[side]) for workload, side in places])
        return {(workload.name, side): held for (workload, side), held in zip(places, found, strict=True)}

    def _place(self, workload: Workload, side: Side, prefix: str, listed: "_Listed") -> PlaceFacts:
        cluster = self._clusters[side]
        sources: list[SourceFacts] = []
        missing: list[str] = []
        for source in workload.sources:
            try:
                held = cluster.read(source)
            except RouterObjectMissingError:
                missing.append(str(source))
                continue
            sources.append(source_facts(source, held, workload.host, prefix, cluster.gateway))
        place = PlaceFacts(tuple(sources), None, tuple(missing), unlisted=listed.refusal)
        ours = {str(source) for source in workload.sources}
        strangers = listed.hosts.get((workload.host, place.identifier), []) if place.identifier else []
        return replace(place, strangers=tuple(name for name in strangers if name not in ours))

    def _list(self, side: Side, controller: ControllerFacts | None) -> "_Listed":
        """Every object in a cluster at which its ExternalDNS looks."""
        prefix = controller.prefix if controller else ""
        kinds = [kind for kind in SourceKind if controller is None or kind.naming.flag in controller.sources]
        listed = _Listed()
        for kind in kinds:
            try:
                for document in self._clusters[side].all(kind):
                    _note_hosts(listed.hosts, kind, document, prefix)
            except RouterRefusedError as error:
                listed.refusal = str(error)
        return listed

    def _running(self, plan: Plan) -> dict[Side, RunningFacts]:
        found = _all([partial(Running(self._clusters[side]).read, plan) for side in Side])
        return dict(zip(Side, found, strict=True))

    # --- Route 53 ----------------------------------------------------------------------------------------------------

    def _records(self, plan: Plan) -> dict[str, tuple[RecordFacts, ...]]:
        pointed = [workload for workload in plan.workloads if workload.router.is_dns]
        names = [name for workload in pointed for name in ownership_names(workload.host)]
        stored = RecordReader(self._route53, plan.zone.id).stored(names)
        return {
            workload.name: tuple(
                record_of(record)
                for name in ownership_names(workload.host)
                for record in stored[name]
                if name == workload.host or record["Type"] == "TXT"
            )
            for workload in pointed
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


def _note_hosts(found: _Hosts, kind: SourceKind, document: Mapping[str, Any], prefix: str) -> None:
    """Note which hosts an object has, each with its set identifier."""
    metadata = document["metadata"]
    source = Source(kind, metadata["namespace"], metadata["name"])
    for host in hosts_of(kind, document, prefix):
        identifier = understand(source, Held(document), host, Prefixes(prefix or None)).identifier
        found.setdefault((host, identifier), []).append(str(source))


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
        health_check=record.get("HealthCheckId", ""),
    )


def _carried(plan: Plan, records: Mapping[str, Sequence[RecordFacts]]) -> list[str]:
    """The health checks that records of workloads with a switch carry."""
    switched = [workload.name for workload in plan.workloads if workload.switch]
    return [record.health_check for name in switched for record in records[name] if record.health_check]


def _balancers(
    plan: Plan, places: Mapping[tuple[str, Side], PlaceFacts], regions: Mapping[str, Region]
) -> dict[tuple[str, Side], BalancerFacts]:
    """The load balancer to which each place leads, looked for in the Region of its cluster."""
    found: dict[tuple[str, Side], BalancerFacts] = {}
    for side, cluster in ((Side.BLUE, plan.blue), (Side.GREEN, plan.green)):
        named = {at: place.address for at, place in places.items() if at[1] is side and place.address}
        facts = regions[cluster.region].facts(list(named.values()))
        found |= {at: facts[address] for at, address in named.items() if address in facts}
    return found


def _all(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make all *calls* side by side, then raise the worst error, if there is one."""
    results, errors = split(gather(calls, workers=_WORKERS))
    raise_worst(errors)
    return results
