"""For every test: what botocore reads from its own files, or derives from its own tables, is found once a process.

Each test has a session and an account of its own; parsing the same service descriptions again and again was a third
of the time of the whole suite, and to translate the same names of events a tenth of some tests.
"""

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

import pytest
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.loaders import JSONFileLoader, Loader
from hypothesis import HealthCheck, settings

settings.register_profile("crossfade", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("crossfade")  # how fast a machine is says nothing about what is claimed


@pytest.fixture(scope="session", autouse=True)
def _descriptions_are_parsed_once() -> Iterator[None]:
    remembered = lru_cache(maxsize=None)(JSONFileLoader().load_file)
    listed: dict[tuple[str, ...], Any] = {}
    looked = Loader.list_available_services
    translated = lru_cache(maxsize=None)(
        partial(vars(EventAliaser)["_alias_event_name"], EventAliaser(HierarchicalEmitter()))
    )

    def list_available_services(loader: Loader, type_name: str) -> Any:
        where = (type_name, *loader.search_paths)  # boto3 has descriptions of its own beside botocore's
        if where not in listed:
            listed[where] = looked(loader, type_name)
        return listed[where]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _self, path: remembered(path))
        patch.setattr(EventAliaser, "_alias_event_name", lambda _self, name: translated(name))
        patch.setattr(Loader, "list_available_services", list_available_services)
        yield
