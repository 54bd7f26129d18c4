"""TrafficRouter over Argo CD: the weight goes to what Argo CD renders from, then to the live annotation.

With both saying the same, self-heal and the next sync change nothing, and ExternalDNS carries the annotation to
Route 53 at once. The annotation does not wait for Argo CD: Git, the repository server and Argo CD itself may be down.
But nothing has arrived while the source, or what Argo CD renders from it, says otherwise.
The fence is the one of `external_dns`, resourceVersion and a stamped epoch, on the sources as well.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from crossfade.adapters.argocd_api import ArgoCdApi, ArgoCds, Object
from crossfade.adapters.argocd_objects import SYNC, is_affected, version_of, waits_for_a_push
from crossfade.adapters.argocd_reading import with_source
from crossfade.adapters.argocd_sources import Place, place_of
from crossfade.adapters.external_dns_dialect import epoch_of
from crossfade.adapters.gathering import gather, raise_worst, split
from crossfade.adapters.seams import ClusterApi
from crossfade.core.traffic import Reading, Write
from crossfade.core.weight import WEIGHT_MAX, Side
from crossfade.core.workload import Workload
from crossfade.errors import (
    CrossfadeError,
    RouterRefusedError,
    SharedWeightError,
    SupersededError,
    TemporaryError,
    WriteConflictError,
)
from crossfade.ports import TrafficRouter

K = TypeVar("K")
T = TypeVar("T")

_At = tuple[Workload, Side]
_Chain = tuple[ArgoCdApi, str, str]
"""Where an Application is: cluster, namespace, name."""
_STOPS: Final = (SupersededError, WriteConflictError)
"""Somebody else is at work: what comes after a source is not written either."""


class ArgoCdRouter:
    """
    Both clusters of a migration, what Argo CD renders them from, and the zone.

    Args:
        live: The router of the live annotations.
        clusters: The API server of each side, where the Ingresses are.
        argocds: Argo CD's objects.
        workers: How many API calls are under way at once.
    """

    def __init__(
        self,
        live: TrafficRouter,
        clusters: Mapping[Side, ClusterApi],
        argocds: ArgoCds,
        *,
        workers: int = 8,
    ) -> None:
        self._live = live
        self._clusters = clusters
        self._argocds = argocds
        self._workers = workers

    def observe(self, workloads: Sequence[Workload]) -> tuple[Reading, ...]:
        """See `ports.TrafficRouter.observe`. What is wrong with a source is told in the reading."""
        readings = self._live.observe(workloads)
        everywhere = [(workload, side) for workload in workloads for side in Side]
        held = self._each({place: place.read for place in map(self._place, everywhere)})
        read = self._each({at: partial(_application, at) for each in everywhere for at in self._chain(each)})
        sides = {
            (workload.name, side): with_source(
                reading.side(side),
                workload,
                held[self._place((workload, side))],
                [read[at] for at in self._chain((workload, side))],
            )
            for workload, reading in zip(workloads, readings, strict=True)
            for side in Side
        }
        return tuple(Reading(each.name, *(sides[each.name, side] for side in Side)) for each in workloads)

    def write(self, workloads: Sequence[Workload], writes: Sequence[Write], *, epoch: int) -> None:
        """
        See `ports.TrafficRouter.write`: sources first, then the annotations.

        A source that does not answer or refuses does not keep the annotation from being written: it alone brings
        users back when Argo CD is down. One that somebody else has written meanwhile does.

        Raises:
            SharedWeightError: Workloads that share a source are given different weights.
        """
        _refuse_out_of_range(writes)
        named = {workload.name: workload for workload in workloads}
        wanted: dict[_At, int | None] = {(named[write.workload], write.side): write.weight for write in writes}
        failed = self._write_sources(wanted, epoch)
        stopped = {(at[0].name, at[1]) for at, error in failed.items() if isinstance(error, _STOPS)}
        left = [write for write in writes if (write.workload, write.side) not in stopped]
        errors = [*dict.fromkeys(failed.values()), *_tried(lambda: self._live.write(workloads, left, epoch=epoch))]
        raise_worst([*errors, *self._push(wanted)])

    def stamp(self, workloads: Sequence[Workload], *, epoch: int) -> None:
        """See `ports.TrafficRouter.stamp`. Sources are stamped, too: a late writer begins with them."""
        failed = self._write_sources({(workload, side): None for workload in workloads for side in Side}, epoch)
        raise_worst([*dict.fromkeys(failed.values()), *_tried(lambda: self._live.stamp(workloads, epoch=epoch))])

    def rehearse(self, workloads: Sequence[Workload]) -> tuple[str, ...]:
        """See `ports.TrafficRouter.rehearse`."""
        faults = self._live.rehearse(workloads)
        places = [self._place((workload, side)) for workload in workloads for side in Side]
        _, errors = split(list(self._each({place: place.rehearse for place in places}).values()))
        raise_worst([error for error in errors if isinstance(error, TemporaryError)])
        return (*faults, *(str(error) for error in errors))

    # --- Sources -----------------------------------------------------------------------------------------------------

    def _write_sources(self, wanted: Mapping[_At, int | None], epoch: int) -> dict[_At, CrossfadeError]:
        """Set and stamp the source of each of *wanted*, each once; what failed, by workload and side."""
        places = {at: self._place(at) for at in wanted}
        weights: dict[Place, int | None] = {}
        for at, place in places.items():
            if weights.setdefault(place, wanted[at]) != wanted[at]:
                msg = f"{place}: {weights[place]} and {wanted[at]} are wanted at once; move who shares it together"
                raise SharedWeightError(msg)
        fences = self._each({at: partial(self._check_fence, at, epoch) for at in wanted})
        fenced = {places[at]: error for at, error in fences.items() if isinstance(error, SupersededError)}
        open_ = {place: weight for place, weight in weights.items() if place not in fenced}
        answers = self._each({place: partial(place.write, weight, epoch) for place, weight in open_.items()})
        errors = {**fenced, **{place: error for place, error in answers.items() if isinstance(error, CrossfadeError)}}
        return {at: errors[place] for at, place in places.items() if place in errors}

    def _check_fence(self, at: _At, epoch: int) -> None:
        """
        Refuse to touch what is rendered into an object that a younger epoch has stamped: perhaps only that could be.

        Raises:
            SupersededError: It has.
            CrossfadeError: It cannot be read, which the write of the annotation will tell.
        """
        workload, cluster = at[0], self._clusters[at[1]]
        for source in workload.sources:
            held = epoch_of(cluster.read(source).annotations)
            if held > epoch:
                place = cluster.place(source)
                msg = f"{place} carries epoch {held}, a younger one than our {epoch}; this run writes no more"
                raise SupersededError(msg)

    # --- Applications ------------------------------------------------------------------------------------------------

    def _push(self, concerned: Iterable[_At]) -> list[CrossfadeError]:
        """Ask for a sync of the Applications that Argo CD leaves out of sync by a fault of its own."""
        read = self._each({chain: partial(_application, chain) for at in concerned for chain in self._chain(at)})
        found = {at: held for at, held in read.items() if not isinstance(held, CrossfadeError)}
        stuck = {at: held for at, held in found.items() if waits_for_a_push(held)}
        versions = self._each({(api, namespace): partial(api.image, namespace) for api, namespace, _ in stuck})
        images = {at: image for at, image in versions.items() if isinstance(image, str)}
        pushes = {
            (api, namespace, name): partial(api.patch_application, held, SYNC)
            for (api, namespace, name), held in stuck.items()
            if is_affected(version_of(images.get((api, namespace), "")))
        }
        return split(list(self._each(pushes).values()))[1]

    # --- Where things are --------------------------------------------------------------------------------------------

    def _place(self, at: _At) -> Place:
        return place_of(*self._argocds.of(*at))

    def _chain(self, at: _At) -> list[_Chain]:
        api, argocd = self._argocds.of(*at)
        return [(api, argocd.namespace, name) for name in argocd.applications]

    def _each(self, calls: Mapping[K, Callable[[], T]]) -> dict[K, T | CrossfadeError]:
        """Make all *calls*; what came back, by the same keys."""
        return dict(zip(calls, gather(list(calls.values()), workers=self._workers), strict=True))


def _application(at: _Chain) -> Object:
    api, namespace, name = at
    return api.application(namespace, name)


def _tried(action: Callable[[], None]) -> list[CrossfadeError]:
    try:
        action()
    except CrossfadeError as error:
        return [error]
    return []


def _refuse_out_of_range(writes: Iterable[Write]) -> None:
    for write in writes:
        if not 0 <= write.weight <= WEIGHT_MAX:
            msg = f"{write.workload}: {write.weight} is no weight for {write.side}; use 0 to {WEIGHT_MAX}"
            raise RouterRefusedError(msg)
