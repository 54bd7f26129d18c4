"""Roll back and Confirm rollback: blue first, read back, honest."""

import pytest

from crossfade.core.weight import Side
from crossfade.errors import (
    AlarmsUnavailableError,
    LeaseHeldError,
    LedgerUnavailableError,
    NotPropagatedError,
    RouterObjectMissingError,
    RouterRefusedError,
    RouterUnavailableError,
    SupersededError,
)
from tests.steps.scene import EXECUTION, Scene, a_plan


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_every_stage_is_given_back_blue_first_and_read_back(stages: int) -> None:
    scene = Scene().ready().moved_through(stages)
    before = len(scene.written())

    scene.rolled_back()
    writes = scene.written()[before:]

    assert [side for _, side, _ in writes] == ["blue", "blue", "green", "green"]
    assert scene.splits() == {"blue 100 : green 0"}
    assert scene.confirm()["outcome"] == "RolledBack"


def test_green_is_not_lowered_before_blue_is_seen_at_its_baseline() -> None:
    scene = Scene().ready().moved_through(3)

    scene.roll_back()
    scene.pass_time(600)
    scene.roll_back()

    assert scene.written(Side.GREEN)[-1][2] != 0, "blue's raise was not seen yet"


def test_a_green_that_was_raised_and_never_shown_is_lowered_all_the_same() -> None:
    scene = Scene().ready()
    scene.shift(0)
    scene.pass_time(600)

    scene.roll_back()
    scene.pass_time(75)
    scene.roll_back()

    assert scene.written(Side.GREEN)[-2:] == [("burnham", "green", 0), ("yelb", "green", 0)]
    assert scene.roll_back().arrived
    assert scene.confirm()["outcome"] == "RolledBack"


def test_without_a_baseline_nothing_is_touched_and_the_outcome_is_refused() -> None:
    scene = Scene().leased()

    assert scene.roll_back("alarm is missing").arrived
    ending = scene.confirm("alarm is missing")

    assert ending == {"outcome": "Refused", "reason": "nothing was changed: alarm is missing"}
    assert scene.written() == []
    assert not scene.ledger.holds(scene.plan.lease_units, epoch=scene.epoch)


def test_an_execution_that_never_opened_a_record_is_refused() -> None:
    scene = Scene()

    assert scene.roll_back("bad input").arrived
    assert scene.confirm("bad input")["outcome"] == "Refused"


def test_a_duplicate_cannot_roll_back_the_run_that_owns_the_name() -> None:
    scene = Scene().ready().moved_through(2)
    duplicate = Scene(
        ledger=scene.ledger, router=scene.router, execution=EXECUTION + "-again", now=scene.now, plan=scene.plan
    )
    before = scene.written()

    assert duplicate.roll_back().arrived
    assert duplicate.confirm()["outcome"] == "Refused"

    assert scene.written() == before
    assert scene.record.outcome is None


def test_a_rollback_takes_a_fresh_epoch_and_stamps_it_so_that_a_late_writer_loses() -> None:
    scene = Scene().ready().moved_through(2)
    old = scene.epoch

    scene.roll_back()

    assert scene.record.epoch > old
    assert scene.router.epoch("burnham", Side.GREEN) == scene.record.epoch
    with pytest.raises(SupersededError):
        scene.shift(2)


def test_a_cluster_that_cannot_be_stamped_does_not_delay_blue() -> None:
    scene = Scene().ready().moved_through(2)
    scene.router.fail("stamp", RouterUnavailableError("green does not answer"))

    scene.roll_back()

    assert ("burnham", "blue", 100) in scene.written()


def test_somebody_else_who_holds_the_lease_is_not_disturbed() -> None:
    scene = Scene().ready().moved_through(1)
    scene.ledger.release(scene.plan.lease_units, epoch=scene.epoch)
    scene.ledger.take(scene.plan.lease_units, migration="guardian", execution="arn:guardian", now=scene.now)

    with pytest.raises(LeaseHeldError):
        scene.roll_back()


def test_a_rollback_that_is_never_shown_gives_up_and_is_reported_as_unconfirmed_with_a_page() -> None:
    scene = Scene().ready().moved_through(2)
    scene.rescue.fail("write", RouterRefusedError("grant route53:ChangeResourceRecordSets"), times=99)
    scene.roll_back()
    scene.pass_time(901)

    with pytest.raises(NotPropagatedError):
        scene.roll_back()
    ending = scene.confirm()

    assert ending["outcome"] == "RollbackUnconfirmed"
    assert "burnham shows blue 1 : green 1, annotated blue 100 : green 1, instead of blue 100 : green 0" in str(
        ending["reason"]
    )
    assert scene.notifier.told[-1].page


