"""EventBridge Scheduler: what a template's schedules ask of Step Functions, by the clock of their own time zone.

Known here are `cron(…)` of numbers, names, lists, spans and steps, `rate(…)` and `at(…)`, without a flexible window,
and StartExecution as the universal target; what a template says beyond that is an error. Delivery is at least once: a
try that fails is made again until the policy of the schedule says no, then it is a dead letter. Each try has an
execution id of its own. How long the service waits between two tries is not documented; here it is a minute.
Sources: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html,
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
"""

import itertools
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from world.clock import Appointment, Clock
from world.events import UnknownRuleError, interval_of
from world.permissions import Request, Statement

Json = Mapping[str, Any]
Start = Callable[[str, str | None, Any], str]
"""How an execution is asked for: machine, name, input."""

LATENESS: Final = timedelta(seconds=20)
"""After the minute that the expression names; documented is a precision of 60 seconds."""
BETWEEN_TRIES: Final = timedelta(minutes=1)

_TARGET: Final = "arn:aws:scheduler:::aws-sdk:sfn:startExecution"
_YEARS: Final = 8
"""From one 29 February to the next there are at most so many."""
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: Final[Sequence[tuple[int, int, Sequence[str]]]] = (
    (0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, _MONTHS), (1, 7, _WEEKDAYS), (1970, 2199, ()),
)  # fmt: skip
"""The least and the greatest value of each field, and the names that stand for the values from the least on."""


class NotDeliveredError(Exception):
    """A try to start an execution failed; the message says why."""


@dataclass(frozen=True)
class Schedule:
    """
    One schedule of a template that is on.

    Attributes:
        expression: When it fires.
        timezone: Of the expression.
        request: What it sends to StartExecution, with `<aws.scheduler.…>` where the service puts something in.
        latest: How old a start may become before it is given up.
        retries: How often it is tried again.
        role: What it may do.
        dead_letters: The ARN of the queue for starts that were given up.
    """

    expression: str
    timezone: str
    request: str
    latest: timedelta
    retries: int
    role: tuple[Statement, ...]
    dead_letters: str

    def firings(self, after: datetime) -> Iterator[datetime]:
        """
        When it fires from *after* on, UTC, in order.

        Raises:
            UnknownRuleError: The expression is not one that is known here.
        """
        kind, _, words = self.expression.removesuffix(")").partition("(")
        match kind:
            case "at":
                at = datetime.fromisoformat(words).replace(tzinfo=ZoneInfo(self.timezone)).astimezone(UTC)
                return iter([at] if at >= after else [])
            case "rate":  # without a start date its first start comes at once
                interval = interval_of(self.expression)
                return (after + number * interval for number in itertools.count())
            case _:
                return _of_cron(words, ZoneInfo(self.timezone), after)


@dataclass(frozen=True)
class DeadLetter:
    """A start that was given up: the queue it went to, what it asked for, and why it was not delivered."""

    queue: str
    request: str
    error: str


