"""The charts: shares over time, failures, requests, one small chart a workload. Inline SVG, no script.

Every chart stands on the same axis of time, with the stages shaded and the rollback marked.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from crossfade.core.weight import PERCENT
from crossfade.report import spoken, words
from crossfade.report.counting import Bin, bins
from crossfade.report.marks import BAND, draw_band_names, draw_bands, draw_labels, draw_marks, extent, marks
from crossfade.report.markup import Child, Markup, join, tag
from crossfade.report.model import MomentKind, Report, Series
from crossfade.report.plot import (
    Layout,
    Plot,
    Points,
    area,
    columns,
    line,
    nice,
    steps,
    text_width,
    time_axis,
    value_axis,
)
from crossfade.report.written import Step, mean_steps, share_steps

_LEFT, _RIGHT, _FOOT = 44.0, 12.0, 24.0
_SCALES = ((1, 0.25), (2, 0.5), (5, 1), (10, 2), (25, 5), (50, 10), (PERCENT, 25))
"""Tops of the axis of shares, and the distance of its lines, in percent."""

_VISIBLE = 0.01
"""The part of all requests whose failure fills the chart of failures: below it, noise looks as small as it is."""

_PARTS = {
    MomentKind.DECIDED: "to decide",
    MomentKind.FIRST_WRITE: "to write",
    MomentKind.READ_BACK: "to read back",
    MomentKind.MOST_USERS: "until 19 of 20 users followed",
    MomentKind.LAST_USER: "until the last user followed",
}


def share_chart(report: Report, layout: Layout) -> Markup:
    """Green's share over time: written as steps, observed as a line."""
    found, shown = bins(report.series), marks(report)
    top, step = mean_scale(report)
    flat = _plot(report, layout, layout.share_height, top)
    labels = draw_labels(flat, shown, is_wordy=layout.is_wordy)
    plot = Plot(flat.left, labels.height + BAND, flat.width, flat.height, flat.begin, flat.end, top)
    observed = observed_points(found)
    return _svg(
        f"share-{layout.name}", layout, plot.bottom + _FOOT,
        "Share of traffic on green over time", spoken.shares(report, found),
        draw_bands(report, plot, head=BAND),
        tag("path", d=area(plot, observed), class_="observed-area"),
        value_axis(plot, _share_ticks(top, step)),
        time_axis(plot, layout.ticks),
        draw_marks(plot, shown, labels.tops),
        draw_band_names(report, plot),
        tag("path", d=steps(plot, mean_steps(written_steps(report)), plot.end), class_="written"),
        tag("path", d=line(plot, observed), class_="observed"),
        labels.markup,
        _hits(plot, found) if layout.is_wordy else None,
    )  # fmt: skip


def failure_chart(report: Report, layout: Layout) -> Markup:
    """The rate of 5xx answers of both clusters."""
    found = bins(report.series)
    rates = [rate for b in found for rate in (b.blue_5xx_percent, b.green_5xx_percent) if rate is not None]
    most = nice(max(rates, default=0))
    plot = _plot(report, layout, layout.height, most)
    blue = [(b.middle, b.blue_5xx_percent) for b in found]
    green = [(b.middle, b.green_5xx_percent) for b in found]
    return _svg(
        f"failures-{layout.name}", layout, plot.bottom + _FOOT,
        "Rate of 5xx answers over time, blue and green", spoken.failures(found),
        draw_bands(report, plot),
        value_axis(plot, ((0, "0"), (most / 2, f"{most / 2:g}"), (most, f"{most:g}\u00a0%"))),
        time_axis(plot, layout.ticks),
        tag("path", d=line(plot, with_gaps(blue, found)), class_="blue-line"),
        tag("path", d=line(plot, with_gaps(green, found)), class_="green-line"),
    )  # fmt: skip


