"""TrafficRouter over ExternalDNS: weights stand in the objects of a host, the authority is Route 53.

ExternalDNS carries a weight from an object to its record, once a minute by default. Nothing is written to Route 53.
What stands where in an Ingress, Service, HTTPRoute or DNSEndpoint, `external_dns_objects` knows.
Limits: a weight is 0 to 255, a share is weight / sum of weights; with all weights 0 Route 53 answers equally.
Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from crossfade.adapters import external_dns_objects as objects
from crossfade.adapters.external_dns_dialect import prefix_of
from crossfade.adapters.external_dns_objects import Prefixes, Said
from crossfade.adapters.gathering import gather, raise_worst, split
from crossfade.adapters.route53 import ADDRESSES, WeightedRecord, shown_weight
from crossfade.adapters.seams import ClusterApi, Records
from crossfade.core.traffic import Reading, SideReading, Write
from crossfade.core.weight import WEIGHT_MAX, Side
from crossfade.core.workload import Workload
from crossfade.errors import (
    CrossfadeError,
    PermanentError,
    RouterObjectMissingError,
    RouterRefusedError,
    TemporaryError,
)

T = TypeVar("T")
_Asked = Mapping[Side, "str | CrossfadeError | None"]
"""The annotation prefix of each side that was asked, or why it did not answer."""


@dataclass(frozen=True, slots=True)
class _Change:
    """The objects of one host in one cluster; a weight of None leaves the weight as it is."""

    workload: Workload
    side: Side
    weight: int | None


class ExternalDnsRouter:
    """
    Both clusters of a migration and the zone that their ExternalDNS write.

    Args:
        clusters: The API server of each side.
        records: The zone.
        namespace: Of the Deployment of ExternalDNS, in both clusters.
        deployment: Its name.
        workers: How many API calls are under way at once.
    """

    def __init__(
        self,
        clusters: Mapping[Side, ClusterApi],
        records: Records,
        *,
        namespace: str = "external-dns",
        deployment: str = "external-dns",
        workers: int = 8,
    ) -> None:
        self._clusters = clusters
        self._records = records
        self._namespace = namespace
        self._deployment = deployment
        self._workers = workers

    def observe(self, workloads: Sequence[Workload]) -> tuple[Reading, ...]:
        """See `ports.TrafficRouter.observe`."""
        asked = self._prefixes()
        places = [(workload, side) for workload in workloads for side in Side]
        answers = gather([partial(self._said, *at, asked) for at in places], workers=self._workers)
        pairs = dict(zip(workloads, zip(answers[::2], answers[1::2], strict=True), strict=True))
        raise_worst([error for pair in pairs.values() for error in _fatal(pair)])
        records = self._records.read([workload.host for workload in workloads])
        return tuple(_reading(workload, pair, records[workload.host]) for workload, pair in pairs.items())

    def write(self, workloads: Sequence[Workload], writes: Sequence[Write], *, epoch: int) -> None:
        """See `ports.TrafficRouter.write`."""
        named = {workload.name: workload for workload in workloads}
        self._apply([_Change(named[write.workload], write.side, write.weight) for write in writes], epoch)

    def stamp(self, workloads: Sequence[Workload], *, epoch: int) -> None:
        """See `ports.TrafficRouter.stamp`."""
        self._apply([_Change(workload, side, None) for workload in workloads for side in Side], epoch)

    def rehearse(self, workloads: Sequence[Workload]) -> tuple[str, ...]:
        """See `ports.TrafficRouter.rehearse`."""
        asked = self._prefixes()
        places = [(workload, side) for workload in workloads for side in Side]
        _, errors = split(gather([partial(self._try, *at, asked) for at in places], workers=self._workers))
        raise_worst([error for error in errors if isinstance(error, TemporaryError)])
        return tuple(str(error) for error in errors)

    def _apply(self, changes: Sequence[_Change], epoch: int) -> None:
        """Try all *changes*, then raise the worst error."""
        asked = self._prefixes()
        self._all([partial(self._change, change, asked, epoch) for change in changes])

    def _change(self, change: _Change, asked: _Asked, epoch: int) -> None:
        cluster, workload = self._clusters[change.side], change.workload
        if change.weight is not None and not 0 <= change.weight <= WEIGHT_MAX:
            place = cluster.place(workload.sources[0])
            msg = f"{place}: {change.weight} is no weight; use a whole number from 0 to {WEIGHT_MAX}"
            raise RouterRefusedError(msg)
        parts = objects.read(cluster, workload, _known(asked, change.side))
        objects.write(cluster, parts, change.weight, epoch)

    def _try(self, workload: Workload, side: Side, asked: _Asked) -> None:
        """Send the write that a rollback would send, as a dry run: the weight of now, with the next epoch."""
        cluster = self._clusters[side]
        parts = objects.read(cluster, workload, _known(asked, side))
        said = objects.together(parts)
        if said.weight is None or not said.identifier:
            msg = f"{cluster.place(workload.sources[0])} has no weight to return to: {said.note}"
            raise RouterObjectMissingError(msg)
        epoch = 1 + max(part.says.epoch for part in parts)
        objects.write(cluster, parts, said.weight, epoch, dry_run=True)

    # --- Reading -----------------------------------------------------------------------------------------------------

    def _prefixes(self) -> _Asked:
        """The annotation prefix of each side's ExternalDNS; the error of a side that does not answer."""
        calls = [partial(self._clusters[side].container, self._namespace, self._deployment) for side in Side]
        answers = gather(calls, workers=self._workers)
        return {
            side: answer if isinstance(answer, CrossfadeError) else prefix_of(answer)
            for side, answer in zip(Side, answers, strict=True)
        }

    def _said(self, workload: Workload, side: Side, asked: _Asked) -> Said:
        return objects.together(objects.read(self._clusters[side], workload, _known(asked, side)))

    def _all(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """Make all *calls*, then raise the worst error, if there is one."""
        results, errors = split(gather(calls, workers=self._workers))
        raise_worst(errors)
        return results


def _known(asked: _Asked, side: Side) -> Prefixes:
    """
    The prefixes that were found. A side that did not answer is not asked again for each object: that would take longer
    than a function may.

    Raises:
        CrossfadeError: The side did not answer when it was asked.
    """
    own, other = asked[side], asked[side.other]
    if isinstance(own, CrossfadeError):
        raise own
    return Prefixes(own, None if isinstance(other, CrossfadeError) or other == own else other)


def _fatal(pair: "_Pair") -> list[CrossfadeError]:
    """What cannot be gone on with: neither of the two clusters answers, and asking again may help."""
    silent = [answer for answer in pair if isinstance(answer, TemporaryError)]
    return list(silent) if len(silent) == len(pair) else []


def _reading(workload: Workload, pair: "_Pair", records: Sequence[WeightedRecord]) -> Reading:
    sides = dict(zip(Side, pair, strict=True))
    return Reading(
        workload.name,
        *(
            _side_reading(answer, records)
            if isinstance(answer, Said)
            else _unseen(answer, _identifier(workload, side, sides, records), records)
            for side, answer in sides.items()
        ),
    )


def _side_reading(said: Said, records: Sequence[WeightedRecord]) -> SideReading:
    weight, note = shown_weight(said.identifier, records)
    notes = "; ".join(part for part in (said.note, note) if part)
    return SideReading(
        said.weight,
        weight,
        epoch=said.epoch,
        note=notes,
        identifier=said.identifier,
        by=said.by,
        applied=said.applied,
    )


def _unseen(error: CrossfadeError, identifier: str, records: Sequence[WeightedRecord]) -> SideReading:
    weight, note = shown_weight(identifier, records)
    notes = "; ".join(part for part in (str(error), note) if part)
    fault = error if isinstance(error, PermanentError) else None
    return SideReading(None, weight, note=notes, reachable=False, identifier=identifier, fault=fault)


def _identifier(
    workload: Workload, side: Side, sides: "Mapping[Side, _Answer]", records: Sequence[WeightedRecord]
) -> str:
    """The set identifier of a side whose objects cannot be read: as remembered, or else that of the other record."""
    if workload.identifiers is not None:
        return workload.identifiers.of(side)
    seen = sides[side.other]
    others = {record.identifier for record in records if record.type in ADDRESSES}
    if isinstance(seen, Said):
        others -= {seen.identifier}
    return others.pop() if len(others) == 1 else ""


_Answer = Said | CrossfadeError
_Pair = tuple[_Answer, _Answer]
"""What blue's and green's API server answered."""
