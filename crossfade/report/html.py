"""The report as one HTML file: no script, no network, the same bytes for the same report.

The page forbids itself everything but its own style sheet (Content-Security-Policy), so that even a fault of ours
could not make a name run as a script.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence

from crossfade.core.record import Outcome
from crossfade.report import masthead, sections, words
from crossfade.report.markup import Markup, tag
from crossfade.report.model import Report
from crossfade.report.style import sheet

_SECTIONS = (
    masthead.figures,
    sections.traffic,
    sections.failures,
    sections.requests,
    sections.multiples,
    sections.readback,
    sections.clock,
    sections.stages,
    sections.writes,
    sections.decisions,
    sections.timeline,
    sections.next_steps,
    sections.record,
)


def render(report: Report) -> str:
    """The page of *report*."""
    digest = hashlib.sha256(report.to_json().encode()).hexdigest()
    body = tag(
        "body",
        masthead.masthead(report),
        tag("main", *(section(report) for section in _ordered(report))),
        sections.footer(report, digest),
    )
    return f"<!doctype html>\n{tag('html', _head(report), body, lang='en')}\n"


def _ordered(report: Report) -> Sequence[Callable[[Report], Markup | None]]:
    """The sections in their order; when somebody has to act now, what to do comes first."""
    if report.outcome is not Outcome.ROLLBACK_UNCONFIRMED:
        return _SECTIONS
    return (sections.next_steps, *(section for section in _SECTIONS if section is not sections.next_steps))


def _head(report: Report) -> Markup:
    css = Markup(sheet())
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(css)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="robots", content="noindex"),
        tag("title", f"{words.TITLES[report.outcome]}: {report.migration} - Crossfade"),
        tag("style", css),
    )


def _policy(css: str) -> str:
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
