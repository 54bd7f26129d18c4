"""What people type to steer a migration, and what they are told."""

from datetime import UTC, datetime, timedelta

import pytest

from crossfade.core.plan import Gate
from crossfade.core.record import Outcome
from crossfade.core.signals import SignalKind
from tests.cli.conftest import ME, MINUTE, Deployed, Run, gated
from tests.steps.scene import a_plan


def _signal(deployed: Deployed, name: str = "tonight") -> tuple[str, int | None, str, str]:
    (signal,) = deployed.ledger.signals(name)
    return signal.kind.value, signal.stage, signal.by, signal.reason


# --- What works ------------------------------------------------------------------------------------------------------


def test_an_approval_is_left_in_the_ledger_with_who_and_why(deployed: Deployed, run: Run) -> None:
    deployed.baking()

    ran = run("approve", "tonight", "--stage", "2", "--reason", "latency is fine")

    assert ran.code == 0
    assert ran.err == ""
    assert "tonight is approved. Once its bake is over, if every alarm is OK, stage 3 begins" in ran.out
    assert _signal(deployed) == ("approve", 1, ME, "latency is fine")


def test_a_promotion_names_the_stage_that_runs(deployed: Deployed, run: Run) -> None:
    deployed.baking()

    ran = run("promote", "tonight")

    assert ran.code == 0
    assert "if every alarm is OK, stage 2 is over" in ran.out
    assert _signal(deployed)[:2] == ("promote", 1)


def test_an_abort_says_what_happens_next(deployed: Deployed, run: Run) -> None:
    deployed.baking()

    ran = run("abort", "tonight", "--reason", "wrong night")

    assert ran.code == 0
    assert "tonight is aborted. Within about 30s traffic goes back: blue is raised first" in ran.out
    assert _signal(deployed) == ("abort", None, ME, "wrong night")


@pytest.mark.parametrize(("given", "hours"), [((), 2), (("--for", "90m"), 1.5)], ids=["by default", "as given"])
def test_a_hold_has_an_end(deployed: Deployed, run: Run, given: tuple[str, ...], hours: float) -> None:
    deployed.baking()

    ran = run("hold", "tonight", "--reason", "lunch", *given)

    (signal,) = deployed.ledger.signals("tonight")
    assert ran.code == 0
    assert "Traffic stays where it is until" in ran.out
    assert signal.kind is SignalKind.HOLD
    assert signal.until is not None
    assert abs(signal.until - datetime.now(UTC) - timedelta(hours=hours)) < MINUTE


def test_a_hold_can_be_resumed(deployed: Deployed, run: Run) -> None:
    deployed.baking()
    run("hold", "tonight", "--reason", "lunch")

    ran = run("resume", "tonight", "--reason", "back")

    assert ran.code == 0
    assert [signal.kind for signal in deployed.ledger.signals("tonight")] == [SignalKind.HOLD, SignalKind.RESUME]


def test_what_people_say_stands_in_the_timeline(deployed: Deployed, run: Run) -> None:
    deployed.baking()

    run("hold", "tonight", "--reason", "lunch")

    (event,) = deployed.ledger.timeline("tonight")
    assert (event.what, event.text) == ("signalled", "held by moto: lunch")
    assert event.data == {"by": ME}


# --- What is refused -------------------------------------------------------------------------------------------------

COMMANDS = [
    pytest.param(("approve", "tonight", "--stage", "2"), id="approve"),
    pytest.param(("promote", "tonight"), id="promote"),
    pytest.param(("hold", "tonight", "--reason", "r"), id="hold"),
    pytest.param(("resume", "tonight"), id="resume"),
    pytest.param(("abort", "tonight", "--reason", "r"), id="abort"),
]


def _is_one_sentence(text: str) -> bool:
    return text.startswith("crossfade: ") and text.count("\n") == 1 and "Traceback" not in text


