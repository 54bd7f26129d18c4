"""The embedded world for a configuration: the synthesised machine and the real functions in it, ready to run.

Used by the demo and by the tests of the whole workflow. Only this module turns the product's configuration into the
plain data that the world is built from; the world itself knows nothing of the product.
"""

import importlib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import yaml

from crossfade.adapters.aws import client
from crossfade.adapters.dynamodb_ledger import DynamoLedger
from crossfade.adapters.https_probe import CONNECT_SECONDS, Network
from crossfade.cli.synth import template
from crossfade.core.config import Config
from crossfade.core.weight import Side
from crossfade.core.workload import Workload
from crossfade.errors import InvalidInputError
from crossfade.names import CONFIG_FILE, Env, Function
from crossfade.wiring import given, wired
from world.clock import Clock
from world.cloud import Cloud
from world.estate import Estate
from world.estate_spec import ClusterSpec, EstateSpec, WorkloadSpec
from world.faults import Fault, FaultKind, InvalidFaultError
from world.functions import Handler, Invocation
from world.shared_balancers import RuleSpec

START: Final = datetime(2026, 3, 1, 1, 45, tzinfo=UTC)
"""A Sunday at night: with the warm-up, the migration begins at two."""

FINGER: Final = timedelta(seconds=45)
"""From the first look at a stage's health until somebody presses Stop: in the middle of a wait."""

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"


@dataclass(frozen=True)
class Embedded:
    """
    The parts of a running embedded world.

    Attributes:
        config: The configuration that was deployed.
        clock: Its time.
        cloud: The account: state machine, functions, table, topic.
        estate: Clusters, DNS, users and alarms.
        ledger: The ledger, as the functions see it.
    """

    config: Config
    clock: Clock
    cloud: Cloud
    estate: Estate
    ledger: DynamoLedger


@contextmanager
def embedded(
    config: Config,
    config_file: Path,
    *,
    seed: int,
    faults: Sequence[Fault] = (),
    spec: EstateSpec | None = None,
) -> Iterator[Embedded]:
    """
    Build the world around *config*, deploy the synthesised app into it, and take all down at the end.

    Args:
        config: The configuration.
        config_file: Where it was read from; the app is synthesised from this file.
        seed: Of all chance in the world.
        faults: What breaks, and when.
        spec: The estate; from the example manifests if there is none.
    """
    body = template(config_file)
    region = config.clusters.green.region
    with TemporaryDirectory() as folder, Clock(START) as clock, Cloud(clock, region=region, seed=seed) as cloud:
        deployed = Path(folder) / CONFIG_FILE
        deployed.write_text(config.to_json(), encoding="utf-8")
        estate = _estate(clock, spec or estate_of(config, config_file), seed, faults)
        load = partial(_load, network=network_of(estate))
        cloud.deploy(body, load, environment={Env.CONFIG_FILE.value: str(deployed), Env.EMBEDDED.value: "1"})
        with estate:
            _let_faults_in(cloud, estate)
            estate.alarms.listeners.append(cloud.events.alarm_changed)
            ledger = DynamoLedger(client("dynamodb", region), table=cloud.deployment.table)
            yield Embedded(config, clock, cloud, estate, ledger)


def _estate(clock: Clock, spec: EstateSpec, seed: int, faults: Sequence[Fault]) -> Estate:
    """
    The estate, with its faults.

    Raises:
        InvalidInputError: It has nothing that a fault could break.
    """
    try:
        return Estate(clock, spec, seed=seed, faults=faults)
    except InvalidFaultError as error:
        raise InvalidInputError(str(error)) from error


def estate_of(config: Config, config_file: Path) -> EstateSpec:
    """The estate that *config* names, with the objects that lie in `manifests/` beside *config_file*."""
    zone, clusters = config.hosted_zone, config.clusters
    hubs = [workload.argocd.hub for workload in config.workloads if workload.argocd and workload.argocd.hub]
    return EstateSpec(
        blue=ClusterSpec(clusters.blue.name, clusters.blue.region, manifests("blue", config_file)),
        green=ClusterSpec(clusters.green.name, clusters.green.region, manifests("green", config_file)),
        zone_id=zone.id,
        zone_name=zone.name,
        workloads=tuple(map(_workload_of, config.workloads)),
        hub=next((ClusterSpec(at.name, at.region, manifests("hub", config_file)) for at in hubs), None),
    )


def _workload_of(workload: Workload) -> WorkloadSpec:
    name, namespace, host, alarms = workload.name, workload.namespace, workload.host, workload.alarms
    if workload.alb is None:
        objects = tuple(each.name for each in workload.sources)
        known = {side.value: workload.identifiers.of(side) for side in Side} if workload.identifiers else None
        return WorkloadSpec(name, namespace, objects, host, alarms, workload.kind.value, identifiers=known)
    groups = {side.value: workload.alb.group(side) for side in Side}
    rule = RuleSpec(workload.alb.rule, groups, workload.alb.binding)
    return WorkloadSpec(name, namespace, (rule.binding,), host, alarms, "TargetGroupBinding", rule)


def manifests(side: str, config_file: Path) -> list[dict[str, Any]]:
    """The objects of the cluster on *side*, beside *config_file* or of the sample estate, and the RBAC for both."""
    beside = config_file.resolve().parent / "manifests"
    folder = (beside if beside.is_dir() else EXAMPLES / "manifests") / side
    paths = sorted(folder.glob("*.yaml")) + sorted((EXAMPLES / "rbac").glob("*.yaml"))
    return [document for path in paths for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]


def _load(path: str, *, network: Network) -> Handler:
    """The handler, whose load balancers are those of the world."""
    module, _, name = path.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), name)

    def here(event: Any, context: Any) -> Any:
        with given(wired(network)):
            return handler(event, context)

    return here


def network_of(estate: Estate) -> Network:
    """The way to the load balancers of *estate*, which are on this machine and trusted by nobody else."""
    return Network(
        dial=lambda name, _port: socket.create_connection(estate.doors.address(name), CONNECT_SECONDS),
        trust=lambda: ssl.create_default_context(cadata=estate.doors.certificate),
    )


class HandlerCrashError(Exception):
    """What a function dies of when `handler-crash` was asked for: none of our errors, so nothing expects it."""


def _let_faults_in(cloud: Cloud, estate: Estate) -> None:
    """
    Tell the estate when a stage begins, and carry out what is asked for there.

    The shift of that stage dies after it has written; somebody presses Stop, or a hub falls silent, while it bakes.
    """
    crashed: set[int] = set()
    stopped: set[str] = set()

    def before(invocation: Invocation) -> None:
        if invocation.function == Function.SHIFT_TRAFFIC.value:
            estate.stage_entered(invocation.payload["stage"] + 1)
        if invocation.function == Function.CHECK_HEALTH.value and estate.is_active(FaultKind.STOP) and not stopped:
            stopped.add(invocation.payload["execution"])
            cloud.clock.after(FINGER, partial(cloud.stop, invocation.payload["execution"]))
        if invocation.function == Function.CHECK_HEALTH.value and estate.hub and estate.is_active(FaultKind.HUB_SILENT):
            estate.hub.api.is_reachable = False

    def after(invocation: Invocation, _result: Any) -> None:
        if invocation.function != Function.SHIFT_TRAFFIC.value or crashed:
            return
        if any(fault.kind is FaultKind.HANDLER_CRASH for fault in estate.active):
            crashed.add(invocation.payload["stage"])
            msg = "the function died after its write and before its answer"
            raise HandlerCrashError(msg)

    cloud.functions.before.append(before)
    cloud.functions.after.append(after)
