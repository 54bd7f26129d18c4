"""Migrations of an estate whose weights Argo CD renders: read where they are, past the product."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import pytest

from crossfade.adapters.config_file import read_config
from crossfade.cli.embedded import EXAMPLES, embedded, estate_of
from crossfade.core.config import PlanConfig
from tests.workflow.journey import ON_BLUE, ON_GREEN, WARM_UP, Journey, Weights
from world.faults import parse_fault

pytestmark = pytest.mark.xdist_group("workflow")

CONFIG: Final = EXAMPLES / "estates" / "argocd" / "crossfade.yaml"
SHORT: Final = {"stages": [{"share": 100, "bake": "2m"}], "soak": "1m"}


@contextmanager
def argocd(*faults: str) -> Iterator[Journey]:
    read = read_config(CONFIG, now=None)
    config = read.model_copy(update={"plans": {"standard": PlanConfig.model_validate(SHORT)}})
    spec = replace(estate_of(config, CONFIG), warm_up=WARM_UP)
    with embedded(config, CONFIG, seed=1, faults=[parse_fault(fault) for fault in faults], spec=spec) as world:
        yield Journey(world)


def sources(tonight: Journey) -> Weights:
    """What the cluster Secrets and the parameters say."""

    def said(side: str) -> tuple[int, int]:
        cluster = tonight.world.estate.clusters[side]
        secret = cluster.api.store.read("Secret", "argocd", cluster.spec.name)
        riker = cluster.api.store.read("Application", "argocd", "team-riker")
        parameter = riker["spec"]["source"]["helm"]["parameters"][0]
        return int(secret["metadata"]["annotations"]["route53_weight"]), int(parameter["value"])

    return set(zip(said("blue"), said("green"), strict=True))


def states(tonight: Journey) -> set[str]:
    """What Argo CD says of all Applications."""
    found: list[dict[str, Any]] = [
        application
        for cluster in tonight.world.estate.clusters.values()
        for application in cluster.api.store.all("Application", "argocd")
    ]
    return {application["status"]["sync"]["status"] for application in found}


def test_sources_annotations_and_records_end_on_green_even_where_argo_cd_has_to_be_pushed() -> None:
    with argocd("preflight:argocd-affected") as tonight:
        execution = tonight.run()
        tonight.pass_time(minutes=2)

        assert execution.output["outcome"] == "Succeeded"
        assert tonight.routed == tonight.declared == sources(tonight) == ON_GREEN
        assert states(tonight) == {"Synced"}


def test_when_syncs_hang_sources_annotations_and_records_end_on_blue() -> None:
    with argocd("argocd-stalled") as tonight:
        execution = tonight.run()
        tonight.pass_time(minutes=2)

        assert (execution.status, execution.error) == ("FAILED", "RolledBack")
        assert "still renders another weight" in (execution.cause or "")
        assert tonight.routed == tonight.declared == sources(tonight) == ON_BLUE
        assert tonight.pages == []
