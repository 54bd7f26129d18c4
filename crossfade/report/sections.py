"""The sections of the page, top to bottom: what a tired person needs first, what an auditor needs last."""

from collections.abc import Callable, Iterator
from itertools import groupby

from crossfade.report import charts, evidence_table, tables, words
from crossfade.report.counting import bins, total
from crossfade.report.decisions import ROLL_BACK, WAIT
from crossfade.report.marks import numbered
from crossfade.report.markup import Child, Markup, breakable, join, tag
from crossfade.report.model import DecisionEntry, Environment, Report, Series
from crossfade.report.plot import LAYOUTS, Layout

_MULTIPLES_MAX = 60


# --- Charts ----------------------------------------------------------------------------------------------------------


def traffic(report: Report) -> Markup:
    """All charts that share the axis of time."""
    if not report.series and not report.writes:
        text = "No weight was written and no series was measured: there is nothing to draw."
        return _section("Share of traffic on green", "", tag("p", text, class_="empty"))
    written = tag("li", _swatch("written", "M0 6H24"), "written")
    observed = tag("li", _swatch("observed", "M0 6H24"), "observed") if report.series else None
    numbers = tag("li", "numbers are the decisions below", class_="muted") if report.decisions else None
    legend = tag("ul", written, observed, numbers, class_="legend")
    lead = "Written is what the weights say; observed is what users did."
    if any(workload.router.is_dns for workload in report.plan.workloads):
        lead += " DNS caches make the second follow the first."
    missing = None if report.series else tag("p", "The observed share was not measured.", class_="empty")
    return _section("Share of traffic on green", lead, _both(charts.share_chart, report, legend), missing)


def failures(report: Report) -> Markup | None:
    """Rates of failure, blue beside green."""
    if not report.series:
        return None
    if not _are_failures_measured(report):
        return _section("5xx rate", "", _not_measured("5xx answers"))
    legend = tag(
        "ul", tag("li", _swatch("blue-line", "M0 6H24"), "blue"), tag("li", _swatch("green-line", "M0 6H24"), "green"),
        class_="legend",
    )  # fmt: skip
    lead = "Part of each cluster's answers with a 5xx status; over few requests it jumps. Green alone is green's fault."
    return _section("5xx rate", lead, _both(charts.failure_chart, report, legend))


def requests(report: Report) -> Markup:
    """Requests and failures, counted."""
    if not report.series:
        return _section("5xx rate and requests", "", _not_measured("requests and 5xx answers, minute by minute"))
    found = bins(report.series)
    every = f"in {words.span(found[0].end - found[0].begin)}" if charts.is_condensed(report) else "a minute"
    legend = tag(
        "ul", tag("li", _swatch("blue-area", "M0 1H24V12H0Z"), f"blue, requests {every}"),
        tag("li", _swatch("green-area", "M0 1H24V12H0Z"), "green, on top of it"), class_="legend",
    )  # fmt: skip
    numbers = tag(
        "details", tag("summary", tag("span", "The numbers behind the charts", class_="words"), class_="plain"),
        tag("div", tables.minutes(report), class_="detail flush"), class_="quiet",
    )  # fmt: skip
    return _section("Requests", "", _both(charts.request_chart, report, legend), _failed(report, every), numbers)


def _failed(report: Report, every: str) -> Markup | None:
    if not _are_failures_measured(report):
        return None
    swatch = _swatch("bad-fill", "M0 0H24V12H0Z")
    legend = tag("ul", tag("li", swatch, f"5xx answers {every}, both clusters"), class_="legend")
    return _both(charts.failed_chart, report, legend)


def _are_failures_measured(report: Report) -> bool:
    return any(b.failed is not None for b in bins(report.series))


