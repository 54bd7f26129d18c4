"""Starting a migration by hand: what reaches the machine, and what is refused before."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from crossfade.cli.account import Account
from crossfade.cli.start import accepted, what
from crossfade.core.record import Outcome
from crossfade.errors import InvalidInputError
from tests.cli.conftest import ME, MINUTE, REGION, Deployed, Run


def test_nothing_asked_for_is_the_default_plan_and_the_callers_name(deployed: Deployed, run: Run) -> None:
    ran = run("start", "--name", "tonight", "--wait", "0")

    assert ran.code == 0
    assert ran.out == "tonight has started. Follow it with `crossfade watch tonight`.\n"
    assert deployed.inputs("tonight") == {"startedBy": ME}


def test_everything_asked_for_reaches_the_machine(deployed: Deployed, run: Run) -> None:
    ran = run(
        *("start", "--name", "tonight", "--plan", "quick", "--workloads", "burnham, yelb", "--dry-run"),
        *("--wait", "0"),
        *("--not-after", "2099-01-31T18:00:00+01:00", "--reason", "rehearsal", "--output", "json"),
    )

    assert ran.json["migration"] == "tonight"
    assert ran.json["execution"].endswith(":execution:Machine:tonight")
    assert deployed.inputs("tonight") == {
        "plan": "quick",
        "workloads": ["burnham", "yelb"],
        "dryRun": True,
        "notAfter": "2099-01-31T17:00:00+00:00",
        "reason": "rehearsal",
        "startedBy": ME,
    }


def test_the_latest_start_may_be_said_from_now_on(deployed: Deployed, run: Run) -> None:
    run("start", "--name", "tonight", "--not-after", "30m", "--wait", "0")

    not_after = datetime.fromisoformat(deployed.inputs("tonight")["notAfter"])
    assert abs(not_after - datetime.now(UTC) - timedelta(minutes=30)) < MINUTE


def test_a_migration_without_a_name_is_named_by_its_time(deployed: Deployed, run: Run) -> None:
    del deployed

    assert re.match(r"manual-\d{8}-\d{6} has started", run("start", "--wait", "0").out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(
            ("--name", "to night"), "cannot be the name of a migration; use at most 80", id="a name with a gap"
        ),
        pytest.param(("--name", "x" * 81), "cannot be the name of a migration", id="a long name"),
        pytest.param(("--not-after", "2020-01-01T00:00:00Z"), "is past; give a later instant", id="past"),
        pytest.param(("--not-after", "0s"), "is past", id="now"),
        pytest.param(("--not-after", "tomorrow"), "is not an instant; write an instant with a zone", id="no instant"),
        pytest.param(("--not-after", "2099-01-01T00:00:00"), "has no time zone", id="no zone"),
        pytest.param(("--reason", "two\nlines"), "one line of at most 500 characters", id="lines"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(
    deployed: Deployed, run: Run, arguments: tuple[str, ...], said: str
) -> None:
    del deployed

    ran = run("start", *arguments)

    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert "No migration is running" in run("status").out


def test_a_name_is_used_once(deployed: Deployed, run: Run) -> None:
    deployed.start("tonight")
    deployed.stop("tonight")

    ran = run("start", "--name", "tonight", "--plan", "quick")

    assert ran.code == 2
    assert "there has been a migration tonight already; give another --name" in ran.err


@pytest.mark.parametrize("before", ["LeaseHeldError: ", "nothing was changed: LeaseHeldError: ", ""])
def test_a_start_that_the_machine_refuses_is_told_at_once(deployed: Deployed, before: str) -> None:
    held = f"{before}other holds dns/Z1/burnham.example.com; wait for its end or abort it"
    deployed.migration("tonight", outcome=Outcome.DUPLICATE, reason=held)

    with pytest.raises(InvalidInputError) as refused:
        accepted(_account(), "tonight", seconds=9, pause=pytest.fail)

    assert str(refused.value) == (
        "tonight has not started: other holds dns/Z1/burnham.example.com; wait for its end or abort it; "
        "nothing was changed"
    )


def test_a_start_is_looked_at_until_it_has_its_hosts_and_no_longer(deployed: Deployed) -> None:
    record = deployed.migration("tonight")

    seen = accepted(_account(), "tonight", seconds=9, pause=lambda: deployed.ledger.save(record.with_(epoch=1)))

    assert seen is not None
    assert seen.record is not None
    assert seen.record.epoch == 1
    assert what(seen) == ": plan standard, 2 workloads from eks-blueprint-blue to eks-blueprint-green"


def _account() -> Account:
    return Account(profile=None, region=REGION, stack="Crossfade")
