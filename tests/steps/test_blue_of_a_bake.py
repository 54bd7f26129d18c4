"""A blue that shrinks as its users leave: no stage goes further, and a rollback says what it comes back to."""

from dataclasses import replace

import pytest

from crossfade.core.facts import EstateFacts
from crossfade.core.signals import Signal, SignalKind
from crossfade.core.weight import Side
from crossfade.errors import StageRefusedError
from tests.steps.scene import NAMES, Scene

BLUE_AND_GREEN = {(name, side): 6 for name in NAMES for side in Side}


def baking(stage: int = 0) -> Scene:
    """In the bake of *stage*, with six targets each, counted once."""
    scene = Scene()
    scene.metrics.healthy_targets |= BLUE_AND_GREEN
    scene.ready()
    for before in range(stage):
        scene.moved(before)
        scene.pass_time(600)
    scene.moved(stage)
    scene.pass_time(180)
    scene.check(stage)
    return scene


def shrink(scene: Scene, to: int) -> None:
    scene.metrics.healthy_targets["yelb", Side.BLUE] = to


def told(scene: Scene) -> list[str]:
    return [event.text for event in scene.ledger.timeline(scene.migration) if event.what == "blue_shrank"]


def test_a_blue_that_has_shrunk_in_a_bake_keeps_the_next_stage_waiting_and_pages_once() -> None:
    scene = baking()
    shrink(scene, 3)
    reasons = []
    for _ in range(40):
        scene.pass_time(60)
        decision = scene.check(0)
        assert decision.action == "wait"
        reasons.append(decision.reason)

    assert reasons[-1].startswith("the next stage waits for blue to be scaled up: yelb: blue has 3 of the 6")
    (page,) = [notice for notice in scene.notifier.told if notice.page]
    assert "scale blue up before the migration goes on: yelb to 4 healthy targets or more" in page.text


@pytest.mark.parametrize("how", ["scaled up", "accepted"])
def test_it_goes_on_once_blue_is_scaled_up_or_somebody_accepts_it(how: str) -> None:
    scene = baking()
    shrink(scene, 3)
    scene.pass_time(600)
    scene.check(0)
    scene.pass_time(60)
    if how == "accepted":
        scene.ledger.signal(scene.migration, Signal(kind=SignalKind.RESUME, by="arn:ana", at=scene.now))
    else:
        shrink(scene, 6)

    assert scene.check(0).action == "advance"
    assert told(scene)[-1] == "blue counts as large enough again"


def test_a_blue_that_shrinks_when_all_users_are_on_green_is_told_and_keeps_nothing_waiting() -> None:
    scene = baking(2)
    shrink(scene, 1)
    scene.pass_time(600)

    assert scene.check(2).action == "advance"
    assert scene.notifier.told[-1].title == "Crossfade blue has shrunk: tonight"
    assert not scene.notifier.told[-1].page


def half(facts: EstateFacts) -> EstateFacts:
    place = facts.places["yelb", Side.BLUE]
    assert place.balancer is not None
    groups = tuple(replace(group, healthy=group.healthy // 2) for group in place.balancer.groups)
    return replace(
        facts,
        places={**facts.places, ("yelb", Side.BLUE): replace(place, balancer=replace(place.balancer, groups=groups))},
    )


def test_a_stage_is_not_begun_on_a_blue_that_has_just_shrunk() -> None:
    scene = baking()
    scene.estate.change = half
    waiting = scene.shift(1)
    scene.pass_time(301)

    assert not waiting.arrived
    assert "yelb: blue has 1 of the 2 healthy targets that it had; scale blue up" in waiting.reason
    with pytest.raises(StageRefusedError, match="did not get better in time"):
        scene.shift(1)


def test_a_rollback_onto_a_blue_that_has_shrunk_happens_says_so_and_pages() -> None:
    scene = baking(1)
    shrink(scene, 2)
    scene.pass_time(180)
    scene.rolled_back()
    ending = scene.confirm()

    assert ending["outcome"] == "RolledBack"
    assert "yelb: blue has 2 of the 6 healthy targets that it had; scale it up now" in str(ending["reason"])
    assert scene.notifier.told[-1].page
    assert told(scene)[-1].startswith("traffic comes back to less than there was: yelb")
