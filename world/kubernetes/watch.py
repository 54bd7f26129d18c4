"""What has changed in a cluster, for those who watch: a log of the last changes, and waiting for the next one.

Watchers wait in the threads of their connections, in real time; the world's own controllers read the store instead.
Limit: a watcher gets every change of its resource, whatever its selectors were before; no periodic bookmarks.
Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

import copy
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from world.kubernetes.resources import Object, Resource
from world.kubernetes.status import ApiError

_KEPT = 2_000
INITIAL_END = "k8s.io/initial-events-end"
"""The annotation of the bookmark behind the objects that were there before."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: *kind* is ADDED, MODIFIED or DELETED."""

    version: int
    resource: Resource
    kind: str
    content: Object


class Changes:
    """
    The log.

    Args:
        lock: Of the store; it guards this, too.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._changed = threading.Condition(lock)
        self._log: deque[Change] = deque(maxlen=_KEPT)
        self._forgotten = 0
        self._is_closed = False

    def note(self, change: Change) -> None:
        """Add *change*, whose content is never changed afterwards."""
        with self._changed:
            if len(self._log) == _KEPT:
                self._forgotten = self._log[0].version
            self._log.append(change)
            self._changed.notify_all()

    def close(self) -> None:
        """Send every watcher home."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def follow(
        self, resource: Resource, since: int, matches: Callable[[Object], bool], *, seconds: float
    ) -> Iterator[Object]:
        """
        Every change of *resource* after the version *since* that *matches*, as the API shows it, for *seconds*.

        Raises:
            ApiError: 410; what came after *since* is forgotten.
        """
        until = time.monotonic() + seconds
        while True:
            with self._changed:
                if since < self._forgotten:
                    msg = f"too old resource version: {since} ({self._forgotten})"
                    raise ApiError(410, msg, reason="Expired")
                news = [change for change in self._log if change.version > since and change.resource == resource]
                left = until - time.monotonic()
                if not news and (self._is_closed or left <= 0):
                    return
                if not news:
                    self._changed.wait(left)
            for change in news:
                since = change.version
                if matches(change.content):
                    yield {"type": change.kind, "object": copy.deepcopy(change.content)}


def bookmark(resource: Resource, version: str) -> Object:
    """The event behind the objects that were there before."""
    metadata = {"resourceVersion": version, "annotations": {INITIAL_END: "true"}}
    return {
        "type": "BOOKMARK",
        "object": {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata},
    }