def multiples(report: Report) -> Markup | None:
    """One small chart a workload, when there is more than one."""
    shown = report.series[:_MULTIPLES_MAX]
    if len(report.series) < 2:  # noqa: PLR2004 - one workload is the chart above
        return None
    left_out = len(report.series) - len(shown)
    lead = "Share on green, written and observed, each workload alone."
    lead += f" {left_out} more are in the JSON report." if left_out else ""
    small = (_multiple(report, series, index) for index, series in enumerate(shown))
    return _section("Workload by workload", lead, tag("div", *small, class_="multiples"))


def _multiple(report: Report, series: Series, index: int) -> Markup:
    host = next((workload.host for workload in report.plan.workloads if workload.name == series.workload), "")
    return tag(
        "div",
        tag("h3", series.workload),
        tag("p", host, class_="host"),
        tag("p", _placed(report, series.workload), class_="small"),
        charts.small_chart(report, series, index),
        tag("p", _counted(series), class_="small muted"),
    )


def _placed(report: Report, workload: str) -> str:
    """In which wave it was, where it was before, and where it was read back."""
    wave = next((f"wave {wave.name}; " for wave in report.plan.waves if workload in wave.workloads), "")
    before = next((_pair(at.blue, at.green) for at in report.baseline if at.workload == workload), "not known")
    found = next((at for at in report.readback if at.workload == workload), None)
    if found is None:
        return f"{wave}before the start {before}"
    side = {0.0: "on blue", 100.0: "on green"}.get(
        -1.0 if found.share_percent is None else found.share_percent, "split"
    )
    now = _pair(found.blue, found.green)
    return f"{wave}{side}, read back as {now}; " + ("as before" if now == before else f"before {before}")


def _pair(blue: int | None, green: int | None) -> str:
    return f"blue {words.weight(blue)} : green {words.weight(green)}"


def _counted(series: Series) -> str:
    requests_ = total(count for m in series.minutes for count in (m.blue_requests, m.green_requests))
    blue, green = (total(m.blue_5xx for m in series.minutes), total(m.green_5xx for m in series.minutes))
    return f"{words.count(requests_)} requests; 5xx: blue {words.count(blue)}, green {words.count(green)}"


def _both(draw: Callable[[Report, Layout], Markup], report: Report, legend: Markup) -> Markup:
    """The chart for wide screens and paper, and the one for phones; the style sheet shows one of them."""
    return tag("figure", tag("figcaption", legend), *(draw(report, layout) for layout in LAYOUTS))


def _swatch(class_: str, path: str) -> Markup:
    return tag("svg", tag("path", d=path, class_=class_), viewBox="0 0 24 12", aria_hidden="true")


# --- Tables ----------------------------------------------------------------------------------------------------------


def readback(report: Report) -> Markup:
    """What the authority answers with at the end."""
    if not report.readback:
        return _section(
            "Weights read back", "", tag("p", "The weights were not read back for this report.", class_="empty")
        )
    return _section("Weights read back", "", tables.readback(report))


def clock(report: Report) -> Markup | None:
    """How long everything took."""
    if not report.clock:
        return None
    lead = "Instants known from the series are exact to a minute, the others to a second."
    bars = [bar for layout in LAYOUTS if (bar := charts.clock_bar(report, layout))]
    figure = tag("figure", *bars) if bars else None
    return _section("The clock", lead if report.series else "", figure, tables.clock(report), id_="clock")


def stages(report: Report) -> Markup:
    """The plan, and how far it came."""
    return _section("Stages", "", tables.stages(report))


def writes(report: Report) -> Markup:
    """Every write."""
    if not report.writes:
        return _section("Writes", "", tag("p", "No weight was written.", class_="empty"))
    return _section("Writes", "", tables.writes(report))


def decisions(report: Report) -> Markup:
    """Every decision with its evidence."""
    if not report.decisions:
        return _section("Decisions", "", tag("p", "No decision is recorded.", class_="empty"), id_="decisions")
    lead = "Open one to see what it was taken from. The numbers are those of the chart; a look changed nothing."
    return _section("Decisions", lead, *_decisions(report), id_="decisions")


