"""What a preview promises: the weights, the order, the time, the cost and the harm of a plan."""

from datetime import timedelta

import pytest

from crossfade.core.budget import EVENTS_MAX, spare_time
from crossfade.core.exposure import SLOWEST, TYPICAL
from crossfade.core.forecast import Pace, forecast, give_back
from crossfade.core.plan import Gate, Plan, Stage, Timing
from crossfade.core.preview import Preview, preview
from crossfade.core.weight import ALL_BLUE, Side, Split, encode
from crossfade.names import State
from tests.steps.scene import a_plan

RATES = {"burnham": 900.0, "yelb": 100.0}
MINUTE = timedelta(minutes=1)


def plan_of(*shares: float, bake: timedelta = 10 * MINUTE, soak: timedelta = 30 * MINUTE) -> Plan:
    stages = tuple(
        Stage(share_percent=share, blue=split.blue, green=split.green, bake=bake)
        for share, split in zip(shares, encode(shares), strict=True)
    )
    return a_plan().model_copy(update={"stages": stages, "soak": soak})


CAREFUL = plan_of(1, 5, 25, 50, 100)


def seen(plan: Plan = CAREFUL) -> Preview:
    return preview(plan, requests_per_second=RATES)


# --- What is written, and when ---------------------------------------------------------------------------------------


def test_writes_stand_in_the_order_in_which_they_will_be_made() -> None:
    written = [(write.stage, write.side.value, write.weight) for write in seen().writes]

    assert written == [
        (0, "green", 1),
        (1, "blue", 19),
        (2, "blue", 3),
        (3, "blue", 1),
        (4, "blue", 0),
        (None, "green", 100),
    ]


def test_a_stage_with_percent_weights_raises_green_and_lets_it_settle_before_blue_is_lowered() -> None:
    raised, lowered = seen(plan_of(30, 99, 100)).writes[:2]

    assert (raised.side, lowered.side) == (Side.GREEN, Side.BLUE)
    assert lowered.written.typical - raised.written.typical >= Timing().settle


def test_no_write_leads_to_an_intermediate_share_beyond_the_stage() -> None:
    for shares in ((1, 5, 25, 50, 100), (10, 20, 30, 40, 50, 60, 70, 80, 90, 100), (30, 99, 100), (100,)):
        previewed = seen(plan_of(*shares))
        for write in previewed.writes:
            if write.stage is not None:
                assert write.split.share_percent <= previewed.stages[write.stage].split.share_percent


def test_the_final_weights_are_those_of_blue_before() -> None:
    previewed = preview(CAREFUL, requests_per_second=None, before=Split(200, 0))

    assert previewed.writes[-1].split == Split(0, 200)


def test_the_wanted_share_stands_beside_the_achieved_one() -> None:
    first = seen().stages[0]

    assert first.wanted_percent == 1
    assert first.split.share_percent == pytest.approx(0.990, abs=0.001)


def test_typical_is_never_later_than_longest() -> None:
    previewed = seen()
    spans = [previewed.duration, previewed.rollback, previewed.read_back]
    spans += [span for stage in previewed.stages for span in (stage.began, stage.moved, stage.ended, stage.rollback)]
    spans += [span for write in previewed.writes for span in (write.written, write.followed)]

    assert all(span.typical <= span.longest for span in spans)


def test_users_follow_a_write_within_one_interval_one_propagation_and_one_ttl() -> None:
    for write in seen().writes:
        assert write.followed.typical - write.written.typical == timedelta(seconds=30 + 30 + 30)
        assert write.followed.longest - write.written.longest == timedelta(seconds=60 + 60 + 60)


def test_the_duration_is_bakes_margins_soak_and_little_more() -> None:
    watched = 5 * (10 * MINUTE + Timing().margin) + 30 * MINUTE

    assert watched < seen().duration.typical < watched + 6 * MINUTE
    assert seen().duration.longest < watched + 15 * MINUTE


def test_an_approval_is_counted_and_takes_no_time() -> None:
    gated = CAREFUL.model_copy(
        update={"stages": (CAREFUL.stages[0].model_copy(update={"gate": Gate.APPROVAL}), *CAREFUL.stages[1:])}
    )

    assert seen(gated).approvals == 1
    assert seen(gated).duration == seen().duration


def test_users_are_back_before_it_is_read_back_and_within_three_minutes() -> None:
    previewed = seen()

    assert previewed.rollback.longest <= timedelta(seconds=60 + 60 + 60)
    assert previewed.read_back.typical < Timing().rollback


