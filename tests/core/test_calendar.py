"""Change windows and freezes: what fits, what comes next, what a configuration cannot mean."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.core.calendar import Calendar, Day, Freeze, Window
from crossfade.core.config import check_config
from crossfade.core.resolve import resolve
from crossfade.errors import InvalidConfigError, InvalidInputError, WindowClosedError
from tests.core.documents import NOW, changed, config

HOUR = timedelta(hours=1)
TUESDAY = datetime(2026, 1, 13, tzinfo=UTC)
NIGHTS = Window(days=(Day.TUE, Day.WED), opens=time(22), closes=time(4))
"""Tuesday 22:00 to Wednesday 04:00, and Wednesday 22:00 to Thursday 04:00."""


def a_freeze(begins: datetime, ends: datetime) -> Freeze:
    return Freeze(begins=begins, ends=ends, reason="year end")


@pytest.mark.parametrize(
    ("after_midnight", "length", "fits"),
    [
        pytest.param(22, 6, True, id="the whole window"),
        pytest.param(22, 7, False, id="longer than it"),
        pytest.param(27, 1, True, id="its last hour, on the next day"),
        pytest.param(27.5, 1, False, id="over its end"),
        pytest.param(21.5, 1, False, id="before it"),
        pytest.param(12, 1, False, id="by day"),
    ],
)
def test_a_run_has_to_lie_in_one_window(after_midnight: float, length: float, fits: bool) -> None:  # noqa: FBT001 - a table
    calendar = Calendar(windows=(NIGHTS,))

    assert calendar.allows(TUESDAY + after_midnight * HOUR, length * HOUR) is fits


def test_windows_that_touch_are_one() -> None:
    late, early = (
        Window(days=(Day.TUE,), opens=time(22), closes=time(0)),
        Window(days=(Day.WED,), opens=time(0), closes=time(6)),
    )

    assert Calendar(windows=(late, early)).allows(TUESDAY + 23 * HOUR, 5 * HOUR)


def test_without_windows_every_time_is_open_that_is_not_frozen() -> None:
    frozen = Calendar(freezes=(a_freeze(TUESDAY + 5 * HOUR, TUESDAY + 9 * HOUR),))

    assert frozen.allows(TUESDAY, 5 * HOUR)
    assert not frozen.allows(TUESDAY, 6 * HOUR)
    assert frozen.next_start(TUESDAY, 6 * HOUR) == TUESDAY + 9 * HOUR


def test_a_refusal_names_the_next_start_in_local_time() -> None:
    calendar = Calendar(timezone="Europe/Berlin", windows=(NIGHTS,))

    said = calendar.refusal(TUESDAY + 12 * HOUR, 2 * HOUR)

    assert said == (
        "no change window has room for the 2h that it may take; the next start is Tue 2026-01-13 22:00 Europe/Berlin"
    )


def test_a_refusal_in_a_freeze_gives_its_reason_and_a_window_after_it() -> None:
    calendar = Calendar(windows=(NIGHTS,), freezes=(a_freeze(TUESDAY, TUESDAY + 30 * HOUR),))

    said = calendar.refusal(TUESDAY + 22 * HOUR, HOUR)

    assert "a freeze until Wed 2026-01-14 06:00 UTC (year end)" in said
    assert "the next start is Wed 2026-01-14 22:00 UTC" in said


@given(
    hours=st.integers(0, 24 * 14),
    length=st.integers(1, 6),
    frozen=st.tuples(st.integers(0, 24 * 14), st.integers(1, 72)),
)
def test_the_next_start_is_always_allowed_and_nothing_before_it_is(
    hours: int, length: int, frozen: tuple[int, int]
) -> None:
    begins = TUESDAY + frozen[0] * HOUR
    calendar = Calendar(windows=(NIGHTS,), freezes=(a_freeze(begins, begins + frozen[1] * HOUR),))
    now = TUESDAY + hours * HOUR

    start = calendar.next_start(now, length * HOUR)

    assert start is not None
    assert calendar.allows(start, length * HOUR)
    steps = range(int((start - now) / HOUR))
    assert not any(calendar.allows(now + step * HOUR, length * HOUR) for step in steps)


# --- In the configuration --------------------------------------------------------------------------------------------

WINDOW = {"days": ["TUE"], "opens": "08:00", "closes": "18:00"}
CLOSED = {"windows": [{"days": ["SUN"], "opens": "02:00", "closes": "12:00"}]}
INSTANTS = {"begins": "2026-01-01T00:00:00Z", "ends": "2030-01-01T00:00:00Z", "reason": "forever"}


def faults(calendar: Any, *, expression: str = "cron(0 9 ? * TUE *)", now: datetime | None = NOW) -> list[str]:
    document = changed((("calendar",), calendar), (("triggers", "schedules", 0, "expression"), expression))
    try:
        check_config(document, now=now)
    except InvalidConfigError as error:
        return error.faults
    return []


def test_a_calendar_that_leaves_room_is_accepted() -> None:
    freeze = {"begins": "2026-12-18T00:00:00Z", "ends": "2027-01-04T08:00:00Z", "reason": "year end"}

    assert faults({"timezone": "Europe/Dublin", "windows": [WINDOW], "freezes": [freeze]}) == []


@pytest.mark.parametrize(
    ("calendar", "said"),
    [
        pytest.param({"windows": [WINDOW | {"opens": 120}]}, "calendar.windows[0].opens: must be text", id="no quotes"),
        pytest.param(
            {"windows": [WINDOW | {"closes": "08:00"}]},
            "calendar.windows[0].closes: '08:00' is when it opens; a window needs a length",
            id="no length",
        ),
        pytest.param(
            {"windows": [WINDOW | {"days": ["TUE", "TUE"]}]},
            "calendar.windows[0].days: a day stands here twice",
            id="twice",
        ),
        pytest.param(
            {"windows": [WINDOW | {"closes": "08:30"}]},
            "calendar.windows: no window has room for plan standard, which takes up to 1h",
            id="shorter than the plan",
        ),
        pytest.param(
            {"freezes": [INSTANTS | {"ends": "2025-01-01T00:00:00Z"}]},
            "calendar.freezes[0].ends: is not after begins",
            id="a freeze that ends before it begins",
        ),
        pytest.param(
            {"windows": [WINDOW], "freezes": [INSTANTS]},
            "calendar.freezes[0]: with it, no window of the next 400 days has room for plan standard",
            id="a freeze that swallows every window",
        ),
        pytest.param(
            {"timezone": "Europe/Dubln"}, "calendar.timezone: there is no time zone 'Europe/Dubln'", id="no zone"
        ),
    ],
)
def test_a_calendar_that_cannot_be_meant_is_refused(calendar: Any, said: str) -> None:
    found = faults(calendar)

    assert any(said in fault for fault in found), found


@pytest.mark.parametrize(
    ("expression", "calendar", "said"),
    [
        pytest.param("at(2025-12-01T06:00:00)", None, "is past; move it forward", id="past"),
        pytest.param("cron(0 0 30 2 ? *)", None, "never fires", id="30 February"),
        pytest.param("cron(0 6 ? * TUE 2020)", None, "never fires", id="a year that is over"),
        pytest.param("cron(0 6 * * TUE *)", None, "exactly one of day of month and day of week", id="two days"),
        pytest.param("cron(0 9 ? * TUE *)", CLOSED, "never starts in a window with room for plan quick", id="closed"),
        pytest.param("at(2026-03-03T09:00:00)", CLOSED, "never starts in a window", id="once, outside"),
    ],
)
def test_a_schedule_that_never_starts_anything_is_refused(expression: str, calendar: Any, said: str) -> None:
    (fault,) = faults(calendar or {}, expression=expression)

    assert fault.startswith(f"triggers.schedules[0].expression: '{expression}'")
    assert said in fault


def test_a_deployed_configuration_is_not_judged_by_todays_date() -> None:
    assert faults({"windows": [WINDOW], "freezes": [INSTANTS]}, expression="at(2025-12-01T09:00:00)", now=None) == []


# --- At the start ----------------------------------------------------------------------------------------------------

CLOCKED = config((("calendar",), CLOSED), (("triggers",), {}))
LENIENT = config((("calendar",), CLOSED | {"override": True}), (("triggers",), {}))
SUNDAY = datetime(2026, 1, 18, 3, 0, tzinfo=UTC)


def test_a_start_outside_the_windows_is_refused_with_the_next_one() -> None:
    with pytest.raises(WindowClosedError, match=r"the next start is Sun 2026-01-18 02:00 UTC\. Nothing was changed"):
        resolve(CLOCKED, {}, now=NOW)

    assert resolve(CLOCKED, {}, now=SUNDAY).name == "standard"


def test_a_dry_run_may_be_made_at_any_time() -> None:
    assert resolve(CLOCKED, {"dryRun": True}, now=NOW).dry_run


def test_a_reason_opens_the_window_only_where_the_configuration_lets_it() -> None:
    assert resolve(LENIENT, {"override": "security fix"}, now=NOW).name == "standard"
    with pytest.raises(InvalidInputError, match=r"input\.override: the configuration allows none"):
        resolve(CLOCKED, {"override": "security fix"}, now=NOW)
