"""Durations as people write them: `90s`, `10m`, `2h`, `1d`, `1h30m`. Inside the product they are `timedelta`."""

import re
from datetime import timedelta

_UNIT_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
DURATION_PATTERN = r"(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?"
"""Matches the empty text, too; six digits of days still fit a `timedelta`."""


def parse_duration(text: str) -> timedelta:
    """
    Read a duration such as `90s`, `10m`, `2h`, `1d` or `1h30m`.

    Raises:
        ValueError: *text* is not of that form; the message shows the form.
    """
    found = re.fullmatch(DURATION_PATTERN, text.strip())
    if not text.strip() or found is None:
        msg = f"{text!r} is not a duration; write it as 90s, 10m, 2h, 1d or 1h30m"
        raise ValueError(msg)
    amounts = [int(amount or 0) for amount in found.groups()]
    return timedelta(seconds=sum(amount * unit for amount, unit in zip(amounts, _UNIT_SECONDS.values(), strict=True)))


def format_duration(duration: timedelta) -> str:
    """Write *duration* in the form that `parse_duration` reads; parts of a second are dropped."""
    left = int(duration.total_seconds())
    parts = []
    for unit, seconds in _UNIT_SECONDS.items():
        amount, left = divmod(left, seconds)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"
