"""The ladder: what is silent, stuck or refused costs a rung, never the way back."""

import re

import pytest

from crossfade.core.traffic import Write
from crossfade.core.weight import Side
from crossfade.core.workload import Identifiers, Router
from crossfade.errors import (
    CrossfadeError,
    PermanentError,
    RouterObjectMissingError,
    RouterRefusedError,
    RouterThrottledError,
    RouterUnavailableError,
    SupersededError,
    WriteConflictError,
)
from tests.steps.scene import Scene, a_plan

BLUE, GREEN = Side.BLUE, Side.GREEN
DENIED = RouterRefusedError("bind a Role")


def moved(stages: int = 2) -> Scene:
    return Scene().ready().moved_through(stages)


def directly(scene: Scene) -> list[tuple[str, str, int]]:
    return [(write.workload, write.side.value, write.weight) for write in scene.rescue.written]


def test_a_rollback_in_good_order_writes_no_record_itself() -> None:
    scene = moved(3).rolled_back()

    assert scene.rescue.written == []
    assert scene.confirm()["outcome"] == "RolledBack"


def test_the_set_identifiers_are_remembered_before_the_first_write() -> None:
    scene = Scene().ready()

    assert {workload.identifiers for workload in scene.record.workloads} == {Identifiers(blue="blue", green="green")}


def test_a_raise_that_is_not_carried_on_in_time_is_made_directly_and_not_a_moment_earlier() -> None:
    scene = moved()
    scene.roll_back()
    scene.pass_time(89)
    scene.roll_back()
    assert scene.rescue.written == []

    scene.pass_time(1)
    progress = scene.roll_back()

    assert directly(scene) == [("burnham", "blue", 100), ("yelb", "blue", 100)]
    assert "directly in Route 53" in progress.reason


def test_a_stuck_external_dns_in_both_clusters_is_no_reason_not_to_be_rolled_back() -> None:
    scene = moved()
    for _ in range(20):
        if scene.roll_back().arrived:
            break
        scene.pass_time(30)

    assert scene.confirm()["outcome"] == "RolledBack"
    assert directly(scene) == [
        ("burnham", "blue", 100),
        ("yelb", "blue", 100),
        ("burnham", "green", 0),
        ("yelb", "green", 0),
    ]
    assert [scene.router.declared("burnham", side) for side in Side] == [100, 0], "so that nothing reverts it"


def test_a_controller_that_is_only_slow_finds_nothing_to_change() -> None:
    scene = moved()
    scene.roll_back()
    scene.pass_time(90)
    scene.roll_back()
    before = scene.splits()

    scene.router.propagate(BLUE)

    assert scene.splits() == before


def test_a_silent_blue_is_raised_directly_at_once() -> None:
    scene = moved()
    scene.router.unreachable.add(BLUE)

    scene.roll_back()

    assert directly(scene) == [("burnham", "blue", 100), ("yelb", "blue", 100)]


def test_a_silent_green_does_not_delay_blue_and_is_lowered_once_blue_has_settled() -> None:
    scene = moved()
    scene.router.unreachable.add(GREEN)
    scene.roll_back()
    scene.router.propagate(BLUE)
    scene.pass_time(30)
    scene.roll_back()
    assert scene.written(BLUE)[-2:] == [("burnham", "blue", 100), ("yelb", "blue", 100)]
    assert scene.rescue.written == []

    scene.pass_time(75)
    scene.roll_back()

    assert directly(scene) == [("burnham", "green", 0), ("yelb", "green", 0)]
    assert not scene.roll_back().arrived
    ending = scene.confirm()
    assert ending["outcome"] == "RollbackUnconfirmed"
    assert "burnham shows blue 100 : green 0, but green may ask for another weight" in str(ending["reason"])
    assert scene.notifier.told[-1].page


def test_two_silent_clusters_are_given_back_by_their_records() -> None:
    scene = moved(3)
    scene.router.unreachable |= set(Side)
    for _ in range(6):
        scene.roll_back()
        scene.pass_time(60)

    assert {str(reading.split) for reading in scene.rescue.observe(scene.record.workloads)} == {"blue 100 : green 1"}


def test_silent_clusters_without_known_records_are_asked_again() -> None:
    scene = moved()
    scene.router.unreachable |= set(Side)
    scene.rescue.fail("observe", RouterObjectMissingError("no set identifiers"))

    with pytest.raises(RouterUnavailableError):
        scene.roll_back()


@pytest.mark.parametrize("error", [DENIED, RouterUnavailableError("the webhook does not answer")])
def test_a_refused_annotation_is_replaced_by_the_record_in_the_same_call(error: CrossfadeError) -> None:
    scene = moved()
    scene.router.fail("write", error, times=99)

    progress = scene.roll_back()

    assert directly(scene) == [("burnham", "blue", 100), ("yelb", "blue", 100)]
    assert not progress.arrived
    assert str(error) in progress.reason


def test_a_refused_record_is_no_reason_to_give_up_what_the_annotation_may_still_do() -> None:
    scene = moved()
    scene.rescue.fail("write", DENIED, times=99)
    scene.roll_back()
    scene.pass_time(120)

    progress = scene.roll_back()
    assert str(DENIED) in progress.reason

    scene.rolled_back()
    assert scene.confirm()["outcome"] == "RolledBack"


def test_two_broken_rungs_are_an_error() -> None:
    scene = moved()
    scene.router.fail("write", DENIED, times=9)
    scene.rescue.fail("write", RouterRefusedError("grant it"))

    with pytest.raises(RouterRefusedError, match="bind a Role"):
        scene.roll_back()


