"""Durations as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.core.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7_200),
        ("1d", 86_400),
        ("1h30m", 5_400),
        ("1d2h3m4s", 93_784),
        ("0s", 0),
        (" 10m ", 600),
        ("90m", 5_400),
    ],
)
def test_a_duration_is_a_sum_of_its_parts(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "10",
        "m",
        "10 m",
        "1.5h",
        "-5m",
        "+5m",
        "10M",
        "10m5h",
        "5m5m",
        "PT10M",
        "1w",
        "9999999d",
        "1" * 5000,
        "\u0661m",
    ],
)
def test_what_is_not_a_duration_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write it as 90s, 10m, 2h, 1d or 1h30m"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (75, "1m15s"), (5_400, "1h30m"), (86_400, "1d"), (1.9, "1s")],
)
def test_a_duration_is_written_with_its_largest_units(seconds: float, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text


@given(seconds=st.integers(0, 10**9))
def test_what_is_written_is_read_as_the_same(seconds: int) -> None:
    duration = timedelta(seconds=seconds)

    assert parse_duration(format_duration(duration)) == duration


@given(text=st.text(alphabet="0123456789dhms .-", max_size=12))
def test_a_text_is_a_duration_or_is_refused(text: str) -> None:
    try:
        duration = parse_duration(text)
    except ValueError:
        return
    assert parse_duration(format_duration(duration)) == duration
