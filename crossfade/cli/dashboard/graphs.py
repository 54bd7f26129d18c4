"""Graphs and numbers of metric widgets as inline SVG and text. What is missing is a gap, as CloudWatch leaves one.

A value that stands alone is a dot: nothing is drawn where nothing was published.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from crossfade.cli.dashboard.definition import Line, NotDrawnError, Widget
from crossfade.cli.dashboard.published import Points, Published
from crossfade.report.markup import Markup, join, tag
from crossfade.report.plot import Plot, line, nice, text_width, time_axis, value_axis

COLUMN: Final = 60
"""Pixels of one column of the grid, at the width that the page is made for."""
ROW: Final = 50
"""Pixels of one row; CloudWatch's own rows are about as high."""

_EDGES = 24.0  # of a widget, left and right together
_TITLE, _FOOT, _LEGEND = 46.0, 24.0, 20.0
_SIDE, _NAMED_SIDE = 44.0, 62.0
_TICKS_APART = 90.0
_LEGEND_ROWS = 3
_SWATCH = 30.0
_HEADROOM = 1.05
_WRAPPING = 1.15  # what is lost at the ends of a legend's rows
_TOPS = (1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True, slots=True)
class Window:
    """The time that all graphs show."""

    begin: datetime
    end: datetime


def graph(widget: Widget, published: Published, window: Window) -> Markup:
    """
    A metric widget.

    Raises:
        NotDrawnError: It is drawn in a way, or shows something, that is not known here.
    """
    match widget.properties.get("view", "timeSeries"):
        case "timeSeries":
            return _lines(widget, published, window)
        case "singleValue":
            return _numbers(widget, published, window)
        case other:
            msg = f"the view {other}"
            raise NotDrawnError(msg)


def _numbers(widget: Widget, published: Published, window: Window) -> Markup:
    if not widget.properties.get("setPeriodToTimeRange"):
        msg = "the newest of several numbers"
        raise NotDrawnError(msg)
    numbers = ((each.label, published.number(each, window.begin)) for each in widget.lines())
    return tag("dl", *(_number(label, value) for label, value in numbers), class_="numbers")


def _number(label: str, value: float | None) -> Markup:
    return tag("div", tag("dd", "--" if value is None else f"{value:,.0f}"), tag("dt", label))


# --- Lines over time -------------------------------------------------------------------------------------------------


def _lines(widget: Widget, published: Published, window: Window) -> Markup:
    lines = widget.lines()
    drawn = [(each, published.series(each)) for each in lines]
    plots = _plots(widget, drawn, window)
    left = plots[False]
    return join(
        tag(
            "svg",
            value_axis(left, _ticks(left.most)),
            _right_axis(plots[True]) if any(each.is_right for each in lines) else None,
            time_axis(left, max(2, int(left.width / _TICKS_APART))),
            *(_path(plots[each.is_right], each, points) for each, points in drawn),
            *(_annotation(plots[_is_right(each)], each) for each in _annotations(widget)),
            *_axis_names(widget, left),
            None if any(points for _, points in drawn) else _nothing(left),
            viewBox=f"0 0 {left.right + left.left:g} {left.bottom + _FOOT:g}", role="img", aria_label=widget.title,
        ),
        tag("ul", *(_legend(each, points) for each, points in drawn), class_="legend"),
    )  # fmt: skip


def _plots(widget: Widget, drawn: Sequence[tuple[Line, Points]], window: Window) -> dict[bool, Plot]:
    """The plot of the left axis and that of the right one, which differ in the value at their tops."""
    side = _NAMED_SIDE if _axes(widget) else _SIDE
    inside = widget.width * COLUMN - _EDGES
    height = widget.height * ROW - _TITLE - _FOOT - 10 - _LEGEND * _legend_rows([each for each, _ in drawn], inside)
    plot = Plot(side, 10, inside - 2 * side, height, window.begin, window.end, 1)
    return {is_right: replace(plot, most=_most(widget, drawn, is_right=is_right)) for is_right in (False, True)}


