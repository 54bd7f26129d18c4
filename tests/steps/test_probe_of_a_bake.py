"""While a stage bakes, green is asked directly, too: if a workload has a probe."""

from crossfade.core.migration import Decision
from crossfade.core.probe import Answer, Heard
from crossfade.core.weight import Side
from crossfade.errors import AlarmsRefusedError
from tests.steps.scene import Scene, a_plan, probed

BAKED = 10 * 60
BAD = Answer(Heard.STATUS, 500)


def baking() -> Scene:
    return Scene(plan=probed(a_plan())).ready().moved(0)


def looks(scene: Scene, count: int) -> Decision:
    for _ in range(count):
        scene.pass_time(30)
        decision = scene.check(0)
    return decision


def test_a_green_that_answers_badly_in_three_looks_is_rolled_back_in_the_first_minutes() -> None:
    scene = baking()
    scene.probe.answers["burnham", Side.GREEN] = BAD

    assert looks(scene, 2).action == "wait"
    decision = looks(scene, 1)

    assert decision.action == "roll_back"
    assert decision.reason == "burnham: green answers 500 to the probe, in 3 looks in a row; blue answers 200"


def test_a_look_that_is_repeated_after_a_lost_answer_counts_once() -> None:
    scene = baking()
    scene.probe.answers["burnham", Side.GREEN] = BAD
    looks(scene, 1)

    again = [scene.check(0).action for _ in range(5)]

    assert again == ["wait"] * 5
    assert [failing.looks for failing in scene.record.failing] == [1]


def test_no_stage_is_left_on_a_bad_answer_and_the_next_good_one_lets_it_go() -> None:
    scene = baking()
    scene.pass_time(BAKED)
    scene.probe.answers["burnham", Side.GREEN] = BAD
    assert "the bake is extended: burnham: green answers 500" in scene.check(0).reason

    scene.probe.answers.clear()

    assert looks(scene, 1).action == "advance"
    assert scene.record.failing == ()


def test_both_sides_that_do_not_answer_freeze_the_migration_and_page_once() -> None:
    scene = baking()
    for side in Side:
        scene.probe.answers["burnham", side] = BAD

    assert looks(scene, 5).action == "wait"
    assert [notice.page for notice in scene.notifier.told] == [True]


def test_a_probe_that_cannot_be_made_lets_no_stage_pass_and_rolls_nothing_back() -> None:
    scene = baking()
    scene.pass_time(BAKED)
    scene.probe.fail("ask", AlarmsRefusedError("Elastic Load Balancing does not allow it; grant it"), times=9)

    decision = scene.check(0)

    assert decision.action == "wait"
    assert "green is not reachable from here (Elastic Load Balancing does not allow it" in decision.reason


def test_without_a_probe_nobody_is_asked() -> None:
    scene = Scene().ready().moved(0)
    scene.probe.asked.clear()
    scene.pass_time(BAKED)

    assert scene.check(0).action == "advance"
    assert scene.probe.asked == []


def test_what_was_heard_stands_in_the_timeline() -> None:
    scene = baking()
    scene.probe.answers["burnham", Side.GREEN] = BAD
    looks(scene, 3)

    (decided,) = (event for event in scene.ledger.timeline(scene.migration) if event.what == "rollback_decided")

    assert decided.data["probes"] == {"burnham": {"blue": 200, "green": 500, "bad_looks": 3}}
