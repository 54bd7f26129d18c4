"""The drawing as one HTML file: no script, no network, in the place and size that each widget has on the dashboard."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from crossfade.cli.dashboard.definition import Definition, NotDrawnError, Widget
from crossfade.cli.dashboard.graphs import ROW, Window, graph
from crossfade.cli.dashboard.markdown import words
from crossfade.cli.dashboard.published import Published
from crossfade.cli.dashboard.query import ask
from crossfade.report.markup import Markup, tag
from crossfade.report.style import DARK, LIGHT, palettes

_BEFORE: Final = timedelta(minutes=5)
"""Drawn before the first value, so that it does not stand at the edge."""

_DRAWING: Final = (
    "A drawing by crossfade demo, not CloudWatch: the definition of the dashboard as it would be deployed, with what "
    "this run published in the embedded world. Nobody has seen it in CloudWatch yet; fonts, colours and what is cut "
    "off are ours."
)
_READING: Final = (
    "CloudWatch opens it on the last {hours:g} hours; drawn are {begin:%H:%M} to {end:%H:%M} UTC of {end:%d %B %Y}. "
    "Alarms have the state of that end. A gap is a minute without a value, a dot a value alone. "
    "How long calls take is not measured in the embedded world, and its queues are empty."
)
_ALARM_CLASSES: Final = {"OK": "ok", "ALARM": "alarm", "INSUFFICIENT_DATA": "nodata"}
_WORST_FIRST: Final = ("ALARM", "INSUFFICIENT_DATA", "OK")


@dataclass(frozen=True, slots=True)
class Heading:
    """
    What stands over the drawing.

    Attributes:
        outcome: How the run ended, in one line.
        run: Which run it was: plan, fault, seed.
        began: When the run began.
        reason: Why it ended so; empty when nothing is to be said of it.
    """

    outcome: str
    run: str
    began: datetime
    reason: str = ""


def render(definition: Definition, published: Published, heading: Heading) -> str:
    """The page."""
    begin = max(heading.began - _BEFORE, published.at - definition.shown)
    window = Window(begin, published.at)
    css = Markup(_sheet(definition))
    reading = _READING.format(hours=definition.shown / timedelta(hours=1), begin=begin, end=published.at)
    body = tag(
        "body",
        tag(
            "header",
            tag("h1", heading.outcome),
            tag("p", heading.reason) if heading.reason else None,
            tag("p", heading.run),
            tag("p", f"{_DRAWING} {reading}", class_="note"),
        ),
        tag("main", *(_panel(index, each, published, window) for index, each in enumerate(definition.widgets))),
    )
    return f"<!doctype html>\n{tag('html', _head(css), body, lang='en')}\n"


def _panel(index: int, widget: Widget, published: Published, window: Window) -> Markup:
    try:
        inside = _inside(widget, published, window)
    except NotDrawnError as error:
        inside = tag("p", f"not drawn: {error}", class_="note")
    title = tag("h2", widget.title) if widget.title else None
    return tag("section", title, inside, class_=f"{widget.kind} w{index}")


def _inside(widget: Widget, published: Published, window: Window) -> Markup:
    match widget.kind:
        case "text":
            return words(widget.properties["markdown"])
        case "alarm":
            return _alarms(widget, published)
        case "log":
            return _table(widget, published)
        case "metric":
            return graph(widget, published, window)
        case other:
            msg = f"a widget of the type {other}"
            raise NotDrawnError(msg)


def _alarms(widget: Widget, published: Published) -> Markup:
    """By state, the worst first, as the widget asks for."""
    if widget.properties.get("sortBy") != "stateUpdatedTimestamp":
        msg = "alarms in another order"
        raise NotDrawnError(msg)
    found = [(arn.rpartition(":alarm:")[2], arn) for arn in widget.properties["alarms"]]
    states = [
        (published.states.get(arn) or published.states.get(name, "INSUFFICIENT_DATA"), name) for name, arn in found
    ]
    states.sort(key=lambda each: _WORST_FIRST.index(each[0]))
    return tag("ul", *(tag("li", name, class_=_ALARM_CLASSES[state]) for state, name in states), class_="alarms")


def _table(widget: Widget, published: Published) -> Markup:
    found = ask(widget.properties["query"], published.records)
    head = tag("tr", *(tag("th", name) for name in found.columns))
    rows = (tag("tr", *(tag("td", text) for text in row)) for row in found.rows)
    return tag("div", tag("table", tag("thead", head), tag("tbody", *rows)), class_="log", tabindex="0")


# --- Page ------------------------------------------------------------------------------------------------------------


def _head(css: Markup) -> Markup:
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", "Dashboard of Crossfade, drawn"),
        tag("style", css),
    )


def _sheet(definition: Definition) -> str:
    places = "\n".join(
        f".w{index}{{grid-column:{each.x + 1}/span {each.width};grid-row:{each.y + 1}/span {each.height}}}"
        for index, each in enumerate(definition.widgets)
    )
    return f"{palettes(LIGHT, DARK)}\n{_RULES}@media (min-width:60rem){{\n{places}\n}}\n"


_RULES: Final = f"""\
*{{box-sizing:border-box}}
body{{margin:0;background:var(--panel);color:var(--ink);
  font:13px/1.4 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;
  font-variant-numeric:tabular-nums}}
