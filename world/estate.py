"""The estate: two clusters that run the same hosts, their DNS, load balancers, users and alarms, built from plain data.

Everything the product may touch is here behind its real API: Kubernetes over HTTP, AWS through moto. The truth about
users is here, too, and no API tells it. It needs an open cloud (moto) and lives in the clock's time.
This file knows nothing of migrations: it is told when a stage begins, so that faults can begin with it.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

import boto3

from world import misconfigured_rules
from world.alarms import Alarms
from world.api_servers import Hub, serve
from world.application import Application
from world.argocd import ArgoCd
from world.balancing import Balancing
from world.by_hand import change_record
from world.chance import stream
from world.clients import REQUESTS_PER_SECOND, Clients, Counts, Population
from world.clock import Clock
from world.eks_tokens import EMBEDDED, EksAuthenticator, Identity
from world.external_dns import ExternalDns
from world.external_dns_sources import SOURCES, Endpoint, endpoint_of, endpoints
from world.faults import DOWN_FOR, GREEN_ERROR_RATE, OF_HUBS, THROTTLED_FOR, Fault, FaultKind, InvalidFaultError
from world.front_doors import FrontDoors
from world.health_checks import HealthChecks
from world.insights import an_insight
from world.kubernetes import KubernetesApi, Object
from world.load_balancers import LoadBalancer, LoadBalancers
from world.metrics import NAMESPACE, NETWORK_NAMESPACE, LoadBalancerMetrics
from world.misconfigured import check_kinds, misconfigure
from world.misconfigured_argocd import EVERYWHERE, MAKERS, has_argocd
from world.moto_hooks.insights import clusters_have_insights
from world.pods import run_pods
from world.route53 import Record, Route53
from world.shared_balancers import RuleSpec

BLUE: Final = "blue"
GREEN: Final = "green"

ALL_USERS: Final = 100
"""Blue's weight before a migration, where the estate itself makes the records."""

ERROR_RATE_THRESHOLD: Final = 5.0
"""Of the alarms on green: percent of the requests of a minute, in two of three minutes."""

ARGOCD_PHASE: Final = timedelta(seconds=7)
"""When Argo CD first looks: at no full ten seconds, as nothing else does."""


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


