"""For every test: what botocore reads from its own files is read once a process, not once a session.

Each test has a session and an account of its own; parsing the same service descriptions again and again was a third
of the time of the whole suite.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader, Loader
from hypothesis import HealthCheck, settings

settings.register_profile("crossfade", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("crossfade")  # how fast a machine is says nothing about what is claimed


@pytest.fixture(scope="session", autouse=True)
def _descriptions_are_parsed_once() -> Iterator[None]:
    remembered = lru_cache(maxsize=None)(JSONFileLoader().load_file)
    listed: dict[tuple[str, ...], Any] = {}
    looked = Loader.list_available_services

    def list_available_services(loader: Loader, type_name: str) -> Any:
        where = (type_name, *loader.search_paths)  # boto3 has descriptions of its own beside botocore's
        if where not in listed:
            listed[where] = looked(loader, type_name)
        return listed[where]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _self, path: remembered(path))
        patch.setattr(Loader, "list_available_services", list_available_services)
        yield
