"""Virtual time: one clock for the embedded cloud, moved only by whoever waits.

The thread that runs the state machine owns the time: when it waits, everything that is due until then happens in
order, in that thread. So a run has one order of events, whatever the machine is doing. The whole process sees this
time (`time-machine`); monotonic clocks stay real. This file knows nothing of AWS.
"""

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import time_machine

Action = Callable[[], None]


class Clock:
    """
    A clock that jumps from event to event.

    Args:
        start: The first instant, UTC-aware.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._due: list[tuple[datetime, int, Action]] = []
        self._sequence = itertools.count()
        self._traveller = time_machine.travel(start, tick=False)
        self._coordinates: time_machine.Traveller | None = None

    def __enter__(self) -> Self:
        self._coordinates = self._traveller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._traveller.stop()
        self._coordinates = None

    @property
    def now(self) -> datetime:
        """The present instant, UTC."""
        return self._now

    def at(self, when: datetime, action: Action) -> None:
        """Let *action* happen at *when*, or at once when that is past, in order of time and then of asking."""
        heapq.heappush(self._due, (max(when, self._now), next(self._sequence), action))

    def after(self, delay: timedelta, action: Action) -> None:
        """Let *action* happen *delay* from now."""
        self.at(self._now + delay, action)

    def every(self, interval: timedelta, action: Action, *, first: timedelta | None = None) -> None:
        """Let *action* happen again and again, for the first time *first* (or one *interval*) from now."""

        def again() -> None:
            self.after(interval, again)
            action()

        self.after(interval if first is None else first, again)

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass: everything due until then happens now, in order."""
        self.run_until(self._now + timedelta(seconds=seconds))

    def run_until(self, end: datetime, *, stop: Callable[[], bool] = lambda: False) -> None:
        """Let time pass until *end*, or until *stop* says so after an event."""
        while self._due and self._due[0][0] <= end:
            when, _, action = heapq.heappop(self._due)
            self._move_to(when)
            action()
            if stop():
                return
        self._move_to(max(end, self._now))

    def _move_to(self, when: datetime) -> None:
        if when > self._now:
            self._now = when
            if self._coordinates is not None:
                self._coordinates.move_to(when, tick=False)
