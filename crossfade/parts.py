"""What the doors ask for: the parts of a function, each a port. `wiring` makes them, a host may bring its own."""

from typing import Protocol

from crossfade.core.config import Config
from crossfade.ports import (
    AlarmSource,
    EstateReader,
    Executions,
    Ledger,
    MetricSource,
    Notifier,
    Probe,
    Switch,
    TrafficRouter,
    WeightsOfRecord,
)


class Parts(Protocol):
    """What the doors ask for."""

    @property
    def config(self) -> Config:
        """The deployed configuration."""

    @property
    def ledger(self) -> Ledger:
        """The record of migrations."""

    @property
    def router(self) -> TrafficRouter:
        """The weights of all workloads, each through its own router."""

    @property
    def rescue(self) -> TrafficRouter:
        """The weights of all workloads, written to what users ask: Route 53 itself, or the listener rule."""

    @property
    def alarms(self) -> AlarmSource:
        """The alarms."""

    @property
    def estate(self) -> EstateReader:
        """What the preflight looks at."""

    @property
    def metrics(self) -> MetricSource:
        """The requests that both sides served."""

    @property
    def switch(self) -> Switch:
        """The health checks on green's records."""

    @property
    def weights(self) -> WeightsOfRecord:
        """Where Terraform and people find the weights."""

    @property
    def probe(self) -> Probe:
        """What the load balancers answer."""

    @property
    def executions(self) -> Executions:
        """The executions of the state machine."""

    @property
    def notifier(self) -> Notifier:
        """Who tells people."""