def test_a_second_rung_that_is_throttled_is_asked_again() -> None:
    scene = moved()
    scene.router.fail("write", DENIED, times=9)
    scene.rescue.fail("write", RouterThrottledError("slow down"))

    with pytest.raises(RouterThrottledError):
        scene.roll_back()


@pytest.mark.parametrize("error", [SupersededError("a younger epoch"), WriteConflictError("read again")])
def test_somebody_else_at_work_is_no_broken_rung(error: CrossfadeError) -> None:
    scene = moved()
    scene.router.fail("write", error)

    with pytest.raises(type(error)):
        scene.roll_back()

    assert scene.rescue.written == []


def test_a_younger_rollback_is_not_overwritten_by_the_second_rung_either() -> None:
    scene = moved()
    scene.router.unreachable.add(BLUE)
    scene.rescue.stamp(scene.record.workloads, epoch=99)

    with pytest.raises(SupersededError):
        scene.roll_back()


def test_a_workload_whose_records_are_its_first_rung_has_no_second_one() -> None:
    plan = a_plan()
    workloads = tuple(
        workload.model_copy(update={"router": Router.ROUTE53, "identifiers": Identifiers(blue="b", green="g")})
        for workload in plan.workloads
    )
    scene = Scene(plan=plan.model_copy(update={"workloads": workloads})).ready().moved_through(2)
    scene.router.fail("write", DENIED, times=9)

    with pytest.raises(RouterRefusedError):
        scene.roll_back()

    assert scene.rescue.written == []


def test_what_was_written_directly_is_told_with_its_reason() -> None:
    scene = moved()
    scene.router.unreachable.add(BLUE)
    scene.roll_back()
    told = [event for event in scene.ledger.timeline(scene.migration) if event.data.get("direct")]

    assert [event.text for event in told] == [
        "burnham: raise blue to 100 directly in Route 53: its cluster does not answer",
        "yelb: raise blue to 100 directly in Route 53: its cluster does not answer",
    ]
    assert (told[0].data["side"], told[0].data["weight"]) == ("blue", 100)


def test_what_could_not_be_fenced_is_fenced_before_it_is_called_rolled_back() -> None:
    scene = moved()
    scene.router.fail("stamp", RouterUnavailableError("green does not answer"), times=3)
    while not scene.roll_back().arrived:
        scene.pass_time(60)
        scene.router.propagate()

    assert {scene.router.epoch(name, side) for name in ("burnham", "yelb") for side in Side} == {scene.record.epoch}


def test_one_workload_that_is_written_again_and_again_does_not_keep_the_others_from_the_second_rung() -> None:
    scene = moved()
    for _ in range(12):
        scene.roll_back()
        scene.router.by_hand("yelb", BLUE, 1)
        scene.pass_time(30)

    assert Write("burnham", BLUE, 100) in scene.rescue.written


# --- One workload for good, the others not ---------------------------------------------------------------------------


def until_it_gives_up(scene: Scene) -> str:
    """What is raised when nothing is left that could be done; the authority follows every half minute."""
    for _ in range(40):
        try:
            assert not scene.roll_back().arrived
        except PermanentError as error:
            return str(error)
        scene.pass_time(30)
        scene.router.propagate()
    raise AssertionError("it never gave up")


@pytest.mark.parametrize("side", Side)
def test_a_deleted_ingress_keeps_nobody_else_waiting_and_ends_unconfirmed_with_its_name(side: Side) -> None:
    scene = moved()
    scene.router.remove("yelb", side)

    reason = until_it_gives_up(scene)
    ending = scene.confirm()

    assert scene.now - (scene.record.rollback_began or scene.now) < scene.plan.timing.rollback / 2
    assert [scene.router.declared("burnham", of) for of in Side] == [100, 0]
    assert "yelb" in reason
    assert "burnham" not in reason
    assert ending["outcome"] == "RollbackUnconfirmed"
    assert f"yelb: {side} has no Ingress" in str(ending["reason"])
    assert scene.notifier.told[-1].page


def test_green_keeps_its_users_when_nothing_is_left_of_blue() -> None:
    scene = moved(3)
    scene.router.remove("yelb", BLUE)
    until_it_gives_up(scene)

    assert scene.router.declared("yelb", GREEN) == 1, "it is the only one that still answers"


def test_a_workload_that_refuses_every_write_keeps_nobody_else_waiting() -> None:
    scene = moved(3)
    scene.router.refused = {"yelb"}
    scene.rescue.fail("write", DENIED, times=99)

    reason = until_it_gives_up(scene)

    assert [scene.router.declared("burnham", side) for side in Side] == [100, 0]
    assert "yelb" in reason


def test_a_deleted_ingress_that_comes_back_is_restored_at_last() -> None:
    scene = moved()
    scene.router.remove("yelb", GREEN)
    until_it_gives_up(scene)
    scene.router.restore("yelb", GREEN, 1)
    scene.rolled_back()

    assert [scene.router.declared("yelb", side) for side in Side] == [100, 0]


# --- Somebody who writes the old weights back ------------------------------------------------------------------------


def test_weights_that_are_written_back_again_and_again_call_somebody_and_are_fought_on() -> None:
    scene = moved()
    scene.router.unreachable |= set(Side)

    reason = until_it_gives_up(scene)  # both ExternalDNS know only the annotations

    assert re.search(r"burnham \(blue\)(?s:.*)right to change Route 53", reason)
    assert scene.now - (scene.record.rollback_began or scene.now) < scene.plan.timing.rollback / 2
    assert {str(at.split) for at in scene.rescue.observe(scene.record.workloads)} == {"blue 100 : green 1"}


def test_a_weight_that_stays_where_it_was_put_calls_nobody() -> None:
    scene = moved()
    scene.router.unreachable |= set(Side)
    for _ in range(9):
        assert not scene.roll_back().arrived
        scene.pass_time(60)