def _decisions(report: Report) -> Iterator[Markup]:
    numbers = {id(decision): n for n, decision in numbered(report)}
    for is_wait, group in groupby(report.decisions, key=lambda decision: decision.action == WAIT):
        if is_wait:
            yield _waits(tuple(group))
        else:
            yield from (_decision(decision, numbers.get(id(decision))) for decision in group)


def _decision(decision: DecisionEntry, number: int | None) -> Markup:
    is_bad = decision.action == ROLL_BACK
    summary = tag(
        "summary",
        tag("span", str(number), class_="badge bad" if is_bad else "badge") if number else tag("span"),
        tag("span", tag("time", words.clock(decision.at), datetime=decision.at.isoformat()), class_="time"),
        tag("span", decision.action.replace("_", " "), class_="is-bad" if is_bad else "nowrap"),
        tag("span", decision.reason, class_="words" if number else "words muted"),
    )
    return tag("details", summary, tag("div", *_taken_from(decision), class_="detail"), open=is_bad)


def _taken_from(decision: DecisionEntry) -> Iterator[Markup]:
    if decision.evidence:
        yield evidence_table.evidence(decision.evidence)
    if decision.measured:
        yield tables.measures(decision.measured)
    if not decision.evidence and not decision.measured:
        yield tag("p", "Nothing beside the reason is recorded.", class_="small muted")


def _waits(waits: tuple[DecisionEntry, ...]) -> Markup:
    first, last = words.clock(waits[0].at), words.clock(waits[-1].at)
    summary = tag(
        "summary", tag("span", "", class_="muted"), tag("span", first, class_="time"), tag("span", "wait"),
        tag("span", f"{len(waits)} looks until {last}; the last: {waits[-1].reason}", class_="words muted"),
    )  # fmt: skip
    return tag("details", summary, tag("div", *_taken_from(waits[-1]), class_="detail"))


def timeline(report: Report) -> Markup:
    """What happened, and what people said."""
    return _section("Timeline", "", tables.timeline(report), tables.signals(report) if report.signals else None)


def next_steps(report: Report) -> Markup:
    """What to do next."""
    items = (tag("li", tag("p", advice.text), _commands(advice)) for advice in words.advice(report))
    return _section("What to do next", "", tag("ol", *items, class_="next"), id_="next")


def _commands(advice: words.Advice) -> Markup | None:
    return tag("pre", tag("code", "\n".join(advice.commands)), tabindex="0") if advice.commands else None


def record(report: Report) -> Markup:
    """What an auditor looks up."""
    facts = (
        ("Execution", report.execution),
        ("Lease epoch at the end", str(report.epoch)),
        ("Hosted zone", f"{report.plan.zone.name} ({report.plan.zone.id})"),
        ("Blue", f"{report.plan.blue.name}, {report.plan.blue.region}"),
        ("Green", f"{report.plan.green.name}, {report.plan.green.region}"),
    )
    meta = tag("dl", *(tag("div", tag("dt", n), tag("dd", tag("code", breakable(v)))) for n, v in facts), class_="meta")
    return _section("The record", "", meta, tables.workloads(report), id_="record")


def footer(report: Report, digest: str) -> Markup:
    """Where it ran, and how to check that page and JSON belong together."""
    flag = tag("p", tag("strong", words.NOT_AWS)) if report.environment is Environment.EMBEDDED else None
    return tag(
        "footer",
        tag("div", flag,
            tag("p", "Made by Crossfade from the ledger's record and timeline; all times are UTC. "
                     "What was not measured is said to be so; nothing is estimated."),
            tag("p", f"The same as JSON (schema version {report.schema_version}) has SHA-256 ", tag("code", digest)),
            class_="line"),
    )  # fmt: skip


def _not_measured(what: str) -> Markup:
    return tag("p", f"{what[0].upper()}{what[1:]}: {words.NOT_MEASURED}.", class_="empty")


def _section(title: str, lead: str, *children: Child, id_: str | None = None) -> Markup:
    text = tag("p", lead, class_="lead") if lead else None
    return tag("section", tag("h2", title), text, join(*children), id=id_)
