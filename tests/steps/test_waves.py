"""Waves, step by step: who is written when, what one failure gives back, and how the whole is said to have ended."""

from datetime import timedelta

import pytest

from crossfade.core.fleet import read_back
from crossfade.core.plan import OnFailure, Plan
from crossfade.core.signals import Signal, SignalKind
from crossfade.core.verdict import AlarmState
from crossfade.core.waves import in_turn, linked
from crossfade.core.weight import Side, Split
from crossfade.errors import NotPropagatedError, RouterUnavailableError, StageRefusedError, SupersededError
from tests.fakes import FakeAlarms
from tests.fakes_traffic import InMemoryRouter
from tests.steps.scene import Scene, a_plan

PILOT, REST = "burnham", "yelb"
THIRD = "game"
BAKE = 60 + 5 * 60


def a_fleet(policy: OnFailure, *, after: tuple[str, ...] | None = None) -> Plan:
    """Waves `pilot` (burnham and game) and `rest` (yelb), two stages each."""
    plan = a_plan(shares=(10, 100))
    game = plan.workloads[0].model_copy(
        update={"name": THIRD, "ingress": "game-ingress", "host": "game.eks-blueprint.example.com"}
    )
    workloads = (plan.workloads[0], game.model_copy(update={"alarms": ("green-game-5xx",)}), plan.workloads[1])
    waves = linked([("pilot", (PILOT, THIRD), None), ("rest", (REST,), after)])
    changes = {
        "workloads": workloads,
        "waves": waves,
        "stages": in_turn(plan.stages, waves),
        "on_failure": policy,
    }
    return plan.model_copy(update=changes)


def scene(policy: OnFailure, *, after: tuple[str, ...] | None = None) -> Scene:
    names = (PILOT, THIRD, REST)
    return Scene(
        plan=a_fleet(policy, after=after),
        router=InMemoryRouter(names),
        alarms=FakeAlarms([f"green-{name}-5xx" for name in names]),
    ).ready()


def places(scene: Scene) -> dict[str, str]:
    return {reading.workload: str(reading.split) for reading in scene.router.observe(scene.plan.workloads)}


def fail(scene: Scene, name: str) -> None:
    scene.alarms.set(f"green-{name}-5xx", AlarmState.ALARM)


BLUE, GREEN = "blue 100 : green 0", "blue 0 : green 100"


def test_a_later_wave_is_not_touched_before_its_turn() -> None:
    fleet = scene(OnFailure.ALL).moved_through(2)

    assert places(fleet) == {PILOT: "blue 0 : green 1", THIRD: "blue 0 : green 1", REST: BLUE}
    assert {name for name, _, _ in fleet.written()} == {PILOT, THIRD}


def test_a_complete_wave_keeps_the_weights_from_which_blue_alone_takes_all_back_while_the_next_one_moves() -> None:
    fleet = scene(OnFailure.ALL).moved_through(3)

    assert places(fleet) == {PILOT: "blue 0 : green 1", THIRD: "blue 0 : green 1", REST: "blue 9 : green 1"}


def test_all_waves_end_on_green() -> None:
    fleet = scene(OnFailure.ALL).moved_through(4)
    while not (progress := fleet.complete()).arrived:
        fleet.pass_time(100)
        fleet.router.propagate()

    assert set(places(fleet).values()) == {GREEN}
    assert (progress.partly, progress.result and progress.result["outcome"]) == (False, "Succeeded")


def test_an_alarm_of_a_wave_that_has_not_begun_is_not_asked_and_one_of_a_complete_wave_is() -> None:
    fleet = scene(OnFailure.ALL).moved(0)
    fail(fleet, REST)
    assert fleet.check(0).action == "wait"

    fleet.alarms.set(f"green-{REST}-5xx", AlarmState.OK)
    fleet.moved_through(3)
    fail(fleet, PILOT)
    assert fleet.check(2).action == "roll_back"


def test_the_stage_after_a_stage_is_told_to_the_machine() -> None:
    fleet = scene(OnFailure.ALL).moved(0)
    fleet.pass_time(BAKE)

    decision = fleet.check(0)

    assert (decision.action, decision.next_stage) == ("advance", 1)


