"""The page: one file that is well formed, harmless, accessible and always the same."""

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from functools import cache

import pytest

from crossfade.core.argocd import ArgoCd, SecretKey
from crossfade.core.plan import Wave
from crossfade.core.record import Outcome
from crossfade.core.weight import Side
from crossfade.core.workload import Identifiers, ListenerRule, Router
from crossfade.names import TimelineEvent
from crossfade.report import Bound, DecisionEntry, Environment, History, Report, build, render, words
from crossfade.report.charts import mean_scale, share_scale
from crossfade.report.markup import breakable, escape, tag
from crossfade.report.model import MomentKind
from crossfade.report.style import DARK, LIGHT, sheet
from tests.report import samples
from tests.report.page import Element, parse
from tests.report.test_model import SAMPLES

EVIL = "<script>alert('x')</script>&\"><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def rollback() -> Element:
    return parsed(samples.a_rollback)


@pytest.fixture(scope="module")
def success() -> Element:
    return parsed(samples.a_success)


@cache
def parsed(sample: Callable[[], Report]) -> Element:
    return parse(render(sample()))


@pytest.fixture(params=SAMPLES, ids=lambda sample: sample.__name__)
def page(request: pytest.FixtureRequest) -> Element:
    return parsed(request.param)


# --- Every page ------------------------------------------------------------------------------------------------------


def test_a_page_is_well_formed_with_one_heading_and_a_language(page: Element) -> None:
    assert page.one("html").attributes["lang"] == "en"
    assert len(page.all("h1")) == 1
    assert page.one("head").one("title").text.endswith("Crossfade")


def test_a_page_has_no_script_no_style_attribute_and_no_event_handler(page: Element) -> None:
    for element in page.all("*"):
        assert element.tag not in ("script", "iframe", "object", "embed", "link", "img", "form")
        assert not [name for name in element.attributes if name == "style" or name.startswith("on")]


def test_a_page_loads_nothing_and_links_only_within_itself(page: Element) -> None:
    ids = [element.attributes["id"] for element in page.all("*") if "id" in element.attributes]

    assert len(set(ids)) == len(ids)
    for element in page.all("*"):
        assert not {"src", "srcset", "action", "data", "xlink:href"} & set(element.attributes)
        href = element.attributes.get("href")
        assert href is None or (href.startswith("#") and href[1:] in ids)
    assert "url(" not in sheet()
    assert "@import" not in sheet()
    assert "http" not in sheet()


def test_a_page_forbids_itself_everything_but_its_own_style_sheet(page: Element) -> None:
    (policy,) = [m.attributes["content"] for m in page.all("meta") if "http-equiv" in m.attributes]
    css = page.one("style").text
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()

    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_styles_stand_in_the_head_and_nowhere_in_the_text(page: Element) -> None:
    assert page.one("head").one("style")
    assert "{" not in re.sub(r"\s", "", page.one("body").text)
    assert "var(--" not in page.one("body").text


def test_every_picture_says_in_words_what_it_shows(page: Element) -> None:
    for svg in page.all("svg"):
        if svg.attributes.get("aria-hidden") == "true":
            continue
        assert svg.attributes["role"] == "img"
        named = (svg.attributes.get("aria-labelledby") or "").split()
        inside = {element.attributes.get("id"): element.text for element in svg.all("*")}
        assert svg.attributes.get("aria-label") or [inside[id_] for id_ in named if inside[id_]] != []


def test_every_table_has_a_caption_and_heads(page: Element) -> None:
    for table in page.all("table"):
        columns = len(table.one("thead").all("th"))
        assert table.one("caption").text
        assert all(head.attributes["scope"] in ("col", "row") for head in table.all("th"))
        for row in table.one("tbody").all("tr"):
            assert len(row.all("td")) + len(row.all("th")) == columns


def test_every_place_that_scrolls_can_be_reached_with_the_keyboard(page: Element) -> None:
    for element in (*page.all("div", "scroll"), *page.all("pre")):
        assert element.attributes["tabindex"] == "0"


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_same_report_is_the_same_page(sample: Callable[[], Report]) -> None:
    assert render(sample()) == render(sample())


def test_a_report_that_was_read_from_json_is_the_same_page() -> None:
    report = samples.a_rollback()

    assert render(Report.from_json(report.to_json())) == render(report)


