"""What is written down of a migration beside its record: the entries of its timeline, and all that one look needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crossfade.core.latch import Latch
from crossfade.core.record import Record
from crossfade.core.signals import Signal


@dataclass(frozen=True, slots=True)
class Event:
    """
    One entry of a migration's timeline.

    Attributes:
        at: UTC.
        what: A short name from `names.TimelineEvent`.
        text: One sentence for people.
        data: Small JSON values for machines.
    """

    at: datetime
    what: str
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Brief:
    """
    What a look at a migration needs of the ledger.

    Attributes:
        record: As `Ledger.load` gives it.
        signals: As `Ledger.signals` gives them.
        latches: As `Ledger.latches` gives them.
    """

    record: Record | None
    signals: tuple[Signal, ...]
    latches: tuple[Latch, ...]
