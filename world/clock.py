"""Virtual time: one clock for the embedded cloud, and the order in which everything in it happens.

Time jumps from one appointment to the next; between two of them nothing happens and no real time is spent. Things
that take time (an execution of a state machine, a slow function) are processes: each has a thread, but only one of
all threads runs at any moment, until it sleeps or ends. So a run has one order of events, always the same.
Whoever calls `run_until` or `sleep` from outside is the driver: an error in an event or a process reaches it.

The whole operating-system process sees this time (`time-machine`); monotonic clocks stay real.
This file knows nothing of AWS.
"""

import heapq
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import time_machine

Action = Callable[[], object]
"""What it returns is nobody's business."""


class TimeLimitError(TimeoutError):
    """A process wanted to sleep past a limit that `Clock.limit` had set."""


class Escape(BaseException):
    """Carries an error of an onlooker past everything that handles errors, up to the driver. See `escaping`."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def escaping() -> Iterator[None]:
    """Inside, an error is not the business of the process that runs: it reaches the driver as it is."""
    try:
        yield
    except Exception as error:
        raise Escape(error) from error


class _KilledError(BaseException):
    """Unwinds a process that has to end; not an Exception, so that nothing handles it by accident."""


class Appointment:
    """Something that will happen, unless it is cancelled."""

    def __init__(self, action: Action) -> None:
        self._action: Action | None = action

    def cancel(self) -> None:
        """Let it not happen; cancelling twice, or afterwards, changes nothing."""
        self._action = None

    def keep(self) -> bool:
        """Let it happen now, for whoever runs the clock. False when it was cancelled."""
        if self._action is None:
            return False
        self._action()
        return True


@dataclass
class _Turn:
    """Whose turn it is: what a clock and its processes share."""

    running: "Process | None" = None
    processes: "set[Process]" = field(default_factory=set)
    is_driven: bool = False


class Clock:
    """
    A clock that jumps from event to event.

    Args:
        start: The first instant, UTC-aware.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._due: list[tuple[datetime, int, Appointment]] = []
        self._sequence = itertools.count()
        self._traveller = time_machine.travel(start, tick=False)
        self._coordinates: time_machine.Traveller | None = None
        self._turn = _Turn()

    def __enter__(self) -> Self:
        self._coordinates = self._traveller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in tuple(self._turn.processes):
            process.kill()
        self._traveller.stop()
        self._coordinates = None

    @property
    def now(self) -> datetime:
        """The present instant, UTC."""
        return self._now

    @property
    def process(self) -> "Process | None":
        """The process that runs at this moment; None for an event, or for whoever drives the clock."""
        return self._turn.running

    def at(self, when: datetime, action: Action) -> Appointment:
        """Let *action* happen at *when*, or at once when that is past, in order of time and then of asking."""
        appointment = Appointment(action)
        self._ask(when, appointment)
        return appointment

    def after(self, delay: timedelta, action: Action) -> Appointment:
        """Let *action* happen *delay* from now."""
        return self.at(self._now + delay, action)

    def every(self, interval: timedelta, action: Action, *, first: timedelta | None = None) -> Appointment:
        """Let *action* happen again and again, for the first time *first* (or one *interval*) from now."""

        def again() -> None:
            self._ask(self._now + interval, appointment)
            action()

        appointment = Appointment(again)
        self._ask(self._now + (interval if first is None else first), appointment)
        return appointment

    def spawn(self, body: Action) -> "Process":
        """Begin *body* as a process, in its turn at this instant: not before the caller sleeps or returns."""
        return Process(self, self._turn, body)

    def sleep(self, seconds: float, *, interruptible: bool = False) -> None:
        """
        Let *seconds* pass: everything due until then happens meanwhile, in order.

        Args:
            seconds: How long; less than nothing is nothing.
            interruptible: Whether `Process.interrupt` ends this sleep early.

        Raises:
            TimeLimitError: At the instant of a `limit` that comes before the end of the sleep.
            RuntimeError: An event wants to sleep (it has no time of its own), or a thread that is not in charge.
        """
        until = self._now + timedelta(seconds=max(seconds, 0))
        if self._turn.running is None:
            self.run_until(until)
        else:
            self._turn.running.sleep(until, interruptible=interruptible)

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Inside, a process that would sleep past *seconds* from now gets a TimeLimitError at that instant."""
        process = self._turn.running
        if process is None:
            yield
            return
        before = process.deadline
        mine = self._now + timedelta(seconds=seconds)
        process.deadline = mine if before is None else min(before, mine)
        try:
            yield
        finally:
            process.deadline = before

    def run_until(self, end: datetime, *, stop: Callable[[], bool] = lambda: False) -> None:
        """
        Let time pass until *end*, or until *stop* says so after an event.

        Raises:
            RuntimeError: Time passes already: an event cannot wait, nor can a second thread drive.
        """
        if self._turn.is_driven:
            msg = "time is already passing: an event cannot wait and only one thread may drive; use Clock.spawn"
            raise RuntimeError(msg)
        self._turn.is_driven = True
        try:
            self._drive(end, stop)
        except Escape as escape:
            raise escape.error from escape.error.__cause__
        finally:
            self._turn.is_driven = False

    def _drive(self, end: datetime, stop: Callable[[], bool]) -> None:
        while self._due and self._due[0][0] <= end:
            when, _, appointment = heapq.heappop(self._due)
            self._move_to(when)
            if appointment.keep() and stop():
                return
        self._move_to(end)

    def _ask(self, when: datetime, appointment: Appointment) -> None:
        heapq.heappush(self._due, (max(when, self._now), next(self._sequence), appointment))

    def _move_to(self, when: datetime) -> None:
        if when > self._now:
            by, self._now = when - self._now, when
            if self._coordinates is not None:
                self._coordinates.shift(by)  # to move to an instant would set the time zone of the process anew


class Process:
    """
    Something that takes time. It runs in a thread of its own, while everything else stands still.

    Attributes:
        deadline: The nearest limit that it runs under, or None.
    """

    def __init__(self, clock: Clock, turn: _Turn, body: Action) -> None:
        self.deadline: datetime | None = None
        self._clock = clock
        self._turn = turn
        self._body = body
        self._go = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._error: BaseException | None = None
        self._killed = False
        self._interruptible = False
        self._thread = threading.Thread(target=self._main, name="world process", daemon=True)
        self._thread.start()
        turn.processes.add(self)
        self._wake = clock.at(clock.now, self._resume)

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return self in self._turn.processes

    def sleep(self, until: datetime, *, interruptible: bool) -> None:
        """Sleep until *until*; only the process itself may ask for it. See `Clock.sleep`."""
        if threading.get_ident() != self._thread.ident:
            msg = "only the running process may sleep; a thread of its own making may not"
            raise RuntimeError(msg)
        ends = until if self.deadline is None else min(until, self.deadline)
        self._wake = self._clock.at(ends, self._resume)
        self._interruptible = interruptible
        self._park()
        self._interruptible = False
        if ends < until and self._clock.now >= ends:
            msg = f"the time limit passed at {ends.isoformat()}"
            raise TimeLimitError(msg)

    def interrupt(self) -> None:
        """End its interruptible sleep and let it run on now; otherwise change nothing."""
        if self._interruptible:
            self._wake.cancel()
            self._resume()

    def kill(self) -> None:
        """Let it end where it sleeps, without doing anything more; wait for that."""
        self._killed = True
        self._wake.cancel()
        self._go.release()
        self._thread.join()

    def _main(self) -> None:
        self._go.acquire()
        try:
            if not self._killed:
                self._body()
        except _KilledError:
            pass
        except BaseException as error:  # noqa: BLE001  # it is raised again in the thread that waits for this one
            self._error = error
        finally:
            self._turn.processes.discard(self)
            self._back.release()

    def _resume(self) -> None:
        """Run it until it sleeps or ends. What goes wrong in it goes wrong here."""
        before, self._turn.running = self._turn.running, self
        self._go.release()
        self._back.acquire()
        self._turn.running = before
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def _park(self) -> None:
        self._back.release()
        self._go.acquire()
        if self._killed:
            raise _KilledError
