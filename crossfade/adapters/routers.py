"""Several traffic routers as one: each workload goes to its own, results come back in the given order.

This file knows no technology.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from crossfade.adapters.gathering import gather, raise_worst, split
from crossfade.core.traffic import Reading, Write
from crossfade.core.workload import Router, Workload
from crossfade.errors import RouterRefusedError
from crossfade.ports import TrafficRouter

T = TypeVar("T")


class Routers:
    """
    A router for workloads of every kind in *routers*.

    Every router is asked, one after the other; then the worst error is raised, if there is one.
    """

    def __init__(self, routers: Mapping[Router, TrafficRouter]) -> None:
        self._routers = routers

    def observe(self, workloads: Sequence[Workload]) -> tuple[Reading, ...]:
        """See `ports.TrafficRouter.observe`."""
        found = self._each(workloads, lambda router, mine: router.observe(mine))
        named = {reading.workload: reading for readings in found for reading in readings}
        return tuple(named[workload.name] for workload in workloads)

    def write(self, workloads: Sequence[Workload], writes: Sequence[Write], *, epoch: int) -> None:
        """See `ports.TrafficRouter.write`."""

        def write(router: TrafficRouter, mine: Sequence[Workload]) -> None:
            names = {workload.name for workload in mine}
            router.write(mine, [one for one in writes if one.workload in names], epoch=epoch)

        written = {one.workload for one in writes}
        self._each([workload for workload in workloads if workload.name in written], write)

    def stamp(self, workloads: Sequence[Workload], *, epoch: int) -> None:
        """See `ports.TrafficRouter.stamp`."""
        self._each(workloads, lambda router, mine: router.stamp(mine, epoch=epoch))

    def rehearse(self, workloads: Sequence[Workload]) -> tuple[str, ...]:
        """See `ports.TrafficRouter.rehearse`."""
        found = self._each(workloads, lambda router, mine: router.rehearse(mine))
        return tuple(fault for faults in found for fault in faults)

    def _each(self, workloads: Sequence[Workload], action: Callable[[TrafficRouter, Sequence[Workload]], T]) -> list[T]:
        """Let every router that is concerned act on its workloads, in their order."""
        kinds = dict.fromkeys(workload.router for workload in workloads)
        calls = [partial(action, self._of(kind), [w for w in workloads if w.router is kind]) for kind in kinds]
        results, errors = split(gather(calls, workers=1))
        raise_worst(errors)
        return results

    def _of(self, kind: Router) -> TrafficRouter:
        if kind not in self._routers:
            msg = f"the router {kind} is not part of this deployment; deploy crossfade.yaml as it is now"
            raise RouterRefusedError(msg)
        return self._routers[kind]
