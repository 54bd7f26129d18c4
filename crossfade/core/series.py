"""What the load balancers of one workload had, minute by minute, blue beside green, and when that is complete.

Nothing is judged here but whether a side has targets; this file knows no CloudWatch.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from crossfade.core.sight import Standing
from crossfade.core.statistics import NOTHING, Count

MINUTE: Final = timedelta(minutes=1)
"""The period of the load balancer's metrics."""
PUBLISHING: Final = timedelta(seconds=90)
"""From the end of a minute until its numbers count as complete. AWS promises nothing; 1 to 3 minutes are reported."""
PUBLISHED: Final = timedelta(seconds=180)
"""Until then a side without numbers may only be late, and the minute waits for it: one side alone is no comparison."""
LOOK_BACK: Final = timedelta(hours=6)
"""How much of a long bake is read. What is older has been judged when it was young; `FALSE_ALARMS` is then for this
long."""


@dataclass(frozen=True, slots=True)
class Sample:
    """
    One minute of one load balancer.

    Attributes:
        requests: 0 or more, those included that the load balancer answered itself with a 5xx.
        errors_5xx: Of them, how many were answered with a 5xx, 0 to *requests*; absent in CloudWatch is 0 here.
        p99_seconds: The 99th percentile of the time to answer; None without requests.
        healthy_targets: How many targets passed their health checks; None when that is not known.
    """

    requests: int = 0
    errors_5xx: int = 0
    p99_seconds: float | None = None
    healthy_targets: int | None = None

    @property
    def count(self) -> Count:
        """Requests and failures."""
        return Count(self.requests, self.errors_5xx)


@dataclass(frozen=True, slots=True)
class Minute:
    """The same minute on both sides; *at* is when it begins, UTC."""

    at: datetime
    blue: Sample = Sample()
    green: Sample = Sample()


@dataclass(frozen=True, slots=True)
class Series:
    """
    The minutes of one workload.

    Attributes:
        workload: Its name.
        minutes: Oldest first; a minute without any number may be absent.
        unreadable: Why there are no numbers, and what to do; empty when there are.
        shown: Blue's and green's weight, as the authority showed them when the load balancers were looked up; None
            when that was not to be seen.
        standing: What stands behind green, as it was looked up for this; None when that is not known.
    """

    workload: str
    minutes: tuple[Minute, ...] = ()
    unreadable: str = ""
    shown: tuple[int | None, int | None] | None = None
    standing: Standing | None = None


def is_blue_dead(series: Series) -> bool:
    """Whether blue has no healthy target while green has; not known counts as no."""
    blue, green = ([getattr(minute, side) for minute in series.minutes] for side in ("blue", "green"))
    return most_targets(blue) == 0 and (most_targets(green) or 0) > 0


def blue_targets(series: Series) -> int | None:
    """How many healthy targets blue has; None when that is not known."""
    return most_targets([minute.blue for minute in series.minutes])


def most_targets(samples: Sequence[Sample]) -> int | None:
    """The most healthy targets of the last two minutes in which they were counted; None before there are two."""
    known = [sample.healthy_targets for sample in samples if sample.healthy_targets is not None]
    return max(known[-2:]) if len(known) > 1 else None


def blue_count(minutes: Iterable[Minute]) -> Count:
    """Blue's requests and failures over all *minutes*."""
    return sum((minute.blue.count for minute in minutes), NOTHING)


def green_count(minutes: Iterable[Minute]) -> Count:
    """Green's requests and failures over all *minutes*."""
    return sum((minute.green.count for minute in minutes), NOTHING)


def total_count(minutes: Sequence[Minute]) -> Count:
    """Both sides' requests and failures over all *minutes*."""
    return blue_count(minutes) + green_count(minutes)
