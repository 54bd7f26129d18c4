"""The API servers of a run, as an adversary: whatever a write may meet between reading and being stored."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from crossfade.adapters.kubernetes_objects import Container, Held
from crossfade.core.source import Source
from crossfade.core.weight import Side
from crossfade.errors import RouterObjectMissingError, RouterUnavailableError, WriteConflictError
from simulation.estate import Estate

T = TypeVar("T")


class SimulatedApi:
    """One API server, as `adapters.seams.ClusterApi`."""

    def __init__(self, estate: Estate, side: Side) -> None:
        self.cluster = estate.plan.cluster(side).name
        self._estate = estate
        self._side = side
        self._keys = {source: (w.name, side) for w in estate.plan.workloads for source in w.sources}

    def place(self, source: Source) -> str:
        """Name of an object for people."""
        return f"{source} in {self.cluster}"

    def read(self, source: Source) -> Held:
        """See `KubernetesApi.read`."""
        return self._call("read", lambda: self._read(source))

    def patch(self, source: Source, patch: Mapping[str, Any], *, resource_version: str, dry_run: bool = False) -> None:
        """See `KubernetesApi.patch`."""

        def apply() -> None:
            held = self._read(source)
            if held.resource_version != resource_version:
                msg = f"{self.place(source)} was changed by somebody else in between; it is read again"
                raise WriteConflictError(msg)
            if not dry_run:
                self._estate.change(self._keys[source], patch["metadata"]["annotations"], ours=True)

        self._call("dry run" if dry_run else "patch", apply, late=not dry_run)

    def container(self, namespace: str, deployment: str) -> Container | None:
        """See `KubernetesApi.container`."""
        del namespace, deployment
        return self._call("read deployment", lambda: Container("external-dns:v0.14.2", (), {}))

    def _read(self, source: Source) -> Held:
        held = self._estate.ingresses.get(self._keys[source])
        if held is None:
            msg = f"{self.place(source)} does not exist; create it"
            raise RouterObjectMissingError(msg)
        return Held({"metadata": {"annotations": dict(held.annotations), "resourceVersion": str(held.version)}})

    def _call(self, what: str, action: Callable[[], T], *, late: bool = False) -> T:
        def attempt() -> T:
            if f"{self._side.value}_api" in self._estate.broken:
                msg = f"the API server of {self.cluster} does not answer; it is tried again"
                raise RouterUnavailableError(msg)
            return action()

        name = f"{self._side.value} api: {what}"
        return self._estate.seams.call(name, attempt, RouterUnavailableError, late=late)
