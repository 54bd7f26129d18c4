"""What people see of migrations: those that run, one of them, those before."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from crossfade.cli.account import Account
from crossfade.cli.executions import Execution
from crossfade.cli.exits import Exit
from crossfade.cli.seen import FIELDS, Seen
from crossfade.cli.watch import GUARDED, follow
from crossfade.core.record import Outcome, Record
from crossfade.core.signals import Signal, SignalKind
from crossfade.core.timeline import Event
from tests.cli.conftest import BASELINE, MINUTE, REGION, Deployed, Run, gated
from tests.steps.scene import EXECUTION, T0

# --- status ----------------------------------------------------------------------------------------------------------


def test_nothing_runs(deployed: Deployed, run: Run) -> None:
    del deployed

    assert run("status").out == "No migration is running. `crossfade history` lists those before.\n"
    assert run("status", "--output", "json").json == []


def test_what_runs_is_listed_with_what_comes_next(deployed: Deployed, run: Run) -> None:
    deployed.baking("tonight")
    deployed.start("just-now")

    out = run("status").out

    assert "tonight" in out
    assert "stage 2 of 3: green's 50 % are watched" in out
    assert "if all is well and somebody approves, stage 3 begins" in out
    assert "its plan is being resolved" in out


def test_what_nobody_has_given_back_is_listed(deployed: Deployed, run: Run) -> None:
    record = deployed.baking(outcome=Outcome.ROLLBACK_UNCONFIRMED, ended=deployed.now, reason="yelb shows no weights")
    units = record.plan.lease_units
    deployed.ledger.take(units, migration="tonight", execution=record.execution, now=deployed.now)
    deployed.stop("tonight")

    assert "it has ended: RollbackUnconfirmed. yelb shows no weights" in run("status").out


def test_what_was_stopped_is_left_to_the_guardian(deployed: Deployed, run: Run) -> None:
    deployed.baking()
    deployed.stop("tonight")

    assert "its execution has ended (ABORTED), and the guardian gives traffic back" in run("status", "tonight").out


def test_one_migration_is_shown_with_its_weights_and_its_timeline(deployed: Deployed, run: Run) -> None:
    deployed.baking()
    deployed.ledger.append("tonight", Event(deployed.now, "stage_began", "stage 2 of 3 begins: [50] % to green"))

    out = run("status", "tonight").out

    assert out.startswith("tonight: stage 2 of 3: green's 50 % are watched\nnext: at ")
    assert "burnham.eks-blueprint.example.com  blue 100 : green 0" in out
    assert "stage 2 of 3 begins: [50] % to green" in out


def test_programs_get_the_same(deployed: Deployed, run: Run) -> None:
    deployed.baking()

    answer = run("status", "tonight", "--output", "json").json

    assert list(answer) == [*FIELDS, "declare", "timeline"]
    assert answer["phase"] == "baking"
    assert (answer["stage"], answer["stages"]) == (2, 3)
    assert answer["status"] == "RUNNING"
    assert answer["outcome"] is None
    assert answer["timeline"] == []


@pytest.mark.parametrize("command", ["status", "history", "watch"])
def test_an_unknown_migration_is_refused(deployed: Deployed, run: Run, command: str) -> None:
    del deployed

    ran = run(command, "tonight")

    assert ran.code == 2
    assert ran.err == ("crossfade: there is no migration tonight in eu-west-1; `crossfade status` lists what runs\n")


def test_who_started_it_and_why_is_shown(deployed: Deployed, run: Run) -> None:
    deployed.baking("named", started_by="arn:aws:sts::123456789012:assumed-role/Operator/ann", purpose="1.33 on green")
    deployed.baking("unnamed")

    assert "started by: ann, for: 1.33 on green\n" in run("status", "named").out
    assert "started by: not said\n" in run("status", "unnamed").out
    assert run("status", "named", "--output", "json").json["purpose"] == "1.33 on green"
    assert any("ann" in line and "named" in line for line in run("history").out.splitlines())


# --- history ---------------------------------------------------------------------------------------------------------


def test_no_migration_yet(deployed: Deployed, run: Run) -> None:
    del deployed

    assert "There has been no migration yet" in run("history").out


def test_past_migrations_are_listed_with_their_end(deployed: Deployed, run: Run) -> None:
    deployed.baking("monday", outcome=Outcome.SUCCEEDED, ended=deployed.now, reason="all is on green")
    deployed.baking("tuesday", outcome=Outcome.ROLLED_BACK, ended=deployed.now, reason="green-yelb-5xx is in ALARM")

    lines = run("history").out.splitlines()

    assert any("monday" in line and "Succeeded" in line and "all is on green" not in line for line in lines)
    assert any("tuesday" in line and "RolledBack" in line and "green-yelb-5xx is in ALARM" in line for line in lines)


def test_only_so_many_are_listed(deployed: Deployed, run: Run) -> None:
    for name in ("one", "two", "three"):
        deployed.baking(name)

    assert len(run("history", "--most", "2", "--output", "json").json) == 2


def test_the_timeline_of_one_is_printed(deployed: Deployed, run: Run) -> None:
    deployed.baking()
    deployed.ledger.append("tonight", Event(deployed.now, "stage_began", "stage 2 begins", {"stage": 1}))

    assert "stage 2 begins" in run("history", "tonight").out
    assert run("history", "tonight", "--output", "json").json[0]["data"] == {"stage": 1}


# --- What is made of ledger and execution ----------------------------------------------------------------------------


def _seen(record: Record | None, status: str, error: str = "", cause: str = "") -> Seen:
    execution = Execution("tonight", EXECUTION, status, T0, T0 + MINUTE, error=error, cause=cause)
    return Seen("tonight", execution, record, (), T0 + 2 * MINUTE)


FRESH = Record(migration="tonight", execution=EXECUTION, plan=gated(), started=T0)


@pytest.mark.parametrize(
    ("seen", "outcome", "reason"),
    [
        pytest.param(_seen(None, "RUNNING"), None, "", id="not resolved yet"),
        pytest.param(_seen(FRESH, "RUNNING"), None, "", id="runs"),
        pytest.param(_seen(None, "FAILED", "Refused", "no such plan"), Outcome.REFUSED, "no such plan", id="refused"),
        pytest.param(_seen(FRESH, "FAILED", "Duplicate", "held"), Outcome.DUPLICATE, "held", id="duplicate"),
        pytest.param(
            _seen(FRESH, "FAILED", "RollbackUnconfirmed", "no"), Outcome.ROLLBACK_UNCONFIRMED, "no", id="unconfirmed"
        ),
        pytest.param(_seen(FRESH, "ABORTED"), None, "", id="stopped"),
        pytest.param(_seen(None, "ABORTED"), Outcome.REFUSED, "", id="stopped before anything"),
        pytest.param(
            _seen(FRESH.with_(outcome=Outcome.ROLLED_BACK, reason="ALARM"), "ABORTED"),
            Outcome.ROLLED_BACK,
            "ALARM",
            id="restored by the guardian",
        ),
    ],
)
def test_an_outcome_is_the_ledgers_or_else_the_executions(seen: Seen, outcome: Outcome | None, reason: str) -> None:
    assert seen.outcome is outcome
    assert seen.reason == reason


# --- watch -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.SUCCEEDED, 0),
        (Outcome.DRY_RUN, 0),
        (Outcome.ROLLED_BACK, 3),
        (Outcome.REFUSED, 3),
        (Outcome.ROLLBACK_UNCONFIRMED, 4),
        (Outcome.HELD, 4),
    ],
)
def test_the_exit_code_tells_the_end(deployed: Deployed, run: Run, outcome: Outcome, code: int) -> None:
    deployed.baking(outcome=outcome, ended=deployed.now, reason="so it is")

    ran = run("watch", "tonight")

    assert ran.code == code
    assert ran.out.endswith(f"tonight: {outcome}. so it is\n")


def _follow(*news: Callable[[], object], guarded: timedelta = GUARDED, terminal: bool = False) -> tuple[Exit, str]:
    """Watch while one piece of *news* after the other happens."""
    out, coming = StringIO(), iter(news)

    def pause() -> None:
        next(coming)()

    account = Account(profile=None, region=REGION, stack="Crossfade")
    console = Console(file=out, width=200, force_terminal=terminal)
    ended = follow(account, "tonight", console, pause=pause, guarded=guarded)
    return ended, out.getvalue()


def test_each_line_is_printed_once_as_it_comes(deployed: Deployed) -> None:
    record = deployed.baking()
    deployed.ledger.append("tonight", Event(deployed.now, "stage_began", "stage 2 begins"))

    ended, printed = _follow(
        lambda: deployed.ledger.append("tonight", Event(deployed.now + MINUTE, "stage_passed", "stage 2 passed")),
        lambda: deployed.ledger.save(record.with_(outcome=Outcome.SUCCEEDED, reason="all is on green")),
    )

    assert ended is Exit.DONE
    assert [line.partition("  ")[2] or line for line in printed.splitlines()] == [
        "stage 2 begins",
        "stage 2 passed",
        "tonight: Succeeded. all is on green",
    ]


def test_on_a_terminal_it_is_drawn_with_weights_shares_failures_and_alarms(deployed: Deployed) -> None:
    record = deployed.baking()
    workload = record.plan.workloads[0]
    counted = {"share_percent": 4.25, "green_requests": 1000, "green_failed": 20}
    data = {
        "alarms_asked": 1,
        "alarms_not_ok": {workload.alarms[0]: "INSUFFICIENT_DATA"},
        "workloads": {workload.name: counted},
    }
    seen_at = (record.stage_began or record.started) + MINUTE
    deployed.ledger.append("tonight", Event(seen_at, "verdict_changed", "green is watched", data))

    ended, printed = _follow(
        lambda: deployed.ledger.save(record.with_(outcome=Outcome.SUCCEEDED, reason="all is on green")), terminal=True
    )

    assert ended is Exit.DONE
    for shown in (
        workload.name,
        "hosts in eks-blueprint.example.com",
        "4.2 %",
        "2.0 %",
        "insufficient data",
        "green is watched",
        "tonight: Succeeded",
    ):
        assert shown in printed, shown


def test_a_stopped_execution_is_followed_until_the_guardian_has_restored_it(deployed: Deployed) -> None:
    record = deployed.baking()

    ended, printed = _follow(
        lambda: deployed.stop("tonight"),
        lambda: deployed.ledger.save(record.with_(outcome=Outcome.ROLLED_BACK, reason="it ended as ABORTED")),
    )

    assert ended is Exit.NOT_ON_GREEN
    assert "RolledBack. it ended as ABORTED" in printed


def test_a_guardian_that_does_not_come_needs_somebody(deployed: Deployed) -> None:
    deployed.baking()
    deployed.stop("tonight")

    ended, printed = _follow(guarded=timedelta(seconds=-1))

    assert ended is Exit.NEEDS_SOMEBODY
    assert "the guardian gives traffic back, but has not done so; look at the runbook" in printed


def test_a_held_migration_says_so_while_it_is_watched(deployed: Deployed, run: Run) -> None:
    deployed.migration(stage=1, bake_began=deployed.now, baseline=BASELINE)
    until = deployed.now + 60 * MINUTE
    held = Signal(
        kind=SignalKind.HOLD, by="arn:aws:sts::1:assumed-role/Op/ann", at=deployed.now, reason="x", until=until
    )
    deployed.ledger.signal("tonight", held)

    assert "next: held by ann until" in run("status", "tonight").out


def test_the_weights_of_a_stage_are_shown_only_while_it_runs(deployed: Deployed, run: Run) -> None:
    record = deployed.baking()
    assert "this stage's weights" in run("status", "tonight").out

    deployed.ledger.save(record.with_(outcome=Outcome.ROLLED_BACK, reason="an alarm"))

    assert "blue 100 : green 0" in (ended := run("status", "tonight").out)
    assert "this stage's weights" not in ended
