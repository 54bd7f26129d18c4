"""One migration through everything: the synthesised machine, the real functions, two clusters, DNS and users.

What came of it is read where the users would feel it: from Route 53 and from the Ingresses, past the product.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import boto3

from crossfade.adapters.config_file import read_config
from crossfade.cli.embedded import EXAMPLES, Embedded, estate_of
from crossfade.core.blocks.plans import PlanConfig
from crossfade.core.blocks.workloads import ProbeConfig, WorkloadConfig
from crossfade.core.config import Config
from crossfade.core.record import Record
from crossfade.core.workload import ProbeRequest
from crossfade.names import WEIGHT_KEY, Function
from tests.deployed import embedded
from world.faults import parse_fault
from world.functions import Invocation
from world.step_functions import Execution

CONFIG: Final = Path(__file__).with_name("crossfade.yaml")
MIGRATION: Final = "tonight"
WARM_UP: Final = timedelta(minutes=5)

ON_BLUE: Final = {(100, 0)}
ON_GREEN: Final = {(0, 100)}

Weights = set[tuple[int, int]]
"""Blue's and green's weight, each different pair once."""


@dataclass
class Journey:
    """
    A world with a migration that may run in it.

    Attributes:
        world: Built and deployed.
    """

    world: Embedded

    def run(self, given: Mapping[str, Any] | None = None, *, name: str = MIGRATION) -> Execution:
        """Run a migration to the end of its execution."""
        return self.world.cloud.run(name, given)

    def pass_time(self, **time: float) -> None:
        """Let time pass."""
        self.world.clock.sleep(timedelta(**time).total_seconds())

    def until(self, reached: Callable[[], bool], *, within: timedelta) -> float:
        """Let time pass until *reached*, looking every second; after how many seconds that was."""
        began = self.world.clock.now
        while not reached():
            assert self.world.clock.now - began < within, f"not within {within}"
            self.world.clock.sleep(1)
        return (self.world.clock.now - began).total_seconds()

    @property
    def record(self) -> Record:
        """What the ledger says of the migration."""
        record = self.world.ledger.load(MIGRATION)
        assert record is not None
        return record

    @property
    def states(self) -> list[str]:
        """The states that its execution entered."""
        arn = self.world.cloud.deployment.machine_arn.replace(":stateMachine:", ":execution:")
        return self.world.cloud.history(f"{arn}:{MIGRATION}").states

    @property
    def of_record(self) -> Weights:
        """What the parameters say, of every host."""
        zone, clusters = self.world.config.hosted_zone, self.world.config.clusters
        found = boto3.client("ssm").get_parameters_by_path(Path=f"/crossfade/{zone.name}")["Parameters"]
        weights = [json.loads(parameter["Value"])["weights"] for parameter in found]
        assert len(weights) == len(self.world.config.workloads)
        return {(each[clusters.blue.name], each[clusters.green.name]) for each in weights}

    @property
    def routed(self) -> Weights:
        """What Route 53 lists, of every host and record type."""
        zone = self.world.config.hosted_zone
        pages = boto3.client("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone.id)
        records = [record for page in pages for record in page["ResourceRecordSets"] if "Weight" in record]
        pairs: dict[tuple[str, str], dict[str, int]] = {}
        for record in records:
            if record["Type"] in {"A", "AAAA"}:
                pairs.setdefault((record["Name"], record["Type"]), {})[record["SetIdentifier"]] = record["Weight"]
        hosts = {f"{workload.host}." for workload in self.world.config.workloads}
        clusters = self.world.config.clusters
        return {
            (weights[clusters.blue.name], weights[clusters.green.name])
            for (host, _), weights in pairs.items()
            if host in hosts
        }

    @property
    def declared(self) -> Weights:
        """What the Ingresses ask for."""
        return {
            (self.annotated("blue", workload), self.annotated("green", workload))
            for workload in self.world.config.workloads
        }

    def annotated(self, side: str, workload: WorkloadConfig) -> int:
        """What the Ingress of *workload* asks for on *side*."""
        store = self.world.estate.clusters[side].api.store
        annotations = store.read("Ingress", workload.namespace, workload.sources[0].name)["metadata"]["annotations"]
        (weight,) = (value for key, value in annotations.items() if key.endswith(f"/{WEIGHT_KEY}"))
        return int(weight)

    @property
    def pages(self) -> list[str]:
        """The subjects of all messages that call for somebody."""
        return [subject for message in self.world.cloud.messages if "NEEDS YOU" in (subject := message.subject or "")]

    def on_health_check(self, act: Callable[[Invocation], object]) -> None:
        """Do *act* once, when health is looked at for the first time."""
        done: list[bool] = []

        def before(invocation: Invocation) -> None:
            if invocation.function == Function.CHECK_HEALTH and not done:
                done.append(True)
                act(invocation)

        self.world.cloud.functions.before.append(before)


@contextmanager
def journey(*faults: str, seed: int = 1, probe: ProbeRequest | None = None) -> Iterator[Journey]:
    """A world in which *faults* (`stop@2`) will happen, with a *probe* for the first workload."""
    config = read_config(CONFIG, now=None)
    if probe is not None:
        first, *others = config.workloads
        asked = first.model_copy(update={"probe": ProbeConfig.model_validate(probe.model_dump())})
        config = config.model_copy(update={"workloads": (asked, *others)})
    with _journey(config, CONFIG, faults, seed=seed, warm_up=WARM_UP) as tonight:
        yield tonight


@contextmanager
def example(
    name: str, *faults: str, plan: Mapping[str, Any] | None = None, warm_up: timedelta = WARM_UP
) -> Iterator[Journey]:
    """The example estate *name*, with *plan* as its only one if that is given."""
    path = EXAMPLES / "estates" / name / "crossfade.yaml"
    config = read_config(path, now=None)
    if plan is not None:
        config = config.model_copy(update={"plans": {config.default_plan: PlanConfig.model_validate(plan)}})
    with _journey(config, path, faults, seed=1, warm_up=warm_up) as tonight:
        yield tonight


@contextmanager
def _journey(config: Config, path: Path, faults: Sequence[str], *, seed: int, warm_up: timedelta) -> Iterator[Journey]:
    spec = replace(estate_of(config, path), warm_up=warm_up)
    with embedded(config, path, seed=seed, faults=[parse_fault(fault) for fault in faults], spec=spec) as world:
        yield Journey(world)
