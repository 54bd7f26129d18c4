"""A migration that waits for people says so, once."""

from datetime import timedelta

from crossfade.core.plan import Gate
from crossfade.core.signals import Signal, SignalKind
from crossfade.core.verdict import AlarmState
from tests.steps.scene import Scene, a_plan


def gated() -> Scene:
    """The first stage needs an approval, and its bake is over."""
    plan = a_plan()
    first = plan.stages[0].model_copy(update={"gate": Gate.APPROVAL})
    scene = Scene(plan=plan.model_copy(update={"stages": (first, *plan.stages[1:])})).ready().moved(0)
    scene.pass_time(600)
    return scene


def test_people_are_asked_for_an_approval_once_and_told_the_command() -> None:
    scene = gated()

    scene.check(0)
    scene.pass_time(30)
    scene.check(0)

    (notice,) = scene.notifier.told
    assert notice.title == "Crossfade waits for approval: tonight"
    assert notice.next_steps[0] == "Approve: crossfade approve tonight --stage 1"
    assert scene.happened().count("approval_awaited") == 1


def test_nobody_is_asked_while_something_else_is_missing() -> None:
    scene = gated()
    scene.alarms.set("green-burnham-5xx", AlarmState.INSUFFICIENT_DATA)

    scene.check(0)

    assert "approval_awaited" not in scene.happened()


def test_a_hold_is_written_down_once_and_a_second_one_again() -> None:
    scene = gated()

    for _ in range(2):
        until = scene.now + timedelta(hours=1)
        hold = Signal(kind=SignalKind.HOLD, by="arn:aws:iam::1:user/ann", at=scene.now, reason="a look", until=until)
        scene.ledger.signal("tonight", hold)
        scene.check(0)
        scene.pass_time(30)
        scene.check(0)

    assert scene.happened().count("hold_began") == 2
    assert "held by ann until" in scene.ledger.timeline("tonight")[-1].text
    assert "approval_awaited" not in scene.happened()
