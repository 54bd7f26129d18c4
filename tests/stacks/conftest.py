"""One synthesis for all tests of the stacks, and a second one, with checks, for those that need it."""

import json
from pathlib import Path
from typing import Any

import pytest

from crossfade.core.config import Config, check_config
from stacks.definition_check import read_definition
from stacks.synth import ACCESS_STACK_NAME, synthesize, template

DOCUMENT: dict[str, Any] = {
    "version": 1,
    "clusters": {
        "blue": {"name": "estate-blue", "region": "eu-west-1"},
        "green": {"name": "estate-green", "region": "eu-west-1"},
    },
    "hostedZone": {"id": "Z0EXAMPLE1234567890", "name": "estate.example.com"},
    "workloads": [
        {
            "name": "burnham",
            "namespace": "team-burnham",
            "ingress": "burnham-ingress",
            "host": "burnham.estate.example.com",
            "alarms": ["green-burnham-5xx", "green-burnham"],
        }
    ],
    "plans": {
        "standard": {"stages": [{"share": 10, "bake": "10m"}, {"share": 100, "bake": "10m"}], "soak": "30m"},
        "quick": {"stages": [{"share": 100, "bake": "10m"}], "soak": "10m"},
    },
    "defaultPlan": "standard",
    "notifications": {"emails": ["platform@example.com"]},
    "triggers": {
        "schedules": [
            {
                "name": "tuesday-morning",
                "expression": "cron(0 6 ? * TUE *)",
                "timezone": "Europe/Dublin",
                "plan": "quick",
            }
        ]
    },
}


@pytest.fixture(scope="session")
def config() -> Config:
    return check_config(DOCUMENT, now=None)


@pytest.fixture(scope="session")
def synthesized(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesize(config, out_dir=tmp_path_factory.mktemp("synthesized"), code_only=True)


@pytest.fixture(scope="session")
def checked(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesize(config, out_dir=tmp_path_factory.mktemp("checked"), code_only=True, check=True)


@pytest.fixture(scope="session")
def main_template(synthesized: Path) -> dict[str, Any]:
    return dict(template(synthesized))


@pytest.fixture(scope="session")
def access_template(synthesized: Path) -> dict[str, Any]:
    return dict(template(synthesized, ACCESS_STACK_NAME))


@pytest.fixture(scope="session")
def definition(main_template: dict[str, Any]) -> dict[str, Any]:
    """A copy that a test may break."""
    return dict(read_definition(main_template))


@pytest.fixture
def broken(definition: dict[str, Any]) -> dict[str, Any]:
    """A definition of one's own, to be broken."""
    copy: dict[str, Any] = json.loads(json.dumps(definition))
    return copy
