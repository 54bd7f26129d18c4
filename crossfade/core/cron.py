"""When a schedule fires: EventBridge Scheduler's `cron(…)` and `at(…)`, as far as a check of a configuration needs it.

Six fields: minutes, hours, day of the month, month, day of the week, year; of the two days one is `?`. Known are
`* , - / ? L W #` as documented there. A local time that a clock change leaves out does not fire.
Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], start=1
    )
}
_DAYS: Final = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
_YEARS: Final = (1970, 2199)
_LONGEST_WAIT: Final = timedelta(days=8 * 366 + 7)
"""From one 29 February to the next there are at most eight years."""
_SATURDAY: Final = 5

OnDay = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Cron:
    """
    A cron expression, read.

    Attributes:
        minutes: Of each matching hour, in order.
        hours: Of each matching day, in order.
        months: From 1.
        years: Calendar years; None for every one.
        on_day: Whether a day matches, by its place in the month or in the week.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int] | None
    on_day: OnDay

    def firings(self, timezone: str, after: datetime, *, until: datetime | None = None) -> Iterator[datetime]:
        """All instants (UTC) after *after* at which it fires; up to *until*, or until eight years bring none."""
        zone = ZoneInfo(timezone)
        day, quiet_since = after.astimezone(zone).date(), after
        while day <= _last_day(until or quiet_since + _LONGEST_WAIT):
            for at in self._on(day, zone):
                if at > after and (until is None or at <= until):
                    quiet_since = at
                    yield at
            day += timedelta(days=1)

    def _on(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        if day.month not in self.months or (self.years is not None and day.year not in self.years):
            return
        if not self.on_day(day):
            return
        for hour in self.hours:
            for minute in self.minutes:
                local = datetime.combine(day, time(hour, minute), zone)
                at = local.astimezone(UTC)
                if at.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                    yield at


def _last_day(limit: datetime) -> date:
    return min(limit.date(), date(_YEARS[1], 12, 30)) + timedelta(days=1)


def read_cron(expression: str) -> Cron:
    """
    Read `cron(0 6 ? * TUE *)`.

    Raises:
        ValueError: It is none; the message says which field breaks which rule.
    """
    fields = expression.removeprefix("cron(").removesuffix(")").upper().split()
    minutes, hours, day_of_month, month, day_of_week, year = fields
    if (day_of_month == "?") == (day_of_week == "?"):
        msg = "exactly one of day of month and day of week has to be ?"
        raise ValueError(msg)
    return Cron(
        minutes=tuple(sorted(_values(minutes, "minutes", 0, 59))),
        hours=tuple(sorted(_values(hours, "hours", 0, 23))),
        months=frozenset(_values(month, "month", 1, 12, _MONTHS)),
        years=None if year == "*" else frozenset(_values(year, "year", *_YEARS)),
        on_day=_in_month(day_of_month) if day_of_week == "?" else _in_week(day_of_week),
    )


def read_at(expression: str, timezone: str) -> datetime:
    """
    Read `at(2026-01-31T06:00:00)`, in *timezone*; the instant is in UTC.

    Raises:
        ValueError: There is no such time.
    """
    local = datetime.fromisoformat(expression.removeprefix("at(").removesuffix(")"))
    return local.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def _values(text: str, name: str, least: int, most: int, words: Mapping[str, int] | None = None) -> set[int]:
    """The numbers that one field stands for."""
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            begin, end = least, most
        else:
            begin = _number(first, name, least, most, words)
            end = _number(last, name, least, most, words) if last else (most if step else begin)
        every = _number(step, name, 1, most) if step else 1
        if end < begin:
            msg = f"{name}: {span} runs backwards"
            raise ValueError(msg)
        found.update(range(begin, end + 1, every))
    return found


def _number(text: str, name: str, least: int, most: int, words: Mapping[str, int] | None = None) -> int:
    value = (words or {}).get(text, int(text) if text.isascii() and text.isdecimal() else None)
    if value is None or not least <= value <= most:
        msg = f"{name}: {text or 'nothing'} is not one of {least} to {most}"
        raise ValueError(msg)
    return value


def _in_month(text: str) -> OnDay:
    if text == "L":
        return lambda day: day.day == _length(day)
    if text == "LW":
        return lambda day: day == _nearest_weekday(day.replace(day=_length(day)))
    if found := re.fullmatch(r"(\d{1,2})W", text):
        wanted = _number(found[1], "day of month", 1, 31)
        return lambda day: wanted <= _length(day) and day == _nearest_weekday(day.replace(day=wanted))
    days = _values(text, "day of month", 1, 31)
    return lambda day: day.day in days


def _in_week(text: str) -> OnDay:
    name = "day of week"
    if found := re.fullmatch(r"(\w{1,3})#(\d)", text):
        wanted, which = _number(found[1], name, 1, 7, _DAYS), _number(found[2], name, 1, 5)
        return lambda day: _day_of_week(day) == wanted and (day.day - 1) // 7 + 1 == which
    if found := re.fullmatch(r"(\d|[A-Z]{3})L", text):
        wanted = _number(found[1], name, 1, 7, _DAYS)
        return lambda day: _day_of_week(day) == wanted and day.day > _length(day) - 7
    days = _values("SAT" if text == "L" else text, name, 1, 7, _DAYS)
    return lambda day: _day_of_week(day) in days


def _day_of_week(day: date) -> int:
    """From 1, Sunday, to 7."""
    return day.isoweekday() % 7 + 1


def _length(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date) -> date:
    """*day*, or the Monday to Friday next to it in the same month."""
    if day.weekday() < _SATURDAY:
        return day
    is_saturday = day.weekday() == _SATURDAY
    if is_saturday:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    return day + timedelta(days=1) if day.day < _length(day) else day - timedelta(days=2)
