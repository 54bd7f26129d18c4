"""What several tests of the world begin with."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from world.clock import Clock
from world.cloud import Cloud

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Clock]:
    with Clock(NINE) as clock:
        yield clock


@pytest.fixture
def cloud(clock: Clock) -> Iterator[Cloud]:
    with Cloud(clock) as cloud:
        yield cloud
