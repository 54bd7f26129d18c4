"""An estate in which every check of the preflight passes: for runs that are about what comes after it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from crossfade.core.facts import ControllerFacts, EstateFacts, HealthCheckFacts, WatchFacts
from crossfade.core.facts_places import BalancerFacts, PlaceFacts, RecordFacts, RuleFacts, SourceFacts, TargetGroupFacts
from crossfade.core.places import Cluster
from crossfade.core.plan import Plan
from crossfade.core.running import RunningFacts, ScalerFacts
from crossfade.core.source import SourceKind
from crossfade.core.weight import Side
from crossfade.core.workload import Router, Workload
from crossfade.names import ALPHA_PREFIX, switch_alarm
from simulation.users import TARGETS

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SoundEstate:
    """
    See `ports.EstateReader`: whatever the plan, nothing is wrong but what becomes of targets.

    Args:
        healthy: How many healthy targets a side has now.
    """

    healthy: Callable[[Side], int] = lambda _side: TARGETS

    def read(self, plan: Plan) -> EstateFacts:
        """See `ports.EstateReader.read`."""
        return sound(plan, self.healthy)

    def glance(self, plan: Plan) -> EstateFacts:
        """See `ports.EstateReader.glance`."""
        return sound(plan, self.healthy)


def sound(plan: Plan, healthy: Callable[[Side], int] = lambda _side: TARGETS) -> EstateFacts:
    """The estate of *plan* as it should be."""
    clusters = {Side.BLUE: plan.blue, Side.GREEN: plan.green}
    places = {
        (w.name, side): _place(w, side, cluster, healthy(side))
        for w in plan.workloads
        for side, cluster in clusters.items()
    }
    balancers = [place.balancer for place in places.values() if place.balancer]
    return EstateFacts(
        places=places,
        records={
            workload.name: tuple(record for side in Side for record in _records(workload, side, clusters[side]))
            for workload in plan.workloads
        },
        controllers={side: _controller(plan, cluster) for side, cluster in clusters.items()},
        watches={
            name: WatchFacts(balancers=(f"app/{workload.name}-{plan.green.name}/1",), speed=_MINUTE)
            for workload in plan.workloads
            for name in workload.alarms
        },
        health_checks={
            _health_check(workload): HealthCheckFacts(switch_alarm(plan.zone.id, workload.name), healthy=True)
            for workload in plan.workloads
            if workload.switch
        },
        insights=dict.fromkeys(Side, ()),
        rules={workload.name: _rule(workload) for workload in plan.workloads if workload.router is Router.ALB},
        running={side: _running(plan) for side in Side},
        balancers=frozenset(
            [at.dimension for at in balancers] + [group.name for at in balancers for group in at.groups]
        ),
    )


def _running(plan: Plan) -> RunningFacts:
    namespaces = dict.fromkeys(workload.namespace for workload in plan.workloads)
    return RunningFacts(
        ready={workload.name: TARGETS for workload in plan.workloads},
        scalers={f"{namespace}/web": ScalerFacts(floor=TARGETS, ceiling=9, now=TARGETS) for namespace in namespaces},
    )


def _address(workload: Workload, cluster: Cluster) -> str:
    return f"{workload.name}-{cluster.name}.elb.example.com"


def _rule(workload: Workload) -> RuleFacts:
    groups = workload.listener_rule
    return RuleFacts({groups.blue: 100, groups.green: 0})


def _place(workload: Workload, side: Side, cluster: Cluster, healthy: int) -> PlaceFacts:
    group = TargetGroupFacts(f"targetgroup/{workload.name}-{cluster.name}/1", healthy=healthy, registered=TARGETS)
    return PlaceFacts(
        tuple(
            SourceFacts(str(source), (workload.host,), _address(workload, cluster), cluster.name, (ALPHA_PREFIX,))
            for source in workload.sources
        ),
        BalancerFacts(
            dimension=f"app/{workload.name}-{cluster.name}/1",
            state="active",
            kind="application",
            dualstack=False,
            groups=(group,),
            keep_alive=_MINUTE,
        ),
        binding=workload.alb.group(side) if workload.alb else None,
    )


def _records(workload: Workload, side: Side, cluster: Cluster) -> tuple[RecordFacts, RecordFacts]:
    weight = 100 if side is Side.BLUE else 0
    target = _address(workload, cluster)
    identifier = workload.identifiers.of(side) if workload.identifiers else cluster.name
    switch = _health_check(workload) if workload.switch and side is Side.GREEN else ""
    return (
        RecordFacts("A", identifier, weight, "weighted", target=target, follows_health=True, health_check=switch),
        RecordFacts("TXT", identifier, weight, "weighted", owner=cluster.name),
    )


def _health_check(workload: Workload) -> str:
    return f"switch-of-{workload.name}"


def _controller(plan: Plan, cluster: Cluster) -> ControllerFacts:
    return ControllerFacts(
        ready=1,
        prefix=ALPHA_PREFIX,
        owner=cluster.name,
        policy="sync",
        registry="txt",
        sources=tuple(kind.naming.flag for kind in SourceKind),
        domains=(plan.zone.name,),
        dry_run=False,
        interval=_MINUTE,
    )