def request_chart(report: Report, layout: Layout) -> Markup:
    """Requests of both clusters, stacked."""
    found = bins(report.series)
    most = nice(max((b.requests or 0 for b in found), default=0))
    plot = _plot(report, layout, layout.height, most)
    blue = [(b.begin, b.end, 0, b.blue_requests or 0) for b in found]
    green = [
        (begin, end, high, high + (b.green_requests or 0)) for (begin, end, _, high), b in zip(blue, found, strict=True)
    ]
    return _svg(
        f"requests-{layout.name}", layout, plot.bottom + _FOOT,
        "Requests over time, blue and green", spoken.requests(report),
        draw_bands(report, plot),
        value_axis(plot, ((0, "0"), (most / 2, short(most / 2)), (most, short(most)))),
        tag("path", d=columns(plot, blue), class_="blue-area"),
        tag("path", d=columns(plot, green), class_="green-area"),
        time_axis(plot, layout.ticks),
    )  # fmt: skip


def failed_chart(report: Report, layout: Layout) -> Markup:
    """5xx answers of both clusters together, counted."""
    found = bins(report.series)
    visible = _VISIBLE * max((b.requests or 0 for b in found), default=0)
    most = nice(max((b.failed or 0 for b in found), default=0), least=max(10, visible))
    plot = _plot(report, layout, layout.height / 2, most)
    return _svg(
        f"failed-{layout.name}", layout, plot.bottom + _FOOT,
        "5xx answers over time, both clusters", spoken.requests(report),
        draw_bands(report, plot),
        value_axis(plot, ((0, "0"), (most, short(most)))),
        tag("path", d=columns(plot, [(b.begin, b.end, 0, b.failed or 0) for b in found]), class_="bad-fill"),
        time_axis(plot, layout.ticks),
    )  # fmt: skip


def small_chart(report: Report, series: Series, index: int) -> Markup:
    """Written and observed share of one workload, on the scale of the large chart."""
    found, top = bins((series,)), share_scale(report)[0]
    plot = Plot(_LEFT, 6, 252, 72, *extent(report), top)
    named = zip(report.baseline, written_steps(report), strict=True)
    written = next((found for baseline, found in named if baseline.workload == series.workload), ())
    observed = observed_points(found)
    return tag(
        "svg",
        *_titles(f"small-{index}", f"Share of {series.workload} on green over time", spoken.shares(report, found)),
        draw_bands(report, plot),
        tag("path", d=area(plot, observed), class_="observed-area"),
        value_axis(plot, _share_ticks(top, top)),
        time_axis(plot, 3),
        tag("path", d=steps(plot, written, plot.end), class_="written"),
        tag("path", d=line(plot, observed), class_="observed"),
        viewBox="0 0 304 102", role="img", aria_labelledby=f"small-{index}-t small-{index}-d",
    )  # fmt: skip


def split_bar(percent: float | None, *, label: str) -> Markup:
    """A bar that is blue for blue's share and green for green's; grey when nothing is known."""
    whole = tag("rect", width=1000, height=12, class_="grey-fill" if percent is None else "blue-fill")
    part = tag("rect", x=1000 - 10 * percent, width=10 * percent, height=12, class_="green-fill") if percent else None
    return tag("svg", whole, part, viewBox="0 0 1000 12", preserveAspectRatio="none", role="img", aria_label=label)


def clock_bar(report: Report, layout: Layout) -> Markup | None:
    """The parts of the clock in proportion; None with fewer than two known instants."""
    known = sorted((moment.at, moment.kind) for moment in report.clock if moment.at is not None)
    if len(known) < 2:  # noqa: PLR2004 - a part has two ends
        return None
    plot = Plot(0, 0, layout.width, 30, known[0][0], known[-1][0], 1)
    parts = (_clock_part(plot, a, b, kind) for (a, _), (b, kind) in pairwise(known))
    return tag("svg", *parts, viewBox=f"0 0 {layout.width:g} 30", aria_hidden="true", class_=layout.name)


def _clock_part(plot: Plot, begin: datetime, end: datetime, kind: MomentKind) -> Markup | None:
    left, width = plot.x(begin), plot.x(end) - plot.x(begin)
    if begin == end:
        return None
    took = words.span(end - begin)
    text = next((t for t in (f"{took} {_PARTS.get(kind, '')}", took) if text_width(t) + 16 <= width), None)
    label = tag("text", text, x=left + 8, y=20, class_="part-label") if text else None
    return join(tag("rect", x=left, width=max(width - 2, 1), height=30, class_=f"part {kind.value}"), label)


