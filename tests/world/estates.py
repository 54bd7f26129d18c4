"""The sample estate as plain data, read from the repository's own examples."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from world.estate_spec import ClusterSpec, EstateSpec, WorkloadSpec

ROOT = Path(__file__).parents[2]


def documents(path: str) -> list[dict[str, Any]]:
    """Every document of the YAML files at *path*, a file or a folder of the repository."""
    place = ROOT / path
    files = sorted(place.glob("*.yaml")) if place.is_dir() else [place]
    return [document for file in files for document in yaml.safe_load_all(file.read_text(encoding="utf-8")) if document]


def sample_estate(**changes: Any) -> EstateSpec:
    """The estate that `crossfade.yaml` describes, with *changes*."""
    config = documents("crossfade.yaml")[0]
    rbac = documents("examples/rbac/crossfade-rbac.yaml")
    sides = {
        side: ClusterSpec(**cluster, manifests=[*documents(f"examples/manifests/{side}"), *rbac])
        for side, cluster in config["clusters"].items()
    }
    workloads = tuple(
        WorkloadSpec(one["name"], one["namespace"], (one["ingress"],), one["host"], tuple(one["alarms"]))
        for one in config["workloads"]
    )
    zone = config["hostedZone"]
    blue, green = sides["blue"], sides["green"]
    spec = EstateSpec(blue, green, zone_id=zone["id"], zone_name=zone["name"], workloads=workloads)
    return replace(spec, **changes)