def test_the_footer_names_the_digest_of_the_json() -> None:
    report = samples.a_rollback()
    digest = hashlib.sha256(report.to_json().encode()).hexdigest()

    assert digest in parse(render(report)).one("footer").text


def test_five_workloads_over_ninety_minutes_stay_below_300_kilobytes() -> None:
    report = samples.a_success()

    assert len(report.series) == 5
    assert min(len(series.minutes) for series in report.series) >= 90
    assert len(render(report).encode()) < 300_000


def test_forty_workloads_over_a_day_stay_below_a_megabyte() -> None:
    names = [f"workload-{index:02}" for index in range(40)]
    story = samples.Story(plan=samples.a_plan(names)).start()
    story.pass_stage(0)
    story.now += timedelta(hours=24)
    (first,) = story.series(first=1)
    series = tuple(first.model_copy(update={"workload": name}) for name in names)

    text = render(build(story.record(), story.events, environment=Environment.AWS, series=series))

    assert len(text.encode()) < 1_000_000


# --- Outcomes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [*Outcome, None])
def test_every_outcome_has_a_headline_a_tone_and_something_to_do_next(outcome: Outcome | None) -> None:
    report = samples.a_rollback().model_copy(update={"outcome": outcome})

    page = parse(render(report))

    assert page.one("h1").text == words.headline(report)
    assert words.TONES[outcome] in (page.one("header").attributes["class"] or "")
    assert page.section("What to do next").all("li")


def test_the_headline_of_a_rollback_says_where_traffic_is_and_the_next_line_says_why(rollback: Element) -> None:
    assert rollback.one("h1").text == "Rolled back: all traffic is back on blue"
    assert rollback.one("p", "reason").text == "Reason: green-burnham-5xx is in ALARM."


def test_the_bar_shows_where_traffic_goes_by_the_weights_read_back(rollback: Element, success: Element) -> None:
    assert "100.0\u00a0%" in rollback.one("div", "traffic").one("span", "left").text
    assert "100.0\u00a0%" in success.one("div", "traffic").one("span", "right").text


def test_one_host_that_cannot_be_read_makes_the_bar_unknown() -> None:
    page = parse(render(samples.an_unconfirmed_rollback()))

    assert "not all weights could be read back" in page.one("div", "traffic").text
    assert page.one("div", "traffic").all("rect", "blue-fill") == []


def test_an_unconfirmed_rollback_says_first_what_to_do_and_with_which_commands() -> None:
    page = parse(render(samples.an_unconfirmed_rollback()))
    commands = page.section("What to do next").one("pre").text

    assert page.one("main").all("section")[0].all("h2")[0].text == "What to do next"
    assert commands.index("aws-weight=100") < commands.index("aws-weight=0")
    assert "kubectl -n team-burnham annotate --overwrite ingress burnham-ingress" in commands


def test_weights_that_stand_in_records_are_not_annotated_by_hand() -> None:
    report = samples.an_unconfirmed_rollback()
    direct = {"router": Router.ROUTE53, "identifiers": Identifiers(blue="shop-blue", green="shop-green")}
    workload = report.plan.workloads[0].model_copy(update=direct)
    plan = report.plan.model_copy(update={"workloads": (workload, *report.plan.workloads[1:])})

    commands = parse(render(report.model_copy(update={"plan": plan}))).section("What to do next").one("pre").text

    assert f"# {workload.host} in Route 53: set the weight of shop-blue to 100" in commands
    assert workload.sources[0].name not in commands


def test_what_argo_cd_renders_from_is_written_before_what_it_would_put_back() -> None:
    report = samples.an_unconfirmed_rollback()
    block = ArgoCd(applications=("team",), secret=SecretKey(name="{cluster}", key="route53_weight"))
    workload = report.plan.workloads[0].model_copy(update={"router": Router.ARGOCD, "argocd": block})
    plan = report.plan.model_copy(update={"workloads": (workload, *report.plan.workloads[1:])})

    commands = parse(render(report.model_copy(update={"plan": plan}))).section("What to do next").one("pre").text

    source = f"kubectl -n argocd annotate --overwrite secret {plan.blue.name} route53_weight=100"
    assert commands.index(source) < commands.index(f"ingress {workload.sources[0].name}")


