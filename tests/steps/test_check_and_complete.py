"""Check health and Complete."""

from datetime import timedelta

import pytest

from crossfade.core.signals import Signal, SignalKind
from crossfade.core.verdict import AlarmState
from crossfade.core.weight import Side
from crossfade.errors import AlarmsUnavailableError, NotPropagatedError, RouterThrottledError
from tests.steps.scene import Scene


def test_a_stage_is_left_only_after_its_bake() -> None:
    scene = Scene().ready().moved(0)

    early = scene.check(0)
    scene.pass_time(60 + 5 * 60)
    late = scene.check(0)

    assert (early.action, late.action) == ("wait", "advance")


def test_an_alarm_during_the_bake_rolls_back_at_once() -> None:
    scene = Scene().ready().moved(0)
    scene.alarms.set("green-yelb-5xx", AlarmState.ALARM)

    decision = scene.check(0)

    assert (decision.action, decision.reason) == ("roll_back", "green-yelb-5xx is in ALARM")


def test_an_alarm_that_disappears_during_the_bake_rolls_back() -> None:
    scene = Scene().ready().moved(0)
    scene.alarms.set("green-yelb-5xx", AlarmState.MISSING)

    assert scene.check(0).action == "roll_back"


def test_an_alarm_without_data_extends_the_bake_and_then_rolls_back_but_never_advances() -> None:
    scene = Scene().ready().moved(0)
    scene.alarms.set("green-yelb-5xx", AlarmState.INSUFFICIENT_DATA)

    actions = scene.looks(0, times=40)

    assert "advance" not in actions
    assert actions[-1] == "roll_back"
    assert actions.count("wait") > 20


def test_a_weight_that_somebody_changes_in_a_bake_is_noticed_at_the_next_look() -> None:
    scene = Scene().ready().moved(0)
    scene.router.show("yelb", Side.GREEN, 50)

    decision = scene.check(0)

    assert decision.action == "roll_back"
    assert "yelb shows blue 19 : green 50 instead of blue 19 : green 1" in decision.reason


def test_weights_that_cannot_be_read_in_a_bake_extend_it() -> None:
    scene = Scene().ready().moved(0)
    scene.rescue.fail("observe", RouterThrottledError("try again"), times=100)
    scene.pass_time(60 + 5 * 60)

    decision = scene.check(0)

    assert decision.action == "wait"
    assert "the weights cannot be read" in decision.reason


def test_an_abort_rolls_back_with_the_name_of_who_asked() -> None:
    scene = Scene().ready().moved(0)
    scene.ledger.signal(
        scene.migration, Signal(kind=SignalKind.ABORT, by="arn:ana", at=scene.now, reason="wrong night")
    )

    decision = scene.check(0)

    assert (decision.action, decision.reason) == ("roll_back", "aborted by arn:ana: wrong night")


def test_cloudwatch_that_does_not_answer_is_an_error_not_a_good_sign() -> None:
    scene = Scene().ready().moved(0)
    scene.alarms.fail("read", AlarmsUnavailableError("try again"))

    with pytest.raises(AlarmsUnavailableError):
        scene.check(0)


def test_the_soak_is_watched_for_its_whole_length() -> None:
    scene = Scene().ready().moved_through(3)
    assert scene.check(2).action == "advance"

    first = scene.check(2, soaking=True)
    scene.pass_time(timedelta(minutes=10).total_seconds())
    last = scene.check(2, soaking=True)

    assert (first.action, last.action) == ("wait", "advance")


def test_an_alarm_during_the_soak_rolls_back() -> None:
    scene = Scene().ready().moved_through(3)
    scene.check(2)
    scene.alarms.set("green-yelb-5xx", AlarmState.ALARM)

    assert scene.check(2, soaking=True).action == "roll_back"


def test_green_ends_with_the_weight_that_blue_had_and_the_lease_is_given_up() -> None:
    scene = Scene().ready().moved_through(3)

    assert not scene.complete().arrived
    scene.router.propagate()
    done = scene.complete()

    assert scene.splits() == {"blue 0 : green 100"}
    assert done.result is not None
    assert done.result["outcome"] == "Succeeded"
    assert not scene.ledger.holds(scene.plan.lease_units, epoch=scene.epoch)


def test_success_is_not_claimed_before_it_is_read_back() -> None:
    scene = Scene().ready().moved_through(3)
    scene.complete()

    scene.pass_time(120)
    assert not scene.complete().arrived
    scene.pass_time(200)
    with pytest.raises(NotPropagatedError):
        scene.complete()


def test_completing_again_gives_the_same_answer_and_tells_nobody_twice() -> None:
    scene = Scene().ready().moved_through(3)
    scene.complete()
    scene.router.propagate()

    assert scene.complete().result == scene.complete().result
    assert len(scene.notifier.told) == 1


def completed(scene: Scene) -> str:
    scene.check(2)
    scene.complete()
    scene.router.propagate()
    assert scene.complete().arrived
    return scene.record.reason


def test_the_last_notice_says_what_git_and_terraform_must_say() -> None:
    scene = Scene().ready().moved_through(3)

    completed(scene)

    mail = scene.notifier.told[-1].text
    assert "Git or Terraform must say this now" in mail
    assert 'aws-weight: "100"' in mail
    assert 'route53_weight = "0"' in mail


def test_a_file_that_still_says_the_old_weight_is_drift_to_come() -> None:
    scene = Scene().ready().moved_through(3)
    scene.router.apply("yelb", Side.BLUE, 100)
    scene.router.apply("yelb", Side.GREEN, 100)

    assert completed(scene).endswith("; drift pending: yelb on blue was last applied with 100")


def test_files_that_nobody_knows_are_no_drift() -> None:
    assert "drift" not in completed(Scene().ready().moved_through(3))
