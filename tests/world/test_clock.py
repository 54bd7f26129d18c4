"""Virtual time: everything due happens in order, and only one thing at any moment."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from world.clock import Clock, TimeLimitError, escaping

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> Iterator[Clock]:
    with Clock(NINE) as clock:
        yield clock


def seconds(clock: Clock) -> float:
    return (clock.now - NINE).total_seconds()


def test_the_whole_process_sees_the_time_of_the_clock(clock: Clock) -> None:
    clock.sleep(90)

    assert clock.now == datetime.now(UTC) == NINE + timedelta(seconds=90)


def test_monotonic_clocks_stay_real(clock: Clock) -> None:
    before = time.monotonic()

    clock.sleep(3600)

    assert time.monotonic() - before < 60


def test_a_month_takes_no_time(clock: Clock) -> None:
    clock.sleep(timedelta(days=30).total_seconds())

    assert clock.now == NINE + timedelta(days=30)


def test_everything_due_happens_in_order_of_time_and_then_of_asking(clock: Clock) -> None:
    seen: list[tuple[str, float]] = []
    for name, delay in (("later", 20), ("first", 10), ("second", 10)):
        clock.after(timedelta(seconds=delay), partial(lambda name: seen.append((name, seconds(clock))), name))

    clock.sleep(15)

    assert seen == [("first", 10), ("second", 10)]
    clock.sleep(15)
    assert seen[2:] == [("later", 20)]


def test_what_is_asked_for_in_the_past_happens_at_once(clock: Clock) -> None:
    seen: list[float] = []
    clock.sleep(60)
    clock.at(NINE, lambda: seen.append(seconds(clock)))

    clock.sleep(0)

    assert seen == [60]


def test_a_repeated_action_keeps_its_beat_until_it_is_cancelled(clock: Clock) -> None:
    seen: list[float] = []
    beat = clock.every(MINUTE, lambda: seen.append(seconds(clock)), first=timedelta(seconds=10))

    clock.sleep(140)
    beat.cancel()
    clock.sleep(600)

    assert seen == [10, 70, 130]


def test_a_cancelled_appointment_does_not_happen(clock: Clock) -> None:
    seen: list[str] = []
    appointment = clock.after(MINUTE, lambda: seen.append("happened"))

    appointment.cancel()
    clock.sleep(120)

    assert seen == []


def test_run_until_stops_after_the_event_that_was_waited_for(clock: Clock) -> None:
    seen: list[float] = []
    clock.every(MINUTE, lambda: seen.append(seconds(clock)))

    clock.run_until(NINE + timedelta(days=1), stop=lambda: len(seen) == 3)

    assert seconds(clock) == 180


def test_an_error_in_an_event_reaches_the_driver(clock: Clock) -> None:
    def fail() -> None:
        msg = "the world broke"
        raise LookupError(msg)

    clock.after(MINUTE, fail)

    with pytest.raises(LookupError, match="the world broke"):
        clock.sleep(120)
    assert seconds(clock) == 60


def test_an_event_cannot_wait(clock: Clock) -> None:
    clock.after(MINUTE, lambda: clock.sleep(1))

    with pytest.raises(RuntimeError, match="an event cannot wait"):
        clock.sleep(120)


def test_a_second_thread_cannot_drive(clock: Clock) -> None:
    caught: list[Exception] = []

    def drive() -> None:
        try:
            clock.sleep(1)
        except RuntimeError as error:
            caught.append(error)

    def start_another_driver() -> None:
        thread = threading.Thread(target=drive)
        thread.start()
        thread.join()

    clock.after(MINUTE, start_another_driver)
    clock.spawn(start_another_driver)
    clock.sleep(120)

    assert len(caught) == 2


def test_processes_take_turns_and_sleep_exactly(clock: Clock) -> None:
    seen: list[tuple[str, float]] = []

    def walk(name: str, stride: float) -> None:
        for _ in range(3):
            seen.append((name, seconds(clock)))
            clock.sleep(stride)

    clock.spawn(lambda: walk("slow", 30))
    clock.spawn(lambda: walk("fast", 20))
    clock.sleep(100)

    assert seen == [("slow", 0), ("fast", 0), ("fast", 20), ("slow", 30), ("fast", 40), ("slow", 60)]


def test_a_process_begins_in_its_turn_and_not_inside_the_call_that_made_it(clock: Clock) -> None:
    seen: list[str] = []

    process = clock.spawn(lambda: seen.append("ran"))

    assert (seen, process.alive) == ([], True)
    clock.sleep(0)
    assert (seen, process.alive) == (["ran"], False)


def test_an_error_in_a_process_reaches_the_driver(clock: Clock) -> None:
    def fail_later() -> None:
        clock.sleep(60)
        msg = "the process broke"
        raise LookupError(msg)

    clock.spawn(fail_later)

    with pytest.raises(LookupError, match="the process broke"):
        clock.sleep(120)


def test_an_error_of_an_onlooker_passes_the_handlers_of_the_process(clock: Clock) -> None:
    def check() -> None:
        msg = "an invariant broke"
        raise AssertionError(msg)

    def careless() -> None:
        try:
            with escaping():
                check()
        except Exception:  # noqa: BLE001, S110  # what an interpreter would do
            pass

    clock.spawn(careless)

    with pytest.raises(AssertionError, match="an invariant broke"):
        clock.sleep(1)


def test_an_interrupted_sleep_ends_at_once_and_never_wakes_twice(clock: Clock) -> None:
    woken: list[float] = []

    def doze() -> None:
        clock.sleep(3600, interruptible=True)
        woken.append(seconds(clock))
        clock.sleep(7200, interruptible=True)

    process = clock.spawn(doze)
    clock.after(MINUTE, process.interrupt)
    clock.sleep(3600)

    assert woken == [60]
    assert process.alive


def test_an_ordinary_sleep_cannot_be_interrupted(clock: Clock) -> None:
    woken: list[float] = []

    def sleep() -> None:
        clock.sleep(3600)
        woken.append(seconds(clock))

    process = clock.spawn(sleep)
    clock.after(MINUTE, process.interrupt)
    clock.sleep(7200)

    assert woken == [3600]


def test_a_sleep_past_its_limit_ends_at_the_limit(clock: Clock) -> None:
    seen: list[tuple[str, float]] = []

    def hurry() -> None:
        try:
            with clock.limit(10):
                clock.sleep(4)
                seen.append(("within", seconds(clock)))
                clock.sleep(60)
        except TimeLimitError:
            seen.append(("late", seconds(clock)))
        clock.sleep(100)
        seen.append(("free again", seconds(clock)))

    clock.spawn(hurry)
    clock.sleep(200)

    assert seen == [("within", 4), ("late", 10), ("free again", 110)]


def test_the_nearest_of_two_limits_counts(clock: Clock) -> None:
    seen: list[float] = []

    def hurry() -> None:
        try:
            with clock.limit(10), clock.limit(900):
                clock.sleep(60)
        except TimeLimitError:
            seen.append(seconds(clock))

    clock.spawn(hurry)
    clock.sleep(200)

    assert seen == [10]


def test_leaving_the_clock_ends_every_process() -> None:
    unwound: list[str] = []

    def for_ever(inner: Clock) -> None:
        try:
            inner.sleep(10**6)
        finally:
            unwound.append("sleeping")

    with Clock(NINE) as inner:
        sleeping = inner.spawn(lambda: for_ever(inner))
        inner.sleep(1)
        unborn = inner.spawn(lambda: unwound.append("unborn"))

    assert unwound == ["sleeping"]
    assert not sleeping.alive
    assert not unborn.alive
