"""Shift traffic: one safe write after another, read back, once whatever is repeated."""

import pytest

from crossfade.core.signals import Signal, SignalKind
from crossfade.core.weight import Side
from crossfade.errors import (
    AbortedError,
    DriftError,
    NotPropagatedError,
    RouterThrottledError,
    SupersededError,
    WriteConflictError,
)
from tests.steps.scene import Scene


def test_a_stage_arrives_only_when_the_authority_shows_it() -> None:
    scene = Scene().ready()

    assert not scene.shift(0).arrived
    assert not scene.shift(0).arrived
    scene.router.propagate()
    assert not scene.shift(0).arrived
    scene.pass_time(75)
    assert not scene.shift(0).arrived, "blue is written, not shown"
    scene.router.propagate()

    assert scene.shift(0).arrived
    assert scene.splits() == {"blue 19 : green 1"}


def test_green_is_raised_and_seen_before_blue_is_lowered() -> None:
    scene = Scene().ready()

    scene.shift(0)
    assert scene.written() == [("burnham", "green", 1), ("yelb", "green", 1)]

    scene.pass_time(290)
    scene.shift(0)
    assert scene.written(Side.BLUE) == [], "green has not been seen yet"

    scene.router.propagate()
    scene.shift(0)
    assert scene.written(Side.BLUE) == [], "not every name server has it yet"

    scene.pass_time(75)
    scene.shift(0)
    assert scene.written(Side.BLUE) == [("burnham", "blue", 19), ("yelb", "blue", 19)]


def test_blue_is_not_lowered_while_the_raise_of_green_may_still_settle() -> None:
    scene = Scene().ready()
    scene.shift(0)
    scene.router.propagate()
    scene.pass_time(30)

    progress = scene.shift(0)

    assert "settles" in progress.reason
    assert scene.written(Side.BLUE) == []


def test_a_repeated_call_writes_nothing_twice() -> None:
    scene = Scene().ready().moved(0)
    before = scene.written()

    for _ in range(3):
        assert scene.shift(0).arrived

    assert scene.written() == before


def test_a_crash_after_the_write_and_a_retry_change_nothing_more() -> None:
    scene = Scene().ready()
    scene.router.fail("write", RouterThrottledError("slow down"), after=True)

    with pytest.raises(RouterThrottledError):
        scene.shift(0)
    scene.shift(0)

    assert scene.written() == [("burnham", "green", 1), ("yelb", "green", 1)]


def test_a_change_in_between_is_not_overwritten() -> None:
    scene = Scene().ready()
    scene.router.in_between = lambda: scene.router.by_hand("burnham", Side.GREEN, 7)

    with pytest.raises(WriteConflictError):
        scene.shift(0)

    assert scene.router.declared("burnham", Side.GREEN) == 7


def test_a_weight_that_is_never_shown_is_not_propagated_and_says_so_without_blaming_health() -> None:
    scene = Scene().ready()
    scene.shift(0)
    scene.pass_time(301)

    with pytest.raises(NotPropagatedError, match=r"burnham, yelb: green is written as 1.*nothing about green's health"):
        scene.shift(0)


def test_a_weight_that_a_controller_keeps_reverting_is_given_up_in_the_end() -> None:
    scene = Scene().ready()

    def revert_for_hours() -> None:
        for _ in range(100):
            scene.shift(0)
            scene.pass_time(60)
            scene.router.by_hand("burnham", Side.GREEN, 0)

    with pytest.raises(NotPropagatedError):
        revert_for_hours()


def test_a_weight_that_somebody_else_wrote_is_named_and_never_overwritten() -> None:
    scene = Scene().ready().moved(0)
    scene.router.by_hand("burnham", Side.GREEN, 7)

    with pytest.raises(DriftError, match=r"burnham: green is written as 7 \(by somebody\), we left 1 and want 1"):
        scene.shift(1)

    assert scene.router.declared("burnham", Side.GREEN) == 7


def test_a_weight_that_somebody_else_wrote_is_overwritten_on_the_way_back() -> None:
    scene = Scene().ready().moved(0)
    scene.router.by_hand("burnham", Side.GREEN, 7)

    scene.rolled_back()

    assert scene.splits() == {"blue 100 : green 0"}
    told = [event.text for event in scene.ledger.timeline(scene.migration) if "somebody else wrote" in event.text]
    assert len(told) == 1
    assert "burnham: green is written as 7 by somebody" in told[0]


def test_an_abort_while_traffic_moves_is_obeyed_before_the_next_write() -> None:
    scene = Scene().ready()
    scene.ledger.signal(
        scene.migration, Signal(kind=SignalKind.ABORT, by="arn:ana", at=scene.now, reason="wrong night")
    )

    with pytest.raises(AbortedError, match="aborted by arn:ana: wrong night"):
        scene.shift(0)

    assert scene.written() == []


def test_after_a_younger_epoch_nothing_is_written() -> None:
    scene = Scene().ready()
    scene.ledger.take(
        scene.plan.lease_units, migration=scene.migration, execution=scene.execution, now=scene.now, fresh=True
    )

    with pytest.raises(SupersededError):
        scene.shift(0)

    assert scene.written() == []


def test_the_bake_begins_when_the_authority_shows_the_weight_plus_the_time_that_caches_need() -> None:
    scene = Scene().ready().moved(0)

    bake_began = scene.record.bake_began

    assert bake_began is not None
    assert bake_began == scene.now + scene.plan.timing.margin


def test_the_time_of_a_write_is_stored_before_the_write() -> None:
    scene = Scene().ready()
    scene.router.fail("write", RouterThrottledError("slow down"))

    with pytest.raises(RouterThrottledError):
        scene.shift(0)

    assert scene.record.wrote == scene.now
