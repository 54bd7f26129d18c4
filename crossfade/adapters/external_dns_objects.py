"""The objects of a host in one cluster: read, understood together, and written together.

ExternalDNS makes one record of all objects with the same host and set identifier, and takes the weight of one of them;
which one, an ownership record remembers. So they have to say the same.
Source: ExternalDNS, plan/conflict.go (`PerResource`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from crossfade.adapters.external_dns_dialect import words_of
from crossfade.adapters.external_dns_endpoint import endpoint_words
from crossfade.adapters.field_managers import last_hand
from crossfade.adapters.kubernetes_objects import Held
from crossfade.adapters.seams import ClusterApi
from crossfade.core.source import Source, SourceKind
from crossfade.core.workload import Workload
from crossfade.errors import RouterObjectMissingError, SupersededError

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
"""Where `kubectl apply` and Argo CD, unless they apply on the server's side, leave what they have applied."""


class Saying(Protocol):
    """What one object tells its ExternalDNS of one host."""

    @property
    def identifier(self) -> str:
        """Its set identifier; empty when it has none."""

    @property
    def weight(self) -> int | None:
        """0 to 255; None when it is absent or unreadable."""

    @property
    def epoch(self) -> int:
        """Of the last writer of ours, 0 when there is none."""

    @property
    def note(self) -> str:
        """Why something is absent, with the fix."""

    @property
    def can_carry(self) -> bool:
        """Whether a weight that is written here is read."""

    @property
    def fields(self) -> tuple[tuple[str, ...], ...]:
        """Where in the object the weight stands."""

    def patch(self, weight: int | None, epoch: int) -> Mapping[str, Any]:
        """The merge patch that says *weight* (None: leave it) and *epoch*."""


@dataclass(frozen=True, slots=True)
class Prefixes:
    """
    The annotation prefixes of both clusters' ExternalDNS, seen from one of them.

    Attributes:
        own: That this cluster's reads; None when nobody knows.
        other: That the other one's reads; None when it is the same, or nobody knows.
    """

    own: str | None
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One object as it was read, and what it says."""

    source: Source
    held: Held
    says: Saying
    applied: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """
    What all objects of a host in one cluster say together.

    Attributes:
        identifier: Their set identifier; empty when one has none, or they differ.
        weight: Their weight; None when one has none that is readable, or they differ.
        epoch: The oldest that one of them carries: that far they are fenced.
        note: Why something is absent, with the fix.
        by: Who wrote the weight last, and when; empty when that was us, or nobody knows.
        applied: The weight with which the objects were last applied from files; None when that is not known.
    """

    identifier: str
    weight: int | None
    epoch: int
    note: str
    by: str = ""
    applied: int | None = None


def read(cluster: ClusterApi, workload: Workload, prefixes: Prefixes) -> tuple[Part, ...]:
    """
    Read every object of *workload* in *cluster*.

    Raises:
        RouterObjectMissingError, RouterRefusedError, RouterUnavailableError: See `KubernetesApi.read`.
    """
    return tuple(_part(source, cluster.read(source), workload.host, prefixes) for source in workload.sources)


def _part(source: Source, held: Held, host: str, prefixes: Prefixes) -> Part:
    says, applied = understand(source, held, host, prefixes), _applied(source, held, host, prefixes)
    return Part(source, held, says, applied)


def _applied(source: Source, held: Held, host: str, prefixes: Prefixes) -> int | None:
    """The weight in the file that was last applied, as kubectl and Argo CD leave it in the object."""
    try:
        document = json.loads(held.annotations.get(LAST_APPLIED, "{}"))
        return understand(source, Held({"metadata": {}} | document), host, prefixes).weight
    except (ValueError, TypeError, AttributeError):  # whatever stands there is not ours and no reason to stop
        return None


def understand(source: Source, held: Held, host: str, prefixes: Prefixes) -> Saying:
    """What an object says of *host* to an ExternalDNS with these *prefixes*."""
    if source.kind is SourceKind.DNS_ENDPOINT:
        return endpoint_words(held, host)
    return words_of(held.annotations, prefixes.own, other=prefixes.other)


def together(parts: Sequence[Part]) -> Said:
    """What *parts*, at least one, say together."""
    says = [part.says for part in parts]
    identifiers, weights = ({each.identifier for each in says}, {each.weight for each in says})
    notes = [_note(part, alone=len(parts) == 1) for part in parts if part.says.note]
    if len(weights) > 1 and None not in weights:
        notes.append(f"the weights of {_named(parts, 'weight')} differ; make them equal")
    if len(identifiers) > 1 and "" not in identifiers:
        notes.append(f"the set identifiers of {_named(parts, 'identifier')} differ; make them equal")
    return Said(
        identifier=identifiers.pop() if len(identifiers) == 1 else "",
        weight=weights.pop() if len(weights) == 1 else None,
        epoch=min(each.epoch for each in says),
        note="; ".join(notes),
        applied=next((part.applied for part in parts if part.applied is not None), None),
        by=next(filter(None, (last_hand(part.held.document, part.says.fields) for part in parts)), ""),
    )


def _note(part: Part, *, alone: bool) -> str:
    return part.says.note if alone else f"{part.source}: {part.says.note}"


def _named(parts: Sequence[Part], value: str) -> str:
    return " and ".join(f"{part.source} ({getattr(part.says, value)})" for part in parts)


def write(cluster: ClusterApi, parts: Sequence[Part], weight: int | None, epoch: int, *, dry_run: bool = False) -> None:
    """
    Let all *parts* say *weight* (None: leave it) and *epoch*, where they do not; none, if one of them must not.

    Raises:
        SupersededError: A younger epoch has stamped one of them.
        RouterObjectMissingError: One of them cannot carry a weight.
        WriteConflictError, RouterRefusedError, RouterUnavailableError: See `KubernetesApi.patch`.
    """
    for part in parts:
        place, says = cluster.place(part.source), part.says
        if says.epoch > epoch:
            msg = f"{place} carries epoch {says.epoch}, a younger one than our {epoch}; this run writes no more"
            raise SupersededError(msg)
        if weight is not None and not says.can_carry:
            msg = f"{place} cannot carry a weight: {says.note}"
            raise RouterObjectMissingError(msg)
    for part in parts:
        patch = part.says.patch(weight, epoch)
        if changes(part.held.document, patch):
            cluster.patch(part.source, patch, resource_version=part.held.resource_version, dry_run=dry_run)


def changes(document: Mapping[str, Any], patch: Mapping[str, Any]) -> bool:
    """Whether the merge patch *patch* would change anything in *document*."""
    return any(
        changes(document.get(key) or {}, value) if isinstance(value, Mapping) else document.get(key) != value
        for key, value in patch.items()
    )
