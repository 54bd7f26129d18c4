"""When a migration may start: weekly windows in local time, and freezes that close them.

Only the start is judged, with the time that the whole run may take; a person who lets it wait for an approval can
carry it past its window. Instants come in and go out in UTC. The one thing read from outside are the rules of time
zones (`zoneinfo`), which are data, not state.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from crossfade.core.duration import format_duration
from crossfade.core.model import Model

HORIZON: Final = timedelta(days=400)
"""How far ahead a free window is looked for: more than a year, so that a yearly freeze is seen whole."""

_DAY: Final = timedelta(days=1)


class Day(StrEnum):
    """A day of the week, as cron has it, in the order of Python's `date.weekday`."""

    MON = "MON"
    TUE = "TUE"
    WED = "WED"
    THU = "THU"
    FRI = "FRI"
    SAT = "SAT"
    SUN = "SUN"


class Window(Model):
    """
    A time of the week in which migrations may run.

    Attributes:
        days: On which it opens.
        opens: Local time.
        closes: Local time; on the next day unless it is later than *opens*.
    """

    days: tuple[Day, ...]
    opens: time
    closes: time


class Freeze(Model):
    """
    A time in which nothing starts or runs on.

    Attributes:
        begins: UTC.
        ends: UTC.
        reason: For people.
    """

    begins: datetime
    ends: datetime
    reason: str


Interval = tuple[datetime, datetime]
"""From the first to before the second, UTC."""


class Calendar(Model):
    """
    Windows and freezes. Without a window every time is open that is not frozen.

    Attributes:
        timezone: IANA name, of the windows.
        windows: At least one of them has to be open.
        freezes: None of them may touch the run.
    """

    timezone: str = "UTC"
    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()

    def opened(self, since: datetime, until: datetime) -> tuple[Interval, ...]:
        """All times between *since* and *until* in which a migration may run, in order, none touching the next."""
        whole = _joined(self._weekly(since, until)) if self.windows else ((since, until),)
        cut = [(max(begin, since), min(end, until)) for begin, end in whole]
        for freeze in self.freezes:
            cut = [part for interval in cut for part in _without(interval, freeze)]
        return tuple((begin, end) for begin, end in cut if begin < end)

    def allows(self, now: datetime, length: timedelta) -> bool:
        """Whether a run that begins at *now* and takes *length* lies in one window and in no freeze."""
        return is_in(self.opened(now, now + length), now, length)

    def next_start(self, now: datetime, length: timedelta) -> datetime | None:
        """The first instant from *now* on at which such a run may begin; None when there is none in 400 days."""
        free = (begin for begin, end in self.opened(now, now + HORIZON) if end - begin >= length)
        return next(free, None)

    def refusal(self, now: datetime, length: timedelta) -> str:
        """Why such a run may not begin at *now*, and when one may; empty when it may."""
        if self.allows(now, length):
            return ""
        begins = self.next_start(now, length)
        when = f"the next start is {shown(begins, self.timezone)}" if begins else "there is none in the next 400 days"
        frozen = [freeze for freeze in self.freezes if freeze.begins < now + length and now < freeze.ends]
        if frozen:
            until = shown(frozen[0].ends, self.timezone)
            return f"a freeze until {until} ({frozen[0].reason}) leaves no room for it; {when}"
        return f"no change window has room for the {format_duration(length)} that it may take; {when}"

    def _weekly(self, since: datetime, until: datetime) -> Iterator[Interval]:
        zone = ZoneInfo(self.timezone)
        day, last = since.date() - 2 * _DAY, until.date() + _DAY
        while day <= last:
            name = list(Day)[day.weekday()]
            for window in self.windows:
                if name in window.days:
                    yield _on(day, window, zone)
            day += _DAY


def is_in(opened: tuple[Interval, ...], now: datetime, length: timedelta) -> bool:
    """Whether *now* and the *length* after it lie in one of the intervals *opened*, which are in order."""
    index = bisect_right([begin for begin, _ in opened], now) - 1
    return index >= 0 and now + length <= opened[index][1]


def shown(at: datetime, timezone: str) -> str:
    """An instant for people, in their zone, with the day of the week."""
    return f"{at.astimezone(ZoneInfo(timezone)):%a %Y-%m-%d %H:%M} {timezone}"


def _on(day: date, window: Window, zone: ZoneInfo) -> Interval:
    ends = day if window.closes > window.opens else day + _DAY
    begin, end = datetime.combine(day, window.opens, zone), datetime.combine(ends, window.closes, zone)
    return begin.astimezone(UTC), end.astimezone(UTC)


def _joined(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Intervals in order, those that touch made one: Friday's night and Saturday's morning are one window."""
    joined: list[Interval] = []
    for begin, end in sorted(intervals):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return tuple(joined)


def _without(interval: Interval, freeze: Freeze) -> Iterator[Interval]:
    begin, end = interval
    if freeze.ends <= begin or end <= freeze.begins:
        yield interval
        return
    if begin < freeze.begins:
        yield begin, freeze.begins
    if freeze.ends < end:
        yield freeze.ends, end
