"""Starts by events, as the template has them."""

import json
from pathlib import Path
from typing import Any

import pytest

from crossfade.core.config import check_config
from stacks.synth import synthesize, template
from tests.stacks.conftest import DOCUMENT
from tests.stacks.reading import properties, resources

pytestmark = pytest.mark.xdist_group("stacks")
Json = dict[str, Any]
RULE = {"name": "release", "source": "com.example", "detailType": "Release Approved", "plan": "quick"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    detail = {"version": [{"prefix": "1."}]}
    config = check_config({**DOCUMENT, "triggers": {"events": [RULE | {"detail": detail}]}}, now=None)
    return synthesize(config, out_dir=tmp_path_factory.mktemp("events"), code_only=True, check=True)


def rule(folder: Path) -> Json:
    found = resources(dict(template(folder)), "AWS::Events::Rule")
    (ours,) = (each["Properties"] for name, each in found.items() if name.startswith("EventRules"))
    return dict(ours)


def test_a_rule_is_off_until_somebody_says_so_and_hears_what_the_configuration_names(folder: Path) -> None:
    made = rule(folder)

    assert made["State"] == "DISABLED"
    assert made["EventPattern"] == {
        "source": ["com.example"],
        "detail-type": ["Release Approved"],
        "detail": {"version": [{"prefix": "1."}]},
    }


def test_it_starts_its_plan_and_says_which_event_it_was(folder: Path) -> None:
    (target,) = rule(folder)["Targets"]
    transformer = target["InputTransformer"]
    (name,) = transformer["InputPathsMap"]

    assert transformer["InputPathsMap"] == {name: "$.id"}
    assert json.loads(transformer["InputTemplate"]) == {
        "plan": "quick",
        "startedBy": "event rule release",
        "reason": f"event <{name}>",
    }
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 3}
    assert target["DeadLetterConfig"]


def test_nothing_is_found_that_is_not_acknowledged(folder: Path) -> None:
    report = json.loads((folder / "validation-report.json").read_text())

    assert [found["ruleName"] for plugin in report["pluginReports"] for found in plugin["violations"]] == []


def test_without_events_there_are_no_such_rules(main_template: Json) -> None:
    descriptions = [each.get("Description", "") for each in properties(main_template, "AWS::Events::Rule")]

    assert not any("Starts plan" in words for words in descriptions)
