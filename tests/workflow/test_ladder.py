"""A way back that does not depend on what is broken, through the real adapters; and records written directly."""

from contextlib import AbstractContextManager
from typing import Final

import pytest

from tests.workflow.journey import MIGRATION, ON_BLUE, ON_GREEN, Journey, example, journey

SHORT: Final = {"stages": [{"share": 25, "bake": "2m"}, {"share": 100, "bake": "2m"}], "soak": "2m"}


def cut_off(tonight: Journey, *sides: str) -> None:
    """From now on the API servers of *sides* are silent to us; their ExternalDNS runs on."""
    for side in sides:
        tonight.world.estate.clusters[side].api.is_reachable = False


def share_on_green(tonight: Journey) -> float:
    return max(green / (blue + green) for blue, green in tonight.routed)


@pytest.mark.parametrize(
    ("stage", "sides"),
    [(1, ("blue", "green")), (2, ("green",)), (2, ("blue",)), (2, ("blue", "green"))],
    ids=["1-both", "2-green", "2-blue", "2-both"],
)
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


def portal(*faults: str) -> AbstractContextManager[Journey]:
    """The estate whose records nobody else keeps."""
    return example("route53", *faults, plan=SHORT)


def shown(tonight: Journey) -> set[tuple[int | None, int | None]]:
    hosts = tonight.world.estate.snapshot().hosts
    return {(host.weights["blue"], host.weights["green"]) for host in hosts}


def test_records_that_nobody_keeps_are_moved_directly() -> None:
    with portal() as tonight:
        execution = tonight.run()

        assert execution.output["outcome"] == "Succeeded"
        assert shown(tonight) == ON_GREEN


@pytest.mark.parametrize("stage", [1, 2])
def test_records_that_nobody_keeps_are_given_back_directly(stage: int) -> None:
    with portal(f"green-5xx@{stage}") as tonight:
        execution = tonight.run()

        assert execution.error == "RolledBack"
        assert shown(tonight) == ON_BLUE
        assert tonight.pages == []
