"""Blue has to keep the room to take its traffic back; how much of it, and who may say that less is enough."""

from datetime import UTC, datetime, timedelta

import pytest

from crossfade.core.capacity import Capacity, Room, is_short, needed, request, words
from crossfade.core.migration import Action, Decision, held_back
from crossfade.core.record import Record
from tests.steps.scene import EXECUTION, T0, a_plan

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
START = Room((Capacity(workload="burnham", listed=12, counted=6),))


def look(before: Room, has: int | None, *, at: datetime = NOW, resumed: datetime | None = None) -> Room:
    return before.seen({} if has is None else {"burnham": has}, resumed=resumed, now=at)


@pytest.mark.parametrize(
    ("had", "has", "short"),
    [
        pytest.param(6, 4, False, id="two thirds are enough"),
        pytest.param(6, 3, True, id="half is not"),
        pytest.param(3, 2, False, id="two of three"),
        pytest.param(2, 1, True, id="one of two"),
        pytest.param(1, 1, False, id="the only one"),
        pytest.param(4, 3, False, id="a rolling update"),
        pytest.param(6, 9, False, id="more than before"),
        pytest.param(6, 0, False, id="none is dead, not small"),
    ],
)
def test_blue_is_to_keep_two_thirds_of_its_targets(had: int, has: int, *, short: bool) -> None:
    assert is_short(had, has) is short
    assert not is_short(had, needed(had))


def test_what_was_never_counted_is_taken_as_it_is_first_seen() -> None:
    first = look(Room((Capacity(workload="burnham", listed=12),)), 6)

    assert first.known == START.known
    assert first.short == ()


def test_a_count_that_is_not_known_changes_nothing() -> None:
    short = look(START, 3)

    assert look(START, None) == START
    assert look(short, None) == short
    assert look(short, 0) == short


def test_a_blue_that_has_shrunk_is_news_once_and_again_when_it_shrinks_further() -> None:
    first = look(START, 3)
    same, further = look(first, 3, at=LATER), look(first, 2, at=LATER)

    assert words(first.news_since(START)) == "burnham: blue has 3 of the 6 healthy targets that it had"
    assert request(first.short) == ("scale blue up before the migration goes on: burnham to 4 healthy targets or more")
    assert same.news_since(first) == ()
    assert [each.has for each in further.news_since(first)] == [2]


def test_a_blue_that_was_scaled_up_is_no_longer_short() -> None:
    assert look(look(START, 3), 4) == START


def test_a_person_who_was_told_may_say_that_it_is_enough() -> None:
    first = look(START, 3)

    assert look(first, 3, resumed=NOW).short == first.short
    accepted = look(first, 3, resumed=LATER)
    assert accepted == Room((Capacity(workload="burnham", listed=6, counted=3),))
    assert look(accepted, 1, resumed=LATER).short[0].had == 3


def test_what_is_listed_is_compared_with_what_was_listed() -> None:
    assert [each.had for each in START.short_of({"burnham": 7}, now=NOW)] == [12]
    assert START.short_of({"burnham": 8}, now=NOW) == ()
    assert START.short_of({}, now=NOW) == ()


# --- What it keeps back ----------------------------------------------------------------------------------------------

BAKED = Record(migration="tonight", execution=EXECUTION, plan=a_plan(), started=T0, epoch=1, stage=1, bake_began=T0)
SHORT = BAKED.with_(short=look(START, 3).short)


def test_no_further_stage_is_begun_while_blue_is_short_and_people_are_waited_for() -> None:
    go_on = Decision(Action.ADVANCE, "all is well", next_stage=2)

    waits = held_back(SHORT, go_on, now=T0 + timedelta(hours=1))

    assert (waits.action, waits.reason) == (
        Action.WAIT,
        "the next stage waits for blue to be scaled up: burnham: blue has 3 of the 6 healthy targets that it had",
    )
    assert held_back(BAKED, go_on, now=T0) == go_on


@pytest.mark.parametrize(
    "decision",
    [
        Decision(Action.ADVANCE, "the soak begins", next_stage=3),
        Decision(Action.ROLL_BACK, "green-yelb-5xx is in ALARM"),
        Decision(Action.WAIT, "it bakes", wait_seconds=30),
    ],
)
def test_a_small_blue_keeps_nothing_else_back_a_rollback_least_of_all(decision: Decision) -> None:
    assert held_back(SHORT, decision, now=T0) == decision


def test_nobody_is_waited_for_longer_than_the_history_has_room() -> None:
    go_on = Decision(Action.ADVANCE, "all is well", next_stage=2)

    assert held_back(SHORT, go_on, now=SHORT.patience_ends()).action is Action.ROLL_BACK
