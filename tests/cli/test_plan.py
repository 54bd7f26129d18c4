"""`crossfade plan`: what people and programs are shown of a plan, and what is refused."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from crossfade.cli.plan_json import FIELDS
from tests.cli.conftest import Run
from tests.core.documents import Where, changed

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DAY = timedelta(days=1)
BUSY: list[tuple[Where, object]] = [(("workloads", index, "requestsPerSecond"), 500) for index in (0, 1)]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return _written(tmp_path, changed(*BUSY))


def _written(where: Path, document: dict[str, Any]) -> Path:
    path = where / "crossfade.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_people_see_stages_writes_time_harm_and_cost(run: Run, config: Path) -> None:
    ran = run("plan", "--config", str(config))

    assert ran.code == 0
    assert ran.err == ""
    assert ran.out.startswith("Plan standard moves cart, search from shop-blue to shop-green, together.")
    assert "+ approval" in ran.out
    assert "somebody has to approve once, and may take" in ran.out
    assert "requests fail, of 1,000 a second, 100 % of green's failing" in ran.out
    assert "A rollback has users back on blue in 1m30s .. 3m" in ran.out
    assert "of 25,000 history events" in ran.out


def test_no_line_is_folded_or_coloured_in_a_pipe(run: Run, config: Path) -> None:
    out = run("plan", "--config", str(config)).out

    assert "\x1b" not in out
    assert len([line for line in out.splitlines() if line.lstrip().startswith(("1 ", "2 ", "3 "))]) == 3


def test_a_plan_and_workloads_can_be_chosen(run: Run, config: Path) -> None:
    answer = run("plan", "--config", str(config), "--plan", "quick", "--workloads", "search", "--output", "json").json

    assert answer["plan"] == "quick"
    assert answer["workloads"] == ["search"]
    assert answer["requests_per_second"] == 500


def test_a_rate_on_the_command_line_stands_for_all_workloads(run: Run, config: Path) -> None:
    answer = run("plan", "--config", str(config), "--requests-per-second", "30", "--output", "json").json

    assert answer["requests_per_second"] == 30


def test_without_any_rate_the_text_says_how_to_give_one(run: Run, tmp_path: Path) -> None:
    out = run("plan", "--config", str(_written(tmp_path, changed()))).out

    assert "give --requests-per-second, or requestsPerSecond of each workload" in out
    assert "fail if green" not in out


def test_an_expired_plan_can_still_be_looked_at(run: Run, tmp_path: Path) -> None:
    expired = changed((("plans", "standard", "notAfter"), "2020-01-01T00:00:00Z"))

    assert run("plan", "--config", str(_written(tmp_path, expired))).code == 0


def test_a_budget_that_is_exceeded_is_shown_and_refused(run: Run, tmp_path: Path) -> None:
    path = _written(tmp_path, changed((("plans", "standard", "budget"), {"failedRequests": 1_000})))

    kept = run("plan", "--config", str(path), "--requests-per-second", "10")
    exceeded = run("plan", "--config", str(path), "--requests-per-second", "10000")
    unknown = run("plan", "--config", str(path))

    assert (kept.code, exceeded.code, unknown.code) == (0, 2, 0)
    assert "Budget of 1,000 failed requests: kept." in kept.out
    assert "Budget of 1,000 failed requests: exceeded." in exceeded.out
    assert exceeded.err.startswith("crossfade: plan standard: its budget of 1,000 failed requests is exceeded: up to ")
    assert "Budget of 1,000 failed requests: not checked, as no rate is known." in unknown.out


def test_a_plan_that_no_alarm_can_judge_has_no_end(run: Run, tmp_path: Path) -> None:
    blind = {"stages": [{"share": 100, "bake": "1s"}], "soak": "0s"}
    path = _written(tmp_path, changed((("plans", "quick"), blind), *BUSY))

    out = run("plan", "--config", str(path), "--plan", "quick").out

    assert " .. no end requests fail" in out
    assert "Look twice: this plan is over before an alarm can see a bad green" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(
            ("--plan", "nightly"), "input.plan: there is no plan 'nightly'; use one of quick, standard", id="no plan"
        ),
        pytest.param(
            ("--workloads", "chart"), "there is no workload 'chart'; use some of cart, search", id="no workload"
        ),
        pytest.param(("--workloads", ","), "input.workloads", id="no name"),
        pytest.param(("--error-rate", "2"), "an error rate of 2 means nothing", id="error rate"),
        pytest.param(("--requests-per-second", "-1"), "--requests-per-second", id="negative rate"),
        pytest.param(("--requests-per-second", "inf"), "inf is no rate; give a number", id="a rate without end"),
        pytest.param(("--output", "xml"), "--output", id="no such form"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, config: Path, arguments: tuple[str, ...], said: str) -> None:
    ran = run("plan", "--config", str(config), *arguments)

    assert ran.code == 2
    assert ran.out == ""
    assert said in ran.err


def test_a_configuration_that_is_not_there_is_refused(run: Run, tmp_path: Path) -> None:
    ran = run("plan", "--config", str(tmp_path / "crossfade.yaml"))

    assert ran.code == 2
    assert "cannot be read from" in ran.err


def _paths(value: Any, path: str = "") -> Iterator[str]:
    """The key paths of *value* as `FIELDS` writes them; what holds two paces, or a cluster, is one."""
    if isinstance(value, dict) and not {"typical", "expected", "region"} & value.keys():
        for key, part in value.items():
            yield from _paths(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from _paths(value[0], f"{path}[]")
    else:
        yield path


def test_every_key_of_the_json_is_documented_and_there(run: Run, tmp_path: Path) -> None:
    waves = [{"name": "pilot", "workloads": ["cart"]}, {"name": "rest", "workloads": ["search"]}]
    budget = (("plans", "standard", "budget"), {"failedRequests": 10**6})
    path = _written(tmp_path, changed(budget, (("plans", "standard", "waves"), waves), *BUSY))

    assert list(_paths(run("plan", "--config", str(path), "--output", "json").json)) == list(FIELDS)


def test_the_json_of_the_sample_plan_stays_as_it_is(run: Run, config: Path) -> None:
    answer = run("plan", "--config", str(config), "--output", "json").json

    assert answer["stages"][0] == {
        "stage": 1,
        "wave": None,
        "share_percent_wanted": 1.0,
        "share_percent": 0.99,
        "blue": 100,
        "green": 1,
        "gate": "none",
        "bake_seconds": 600,
        "began_seconds": {"typical": 4, "longest": 12},
        "moved_seconds": {"typical": 65, "longest": 75},
        "left_seconds": {"typical": 727, "longest": 741},
        "rollback_seconds": {"typical": 90, "longest": 180},
        "failed_if_green_turns_bad": {"expected": 3406, "worst": 12852},
    }
    assert answer["writes"][0] == {
        "stage": 1,
        "wave": None,
        "cluster": "green",
        "weight": 1,
        "share_percent": 0.99,
        "written_seconds": {"typical": 4, "longest": 12},
        "followed_seconds": {"typical": 94, "longest": 192},
    }


@pytest.mark.parametrize(
    ("ends", "not_after", "said"),
    [
        pytest.param(-DAY, "2099-01-01T00:00:00Z", "It may start now.", id="a freeze that is over"),
        pytest.param(30 * DAY, "2099-01-01T00:00:00Z", "It may not start now: a freeze until", id="a freeze"),
        pytest.param(-DAY, "2020-01-01T00:00:00Z", "It may not start any more: its notAfter, 2020-01", id="past"),
    ],
)
def test_a_plan_says_whether_it_may_start_now(
    run: Run, tmp_path: Path, ends: timedelta, not_after: str, said: str
) -> None:
    freeze = {"begins": "2020-01-01T00:00:00Z", "ends": (datetime.now(UTC) + ends).isoformat(), "reason": "year end"}
    document = changed((("calendar",), {"freezes": [freeze]}), (("plans", "standard", "notAfter"), not_after))

    assert said in run("plan", "--config", _written(tmp_path, document)).out


@pytest.mark.parametrize("plan", ["standard", "quick"])
def test_a_plan_costs_what_the_page_on_cost_says_at_most(run: Run, plan: str) -> None:
    shown = run("plan", "--config", str(EXAMPLES.parent / "crossfade.yaml"), "--plan", plan).out
    page = (EXAMPLES.parent / "docs" / "cost.md").read_text(encoding="utf-8")
    most = re.search(r"\.\. (\d+) state transitions, \S+ \.\. \$(\S+);", shown)

    assert most is not None
    assert f"| `{plan}` | {most[1]}: {most[2]} |" in page


@pytest.mark.parametrize(
    ("estate", "others"),
    [("route53", "Route 53 and CloudWatch"), ("alb", "Elastic Load Balancing and CloudWatch")],
)
def test_a_plan_waits_for_nobody_who_has_no_part_in_it(run: Run, estate: str, others: str) -> None:
    shown = run("plan", "--config", str(EXAMPLES / "estates" / estate / "crossfade.yaml")).out

    assert f"Times: typical .. longest while {others} keep their usual times." in shown
