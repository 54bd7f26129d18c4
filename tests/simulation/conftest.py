"""One session of the simulator for all its tests: the definition is synthesised once, and so is each way."""

import pytest

from simulation.session import CONFIG, Session
from tests.deployed import kept_template


@pytest.fixture(scope="session")
def session() -> Session:
    return Session(kept_template(CONFIG))
