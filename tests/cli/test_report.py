"""Fetching the evidence of a migration."""

from pathlib import Path

import boto3
import pytest

from crossfade.core.record import Outcome
from tests.cli.conftest import REGION, REPORTS, Deployed, Run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_report_in_the_bucket_is_fetched_with_its_place_in_the_console(
    deployed: Deployed, run: Run, folder: Path
) -> None:
    deployed.baking(outcome=Outcome.ROLLED_BACK, ended=deployed.now, reason="5xx")
    s3 = boto3.client("s3", region_name=REGION)
    s3.put_object(Bucket=REPORTS, Key="migrations/tonight/report.html", Body=b"<!doctype html>the evidence")

    ran = run("report", "tonight")

    assert (folder / "crossfade-tonight.html").read_text() == "<!doctype html>the evidence"
    assert "tonight: RolledBack. The report is in crossfade-tonight.html." in ran.out
    assert f"/s3/object/{REPORTS}?region={REGION}&prefix=migrations/tonight/report.html" in ran.out


@pytest.mark.parametrize("more", [(), ("--fresh",)], ids=["none in the bucket", "asked for anew"])
def test_one_that_still_runs_is_reported_from_the_ledger(
    deployed: Deployed, run: Run, folder: Path, more: tuple[str, ...]
) -> None:
    deployed.baking(started_by="arn:aws:iam::123456789012:user/ann")

    ran = run("report", "tonight", "--file", "evidence.html", *more)

    assert "still running" in ran.out
    assert "user/" in (folder / "evidence.html").read_text()


def test_an_unknown_migration_has_no_report(deployed: Deployed, run: Run, folder: Path) -> None:
    del deployed

    ran = run("report", "tonight")

    assert ran.code == 2
    assert "there is no migration tonight" in ran.err
    assert list(folder.iterdir()) == []
