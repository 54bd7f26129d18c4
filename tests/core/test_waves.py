"""Waves: what the configuration may say of them, who moves when, and whom a failure concerns."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from crossfade.core.assessment import Seen, assess
from crossfade.core.fleet import by_policy, complete, going_on, kept, left_out, moving, on_green, rest
from crossfade.core.migration import Action, Decision
from crossfade.core.plan import OnFailure, Plan, Stage, Wave
from crossfade.core.preview import preview
from crossfade.core.record import Baseline, Record
from crossfade.core.resolve import resolve
from crossfade.core.signals import Signal, SignalKind
from crossfade.core.verdict import Alarm, AlarmState, Health, Verdict
from crossfade.core.waves import fallout, in_turn, linked, narrowed, next_stage
from crossfade.core.weight import Split, encode
from crossfade.errors import InvalidInputError
from tests.core.documents import NOW, changed, config, faults
from tests.core.test_migration import START
from tests.core.test_plan import PLAN

NAMES = ("a", "b", "c", "d")
WELL = Verdict(Health.HEALTHY, "all is well")
ILL = Decision(Action.ROLL_BACK, "b is ill", judged=True)
HOUR = timedelta(hours=1)


def fleet(policy: OnFailure, *waves: tuple[str, str, tuple[str, ...] | None]) -> Plan:
    """Two stages a wave; a wave is its name, its workloads (a letter each) and what it comes after."""
    stages = [
        Stage(share_percent=share, blue=split.blue, green=split.green, bake=timedelta(minutes=5))
        for share, split in zip((10, 100), encode((10, 100)), strict=True)
    ]
    made = linked((name, tuple(letters), after) for name, letters, after in waves)
    workloads = tuple(PLAN.workloads[0].model_copy(update={"name": name, "alarms": (f"{name}-5xx",)}) for name in NAMES)
    changes = {"workloads": workloads, "waves": made, "stages": in_turn(stages, made), "on_failure": policy}
    return PLAN.model_copy(update=changes)


def two_waves(policy: OnFailure) -> Plan:
    return fleet(policy, ("first", "ab", None), ("second", "cd", None))


def at(plan: Plan, stage: int, **changes: Any) -> Record:
    baseline = tuple(Baseline(workload=name, blue=100, green=0) for name in NAMES)
    record = Record(migration="m", execution="e", plan=plan, started=START, baseline=baseline, epoch=3)
    return record.with_(**{"stage": stage, "came_from": stage - 1, "bake_began": START, **changes})


# --- Configuration ---------------------------------------------------------------------------------------------------


def with_waves(*waves: Mapping[str, object], **more: object) -> dict[str, Any]:
    return changed(
        (("plans", "quick", "waves"), list(waves)), *((("plans", "quick", key), value) for key, value in more.items())
    )


CART: Mapping[str, object] = {"name": "pilot", "workloads": ["cart"]}
SEARCH: Mapping[str, object] = {"name": "rest", "workloads": ["search"]}


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        pytest.param(
            with_waves(CART, {"name": "rest", "workloads": ["cart", "search"]}),
            "waves[1].workloads[0]: 'cart' is in waves[0] already; each workload moves in one wave",
            id="in two waves",
        ),
        pytest.param(with_waves(CART), "waves: 'search' is in no wave; add it to one", id="in no wave"),
        pytest.param(
            with_waves(CART, {"name": "rest", "workloads": ["search", "serach"]}),
            "waves[1].workloads[1]: there is no workload 'serach'; use some of cart, search",
            id="unknown",
        ),
        pytest.param(
            with_waves({**CART, "after": ["rest"]}, SEARCH),
            "waves[0].after[0]: 'rest' stands further down; move it above this wave",
            id="after a later wave",
        ),
        pytest.param(
            with_waves({**CART, "after": ["rest"]}, {**SEARCH, "after": ["pilot"]}),
            "waves[0].after[0]: is a cycle: 'rest' comes after pilot itself; remove one of both",
            id="a cycle",
        ),
        pytest.param(
            with_waves({**CART, "after": ["pilot"]}, SEARCH),
            "waves[0].after[0]: a wave cannot come after itself; remove it",
            id="after itself",
        ),
        pytest.param(
            with_waves(CART, {**SEARCH, "after": ["nobody"]}),
            "waves[1].after[0]: there is no wave 'nobody'; use some of pilot, rest",
            id="after an unknown wave",
        ),
        pytest.param(
            with_waves(CART, SEARCH, {"name": "none", "workloads": []}),
            "waves[2].workloads: must have at least one entry",
            id="an empty wave",
        ),
        pytest.param(
            with_waves(CART, {**SEARCH, "name": "pilot"}),
            "waves[1].name: 'pilot' is already the name of plans.quick.waves[0]; each needs its own",
            id="one name twice",
        ),
        pytest.param(
            with_waves({"name": "pilot", "workloads": ["cart", "cart"]}, SEARCH),
            "waves[0].workloads[1]: 'cart' stands here twice; remove one",
            id="twice in a wave",
        ),
        pytest.param(
            with_waves(CART, SEARCH, onFailure="some"),
            "onFailure: must be 'all', 'wave' or 'workload'",
            id="unknown policy",
        ),
    ],
)
def test_a_fault_of_waves_is_named_with_field_and_rule(document: dict[str, Any], fault: str) -> None:
    assert f"plans.quick.{fault}" in faults(document)


def test_all_faults_of_waves_are_told_at_once() -> None:
    found = faults(
        with_waves({"name": "pilot", "workloads": ["cart", "x"], "after": ["y"]}, {"name": "z", "workloads": []})
    )

    assert len(found) == 4


def test_a_wave_comes_after_the_one_before_unless_it_says_otherwise() -> None:
    waves = (
        config(
            (("plans", "quick", "waves"), [CART, SEARCH]),
        )
        .plan("quick")
        .waves
    )
    free = config((("plans", "quick", "waves"), [CART, {**SEARCH, "after": []}])).plan("quick").waves

    assert [wave.after for wave in waves] == [(), ("pilot",)]
    assert [wave.after for wave in free] == [(), ()]


def test_without_waves_all_workloads_move_together_and_a_failure_takes_all_back() -> None:
    plan = config().plan("standard")

    assert (plan.waves, plan.on_failure, {stage.wave for stage in plan.stages}) == ((), OnFailure.ALL, {0})


def test_every_wave_goes_through_all_stages_before_the_next_begins() -> None:
    plan = config((("plans", "standard", "waves"), [CART, SEARCH])).plan("standard")

    assert [(stage.wave, stage.share_percent) for stage in plan.stages] == [
        *((0, 1), (0, 25), (0, 100)), *((1, 1), (1, 25), (1, 100)),
    ]  # fmt: skip


def test_the_history_that_a_plan_needs_counts_all_of_its_waves() -> None:
    long = [{"share": 50, "bake": "2d"}, {"share": 100, "bake": "2d"}]
    one = changed((("plans", "standard", "stages"), long), (("timing", "poll"), "2m"))
    both = changed(
        (("plans", "standard", "stages"), long),
        (("timing", "poll"), "2m"),
        (("plans", "standard", "waves"), [CART, SEARCH]),
    )

    assert faults(one) == []
    assert ["plans.standard: is too long" in fault and "fewer waves" in fault for fault in faults(both)] == [True]


# --- Narrowing -------------------------------------------------------------------------------------------------------


def test_a_narrowed_plan_has_only_the_waves_in_which_somebody_is_left() -> None:
    plan = narrowed(fleet(OnFailure.WAVE, ("x", "a", None), ("y", "b", None), ("z", "cd", None)), ["a", "d"])

    assert plan.waves == (Wave(name="x", workloads=("a",)), Wave(name="z", workloads=("d",), after=("x",)))
    assert [stage.wave for stage in plan.stages] == [0, 0, 1, 1]


def test_an_input_narrows_a_plan_with_waves() -> None:
    deployed = config((("plans", "standard", "waves"), [CART, SEARCH]))
    plan = resolve(deployed, {"workloads": ["search"]}, now=NOW)

    assert [wave.name for wave in plan.waves] == ["rest"]
    assert plan.waves[0].after == ()
    with pytest.raises(InvalidInputError):
        resolve(deployed, {"workloads": ["nobody"]}, now=NOW)


# --- Where everybody is ----------------------------------------------------------------------------------------------


def test_a_workload_waits_moves_and_stays_and_gets_its_final_weights_at_the_end() -> None:
    record = at(two_waves(OnFailure.ALL), 0)
    first, second = encode((10, 100))
    before, final = Split(100, 0), Split(0, 100)

    assert [record.target("a", stage) for stage in range(5)] == [first, second, second, second, final]
    assert [record.target("c", stage) for stage in range(5)] == [before, before, first, second, final]


def test_a_workload_that_was_left_out_is_never_raised_again() -> None:
    record = at(two_waves(OnFailure.WORKLOAD), 1, left_out=("a",))

    assert {record.target("a", stage) for stage in range(5)} == {Split(100, 0)}


def test_what_was_left_behind_is_what_the_stage_before_asked_for_even_when_waves_were_passed_over() -> None:
    record = at(fleet(OnFailure.WORKLOAD, ("x", "a", None), ("y", "b", None), ("z", "cd", ())), 4, came_from=1)

    assert record.split_before("a", 4) == encode((10, 100))[1]
    assert record.split_before("c", 4) == Split(100, 0)


def test_a_record_from_before_there_were_waves_is_read_as_one_wave() -> None:
    stored = at(PLAN, 1).model_dump(mode="json", exclude={"came_from", "left_out", "returning", "fence"})
    for part in (stored["plan"], *stored["plan"]["stages"]):
        for key in ("waves", "on_failure", "wave"):
            part.pop(key, None)
    stored["baseline"] = [{**entry, "workload": PLAN.workloads[0].name} for entry in stored["baseline"]]
    record = Record.model_validate(stored)

    assert record.split_before(PLAN.workloads[0].name, 1) == PLAN.stages[0].split
    assert kept(record) == ()


def test_a_wave_is_complete_when_the_next_begins_and_the_last_one_at_the_end() -> None:
    plan = two_waves(OnFailure.WAVE)

    assert [complete(at(plan, stage)) for stage in range(4)] == [(), (), ("a", "b"), ("a", "b")]
    assert complete(at(plan, 4, came_from=3)) == ("a", "b")
    assert complete(at(plan, 4, came_from=1)) == ()
    assert [moving(at(plan, stage)) for stage in (1, 2)] == [("a", "b"), ("c", "d")]


def test_who_has_users_on_green_is_watched_and_nobody_else() -> None:
    plan = two_waves(OnFailure.WORKLOAD)

    watched = [[w.name for w in on_green(at(plan, stage, left_out=("a",)))] for stage in (-1, 0, 2)]

    assert watched == [[], ["b"], ["b", "c", "d"]]


# --- Whom a failure concerns -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "lost"),
    [(OnFailure.ALL, NAMES), (OnFailure.WAVE, ("a", "b", "c")), (OnFailure.WORKLOAD, ("b", "c"))],
)
def test_a_failure_takes_along_what_the_policy_says_and_what_comes_after(
    policy: OnFailure, lost: tuple[str, ...]
) -> None:
    plan = fleet(policy, ("first", "ab", None), ("second", "c", None), ("third", "d", ()))

    assert fallout(plan, ["b"]) == lost


def test_waves_of_which_nobody_is_left_are_passed_over() -> None:
    plan = fleet(OnFailure.WORKLOAD, ("first", "ab", None), ("second", "c", None), ("third", "d", ()))

    assert [next_stage(plan, stage, ["b", "c"]) for stage in (0, 1, 4, 5)] == [1, 4, 5, 6]
    assert next_stage(plan, 1, ["b", "c", "d"]) == 6


def test_in_a_rollback_complete_waves_stay_unless_everything_goes_back() -> None:
    everything, some = (at(two_waves(policy), 2) for policy in (OnFailure.ALL, OnFailure.WAVE))

    assert kept(everything) == ()
    assert kept(some) == ("a", "b")
    assert [rest(some, name) for name in ("a", "c")] == [Split(0, 100), Split(100, 0)]


def test_a_complete_wave_that_fails_later_goes_back_with_those_after_it() -> None:
    record = at(two_waves(OnFailure.WAVE), 2)
    decision = by_policy(record, ILL, ["b"], START)

    assert (decision.action, decision.left_out) == (Action.ROLL_BACK, NAMES)
    assert kept(record.with_(left_out=decision.left_out)) == ()


def test_one_workload_goes_back_alone_and_the_others_go_on() -> None:
    record = at(two_waves(OnFailure.WORKLOAD), 0)
    decision = by_policy(record, ILL, ["b"], START)
    after = left_out(record, decision.left_out, START)

    assert (decision.action, decision.left_out) == (Action.GIVE_BACK, ("b", "c", "d"))
    assert (after.returning, after.returning_since, after.fence) == (("b",), START, 3)
    assert moving(after) == ("a",)


@pytest.mark.parametrize(
    ("decision", "blamed", "now", "why"),
    [
        (Decision(Action.ROLL_BACK, "aborted by ann"), ["b"], START, "a person asked"),
        (ILL, ["a", "b"], START, "nobody would be left"),
        (ILL, ["b"], START + 100 * HOUR, "the history has no room"),
    ],
)
def test_everything_that_is_not_complete_goes_back(decision: Decision, blamed: list[str], now: Any, why: str) -> None:
    record = at(two_waves(OnFailure.WORKLOAD), 0)

    assert by_policy(record, decision, blamed, now).action is Action.ROLL_BACK, why


def test_nothing_goes_on_before_what_is_given_back_is_read_back() -> None:
    record = at(two_waves(OnFailure.WORKLOAD), 0, left_out=("b",), returning=("b",))
    for action in (Action.WAIT, Action.ADVANCE):
        assert going_on(record, Decision(action, "well"), WELL, (), START).action is Action.GIVE_BACK
    assert going_on(record, ILL, WELL, (), START).action is Action.ROLL_BACK


def test_nobody_waits_for_a_wave_of_which_nobody_is_left() -> None:
    record = at(fleet(OnFailure.WORKLOAD, ("x", "a", ()), ("y", "bcd", ())), 0, left_out=("a",))
    waiting = Decision(Action.WAIT, "baking", 30)
    hold = Signal(kind=SignalKind.HOLD, by="ann", at=START)

    decision = going_on(record, waiting, WELL, (), START)
    assert (decision.action, decision.next_stage) == (Action.ADVANCE, 2)
    assert going_on(record, waiting, WELL, (hold,), START) == waiting


# --- Evidence --------------------------------------------------------------------------------------------------------


def blamed(*firing: str) -> tuple[str, ...]:
    plan = two_waves(OnFailure.WORKLOAD)
    alarms = {name: Alarm(name, AlarmState.ALARM if name in firing else AlarmState.OK) for name in plan.alarms}
    return assess(plan, Seen(alarms, {}), stage=0, began=START, moved=START, now=START).blamed


def test_an_alarm_speaks_against_the_workloads_that_name_it() -> None:
    assert blamed("b-5xx") == ("b",)


def test_of_workloads_that_are_not_on_green_nothing_is_asked() -> None:
    found = assess(
        two_waves(OnFailure.WORKLOAD), Seen({}, {}), stage=0, began=START, moved=START, now=START, workloads=()
    )

    assert (found.verdict.health, found.alarms, found.blamed) == (Health.HEALTHY, (), ())


# --- Forecast --------------------------------------------------------------------------------------------------------


def test_the_preview_moves_one_wave_after_the_other_and_makes_all_final_at_the_end() -> None:
    writes = preview(two_waves(OnFailure.ALL), requests_per_second=None).writes

    assert [(w.stage, w.wave, w.side.value, w.weight) for w in writes] == [
        (0, "first", "green", 1),
        (0, "first", "blue", 9),
        (1, "first", "blue", 0),
        (2, "second", "green", 1),
        (2, "second", "blue", 9),
        (3, "second", "blue", 0),
        (None, "first", "green", 100),
        (None, "second", "green", 100),
    ]


def test_a_green_that_is_bad_from_the_start_meets_the_users_of_the_first_wave_only() -> None:
    rates = dict.fromkeys(NAMES, 10.0)
    waves = preview(two_waves(OnFailure.ALL), requests_per_second=rates).bad_from_start
    plan = two_waves(OnFailure.ALL)
    at_once = plan.model_copy(update={"waves": (), "stages": plan.stages[:2]})
    together = preview(at_once, requests_per_second=rates).bad_from_start

    assert waves
    assert together
    assert waves.worst == pytest.approx((together.worst or 0) / 2)


def test_a_green_that_turns_bad_late_meets_the_users_of_all_waves_that_have_moved() -> None:
    stages = preview(two_waves(OnFailure.ALL), requests_per_second=dict.fromkeys(NAMES, 10.0)).stages
    costs = [stage.turns_bad.expected or 0 for stage in stages if stage.turns_bad]

    assert costs == sorted(costs)
    assert costs[3] == pytest.approx(2 * costs[1])
