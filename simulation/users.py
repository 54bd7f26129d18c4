"""Users: what they asked for, minute by minute, and what a bad green failed. They follow the name servers at once.

This is the truth that nobody else knows: what CloudWatch is read to say comes from here, and what a migration claims
to have cost is held against it.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from crossfade.core.series import MINUTE, Minute, Sample

REQUESTS: Final = 60_000
"""Of each workload in each minute, on both sides together."""
TARGETS: Final = 2
"""Healthy ones of each side of each workload; a bad green still passes its health checks."""
_SECONDS: Final = MINUTE.total_seconds()


@dataclass
class Users:
    """
    The users of all workloads.

    Args:
        names: Of the workloads.
        share: Green's part of what the name servers of a workload answer now, 0 to 1.
        is_bad: Whether green fails a workload now.
        blue: How many healthy targets blue has now; with none it fails whoever comes.

    Attributes:
        failed: Requests that a bad green has failed so far.
        dead_until: When blue was dead last, in seconds since the start; 0 when it never was.
    """

    names: tuple[str, ...]
    share: Callable[[str], float]
    is_bad: Callable[[str], bool]
    blue: Callable[[], int]
    failed: float = 0.0
    dead_until: float = 0.0
    _until: float = 0.0
    _dead_since: float | None = None
    _short_since: float | None = None
    _targets: dict[int, int] = field(default_factory=dict)
    _green: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))
    _failed: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))

    def elapse(self, now: float) -> None:
        """Count up to *now*, seconds since the start; to be called before anything changes."""
        while self._until < now:
            minute = int(self._until // _SECONDS)
            end = min(now, (minute + 1) * _SECONDS)
            self._targets[minute] = targets = self.blue()
            self._dead_since = _since(self._dead_since, self._until, holds=not targets)
            self._short_since = _since(self._short_since, self._until, holds=0 < targets < TARGETS)
            self.dead_until = self.dead_until if targets else end
            for name in self.names:
                green = self.share(name) * REQUESTS * (end - self._until) / _SECONDS
                self._green[name, minute] += green
                if self.is_bad(name):
                    self._failed[name, minute] += green
                    self.failed += green
            self._until = end

    def dead_for(self, now: float) -> float:
        """For how many seconds blue has been dead without a break until *now*; 0 when it serves."""
        return now - self._dead_since if self._dead_since is not None else 0.0

    def short_for(self, now: float) -> float:
        """For how many seconds blue has had too few targets without a break until *now*; 0 when it has enough."""
        return now - self._short_since if self._short_since is not None else 0.0

    def minute(self, workload: str, number: int, at: datetime) -> Minute:
        """The minute *number* since the start, a whole one, of *workload*; it began *at*."""
        green, failed = round(self._green[workload, number]), round(self._failed[workload, number])
        targets = self._targets.get(number, TARGETS)
        blue = Sample(REQUESTS - green, 0 if targets else REQUESTS - green, healthy_targets=targets)
        return Minute(at, blue, Sample(green, min(green, failed), healthy_targets=TARGETS))


def _since(before: float | None, now: float, *, holds: bool) -> float | None:
    """Since when something holds: since *before*, or else from *now* on; None when it does not."""
    return (now if before is None else before) if holds else None