@dataclass(frozen=True, slots=True)
class HostView:
    """
    One host, as it is now.

    Attributes:
        workload: Its name.
        host: Its DNS name.
        declared: The weight in each cluster, as written; None when absent.
        weights: The weight of each side in Route 53 or in the listener rule, as the API lists it; None when absent.
        last_minute: Requests of the last minute that each side served.
        share: Green's part of them, 0 to 1; None without requests.
        requests: Since the beginning.
        alarms: States of its alarms, by name.
    """

    workload: str
    host: str
    declared: Mapping[str, str | None]
    weights: Mapping[str, int | None]
    last_minute: Mapping[str, Counts]
    share: float | None
    requests: Counts
    alarms: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    The estate at one instant: the truth, for people who watch.

    Attributes:
        at: UTC.
        hosts: One a workload.
        alarms: States of all alarms, by name.
        requests: Of all users since the beginning.
    """

    at: datetime
    hosts: tuple[HostView, ...]
    alarms: Mapping[str, str]
    requests: Counts


@dataclass(slots=True)
class Cluster:
    """
    One cluster that runs.

    Attributes:
        spec: What it was built from.
        api: Its API server.
        authenticator: Who judges its tokens.
        external_dns: Its ExternalDNS.
        argocd: Its Argo CD; without Applications it has nothing to do.
    """

    spec: ClusterSpec
    api: KubernetesApi
    authenticator: EksAuthenticator
    external_dns: ExternalDns
    argocd: ArgoCd


class Estate:
    """
    The estate while it runs. Use it as a context manager, inside an open cloud.

    Args:
        clock: Its time. Entering lets the warm-up pass.
        spec: What to build.
        seed: Of everything that is drawn; the same seed gives the same series.
        faults: What to break, and from which stage on.
        identities: The callers that the clusters' access entries know.

    Attributes:
        clusters: Both clusters, by side.
        hub: Where Argo CD runs for both; None when each has its own.
        route53: The service and its name servers.
        balancers: All load balancers.
        doors: Where the load balancers are reached over HTTPS.
        insights: What EKS says of each cluster, by its name.
        clients: The users.
        alarms: All alarms.
        checks: All health checks.
        clock: As given.
        spec: As given.
        faults: As given.
        active: The faults that have begun.
    """

    def __init__(
        self,
        clock: Clock,
        spec: EstateSpec,
        *,
        seed: int = 0,
        faults: Sequence[Fault] = (),
        identities: Sequence[Identity] = (EMBEDDED,),
    ) -> None:
        self.faults = tuple(faults)
        self.active: list[Fault] = []
        self.clusters: dict[str, Cluster] = {}
        self.hub: Hub | None = None
        self.balancers = LoadBalancers(clock)
        self.insights = {cluster.name: [an_insight("Kubelet version skew")] for cluster in spec.sides.values()}
        self.alarms = Alarms(clock, spec.green.region)
        self.checks = HealthChecks(clock, self.alarms.says)
        self.route53 = Route53(clock, stream(seed, "route53"), self.balancers.is_healthy, self.checks.is_healthy)
        self.doors = FrontDoors(self.balancers, self._served, partial(stream, seed, "doors"))
        self.clients: Clients
        self.clock = clock
        self.spec = spec
        self._refuse_faults()
        self._seed = seed
        self._identities = identities
        self._metrics = LoadBalancerMetrics(clock, stream(seed, "metrics"))
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.route53.installed())
            stack.enter_context(self.alarms.installed())
            stack.enter_context(self.checks.installed())
            stack.enter_context(self.balancers.installed())
            stack.enter_context(clusters_have_insights(lambda name: self.insights.get(name, [])))
            stack.callback(self.doors.close)
            self.route53.create_zone(self.spec.zone_id, self.spec.zone_name)
            for side, spec in self.spec.sides.items():
                self.clusters[side] = self._build(side, spec, stack)
            if self.spec.hub is not None:
                self.hub = self._build_hub(self.spec.hub, stack)
            for workload in self.spec.workloads:
                self._share(workload)
                self._point(workload)
            self.route53.settle()
            self._put_alarms()
            self.clients = self._people()
            self._start(stack)
            self._stack = stack.pop_all()
        self.clock.sleep(self.spec.warm_up.total_seconds())
        for fault in self.faults:
            if fault.kind.is_before_the_start:
                self.active.append(fault)
                misconfigure(self, fault)
                self.route53.settle()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _refuse_faults(self) -> None:
        """
        Refuse what cannot be broken here.

        Raises:
            InvalidFaultError: A fault is about Argo CD, and nothing here is rendered by it; or about a hub or a
                listener rule, and there is none; or about a workload that is not here.
        """
        check_kinds(self.spec, self.faults)
        names = [workload.name for workload in self.spec.workloads]
        for fault in self.faults:
            if fault.workload and fault.workload not in names:
                msg = f"{fault}: there is no workload {fault.workload!r} here; use one of {', '.join(names)}"
                raise InvalidFaultError(msg)
        lost = [fault for fault in self.faults if fault.kind in MAKERS and fault.kind not in EVERYWHERE]
        if lost and not has_argocd(self):
            msg = f"{lost[0]}: nothing here is rendered by Argo CD; use an estate such as examples/estates/argocd"
            raise InvalidFaultError(msg)
        silent = [fault for fault in self.faults if fault.kind in OF_HUBS]
        if silent and self.spec.hub is None:
            msg = f"{silent[0]}: there is no hub here; use an estate such as examples/estates/hub"
            raise InvalidFaultError(msg)
        unruled = [fault for fault in self.faults if fault.kind in misconfigured_rules.MAKERS]
        if unruled and self.spec.workloads[0].rule is None:
            msg = f"{unruled[0]}: there is no listener rule here; use an estate such as examples/estates/alb"
            raise InvalidFaultError(msg)

    # --- while it runs -----------------------------------------------------------------------------------------------

    def stage_entered(self, stage: int) -> None:
        """Traffic of *stage*, counted from 1, is about to be shifted; telling it again changes nothing."""
        for fault in self.faults:
            if fault.stage <= stage and fault not in self.active:
                self.active.append(fault)
                self._begin(fault)

    def is_active(self, kind: FaultKind) -> bool:
        """Whether a fault of *kind* has begun."""
        return any(fault.kind is kind for fault in self.active)

    def snapshot(self) -> Snapshot:
        """The estate as it is now."""
        states = self.alarms.states()
        listed = self.route53.records(self.spec.zone_id)
        records = {(record.name, record.set_identifier): record.weight for record in listed if record.type == "A"}
        hosts = tuple(self._view(workload, records, states) for workload in self.spec.workloads)
        requests = Counts()
        for host in hosts:
            requests.add(host.requests.total, host.requests.failed)
        return Snapshot(self.clock.now, hosts, states, requests)

    def _begin(self, fault: Fault) -> None:
        green = self.balancers.applications[GREEN]
        match fault.kind:
            case FaultKind.GREEN_5XX:
                self._part(green, fault.workload).error_rate = GREEN_ERROR_RATE
            case FaultKind.GREEN_CRASH:
                green.crashed = self.clock.now
            case FaultKind.STUCK_EXTERNAL_DNS:
                # Blue's loop has been seen to work by then, so what sticks is a record that has moved.
                self.clusters[GREEN if fault.stage == 1 else BLUE].external_dns.is_stuck = True
            case FaultKind.THROTTLED_ROUTE53:
                self.route53.throttle(THROTTLED_FOR)
            case FaultKind.ROUTE53_DOWN:
                self.route53.throttle(DOWN_FOR)
            case FaultKind.HANDLER_CRASH | FaultKind.STOP | FaultKind.HUB_SILENT:
                pass  # whoever runs the machine and calls the functions asks `is_active`
            case _:
                misconfigure(self, fault)

    def _part(self, application: Application, workload: str) -> Application:
        """What runs in *application* for *workload* alone; all of it when none is named."""
        hosts = [each.host for each in self.spec.workloads if each.name == workload]
        return application.parts.setdefault(hosts[0], replace(application)) if hosts else application

    def _view(
        self,
        workload: WorkloadSpec,
        records: Mapping[tuple[str, str | None], int | None],
        states: Mapping[str, str],
    ) -> HostView:
        traffic = self.clients.populations[workload.host].traffic
        declared, weights = self._weights(workload, records)
        return HostView(
            workload=workload.name,
            host=workload.host,
            declared=declared,
            weights=weights,
            last_minute=traffic.last_minute(),
            share=traffic.share(GREEN),
            requests=Counts(traffic.all.total, traffic.all.failed),
            alarms={name: states[name] for name in workload.alarms},
        )

    def _weights(
        self, workload: WorkloadSpec, records: Mapping[tuple[str, str | None], int | None]
    ) -> tuple[dict[str, str | None], dict[str, int | None]]:
        """What each side asks for, and what users are shared out by."""
        if workload.rule is not None:
            listed = self.balancers.weights(workload.rule, workload.host)
            return {side: None if weight is None else str(weight) for side, weight in listed.items()}, listed
        if workload.identifiers is not None:
            kept = {side: records.get((workload.host, of)) for side, of in workload.identifiers.items()}
            return {side: None if weight is None else str(weight) for side, weight in kept.items()}, kept
        said = {side: self.endpoint(side, workload) for side in self.clusters}
        return (
            {side: found.weight if found else None for side, found in said.items()},
            {side: records.get((workload.host, found.identifier)) if found else None for side, found in said.items()},
        )

    def endpoint(self, side: str, workload: WorkloadSpec) -> Endpoint | None:
        """What *side*'s ExternalDNS finds in the first object of *workload*."""
        cluster = self.clusters[side]
        prefix = cluster.external_dns.settings.prefix
        name = f"{workload.namespace}/{workload.objects[0]}"
        return endpoint_of(cluster.api.store, workload.kind, name, workload.host, prefix)

    def _served(self, side: str) -> set[str]:
        """The hosts that the objects of *side* serve."""
        cluster = self.clusters[side]
        found = endpoints(cluster.api.store, tuple(SOURCES.values()), cluster.external_dns.settings.prefix)
        return {endpoint.host for endpoint in found}

    # --- building ----------------------------------------------------------------------------------------------------

    def _build(self, side: str, spec: ClusterSpec, stack: ExitStack) -> Cluster:
        api, authenticator = self._serve(side, spec, stack)
        Balancing(self.balancers, side=side, cluster=spec.name, region=spec.region).serve(api.store)
        run_pods(api)
        external_dns = ExternalDns(self.clock, api.store, self.route53, self.spec.zone_id, spec.name)
        external_dns.sync()
        argocd = ArgoCd(self.clock, api.store, spec.manifests)
        argocd.reconcile()
        return Cluster(spec, api, authenticator, external_dns, argocd)

    def _serve(self, name: str, spec: ClusterSpec, stack: ExitStack) -> tuple[KubernetesApi, EksAuthenticator]:
        return serve(spec, self.clock, stack, identities=self._identities, seed=f"{self._seed}/{name}")

    def _build_hub(self, spec: ClusterSpec, stack: ExitStack) -> Hub:
        api, _ = self._serve("hub", spec, stack)
        git = [*self.spec.blue.manifests, *self.spec.green.manifests]
        stores = {cluster.spec.name: cluster.api.store for cluster in self.clusters.values()}
        argocd = ArgoCd(self.clock, api.store, git, stores)
        argocd.reconcile()
        return Hub(api, argocd)

    def _share(self, workload: WorkloadSpec) -> None:
        """Put *workload* behind its rule, let both clusters' bindings know, and its host point to the load balancer."""
        if workload.rule is None:
            return
        balancer = self.balancers.share(workload.rule, workload.host)
        for cluster in self.clusters.values():
            status = {"status": {"observedGeneration": 1}}
            cluster.api.store.merge("TargetGroupBinding", workload.namespace, workload.rule.binding, status)
        record = Record(workload.host, "A", target=balancer.dns_name)
        change_record(self, "CREATE", record)

    def _point(self, workload: WorkloadSpec) -> None:
        """Make the records of *workload* as Terraform would: one a load balancer, with all users on blue."""
        for side, identifier in (workload.identifiers or {}).items():
            endpoint = self.endpoint(side, workload)
            if endpoint is None or not endpoint.targets:
                msg = f"{side}'s {workload.kind} {workload.objects[0]} has no load balancer; build the estate anew"
                raise LookupError(msg)
            weight, target = ALL_USERS if side == BLUE else 0, endpoint.targets[0]
            record = Record(workload.host, "A", identifier, weight, target, evaluate_target_health=True)
            change_record(self, "CREATE", record)

    def _put_alarms(self) -> None:
        cloudwatch: Any = boto3.client("cloudwatch", region_name=self.spec.green.region)
        own = {workload.alarms[0]: self.green_balancer(workload) for workload in self.spec.workloads}
        for name, balancer in own.items():
            rule = _sick_targets(balancer) if balancer.is_network else _error_rate_above_threshold(balancer)
            cloudwatch.put_metric_alarm(AlarmName=name, **rule)
        any_of_them = " OR ".join(f'ALARM("{name}")' for name in own)
        for name in dict.fromkeys(name for workload in self.spec.workloads for name in workload.alarms[1:]):
            if name not in own:
                cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=any_of_them)

    def green_balancer(self, workload: WorkloadSpec) -> LoadBalancer:
        """
        What serves *workload* on green.

        Raises:
            LookupError: Its object has no load balancer.
        """
        if workload.rule is not None:
            return self.balancers.part(workload.rule.groups[GREEN])
        endpoint = self.endpoint(GREEN, workload)
        found = self.balancers.find(endpoint.targets[0]) if endpoint and endpoint.targets else None
        if found is None:
            msg = f"green's {workload.kind} {workload.objects[0]} has no load balancer; build the estate anew"
            raise LookupError(msg)
        return found

    def _people(self) -> Clients:
        rate = self.spec.requests_per_second
        populations = [
            Population(workload.host, self.route53.answers, stream(self._seed, "users", workload.host), rate)
            for workload in self.spec.workloads
        ]
        return Clients(self.clock, stream(self._seed, "clients"), self.balancers, self._metrics, populations)

    def _start(self, stack: ExitStack) -> None:
        random = stream(self._seed, "phases")
        phases = {BLUE: random.uniform(2, 28), GREEN: random.uniform(32, 58)}  # never at the same instant
        started = [
            self.clients.start(),
            self._metrics.start(list(self.balancers)),
            self.alarms.start(),
            *self.checks.start(),
            *(self.clusters[side].external_dns.start(timedelta(seconds=phase)) for side, phase in phases.items()),
            *(at.argocd.start(ARGOCD_PHASE) for at in (*self.clusters.values(), self.hub) if at),
        ]
        for appointment in started:
            stack.callback(appointment.cancel)