def _refused(run: Run, *arguments: str) -> str:
    ran = run(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert _is_one_sentence(ran.err), ran.err
    return ran.err


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_migration_is_refused(deployed: Deployed, run: Run, command: tuple[str, ...]) -> None:
    del deployed
    said = _refused(run, *command)

    assert "there is no migration tonight in eu-west-1; `crossfade status` lists what runs" in said


@pytest.mark.parametrize("command", [COMMANDS[0], COMMANDS[4]])
def test_a_migration_that_has_ended_is_refused(deployed: Deployed, run: Run, command: tuple[str, ...]) -> None:
    deployed.baking(outcome=Outcome.ROLLED_BACK, ended=deployed.now)

    said = _refused(run, *command)

    assert "tonight has ended as RolledBack; start a new migration if traffic has to move" in said
    assert deployed.ledger.signals("tonight") == ()


@pytest.mark.parametrize("command", [COMMANDS[0], COMMANDS[4]])
def test_a_migration_that_is_rolled_back_is_refused(deployed: Deployed, run: Run, command: tuple[str, ...]) -> None:
    deployed.baking(rollback_began=deployed.now, reason="green-yelb-5xx is in ALARM")

    assert "is already giving traffic back (green-yelb-5xx is in ALARM)" in _refused(run, *command)


@pytest.mark.parametrize("command", [COMMANDS[0], COMMANDS[4]])
def test_whatever_comes_after_an_abort_is_refused(deployed: Deployed, run: Run, command: tuple[str, ...]) -> None:
    deployed.baking()
    run("abort", "tonight", "--reason", "wrong night")

    assert "tonight was aborted by moto at" in _refused(run, *command)
    assert len(deployed.ledger.signals("tonight")) == 1


@pytest.mark.parametrize("command", [COMMANDS[1], COMMANDS[4]])
def test_an_execution_that_was_stopped_is_left_to_the_guardian(
    deployed: Deployed, run: Run, command: tuple[str, ...]
) -> None:
    deployed.baking()
    deployed.stop("tonight")

    assert "the execution of tonight has ended (ABORTED); wait for the guardian" in _refused(run, *command)
    assert deployed.ledger.signals("tonight") == ()


def test_a_migration_that_has_only_just_started_is_refused(deployed: Deployed, run: Run) -> None:
    deployed.start("tonight")

    assert "tonight has only just started; try again in a moment" in _refused(run, "abort", "tonight", "--reason", "r")


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("9", "there is no stage 9 in tonight; it has stages 1 to 3"),
        ("0", "there is no stage 0 in tonight"),
        ("1", "stage 1 of tonight needs no approval; only stage 2 does"),
    ],
)
def test_a_stage_that_cannot_be_approved_is_refused(deployed: Deployed, run: Run, stage: str, said: str) -> None:
    deployed.baking()

    assert said in _refused(run, "approve", "tonight", "--stage", stage)


def test_a_second_approval_is_refused(deployed: Deployed, run: Run) -> None:
    deployed.baking()
    run("approve", "tonight", "--stage", "2")

    said = _refused(run, "approve", "tonight", "--stage", "2")

    assert "stage 2 of tonight was already approved by moto; once is enough" in said


def test_an_approval_after_its_stage_is_refused(deployed: Deployed, run: Run) -> None:
    deployed.baking(stage=2)

    assert "stage 2 of tonight is over" in _refused(run, "approve", "tonight", "--stage", "2")


def test_an_approval_before_its_stage_is_refused(deployed: Deployed, run: Run) -> None:
    plan = gated()
    last = plan.stages[2].model_copy(update={"gate": Gate.APPROVAL})
    deployed.baking(plan=plan.model_copy(update={"stages": (*plan.stages[:2], last)}))

    assert "stage 3 of tonight is not being watched yet" in _refused(run, "approve", "tonight", "--stage", "3")


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        ("0s", "a hold needs an end; give one such as --for 2h"),
        ("13h", "a hold lasts at most 12h"),
        ("", "'' is not a duration; write it as 90s, 10m, 2h, 1d or 1h30m"),
        ("soon", "'soon' is not a duration"),
    ],
)
def test_a_hold_without_a_sensible_end_is_refused(deployed: Deployed, run: Run, duration: str, said: str) -> None:
    deployed.baking()

    assert said in _refused(run, "hold", "tonight", "--reason", "lunch", "--for", duration)
    assert deployed.ledger.signals("tonight") == ()


@pytest.mark.parametrize("command", ["hold", "abort"])
def test_what_stops_traffic_needs_a_reason(deployed: Deployed, run: Run, command: str) -> None:
    deployed.baking()

    ran = run(command, "tonight")
    blank = run(command, "tonight", "--reason", " ")

    assert (ran.code, blank.code) == (2, 2)
    assert "--reason" in ran.err
    assert "say in --reason why tonight is" in blank.err
    assert deployed.ledger.signals("tonight") == ()


@pytest.mark.parametrize("reason", ["x" * 501, "two\nlines"], ids=["long", "lines"])
def test_a_reason_is_one_line(deployed: Deployed, run: Run, reason: str) -> None:
    deployed.baking()

    assert "one line of at most 500 characters" in _refused(run, "abort", "tonight", "--reason", reason)


def test_a_resume_without_a_hold_is_refused(deployed: Deployed, run: Run) -> None:
    deployed.baking()

    assert "tonight is not held, no alarm was edited and blue has not shrunk; there is nothing to resume" in _refused(
        run, "resume", "tonight"
    )


def test_a_name_that_no_migration_can_have_is_refused(deployed: Deployed, run: Run) -> None:
    del deployed

    assert "cannot be the name of a migration" in _refused(run, "abort", "a:b/c", "--reason", "r")


def test_a_promotion_without_gate_of_a_plan_is_for_a_bake_only(deployed: Deployed, run: Run) -> None:
    deployed.migration(plan=a_plan())

    assert "is not being watched yet" in _refused(run, "promote", "tonight")


def test_who_started_a_migration_may_not_approve_it_where_another_has_to(deployed: Deployed, run: Run) -> None:
    two_people = gated().model_copy(update={"approver_is_another": True})
    deployed.baking(plan=two_people, started_by=ME)

    said = _refused(run, "approve", "tonight", "--stage", "2")

    assert "moto started tonight, and its plan asks for another to approve it; ask somebody else" in said
    assert deployed.ledger.signals("tonight") == ()
