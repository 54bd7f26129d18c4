"""A way back that does not depend on what is broken, through the real adapters; and records written directly."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from crossfade.adapters.config_file import read_config
from crossfade.cli.embedded import embedded, estate_of
from tests.workflow.journey import CONFIG, MIGRATION, ON_BLUE, ON_GREEN, WARM_UP, Journey, journey
from world.faults import parse_fault

pytestmark = pytest.mark.xdist_group("workflow")


def cut_off(tonight: Journey, *sides: str) -> None:
    """From now on the API servers of *sides* are silent to us; their ExternalDNS runs on."""
    for side in sides:
        tonight.world.estate.clusters[side].api.is_reachable = False


def share_on_green(tonight: Journey) -> float:
    return max(green / (blue + green) for blue, green in tonight.routed)


@pytest.mark.parametrize("sides", [("green",), ("blue",), ("blue", "green")], ids=" and ".join)
@pytest.mark.parametrize("stage", [1, 2])
def test_a_silent_cluster_costs_a_rung_and_a_page_and_is_repaired_when_it_is_back(
    stage: int, sides: tuple[str, ...]
) -> None:
    with journey(f"green-5xx@{stage}") as tonight:
        tonight.on_health_check(lambda _: cut_off(tonight, *sides))
        execution = tonight.run()

        assert execution.error == "RollbackUnconfirmed"
        assert tonight.pages
        assert tonight.world.ledger.leased() == (MIGRATION,)
        assert any("directly in Route 53" in event.text for event in tonight.world.ledger.timeline(MIGRATION))
        if sides == ("green",):
            assert share_on_green(tonight) < 0.01, "its ExternalDNS may ask for 1 again and again"

        for side in sides:
            tonight.world.estate.clusters[side].api.is_reachable = True
        tonight.pass_time(minutes=15)

        assert tonight.routed == tonight.declared == ON_BLUE
        assert tonight.record.outcome == "RolledBack"
        assert tonight.world.ledger.leased() == ()


@pytest.mark.parametrize("side", ["blue", "green"])
def test_a_deleted_ingress_costs_its_own_workload_a_page_and_no_other_anything(side: str) -> None:
    with journey("green-5xx@2") as tonight:
        gone, *others = tonight.world.config.workloads
        store = tonight.world.estate.clusters[side].api.store
        tonight.on_health_check(lambda _: store.remove("Ingress", gone.namespace, gone.sources[0].name))

        execution = tonight.run()

        assert execution.error == "RollbackUnconfirmed"
        assert gone.sources[0].name in str(execution.cause)
        assert tonight.pages
        assert {(tonight.annotated("blue", each), tonight.annotated("green", each)) for each in others} == ON_BLUE


# --- The router route53 ----------------------------------------------------------------------------------------------


@contextmanager
def without_external_dns(folder: Path, *faults: str) -> Iterator[Journey]:
    """The same hosts, whose records nobody keeps: both ExternalDNS stop once the records are there."""
    document = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    identifiers = {side: document["clusters"][side]["name"] for side in ("blue", "green")}
    document["workloads"] = [
        workload | {"router": "route53", "identifiers": identifiers} for workload in document["workloads"]
    ]
    path = folder / "crossfade.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    config = read_config(path, now=None)
    spec = replace(estate_of(config, CONFIG), warm_up=WARM_UP)
    with embedded(config, path, seed=1, faults=[parse_fault(fault) for fault in faults], spec=spec) as world:
        for cluster in world.estate.clusters.values():
            cluster.external_dns.is_stuck = True
        yield Journey(world)


def test_records_that_nobody_keeps_are_moved_directly(tmp_path: Path) -> None:
    with without_external_dns(tmp_path) as tonight:
        execution = tonight.run()

        assert execution.output["outcome"] == "Succeeded"
        assert tonight.routed == ON_GREEN
        assert tonight.declared == ON_BLUE, "no annotation is written"


@pytest.mark.parametrize("stage", [1, 2])
def test_records_that_nobody_keeps_are_given_back_directly(tmp_path: Path, stage: int) -> None:
    with without_external_dns(tmp_path, f"green-5xx@{stage}") as tonight:
        execution = tonight.run()

        assert execution.error == "RolledBack"
        assert tonight.routed == ON_BLUE
        assert tonight.pages == []
