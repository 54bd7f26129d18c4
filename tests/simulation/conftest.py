"""One session of the simulator for all its tests: the definition is synthesised once."""

import json
from collections.abc import Callable

import pytest

from crossfade.adapters.config_file import read_config
from crossfade.cli.synth import template
from crossfade.core.config import Config
from simulation.session import CONFIG, Session


@pytest.fixture(scope="session")
def session() -> Session:
    return Session(template(CONFIG))


@pytest.fixture(scope="session")
def direct() -> Callable[[int], Session]:
    """Gives the session in which the records of so many workloads are written directly, not by ExternalDNS."""
    sessions: dict[int, Session] = {}

    def session(workloads: int) -> Session:
        if workloads not in sessions:
            sessions[workloads] = Session(template(CONFIG), _with_records(workloads))
        return sessions[workloads]

    return session


def _with_records(workloads: int) -> Config:
    document = json.loads(read_config(CONFIG, now=None).to_json())
    for workload in document["workloads"][:workloads]:
        workload |= {"router": "route53", "identifiers": {"blue": "blue", "green": "green"}}
    return Config.from_json(json.dumps(document))
