"""The report as JSON."""

import json
from collections.abc import Callable

import pytest

from crossfade.report import Report
from crossfade.report.model import SCHEMA_VERSION
from tests.report import samples

SAMPLES = (
    samples.a_success,
    samples.a_rollback,
    samples.an_unconfirmed_rollback,
    samples.a_refusal,
    samples.a_dry_run,
    samples.a_hold,
    samples.a_duplicate,
    samples.a_running_one,
)


@pytest.mark.parametrize("sample", SAMPLES)
def test_what_is_written_as_json_is_read_back_as_the_same_report(sample: Callable[[], Report]) -> None:
    report = sample()

    assert Report.from_json(report.to_json()) == report


def test_the_same_report_is_the_same_json() -> None:
    assert samples.a_rollback().to_json() == samples.a_rollback().to_json()


def test_the_json_says_its_version_and_where_the_migration_ran() -> None:
    found = json.loads(samples.a_success().to_json())

    assert (found["schema_version"], found["environment"]) == (SCHEMA_VERSION, "embedded")


def test_the_json_has_every_minute_of_every_workload() -> None:
    found = json.loads(samples.a_rollback().to_json())

    keys = {"at", "blue_requests", "green_requests", "blue_5xx", "green_5xx", "written_percent", "observed_percent"}
    assert [series["workload"] for series in found["series"]] == list(samples.NAMES)
    assert all(set(minute) == keys for series in found["series"] for minute in series["minutes"])


@pytest.mark.parametrize("text", ['{"schema_version": 2}', "{}", "[]"])
def test_a_report_of_another_version_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(ValueError, match="read it with the release of Crossfade that wrote it"):
        Report.from_json(text)