def test_an_annotation_that_would_bring_green_back_in_a_minute_is_not_called_rolled_back() -> None:
    scene = Scene().ready()
    scene.shift(0)

    ending = scene.confirm()

    assert scene.splits() == {"blue 100 : green 0"}
    assert ending["outcome"] == "RollbackUnconfirmed"


def test_an_unconfirmed_rollback_keeps_its_lease_so_that_nobody_starts_on_top_of_it() -> None:
    scene = Scene().ready().moved_through(2)
    scene.roll_back()

    scene.confirm()

    assert scene.ledger.holds(scene.plan.lease_units, epoch=scene.record.epoch)


def test_weights_that_cannot_be_read_back_are_never_called_rolled_back() -> None:
    scene = Scene().ready().moved_through(2).rolled_back()
    scene.router.fail("observe", RouterObjectMissingError("burnham: blue has no Ingress; create it"))

    assert scene.confirm()["outcome"] == "RollbackUnconfirmed"


def test_the_answer_of_a_repeated_confirmation_is_the_same() -> None:
    scene = Scene().ready().moved_through(2).rolled_back()

    assert scene.confirm() == scene.confirm()
    assert len(scene.notifier.told) == 1


def test_a_success_whose_answer_was_lost_is_answered_again_with_its_result() -> None:
    scene = Scene().ready().moved_through(3)
    scene.complete()
    scene.router.propagate()
    done = scene.complete()
    before = scene.written()

    assert scene.roll_back("Runtime.ExitError").arrived
    ending = scene.confirm("Runtime.ExitError")

    assert (ending["outcome"], ending["result"]) == ("Succeeded", done.result)
    assert scene.written() == before


def test_a_dry_run_whose_answer_was_lost_is_answered_again() -> None:
    scene = Scene(plan=a_plan(dry_run=True)).leased()
    done = scene.complete()

    ending = scene.confirm("Runtime.ExitError")

    assert (ending["outcome"], ending["result"]) == ("DryRun", done.result)


def test_a_confirmation_that_dies_half_way_has_paged_already() -> None:
    scene = Scene().ready().moved_through(2)
    scene.ledger.fail("save", LedgerUnavailableError("try again"), after=True)
    with pytest.raises(LedgerUnavailableError):
        scene.confirm()

    assert scene.notifier.told[-1].page
    assert scene.confirm()["outcome"] == "RollbackUnconfirmed"


def test_a_notifier_that_is_down_changes_nothing() -> None:
    scene = Scene().ready().moved_through(2).rolled_back()
    scene.notifier.works = False

    assert scene.confirm()["outcome"] == "RolledBack"


# --- A dead blue -----------------------------------------------------------------------------------------------------


def dead_blue(*, green: int = 3) -> Scene:
    """All traffic on green; yelb's blue has no healthy target."""
    scene = Scene().ready().moved_through(3)
    for name in ("burnham", "yelb"):
        scene.metrics.healthy_targets |= {(name, Side.BLUE): 3, (name, Side.GREEN): green}
    scene.metrics.healthy_targets["yelb", Side.BLUE] = 0
    return scene


def test_a_dead_blue_is_never_raised_and_the_others_go_back() -> None:
    scene = dead_blue().rolled_back()
    ending = scene.confirm()

    assert [scene.router.declared("burnham", side) for side in Side] == [100, 0]
    assert [scene.router.declared("yelb", side) for side in Side] == [0, 1]
    assert ending["outcome"] == "Held"
    assert [event.text for event in scene.ledger.timeline(scene.migration) if event.what == "traffic_returned"] == [
        "all else is read back as it was before the start; yelb stays on green"
    ]
    assert "left as it is: yelb at blue 0 : green 1; everything else is read back" in str(ending["reason"])
    assert scene.notifier.told[-1].page
    assert not scene.ledger.leased()


def test_a_blue_that_dies_no_more_than_green_is_raised() -> None:
    scene = dead_blue(green=0).rolled_back()

    assert scene.confirm()["outcome"] == "RolledBack"


def test_a_rollback_never_waits_for_cloudwatch_to_say_whether_blue_lives() -> None:
    scene = dead_blue()
    scene.metrics.fail("read", AlarmsUnavailableError("slow down"))

    scene.rolled_back()

    assert scene.confirm()["outcome"] == "RolledBack"


def test_who_stays_is_settled_once_when_the_rollback_begins() -> None:
    scene = dead_blue()
    scene.roll_back()
    scene.metrics.healthy_targets["yelb", Side.BLUE] = 3
    scene.rolled_back()

    assert scene.confirm()["outcome"] == "Held"
