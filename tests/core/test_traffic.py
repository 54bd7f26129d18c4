"""The order of writes: whatever the authority shows and when, users never get more of green than was asked for."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossfade.core.traffic import Reading, SideReading, Step, Write, next_step
from crossfade.core.weight import ALL_BLUE, ALL_GREEN, Side, Split, encode

BLUE, GREEN = Side.BLUE, Side.GREEN


def reading(blue: tuple[int | None, int | None], green: tuple[int | None, int | None]) -> Reading:
    """Both sides as (declared, authoritative)."""
    return Reading("cart", SideReading(*blue), SideReading(*green))


def settled_step(blue: tuple[int | None, int | None], green: tuple[int | None, int | None], target: Split) -> Step:
    return next_step(reading(blue, green), target, settled=True)


# --- One step --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("blue", "green", "target", "write"),
    [
        pytest.param((100, 100), (0, 0), Split(100, 1), (GREEN, 1), id="green is raised"),
        pytest.param((100, 100), (1, 1), Split(19, 1), (BLUE, 19), id="blue is lowered once green has its weight"),
        pytest.param((100, 100), (0, 0), Split(252, 3), (BLUE, 252), id="blue is raised before green"),
        pytest.param((252, 252), (0, 0), Split(252, 3), (GREEN, 3), id="green is raised after blue"),
        pytest.param((3, 3), (1, 1), ALL_BLUE, (BLUE, 100), id="a rollback raises blue first"),
        pytest.param((100, 100), (1, 1), ALL_BLUE, (GREEN, 0), id="a rollback lowers green once blue is up"),
        pytest.param((0, 0), (100, 100), ALL_BLUE, (BLUE, 100), id="a rollback from 100 % raises blue first"),
        pytest.param((100, 100), (100, 100), Split(10, 10), (GREEN, 10), id="green is lowered before blue"),
        pytest.param((100, None), (None, None), Split(100, 1), (GREEN, 1), id="blue is written, and green absent"),
        pytest.param((None, 100), (0, 0), ALL_BLUE, (BLUE, 100), id="an absent annotation is written again"),
        pytest.param((50, 100), (0, 0), ALL_BLUE, (BLUE, 100), id="a lowering under way is taken back"),
        pytest.param((100, 100), (5, 0), ALL_BLUE, (GREEN, 0), id="a raise under way is taken back"),
    ],
)
def test_the_next_write(
    blue: tuple[int | None, int | None],
    green: tuple[int | None, int | None],
    target: Split,
    write: tuple[Side, int],
) -> None:
    if blue[1] is None:  # what is not shown yet is waited for
        assert settled_step(blue, green, target).writes == ()
        blue = (blue[0], blue[0])

    assert settled_step(blue, green, target).writes == (Write("cart", *write),)


@pytest.mark.parametrize(
    ("blue", "green", "target", "reason"),
    [
        pytest.param(
            (100, 100), (1, 0), Split(19, 1), "green is written as 1, the authority still shows 0", id="green"
        ),
        pytest.param((100, 3), (1, 1), ALL_BLUE, "blue is written as 100, the authority still shows 3", id="blue"),
        pytest.param((100, 100), (1, None), Split(19, 1), "the authority still shows no weight", id="no record"),
        pytest.param(
            (19, 100), (1, 1), Split(19, 1), "blue is written as 19, the authority still shows 100", id="lower"
        ),
    ],
)
def test_what_is_written_is_waited_for_and_not_written_again(
    blue: tuple[int, int], green: tuple[int, int], target: Split, reason: str
) -> None:
    step = settled_step(blue, green, target)

    assert step.writes == ()
    assert not step.arrived
    assert reason in step.reason


def test_green_is_raised_and_seen_before_blue_is_lowered() -> None:
    written_only = settled_step((0, 0), (0, 0), ALL_GREEN)
    not_seen = settled_step((100, 100), (100, 0), ALL_GREEN)
    seen = settled_step((100, 100), (100, 100), ALL_GREEN)

    assert written_only.writes == (Write("cart", GREEN, 100),)
    assert not_seen.writes == ()
    assert seen.writes == (Write("cart", BLUE, 0),)


@pytest.mark.parametrize("target", [Split(19, 1), ALL_BLUE, ALL_GREEN])
def test_nothing_is_lowered_before_it_has_settled(target: Split) -> None:
    shown = reading((100, 100), (100, 100))

    assert next_step(shown, target, settled=False).writes == ()
    assert next_step(shown, target, settled=True).writes != ()


def test_blue_is_raised_at_once_settled_or_not() -> None:
    assert next_step(reading((3, 3), (1, 1)), ALL_BLUE, settled=False).writes == (Write("cart", BLUE, 100),)


def test_green_is_not_raised_while_an_older_weight_of_blue_may_still_be_under_way() -> None:
    reversed_midway = reading((100, 100), (1, 1))  # blue was lowered and raised again; the lowering may yet be shown

    assert next_step(reversed_midway, Split(100, 50), settled=False).writes == ()
    assert next_step(reversed_midway, Split(100, 50), settled=True).writes == (Write("cart", GREEN, 50),)


def test_it_has_arrived_only_when_both_sides_are_declared_and_shown() -> None:
    target = Split(19, 1)

    assert settled_step((19, 19), (1, 1), target).arrived
    for blue, green in [((19, 100), (1, 1)), ((100, 19), (1, 1)), ((19, 19), (0, 1)), ((19, 19), (1, None))]:
        assert not settled_step(blue, green, target).arrived


def test_users_get_nothing_known_while_a_record_is_absent_or_all_weights_are_zero() -> None:
    assert reading((1, None), (1, 1)).split is None
    assert reading((0, 0), (0, 0)).split is None
    assert reading((5, 19), (5, 1)).split == Split(19, 1)
    assert reading((5, 19), (6, 1)).side(GREEN) == SideReading(6, 1)


# --- Any reading -----------------------------------------------------------------------------------------------------

WEIGHT = st.sampled_from((0, 1, 2, 3, 19, 50, 100, 255))
MAYBE = st.none() | WEIGHT
SIDE = st.builds(SideReading, MAYBE, MAYBE)
READING = st.builds(Reading, st.just("cart"), SIDE, SIDE)
SPLIT = st.tuples(WEIGHT, WEIGHT).filter(any).map(lambda pair: Split(*pair))


@given(at=READING, target=SPLIT, settled=st.booleans())
def test_a_step_writes_one_wanted_weight_or_says_what_it_waits_for(at: Reading, target: Split, settled: bool) -> None:  # noqa: FBT001
    step = next_step(at, target, settled=settled)

    assert len(step.writes) <= 1
    assert step.reason.startswith("cart: ")
    assert not (step.arrived and step.writes)
    for write in step.writes:
        assert write.weight == target.weight(write.side)
        assert write.weight != at.side(write.side).declared


def lowers(at: SideReading, write: Write) -> bool:
    present = [weight for weight in (at.declared, at.authoritative) if weight is not None]
    return all(write.weight < weight for weight in present) and bool(present)


@given(at=READING, target=SPLIT, settled=st.booleans())
def test_no_side_is_lowered_while_a_raise_is_not_seen_or_not_settled(at: Reading, target: Split, settled: bool) -> None:  # noqa: FBT001
    for write in next_step(at, target, settled=settled).writes:
        if lowers(at.side(write.side), write):
            assert settled
            for side in Side:
                declared, shown = at.side(side).declared, at.side(side).authoritative
                assert shown is not None
                assert shown >= target.weight(side)
                assert declared is None or declared >= target.weight(side)


@given(at=READING, target=SPLIT)
def test_blue_is_lowered_last(at: Reading, target: Split) -> None:
    for write in next_step(at, target, settled=True).writes:
        if write.side is BLUE and lowers(at.blue, write):
            assert (at.green.declared, at.green.authoritative) == (target.green, target.green)


@given(at=READING, target=SPLIT)
def test_before_the_last_write_has_settled_only_blue_is_raised(at: Reading, target: Split) -> None:
    for write in next_step(at, target, settled=False).writes:
        assert write.side is BLUE
        assert not lowers(at.blue, write)


# --- An authority that follows when it likes -------------------------------------------------------------------------


@dataclass
class Estate:
    """
    Two annotations, and an authority that follows each by a loop of its own, as late as the adversary wants.

    A loop reads the annotation, and writes what it read some time later; in between it does not read again.
    Settled is what the product's settle time promises: no loop still carries what it read before the last write.
    """

    declared: dict[Side, int]
    shown: dict[Side, int]
    carried: dict[Side, tuple[int, int]] = field(default_factory=dict)  # (weight, writes so far) as read
    writes: int = 0

    @classmethod
    def at(cls, split: Split) -> "Estate":
        weights = {side: split.weight(side) for side in Side}
        return cls(declared=dict(weights), shown=dict(weights))

    @property
    def share_percent(self) -> float:
        return Split(self.shown[BLUE], self.shown[GREEN]).share_percent  # all-zero is a ValueError

    def loop_reads(self, side: Side) -> None:
        self.carried.setdefault(side, (self.declared[side], self.writes))

    def loop_writes(self, side: Side) -> None:
        if side in self.carried:
            self.shown[side] = self.carried.pop(side)[0]

    def is_settled(self) -> bool:
        return all(since == self.writes for _, since in self.carried.values())

    def key(self) -> tuple[object, ...]:
        carried = {side: (weight, since == self.writes) for side, (weight, since) in self.carried.items()}
        return tuple((self.declared[side], self.shown[side], carried.get(side)) for side in Side)

    def futures(self, target: Split) -> Iterator["Estate"]:
        """What can happen next: a loop reads or writes; the product looks, patiently where it can, or half blind."""
        for loop, side in product((Estate.loop_reads, Estate.loop_writes), Side):
            loop(future := deepcopy(self), side)
            yield future
        for settled, unseen in product({False, self.is_settled()}, (None, *Side)):
            (future := deepcopy(self)).take_step(target, settled=settled, unseen=unseen)
            yield future

    def take_step(self, target: Split, *, settled: bool, unseen: Side | None = None) -> Step:
        """The product reads, decides and writes; the record types of *unseen* disagree just then."""
        blue, green = (SideReading(self.declared[s], None if s is unseen else self.shown[s]) for s in Side)
        step = next_step(Reading("cart", blue, green), target, settled=settled)
        for write in step.writes:
            self.declared[write.side] = write.weight
            self.writes += 1
        return step


STEP, PATIENT_STEP, TURN = "step", "step when settled", "turn to the next target"
ACTIONS = st.sampled_from(
    [STEP, PATIENT_STEP, TURN, *((loop, side) for loop in (Estate.loop_reads, Estate.loop_writes) for side in Side)]
)


def play(estate: Estate, targets: Sequence[Split], actions: Sequence[object]) -> Split:
    """Let the adversary choose what happens when; returns the target of the end. Checks every moment."""
    aims = list(targets)
    most = max(estate.share_percent, aims[0].share_percent)
    for action in actions:
        if action == TURN and len(aims) > 1:
            aims.pop(0)
            most = max(most, aims[0].share_percent)
        elif action == STEP:
            estate.take_step(aims[0], settled=False)
        elif action == PATIENT_STEP:
            estate.take_step(aims[0], settled=estate.is_settled())
        elif isinstance(action, tuple):
            loop, side = action
            loop(estate, side)
        assert estate.share_percent <= most + 1e-9, f"{estate} overshoots {most} %"
    return aims[0]


def follow(estate: Estate, target: Split) -> int:
    """Let both loops run fairly until the target is reached; returns the number of rounds."""
    for rounds in range(1, 20):
        if estate.take_step(target, settled=estate.is_settled()).arrived:
            return rounds
        for side in Side:
            estate.loop_writes(side)
            estate.loop_reads(side)
            estate.loop_writes(side)
    pytest.fail(f"{estate} does not reach {target}")


def moments(start: Split, targets: Sequence[Split]) -> Iterator[tuple[Estate, float]]:
    """Every state that any interleaving reaches, with the most that green may have there."""
    aims = [start.share_percent, *(target.share_percent for target in targets)]
    todo, seen = [(Estate.at(start), 0)], set()
    while todo:
        estate, turn = todo.pop()
        if (key := (estate.key(), turn)) in seen:
            continue
        seen.add(key)
        yield estate, max(aims[: turn + 2])
        if turn + 1 < len(targets):
            todo.append((estate, turn + 1))
        todo += [(future, turn) for future in estate.futures(targets[turn])]


SMALL = [Split(blue, green) for blue, green in product((0, 1, 3), repeat=2) if blue or green]


@pytest.mark.parametrize("start", SMALL, ids=str)
def test_no_interleaving_at_all_overshoots_or_reaches_all_zero(start: Split) -> None:
    """Exhaustive: every start, every target, and every change of mind at every moment, with weights of 0, 1 and 3."""
    for targets in product(SMALL, repeat=2):
        for estate, most in moments(start, targets):
            assert estate.share_percent <= most + 1e-9, f"{start} to {targets}: {estate} overshoots {most} %"


SCHEDULE = st.lists(ACTIONS, max_size=60)


@settings(max_examples=400)
@given(start=SPLIT, target=SPLIT, actions=SCHEDULE)
def test_no_interleaving_overshoots_or_reaches_all_zero(start: Split, target: Split, actions: list[object]) -> None:
    play(Estate.at(start), [target], actions)


@settings(max_examples=400)
@given(shares=st.lists(st.integers(1, 99), max_size=4, unique=True).map(sorted), actions=SCHEDULE)
def test_a_plan_and_its_rollback_at_any_moment_never_exceed_the_stage(shares: list[int], actions: list[object]) -> None:
    play(Estate.at(ALL_BLUE), [*encode([*shares, 100]), ALL_BLUE], actions)


@settings(max_examples=200)
@given(start=SPLIT, targets=st.lists(SPLIT, min_size=1, max_size=3), actions=SCHEDULE)
def test_once_the_authority_follows_the_target_is_reached_and_stays(
    start: Split, targets: list[Split], actions: list[object]
) -> None:
    estate = Estate.at(start)
    target = play(estate, targets, actions)

    rounds = follow(estate, target)

    assert rounds <= 10
    assert (estate.shown[BLUE], estate.shown[GREEN]) == (target.blue, target.green)
    assert estate.take_step(target, settled=True) == estate.take_step(target, settled=True)


def test_a_dead_green_does_not_keep_blue_from_being_raised() -> None:
    estate = Estate.at(Split(1, 1))
    for _ in range(5):  # only blue's loop is alive
        estate.take_step(ALL_BLUE, settled=estate.is_settled())
        estate.loop_reads(BLUE)
        estate.loop_writes(BLUE)

    assert estate.shown == {BLUE: 100, GREEN: 1}
    assert estate.share_percent < 1


def test_a_dead_blue_keeps_green_from_being_lowered() -> None:
    estate = Estate.at(ALL_GREEN)
    for _ in range(5):  # only green's loop is alive
        estate.take_step(ALL_BLUE, settled=estate.is_settled())
        estate.loop_reads(GREEN)
        estate.loop_writes(GREEN)

    assert estate.shown == {BLUE: 0, GREEN: 100}
