"""What is marked on the axis of time: stages as shaded bands, decisions as lines with labels over the chart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from crossfade.report.counting import bins
from crossfade.report.decisions import ROLL_BACK, UNNUMBERED
from crossfade.report.labels import Label, Place, place
from crossfade.report.markup import Child, Markup, join, tag
from crossfade.report.model import DecisionEntry, MomentKind, Report
from crossfade.report.plot import Plot, text_width

BAND = 22.0
"""Height of the strip that names the bands, in pixels."""

_ROW = 17.0


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time that is shaded and named: a stage, the soak, the rollback."""

    name: str
    begin: datetime
    end: datetime
    class_: str


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant that is marked over the chart, in words where there is room and in short where there is not."""

    at: datetime
    words: str
    short: str = ""
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Labels:
    """
    Labels in their places.

    Attributes:
        markup: All of them.
        height: They need over the plot.
        tops: Where the line of each mark begins; None for a mark without a label.
    """

    markup: Markup
    height: float
    tops: tuple[float | None, ...]


def extent(report: Report) -> tuple[datetime, datetime]:
    """From when to when the charts go: the run, and the series where it goes beyond."""
    found = bins(report.series)
    instants = [report.started, *((report.ended,) if report.ended else ())]
    instants += [entry.at for entry in report.timeline] + [b.end for b in found] + [b.begin for b in found]
    begin, end = min(instants), max(instants)
    return begin, max(end, begin + timedelta(minutes=1))


def numbered(report: Report) -> tuple[tuple[int, DecisionEntry], ...]:
    """The decisions that changed something, with the numbers that chart and list call them by."""
    return tuple(enumerate((decision for decision in report.decisions if decision.action not in UNNUMBERED), start=1))


def bands(report: Report) -> tuple[Band, ...]:
    """The shaded stretches, in order."""
    return (*_stage_bands(report), *_rollback_band(report))


def _stage_bands(report: Report) -> Iterator[Band]:
    """One a stage that was begun, and the soak; each ends where the next begins."""
    _, end = extent(report)
    over = report.rollback_began or report.soak_passed or report.ended or end
    begun = [(f"{stage.wanted_percent:g}\u00a0%", stage.began) for stage in report.stages if stage.began]
    begun += [("soak", report.soak_began)] if report.soak_began else []
    for index, ((name, begin), (_, until)) in enumerate(pairwise([*begun, ("", over)])):
        yield Band(name, begin, until, "plain" if index % 2 else "grey")


def _rollback_band(report: Report) -> Iterator[Band]:
    if back := report.rollback_began:
        _, end = extent(report)
        returned = report.moment(MomentKind.READ_BACK) or report.ended or end
        yield Band("rollback", back, max(back, returned), "red")


def draw_bands(report: Report, plot: Plot, *, head: float = 0) -> Markup:
    """The bands behind *plot*, reaching *head* pixels over it."""
    return join(*(
        tag("rect", x=plot.x(band.begin), y=plot.top - head, width=plot.x(band.end) - plot.x(band.begin),
            height=plot.height + head, class_=f"band {band.class_}")
        for band in bands(report)
    ))  # fmt: skip


def draw_band_names(report: Report, plot: Plot) -> Markup:
    """The names of the bands over *plot*, where they fit."""
    parts: list[Child] = []
    for band in bands(report):
        left, width = plot.x(band.begin), plot.x(band.end) - plot.x(band.begin)
        if text_width(band.name) + 6 <= width:
            parts.append(tag("text", band.name, x=left + width / 2, y=plot.top - 7, text_anchor="middle",
                             class_=f"band-name {band.class_}"))  # fmt: skip
    return join(*parts)


def marks(report: Report) -> tuple[Mark, ...]:
    """Decisions, and the instants at which traffic was seen to have arrived."""
    found = [
        Mark(d.at, f"{n} {d.action.replace('_', ' ')}", str(n), is_bad=d.action == ROLL_BACK)
        for n, d in numbered(report)
    ]
    return tuple(sorted([*found, *_arrivals(report)], key=lambda mark: mark.at))


def _arrivals(report: Report) -> Iterator[Mark]:
    back = report.rollback_began
    read_back, last = report.moment(MomentKind.READ_BACK), report.moment(MomentKind.LAST_USER)
    if back and read_back and read_back > back:
        yield Mark(read_back, "read back")
    if last and (back is None or last > back):
        yield Mark(last, "last user back" if back else "last user left blue")


def draw_labels(plot: Plot, found: Sequence[Mark], *, is_wordy: bool) -> Labels:
    """The labels of the marks: in words if they fit, else in short, else none."""
    for texts in ([mark.words for mark in found] if is_wordy else [], [mark.short for mark in found]):
        wanted = [(mark, text) for mark, text in zip(found, texts, strict=False) if text]
        places = place([Label(plot.x(mark.at), text_width(text) + 4) for mark, text in wanted], plot.left, plot.right)
        if wanted and places is not None:
            return _placed(plot, found, wanted, places)
    return Labels(Markup(), 0, tuple(None for _ in found))


def _placed(plot: Plot, found: Sequence[Mark], wanted: Sequence[tuple[Mark, str]], places: Sequence[Place]) -> Labels:
    height = _ROW * (1 + max(at.row for at in places))
    levels = {id(mark): height - _ROW * at.row - 5 for (mark, _), at in zip(wanted, places, strict=True)}
    texts = (
        tag(
            "text", text, x=plot.x(mark.at) + (-4 if at.is_before else 4), y=levels[id(mark)],
            text_anchor="end" if at.is_before else "start", class_="mark-label red" if mark.is_bad else "mark-label",
        )
        for (mark, text), at in zip(wanted, places, strict=True)
    )  # fmt: skip
    tops = tuple(levels[id(mark)] - 9 if id(mark) in levels else None for mark in found)
    return Labels(join(*texts), height, tops)


def draw_marks(plot: Plot, found: Sequence[Mark], tops: Sequence[float | None]) -> Markup:
    """The lines of the marks, each from its label to the base."""
    lines = (
        tag("line", x1=plot.x(mark.at), x2=plot.x(mark.at), y1=plot.top - BAND if top is None else top, y2=plot.bottom,
            class_="mark red" if mark.is_bad else "mark")
        for mark, top in zip(found, tops, strict=True)
    )  # fmt: skip
    return join(*lines)