def test_weights_that_stand_in_a_listener_rule_are_not_annotated_by_hand() -> None:
    report = samples.an_unconfirmed_rollback()
    groups = {side: f"arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/shop-{side}/1" for side in ("blue", "green")}
    rule = ListenerRule(rule="arn:of:the:rule", binding="shop", **groups)
    changes = {"router": Router.ALB, "ingress": None, "alb": rule}
    workload = report.plan.workloads[0].model_copy(update=changes)
    plan = report.plan.model_copy(update={"workloads": (workload, *report.plan.workloads[1:])})

    commands = parse(render(report.model_copy(update={"plan": plan}))).section("What to do next").one("pre").text

    assert f"# {workload.host} in the rule arn:of:the:rule: set the weight of shop-blue to 100" in commands


def test_dns_is_spoken_of_only_where_there_is_some() -> None:
    report = samples.a_rollback()
    behind_a_rule = tuple(each.model_copy(update={"router": Router.ALB}) for each in report.plan.workloads)
    plan = report.plan.model_copy(update={"workloads": behind_a_rule})

    shown, other = (
        parse(render(each)).section("Share of traffic on green").text
        for each in (report, report.model_copy(update={"plan": plan}))
    )

    assert "DNS caches" in shown
    assert "DNS" not in other


def test_names_in_commands_are_quoted_for_the_shell() -> None:
    report = samples.an_unconfirmed_rollback()
    workload = report.plan.workloads[0].model_copy(update={"ingress": "x; rm -rf /"})
    plan = report.plan.model_copy(update={"workloads": (workload, *report.plan.workloads[1:])})

    commands = parse(render(report.model_copy(update={"plan": plan}))).section("What to do next").one("pre").text

    assert "ingress 'x; rm -rf /' " in commands


def test_a_refusal_lists_its_faults_and_invents_no_chart() -> None:
    page = parse(render(samples.a_refusal()))

    assert [item.text for item in page.one("ul", "reason").all("li")] == [
        "alarm green-yelb-5xx does not exist; create it",
        "riker: green already has weight 5; set it to 0 before the start",
    ]
    assert page.one("main").all("svg") == []
    assert page.one("main").text.count("not measured") >= 3


def test_a_refusal_during_which_traffic_was_measured_draws_what_was_observed() -> None:
    story = samples.Story()
    story.now += timedelta(seconds=9)
    record = story.record(Outcome.REFUSED, "nothing was changed: no", has_baseline=False)

    page = parse(render(build(record, story.events, environment=Environment.AWS, series=story.series())))

    chart = page.section("Share of traffic on green").all("svg", "wide")[0]
    assert chart.one("path", "written").attributes["d"] == ""
    assert chart.one("path", "observed").attributes["d"] != ""


def test_weights_that_contradict_the_outcome_are_shown_before_everything_else() -> None:
    report = samples.a_success()
    astray = report.readback[0].model_copy(update={"blue": 100})
    report = report.model_copy(update={"readback": (astray, *report.readback[1:])})

    (alert,) = parse(render(report)).one("header").all("div", "alert")

    assert "shows blue 100 : green 100, wanted is blue 0 : green 100" in alert.text


def test_a_broken_promise_is_shown_before_everything_else() -> None:
    report = samples.a_success().model_copy(update={"broken": ("all weights were zero at 02:14",)})

    assert "all weights were zero" in parse(render(report)).one("header").one("div", "alert").text


def test_a_run_in_the_embedded_world_says_so_at_the_top_and_at_the_end(success: Element, rollback: Element) -> None:
    assert success.one("header").one("span", "flag").text == "not run on AWS"
    assert words.NOT_AWS in success.one("footer").text
    assert rollback.one("header").all("span", "flag") == []
    assert "AWS:" not in rollback.one("footer").text


# --- Sections --------------------------------------------------------------------------------------------------------


def test_sections_stand_in_the_order_in_which_they_are_needed(rollback: Element) -> None:
    assert [section.all("h2")[0].text for section in rollback.one("main").all("section")] == [
        "Key figures",
        "Share of traffic on green",
        "5xx rate",
        "Requests",
        "Workload by workload",
        "Weights read back",
        "The clock",
        "Stages",
        "Writes",
        "Decisions",
        "Timeline",
        "What to do next",
        "The record",
    ]


