"""EventBridge's cron, as its documentation has it: fields, signs, days, time zones."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from crossfade.core.cron import read_at, read_cron

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def first(expression: str, count: int = 3, *, zone: str = "UTC", after: datetime = JANUARY) -> list[str]:
    found = islice(read_cron(f"cron({expression})").firings(zone, after), count)
    return [f"{at:%Y-%m-%d %H:%M}" for at in found]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("0 6 ? * TUE *", ["2026-01-06 06:00", "2026-01-13 06:00", "2026-01-20 06:00"], id="every Tuesday"),
        pytest.param("15 10 ? * 6L *", ["2026-01-30 10:15", "2026-02-27 10:15", "2026-03-27 10:15"], id="last Friday"),
        pytest.param("0 8 1 * ? *", ["2026-01-01 08:00", "2026-02-01 08:00", "2026-03-01 08:00"], id="the first"),
        pytest.param("0/20 8 1 1 ? *", ["2026-01-01 08:00", "2026-01-01 08:20", "2026-01-01 08:40"], id="steps"),
        pytest.param("0 8-9 ? * MON-FRI *", ["2026-01-01 08:00", "2026-01-01 09:00", "2026-01-02 08:00"], id="spans"),
        pytest.param("0 0 ? * 2#1 *", ["2026-01-05 00:00", "2026-02-02 00:00", "2026-03-02 00:00"], id="first Monday"),
        pytest.param("0 0 L * ? *", ["2026-01-31 00:00", "2026-02-28 00:00", "2026-03-31 00:00"], id="last day"),
        pytest.param("0 0 LW * ? *", ["2026-01-30 00:00", "2026-02-27 00:00", "2026-03-31 00:00"], id="last weekday"),
        pytest.param("0 0 1W * ? *", ["2026-02-02 00:00", "2026-03-02 00:00", "2026-04-01 00:00"], id="weekday near 1"),
        pytest.param("0 0 29 FEB ? *", ["2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"], id="leap years"),
        pytest.param(
            "0 0 1 jan,jul ? 2026-2027", ["2026-07-01 00:00", "2027-01-01 00:00", "2027-07-01 00:00"], id="years"
        ),
    ],
)
def test_a_schedule_fires_when_its_fields_say(expression: str, expected: list[str]) -> None:
    assert first(expression) == expected


def test_local_time_follows_the_clock_changes_and_a_time_that_is_left_out_does_not_fire() -> None:
    summer = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)

    assert first("0 6 * * ? *", 2, zone="Europe/Dublin", after=summer) == ["2026-03-29 05:00", "2026-03-30 05:00"]
    assert first("30 1 * * ? *", 1, zone="Europe/Dublin", after=summer) == ["2026-03-30 00:30"]


@pytest.mark.parametrize("expression", ["0 0 30 2 ? *", "0 0 31 4,6,9,11 ? *", "0 0 1 1 ? 2020"])
def test_what_never_comes_never_fires(expression: str) -> None:
    assert first(expression) == []


def test_firings_end_where_they_are_asked_to() -> None:
    every_hour = read_cron("cron(0 * * * ? *)").firings("UTC", JANUARY, until=JANUARY + timedelta(hours=3))

    assert len(list(every_hour)) == 3


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("0 6 * * TUE *", "exactly one of day of month and day of week has to be [?]"),
        ("0 6 ? * ? *", "exactly one"),
        ("60 6 ? * TUE *", "minutes: 60 is not one of 0 to 59"),
        ("0 6 ? 13 TUE *", "month: 13"),
        ("0 6 ? * DAY *", "day of week: DAY"),
        ("0 9-5 ? * TUE *", "hours: 9-5 runs backwards"),
        ("0 6 32 * ? *", "day of month: 32"),
        ("0 6 ? * TUE 1900", "year: 1900"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_field(expression: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_cron(f"cron({expression})")


def test_one_time_only_is_read_in_its_zone() -> None:
    assert read_at("at(2026-07-01T06:00:00)", "Europe/Dublin") == datetime(2026, 7, 1, 5, 0, tzinfo=UTC)
