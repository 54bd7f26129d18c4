"""The top of the page: the outcome, where traffic is, and eight key figures."""

from collections.abc import Callable
from typing import Final

from crossfade.core.budget import EVENTS_MAX
from crossfade.core.waves import first_stages
from crossfade.report import charts, words
from crossfade.report.counting import bins, percent
from crossfade.report.markup import Child, Markup, breakable, tag
from crossfade.report.model import Environment, MomentKind, Report
from crossfade.report.written import mean_steps

_NAMES_MAX = 8
_DASH: Final = "\u2013"


def masthead(report: Report) -> Markup:
    """The outcome, the reason, and where traffic is."""
    title, sentence = words.TITLES[report.outcome], words.SENTENCES[report.outcome]
    return tag(
        "header",
        _eyebrow(report),
        tag("h1", tag("span", f"{title}:", class_="tone"), f" {sentence}"),
        _reason(report),
        _traffic(report),
        _alert("The weights read back are not as they have to be", words.contradictions(report)),
        _alert("A promise was broken", report.broken),
        _jumps(report),
        _meta(report),
        class_=f"masthead outcome {words.TONES[report.outcome]}",
    )


def _eyebrow(report: Report) -> Markup:
    flag = tag("span", "not run on AWS", class_="flag") if report.environment is Environment.EMBEDDED else None
    return tag("p", tag("strong", "Crossfade"), tag("span", f"evidence of migration {report.migration}"), flag,
               class_="eyebrow")  # fmt: skip


def _reason(report: Report) -> Markup | None:
    lines = words.reasons(report)
    if len(lines) > 1:
        return tag("ul", *(tag("li", line) for line in lines), class_="reason")
    return tag("p", tag("span", "Reason: ", class_="muted"), _sentence(lines[0]), class_="reason") if lines else None