def _figure(page: Element, name: str) -> Element:
    return next(div for div in page.one("dl", "figures").all("div") if div.one("dt").text == name)


def test_failed_requests_stand_beside_their_budget_and_beside_what_was_foreseen() -> None:
    report = samples.a_rollback().model_copy(update={"bound": Bound(expected=700, worst=3320.4)})

    note = _figure(parse(render(report)), "Failed requests").one("dd", "note").text

    assert note.endswith("of all; budget 2,000; up to 3,320 were foreseen")


def test_a_budget_that_was_exceeded_is_red() -> None:
    report = samples.a_rollback().model_copy(update={"failed_budget": 100})

    assert _figure(parse(render(report)), "Failed requests").all("dd", "bad")


def test_what_is_not_known_is_said_to_be_so() -> None:
    page = parse(render(samples.a_refusal()))

    assert _figure(page, "Requests").one("dd", "none").text == "not measured"
    assert _figure(page, "Hosts read back as wanted").one("dd", "none").text == "not read back"
    assert _figure(page, "History events").one("dd", "none").text == "not known"


def test_a_partly_known_clock_is_not_called_by_the_name_of_the_whole() -> None:
    story, record = samples.a_rollback_story()

    page = parse(render(build(record, story.events, environment=Environment.AWS)))

    assert _figure(page, "Rollback decided to weights read back").one("dd", "value").text.replace("\u00a0", " ")


def test_without_a_series_the_written_share_is_still_drawn_and_the_rest_is_not_measured() -> None:
    story, record = samples.a_rollback_story()

    page = parse(render(build(record, story.events, environment=Environment.AWS)))
    chart = page.section("Share of traffic on green")

    assert [path.attributes["d"] != "" for path in chart.all("svg", "wide")[0].all("path", "written")] == [True]
    assert "The observed share was not measured." in chart.text
    assert "not measured" in page.section("5xx rate and requests").text


def _with_minutes(**changes: int | None) -> Report:
    """A running migration, every minute of it changed."""
    report = samples.a_running_one()
    series = tuple(
        one.model_copy(update={"minutes": tuple(minute.model_copy(update=changes) for minute in one.minutes)})
        for one in report.series
    )
    story = samples.Story().start()
    return build(story.record(), story.events, environment=Environment.AWS, series=series)


def test_requests_without_5xx_counts_are_drawn_and_the_5xx_are_not_measured() -> None:
    page = parse(render(_with_minutes(blue_5xx=None, green_5xx=None)))

    assert "not measured" in page.section("5xx rate").text
    assert len(page.section("Requests").all("figure")) == 1
    assert _figure(page, "Failed requests").one("dd", "none").text == "not measured"
    assert _figure(page, "Requests").all("dd", "none") == []


def test_one_side_without_counts_is_said_not_to_be_measured() -> None:
    page = parse(render(_with_minutes(green_requests=None, green_5xx=None)))

    assert "Green was not measured" in page.section("5xx rate").all("desc")[0].text
    assert "The observed share was not measured" in page.section("Share of traffic on green").all("desc")[0].text


def test_a_hole_in_the_series_is_a_hole_in_the_line() -> None:
    report = samples.a_rollback()
    whole = report.series[0].minutes
    holed = report.series[0].model_copy(update={"minutes": (*whole[:20], *whole[30:])})
    story, record = samples.a_rollback_story()

    page = parse(render(build(record, story.events, environment=Environment.AWS, series=(holed,))))
    path = page.section("Share of traffic on green").all("svg", "wide")[0].one("path", "observed")

    assert (path.attributes["d"] or "").count("M") == 2


def test_a_series_without_minutes_is_no_series() -> None:
    story, record = samples.a_rollback_story()
    empty = samples.a_rollback().series[0].model_copy(update={"minutes": ()})

    assert build(record, story.events, environment=Environment.AWS, series=(empty,)).series == ()


def test_a_run_of_many_hours_names_the_width_of_its_points() -> None:
    story = samples.Story(plan=samples.a_plan(("burnham",))).start()
    story.pass_stage(0)
    story.now += timedelta(hours=9)

    page = parse(render(build(story.record(), story.events, environment=Environment.AWS, series=story.series())))

    assert "blue, requests in 5\u00a0min" in page.section("Requests").text


