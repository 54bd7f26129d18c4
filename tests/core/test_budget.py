"""A plan must fit the history of one execution, whatever goes wrong on its way."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from crossfade.core.budget import EVENTS_MAX, events_needed, fits, spare_time
from crossfade.core.plan import Timing

MINUTE = timedelta(minutes=1)
BAKES = [10 * MINUTE] * 5


def test_an_ordinary_plan_leaves_most_of_the_history_unused() -> None:
    assert events_needed(BAKES, 30 * MINUTE, Timing()) < EVENTS_MAX / 3


def test_every_look_of_the_longest_run_is_counted() -> None:
    timing = Timing(poll=MINUTE, margin=MINUTE, propagation=2 * MINUTE, patience=3 * MINUTE, rollback=10 * MINUTE)
    moving, baking, soaking, completing, rolling_back = 8 + 1, 1 + 5 + 3 + 1, 7 + 3 + 1, 8 + 1, 10 + 1

    looks = moving + baking + soaking + completing + rolling_back

    assert events_needed([5 * MINUTE], 7 * MINUTE, timing) == 9 * looks


def test_a_plan_of_two_days_needs_a_slower_poll() -> None:
    soak = timedelta(days=2)

    assert not fits(BAKES, soak, Timing())
    assert fits(BAKES, soak, Timing(poll=5 * MINUTE))


def test_people_may_take_hours_but_not_for_ever() -> None:
    assert timedelta(hours=8) < spare_time(BAKES, 30 * MINUTE, Timing()) < timedelta(hours=24)
    assert spare_time(BAKES, timedelta(days=2), Timing()) == timedelta(0)


minutes = st.integers(0, 300).map(lambda count: count * MINUTE)


@given(bakes=st.lists(minutes, min_size=1, max_size=10), soak=minutes, more=minutes)
def test_what_is_watched_longer_never_needs_less(bakes: list[timedelta], soak: timedelta, more: timedelta) -> None:
    needed = events_needed(bakes, soak, Timing())

    assert events_needed([*bakes[:-1], bakes[-1] + more], soak, Timing()) >= needed
    assert events_needed(bakes, soak + more, Timing()) >= needed
    assert events_needed([*bakes, more], soak, Timing()) > needed


@given(bakes=st.lists(minutes, min_size=1, max_size=10), soak=minutes)
def test_the_spare_time_fits_beside_the_plan_and_not_much_more_does(bakes: list[timedelta], soak: timedelta) -> None:
    timing = Timing()
    if fits(bakes, soak, timing):
        spare = spare_time(bakes, soak, timing)

        assert fits(bakes, soak + spare, timing)
        assert not fits(bakes, soak + spare + 2 * timing.poll, timing)
