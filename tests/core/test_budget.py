"""A plan must fit the history of one execution, whatever goes wrong on its way."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from crossfade.core.budget import EVENTS_MAX, events_needed, fits, pause_after, spare_time
from crossfade.core.plan import Timing

MINUTE = timedelta(minutes=1)
BAKES = [10 * MINUTE] * 5


def test_an_ordinary_plan_leaves_most_of_the_history_unused() -> None:
    assert events_needed(BAKES, 30 * MINUTE, Timing()) < EVENTS_MAX / 3


def test_every_look_of_the_longest_run_is_counted() -> None:
    timing = Timing(poll=MINUTE, margin=MINUTE, propagation=2 * MINUTE, patience=3 * MINUTE, rollback=10 * MINUTE)
    following, baking, soaking = 1 + 1, 5 + 3 + 1, 7 + 3 + 1
    postponed = 2 + 1
    moving, completing, rolling_back = 8 + 1, 8 + 1, 10 + 1

    needed = 9 * (postponed + moving + completing + rolling_back) + 13 * (following + baking + soaking)

    assert events_needed([5 * MINUTE], 7 * MINUTE, timing) == needed


def test_a_bake_is_looked_at_less_often_the_longer_it_lasts_but_every_five_minutes() -> None:
    poll = Timing().poll

    assert pause_after(-MINUTE, poll) == pause_after(30 * MINUTE, poll) == poll
    assert pause_after(timedelta(hours=2), poll) == 2 * MINUTE
    assert pause_after(timedelta(days=7), poll) == 5 * MINUTE
    assert pause_after(timedelta(days=7), 9 * MINUTE) == 9 * MINUTE, "as the plan asks"


def test_a_soak_of_three_days_fits_and_one_of_four_needs_a_slower_poll() -> None:
    assert fits(BAKES, timedelta(days=3), Timing())
    assert not fits(BAKES, timedelta(days=4), Timing())
    assert fits(BAKES, timedelta(days=4), Timing(poll=10 * MINUTE))


def test_people_may_take_hours_but_not_for_ever() -> None:
    assert timedelta(hours=8) < spare_time(BAKES, 30 * MINUTE, Timing()) < timedelta(hours=24)
    assert spare_time(BAKES, timedelta(days=4), Timing()) == timedelta(0)


minutes = st.integers(0, 300).map(lambda count: count * MINUTE)


@given(bakes=st.lists(minutes, min_size=1, max_size=10), soak=minutes, more=minutes)
def test_what_is_watched_longer_never_needs_less(bakes: list[timedelta], soak: timedelta, more: timedelta) -> None:
    needed = events_needed(bakes, soak, Timing())

    assert events_needed([*bakes[:-1], bakes[-1] + more], soak, Timing()) >= needed
    assert events_needed(bakes, soak + more, Timing()) >= needed
    assert events_needed([*bakes, more], soak, Timing()) > needed


@given(
    bakes=st.lists(minutes, min_size=1, max_size=10),
    soak=minutes,
    poll=st.sampled_from([10, 30, 120, 600]),
    parts=st.lists(st.integers(0, 10), min_size=11, max_size=11),
)
def test_the_spare_time_fits_beside_the_plan_however_people_divide_it(
    bakes: list[timedelta], soak: timedelta, poll: int, parts: list[int]
) -> None:
    timing = Timing(poll=timedelta(seconds=poll))
    shares = parts[: len(bakes) + 1]
    if fits(bakes, soak, timing) and any(shares):
        each = [spare_time(bakes, soak, timing) * share / sum(shares) for share in shares]
        longer = [bake + more for bake, more in zip(bakes, each[1:], strict=True)]

        assert fits(longer, soak + each[0], timing)