def test_marks_without_room_for_labels_keep_their_lines() -> None:
    story, record = samples.a_rollback_story()
    crowd = [
        DecisionEntry(at=samples.T0 + timedelta(seconds=index), action="advance", reason=f"stage {index}")
        for index in range(30)
    ]

    page = parse(render(build(record, story.events, environment=Environment.AWS, decisions=crowd)))
    chart = page.section("Share of traffic on green").all("svg", "wide")[0]

    assert chart.all("text", "mark-label") == []
    assert len(chart.all("line", "mark")) >= 30


def test_evidence_of_any_shape_is_shown() -> None:
    story, record = samples.a_rollback_story()
    evidence = {
        "alarms": ["a", "b"],
        "share": 24.5,
        "limits": {"low": 2000, "high": 1e12},
        "series": [1, 2],
        "p": None,
        "workloads": {"burnham": {"requests": 5}, "yelb": {"cause": "alarm", "requests": 7}},
    }
    decision = DecisionEntry.model_validate(
        {"at": story.now, "action": "advance", "reason": "in its band", "evidence": evidence}
    )

    page = parse(render(build(record, story.events, environment=Environment.AWS, decisions=(decision,))))
    cells = [cell.text for cell in page.section("Decisions").all("td")]

    assert cells[:5] == ["a, b", "24.50", "low: 2,000high: 1e+12", "[1, 2]", "\u2013"]
    assert cells[5:] == ["5", "\u2013", "7", "alarm"]


def test_charts_are_drawn_for_wide_and_for_narrow_screens(rollback: Element) -> None:
    for name in ("Share of traffic on green", "5xx rate", "Requests"):
        charts = rollback.section(name).all("figure")
        assert all(len(chart.all("svg", "wide")) == len(chart.all("svg", "narrow")) == 1 for chart in charts)


def test_the_rollback_is_marked_and_shaded_in_the_chart(rollback: Element) -> None:
    chart = rollback.section("Share of traffic on green").all("svg", "wide")[0]

    assert [label.text for label in chart.all("text", "mark-label") if "red" in (label.attributes["class"] or "")] == [
        "4 roll back"
    ]
    assert len(chart.all("rect", "red")) == 1


def test_the_numbers_of_the_chart_are_the_numbers_of_the_decisions(rollback: Element) -> None:
    chart = rollback.section("Share of traffic on green").all("svg", "wide")[0]
    numbers = [text.text.split()[0] for text in chart.all("text", "mark-label") if text.text[0].isdigit()]

    assert numbers == [badge.text for badge in rollback.section("Decisions").all("span", "badge")]


def test_the_decision_to_roll_back_stands_open_with_its_evidence(rollback: Element) -> None:
    *passed, last = rollback.section("Decisions").all("details")

    assert ["open" in details.attributes for details in (*passed, last)] == [False, False, False, True]
    assert "green-burnham-5xx: ALARM" in last.text
    assert "Threshold Crossed" in last.text


def test_looks_that_changed_nothing_are_one_line() -> None:
    story, record = samples.a_rollback_story()
    looks = [
        DecisionEntry(at=samples.T0 + timedelta(seconds=30 * index), action="wait", reason="all alarms are OK")
        for index in range(20)
    ]
    act = DecisionEntry(at=story.now, action="roll_back", reason="green-burnham-5xx is in ALARM")

    page = parse(render(build(record, story.events, environment=Environment.AWS, decisions=(*looks, act))))
    waited, rolled = page.section("Decisions").all("details")

    assert "20 looks until 02:09:30" in waited.text
    assert rolled.one("span", "badge").text == "1"


def test_a_changed_verdict_is_a_look_with_its_evidence_and_without_a_number() -> None:
    story = samples.Story().start()
    story.move(0)
    story.bake(2)
    story.note(TimelineEvent.VERDICT_CHANGED, "burnham: too few requests", stage=0, cause="too_few")
    story.bake(9)
    story.note(TimelineEvent.VERDICT_CHANGED, "all alarms are OK", stage=0, cause="ok")
    story.note(TimelineEvent.STAGE_PASSED, "stage 1 passed: all alarms are OK", stage=0, cause="ok")

    page = parse(render(build(story.record(), story.events, environment=Environment.AWS)))
    started, look, passed = page.section("Decisions").all("details")

    assert "too_few" in look.one("table").text
    assert look.all("span", "badge") == []
    assert [one.one("span", "badge").text for one in (started, passed)] == ["1", "2"]


