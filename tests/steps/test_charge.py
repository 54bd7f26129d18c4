"""Failures of real users are charged while the migration runs, and told when it ends."""

from crossfade.core.timeline import Event
from crossfade.core.weight import Side
from crossfade.errors import AlarmsUnavailableError
from crossfade.steps.charge_the_rest import charge_the_rest
from tests.steps.scene import Scene, a_plan

BUDGET = 90_000


def a_scene(*, failing: float = 0.0) -> Scene:
    """In the first bake, 60 000 requests a minute and workload, 5 % of them on a green that may fail."""
    scene = Scene(plan=a_plan().model_copy(update={"failed_requests": BUDGET})).ready().moved(0)
    scene.metrics.failing["burnham", Side.GREEN] = failing
    scene.pass_time(600)
    return scene


def event(scene: Scene, what: str) -> Event:
    return [event for event in scene.ledger.timeline(scene.migration) if event.what == what][-1]


def charge(scene: Scene) -> int:
    assert scene.record.charge is not None
    return scene.record.charge.failed


def test_what_fails_is_charged_and_stands_beside_the_decision() -> None:
    scene = a_scene(failing=0.5)
    assert scene.check(0).action == "roll_back"

    decided = event(scene, "rollback_decided")
    assert decided.data["failed_charged"] == charge(scene) > 5_000
    assert decided.data["failed_budget"] == BUDGET


def test_a_healthy_stage_charges_nothing() -> None:
    scene = a_scene()
    assert scene.check(0).action == "advance"

    assert charge(scene) == 0
    assert event(scene, "stage_passed").data["failed_charged"] == 0


def test_a_look_again_charges_nothing_twice() -> None:
    scene = a_scene(failing=0.5)
    scene.check(0)
    once = scene.record.charge
    scene.check(0)

    assert scene.record.charge == once


def rolled_back() -> Scene:
    scene = a_scene(failing=0.5)
    scene.check(0)
    scene.metrics.share = lambda _workload: 0.05  # users follow late
    return scene.rolled_back()


def test_what_fails_until_traffic_is_back_is_charged_at_the_end() -> None:
    scene = rolled_back()
    before = charge(scene)

    charge_the_rest(scene.ledger, scene.metrics, scene.migration, now=scene.now)
    charge_the_rest(scene.ledger, scene.metrics, scene.migration, now=scene.now)

    assert charge(scene) > before
    assert scene.happened().count("charged") == 1
    assert event(scene, "charged").text.startswith(
        f"failed requests {charge(scene):,} of at most 90,000, counted until"
    )


def test_a_cloudwatch_that_does_not_answer_changes_nothing_at_the_end() -> None:
    scene = rolled_back()
    before = scene.record
    scene.metrics.fail("read", AlarmsUnavailableError("no answer"))

    charge_the_rest(scene.ledger, scene.metrics, scene.migration, now=scene.now)

    assert scene.record == before


def test_a_success_says_what_it_has_cost_and_that_blue_is_quiet() -> None:
    scene = a_scene()
    scene.check(0)
    for stage in (1, 2):
        scene.moved(stage).pass_time(600)
        scene.check(stage)
    scene.pass_time(1200)
    scene.check(2, soaking=True)
    result = None
    while result is None:
        result = scene.complete().result
        scene.pass_time(60)
        scene.router.propagate()

    assert result["failed_requests"] == {"actual": 0, "budget": BUDGET, "expected": None, "worst": None}
    assert result["residual"] == {"blue_requests": 0, "minutes": 10, "is_gone": True}
    assert scene.record.reason == (
        "all traffic of 2 workloads is on eks-blueprint-green, read back; failed requests 0 of at most 90,000; "
        "blue had no request in the last 10 minutes: decommission is safe"
    )
    assert event(scene, "soak_passed").text.endswith("decommission is safe")
