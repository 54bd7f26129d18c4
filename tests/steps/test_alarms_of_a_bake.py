"""Alarms that are edited or go blind while a stage bakes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from crossfade.core.facts import WatchFacts
from crossfade.core.sight import Standing
from crossfade.core.signals import Signal, SignalKind
from crossfade.core.verdict import AlarmState
from tests.steps.scene import Scene

ALARM = "green-yelb-5xx"
BAKE = 60 + 5 * 60


@pytest.fixture
def scene() -> Scene:
    return Scene().ready().moved(0)


def said(scene: Scene, what: str) -> list[str]:
    return [event.text for event in scene.ledger.timeline(scene.migration) if event.what == what]


def resume(scene: Scene) -> None:
    scene.pass_time(1)
    scene.ledger.signal(scene.migration, Signal(kind=SignalKind.RESUME, by="arn:ana", at=scene.now))


def until_it_moves(scene: Scene) -> str:
    for _ in range(60):
        decision = scene.check(0)
        if decision.action != "wait":
            return decision.action.value
        scene.pass_time(30)
    raise AssertionError(decision.reason)


def test_an_alarm_on_a_load_balancer_that_was_replaced_extends_the_bake_and_then_rolls_back(scene: Scene) -> None:
    scene.alarms.sees[ALARM] = ("app/green/1",)
    scene.metrics.standing["yelb"] = Standing(frozenset({"app/green/2"}))
    began = scene.now

    assert f"{ALARM} is blind: it watches app/green/1" in scene.check(0).reason
    assert until_it_moves(scene) == "roll_back"
    assert scene.now - began >= timedelta(seconds=BAKE) + scene.plan.timing.patience


def test_an_alarm_that_is_given_the_dimensions_of_now_and_accepted_lets_the_stage_be_left(scene: Scene) -> None:
    scene.alarms.sees[ALARM] = ("app/green/1",)
    scene.metrics.standing["yelb"] = Standing(frozenset({"app/green/2"}))
    scene.check(0)
    scene.alarms.sees[ALARM] = ("app/green/2",)
    scene.alarms.edit(ALARM, dimensions="app/green/2")
    scene.check(0)
    resume(scene)

    assert until_it_moves(scene) == "advance"


def test_an_alarm_that_is_edited_in_a_bake_is_named_once_and_lets_no_stage_pass(scene: Scene) -> None:
    scene.alarms.edit(ALARM, threshold="50.0", saved="now")

    assert until_it_moves(scene) == "roll_back"

    news = f"{ALARM} was edited (threshold 1.0 -> 50.0)"
    assert said(scene, "alarm_edited") == [news]
    (notice,) = [each for each in scene.notifier.told if "edited" in each.title]
    assert notice.page
    assert notice.text.startswith(news)
    assert "crossfade resume tonight" in notice.next_steps[0]


def test_a_person_who_was_told_of_an_edit_accepts_it(scene: Scene) -> None:
    scene.alarms.edit(ALARM, threshold="50.0", saved="now")
    scene.check(0)
    resume(scene)

    assert until_it_moves(scene) == "advance"
    assert said(scene, "alarm_edited")[-1] == f"{ALARM}: accepted as edited, and believed again"


def test_an_edited_alarm_in_alarm_gives_traffic_back_all_the_same(scene: Scene) -> None:
    scene.alarms.edit(ALARM, threshold="0.0", saved="now")
    scene.alarms.set(ALARM, AlarmState.ALARM)

    assert scene.check(0).action == "roll_back"


def test_alarms_in_the_rule_of_another_are_read_in_the_same_call() -> None:
    scene = Scene()
    scene.alarms.edit(ALARM, "child", rule="ALARM(child)")
    scene.alarms.set("child", AlarmState.OK)
    scene.estate.change = lambda facts: replace(
        facts, watches={**facts.watches, ALARM: WatchFacts(children=("child",))}
    )
    scene.ready()
    scene.estate.change = lambda facts: facts  # a glance does not look at what alarms watch
    scene.moved(0)
    scene.alarms.asked.clear()

    scene.alarms.edit("child", threshold="50.0")

    assert "child was edited (threshold 1.0 -> 50.0)" in scene.check(0).reason
    assert scene.alarms.asked == [("green-burnham-5xx", ALARM, "child")]