def test_workloads_that_are_written_at_once_share_a_row(rollback: Element) -> None:
    rows = rollback.section("Writes").one("tbody").all("tr")

    assert len(rows) == 5
    assert all(name in row.text for row in rows for name in samples.NAMES)


def test_what_people_told_the_migration_is_in_the_timeline() -> None:
    assert "incident elsewhere" in parse(render(samples.a_hold())).section("Timeline").text


def test_the_next_step_after_a_rollback_names_the_sick_workload_and_the_time(rollback: Element) -> None:
    assert "Look at burnham on eks-blueprint-green" in rollback.section("What to do next").text


def test_a_history_without_numbers_is_not_known() -> None:
    report = samples.a_success().model_copy(update={"history": History(status="DELETED")})

    assert _figure(parse(render(report)), "History events").all("dd", "none")


# --- Escaping --------------------------------------------------------------------------------------------------------


def _poisoned(value: object) -> object:
    """The same report with every free text replaced by markup."""
    if isinstance(value, dict):
        keep = ("at", "since", "until", "schema_version", "environment", "outcome", "what", "side", "action", "kind",
                "router", "on_failure", "gate", "result", "started", "ended", "bake", "soak", "timing",
                "workload")  # fmt: skip
        return {
            key: one if key in keep or key.endswith(("_at", "_began", "_passed")) or one is None else _poisoned(one)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_poisoned(one) for one in value]
    if isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\dT", value):
        return EVIL
    return value


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_text_of_a_report_can_become_markup(sample: Callable[[], Report]) -> None:
    report = Report.model_validate(_poisoned(sample().model_dump(mode="json")))

    text = render(report)
    page = parse(text)

    assert EVIL in page.one("body").text
    assert "<script" not in text
    assert "<img" not in text
    assert {element.tag for element in page.all("*")} <= {
        element.tag for element in parse(render(sample())).all("*")
    } | {"br", "wbr", "code"}


def test_markup_is_escaped_once_and_only_once() -> None:
    assert escape("a & <b>") == "a &amp; &lt;b&gt;"
    assert tag("p", tag("b", "a & b")) == "<p><b>a &amp; b</b></p>"
    assert tag("p", title='"><x') == '<p title="&quot;&gt;&lt;x"></p>'
    assert breakable("a/<b>:c") == "a/<wbr>&lt;b&gt;:<wbr>c"


def test_signs_that_hide_or_turn_text_are_made_visible() -> None:
    assert escape("a\u202eb\x00c\u200f") == "a\ufffdb\ufffdc\ufffd"
    assert escape("a\tb\nc") == "a\tb\nc"


# --- Colours ---------------------------------------------------------------------------------------------------------


def _luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, ground) for text in ("ink", "muted") for ground in ("paper", "panel", "band", "green-soft")),
        *((text, "paper") for text in ("blue", "green", "bad")),
        ("bad", "bad-soft"),
        ("ink", "bad-soft"),
        ("on-tone", "bad"),
    ],
)
def test_text_has_the_contrast_of_level_aa(palette: dict[str, str], text: str, ground: str) -> None:
    assert _contrast(palette[text], palette[ground]) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("graphic", ["blue", "green", "bad", "ink", "muted"])
@pytest.mark.parametrize("ground", ["paper", "band", "bad-soft"])
def test_lines_and_areas_have_the_contrast_of_level_aa(palette: dict[str, str], graphic: str, ground: str) -> None:
    assert _contrast(palette[graphic], palette[ground]) >= 3


def test_both_palettes_have_the_same_colours_and_no_rule_has_one_of_its_own() -> None:
    rules = sheet().split("\n", 2)[2]

    assert set(LIGHT) == set(DARK)
    assert re.findall(r"#[0-9a-f]{3,8}\b", rules) == []
    assert set(re.findall(r"var\(--([a-z-]+)\)", rules)) <= set(LIGHT)


