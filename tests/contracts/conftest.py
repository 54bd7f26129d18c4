from collections.abc import Iterator

import pytest

from tests.contracts.estate import Estate, an_estate


@pytest.fixture
def estate() -> Iterator[Estate]:
    with an_estate() as estate:
        yield estate
