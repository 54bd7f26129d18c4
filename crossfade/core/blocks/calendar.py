"""The part of the configuration that says when migrations may start, and what is wrong with it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from crossfade.core.blocks.starts import ScheduleConfig
from crossfade.core.calendar import HORIZON, Calendar, Day, Freeze, Window, is_in
from crossfade.core.cron import Cron, read_at, read_cron
from crossfade.core.duration import format_duration
from crossfade.core.entry import Entry, Switch
from crossfade.core.fault import Path, sentence
from crossfade.core.forms import Form, Instant, TimeZone, Words, shown

_ANY_DAY: Final = datetime(2024, 1, 1, tzinfo=UTC)
"""A Monday: where only the week matters, and nobody says what day it is."""
_TRIED_MAX: Final = 5_000
"""So many starts of one schedule are looked at; one that fires every minute finds a window long before."""


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        msg = f"there is no time zone {shown(zone)}; write an IANA name such as Europe/Dublin"
        raise ValueError(msg) from error
    return zone


TimeOfDay = Annotated[
    str, Form(r"([01][0-9]|2[0-3]):[0-5][0-9]", "must be a time of day from 00:00 to 23:59, in quotes", 5)
]


class WindowConfig(Entry):
    """A time of the week in which migrations may run."""

    days: tuple[Day, ...] = Field(min_length=1, description="On which it opens.")
    opens: TimeOfDay = Field(description="Local time, in quotes.")
    closes: TimeOfDay = Field(description="Local time; on the next day unless it is later than opens.")


class FreezeConfig(Entry):
    """A time in which nothing may start or still run."""

    begins: Instant = Field(description="An instant with a zone.")
    ends: Instant = Field(description="An instant with a zone.")
    reason: Words = Field(description="For whoever is refused.")


class CalendarConfig(Entry):
    """When migrations may start: the whole run has to fit into a window, and into no freeze."""

    timezone: Annotated[TimeZone, AfterValidator(_known)] = Field(
        default="UTC", description="The IANA time zone of the windows."
    )
    windows: tuple[WindowConfig, ...] = Field(default=(), description="Weekly; without one every time is open.")
    freezes: tuple[FreezeConfig, ...] = Field(default=(), description="They close every window.")
    override: Switch = Field(
        default=False, description="Whether a start may give a reason (its input override) and be let through."
    )

    @property
    def calendar(self) -> Calendar:
        """The checked form."""
        return Calendar(
            timezone=self.timezone,
            windows=tuple(
                Window(days=each.days, opens=time.fromisoformat(each.opens), closes=time.fromisoformat(each.closes))
                for each in self.windows
            ),
            freezes=tuple(Freeze(begins=each.begins, ends=each.ends, reason=each.reason) for each in self.freezes),
        )


Lengths = Mapping[str, timedelta]
"""How long each plan may take at the slowest, by name."""


def calendar_faults(config: CalendarConfig | None, lengths: Lengths, now: datetime | None) -> Iterator[str]:
    """What is wrong with windows and freezes; *now* (UTC) lets freezes be judged, which have dates."""
    if config is None:
        return
    for index, window in enumerate(config.windows):
        path: Path = ("calendar", "windows", index)
        if window.opens == window.closes:
            yield sentence((*path, "closes"), f"{window.closes!r} is when it opens; a window needs a length")
        if len(set(window.days)) < len(window.days):
            yield sentence((*path, "days"), "a day stands here twice; remove one")
    for index, freeze in enumerate(config.freezes):
        if freeze.ends <= freeze.begins:
            yield sentence(("calendar", "freezes", index, "ends"), "is not after begins; move it forward")
    yield from _room_faults(config, lengths, now)


def _room_faults(config: CalendarConfig, lengths: Lengths, now: datetime | None) -> Iterator[str]:
    weekly = _weekly(config)
    for name, length in lengths.items():
        takes = f"plan {name}, which takes up to {format_duration(length)}"
        if weekly.next_start(now or _ANY_DAY, length) is None:
            yield sentence(("calendar", "windows"), f"no window has room for {takes}; make one longer")
        elif now is not None and config.calendar.next_start(now, length) is None:
            freezes = ("calendar", "freezes", len(config.freezes) - 1)
            rule = f"with it, no window of the next {HORIZON.days} days has room for {takes}; end it earlier"
            yield sentence(freezes, rule)


def _weekly(config: CalendarConfig) -> Calendar:
    """The windows alone: freezes have dates, and mean nothing to who does not know what day it is."""
    return config.calendar.model_copy(update={"freezes": ()})


def schedule_faults(
    config: CalendarConfig | None, schedules: tuple[ScheduleConfig, ...], lengths: Lengths, now: datetime | None
) -> Iterator[str]:
    """Schedules that never start anything: past, impossible, or never in a window."""
    for index, schedule in enumerate(schedules):
        path: Path = ("triggers", "schedules", index, "expression")
        try:
            _known(schedule.timezone)
            fault = _schedule_fault(config, schedule, lengths[schedule.plan], now)
        except ValueError as error:
            fault = f"{shown(schedule.expression)}: {error}"
        if fault:
            yield sentence(path, fault)


def _schedule_fault(
    config: CalendarConfig | None, schedule: ScheduleConfig, length: timedelta, now: datetime | None
) -> str:
    expression = shown(schedule.expression)
    if schedule.expression.startswith("at("):
        at = read_at(schedule.expression, schedule.timezone)
        if now is None:
            return ""
        if at <= now:
            return f"{expression} is past; move it forward or remove the schedule"
        starts: tuple[datetime, ...] = (at,)
    elif schedule.expression.startswith("cron("):
        cron = read_cron(schedule.expression)
        if not _fires(cron, schedule.timezone, now):
            return f"{expression} never fires; write a time that comes"
        starts = _starts(cron, schedule.timezone, now or _ANY_DAY)
    else:
        return ""  # rate(…) counts from its deployment: nobody knows at which minute
    if config is None or not starts or _is_possible(config, starts, length, now):
        return ""
    return (
        f"{expression} never starts in a window with room for plan {schedule.plan}, which takes up to "
        f"{format_duration(length)}; move it into one"
    )


def _fires(cron: Cron, timezone: str, now: datetime | None) -> bool:
    if now is None and cron.years is not None:
        return True  # whether these years are over depends on the day
    return next(cron.firings(timezone, now or _ANY_DAY), None) is not None


def _starts(cron: Cron, timezone: str, now: datetime) -> tuple[datetime, ...]:
    """Those of the next 400 days; none when they are too many to be looked at."""
    found = []
    for at in cron.firings(timezone, now, until=now + HORIZON):
        found.append(at)
        if len(found) > _TRIED_MAX:
            return ()
    return tuple(found)


def _is_possible(config: CalendarConfig, starts: tuple[datetime, ...], length: timedelta, now: datetime | None) -> bool:
    calendar = config.calendar if now is not None else _weekly(config)
    opened = calendar.opened(starts[0], starts[-1] + length)
    return any(is_in(opened, at, length) for at in starts)