class Schedules:
    """
    All schedules of one account and Region.

    Args:
        clock: Its time.
        start: Asks for an execution.

    Attributes:
        copies: How often each start is delivered; "at least once" means that it can be more.
        unreachable_until: Until then Step Functions does not answer; None when it does.
        dead: What was given up, oldest first.
    """

    def __init__(self, clock: Clock, start: Start) -> None:
        self.copies = 1
        self.unreachable_until: datetime | None = None
        self.dead: list[DeadLetter] = []
        self._clock = clock
        self._start = start
        self._due: list[Appointment] = []
        self._ids = itertools.count(1)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Afterwards nothing fires any more."""
        try:
            yield
        finally:
            for appointment in self._due:
                appointment.cancel()

    def add(self, schedules: Iterable[Schedule]) -> None:
        """Let *schedules* fire from now on."""
        for schedule in schedules:
            self._await(schedule, schedule.firings(self._clock.now))

    def _await(self, schedule: Schedule, firings: Iterator[datetime]) -> None:
        """Ask for the next firing only: a schedule has no end."""
        if (due := next(firings, None)) is not None:
            self._due.append(self._clock.at(due + LATENESS, partial(self._fire, schedule, due, firings)))

    def _fire(self, schedule: Schedule, due: datetime, firings: Iterator[datetime]) -> None:
        for _ in range(self.copies):
            self._clock.spawn(partial(self._deliver, schedule, due))
        self._await(schedule, firings)

    def _deliver(self, schedule: Schedule, due: datetime) -> None:
        why = ""
        for attempt in range(1, schedule.retries + 2):
            request = self._filled(schedule.request, due, attempt)
            try:
                self._try(schedule, request)
            except NotDeliveredError as error:
                why = str(error)
            else:
                return
            if self._clock.now + BETWEEN_TRIES - due > schedule.latest:
                break
            self._clock.sleep(BETWEEN_TRIES.total_seconds())
        self._give_up(schedule, request, why)

    def _filled(self, request: str, due: datetime, attempt: int) -> str:
        """*request* with what the service puts in."""
        attributes = {
            "execution-id": str(uuid.UUID(int=next(self._ids))),
            "scheduled-time": f"{due:%Y-%m-%dT%H:%M:%SZ}",
            "attempt-number": str(attempt),
        }
        for name, value in attributes.items():
            request = request.replace(f"<aws.scheduler.{name}>", value)
        return request

    def _try(self, schedule: Schedule, request: str) -> None:
        asked = json.loads(request)
        if not _may(schedule, "states:StartExecution", asked["StateMachineArn"]):
            msg = "AccessDeniedException: the role of the schedule may not start this machine"
            raise NotDeliveredError(msg)
        if self.unreachable_until is not None and self._clock.now < self.unreachable_until:
            msg = "ThrottlingException: Step Functions does not answer"
            raise NotDeliveredError(msg)
        self._start(asked["StateMachineArn"], asked.get("Name"), json.loads(asked.get("Input", "{}")))

    def _give_up(self, schedule: Schedule, request: str, why: str) -> None:
        if _may(schedule, "sqs:SendMessage", schedule.dead_letters):
            self.dead.append(DeadLetter(schedule.dead_letters, request, why))


def _may(schedule: Schedule, action: str, resource: str) -> bool:
    return any(statement.allows(Request(action, resource)) for statement in schedule.role)


def read_schedule(properties: Json, role: tuple[Statement, ...]) -> Schedule:
    """
    A schedule of a template.

    Args:
        properties: Of the template, resolved.
        role: What the role of its target may do.

    Raises:
        UnknownRuleError: It has a flexible window, or another target than StartExecution.
    """
    target, window = properties["Target"], properties["FlexibleTimeWindow"]
    unknown = set(target) - {"Arn", "Input", "RoleArn", "RetryPolicy", "DeadLetterConfig"}
    if target["Arn"] != _TARGET or unknown or window != {"Mode": "OFF"}:
        msg = f"the schedule {properties} is not known here; teach it to world/schedules.py"
        raise UnknownRuleError(msg)
    policy = target["RetryPolicy"]
    return Schedule(
        expression=properties["ScheduleExpression"],
        timezone=properties["ScheduleExpressionTimezone"],
        request=target["Input"],
        latest=timedelta(seconds=policy["MaximumEventAgeInSeconds"]),
        retries=policy["MaximumRetryAttempts"],
        role=role,
        dead_letters=target["DeadLetterConfig"]["Arn"],
    )


def _of_cron(words: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    fields = words.split()
    minutes, hours, days, months, weekdays, years = (
        _values(field, *known) for field, known in zip(fields, _FIELDS, strict=True)
    )
    day, quiet_since = after.astimezone(zone).date(), after
    while day.year <= quiet_since.year + _YEARS:
        if day.month in months and day.day in days and day.isoweekday() % 7 + 1 in weekdays and day.year in years:
            for at in _on(day, hours, minutes, zone):
                if at > after:
                    quiet_since = at
                    yield at
        day += timedelta(days=1)


def _on(day: date, hours: Sequence[int], minutes: Sequence[int], zone: ZoneInfo) -> Iterator[datetime]:
    """Without the local times that a clock change leaves out."""
    for hour, minute in itertools.product(hours, minutes):
        at = datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
        if at.astimezone(zone).hour == hour:
            yield at


def _values(field: str, least: int, most: int, names: Sequence[str]) -> list[int]:
    """What *field* stands for, in order."""
    if field in {"*", "?"}:
        return list(range(least, most + 1))
    found: set[int] = set()
    for part in field.upper().split(","):
        form = re.fullmatch(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?", part)
        if form is None:
            raise _unknown(field)
        first = least if form[1] == "*" else _value(form[1], least, names)
        open_end = most if form[3] else first
        last = _value(form[2], least, names) if form[2] else open_end
        found.update(range(first, last + 1, int(form[3] or 1)))
    return sorted(found)


def _value(word: str, least: int, names: Sequence[str]) -> int:
    if word in names:
        return least + names.index(word)
    if not word.isdecimal():
        raise _unknown(word)
    return int(word)


def _unknown(words: str) -> UnknownRuleError:
    return UnknownRuleError(f"{words} in a cron expression is not known here; teach it to world/schedules.py")