def test_the_timeline_names_the_wave() -> None:
    fleet = scene(OnFailure.ALL).moved_through(3)

    texts = [event.text for event in fleet.ledger.timeline(fleet.migration)]

    assert "stage 3 of 4, wave rest begins: 10 % to green" in texts


# --- The wave --------------------------------------------------------------------------------------------------------


def test_a_failing_wave_goes_back_and_complete_waves_stay_read_back_and_named() -> None:
    fleet = scene(OnFailure.WAVE, after=()).moved_through(3)
    fail(fleet, REST)
    assert fleet.check(2).action == "roll_back"

    ending = fleet.rolled_back().confirm()

    assert places(fleet) == {PILOT: GREEN, THIRD: GREEN, REST: BLUE}
    assert ending["outcome"] == "PartlyRolledBack"
    assert "on eks-blueprint-green burnham, game; back on eks-blueprint-blue yelb" in str(ending["reason"])


def test_a_wave_that_is_refused_before_its_first_write_leaves_complete_waves_on_green() -> None:
    fleet = scene(OnFailure.WAVE).moved_through(2)
    fail(fleet, REST)
    with pytest.raises(StageRefusedError):
        fleet.shift(2)

    ending = fleet.rolled_back().confirm()

    assert places(fleet) == {PILOT: GREEN, THIRD: GREEN, REST: BLUE}
    assert ending["outcome"] == "PartlyRolledBack"


def test_a_complete_wave_that_fails_takes_along_those_after_it() -> None:
    fleet = scene(OnFailure.WAVE).moved_through(3)
    fail(fleet, PILOT)
    fleet.check(2)

    ending = fleet.rolled_back().confirm()

    assert (set(places(fleet).values()), ending["outcome"]) == ({BLUE}, "RolledBack")


@pytest.mark.parametrize(("policy", "outcome"), [(OnFailure.ALL, "RolledBack"), (OnFailure.WAVE, "PartlyRolledBack")])
def test_an_abort_gives_back_what_is_not_complete_unless_the_plan_gives_back_all(
    policy: OnFailure, outcome: str
) -> None:
    fleet = scene(policy).moved_through(3)
    fleet.ledger.signal(fleet.migration, Signal(kind=SignalKind.ABORT, by="arn:ana", at=fleet.now))
    assert fleet.check(2).action == "roll_back"

    assert fleet.rolled_back().confirm()["outcome"] == outcome


def test_in_the_soak_the_last_wave_is_not_complete_yet() -> None:
    fleet = scene(OnFailure.WAVE, after=()).moved_through(4)
    fleet.check(3)
    fail(fleet, REST)
    assert fleet.check(4, soaking=True).action == "roll_back"

    fleet.rolled_back().confirm()

    assert places(fleet) == {PILOT: GREEN, THIRD: GREEN, REST: BLUE}


# --- One workload ----------------------------------------------------------------------------------------------------


def one_failed(*, after: tuple[str, ...] | None = None) -> Scene:
    fleet = scene(OnFailure.WORKLOAD, after=after).moved(0)
    fail(fleet, PILOT)
    assert fleet.check(0).action == "give_back"
    return fleet


def test_one_workload_goes_back_blue_first_and_green_only_when_blue_is_seen_and_settled() -> None:
    fleet = one_failed()
    before = len(fleet.written())

    fleet.give_some_back()
    assert fleet.written()[before:] == [(PILOT, "blue", 100)]
    fleet.pass_time(30)
    fleet.give_some_back()
    assert len(fleet.written()) == before + 1, "blue is not seen yet"
    fleet.router.propagate()
    fleet.give_some_back()
    assert len(fleet.written()) == before + 1, "blue is seen and has not settled"
    fleet.pass_time(75)
    fleet.give_some_back()

    assert fleet.written()[before + 1 :] == [(PILOT, "green", 0)]