@pytest.mark.parametrize("shares", [(1, 5, 25, 50, 100), (10, 20, 50, 90, 100), (100,)], ids=str)
def test_every_rollback_raises_blue_first_and_ends_where_it_began(shares: tuple[float, ...]) -> None:
    plan = plan_of(*shares)
    for stage in plan.stages:
        leg = give_back(plan, TYPICAL, at=[stage.split], before=ALL_BLUE)
        assert leg.changes[-1].split == ALL_BLUE
        if stage.blue < ALL_BLUE.blue:
            assert leg.changes[0].side is Side.BLUE


# --- What it costs ---------------------------------------------------------------------------------------------------


def test_a_run_enters_the_states_of_the_machine_in_their_order() -> None:
    states = forecast(plan_of(100, bake=MINUTE, soak=timedelta()), Pace(phase=0.5, call=timedelta()), before=ALL_BLUE)

    begin = [State.RESOLVE_PLAN, State.TAKE_LEASE, State.PREFLIGHT, State.DRY_RUN, State.RECORD_BASELINE]
    assert list(states.states[:7]) == [*begin, State.MORE_STAGES, State.SHIFT_TRAFFIC]
    assert states.states[-1] is State.SUCCEEDED
    assert states.states.count(State.NEXT_STAGE) == 1


def test_the_price_is_that_of_the_transitions() -> None:
    previewed = seen()

    assert previewed.dollars[0] == pytest.approx(previewed.transitions[0] * 0.000025)
    assert 0.005 < previewed.dollars[0] < 0.02


def test_a_longer_poll_costs_less() -> None:
    slow = CAREFUL.model_copy(update={"timing": Timing(poll=MINUTE)})

    assert seen(slow).transitions[0] < seen().transitions[0]


def test_a_run_stays_below_what_was_reckoned_with_at_its_worst() -> None:
    previewed = seen()

    assert previewed.events < previewed.events_worst < EVENTS_MAX


def test_a_plan_that_fills_the_history_leaves_no_time_for_people() -> None:
    assert spare_time([timedelta(hours=120)], timedelta(), Timing()) == timedelta()


# --- What fails ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "failed"),
    [(1, 3_320), (5, 16_600), (25, 83_000), (50, 166_000), (100, 332_000)],
    ids=lambda value: f"{value:g}",
)
def test_a_green_that_turns_bad_costs_what_the_model_of_resolvers_says(share: float, failed: float) -> None:
    stage = next(stage for stage in seen().stages if stage.wanted_percent == share)

    assert stage.turns_bad is not None
    assert stage.turns_bad.expected == pytest.approx(failed, rel=0.07)  # looks come every 30 s


def test_a_green_that_is_bad_from_the_start_costs_what_the_model_of_resolvers_says() -> None:
    bad = seen().bad_from_start

    assert bad is not None
    assert bad.expected == pytest.approx(2_249, rel=0.05)


def test_the_worst_is_worse_than_the_expected() -> None:
    previewed = seen()
    for failures in (previewed.bad_from_start, *(stage.turns_bad for stage in previewed.stages)):
        assert failures is not None
        assert failures.expected is not None
        assert failures.worst is not None
        assert failures.expected < failures.worst


def test_failures_grow_with_rate_and_error_rate() -> None:
    half = preview(CAREFUL, requests_per_second=RATES, error_rate=0.5).bad_from_start
    tenth = preview(CAREFUL, requests_per_second={"burnham": 90, "yelb": 10}).bad_from_start
    whole = seen().bad_from_start

    assert half is not None
    assert half.expected == pytest.approx(whole and whole.expected and whole.expected / 2)
    assert tenth is not None
    assert tenth.expected == pytest.approx(whole and whole.expected and whole.expected / 10)


def test_a_first_stage_that_is_too_short_lets_a_bad_green_get_more() -> None:
    careful, hasty = plan_of(10, 100, bake=10 * MINUTE), plan_of(10, 100, bake=MINUTE)

    one, other = (seen(plan).bad_from_start for plan in (careful, hasty))

    assert one is not None
    assert other is not None
    assert (other.worst or 0) > 3 * (one.worst or 0)
    assert any("stage 1 bakes for less" in warning for warning in seen(hasty).warnings)
    thrice = seen(plan_of(10, 50, 100, bake=MINUTE)).warnings
    assert any("stages 1 and 2 bake for less" in warning for warning in thrice)
    assert not seen(careful).warnings


def test_a_plan_that_is_over_before_an_alarm_says_so() -> None:
    blind = seen(plan_of(100, bake=timedelta(seconds=1), soak=timedelta()))

    assert blind.bad_from_start is not None
    assert blind.bad_from_start.worst is None
    assert any("over before an alarm" in warning for warning in blind.warnings)


