"""The tables of the page: weights read back, clock, stages, writes, minutes, timeline, record."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from crossfade.core.weight import Side
from crossfade.names import TimelineEvent
from crossfade.report import words
from crossfade.report.counting import bins
from crossfade.report.markup import Child, Markup, breakable, join, tag
from crossfade.report.model import (
    Measured,
    Moment,
    Readback,
    Report,
    StageEntry,
    StageResult,
    TimelineEntry,
    WriteEntry,
)

_BAD_EVENTS = frozenset({TimelineEvent.ROLLBACK_DECIDED.value, TimelineEvent.ROLLBACK_BEGAN.value})


def table(caption: str, heads: Sequence[str], rows: Iterable[Markup], *, numbers: Sequence[int] = ()) -> Markup:
    """
    A table that scrolls sideways where the screen is narrow.

    Args:
        caption: What it shows.
        heads: Of the columns.
        rows: Whole rows.
        numbers: Columns of numbers, from 0, whose heads stand to the right.
    """
    head = (tag("th", text, scope="col", class_="num" if i in numbers else None) for i, text in enumerate(heads))
    inner = tag("table", tag("caption", caption), tag("thead", tag("tr", *head)), tag("tbody", *rows))
    return tag("div", inner, class_="scroll", role="region", tabindex="0", aria_label=caption)


def row(*cells: Child, class_: str | None = None) -> Markup:
    """A row of whole cells."""
    return tag("tr", *cells, class_=class_)


def cell(text: Child, class_: str | None = None) -> Markup:
    """A cell."""
    return tag("td", text, class_=class_)


def head(text: Child, class_: str | None = None) -> Markup:
    """The cell that names its row."""
    return tag("th", text, scope="row", class_=class_)


def time(at: datetime | None, class_: str = "time") -> Markup:
    """A cell with a time of day; a dash where there is none."""
    inner = tag("time", words.clock(at), datetime=at.isoformat()) if at else "\u2013"
    return cell(inner, class_)


def readback(report: Report) -> Markup:
    """Each host: before, wanted, found."""
    before = {at.workload: at for at in report.baseline}
    rows = []
    for at in report.readback:
        was = before.get(at.workload)
        rows.append(row(
            head(join(at.workload, tag("br"), tag("code", breakable(at.host), class_="muted")), "host"),
            cell(_pair(was.blue, was.green) if was else "\u2013", "num"),
            cell(_pair(at.wanted_blue, at.wanted_green), "num"),
            cell(_pair(at.blue, at.green), "num"),
            cell(words.share(at.share_percent) if at.share_percent is not None else "\u2013", "num"),
            cell(*_verdict(at)),
        ))  # fmt: skip
    when = f" at {words.moment(report.readback_at)}" if report.readback_at else ""
    caption = f"Weights blue : green, read back from the authority{when}"
    heads = ("host", "before", "wanted", "read back", "share on green", "")
    return table(caption, heads, rows, numbers=(1, 2, 3, 4))


def clock(report: Report) -> Markup:
    """Each instant, with the time since the one before and since the first."""
    names = words.MOMENTS_BACK if report.rollback_began else words.MOMENTS_FORTH
    known = [moment.at for moment in report.clock if moment.at]
    ordered = sorted(report.clock, key=lambda moment: (moment.at is None, moment.at or report.started))
    before = [None, *(moment.at for moment in ordered)]
    rows = [_moment_row(names[moment.kind], moment, at, known) for moment, at in zip(ordered, before, strict=False)]
    heads = ("moment", "UTC", "after the one before", "after the first", "known from")
    return table("From the first sign to the last user", heads, rows, numbers=(2, 3))


def stages(report: Report) -> Markup:
    """Wanted, written and observed share of each stage, and how it ended."""
    rows = [_stage_row(report, stage) for stage in report.stages]
    heads = (
        "stage",
        "wanted",
        "blue : green",
        "written",
        "observed",
        "bake",
        "gate",
        "began",
        "moved",
        "left",
        "result",
    )
    return table(
        "Stages as planned and as they went; times are UTC", heads, [*rows, _soak_row(report)], numbers=(1, 2, 3, 4)
    )


def writes(report: Report) -> Markup:
    """Every weight written; workloads written at once and alike share a row."""
    alike = groupby(report.writes, key=lambda w: (w.at, w.side, w.before, w.after, w.epoch))
    rows = [_write_row(tuple(group)) for _, group in alike]
    heads = ("UTC", "cluster", "before", "after", "epoch", "workloads")
    caption = f"Every weight that was written, {len(report.writes)} in all; workloads written at once share a row"
    return table(caption, heads, rows, numbers=(2, 3, 4))


def minutes(report: Report) -> Markup:
    """The numbers behind the charts, all workloads together."""
    found = bins(report.series)
    width = found[0].end - found[0].begin if found else timedelta(minutes=1)
    rows = [
        row(
            time(b.begin), cell(_known(b.written_percent), "num"), cell(words.share(b.observed_percent), "num"),
            cell(words.count(b.blue_requests), "num"), cell(words.count(b.blue_5xx), "num"),
            cell(words.count(b.green_requests), "num"), cell(words.count(b.green_5xx), _bad_number(b.green_5xx)),
        )
        for b in found
    ]  # fmt: skip
    heads = ("UTC", "written", "observed", "blue requests", "blue 5xx", "green requests", "green 5xx")
    caption = f"All workloads together, {words.span(width)} a row; each workload alone is in the JSON report"
    return table(caption, heads, rows, numbers=range(1, 7))


def timeline(report: Report) -> Markup:
    """What happened, oldest first; weights written at once share a row."""
    rows = [_timeline_row(report, tuple(group)) for _, group in groupby(report.timeline, key=_together)]
    heads = ("UTC", "after the start", "event", "what happened")
    return tag("div", table("As the ledger has it", heads, rows, numbers=(1,)), class_="timeline")


def _together(entry: TimelineEntry) -> tuple[object, ...]:
    is_write = entry.what == TimelineEvent.WEIGHT_WRITTEN
    return (entry.at, entry.data.get("side"), entry.data.get("weight")) if is_write else (id(entry),)


def signals(report: Report) -> Markup:
    """What people told the migration."""
    rows = [
        row(time(s.at), head(s.kind.value), cell(breakable(s.by), "wide"), cell(s.reason or "\u2013", "text"),
            cell(_about(report, s.stage)))
        for s in report.signals
    ]  # fmt: skip
    return table("What people told it", ("UTC", "signal", "by", "reason", "about"), rows)


def measures(found: Measured) -> Markup:
    """What the series shows up to a decision, cluster by cluster."""
    rows = [
        row(head("blue", "is-blue"), cell(words.count(found.blue_requests), "num"),
            cell(words.count(found.blue_5xx), "num"), cell(_rate(found.blue_5xx, found.blue_requests), "num")),
        row(head("green", "is-green"), cell(words.count(found.green_requests), "num"),
            cell(words.count(found.green_5xx), "num"), cell(_rate(found.green_5xx, found.green_requests), "num")),
    ]  # fmt: skip
    caption = (
        f"What the series shows from {words.clock(found.since)} to {words.clock(found.until)} UTC; "
        f"observed share on green {words.share(found.observed_percent)}"
    )
    return table(caption, ("cluster", "requests", "5xx", "rate"), rows, numbers=(1, 2, 3))


def workloads(report: Report) -> Markup:
    """What moved, and which alarms judged it."""
    rows = [
        row(
            head(w.name), cell(tag("code", breakable(w.host)), "wide"),
            cell(tag("code", breakable(", ".join(w.objects))), "wide"),
            cell(w.router.value), cell(", ".join(w.alarms) or "none", "text"),
        )
        for w in report.plan.workloads
    ]  # fmt: skip
    return table("What moved, and the alarms that judged it", ("workload", "host", "object", "router", "alarms"), rows)


# --- Rows ------------------------------------------------------------------------------------------------------------


def _known(percent: float | None) -> str:
    return "\u2013" if percent is None else words.share(percent)


def _about(report: Report, stage: int | None) -> str:
    if stage is None:
        return "whole migration"
    return "soak" if stage >= len(report.stages) else f"stage {stage + 1}"


def _pair(blue: int | None, green: int | None) -> str:
    return f"{words.weight(blue)} : {words.weight(green)}"


def _verdict(at: Readback) -> tuple[Child, str | None]:
    match at.as_wanted:
        case True:
            return "as wanted", None
        case False:
            return f"not as wanted{': ' + at.note if at.note else ''}", "is-bad"
        case None:
            return at.note or "nothing was promised", "muted"


def _moment_row(name: str, moment: Moment, before: datetime | None, known: Sequence[datetime]) -> Markup:
    since = words.span(moment.at - before) if moment.at and before else "\u2013"
    whole = words.span(moment.at - min(known)) if moment.at and before else "\u2013"
    return row(
        head(name, "nowrap"), time(moment.at), cell(since, "num"), cell(whole, "num"), cell(moment.how, "text muted"),
        class_=None if moment.at else "faint",
    )  # fmt: skip


def _stage_row(report: Report, stage: StageEntry) -> Markup:
    is_bad = stage.result is StageResult.ROLLED_BACK and report.soak_began is None
    faint = stage.result is StageResult.NOT_REACHED
    observed = words.share(stage.observed_percent) if stage.began else "\u2013"
    return row(
        head(f"{stage.number} {stage.wave}".rstrip()), cell(f"{stage.wanted_percent:g}\u00a0%", "num"),
        cell(_pair(stage.blue, stage.green), "num"), cell(words.share(stage.written_percent), "num"),
        cell(observed, "num"), cell(words.span(timedelta(seconds=stage.bake_seconds)), "nowrap"),
        cell(stage.gate.value), time(stage.began), time(stage.moved), time(stage.passed),
        cell(words.RESULTS[stage.result], "nowrap is-bad" if is_bad else "nowrap"), class_="faint" if faint else None,
    )  # fmt: skip


def _soak_row(report: Report) -> Markup:
    began, passed = report.soak_began, report.soak_passed
    failed = began and not passed and report.rollback_began
    result = "passed" if passed else "rolled back" if failed else "not finished" if began else "not reached"
    blanks = [cell("\u2013", "num")] * 4
    return row(
        head("soak"), *blanks, cell(words.span(report.plan.soak), "nowrap"), cell("\u2013"),
        time(began), cell("\u2013"), time(passed), cell(result, "nowrap is-bad" if failed else "nowrap"),
        class_=None if began else "faint",
    )  # fmt: skip


def _write_row(alike: Sequence[WriteEntry]) -> Markup:
    write = alike[0]
    return row(
        time(write.at), head(write.side, "is-blue" if write.side == Side.BLUE else "is-green"),
        cell(words.weight(write.before), "num"), cell(str(write.after), "num"), cell(words.weight(write.epoch), "num"),
        cell(", ".join(one.workload for one in alike), "text"),
    )  # fmt: skip


def _timeline_row(report: Report, together: Sequence[TimelineEntry]) -> Markup:
    entry, others = together[0], len(together) - 1
    text = f"{entry.text}; likewise {others} more" if others else entry.text
    is_bad = entry.what in _BAD_EVENTS
    return row(
        time(entry.at), cell(f"+{words.span(entry.at - report.started)}", "num muted"),
        cell(entry.what.replace("_", " "), "nowrap is-bad" if is_bad else "nowrap"),
        cell(text, "text is-bad" if is_bad else "text"),
    )  # fmt: skip


def _bad_number(number: int | None) -> str:
    return "num is-bad" if number else "num"


def _rate(part: int | None, whole: int | None) -> str:
    if part is None or whole is None:
        return words.NOT_MEASURED
    return words.rate(100 * part / whole) if whole else "\u2013"