# --- Data ------------------------------------------------------------------------------------------------------------


def written_steps(report: Report) -> tuple[tuple[Step, ...], ...]:
    """The written shares over time, one a workload with a baseline, in its order."""
    begin, _ = extent(report)
    return tuple(share_steps(begin, baseline, report.writes) for baseline in report.baseline)


def mean_scale(report: Report) -> tuple[float, float]:
    """Top and step of the axis of the shares of all workloads together."""
    return _scale([share for _, share in mean_steps(written_steps(report))], report)


def share_scale(report: Report) -> tuple[float, float]:
    """Top and step of the axis of the shares of each workload: the same for all of them."""
    return _scale([share for steps_ in written_steps(report) for _, share in steps_], report)


def _scale(written: Sequence[float | None], report: Report) -> tuple[float, float]:
    """As much as the written and the observed shares need."""
    shares = [*written, *(b.observed_percent for b in bins(report.series))]
    most = max((share for share in shares if share is not None), default=0.0)
    return next((top, step) for top, step in _SCALES if top >= min(most * 1.04, PERCENT))


def is_condensed(report: Report) -> bool:
    """Whether a point of the charts stands for several minutes."""
    return any(b.end - b.begin > timedelta(minutes=1) for b in bins(report.series)[:1])


def observed_points(found: Sequence[Bin]) -> Points:
    """The observed share at the middle of each bin, with gaps where bins are missing."""
    return with_gaps([(b.middle, b.observed_percent) for b in found], found)


def with_gaps(points: Points, found: Sequence[Bin]) -> Points:
    """*points*, one a bin, with "no value" put in where the next bin does not follow at once."""
    full: list[tuple[datetime, float | None]] = []
    for index, point in enumerate(points):
        if index and found[index].begin != found[index - 1].end:
            full.append((found[index - 1].end, None))
        full.append(point)
    return full


def short(value: float) -> str:
    """A count for an axis: 1,500 as 1.5k."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


# --- Parts -----------------------------------------------------------------------------------------------------------


def _plot(report: Report, layout: Layout, height: float, most: float) -> Plot:
    begin, end = extent(report)
    return Plot(_LEFT, 10, layout.width - _LEFT - _RIGHT, height, begin, end, most)


def _share_ticks(top: float, step: float) -> tuple[tuple[float, str], ...]:
    values = [index * step for index in range(round(top / step) + 1)]
    return tuple((value, f"{value:g}\u00a0%" if value == top else f"{value:g}") for value in values)


def _svg(id_: str, layout: Layout, height: float, title: str, text: str, *children: Child) -> Markup:
    return tag(
        "svg",
        *_titles(id_, title, text),
        *children,
        viewBox=f"0 0 {layout.width:g} {height:g}", role="img", aria_labelledby=f"{id_}-t {id_}-d", class_=layout.name,
    )  # fmt: skip


def _titles(id_: str, title: str, text: str) -> tuple[Markup, Markup]:
    return tag("title", title, id=f"{id_}-t"), tag("desc", text, id=f"{id_}-d")


def _hits(plot: Plot, found: Sequence[Bin]) -> Markup:
    """Invisible columns that tell their numbers under the pointer."""
    return join(*(
        tag("rect", tag("title", _told(b)), x=plot.x(b.begin), y=plot.top,
            width=plot.x(b.end) - plot.x(b.begin), height=plot.height, class_="hit")
        for b in found
    ))  # fmt: skip


def _told(found: Bin) -> str:
    return (
        f"{found.begin:%H:%M} UTC\nwritten {words.share(found.written_percent)}\n"
        f"observed {words.share(found.observed_percent)}\n"
        f"5xx blue {words.rate(found.blue_5xx_percent)}, green {words.rate(found.green_5xx_percent)}\n"
        f"{words.count(found.requests)} requests"
    )