def _sentence(text: str) -> str:
    """*text* with a full stop; its first letter stays, it may be the name of an alarm."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _traffic(report: Report) -> Markup:
    shares = [at.share_percent for at in report.readback]
    known = [share for share in shares if share is not None]
    share = sum(known) / len(known) if known and len(known) == len(shares) else None
    sides = (
        (report.plan.blue.name, "blue", "left", 100 - (share or 0)),
        (report.plan.green.name, "green", "right", share or 0),
    )
    names = [
        tag("span", f"{name} ({side})" + (f" {words.share(part)}" if share is not None else ""), class_=class_)
        for name, side, class_, part in sides
    ]
    unknown = "not all weights could be read back" if shares else "weights not read back for this report"
    middle = tag("span", unknown, class_="muted") if share is None else None
    label = unknown if share is None else f"by the weights read back: blue {100 - share:.1f} %, green {share:.1f} %"
    return tag("div", charts.split_bar(share, label=label), tag("div", names[0], middle, names[1]), class_="traffic")


def _alert(title: str, sentences: tuple[str, ...]) -> Markup | None:
    if not sentences:
        return None
    return tag("div", tag("h2", title), tag("ul", *(tag("li", s) for s in sentences)), class_="alert")


def _jumps(report: Report) -> Markup:
    jumps = (
        ("next", "What to do next"),
        ("clock", "How long it took") if report.clock else None,
        ("decisions", "Why"),
        ("record", "The record"),
    )
    return tag("nav", *(tag("a", jump[1], href=f"#{jump[0]}") for jump in jumps if jump), aria_label="Sections")


def _meta(report: Report) -> Markup:
    ended = words.moment(report.ended) if report.ended else "still running"
    facts: tuple[tuple[str, Child], ...] = (
        ("Started", words.moment(report.started)),
        ("Ended", ended),
        ("Plan", f"{report.plan.name}: {_shares(report)}"),
        ("Started by", breakable(report.started_by or "not known")),
        ("Purpose", report.purpose or "not given"),
        ("Workloads", _names(report)),
    )
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts), class_="meta")


def _names(report: Report) -> str:
    names = [workload.name for workload in report.plan.workloads]
    left_out = len(names) - _NAMES_MAX
    return ", ".join(names[:_NAMES_MAX]) + (f" and {left_out} more" if left_out > 0 else "")


def _shares(report: Report) -> str:
    waves = first_stages(report.plan)
    parts: list[str] = []
    for index, stage in enumerate(report.plan.stages):
        join = ("; " if parts else "") if index in waves else " \u2192 " if parts else ""
        name = f"{waves[index]} " if index in waves else ""
        parts.append(f"{join}{name}{stage.share_percent:g}")
    return "".join(parts) + "\u00a0%"


# --- Key figures -----------------------------------------------------------------------------------------------------


def figures(report: Report) -> Markup:
    """Eight numbers."""
    makers: tuple[Callable[[Report], Markup], ...] = (
        _duration, _requests, _failed, _share_most, _time_to_users, _written, _read_back, _machine,
    )  # fmt: skip
    return tag("section", tag("h2", "Key figures"), tag("dl", *(make(report) for make in makers), class_="figures"),
               aria_label="Key figures")  # fmt: skip


def _figure(
    name: str, value: str | None, note: str = "", *, is_bad: bool = False, none: str = words.NOT_MEASURED
) -> Markup:
    class_ = "value none" if value is None else "value bad" if is_bad else "value"
    shown = none if value is None else value
    return tag(
        "div", tag("dt", name), tag("dd", shown, class_=class_), tag("dd", note, class_="note") if note else None
    )


def _duration(report: Report) -> Markup:
    if report.ended is None or report.duration is None:
        return _figure("Duration", _DASH, "still running")
    note = f"{report.started:%H:%M} to {report.ended:%H:%M} UTC"
    return _figure("Duration", words.span(report.duration), note)


def _requests(report: Report) -> Markup:
    if report.totals is None:
        return _figure("Requests", None)
    return _figure("Requests", f"{report.totals.requests:,}", report.totals.source)


def _failed(report: Report) -> Markup:
    totals, budget = report.totals, report.failed_budget
    charge = None if report.charge is None else report.charge.failed
    allowed = "no budget was set" if budget is None else f"budget {budget:,}"
    allowed += "" if charge is None else f", charged {charge:,} beyond blue's rate"
    bound = f"up to {report.bound.worst:,.0f} were foreseen" if report.bound and report.bound.worst is not None else ""
    if totals is None or totals.failed is None:
        return _figure("Failed requests", None, "; ".join(filter(None, (allowed, bound))))
    rate = f"{words.rate(percent(totals.failed, totals.requests) or 0.0)} of all"
    is_bad = budget is not None and (totals.failed if charge is None else charge) > budget
    note = "; ".join(filter(None, (rate, allowed, bound)))
    return _figure("Failed requests", f"{totals.failed:,}", note, is_bad=is_bad)


def _share_most(report: Report) -> Markup:
    name = "Highest share on green"
    observed = [b.observed_percent for b in bins(report.series) if b.observed_percent is not None]
    steps = mean_steps(charts.written_steps(report))
    written = [share for _, share in steps if share is not None]
    note = f"observed; written {words.share(max(written))}" if written else "observed; no weight was written"
    if observed:
        return _figure(name, words.share(max(observed)), note)
    return _figure(name, None, f"written {words.share(max(written))}" if written else "no weight was written")


def _time_to_users(report: Report) -> Markup:
    if report.rollback_began:
        return _longest(report, "Fault to last user back", words.MOMENTS_BACK)
    if report.clock:
        return _longest(report, "First write to last user off blue", words.MOMENTS_FORTH)
    return _figure("Fault to last user back", _DASH, "no rollback")


def _longest(report: Report, name: str, names: dict[MomentKind, str]) -> Markup:
    """The longest part of the clock that is known, under its true name."""
    known = sorted(((moment.kind, moment.at) for moment in report.clock if moment.at), key=lambda pair: pair[1])
    if len(known) < 2:  # noqa: PLR2004 - a duration has two ends
        return _figure(name, None)
    (first, begin), (last, end) = known[0], known[-1]
    is_whole = first is report.clock[0].kind and last is report.clock[-1].kind
    said = name if is_whole else f"{names[first]} to {names[last].lower()}"
    return _figure(said, words.span(end - begin), "the clock below has its parts")


def _written(report: Report) -> Markup:
    moved = len({write.workload for write in report.writes})
    note = f"in {moved} of {len(report.plan.workloads)} workloads" if moved else "nothing was written"
    return _figure("Weights written", str(len(report.writes)), note)


def _read_back(report: Report) -> Markup:
    name = "Hosts read back as wanted"
    judged = [at.as_wanted for at in report.readback if at.as_wanted is not None]
    if not report.readback:
        return _figure(name, None, none="not read back")
    if not judged:
        return _figure(name, _DASH, "the outcome promises no weights")
    wrong = judged.count(False)
    note = "blue and green, from the authority"
    return _figure(name, f"{len(judged) - wrong} of {len(judged)}", note, is_bad=wrong > 0)


def _machine(report: Report) -> Markup:
    history = report.history
    if history is None or history.events is None:
        return _figure("History events", None, none="not known")
    note = f"of {EVENTS_MAX:,}"
    note += f"; {history.transitions:,} transitions" if history.transitions is not None else ""
    return _figure("History events", f"{history.events:,}", f"{note}; execution {history.status}")