def _error_rate_above_threshold(balancer: LoadBalancer) -> dict[str, Any]:
    dimensions = [{"Name": "LoadBalancer", "Value": balancer.dimension}]
    dimensions += [{"Name": "TargetGroup", "Value": balancer.target_group}] if balancer.is_part else []

    def query(identifier: str, name: str) -> dict[str, Any]:
        metric = {"Namespace": NAMESPACE, "MetricName": name, "Dimensions": dimensions}
        return {"Id": identifier, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False}

    rate = {"Id": "rate", "Expression": "100*FILL(errors,0)/requests", "Label": "5xx, percent", "ReturnData": True}
    return {
        "Metrics": [query("errors", "HTTPCode_Target_5XX_Count"), query("requests", "RequestCount"), rate],
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": ERROR_RATE_THRESHOLD,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "TreatMissingData": "notBreaching",
    }


def _sick_targets(balancer: LoadBalancer) -> dict[str, Any]:
    """What is left to watch of a load balancer that knows no answers: whether targets fail their health checks."""
    dimensions = [
        {"Name": "TargetGroup", "Value": balancer.target_group},
        {"Name": "LoadBalancer", "Value": balancer.dimension},
    ]
    return {
        "Namespace": NETWORK_NAMESPACE,
        "MetricName": "UnHealthyHostCount",
        "Dimensions": dimensions,
        "Statistic": "Maximum",
        "Period": 60,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0.0,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "TreatMissingData": "notBreaching",
    }
