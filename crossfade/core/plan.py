"""The plan of one migration: what moves, in which stages, judged by which alarms.

A plan is resolved once from the deployed configuration and the input of the execution, stored in the ledger, and
never changed. This file knows no YAML; `config` reads that.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from crossfade.core.convergence import AT_ONCE, Convergence, slowest, through_dns
from crossfade.core.model import Model
from crossfade.core.places import Cluster, HostedZone
from crossfade.core.statistics import requests_needed
from crossfade.core.weight import PERCENT, Side, Split
from crossfade.core.workload import Router, Workload, alarms_of


class Gate(StrEnum):
    """What must happen, beside good health, before a stage is left."""

    NONE = "none"
    APPROVAL = "approval"


class OnFailure(StrEnum):
    """What goes back when a workload fails in the course of a plan."""

    ALL = "all"  # every workload
    WAVE = "wave"  # its wave and what comes after that; waves that are complete stay on green
    WORKLOAD = "workload"  # it alone and the waves after its own; the others go on


class Wave(Model):
    """
    Workloads that move together, stage by stage, before the next wave begins.

    Attributes:
        name: Unique in a plan.
        workloads: Names, at least one.
        after: Names of earlier waves without which this one is not to be on green.
    """

    name: str
    workloads: tuple[str, ...]
    after: tuple[str, ...] = ()


class Stage(Model):
    """
    One step of the plan, of one wave.

    Attributes:
        share_percent: The wanted share of traffic on green, above 0 to 100.
        blue: Blue's weight at this stage, 0 to 255.
        green: Green's weight at this stage, 0 to 255.
        bake: How long the stage is watched once traffic has moved.
        gate: What else must happen before it is left.
        wave: Index of the wave that moves in it.
    """

    share_percent: float
    blue: int
    green: int
    bake: timedelta
    gate: Gate = Gate.NONE
    wave: int = 0

    @property
    def split(self) -> Split:
        """The weights of this stage."""
        return Split(self.blue, self.green)


class Timing(Model):
    """
    How long things may take. The defaults fit ExternalDNS with an interval of one minute.

    Attributes:
        poll: Between two looks at alarms, weights or signals.
        settle: After Route 53 lists a weight, until every name server answers so: "generally within 60 seconds".
            Nothing but raising blue happens earlier. Only for routers that use DNS; see `Plan.convergence`.
        margin: From "Route 53 shows the weight" to "the bake begins": the 60 s TTL of an ELB alias. Likewise.
        propagation: How long a written weight may take to be shown; then it is `NotPropagated`.
        patience: By how much inconclusive evidence may extend a bake; then the stage counts as bad.
        rollback: How long a rollback may take to be read back; then it is `RollbackUnconfirmed`.
    """

    poll: timedelta = timedelta(seconds=30)
    settle: timedelta = timedelta(seconds=75)
    margin: timedelta = timedelta(seconds=60)
    propagation: timedelta = timedelta(minutes=5)
    patience: timedelta = timedelta(minutes=10)
    rollback: timedelta = timedelta(minutes=15)


class Evidence(Model):
    """
    What is asked of the requests themselves, beside the alarms. The defaults fit a service that fails rarely.

    Attributes:
        max_error_rate: How many percent of green's requests may fail, above 0 to 50.
        max_excess: How many percent more than blue's may fail, 0 or more; None for a tenth of *max_error_rate*.
        min_requests: How many requests green must have had before a stage is left; None for as many as prove the
            tolerated error rate, if none of them fails (the rule of three).
    """

    max_error_rate: float = 1.0
    max_excess: float | None = None
    min_requests: int | None = None

    @property
    def tolerated(self) -> float:
        """The part of green's requests that may fail, 0 to 1."""
        return self.max_error_rate / PERCENT

    @property
    def excess(self) -> float:
        """The part of green's requests that may fail beyond what fails on blue, 0 to 1."""
        return self.tolerated / 10 if self.max_excess is None else self.max_excess / PERCENT

    @property
    def requests(self) -> int:
        """How many requests green must have had."""
        return requests_needed(self.tolerated) if self.min_requests is None else self.min_requests


class Plan(Model):
    """
    All that one migration does, fixed before it starts.

    Attributes:
        name: Of the plan in the configuration.
        blue: The cluster that has the users.
        green: The cluster that gets them.
        zone: The hosted zone of every host.
        workloads: What moves.
        stages: In order, those of one wave after those of another; in each wave shares rise and end at 100.
        waves: In order, each workload in one of them; empty when all workloads move together.
        on_failure: What goes back when a workload fails.
        soak: How long green is watched with all traffic before the migration is complete.
        timing: How long things may take.
        evidence: What is asked of the requests.
        failed_requests: How many requests may fail, beyond blue's own rate; None without a budget.
        not_after: The latest instant at which this migration may start; None for any.
        dry_run: Whether to stop after the preflight, before anything is written.
        approver_is_another: Whether whoever started a migration may not approve its stages.
    """

    name: str
    blue: Cluster
    green: Cluster
    zone: HostedZone
    workloads: tuple[Workload, ...]
    stages: tuple[Stage, ...]
    waves: tuple[Wave, ...] = ()
    on_failure: OnFailure = OnFailure.ALL
    soak: timedelta
    timing: Timing = Timing()
    evidence: Evidence = Evidence()
    failed_requests: int | None = None
    not_after: datetime | None = None
    dry_run: bool = False
    approver_is_another: bool = False

    def cluster(self, side: Side) -> Cluster:
        """The cluster on *side*."""
        return self.blue if side is Side.BLUE else self.green

    @property
    def convergence(self) -> Convergence:
        """How its weights reach users: all workloads move together, so the slowest router counts."""
        return slowest(_convergence(workload.router, self.timing) for workload in self.workloads)

    @property
    def alarms(self) -> tuple[str, ...]:
        """The names of all alarms, each once, in order."""
        return alarms_of(self.workloads)

    @property
    def requests_per_second(self) -> dict[str, float] | None:
        """What is expected, by workload; None unless it is known of all."""
        rates = {workload.name: workload.requests_per_second for workload in self.workloads}
        known = {name: rate for name, rate in rates.items() if rate is not None}
        return known if len(known) == len(rates) else None

    @property
    def lease_units(self) -> tuple[str, ...]:
        """What this migration must hold alone: the host in its zone or the rule, not the name of a workload."""
        return tuple(sorted(workload.lease_unit(self.zone) for workload in self.workloads))


def _convergence(router: Router, timing: Timing) -> Convergence:
    match router:
        case Router.EXTERNAL_DNS | Router.ARGOCD:
            return through_dns(timing.settle, timing.margin, carried=True)
        case Router.ROUTE53:
            return through_dns(timing.settle, timing.margin, carried=False)
        case Router.ALB:
            return AT_ONCE
        case _:
            assert_never(router)
