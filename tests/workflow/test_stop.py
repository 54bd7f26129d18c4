"""Somebody presses Stop: the execution runs no Catch, and traffic comes back all the same."""

from datetime import timedelta

import boto3
import pytest

from crossfade.cli.rehearsal import Demo
from crossfade.cli.view import SilentView
from crossfade.core.resolve import resolve
from crossfade.core.signals import Signal, SignalKind
from crossfade.names import Function, State
from tests.workflow.journey import ON_BLUE, Journey, journey
from world.functions import Invocation

BY_EVENT = timedelta(seconds=120)
BY_SWEEPER = timedelta(seconds=240)
"""Within this after the end of the execution, blue is asked for everywhere."""
READ_BACK = timedelta(minutes=15)


def comes_back(tonight: Journey, *, within: timedelta) -> None:
    """Blue is asked for *within* that time, all traffic is read back there, and everybody knows."""
    tonight.until(lambda: {blue for blue, _ in tonight.declared} == {100}, within=within)
    tonight.until(lambda: tonight.record.outcome is not None, within=READ_BACK)

    assert tonight.routed == tonight.declared == ON_BLUE
    assert tonight.record.outcome == "RolledBack"
    assert tonight.world.ledger.leased() == ()
    assert tonight.world.cloud.messages[-1].subject == "Crossfade RolledBack: tonight"


@pytest.mark.parametrize("stage", [1, 2])
def test_a_stop_while_a_stage_bakes_is_noticed_by_its_event(stage: int) -> None:
    with journey(f"stop@{stage}") as tonight:
        execution = tonight.run()

        assert (execution.status, tonight.states[-1]) == ("ABORTED", State.BAKE)
        assert tonight.routed != ON_BLUE
        comes_back(tonight, within=BY_EVENT)


@pytest.mark.parametrize("stage", [1, 2])
def test_a_stop_whose_event_is_lost_is_noticed_by_the_sweeper(stage: int) -> None:
    with journey(f"stop@{stage}") as tonight:
        tonight.world.cloud.events.lost = True
        execution = tonight.run()

        assert execution.status == "ABORTED"
        comes_back(tonight, within=BY_SWEEPER)


def test_a_hold_outlives_a_stop_and_an_alarm_that_is_edited_meanwhile_is_told() -> None:
    with journey("stop@1") as tonight:
        world = tonight.world

        def freeze(_: Invocation) -> None:
            now = world.clock.now
            until = now + timedelta(minutes=8)
            world.ledger.signal("tonight", Signal(kind=SignalKind.HOLD, by="ana", at=now, reason="tests", until=until))
            boto3.client("cloudwatch").disable_alarm_actions(AlarmNames=list(world.config.workloads[0].alarms))

        tonight.on_health_check(freeze)
        execution = tonight.run()
        frozen = tonight.routed
        tonight.pass_time(minutes=5)

        assert execution.status == "ABORTED"
        assert tonight.routed == frozen != ON_BLUE
        assert tonight.pages == [
            "Crossfade NEEDS YOU: an alarm was edited: tonight",
            "Crossfade NEEDS YOU: a hold without an execution: tonight",
        ]
        comes_back(tonight, within=timedelta(minutes=4) + BY_SWEEPER)


def test_an_event_that_comes_three_times_does_the_same_once() -> None:
    with journey("stop@2") as tonight:
        tonight.world.cloud.events.copies = 3
        tonight.run()

        comes_back(tonight, within=BY_EVENT)
        assert [message.subject for message in tonight.world.cloud.messages].count("Crossfade RolledBack: tonight") == 1


def test_a_rollback_that_is_stopped_half_way_is_finished() -> None:
    with journey("green-crash@2") as tonight:
        calls: list[str] = []

        def press(invocation: Invocation) -> None:
            if invocation.function == Function.ROLL_BACK:
                calls.append(invocation.payload["execution"])
                if len(calls) == 2:
                    tonight.world.clock.after(timedelta(seconds=5), lambda: tonight.world.cloud.stop(calls[0]))

        tonight.world.cloud.functions.before.append(press)
        execution = tonight.run()

        assert (execution.status, tonight.states[-1]) == ("ABORTED", State.WAIT_FOR_ROLLBACK)
        comes_back(tonight, within=BY_EVENT)
        assert "green" in tonight.record.reason, "why it was rolled back is kept"


def test_a_stop_before_the_first_write_leaves_nothing_behind() -> None:
    with journey() as tonight:

        def press(invocation: Invocation) -> None:
            if invocation.function == Function.RECORD_BASELINE:
                tonight.world.cloud.stop(invocation.payload["execution"])

        tonight.world.cloud.functions.before.append(press)
        tonight.run()
        tonight.pass_time(minutes=5)

        assert tonight.routed == tonight.declared == ON_BLUE
        assert tonight.record.outcome in {"Refused", "RolledBack"}
        assert tonight.world.ledger.leased() == ()


def test_a_stopped_migration_may_be_followed_by_another() -> None:
    with journey("stop@1") as tonight:
        tonight.run()
        tonight.until(lambda: tonight.record.outcome is not None, within=READ_BACK)

        again = tonight.run(name="tomorrow")

        assert again.status == "SUCCEEDED"
        assert {blue for blue, _ in tonight.routed} == {0}


def test_the_demo_of_a_stop_lasts_until_traffic_is_read_back_and_says_how_long_that_took() -> None:
    with journey("stop@2") as tonight:
        plan = resolve(tonight.world.config, {}, now=tonight.world.clock.now)
        summary = Demo(tonight.world, plan, SilentView(), fault="stop@2").run({})

        assert (summary.outcome, summary.status, summary.broken) == ("RolledBack", "ABORTED", ())
        assert summary.restored_after is not None
        assert timedelta(minutes=2) < summary.restored_after < READ_BACK
        assert summary.to_json()["execution"]["restored_after_seconds"] == summary.restored_after.total_seconds()
        assert tonight.routed == ON_BLUE


def test_a_demo_that_nobody_stopped_speaks_of_no_guardian() -> None:
    with journey("green-crash") as tonight:
        plan = resolve(tonight.world.config, {}, now=tonight.world.clock.now)
        summary = Demo(tonight.world, plan, SilentView(), fault="green-crash").run({})

        assert (summary.outcome, summary.status, summary.restored_after) == ("RolledBack", "FAILED", None)