def _most(widget: Widget, drawn: Sequence[tuple[Line, Points]], *, is_right: bool) -> float:
    values = [value for each, points in drawn if each.is_right == is_right for _, value in points]
    values += [each["value"] for each in _annotations(widget) if _is_right(each) == is_right]
    return _top(_HEADROOM * (max(values, default=0.0) or 1.0))


def _top(value: float) -> float:
    """The end of an axis: the first that four even steps reach and that is not below *value*."""
    power = nice(value) / 10
    return next(step * power for step in _TOPS if step * power >= value)


def _legend_rows(lines: Sequence[Line], width: float) -> int:
    needed = _WRAPPING * sum(text_width(each.label) + _SWATCH for each in lines)
    return min(_LEGEND_ROWS, int(needed // width) + 1)


def _axes(widget: Widget) -> dict[str, Any]:
    return {side: axis for side, axis in widget.properties.get("yAxis", {}).items() if axis.get("label")}


def _axis_names(widget: Widget, plot: Plot) -> list[Markup]:
    middle = plot.top + plot.height / 2
    places = {"left": (12.0, -90), "right": (plot.right + plot.left - 12, 90)}
    return [
        tag("text", axis["label"], transform=f"translate({places[side][0]:g} {middle:g}) rotate({places[side][1]})",
            text_anchor="middle")
        for side, axis in _axes(widget).items()
    ]  # fmt: skip


def _annotations(widget: Widget) -> Sequence[dict[str, Any]]:
    given: Sequence[dict[str, Any]] = widget.properties.get("annotations", {}).get("horizontal", ())
    return given


def _is_right(annotation: dict[str, Any]) -> bool:
    return bool(annotation.get("yAxis") == "right")


def _annotation(plot: Plot, given: dict[str, Any]) -> Markup:
    y = plot.y(given["value"])
    return join(
        tag("line", x1=plot.left, x2=plot.right, y1=y, y2=y, stroke=given.get("color"), stroke_dasharray="4 3"),
        tag("text", given.get("label", ""), x=plot.right - 4, y=y - 5, text_anchor="end", class_="halo"),
    )


def _path(plot: Plot, given: Line, points: Points) -> Markup | None:
    if not points:
        return None
    full: list[tuple[datetime, float | None]] = []
    for at, value in points:
        if full and at - full[-1][0] > given.period:
            full.append((full[-1][0] + timedelta(seconds=1), None))
        full.append((at, value))
    alone = [(at, value if _is_alone(full, index) else None) for index, (at, value) in enumerate(full)]
    return join(
        tag("path", tag("title", given.label), d=line(plot, full), stroke=given.colour, class_="line"),
        tag("path", d=line(plot, alone), stroke=given.colour, class_="line dot"),
    )


def _is_alone(points: Sequence[tuple[datetime, float | None]], index: int) -> bool:
    beside = (*points[max(0, index - 1) : index], *points[index + 1 : index + 2])
    return all(value is None for _, value in beside)


def _ticks(most: float) -> Sequence[tuple[float, str]]:
    return [(most * part / 4, f"{most * part / 4:g}") for part in range(5)]


def _right_axis(plot: Plot) -> Markup:
    return join(
        *(tag("text", name, x=plot.right + 8, y=plot.y(value) + 4) for value, name in _ticks(plot.most)),
    )


def _nothing(plot: Plot) -> Markup:
    middle = (plot.left + plot.width / 2, plot.top + plot.height / 2)
    return tag("text", "no data in this run", x=middle[0], y=middle[1], text_anchor="middle")


def _legend(given: Line, points: Points) -> Markup:
    swatch = tag("svg", tag("rect", width=10, height=10, fill=given.colour), viewBox="0 0 10 10", aria_hidden="true")
    return tag("li", swatch, given.label, class_=None if points else "none")
