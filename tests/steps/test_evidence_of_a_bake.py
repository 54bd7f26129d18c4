"""Check health and the requests themselves: what they decide, what is written down, who is paged."""

from datetime import timedelta

import pytest

from crossfade.core.signals import Signal, SignalKind
from crossfade.core.timeline import Event
from crossfade.core.verdict import AlarmState
from crossfade.core.weight import Side
from crossfade.errors import AlarmsRefusedError, AlarmsUnavailableError, CrossfadeError, RouterThrottledError
from tests.steps.scene import Scene

BAKED = 60 + 5 * 60
"""Seconds from a stage that has arrived to the end of its bake."""


def green_fails(scene: Scene, part: float) -> None:
    scene.metrics.failing["burnham", Side.GREEN] = part


def both_fail(scene: Scene, part: float) -> None:
    scene.metrics.failing["burnham", Side.BLUE] = part
    green_fails(scene, part)


def last(scene: Scene, what: str) -> Event:
    return [event for event in scene.ledger.timeline(scene.migration) if event.what == what][-1]


def test_failing_requests_roll_back_although_every_alarm_is_ok() -> None:
    scene = Scene().ready().moved(0)
    green_fails(scene, 0.05)
    scene.pass_time(180)

    decision = scene.check(0)

    assert decision.action == "roll_back"
    assert decision.reason.startswith("burnham: green fails more than blue: ")


def test_too_few_requests_extend_the_bake_and_then_roll_back_but_never_advance() -> None:
    scene = Scene().ready().moved(0)
    scene.metrics.requests = 100

    actions = scene.looks(0, times=40)

    assert "advance" not in actions
    assert actions[-1] == "roll_back"
    assert actions.count("wait") > 20


@pytest.mark.parametrize(
    "error",
    [AlarmsUnavailableError("try again"), AlarmsRefusedError("grant it"), RouterThrottledError("try again")],
    ids=lambda error: type(error).__name__,
)
def test_unreadable_requests_are_no_good_sign_though_every_alarm_is_ok(error: CrossfadeError) -> None:
    scene = Scene().ready().moved(0)
    scene.pass_time(BAKED)
    scene.metrics.fail("read", error)

    blind, seeing = scene.check(0), scene.check(0)

    assert (blind.action, seeing.action) == ("wait", "advance")
    assert f"the requests cannot be read: {error}" in blind.reason


def test_an_alarm_rolls_back_although_the_requests_cannot_be_read() -> None:
    scene = Scene().ready().moved(0)
    scene.metrics.fail("read", AlarmsUnavailableError("try again"))
    scene.alarms.set("green-yelb-5xx", AlarmState.ALARM)

    assert scene.check(0).action == "roll_back"


def test_the_soak_goes_on_with_the_evidence_of_the_last_stage() -> None:
    scene = Scene().ready().moved_through(3)
    assert scene.check(2).action == "advance"
    scene.pass_time(timedelta(minutes=10).total_seconds())

    assert scene.check(3, soaking=True).action == "advance"


# --- Both sides sick -------------------------------------------------------------------------------------------------


def test_when_both_sides_are_sick_traffic_is_frozen_and_somebody_is_paged_once() -> None:
    scene = Scene().ready().moved(0)
    both_fail(scene, 0.2)
    scene.pass_time(180)

    decisions = [scene.check(0)]
    scene.pass_time(30)
    decisions.append(scene.check(0))

    assert [decision.action.value for decision in decisions] == ["wait", "wait"]
    (notice,) = scene.notifier.told
    assert notice.page
    assert notice.title == "Crossfade NEEDS YOU: blue and green are both sick: tonight"
    assert "both sides are sick" in notice.text
    assert "within 10 minutes, all traffic is given back to blue" in notice.text


def test_patience_with_a_common_cause_is_counted_from_its_begin() -> None:
    scene = Scene().ready().moved(0)
    both_fail(scene, 0.2)
    scene.pass_time(180)
    actions = []
    for _ in range(22):
        actions.append(scene.check(0).action.value)
        scene.pass_time(30)

    assert actions[:20] == ["wait"] * 20
    assert actions[20] == "roll_back"


def test_a_hold_keeps_traffic_where_it_is_while_both_sides_are_sick() -> None:
    scene = Scene().ready().moved(0)
    both_fail(scene, 0.2)
    scene.pass_time(180)
    scene.check(0)
    until = scene.now + timedelta(hours=1)
    scene.ledger.signal(scene.migration, Signal(kind=SignalKind.HOLD, by="arn:ana", at=scene.now, until=until))
    scene.pass_time(20 * 60)

    assert scene.check(0).reason.startswith("held by arn:ana")


def test_a_second_common_trouble_in_the_same_stage_pages_nobody_again() -> None:
    scene = Scene().ready().moved(0)
    both_fail(scene, 0.2)
    scene.pass_time(180)
    scene.check(0)
    both_fail(scene, 0.0)
    scene.check(0)
    both_fail(scene, 0.2)
    scene.pass_time(60)
    scene.check(0)

    assert len(scene.notifier.told) == 1
    assert scene.happened().count("verdict_changed") == 3


def test_a_green_that_is_clearly_worse_is_rolled_back_and_nobody_is_paged_for_blue() -> None:
    scene = Scene().ready().moved(0)
    both_fail(scene, 0.1)
    green_fails(scene, 0.8)
    scene.pass_time(180)

    assert scene.check(0).action == "roll_back"
    assert not scene.notifier.told


def test_a_repeated_look_after_a_lost_answer_changes_nothing() -> None:
    scene = Scene().ready().moved(0)
    both_fail(scene, 0.2)
    scene.pass_time(180)

    first, again = scene.check(0), scene.check(0)

    assert first == again
    assert scene.happened().count("verdict_changed") == 1


# --- What is written down --------------------------------------------------------------------------------------------


def test_a_passed_stage_keeps_the_numbers_it_was_passed_on() -> None:
    scene = Scene().ready().moved(0)
    scene.pass_time(BAKED)
    scene.check(0)

    data = last(scene, "stage_passed").data

    assert (data["stage"], data["cause"], data["alarms_ok"], data["alarms_asked"]) == (0, "good", 2, 2)
    assert data["written_percent"] == data["share_percent"] == 5
    assert data["green_requests"] == 2 * 3_000 * 4
    assert data["green_failed"] == 0
    assert set(data["workloads"]) == {"burnham", "yelb"}


def test_a_decided_rollback_keeps_the_numbers_it_was_decided_on() -> None:
    scene = Scene().ready().moved(0)
    green_fails(scene, 0.05)
    scene.pass_time(180)
    decision = scene.check(0)

    event = last(scene, "rollback_decided")

    assert event.text == decision.reason
    assert event.data["cause"] == "worse_than_blue"
    burnham = event.data["workloads"]["burnham"]
    assert burnham["green_failed"] / burnham["green_requests"] == 0.05
    assert burnham["evidence_worse"] > event.data["evidence_needed"]


def test_what_verdicts_rest_on_is_written_down_only_when_it_changes() -> None:
    scene = Scene().ready().moved(0)
    for _ in range(10):
        scene.check(0)
        scene.pass_time(30)

    changes = [event for event in scene.ledger.timeline(scene.migration) if event.what == "verdict_changed"]

    assert [event.data["cause"] for event in changes] == ["too_few_requests", "good"]
    assert scene.record.cause == "good"


def test_the_answer_to_the_machine_is_as_small_as_before() -> None:
    scene = Scene().ready().moved(0)

    assert set(scene.check(0).to_log()) == {"action", "reason", "wait_seconds", "next_stage"}
