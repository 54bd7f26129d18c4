"""Every kind of object carries its weight there and back in one migration, under two dialects of ExternalDNS."""

from typing import Final

import pytest

from crossfade.names import ALPHA_PREFIX, EPOCH_ANNOTATION, STABLE_PREFIX, WEIGHT_KEY
from tests.workflow.journey import example
from world.clusters import Cluster

pytestmark = pytest.mark.xdist_group("sources")
KEYS: Final = {f"{ALPHA_PREFIX}{WEIGHT_KEY}", f"{STABLE_PREFIX}{WEIGHT_KEY}"}


def test_a_bad_green_gives_back_every_kind_of_object_and_both_objects_of_one_host() -> None:
    with example("sources", "green-5xx") as tonight:
        world = tonight.world
        execution = world.cloud.run("tonight", {})
        hosts = world.estate.snapshot().hosts
        moved = [event.data for event in world.ledger.timeline("tonight") if event.what == "weight_written"]

        assert execution.error == "RolledBack"
        assert {each["workload"] for each in moved} == {"storefront", "edge", "catalog", "checkout"}
        assert [tuple(host.weights.values()) for host in hosts] == [(100, 0)] * 4
        assert [tuple(host.declared.values()) for host in hosts] == [("100", "0")] * 4
        assert [_annotated(world.estate.clusters["green"], name) for name in ("storefront", "storefront-api")] == [
            dict.fromkeys(KEYS, "0")
        ] * 2


def _annotated(cluster: Cluster, name: str) -> dict[str, str]:
    """The weights that stand in an Ingress, under whatever prefix; it carries our epoch, too."""
    annotations = cluster.api.store.read("Ingress", "shop", name)["metadata"]["annotations"]
    assert int(annotations[EPOCH_ANNOTATION]) > 0
    return {key: value for key, value in annotations.items() if key in KEYS}
