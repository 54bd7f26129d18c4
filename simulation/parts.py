"""What the doors get in a run: the product's own routers over simulated clusters, zone and rules; all else is made."""

from dataclasses import dataclass

from crossfade.adapters.alb_router import AlbRouter
from crossfade.adapters.external_dns import ExternalDnsRouter
from crossfade.adapters.route53_router import Route53Router
from crossfade.adapters.routers import Routers
from crossfade.core.config import Config
from crossfade.core.host_records import together
from crossfade.core.weight import Side
from crossfade.core.workload import Router
from simulation.api_server import SimulatedApi
from simulation.cloudwatch import SimulatedAlarms, SimulatedMetrics, SimulatedProbe
from simulation.estate import Estate
from simulation.executions import Executions
from simulation.ledger import SimulatedLedger
from simulation.people import People
from simulation.rules import SimulatedRules
from simulation.sound import SoundEstate
from simulation.switches import KeptSwitch
from simulation.weights import KeptWeights
from simulation.zone import SimulatedRecords


@dataclass
class Parts:
    """See `wiring.Parts`."""

    config: Config
    ledger: SimulatedLedger
    router: Routers
    rescue: Routers
    alarms: SimulatedAlarms
    metrics: SimulatedMetrics
    estate: SoundEstate
    probe: SimulatedProbe
    executions: Executions
    notifier: People
    weights: KeptWeights
    switch: KeptSwitch


def parts(config: Config, estate: Estate, ledger: SimulatedLedger, executions: Executions, people: People) -> Parts:
    """What the doors get in *estate*."""
    zone = SimulatedRecords(estate)
    hosts = [workload.host for workload in estate.plan.workloads]
    external_dns = ExternalDnsRouter({side: SimulatedApi(estate, side) for side in Side}, zone, workers=1)
    records = Route53Router(zone, estate.plan.zone.name, together(hosts))
    alb = AlbRouter(SimulatedRules(estate))
    return Parts(
        config=config,
        ledger=ledger,
        router=Routers({Router.EXTERNAL_DNS: external_dns, Router.ROUTE53: records, Router.ALB: alb}),
        rescue=Routers({Router.EXTERNAL_DNS: records, Router.ROUTE53: records, Router.ALB: alb}),
        alarms=SimulatedAlarms(estate),
        metrics=SimulatedMetrics(estate),
        estate=SoundEstate(estate.healthy),
        probe=SimulatedProbe(estate),
        executions=executions,
        notifier=people,
        weights=KeptWeights(),
        switch=KeptSwitch(),
    )
