"""The estate: two clusters that run the same hosts, their DNS, load balancers, users and alarms, built from plain data.

Everything the product may touch is here behind its real API: Kubernetes over HTTP, AWS through moto. The truth about
users is here, too, and no API tells it. It needs an open cloud (moto) and lives in the clock's time.
This file knows nothing of migrations: it is told when a stage begins, so that faults can begin with it.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Final, Self

from world.alarms import Alarms
from world.application import Application
from world.by_hand import change_record
from world.chance import stream
from world.clients import Clients, Population
from world.clock import Clock
from world.clusters import Builder, Cluster, Hub
from world.eks_tokens import EMBEDDED, Identity
from world.estate_alarms import put_alarms
from world.estate_spec import ALL_USERS, BLUE, GREEN, EstateSpec, WorkloadSpec
from world.estate_view import Snapshot, snapshot
from world.external_dns_sources import SOURCES, Endpoint, endpoint_of, endpoints
from world.faults import DOWN_FOR, GREEN_ERROR_RATE, THROTTLED_FOR, Fault, FaultKind
from world.front_doors import FrontDoors
from world.health_checks import HealthChecks
from world.insights import an_insight
from world.load_balancers import LoadBalancer, LoadBalancers
from world.metrics import LoadBalancerMetrics
from world.misconfigured import misconfigure
from world.moto_hooks.insights import clusters_have_insights
from world.possible_faults import check_faults
from world.route53 import Route53
from world.route53_records import Record

ARGOCD_PHASE: Final = timedelta(seconds=7)
"""When Argo CD first looks: at no full ten seconds, as nothing else does."""


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
        check_faults(spec, self.faults)
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
            self._build(stack)
            for workload in self.spec.workloads:
                self._share(workload)
                self._point(workload)
            self.route53.settle()
            put_alarms(self.spec, {each.alarms[0]: self.green_balancer(each) for each in self.spec.workloads})
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
        return snapshot(self)

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

    def _build(self, stack: ExitStack) -> None:
        """Build the clusters, and the hub over them."""
        builder = Builder(
            clock=self.clock,
            route53=self.route53,
            balancers=self.balancers,
            zone_id=self.spec.zone_id,
            identities=self._identities,
            seed=self._seed,
            stack=stack,
        )
        for side, spec in self.spec.sides.items():
            self.clusters[side] = builder.build(side, spec)
        if self.spec.hub is not None:
            self.hub = builder.hub(self.spec.hub, self.clusters.values())

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
