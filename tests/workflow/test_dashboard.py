"""What the dashboard draws and Crossfade's own alarms watch is really published, and nothing is published unseen."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest

from crossfade.cli.dashboard import Heading
from crossfade.cli.drawing import Drawing
from crossfade.names import METRIC_NAMESPACE, Metric
from tests.deployed import kept_template
from tests.report.page import Element, parse
from tests.workflow.journey import CONFIG, ON_BLUE, journey

pytestmark = pytest.mark.xdist_group("dashboard")
Named = tuple[str, str, frozenset[str]]
"""Namespace, name, and the names of the dimensions."""

ENDS: Final = ("Succeeded", "Failed", "TimedOut", "Aborted")
BY_AWS: Final = {
    "AWS/States": {f"Executions{what}" for what in ("Started", *ENDS)},
    "AWS/Lambda": {"Errors", "Duration"},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible"},
}
"""Published by the services themselves. Sources: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html"""
OTHER_ENDS: Final = {
    Metric.MIGRATION_SUCCEEDED,
    Metric.PARTLY_ROLLED_BACK,
    Metric.ROLLBACK_UNCONFIRMED,
}
"""Counted by the same line as RolledBack, when a migration ends so: see `lambdas/door.py`."""


@pytest.fixture(scope="module")
def body() -> dict[str, Any]:
    return kept_template(CONFIG)


@dataclass
class Night:
    """A migration that somebody stops, and the guardian after it."""

    published: dict[Named, list[dict[str, Any]]]
    page: Element


@pytest.fixture(scope="module")
def night() -> Night:
    found: dict[Named, list[dict[str, Any]]] = {}
    with journey("stop@2") as tonight:
        drawing, began = Drawing(tonight.world, kept_template(CONFIG)), tonight.world.clock.now
        tonight.run()
        tonight.pass_time(minutes=8)
        assert tonight.routed == ON_BLUE
        for line in tonight.world.cloud.logs:
            if '"_aws"' in line.text:
                entry = json.loads(line.text)
                for named in _in_format(entry):
                    found.setdefault(named, []).append(entry)
        page = drawing.page(Heading(outcome="stopped", run="a test", began=began))
    return Night(found, parse(page))


@pytest.fixture(scope="module")
def published(night: Night) -> dict[Named, list[dict[str, Any]]]:
    return night.published


def _in_format(entry: Mapping[str, Any]) -> Iterator[Named]:
    for directive in entry["_aws"]["CloudWatchMetrics"]:
        for dimensions in directive["Dimensions"]:
            yield from ((directive["Namespace"], each["Name"], frozenset(dimensions)) for each in directive["Metrics"])


def drawn(body: Mapping[str, Any]) -> set[Named]:
    """What the graphs name; a dot stands for what the line before has there."""
    found: set[Named] = set()
    for widget in _widgets(body):
        before: list[str] = []
        for line in widget["properties"].get("metrics", ()):
            words = [word for word in line if isinstance(word, str)]
            before = [before[at] if word == "." else word for at, word in enumerate(words)]
            found.add((before[0], before[1], frozenset(before[2::2])))
    return found


def _widgets(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    (dashboard,) = (each for each in body["Resources"].values() if each["Type"] == "AWS::CloudWatch::Dashboard")
    parts = dashboard["Properties"]["DashboardBody"]["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else "resolved" for part in parts)
    widgets: list[dict[str, Any]] = json.loads(text)["widgets"]
    return widgets


def watched(body: Mapping[str, Any]) -> set[Named]:
    alarms = [each["Properties"] for each in body["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    return {
        (each["Namespace"], each["MetricName"], frozenset(dimension["Name"] for dimension in each["Dimensions"]))
        for each in alarms
    }


def test_whatever_is_drawn_or_watched_is_published(
    body: Mapping[str, Any], published: Mapping[Named, list[dict[str, Any]]]
) -> None:
    expected = {named for named in drawn(body) | watched(body) if named[0] not in BY_AWS and named[1] not in OTHER_ENDS}

    assert expected <= set(published)
    assert all(name in BY_AWS[space] for space, name, _ in drawn(body) | watched(body) if space in BY_AWS)


def test_whatever_is_published_is_drawn(
    body: Mapping[str, Any], published: Mapping[Named, list[dict[str, Any]]]
) -> None:
    assert set(published) <= drawn(body)
    assert {name for space, name, _ in drawn(body) if space == METRIC_NAMESPACE} == {each.value for each in Metric}


def test_after_a_way_back_the_written_share_is_drawn_where_it_was_read_back(
    published: Mapping[Named, list[dict[str, Any]]],
) -> None:
    shares = published[(METRIC_NAMESPACE, "WrittenShare", frozenset({"service", "workload"}))]
    last = {each["workload"]: each["WrittenShare"] for each in shares}

    assert max(share for each in shares for share in each["WrittenShare"]) > 0
    assert last == {"burnham": [0.0], "yelb": [0.0]}


# --- Drawn -----------------------------------------------------------------------------------------------------------


def panel(page: Element, title: str) -> Element:
    return next(each for each in page.all("section") if each.all("h2") and title in each.one("h2").text)


def numbers(page: Element, title: str) -> dict[str, str]:
    return {each.one("dt").text: each.one("dd").text for each in panel(page, title).one("dl").all("div")}


def test_every_widget_that_is_deployed_can_be_drawn(night: Night, body: Mapping[str, Any]) -> None:
    panels = night.page.all("section")

    assert len(panels) == len(_widgets(body))
    assert [each.text for each in panels if "not drawn" in each.text] == []
    assert "not CloudWatch" in night.page.text


def test_what_a_run_published_is_in_the_drawing(night: Night) -> None:
    assert numbers(night.page, "Migrations in the time shown") | numbers(night.page, "Executions") == {
        "stages shifted": "2",
        "succeeded": "--",
        "rolled back": "1",
        "partly rolled back": "--",
        "rollback unconfirmed": "--",
        "acts of the guardian": "6",
        "started": "1",
        "failed, such as rolled back": "--",
        "timed out": "--",
        "stopped by somebody": "1",
    }
    for title in ("Green's share", "5xx in this stage", "burnham", "yelb", "Leases"):
        assert panel(night.page, title).all("path", "line"), title


def test_the_drawing_shows_decisions_without_the_looks_at_which_there_was_none(night: Night) -> None:
    decided = panel(night.page, "What was decided").one("tbody").all("tr")
    waited = panel(night.page, "What was seen last").one("tbody").all("tr")
    functions, results = ([[cell.text for cell in row.all("td")][at] for row in decided] for at in (2, 3))

    assert functions[0] == "guardian"
    assert "wait" not in results
    assert "advance" in results
    assert [[cell.text for cell in row.all("td")][3] for row in waited] == ["wait"] * 3


def test_a_firing_alarm_comes_first_in_the_drawing(night: Night) -> None:
    own = panel(night.page, "Alarms on Crossfade itself").all("li")
    states = [each.attributes["class"] or "" for each in own]

    assert states == sorted(states)  # alarm, no data, ok
    assert "Crossfade-Aborted" in {each.text for each in own}