def test_workloads_that_share_an_alarm_are_pointed_out() -> None:
    first, second = CAREFUL.workloads
    shared = second.model_copy(update={"alarms": (*second.alarms, first.alarms[0])})
    warnings = seen(CAREFUL.model_copy(update={"workloads": (first, shared)})).warnings

    assert any(f"{first.name} and {second.name} share the alarm {first.alarms[0]}: when" in each for each in warnings)


def test_a_propagation_time_below_external_dns_is_pointed_out() -> None:
    hurried = CAREFUL.model_copy(update={"timing": Timing(settle=10 * MINUTE / 60, propagation=MINUTE)})

    assert any("timing.propagation of 1m" in warning for warning in seen(hurried).warnings)


def test_with_little_traffic_it_takes_until_enough_have_failed() -> None:
    busy, quiet = (
        preview(CAREFUL, requests_per_second={"burnham": rate, "yelb": 0}).stages[0].turns_bad for rate in (1000.0, 1.0)
    )

    assert busy is not None
    assert quiet is not None
    assert (quiet.expected or 0) == pytest.approx((busy.expected or 0) / 1000 + 5, rel=0.01)


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        pytest.param(1000.0, [], id="enough"),
        pytest.param(
            42.0,
            ["in stage 1 green gets 0.42 requests a second to yelb", "judged by 300: it lasts 15m"],
            id="a little too few",
        ),
        pytest.param(
            10.0, ["in stage 1 green gets 0.099 requests a second to yelb", "it is rolled back there"], id="far too few"
        ),
    ],
)
def test_a_stage_in_which_green_has_too_few_requests_is_pointed_out(rate: float, said: list[str]) -> None:
    warnings = preview(CAREFUL, requests_per_second={"burnham": 1000.0, "yelb": rate}).warnings

    assert bool(warnings) == bool(said)
    assert all(words in warnings[0] for words in said)


def test_without_a_rate_nothing_is_said_of_failures() -> None:
    previewed = preview(CAREFUL, requests_per_second=None)

    assert previewed.requests_per_second is None
    assert previewed.bad_from_start is None
    assert all(stage.turns_bad is None for stage in previewed.stages)


@pytest.mark.parametrize(
    ("rates", "error_rate", "said"),
    [
        pytest.param({"burnham": 1.0}, 1.0, "yelb are missing", id="a rate is missing"),
        pytest.param({"burnham": 1.0, "yelb": -1.0}, 1.0, "no negative", id="a rate is negative"),
        pytest.param(RATES, 0.0, "error rate of 0", id="no error rate"),
        pytest.param(RATES, 1.5, "error rate of 1.5", id="more than all fail"),
    ],
)
def test_what_means_nothing_is_refused(rates: dict[str, float], error_rate: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        preview(CAREFUL, requests_per_second=rates, error_rate=error_rate)


# --- The budget ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failed_requests", "rates", "kept"),
    [
        pytest.param(10_000, RATES, True, id="kept"),
        pytest.param(1_000, RATES, False, id="broken"),
        pytest.param(1_000, None, None, id="not known without a rate"),
    ],
)
def test_the_budget_is_held_against_the_worst_figure(
    failed_requests: int,
    rates: dict[str, float] | None,
    kept: bool | None,  # noqa: FBT001 - a column of the table
) -> None:
    budget = preview(CAREFUL, requests_per_second=rates, failed_requests=failed_requests).budget

    assert budget is not None
    assert budget.kept is kept


def test_a_plan_that_no_alarm_can_judge_keeps_no_budget() -> None:
    blind = plan_of(100, bake=timedelta(seconds=1), soak=timedelta())

    budget = preview(blind, requests_per_second=RATES, failed_requests=10**9).budget

    assert budget is not None
    assert budget.kept is False


def test_both_paces_write_the_same_weights_in_the_same_order() -> None:
    for shares in ((1, 5, 25, 50, 100), (10, 20, 50, 90, 100), (100,)):
        runs = [forecast(plan_of(*shares), pace, before=ALL_BLUE) for pace in (TYPICAL, SLOWEST)]
        typical, slowest = [[(change.side, change.weight) for change in run.changes] for run in runs]
        assert typical == slowest


def test_a_stage_with_too_few_requests_takes_longer_and_the_whole_run_with_it() -> None:
    busy, quiet = (preview(CAREFUL, requests_per_second={"burnham": 900, "yelb": rate}) for rate in (900, 42))

    assert quiet.stages[0].ended.typical > busy.stages[0].ended.typical + 2 * MINUTE
    assert quiet.duration.typical > busy.duration.typical + 2 * MINUTE


def test_no_stage_is_left_before_one_minute_of_requests_is_known() -> None:
    hasty = seen(plan_of(10, 100, bake=timedelta(seconds=1))).stages[0]

    assert hasty.ended.typical - hasty.moved.typical >= timedelta(seconds=60 + 90)
