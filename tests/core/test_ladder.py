"""The way back: what goes to which rung, and what is never written whatever is read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.core.ladder import may_be_direct, way_back
from crossfade.core.traffic import Reading, SideReading, Step, Write, next_step
from crossfade.core.weight import ALL_BLUE, Side, Split

BLUE, GREEN = Side.BLUE, Side.GREEN


def side(declared: int | None, shown: int | None, *, silent: bool = False) -> SideReading:
    return SideReading(None if silent else declared, shown, reachable=not silent)


def step(blue: SideReading, green: SideReading, *, settled: bool = True, overdue: bool = False) -> Step:
    return way_back(Reading("cart", blue, green), ALL_BLUE, settled=settled, overdue=overdue)


def test_blue_is_raised_at_its_source_of_truth_at_once() -> None:
    found = step(side(19, 19), side(1, 1), settled=False, overdue=True)

    assert (found.writes, found.direct) == ((Write("cart", BLUE, 100),), ())


def test_a_written_raise_that_is_not_shown_yet_is_waited_for() -> None:
    found = step(side(100, 19), side(1, 1))

    assert (found.writes, found.direct, found.arrived) == ((), (), False)


def test_a_written_raise_that_is_overdue_goes_to_the_authority_with_the_same_value() -> None:
    found = step(side(100, 19), side(1, 1), settled=False, overdue=True)

    assert (found.writes, found.direct) == ((), (Write("cart", BLUE, 100),))
    assert found.reason == "cart: raise blue to 100 directly in Route 53: its annotation is not carried on in time"


def test_a_silent_blue_is_raised_at_the_authority_at_once() -> None:
    found = step(side(19, 19, silent=True), side(1, 1), settled=False)

    assert found.direct == (Write("cart", BLUE, 100),)
    assert found.reason == "cart: raise blue to 100 directly in Route 53: its cluster does not answer"


def test_green_is_lowered_only_when_blue_has_settled() -> None:
    waiting = step(side(100, 100), side(1, 1), settled=False)
    due = step(side(100, 100), side(1, 1))

    assert (waiting.writes, waiting.direct) == ((), ())
    assert due.writes == (Write("cart", GREEN, 0),)


def test_a_silent_green_is_lowered_at_the_authority_when_blue_has_settled() -> None:
    waiting = step(side(100, 100), side(9, 9, silent=True), settled=False)
    due = step(side(100, 100), side(9, 9, silent=True))

    assert (waiting.writes, waiting.direct) == ((), ())
    assert (due.writes, due.direct) == ((), (Write("cart", GREEN, 0),))


@pytest.mark.parametrize(
    ("green", "writes", "direct"),
    [
        pytest.param(side(9, 9), (Write("cart", GREEN, 1),), (), id="green answers"),
        pytest.param(side(9, 9, silent=True), (), (Write("cart", GREEN, 1),), id="green is silent, too"),
        pytest.param(side(1, 1), (), (), id="green has 1"),
        pytest.param(side(0, 0), (), (), id="green has 0"),
        pytest.param(side(1, 0), (), (), id="green was to have 1"),
        pytest.param(side(0, 1), (), (), id="green was to have 0"),
        pytest.param(side(0, 9), (), (Write("cart", GREEN, 1),), id="green was to have 0 and has 9"),
        pytest.param(side(9, 0), (Write("cart", GREEN, 1),), (), id="green was to have 9"),
    ],
)
def test_while_blue_is_silent_green_is_lowered_to_1_and_never_raised(
    green: SideReading, writes: tuple[Write, ...], direct: tuple[Write, ...]
) -> None:
    found = step(side(None, 100, silent=True), green, overdue=True)

    assert (found.writes, found.direct, found.arrived) == (writes, direct, False)


def test_a_blue_without_an_annotation_gets_one_before_green_is_lowered() -> None:
    assert step(side(None, 100), side(1, 1)).writes == (Write("cart", BLUE, 100),)


def test_a_silent_side_keeps_a_rollback_from_being_read_back() -> None:
    found = step(side(100, 100), side(0, 0, silent=True))

    assert not found.arrived
    assert found.reason == (
        "cart: blue 100 : green 0 is shown, but green may still ask for another weight: the cluster does not answer"
    )


def test_records_that_disagree_are_mended_at_the_authority_when_the_controller_does_not() -> None:
    found = step(side(100, None), side(1, 1), overdue=True)

    assert found.direct == (Write("cart", BLUE, 100),)


weights = st.one_of(st.none(), st.integers(0, 255))
sides = st.builds(side, weights, weights, silent=st.booleans())
splits = st.builds(Split, blue=st.integers(1, 255), green=st.integers(0, 255))


@given(blue=sides, green=sides, target=splits, settled=st.booleans(), overdue=st.booleans())
def test_green_is_lowered_only_beside_a_blue_that_is_shown_and_settled(
    blue: SideReading, green: SideReading, target: Split, *, settled: bool, overdue: bool
) -> None:
    found = way_back(Reading("cart", blue, green), target, settled=settled, overdue=overdue)
    before = 256 if green.authoritative is None else green.authoritative  # unknown: it may be any
    lowered = [w for w in (*found.writes, *found.direct) if w.side is GREEN and w.weight < before]

    if lowered:
        assert settled
        assert blue.authoritative is not None
        assert blue.authoritative >= target.blue
        if blue.declared is None:
            assert min(write.weight for write in lowered) >= min(1, before)
        else:
            assert blue.declared >= target.blue


@given(blue=sides, green=sides, settled=st.booleans(), overdue=st.booleans())
def test_nothing_of_green_is_written_up_on_the_way_back(
    blue: SideReading, green: SideReading, *, settled: bool, overdue: bool
) -> None:
    found = step(blue, green, settled=settled, overdue=overdue)

    written, direct = ([w.weight for w in writes if w.side is GREEN] for writes in (found.writes, found.direct))

    assert not written or green.declared is None or written[0] <= green.declared
    assert not direct or direct[0] <= (green.authoritative or 0)


@given(blue=sides, green=sides, target=splits, settled=st.booleans(), overdue=st.booleans())
def test_what_goes_to_the_authority_its_source_of_truth_says_already_or_cannot_be_told(
    blue: SideReading, green: SideReading, target: Split, *, settled: bool, overdue: bool
) -> None:
    reading = Reading("cart", blue, green)
    found = way_back(reading, target, settled=settled, overdue=overdue)

    assert len(found.writes) + len(found.direct) <= 1
    for write in found.direct:
        at = reading.side(write.side)
        assert not at.reachable or (overdue and at.declared == write.weight)
        assert may_be_direct(reading, write)
    assert not any(reading.side(write.side).reachable is False for write in found.writes)


@given(both=st.tuples(sides, sides), target=splits, settled=st.booleans())
def test_as_long_as_nothing_is_silent_or_overdue_the_way_back_is_that_of_every_shift(
    both: tuple[SideReading, SideReading], target: Split, *, settled: bool
) -> None:
    known = [replace(at, reachable=True, declared=at.declared or 0, authoritative=at.authoritative or 0) for at in both]
    reading = Reading("cart", *known)

    assert way_back(reading, target, settled=settled, overdue=False) == next_step(reading, target, settled=settled)


@given(blue=sides, green=sides, target=splits, overdue=st.booleans())
def test_it_has_arrived_only_when_everything_says_so(
    blue: SideReading, green: SideReading, target: Split, *, overdue: bool
) -> None:
    found = way_back(Reading("cart", blue, green), target, settled=True, overdue=overdue)
    is_there = all(
        (at.reachable, at.declared, at.authoritative) == (True, target.weight(of), target.weight(of))
        for of, at in ((BLUE, blue), (GREEN, green))
    )

    assert found.arrived is is_there
