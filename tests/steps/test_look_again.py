"""Before its first write every stage looks again at what it rests on: alarms, targets, ExternalDNS."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from crossfade.core.facts import EstateFacts
from crossfade.core.preflight import AGAIN, CHECKS
from crossfade.core.verdict import AlarmState
from crossfade.core.weight import Side
from crossfade.errors import RouterRefusedError, RouterUnavailableError, StageRefusedError
from tests.steps.scene import Scene


def no_targets(side: Side) -> Callable[[EstateFacts], EstateFacts]:
    """The estate, with nothing healthy behind the first workload on *side*."""

    def change(estate: EstateFacts) -> EstateFacts:
        place = estate.places["burnham", side]
        assert place.balancer is not None
        groups = tuple(replace(group, healthy=0) for group in place.balancer.groups)
        sick = replace(place, balancer=replace(place.balancer, groups=groups))
        return replace(estate, places={**estate.places, ("burnham", side): sick})

    return change


def external_dns_down(estate: EstateFacts) -> EstateFacts:
    controller = estate.controllers[Side.BLUE]
    assert controller is not None
    return replace(estate, controllers={**estate.controllers, Side.BLUE: replace(controller, ready=0)})


def after_one_stage() -> Scene:
    return Scene().ready().moved_through(1)


def test_every_check_that_is_made_again_is_one_of_the_preflight() -> None:
    assert {check.id for check in CHECKS} >= AGAIN


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda scene: scene.alarms.set("green-yelb-5xx", AlarmState.ALARM, "3 of 3"), "green-yelb-5xx: is already in"),
        (lambda scene: scene.alarms.set("green-yelb-5xx", AlarmState.MISSING), "green-yelb-5xx: does not exist"),
        (lambda scene: setattr(scene.estate, "change", no_targets(Side.GREEN)), "burnham green: targetgroup/burnham-"),
        (lambda scene: setattr(scene.estate, "change", external_dns_down), "blue: ExternalDNS has no ready pod"),
        (
            lambda scene: scene.estate.fail(
                "glance", RouterRefusedError("green: may not read; bind the Role"), times=9
            ),
            "green: may not read; bind the Role",
        ),
    ],
)
def test_a_later_stage_is_refused_before_its_first_write(wrong: Callable[[Scene], object], words: str) -> None:
    scene = after_one_stage()
    wrong(scene)
    written = scene.written()

    with pytest.raises(StageRefusedError, match="stage 2 is not begun") as refused:
        scene.shift(1)

    assert words in str(refused.value)
    assert scene.written() == written
    assert scene.record.stage == 0


def test_a_stage_that_has_begun_is_not_looked_at_again() -> None:
    scene = after_one_stage()
    scene.shift(1)
    scene.alarms.set("green-yelb-5xx", AlarmState.ALARM)
    scene.estate.change = no_targets(Side.GREEN)

    assert not scene.shift(1).arrived


def test_the_first_stage_is_refused_while_nothing_is_written() -> None:
    scene = Scene().ready()
    scene.alarms.set("green-yelb-5xx", AlarmState.ALARM)

    with pytest.raises(StageRefusedError, match="stage 1 is not begun"):
        scene.shift(0)
    assert scene.written() == []


def test_what_does_not_answer_is_asked_again() -> None:
    scene = after_one_stage()
    scene.estate.fail("glance", RouterUnavailableError("green does not answer; it is tried again"))

    with pytest.raises(RouterUnavailableError):
        scene.shift(1)
    scene.shift(1)

    assert scene.record.stage == 1


def test_while_blue_could_take_nothing_back_the_stage_waits_and_then_goes_on() -> None:
    scene = after_one_stage()
    scene.estate.change = no_targets(Side.BLUE)
    written = scene.written()

    progress = [scene.shift(1) for _ in range(3)]

    assert {step.arrived for step in progress} == {False}
    assert "stage 2 is not begun while blue could not take its traffic back: burnham blue" in progress[0].reason
    assert scene.written() == written
    assert scene.happened().count("stage_postponed") == 1

    scene.estate.change = lambda estate: estate
    scene.shift(1)

    assert (scene.record.stage, scene.record.postponed) == (1, None)


def test_a_blue_that_does_not_recover_is_not_waited_for_without_end() -> None:
    scene = after_one_stage()
    scene.estate.change = no_targets(Side.BLUE)
    scene.shift(1)
    scene.pass_time((scene.plan.timing.propagation + timedelta(seconds=1)).total_seconds())

    with pytest.raises(StageRefusedError, match="it did not get better in time"):
        scene.shift(1)


def test_a_workload_that_was_left_out_keeps_no_stage_from_beginning() -> None:
    scene = after_one_stage()
    scene.ledger.save(scene.record.with_(left_out=("burnham",)))
    for side, weight in ((Side.BLUE, 100), (Side.GREEN, 0)):
        scene.router.by_hand("burnham", side, weight)
    scene.router.propagate()
    scene.alarms.set("green-burnham-5xx", AlarmState.ALARM)

    scene.shift(1)

    assert scene.record.stage == 1
