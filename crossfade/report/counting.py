"""Sums over the per-minute series: bins of one or more minutes, over one workload or all of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from crossfade.core.weight import PERCENT
from crossfade.report.model import Measured, Minute, Series

MINUTE = timedelta(minutes=1)
BINS_MAX = 180
"""More points than this no screen shows; longer runs are summed into bins of several minutes."""

_WIDTHS_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440)


@dataclass(frozen=True, slots=True)
class Bin:
    """
    Some minutes of one workload or of all.

    Attributes:
        begin: Of the first minute.
        end: Of the last.
        written_percent: By the weights written before *end*, the mean over the workloads.
        blue_requests, green_requests, blue_5xx, green_5xx: Sums; None when not measured.
    """

    begin: datetime
    end: datetime
    written_percent: float | None
    blue_requests: int | None
    green_requests: int | None
    blue_5xx: int | None
    green_5xx: int | None

    @property
    def middle(self) -> datetime:
        """Where a point that stands for the bin is drawn."""
        return self.begin + (self.end - self.begin) / 2

    @property
    def observed_percent(self) -> float | None:
        """Green's share of the requests; None without requests, or when one side was not measured."""
        return share(self.blue_requests, self.green_requests)

    @property
    def blue_5xx_percent(self) -> float | None:
        """Blue's share of answers with 5xx; None without requests to blue."""
        return percent(self.blue_5xx, self.blue_requests)

    @property
    def green_5xx_percent(self) -> float | None:
        """Green's share of answers with 5xx; None without requests to green."""
        return percent(self.green_5xx, self.green_requests)

    @property
    def requests(self) -> int | None:
        """To both clusters."""
        return total((self.blue_requests, self.green_requests))

    @property
    def failed(self) -> int | None:
        """Answered with 5xx by either cluster."""
        return total((self.blue_5xx, self.green_5xx))


class _Same:
    """The very same series, as the key of a cache: comparing thousands of minutes would cost what it saves."""

    def __init__(self, series: Sequence[Series]) -> None:
        self.series = tuple(series)

    def __hash__(self) -> int:
        return hash(tuple(map(id, self.series)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and list(map(id, self.series)) == list(map(id, other.series))


def bins(series: Sequence[Series]) -> tuple[Bin, ...]:
    """
    Sum *series* minute by minute, or into wider bins when there are more than `BINS_MAX` minutes.

    One page asks for the same bins hundreds of times; they are made once.
    """
    return _bins(_Same(series))


@lru_cache(maxsize=128)
def _bins(key: _Same) -> tuple[Bin, ...]:
    series = key.series
    minutes = [minute for workload in series for minute in workload.minutes]
    if not minutes:
        return ()
    width = _width(max(minute.at for minute in minutes) - min(minute.at for minute in minutes) + MINUTE)
    grouped: dict[datetime, list[Minute]] = {}
    for minute in minutes:
        grouped.setdefault(_floor(minute.at, width), []).append(minute)
    return tuple(_bin(begin, width, grouped[begin]) for begin in sorted(grouped))


def measured(series: Sequence[Series], since: datetime, until: datetime) -> Measured | None:
    """Sum the whole minutes between *since* and *until*; None when there is none."""
    minutes = [m for workload in series for m in workload.minutes if since <= m.at and m.at + MINUTE <= until]
    if not minutes:
        return None
    blue, green = _sum(minutes, lambda m: m.blue_requests), _sum(minutes, lambda m: m.green_requests)
    return Measured(
        since=min(m.at for m in minutes),
        until=max(m.at for m in minutes) + MINUTE,
        blue_requests=blue,
        green_requests=green,
        blue_5xx=_sum(minutes, lambda m: m.blue_5xx),
        green_5xx=_sum(minutes, lambda m: m.green_5xx),
        observed_percent=rounded(share(blue, green)),
    )


def total(numbers: Iterable[int | None]) -> int | None:
    """The sum of what is known; None when nothing is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def percent(part: int | None, whole: int | None) -> float | None:
    """*part* of *whole* in percent; None when either is not known or there is no whole."""
    return PERCENT * part / whole if part is not None and whole else None


def share(blue: int | None, green: int | None) -> float | None:
    """Green's part of all requests in percent; None when a side was not measured or there are none."""
    return None if blue is None or green is None else percent(green, blue + green)


def rounded(number: float | None) -> float | None:
    """*number* with two decimals, as the JSON has it."""
    return None if number is None else round(number, 2)


def _bin(begin: datetime, width: timedelta, minutes: Sequence[Minute]) -> Bin:
    latest = max(minute.at for minute in minutes)
    written = [m.written_percent for m in minutes if m.at == latest and m.written_percent is not None]
    return Bin(
        begin=begin,
        end=begin + width,
        written_percent=sum(written) / len(written) if written else None,
        blue_requests=_sum(minutes, lambda m: m.blue_requests),
        green_requests=_sum(minutes, lambda m: m.green_requests),
        blue_5xx=_sum(minutes, lambda m: m.blue_5xx),
        green_5xx=_sum(minutes, lambda m: m.green_5xx),
    )


def _sum(minutes: Sequence[Minute], count: Callable[[Minute], int | None]) -> int | None:
    return total(count(minute) for minute in minutes)


def _width(span: timedelta) -> timedelta:
    fitting = (width for width in _WIDTHS_MINUTES if span / timedelta(minutes=width) <= BINS_MAX)
    return timedelta(minutes=next(fitting, _WIDTHS_MINUTES[-1]))


def _floor(at: datetime, width: timedelta) -> datetime:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (at - midnight) // width * width
