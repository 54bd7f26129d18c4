"""The geometry of a chart: time from left to right, a value from bottom to top, lines and areas between them.

Coordinates are CSS pixels of the drawing. This file knows no report.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crossfade.report.markup import Markup, join, number, tag

Points = Sequence[tuple[datetime, float | None]]

_TICKS_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080)
_DAY = timedelta(days=1)
_CHARACTER_WIDTH = 6.8
"""Pixels a character of 12-pixel text may need in the widest of the fonts we ask for."""


@dataclass(frozen=True, slots=True)
class Layout:
    """
    One way to draw the charts.

    Attributes:
        name: Of the CSS class that shows it.
        width: Of the whole drawing.
        share_height: Of the chart of shares, without axis and labels.
        height: Of every other chart.
        ticks: Marks of time there is room for.
        is_wordy: Whether there is room for words on marks.
    """

    name: str
    width: float
    share_height: float
    height: float
    ticks: int
    is_wordy: bool


WIDE = Layout("wide", 960, 260, 130, 9, is_wordy=True)
NARROW = Layout("narrow", 340, 180, 100, 4, is_wordy=False)
LAYOUTS = (WIDE, NARROW)


@dataclass(frozen=True, slots=True)
class Plot:
    """
    The rectangle that data is drawn in.

    Attributes:
        left, top, width, height: In pixels.
        begin: At its left edge.
        end: At its right edge.
        most: The value at its top; at its bottom it is 0.
    """

    left: float
    top: float
    width: float
    height: float
    begin: datetime
    end: datetime
    most: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    def x(self, at: datetime) -> float:
        """Where *at* is; an instant outside is at the edge."""
        part = (at - self.begin) / (self.end - self.begin)
        return self.left + self.width * min(1.0, max(0.0, part))

    def y(self, value: float) -> float:
        """Where *value* is; a value above the top is at the top."""
        return self.bottom - self.height * min(1.0, value / self.most)


def text_width(text: str) -> float:
    """The room that *text* needs at most, in pixels."""
    return len(text) * _CHARACTER_WIDTH


def line(plot: Plot, points: Points) -> str:
    """The path through *points*, broken where there is no value."""
    parts = []
    pen_down = False
    for at, value in points:
        if value is not None:
            parts.append(f"{'L' if pen_down else 'M'}{number(plot.x(at))} {number(plot.y(value))}")
        pen_down = value is not None
    return "".join(_with_dots(parts))


def steps(plot: Plot, points: Points, until: datetime) -> str:
    """The path that keeps each value until the next one, the last until *until*."""
    parts = []
    pen_down = False
    ends = [*(at for at, _ in points[1:]), until]
    for (at, value), after in zip(points, ends, strict=False):  # without points there is one end too many
        if value is not None:
            y = number(plot.y(value))
            parts.append(f"V{y}" if pen_down else f"M{number(plot.x(at))} {y}")
            parts.append(f"H{number(plot.x(after))}")
        pen_down = value is not None
    return "".join(parts)


def area(plot: Plot, points: Points) -> str:
    """The area between the line through *points* and the base; one shape a run of values."""
    shapes = []
    for run in _runs(points):
        first, last = plot.x(run[0][0]), plot.x(run[-1][0])
        middle = "".join(f"L{number(plot.x(at))} {number(plot.y(value))}" for at, value in run)
        shapes.append(f"M{number(first)} {number(plot.bottom)}{middle}L{number(last)} {number(plot.bottom)}Z")
    return "".join(shapes)


def columns(plot: Plot, parts: Sequence[tuple[datetime, datetime, float, float]]) -> str:
    """The outline of columns that stand side by side: from, to, lower and upper value of each; one shape a run."""
    shapes = []
    for run in _touching(parts):
        up = "".join(
            f"H{number(plot.x(begin))}V{number(plot.y(high))}H{number(plot.x(end))}" for begin, end, _, high in run
        )
        down = "".join(f"V{number(plot.y(low))}H{number(plot.x(begin))}" for begin, _, low, _ in reversed(run))
        shapes.append(f"M{number(plot.x(run[0][0]))} {number(plot.y(run[0][2]))}{up}{down}Z")
    return "".join(shapes)


def nice(most: float, least: float = 1.0) -> float:
    """The first of 1, 2, 5, 10, 20, 50 … that is not below *most*, and not below *least*."""
    most = max(most, least)
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= most * (1 - 1e-9))


def value_axis(plot: Plot, values: Sequence[tuple[float, str]]) -> Markup:
    """Horizontal lines at *values*, with their names."""
    parts = []
    for value, name in values:
        y = plot.y(value)
        class_ = "axis" if value else "axis base"
        parts.append(tag("line", x1=plot.left, x2=plot.right, y1=y, y2=y, class_=class_))
        parts.append(tag("text", name, x=plot.left - 8, y=y + 4, text_anchor="end"))
    return join(*parts)


def time_axis(plot: Plot, ticks: int) -> Markup:
    """Names of instants below *plot*, at most *ticks*, at full minutes or hours; days where they change."""
    parts = []
    step = _tick_step(plot.end - plot.begin, ticks)
    for at in _instants(plot.begin, plot.end, step):
        x = plot.x(at)
        parts.append(tag("line", x1=x, x2=x, y1=plot.bottom, y2=plot.bottom + 4, class_="axis base"))
        parts.append(tag("text", _name(at, plot), x=x, y=plot.bottom + 18, text_anchor=_anchor(plot, x)))
    return join(*parts)


def _anchor(plot: Plot, x: float) -> str:
    return "end" if x > plot.right - 16 else "middle"


def _name(at: datetime, plot: Plot) -> str:
    is_new_day = at.hour == 0 and at.minute == 0 and plot.end - plot.begin > _DAY
    return f"{at.day} {at:%b}" if is_new_day else f"{at:%H:%M}"


def _tick_step(span: timedelta, ticks: int) -> timedelta:
    fitting = (step for step in _TICKS_MINUTES if span / timedelta(minutes=step) <= ticks)
    return timedelta(minutes=next(fitting, _TICKS_MINUTES[-1]))


def _instants(begin: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + -(-(begin - midnight) // step) * step
    while at <= end:
        yield at
        at += step


def _runs(points: Points) -> Iterator[list[tuple[datetime, float]]]:
    run: list[tuple[datetime, float]] = []
    for at, value in points:
        if value is None and run:
            yield run
            run = []
        elif value is not None:
            run.append((at, value))
    if run:
        yield run


def _touching(
    parts: Sequence[tuple[datetime, datetime, float, float]],
) -> Iterator[list[tuple[datetime, datetime, float, float]]]:
    """Runs of columns with a height, each beginning where the one before ends."""
    run: list[tuple[datetime, datetime, float, float]] = []
    for part in parts:
        if run and (part[3] <= part[2] or part[0] != run[-1][1]):
            yield run
            run = []
        if part[3] > part[2]:
            run.append(part)
    if run:
        yield run


def _with_dots(parts: Sequence[str]) -> Iterator[str]:
    """A point without neighbours gets a line of no length, which a round pen shows as a dot."""
    for index, part in enumerate(parts):
        alone = part[0] == "M" and (index + 1 == len(parts) or parts[index + 1][0] == "M")
        yield f"{part}h0" if alone else part