header,main{{max-width:92rem;margin:0 auto;padding:0 1rem}}
header{{padding-top:1rem;padding-bottom:.75rem}}
h1{{font-size:1.25rem;margin:0}}
h2{{font-size:.875rem;line-height:1.25rem;margin:0 0 .25rem;font-weight:650;flex:none}}
p{{margin:.25rem 0}}
.note{{color:var(--muted);max-width:70rem}}
section{{background:var(--paper);border:1px solid var(--rule);border-radius:.5rem;padding:.5rem .75rem;margin:0 0 .5rem;
  overflow:hidden;min-width:0;display:flex;flex-direction:column}}
svg{{display:block;width:100%;height:auto;overflow:visible}}
svg text{{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;
  fill:var(--muted)}}
svg .halo{{fill:var(--ink);paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}}
.axis{{stroke:var(--rule)}}
.axis.base{{stroke:var(--muted)}}
.line{{fill:none;stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round}}
.dot{{stroke-width:6}}
.legend{{display:flex;flex-wrap:wrap;gap:0 .75rem;margin:0;padding:0;list-style:none;font-size:.75rem;
  line-height:1.25rem;max-height:3.75rem;overflow-y:auto;flex:none}}
.legend li{{display:flex;align-items:center;gap:.375rem;white-space:nowrap}}
.legend svg{{width:.625rem;height:.625rem;flex:none}}
.legend .none{{color:var(--muted);text-decoration:line-through}}
.words li{{margin-left:1.25rem}}
.words li+li{{margin-top:.25rem}}
code{{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;background:var(--panel);
  padding:.0625rem .25rem;border-radius:.25rem}}
a{{color:var(--blue)}}
.alarms{{display:flex;flex-wrap:wrap;gap:.375rem;margin:0;padding:0;list-style:none;overflow-y:auto}}
.alarms li{{padding:.1875rem .5rem;border-radius:.25rem;border:1px solid var(--rule);font-size:.75rem}}
.alarms .ok{{background:var(--green-soft);border-color:var(--green)}}
.alarms .alarm{{background:var(--bad);border-color:var(--bad);color:var(--on-tone);font-weight:650}}
.alarms .nodata{{background:var(--band);color:var(--muted)}}
.numbers{{display:grid;grid-template-columns:repeat(3,1fr);gap:.75rem 1rem;margin:.5rem 0 0}}
.numbers div{{display:flex;flex-direction:column}}
.numbers dd{{margin:0;font-size:1.75rem;line-height:1.2;font-weight:600}}
.numbers dt{{color:var(--muted);font-size:.75rem}}
.log{{overflow:auto}}
.log:focus-visible,a:focus-visible{{outline:2px solid var(--blue)}}
table{{border-collapse:collapse;width:100%;font-size:.75rem;line-height:1.25rem}}
th,td{{text-align:left;padding:.125rem 1rem .125rem 0;white-space:nowrap;border-bottom:1px solid var(--rule)}}
th{{color:var(--muted);font-weight:500;position:sticky;top:0;background:var(--paper)}}
td:last-child{{overflow:hidden;text-overflow:ellipsis;max-width:0;width:100%}}
@media (min-width:60rem){{
  main{{display:grid;grid-template-columns:repeat(24,minmax(0,1fr));grid-auto-rows:{ROW}px}}
  section{{margin:0 .25rem .5rem}}
}}
"""
