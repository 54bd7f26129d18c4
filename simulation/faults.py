"""What can go wrong: faults at one call, and troubles of the estate over a time.

A fault is named by where it strikes (the n-th call over a seam, counted over the whole run) and how; a trouble by what
breaks, when and for how long. Both are plain data, so a run can be repeated and shortened.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Final, TypeVar

T = TypeVar("T")

_HOUR: Final = 3600


class How(StrEnum):
    """How one call goes wrong."""

    REFUSED = "refused"  # throttled or unavailable, nothing happened
    ANSWER_LOST = "answer_lost"  # it took effect, the caller is told that it failed
    CRASH_BEFORE = "crash_before"  # the function dies before the call
    CRASH_AFTER = "crash_after"  # the function dies after the call took effect
    LATE = "late"  # the function is given up as timed out; the call takes effect later
    STOP = "stop"  # somebody stops the execution at this instant; the function runs on


class Trouble(StrEnum):
    """What breaks for a while, or for good."""

    GREEN_BAD = "green_bad"  # green fails requests: its alarm fires
    ONE_BAD = "one_bad"  # the same of the last workload alone; only where plans are about that
    GREEN_ALARM_SILENT = "green_alarm_silent"  # no data
    ALARM_DELETED = "alarm_deleted"
    BLUE_EXTERNAL_DNS = "blue_external_dns"  # stuck
    GREEN_EXTERNAL_DNS = "green_external_dns"
    BLUE_API = "blue_api"  # does not answer
    GREEN_API = "green_api"
    BLUE_DEAD = "blue_dead"  # blue has no healthy target: it fails every request that it gets
    BLUE_SHRUNK = "blue_shrunk"  # half of blue's targets are gone; what is left still serves
    ROUTE53 = "route53"  # throttled: for us and for every ExternalDNS
    BALANCER = "balancer"  # Elastic Load Balancing is throttled: no listener rule is read or written
    LEDGER = "ledger"  # throttled
    CLOUDWATCH = "cloudwatch"  # does not answer
    NOTIFIER = "notifier"  # down
    DRIFT = "drift"  # a person edits green's weight
    DUPLICATE = "duplicate"  # a second start
    HOLD = "hold"  # a person holds the migration, for as long as it lasts
    ABORT = "abort"  # a person aborts it
    ALARM_FLASH = "alarm_flash"  # an alarm is in ALARM for a moment that no look meets
    ALARM_EVENTS = "alarm_events"  # the events of alarms are lost; looks are left
    CLOCK_AHEAD = "clock_ahead"  # the state machine's clock is ahead of all others, by one to two minutes
    CLOCK_BEHIND = "clock_behind"  # the same, behind
    STATUS_EVENTS = "status_events"  # the status events of Step Functions are lost; the sweeper is left


class CrashError(BaseException):
    """The function dies here; not an Exception, so that no handler survives it."""


class LateError(BaseException):
    """The function is given up here; what it would have done happens later."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One call goes wrong: the *at*-th over all seams, from 0."""

    at: int
    how: How

    def __str__(self) -> str:
        return f"call {self.at} {self.how.value}"


@dataclass(frozen=True, slots=True)
class Spell:
    """A trouble from *begins* seconds after the start, for *lasts* seconds."""

    trouble: Trouble
    begins: int
    lasts: int

    @property
    def passes(self) -> int:
        """For how many seconds its end is waited for: what lasts for longer than an hour is there for good."""
        return self.lasts if self.lasts <= _HOUR else 0

    def __str__(self) -> str:
        return f"{self.trouble.value} at +{self.begins} s for {self.lasts} s"


@dataclass
class Seams:
    """
    Counts calls and lets faults strike.

    Attributes:
        faults: By the number of the call.
        calls: The names of all calls so far.
        struck: The faults that did strike, in words.
        stop: Stops the running execution.
        later: Lets something happen after some seconds.
        random: For how late a late call is.
    """

    faults: Mapping[int, How] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    stop: Callable[[], None] = lambda: None
    later: Callable[[float, Callable[[], None]], None] = lambda _seconds, _action: None
    random: Random = field(default_factory=Random)

    def call(
        self,
        name: str,
        action: Callable[[], T],
        refusal: Callable[[str], Exception],
        *,
        late: bool = False,
        within: float = 900,
    ) -> T:
        """
        Make the call *name*, unless a fault strikes it.

        Args:
            name: Seam and call, such as `ledger: save`.
            action: What is called.
            refusal: The error of a refused call, made of a message.
            late: Whether the call can still take effect after the caller was given up.
            within: How many seconds later at most.
        """
        number = len(self.calls)
        self.calls.append(name)
        how = self.faults.get(number)
        if how is None:
            return action()
        self.struck.append(f"call {number} ({name}): {how.value}")
        return self._strike(how, action, refusal(f"{name}: asked to fail; try again"), within=within if late else 0)

    def _strike(self, how: How, action: Callable[[], T], refusal: Exception, *, within: float) -> T:
        match how:
            case How.REFUSED:
                raise refusal
            case How.CRASH_BEFORE:
                raise CrashError
            case How.LATE:
                if within:
                    self.later(self.random.uniform(1, within), lambda: _quietly(action))
                raise LateError
            case How.STOP:
                self.stop()
                return action()
            case How.ANSWER_LOST:
                action()
                raise refusal
            case How.CRASH_AFTER:
                action()
                raise CrashError


def _quietly(action: Callable[[], object]) -> None:
    """A late call tells nobody how it went."""
    with suppress(Exception, CrashError, LateError):
        action()