def test_the_weights_of_record_of_one_that_is_given_back_wait_for_the_read_back() -> None:
    fleet = one_failed()
    fleet.give_some_back()
    during = set(read_back(fleet.record))

    assert during == {THIRD, REST}
    assert read_back(fleet.gave_back().record)[PILOT] == Split(100, 0)


def test_while_one_is_given_back_the_others_are_watched_and_then_go_on() -> None:
    fleet = one_failed()
    assert fleet.check(0).action == "give_back", "it is not read back yet"
    fleet.gave_back()
    fleet.pass_time(BAKE)

    decision = fleet.check(0)

    assert (decision.action, decision.next_stage) == ("advance", 1)
    assert places(fleet) == {PILOT: BLUE, THIRD: "blue 9 : green 1", REST: BLUE}


def test_a_second_one_that_fails_meanwhile_goes_back_too() -> None:
    fleet = scene(OnFailure.WORKLOAD, after=()).moved(0)
    fail(fleet, PILOT)
    fleet.check(0)
    fleet.give_some_back()
    fleet.epoch = fleet.record.epoch
    fail(fleet, THIRD)

    assert fleet.check(0).action == "give_back"
    assert fleet.record.returning == (PILOT, THIRD)
    assert set(places(fleet.gave_back()).values()) == {BLUE}
    assert fleet.check(0).next_stage == 2, "the other wave depends on nobody"


def test_a_fresh_epoch_is_stamped_on_all_before_one_is_given_back() -> None:
    fleet = one_failed()
    old = fleet.epoch

    fleet.give_some_back()

    assert {fleet.router.epoch(w.name, side) for w in fleet.plan.workloads for side in Side} == {fleet.record.epoch}
    with pytest.raises(SupersededError):
        fleet.shift(0)
    assert fleet.record.epoch > old


def test_waves_after_the_failed_one_do_not_start_and_the_rest_ends_partly_rolled_back() -> None:
    fleet = one_failed().gave_back().moved(1)
    fleet.pass_time(BAKE)
    assert fleet.check(1).next_stage == 4, "nothing of the second wave is left"
    fleet.pass_time(timedelta(minutes=10).total_seconds())
    assert fleet.check(4, soaking=True).action == "advance"
    while not (progress := fleet.complete()).arrived:
        fleet.pass_time(100)
        fleet.router.propagate()

    assert progress.partly
    assert places(fleet) == {PILOT: BLUE, THIRD: GREEN, REST: BLUE}
    assert progress.reason.startswith(
        "read back: on eks-blueprint-green game; back on eks-blueprint-blue burnham, yelb;"
    )
    assert fleet.complete().partly, "asked again it says the same"


def test_a_wave_that_depends_on_nobody_goes_on_after_another_one_failed() -> None:
    fleet = one_failed(after=()).gave_back().moved(1)
    fleet.pass_time(BAKE)
    assert fleet.check(1).next_stage == 2

    assert places(fleet.moved(2)) == {PILOT: BLUE, THIRD: "blue 0 : green 1", REST: "blue 9 : green 1"}


def test_what_cannot_be_read_back_in_time_is_an_error_which_gives_all_back() -> None:
    fleet = one_failed()
    fleet.give_some_back()
    fleet.router.unreachable.add(Side.BLUE)
    fleet.pass_time(fleet.plan.timing.rollback.total_seconds() + 1)

    with pytest.raises((NotPropagatedError, RouterUnavailableError)):
        fleet.give_some_back()
    fleet.router.unreachable.clear()

    assert fleet.rolled_back().confirm()["outcome"] == "RolledBack"
    assert set(places(fleet).values()) == {BLUE}


def test_after_a_rollback_has_begun_nobody_is_given_back_alone() -> None:
    fleet = one_failed()
    fleet.roll_back()

    with pytest.raises(SupersededError):
        fleet.give_some_back()


def test_a_weight_that_a_person_changed_of_one_that_was_left_out_is_not_overwritten_going_forward() -> None:
    fleet = one_failed().gave_back()
    fleet.router.by_hand(PILOT, Side.GREEN, 7)

    with pytest.raises(Exception, match="burnham: green is written as 7"):
        fleet.shift(1)
