"""Users: what they asked for, minute by minute, and what a bad green failed. They follow the name servers at once.

This is the truth that nobody else knows: what CloudWatch is read to say comes from here, and what a migration claims
to have cost is held against it.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from crossfade.core.evidence import MINUTE, Minute, Sample

REQUESTS: Final = 60_000
"""Of each workload in each minute, on both sides together."""
_SECONDS: Final = MINUTE.total_seconds()


@dataclass
class Users:
    """
    The users of all workloads.

    Args:
        names: Of the workloads.
        share: Green's part of what the name servers of a workload answer now, 0 to 1.
        is_bad: Whether green fails a workload now.

    Attributes:
        failed: Requests that a bad green has failed so far.
    """

    names: tuple[str, ...]
    share: Callable[[str], float]
    is_bad: Callable[[str], bool]
    failed: float = 0.0
    _until: float = 0.0
    _green: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))
    _failed: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))

    def elapse(self, now: float) -> None:
        """Count up to *now*, seconds since the start; to be called before anything changes."""
        while self._until < now:
            minute = int(self._until // _SECONDS)
            end = min(now, (minute + 1) * _SECONDS)
            for name in self.names:
                green = self.share(name) * REQUESTS * (end - self._until) / _SECONDS
                self._green[name, minute] += green
                if self.is_bad(name):
                    self._failed[name, minute] += green
                    self.failed += green
            self._until = end

    def minute(self, workload: str, number: int, at: datetime) -> Minute:
        """The minute *number* since the start, a whole one, of *workload*; it began *at*."""
        green, failed = round(self._green[workload, number]), round(self._failed[workload, number])
        return Minute(at, Sample(REQUESTS - green), Sample(green, min(green, failed)))
