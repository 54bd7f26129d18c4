"""One session of the simulator for all its tests: the definition is synthesised once, and so is each way."""

import pytest

from crossfade.cli.synth import template
from simulation.session import CONFIG, Session


@pytest.fixture(scope="session")
def session() -> Session:
    return Session(template(CONFIG))
