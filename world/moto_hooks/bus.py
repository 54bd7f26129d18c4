"""The gap: moto keeps what PutEvents brings from every rule but its own, and from all that call functions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from moto.events.models import EventsBackend

from world.moto_hooks.swap import swapped

Entry = Mapping[str, Any]


@contextmanager
def events_are_heard(hear: Callable[[Entry], None]) -> Iterator[None]:
    """Inside, *hear* is told of every entry that PutEvents brings; moto then does what it does."""

    def put_events(backend: Any, events: Sequence[Entry]) -> Any:
        answer = original(backend, events)
        for entry in events:
            hear(entry)
        return answer

    with swapped(EventsBackend, "put_events", put_events) as original:
        yield
