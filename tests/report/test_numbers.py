"""Sums over the series, shares over time, and the geometry of the charts."""

from datetime import UTC, datetime, timedelta

import pytest

from crossfade.core.record import Baseline
from crossfade.report import Minute, Series, words
from crossfade.report.counting import BINS_MAX, bins, measured, share
from crossfade.report.model import WriteEntry
from crossfade.report.plot import Plot, columns, line, nice, steps, time_axis
from crossfade.report.written import mean_steps, share_at, share_steps

T0 = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


def minutes(amount: float) -> timedelta:
    return timedelta(minutes=amount)


def a_minute(at: float, blue: int | None = 90, green: int | None = 10, **more: float | None) -> Minute:
    return Minute.model_validate({"at": T0 + minutes(at), "blue_requests": blue, "green_requests": green, **more})


def a_write(at: float, side: str, after: int, workload: str = "a") -> WriteEntry:
    return WriteEntry(at=T0 + minutes(at), workload=workload, side=side, before=None, after=after, epoch=1)


# --- Bins ------------------------------------------------------------------------------------------------------------


def test_a_bin_sums_all_workloads_of_a_minute() -> None:
    (found,) = bins(
        (Series(workload="a", minutes=(a_minute(0),)), Series(workload="b", minutes=(a_minute(0, 50, 50),)))
    )

    assert (found.blue_requests, found.green_requests, found.observed_percent) == (140, 60, 30)


def test_what_no_workload_measured_stays_unknown_in_the_sum() -> None:
    (found,) = bins((Series(workload="a", minutes=(a_minute(0, blue=None, green=3),)),))

    assert (found.blue_requests, found.observed_percent, found.green_5xx) == (None, None, None)


def test_a_long_run_is_summed_into_bins_of_several_minutes_and_loses_no_request() -> None:
    day = Series(workload="a", minutes=tuple(a_minute(at) for at in range(24 * 60)))

    found = bins((day,))

    assert len(found) <= BINS_MAX
    assert sum(b.requests or 0 for b in found) == 24 * 60 * 100


def test_a_bin_shows_the_last_written_share_of_its_minutes() -> None:
    points = tuple(a_minute(at, written_percent=float(at)) for at in range(1000))

    found = bins((Series(workload="a", minutes=points),))

    assert [b.written_percent for b in found[:2]] == [9, 19]


def test_only_whole_minutes_between_two_instants_are_measured() -> None:
    series = (Series(workload="a", minutes=tuple(a_minute(at) for at in range(5))),)

    found = measured(series, T0 + minutes(0.5), T0 + minutes(3.5))

    assert found is not None
    assert (found.since, found.until, found.blue_requests) == (T0 + minutes(1), T0 + minutes(3), 180)
    assert measured(series, T0 + minutes(1.5), T0 + minutes(2.4)) is None


@pytest.mark.parametrize(("blue", "green"), [(None, 5), (5, None), (0, 0)])
def test_a_share_needs_both_sides_and_a_request(blue: int | None, green: int | None) -> None:
    assert share(blue, green) is None


# --- Written shares --------------------------------------------------------------------------------------------------


def test_written_shares_follow_the_writes_of_their_own_workload() -> None:
    baseline = Baseline(workload="a", blue=100, green=0)
    writes = (a_write(1, "green", 25), a_write(2, "green", 99, workload="b"), a_write(3, "blue", 0))

    found = share_steps(T0, baseline, writes)

    assert found == ((T0, 0), (T0 + minutes(1), 20), (T0 + minutes(3), 100))


def test_two_zero_weights_or_an_absent_one_are_no_share() -> None:
    absent = share_steps(T0, Baseline(workload="a", blue=100, green=None), (a_write(1, "green", 0),))
    zero = share_steps(T0, Baseline(workload="a", blue=100, green=0), (a_write(1, "blue", 0),))

    assert [share for _, share in absent] == [None, 0]
    assert [share for _, share in zero] == [0, None]


def test_the_mean_over_workloads_steps_only_where_it_changes() -> None:
    one = ((T0, 0.0), (T0 + minutes(1), 50.0))
    other = ((T0, 0.0), (T0 + minutes(2), 50.0), (T0 + minutes(3), 50.0))

    assert mean_steps((one, other)) == ((T0, 0), (T0 + minutes(1), 25), (T0 + minutes(2), 50))


def test_before_the_first_step_there_is_no_share() -> None:
    assert share_at(((T0, 5.0),), T0 - minutes(1)) is None
    assert share_at(((T0, 5.0),), T0) == 5


# --- Geometry --------------------------------------------------------------------------------------------------------

PLOT = Plot(left=0, top=0, width=100, height=100, begin=T0, end=T0 + minutes(10), most=100)


def test_a_line_is_broken_where_nothing_was_measured_and_a_lonely_point_is_a_dot() -> None:
    points = [(T0, 0.0), (T0 + minutes(1), 100.0), (T0 + minutes(2), None), (T0 + minutes(3), 50.0)]

    assert line(PLOT, points) == "M0 100L10 0M30 50h0"


def test_steps_keep_a_value_until_the_next_one_and_pass_over_what_is_unknown() -> None:
    points = [(T0, 0.0), (T0 + minutes(2), 50.0), (T0 + minutes(4), None), (T0 + minutes(6), 100.0)]

    assert steps(PLOT, points, T0 + minutes(10)) == "M0 100H20V50H40M60 0H100"


def test_columns_without_a_height_are_not_drawn() -> None:
    parts = [(T0, T0 + minutes(1), 0.0, 0.0), (T0 + minutes(1), T0 + minutes(2), 0.0, 50.0)]

    assert columns(PLOT, parts) == "M10 100H10V50H20V100H10Z"
    assert columns(PLOT, parts[:1]) == ""


@pytest.mark.parametrize(("most", "top"), [(0, 1), (1, 1), (1.2, 2), (18, 20), (21, 50), (501, 1000), (5000, 5000)])
def test_an_axis_ends_at_a_round_number(most: float, top: float) -> None:
    assert nice(most) == top


@pytest.mark.parametrize("length", [1, 7, 42, 90, 300, 1440, 10_000, 40_000])
def test_the_axis_of_time_never_has_more_names_than_there_is_room_for(length: int) -> None:
    plot = Plot(left=0, top=0, width=900, height=100, begin=T0 + minutes(0.4), end=T0 + minutes(length), most=1)

    assert 0 <= time_axis(plot, 9).count("<text") <= 10


# --- Words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (45, "45 s"), (60, "1 min"), (105, "1 min 45 s"), (4_320, "1 h 12 min"), (90_000, "1 d 1 h")],
)
def test_durations_are_written_in_their_two_largest_units(seconds: float, text: str) -> None:
    assert words.span(timedelta(seconds=seconds)).replace("\u00a0", " ") == text


def test_a_small_rate_of_failures_is_never_written_as_none() -> None:
    assert words.rate(0.0001).replace("\u00a0", " ") == "< 0.01 %"
    assert words.rate(0).replace("\u00a0", " ") == "0.00 %"
