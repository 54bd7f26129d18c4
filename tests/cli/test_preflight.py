"""`crossfade preflight`: the table, the exit code, and what is said when AWS cannot be asked."""

import pytest

from crossfade.cli.preflight import show
from crossfade.cli.printing import console
from crossfade.core.finding import Finding, Grade
from crossfade.core.preflight import CHECKS
from stacks.asset import ROOT
from tests.cli.conftest import Run
from tests.deployed import kept_template

OTHER_ROADS = ("argocd-", "listener-rule", "rule-", "stickiness", "binding", "switch")
"""How checks begin that have nothing to look at in the sample estate: only ExternalDNS carries weights, no switch."""


@pytest.fixture
def sample() -> None:
    kept_template(ROOT / "crossfade.yaml")


@pytest.mark.usefixtures("sample")
def test_a_sound_estate_passes_every_check(run: Run) -> None:
    ran = run("preflight", "--embedded")

    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[-1].endswith("0 failed")
    silent = [check.id for check in CHECKS if f"{check.id} " not in ran.out]
    assert [check for check in silent if not check.startswith(OTHER_ROADS)] == []


@pytest.mark.usefixtures("sample")
def test_a_failed_check_is_exit_code_5_and_one_object_for_programs(run: Run) -> None:
    ran = run(
        "preflight", "--embedded", "--fault", "preflight:create-only", "--workloads", "burnham", "--output", "json"
    )

    failed = [finding for finding in ran.json["findings"] if finding["verdict"] == "fail"]
    assert ran.code == 5
    assert ran.json["passed"] is False
    assert [(finding["check"], finding["about"]) for finding in failed] == [("external-dns-policy", "green")]
    assert failed[0]["fix"] == "run it with --policy=sync or upsert-only"


def test_a_fault_without_the_embedded_world_is_refused(run: Run) -> None:
    ran = run("preflight", "--fault", "preflight:create-only")

    assert (ran.code, ran.out) == (2, "")
    assert "give --embedded, too" in ran.err


def test_a_workload_that_is_not_configured_is_refused(run: Run) -> None:
    ran = run("preflight", "--workloads", "nobody")

    assert (ran.code, ran.out) == (2, "")
    assert "nobody" in ran.err


def test_without_clusters_it_says_which_is_missing_and_fails(account: None, run: Run) -> None:
    del account

    ran = run("preflight", "--output", "json")

    failed = {finding["check"]: finding["evidence"] for finding in ran.json["findings"] if finding["verdict"] == "fail"}
    said = " ".join(finding["evidence"] for finding in ran.json["findings"] if finding["check"] == "answers")
    assert ran.code == 5
    assert set(failed) == {"answers", "way-back"}
    assert "cluster" in said
    assert "NoSuchHostedZone" in said


def test_without_credentials_it_is_refused_in_one_sentence(
    account: None, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    del account
    with monkeypatch.context() as nobody:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            nobody.delenv(name, raising=False)
        ran = run("preflight")

    assert (ran.code, ran.out) == (2, "")
    assert "credentials" in ran.err


@pytest.mark.usefixtures("sample")
def test_a_silent_cluster_is_a_failed_check_and_what_was_not_seen_does_not_pass(run: Run) -> None:
    ran = run("preflight", "--embedded", "--fault", "preflight:silent-cluster", "--workloads", "burnham")

    assert ran.code == 5, ran.err
    assert "answers          FAIL" in ran.out
    assert "may not have been made" in ran.out
    assert "a migration would be refused before its first write; mend what failed" in " ".join(ran.out.split())
    assert "targets " not in ran.out


def test_a_fix_in_brackets_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    fix = "say `acknowledge: [consumers]` if running twice is right"

    show([Finding("consumers", "burnham", Grade.FAIL, "queue consumers run on both sides", fix)], console())

    assert fix in capsys.readouterr().out
