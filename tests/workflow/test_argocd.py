"""Migrations of an estate whose weights Argo CD renders: read where they are, past the product."""

from contextlib import AbstractContextManager
from typing import Any, Final

from tests.workflow.journey import ON_BLUE, ON_GREEN, Journey, Weights, example

SHORT: Final = {"stages": [{"share": 100, "bake": "2m"}], "soak": "1m"}


def argocd(*faults: str) -> AbstractContextManager[Journey]:
    return example("argocd", *faults, plan=SHORT)


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
