"""Keep weights: only what was read back is stored, and a store that is down changes nothing."""

from crossfade.core.weight import Split
from crossfade.errors import LedgerUnavailableError
from crossfade.steps.keep_weights import keep_weights
from simulation.weights import KeptWeights
from tests.steps.scene import NAMES, Scene


def kept_by(scene: Scene, weights: KeptWeights | None = None) -> dict[str, Split]:
    weights, shown = weights or KeptWeights(), dict[str, Split]()
    keep_weights(scene.ledger, weights, scene.migration, now=scene.now, show=shown.update)
    assert shown == weights.kept or not weights.works, "what is stored is shown"
    return weights.kept


def after_the_first_stage() -> Scene:
    return Scene().ready().moved(0)


def completed() -> Scene:
    scene = Scene().ready().moved_through(3)
    scene.check(2)
    scene.complete()
    scene.router.propagate()
    assert scene.complete().arrived
    return scene


def test_nothing_is_stored_while_traffic_still_moves() -> None:
    scene = Scene().ready()
    scene.shift(0)

    assert kept_by(scene) == {}


def test_a_stage_that_was_read_back_is_stored_for_every_workload() -> None:
    assert kept_by(after_the_first_stage()) == dict.fromkeys(NAMES, Split(19, 1))


def test_a_success_is_stored_with_the_final_weights() -> None:
    assert kept_by(completed()) == dict.fromkeys(NAMES, Split(0, 100))


def test_a_rollback_is_stored_only_once_it_was_read_back() -> None:
    scene = after_the_first_stage()
    scene.roll_back()
    assert kept_by(scene) == {}

    scene.rolled_back().confirm()

    assert kept_by(scene) == dict.fromkeys(NAMES, Split(100, 0))


def test_a_store_that_is_down_stands_in_the_timeline_and_nowhere_else() -> None:
    scene, down = after_the_first_stage(), KeptWeights()
    down.works = False

    assert kept_by(scene, down) == {}

    assert scene.happened()[-1] == "weights_not_kept"


def test_a_ledger_that_does_not_answer_costs_the_note_only() -> None:
    scene = after_the_first_stage()
    scene.ledger.fail("load", LedgerUnavailableError("try again"))

    assert kept_by(scene) == {}
