"""Argo CD in a cluster of its own that falls silent to us: before the start, and while a green that turns bad bakes."""

from contextlib import AbstractContextManager
from typing import Final

from tests.workflow.journey import ON_BLUE, Journey, Weights, example

SHORT: Final = {"stages": [{"share": 50, "bake": "5m"}, {"share": 100, "bake": "5m"}], "soak": "1m"}


def hub(*faults: str) -> AbstractContextManager[Journey]:
    return example("hub", *faults, plan=SHORT)


def sources(tonight: Journey) -> Weights:
    """What the cluster Secrets in the hub say."""
    at, clusters = tonight.world.estate.hub, tonight.world.config.clusters
    assert at is not None
    names = (clusters.blue.name, clusters.green.name)
    found = [at.api.store.read("Secret", "argocd", name)["metadata"]["annotations"] for name in names]
    blue, green = (int(annotations["route53_weight"]) for annotations in found)
    return {(blue, green)}


def test_a_hub_that_is_silent_before_the_start_is_named_and_nothing_is_written() -> None:
    with hub("preflight:silent-hub") as tonight:
        execution = tonight.run()

        assert (execution.status, execution.error) == ("FAILED", "Refused")
        assert "in platform-hub: the API server gave no readable answer" in (execution.cause or "")
        assert tonight.routed == tonight.declared == sources(tonight) == ON_BLUE
        assert tonight.world.ledger.leased() == ()
        assert tonight.pages == []


def test_a_hub_that_falls_silent_keeps_nobody_on_a_bad_green_and_is_repaired_when_it_is_back() -> None:
    with hub("hub-silent@2", "green-5xx@2") as tonight:
        execution = tonight.run()

        assert execution.error == "RollbackUnconfirmed"
        assert "Argo CD, which heals the weight to a source that we cannot write" in (execution.cause or "")
        assert len(tonight.pages) == 1
        (blue, green) = next(iter(tonight.routed))
        assert (blue, green / (blue + green) < 0.01) == (100, True)

        silent = tonight.world.estate.hub
        assert silent is not None
        silent.api.is_reachable = True
        tonight.pass_time(minutes=10)

        assert tonight.routed == tonight.declared == sources(tonight) == ON_BLUE
        assert tonight.record.outcome == "RolledBack"
        assert tonight.world.ledger.leased() == ()
