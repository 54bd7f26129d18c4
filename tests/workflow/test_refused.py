"""An estate that is wrong is refused before the first write, in words that say what to mend."""

from pathlib import Path

import pytest

from crossfade.adapters.config_file import read_config
from tests.deployed import embedded
from world.faults import parse_fault

pytestmark = pytest.mark.xdist_group("refused")
CONFIG = Path(__file__).parents[2] / "crossfade.yaml"


WRONG = {
    "preflight:create-only": "--policy=create-only, which never changes a weight; run it with --policy=sync",
    "preflight:external-dns-down": "blue: ExternalDNS has no ready pod",
    "preflight:shared-owner": "each deletes the other's records; give each cluster its own owner id",
    "preflight:missing-txt": "burnham green: there is no ownership record (TXT)",
    "preflight:simple-record": "burnham: its AAAA record is simple",
    "preflight:unhealthy-targets": "0 of 2 targets healthy: Route 53 would keep its users on blue",
    "preflight:blind-alarm": "green-burnham-5xx, eks-blueprint-green-health: is blind: app/k8s-burnham-0000000000",
}


def test_a_wrong_estate_is_refused_with_all_its_faults_at_once_and_nothing_is_written() -> None:
    config = read_config(CONFIG, now=None)
    with embedded(config, CONFIG, seed=1, faults=[parse_fault(fault) for fault in WRONG]) as world:
        versions = _versions(world.estate.clusters)

        execution = world.cloud.run("tonight", {"plan": "quick"})

        assert execution.error == "Refused"
        assert [words for words in WRONG.values() if words not in (execution.cause or "")] == []
        assert _versions(world.estate.clusters) == versions
        assert {tuple(host.weights.values()) for host in world.estate.snapshot().hosts} == {(100, 0)}


def test_a_warning_lets_it_start_and_stands_in_the_timeline() -> None:
    config = read_config(CONFIG, now=None)
    with embedded(config, CONFIG, seed=1, faults=[parse_fault("preflight:private-twin")]) as world:
        execution = world.cloud.run("tonight", {"plan": "quick", "dryRun": True})

        passed = next(event for event in world.ledger.timeline("tonight") if event.what == "preflight_passed")
        assert execution.output is not None
        assert execution.output["outcome"] == "DryRun"
        assert "with a warning" in passed.text
        assert "there is a private zone eks-blueprint.example.com" in str(passed.data["warnings"])


def _versions(clusters: object) -> list[str]:
    """Of every Ingress of both clusters; each write raises one."""
    assert isinstance(clusters, dict)
    return [
        ingress["metadata"]["resourceVersion"]
        for cluster in clusters.values()
        for ingress in cluster.api.store.all("Ingress")
    ]