# --- Reasons and advice ----------------------------------------------------------------------------------------------


def test_a_long_reason_of_several_parts_is_a_list() -> None:
    parts = [f"workload-{index}: green fails more than blue: 56 of 324 requests on green" for index in range(4)]
    report = samples.a_rollback().model_copy(update={"reason": "; ".join(parts)})

    assert [item.text for item in parse(render(report)).one("ul", "reason").all("li")] == parts


def test_a_part_that_names_nothing_itself_stays_with_what_it_is_of() -> None:
    cause = "Route 53 limits the rate of ListResourceRecordSets on Z0EXAMPLE1234567890 (Throttling); it is tried again"
    reason = f"RouterThrottledError: {cause}; the execution failed; the weights cannot be read back: {cause}"
    report = samples.a_rollback().model_copy(update={"reason": f"read back at last: {reason}"})

    assert [item.text for item in parse(render(report)).one("ul", "reason").all("li")] == [
        f"read back at last: {cause}; the execution failed",
        "the weights cannot be read back: the same",
    ]


def test_moments_at_one_instant_are_no_time_apart() -> None:
    report = samples.a_rollback()
    decided = report.moment(MomentKind.DECIDED)
    same = [m.model_copy(update={"at": decided}) if m.kind is MomentKind.FIRST_WRITE else m for m in report.clock]

    page = parse(render(report.model_copy(update={"clock": tuple(same)})))
    rows = [[cell.text for cell in row.all("*")] for row in page.section("The clock").all("tr")]

    assert [cells[3].replace("\u00a0", " ") for cells in rows if cells[0] == "First write accepted"] == ["0 s"]


def test_a_fleet_is_named_wave_by_wave_and_drawn_on_the_scale_of_the_whole() -> None:
    report = samples.a_rollback()
    names = [workload.name for workload in report.plan.workloads]
    waves = (Wave(name="pilot", workloads=tuple(names[:1])), Wave(name="rest", workloads=tuple(names[1:])))
    first, *others = report.plan.stages
    stages = (first, *(stage.model_copy(update={"wave": 1}) for stage in others))
    fleet = report.model_copy(update={"plan": report.plan.model_copy(update={"waves": waves, "stages": stages})})
    whole = {Side.BLUE: 0, Side.GREEN: 100}
    moved = [write for write in report.writes if write.workload == names[0]]
    fleet = fleet.model_copy(
        update={"writes": tuple(write.model_copy(update={"after": whole[Side(write.side)]}) for write in moved)}
    )

    page = parse(render(fleet))

    facts = {part.one("dt").text: part.one("dd").text for part in page.all("dl", "meta")[0].all("div")}
    assert facts["Plan"].startswith(f"{fleet.plan.name}: pilot 1; rest 5 ")
    assert (mean_scale(fleet)[0], share_scale(fleet)[0]) == (50, 100)


def test_the_evidence_of_a_decision_is_named_in_words_with_the_cause_first() -> None:
    evidence = {"p_worse": 0.01, "green_failed": 11, "cause": "worse_than_blue"}
    report = samples.a_rollback()
    last = report.decisions[-1].model_copy(update={"evidence": evidence})

    page = parse(render(report.model_copy(update={"decisions": (*report.decisions[:-1], last)})))
    rows = page.section("Decisions").all("details")[-1].all("tr")

    assert [[cell.text for cell in row.all("*")] for row in rows[1:4]] == [
        ["cause", "worse than blue"],
        ["of them failed", "11"],
        ["chance of this if green were no worse (p)", "0.01"],
    ]


def test_after_a_success_blue_is_kept_as_long_as_it_is_asked() -> None:
    report = samples.a_success()
    minutes = tuple(minute.model_copy(update={"blue_requests": 3}) for minute in report.series[0].minutes)
    busy = report.series[0].model_copy(update={"minutes": minutes})
    story = samples.Story().start()
    record = story.end(Outcome.SUCCEEDED, "all traffic is on green")

    page = parse(render(build(record, story.events, environment=Environment.AWS, series=(busy,))))

    assert "blue still answered requests when the series ended" in page.section("What to do next").text
    assert "it answered the last one before 02:57:00 UTC" in parse(render(report)).section("What to do next").text
