"""The weights of record, in memory: what was read back last, by workload, and when the store is down."""

from collections.abc import Mapping
from datetime import datetime

from crossfade.core.plan import Plan
from crossfade.core.weight import Split


class KeptWeights:
    """
    See `ports.WeightsOfRecord`.

    Attributes:
        kept: The weights of every workload, as stored last.
        works: Whether anything can be stored.
    """

    def __init__(self) -> None:
        self.kept: dict[str, Split] = {}
        self.works = True

    def keep(self, plan: Plan, weights: Mapping[str, Split], *, migration: str, now: datetime) -> tuple[str, ...]:
        """See `ports.WeightsOfRecord.keep`."""
        del plan, migration, now  # only a store that others read has to say whose weights these are
        if not self.works:
            return tuple(f"{workload} was not written; the records have {split}" for workload, split in weights.items())
        self.kept |= weights
        return ()
