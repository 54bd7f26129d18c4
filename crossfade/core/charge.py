"""What a migration has cost its users so far, and what is left of blue's traffic when it has ended.

Charged are the requests that green failed beyond blue's own rate: a background of failures would have met users on
blue, too, and moving them is not to blame for it. Both sides are counted over the same minutes, each minute once.
This file knows no CloudWatch: it is given series as they were read.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from crossfade.core.model import Model
from crossfade.core.series import MINUTE, PUBLISHED, Minute, Series
from crossfade.core.statistics import NOTHING, Count

QUIET_MINUTES = 10
"""Without a request for so long, blue has no users any more: ten times the 60 s TTL of an alias. Connections live as
long as they carry requests, and end, unused, after the load balancer's idle timeout of 60 s by default."""
QUIET_MINUTES_MIN = 5
"""Fewer minutes than these say nothing of blue's last users."""

_SAVED_AT_LEAST = timedelta(hours=1)
"""So long minutes without failures may be left for a later look."""


class Charge(Model):
    """
    Requests and failures of all workloads since the first write.

    Attributes:
        until: Up to when they are counted, UTC.
        blue_requests, blue_failed, green_requests, green_failed: Sums over all complete minutes.
    """

    until: datetime
    blue_requests: int = 0
    blue_failed: int = 0
    green_requests: int = 0
    green_failed: int = 0

    @property
    def failed(self) -> int:
        """What is charged: green's failures beyond blue's rate, 0 or more."""
        rate = self.blue_failed / self.blue_requests if self.blue_requests else 0.0
        return max(0, round(self.green_failed - rate * self.green_requests))

    def is_due(self, before: "Charge | None") -> bool:
        """Whether this is worth storing after *before*: something failed, or an hour has gone by."""
        if before is None or self.until - before.until >= _SAVED_AT_LEAST:
            return self.green_requests > 0
        return (self.blue_failed, self.green_failed) != (before.blue_failed, before.green_failed)


def charged(before: Charge | None, series: Iterable[Series], *, since: datetime, until: datetime) -> Charge:
    """
    Add to *before* what *series* say of the minutes after it.

    Args:
        before: What was counted already; None for nothing.
        series: Of all workloads.
        since: When the first write was tried; counts only without *before*.
        until: Up to when minutes are counted, UTC. What is published later does not count.
    """
    begin = before.until if before else since
    end = max(begin, until.replace(second=0, microsecond=0))
    minutes = [minute for each in series for minute in each.minutes if begin <= minute.at and minute.at + MINUTE <= end]
    blue, green = _sums(minutes)
    old = before or Charge(until=begin)
    return Charge(
        until=end,
        blue_requests=old.blue_requests + blue.requests,
        blue_failed=old.blue_failed + blue.failures,
        green_requests=old.green_requests + green.requests,
        green_failed=old.green_failed + green.failures,
    )


def _sums(minutes: Iterable[Minute]) -> tuple[Count, Count]:
    blue, green = NOTHING, NOTHING
    for minute in minutes:
        blue, green = blue + minute.blue.count, green + minute.green.count
    return blue, green


def told(failed: int, budget: int | None) -> str:
    """What is charged beside what may be, for people."""
    if budget is None:
        return f"failed requests {failed:,}"
    return f"failed requests {failed:,} {'of' if failed <= budget else 'instead of'} at most {budget:,}"


class Residual(Model):
    """
    What blue still gets after all weights are green's.

    Attributes:
        until: The end of the minutes looked at, UTC.
        minutes: How many complete minutes were looked at, up to `QUIET_MINUTES`.
        requests: That blue had in them, all workloads together.
    """

    until: datetime
    minutes: int
    requests: int

    @property
    def is_gone(self) -> bool:
        """Whether blue's traffic has died away."""
        return self.requests == 0 and self.minutes >= QUIET_MINUTES

    def to_json(self) -> dict[str, object]:
        """For programs."""
        return {"blue_requests": self.requests, "minutes": self.minutes, "is_gone": self.is_gone}

    @property
    def words(self) -> str:
        """
        What that means for blue, in a sentence.

        A load balancer ends a kept connection after 3,600 s by default (`client_keep_alive.seconds`).
        """
        if self.is_gone:
            return f"blue had no request in the last {self.minutes} minutes: decommission is safe"
        if not self.requests:
            return f"blue had no request in the last {self.minutes} minutes, too few to say that its last user has left"
        return (
            f"blue still had {self.requests:,} requests in the last {self.minutes} minutes, from resolvers that go "
            f"beyond the TTL of 60 s and connections kept open, up to an hour by default: keep it until there are none"
        )


def residual(series: Iterable[Series], *, since: datetime, now: datetime) -> Residual | None:
    """
    What blue had lately; None when a series was not readable, or there are too few complete minutes.

    Args:
        series: Of all workloads; a minute without any number had no requests.
        since: When all weights were green's.
        now: UTC.
    """
    series = tuple(series)
    end = (now - PUBLISHED).replace(second=0, microsecond=0)
    begin = max(since, end - QUIET_MINUTES * MINUTE)
    minutes = max(timedelta(), end - begin) // MINUTE
    if minutes < QUIET_MINUTES_MIN or any(each.unreadable for each in series):
        return None
    blue, _ = _sums(m for each in series for m in each.minutes if begin <= m.at and m.at + MINUTE <= end)
    return Residual(until=end, minutes=minutes, requests=blue.requests)
