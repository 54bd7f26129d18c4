"""What routers and readers ask of a technology, as protocols: the real one and a simulated one keep the same.

Each method raises what the adapter that is named beside it says. Nothing is done here, and no client is imported.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from crossfade.adapters.alb import Rule
from crossfade.adapters.kubernetes_objects import Container, Held
from crossfade.adapters.route53 import Change, RecordSet, WeightedRecord
from crossfade.core.source import Source
from crossfade.errors import CrossfadeError


class ClusterApi(Protocol):
    """The objects of one cluster that carry weights, and the Deployment that reads them; see `KubernetesApi`."""

    def place(self, source: Source) -> str:
        """Name of an object for people."""

    def read(self, source: Source) -> Held:
        """One object as it is now."""

    def patch(self, source: Source, patch: Mapping[str, Any], *, resource_version: str, dry_run: bool = False) -> None:
        """Merge *patch* into an object, if it is still as it was read."""

    def container(self, namespace: str, deployment: str) -> Container | None:
        """How a Deployment runs its program; None when there is no such Deployment."""


class Records(Protocol):
    """The weights of hosts in one zone; see `RecordReader`."""

    def read(self, hosts: Sequence[str]) -> Mapping[str, Sequence[WeightedRecord]]:
        """All records of *hosts*, as far as weights are concerned."""


class RecordBook(Protocol):
    """The record sets of one zone, and the way to change them; see `RecordKeeper`."""

    def stored(self, names: Sequence[str]) -> Mapping[str, tuple[RecordSet, ...]]:
        """All record sets of *names*."""

    def change(self, changes: Sequence[Change], what: str) -> None:
        """Make all *changes* or none, if every record is as they say it was."""

    def protected(self) -> frozenset[tuple[str, str]]:
        """Name and type of every record set that nobody may change."""


class Rules(Protocol):
    """Listener rules; see `ListenerRules`."""

    def read(self, arns: Sequence[str]) -> list[Rule | CrossfadeError]:
        """Every rule of *arns*, in order, or why it cannot be read."""

    def one(self, arn: str) -> Rule:
        """The rule *arn* as it is now."""

    def modify(self, arn: str, actions: Sequence[Mapping[str, Any]]) -> None:
        """Replace all actions of a rule, whatever they have become."""

    def stamp(self, rule: Rule, epoch: int) -> None:
        """Let the tags of *rule* carry *epoch*."""
