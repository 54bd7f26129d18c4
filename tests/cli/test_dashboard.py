"""The drawing of the dashboard: it reads the definition as CloudWatch does, and names what it cannot draw."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossfade.cli.dashboard.definition import Definition, NotDrawnError
from crossfade.cli.dashboard.page import Heading, render
from crossfade.cli.dashboard.published import Points, Published
from crossfade.cli.dashboard.query import ask
from tests.report.page import Element, parse

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
SHARE = ("Crossfade", "WrittenShare", frozenset({("workload", "yelb")}))
RECORDS = (
    {"message": "decision", "timestamp": "2026-03-01 02:00:00,000+0000", "action": "wait", "reason": "no data yet"},
    {"message": "decision", "timestamp": "2026-03-01 02:01:00,000+0000", "action": "advance", "reason": "all is well"},
    {
        "message": "error",
        "timestamp": "2026-03-01 02:02:00,000+0000",
        "error": "RouterThrottledError",
        "reason": "wait",
    },
    {"message": "a word", "timestamp": "2026-03-01 02:03:00,000+0000"},
)


def a_body(kind: str, **properties: Any) -> str:
    widget = {"type": kind, "x": 0, "y": 0, "width": 12, "height": 6, "properties": properties}
    return json.dumps({"start": "-PT3H", "widgets": [widget]})


def a_graph(*metrics: Sequence[Any], **properties: Any) -> str:
    return a_body("metric", **{"metrics": metrics, "title": "Shares", **properties})


def drawn(body: str, values: Mapping[Any, Points] | None = None) -> Element:
    heading = Heading(outcome="Succeeded", run="a test", began=NOW - timedelta(hours=1))
    return parse(render(Definition.read(body), Published(NOW, values or {}), heading))


def a_line(**options: Any) -> list[Any]:
    return ["Crossfade", "WrittenShare", "workload", "yelb", {"stat": "Maximum", "period": 60, **options}]


def test_a_dot_in_a_line_stands_for_what_the_line_before_has_there() -> None:
    body = a_graph(a_line(), [".", "Observed", ".", "burnham", {"yAxis": "right"}])

    first, second = Definition.read(body).widgets[0].lines()

    assert first.metric == SHARE
    assert second.metric == ("Crossfade", "Observed", frozenset({("workload", "burnham")}))
    assert (first.is_right, second.is_right) == (False, True)


def test_a_minute_without_a_value_is_a_gap_and_a_value_alone_a_dot() -> None:
    minutes = [0, 1, 2, 5]
    values = {SHARE: [(NOW - timedelta(minutes=30 - at), 5.0) for at in minutes]}

    page = drawn(a_graph(a_line()), values)

    line, dot = page.all("path", "line")
    assert (line.attributes["d"] or "").count("M") == 2
    assert (dot.attributes["d"] or "").count("M") == 1


@pytest.mark.parametrize(("stat", "value"), [("Sum", "3"), ("Maximum", "2")])
def test_a_number_is_the_statistic_of_the_whole_time_shown(stat: str, value: str) -> None:
    values = {SHARE: [(NOW - timedelta(hours=2), 9.0), (NOW - timedelta(minutes=9), 1.0), (NOW, 2.0)]}
    body = a_graph(a_line(stat=stat, label="moved"), view="singleValue", setPeriodToTimeRange=True)

    page = drawn(body, values)

    assert page.one("dd").text == value
    assert page.one("dt").text == "moved"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (a_graph([{"expression": "RATE(m1)"}]), "the expression RATE(m1)"),
        (a_graph(a_line(stat="p99")), "the statistic p99"),
        (a_graph(a_line(), view="pie"), "the view pie"),
        (a_body("explorer"), "a widget of the type explorer"),
        (a_body("log", query="SOURCE 'a' | stats count(*)"), "the query command stats count(*)"),
        (a_body("log", query="fields a | filter b like /c/"), "the query condition b like /c/"),
        (a_body("alarm", alarms=[]), "alarms in another order"),
    ],
)
def test_what_is_not_known_is_named_and_not_drawn(body: str, named: str) -> None:
    (panel,) = drawn(body).all("section")

    assert f"not drawn: {named}" in panel.text


def test_a_dashboard_that_starts_in_another_way_is_refused() -> None:
    with pytest.raises(NotDrawnError, match="starts at 2026"):
        Definition.read(json.dumps({"start": "2026-03-01T00:00:00Z", "widgets": []}))


def test_a_query_gives_its_columns_of_the_newest_records_that_pass() -> None:
    query = """SOURCE '/crossfade' | fields @timestamp, coalesce(error, action) as result, reason
    | filter message in ["decision", "error"] and (not ispresent(action) or action != "wait")
    | sort @timestamp desc
    | limit 1"""

    table = ask(query, RECORDS)

    assert table.columns == ("@timestamp", "result", "reason")
    assert table.rows == (("2026-03-01 02:02:00.000", "RouterThrottledError", "wait"),)


def test_what_a_text_widget_says_cannot_become_markup() -> None:
    page = drawn(a_body("text", markdown="- **bold `code`** and *lean* [here](https://example.com/)\n- <b>no</b>"))

    items = page.all("li")
    assert [each.text for each in items] == ["bold code and lean here", "<b>no</b>"]
    assert items[0].one("a").attributes["href"] == "https://example.com/"
    assert items[0].one("strong").one("code").text == "code"
    assert not page.all("b")


def test_the_page_says_in_one_line_how_it_ended_and_why_below() -> None:
    heading = Heading(outcome="RolledBack: all is back", run="a test", began=NOW, reason="green fails")
    page = parse(render(Definition.read(a_graph(a_line())), Published(NOW), heading))

    assert page.one("h1").text == "RolledBack: all is back"
    assert page.one("header").all("p")[0].text == "green fails"


def test_the_page_asks_for_nothing_beyond_itself() -> None:
    heading = Heading(outcome="Succeeded", run="a test", began=NOW)
    text = render(Definition.read(a_graph(a_line())), Published(NOW), heading)

    assert "default-src" in text
    assert "<script" not in text
    assert "http:" not in text
    assert "https:" not in text
