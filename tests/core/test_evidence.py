"""What a workload's requests say of green: healthy, unhealthy or inconclusive, and for which reason."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.core.plan import Evidence
from crossfade.core.series import MINUTE, Minute, Sample
from crossfade.core.verdict import AlarmState, Cause, Health
from tests.core.looks import (
    ALARMS,
    AT_5,
    AT_50,
    AT_100,
    BOTH_SICK,
    GOOD,
    HEALTHY,
    INCONCLUSIVE,
    MOVED,
    OK,
    PLAN,
    SICK,
    SILENT,
    UNHEALTHY,
    flow,
    look,
    minutes,
    said,
)
from tests.steps.scene import T0

SEED = 20_260_302


# --- Enough good evidence --------------------------------------------------------------------------------------------


def test_green_is_healthy_with_all_alarms_ok_enough_requests_and_few_failures() -> None:
    found = look(flow(GOOD, Sample(300, 1), 10))

    assert said(found) == (HEALTHY, Cause.GOOD)
    assert found.verdict.reason == "all 2 alarms are OK; 10 of 303,000 requests to green failed"


@pytest.mark.parametrize(("requests", "health"), [(299, INCONCLUSIVE), (300, HEALTHY)])
def test_the_rule_of_three_says_how_many_requests_are_enough(requests: int, health: Health) -> None:
    found = look(minutes((GOOD, Sample(requests))))

    assert found.verdict.health is health
    assert health is HEALTHY or found.verdict.reason == "burnham: green had 299 of the 300 requests it is judged by"


def test_the_plan_may_ask_for_fewer_or_more_requests() -> None:
    demanding = PLAN.model_copy(update={"evidence": Evidence(min_requests=5_000)})
    strict = PLAN.model_copy(update={"evidence": Evidence(max_error_rate=0.1)})

    assert said(look(flow(GOOD, GOOD, 10), plan=demanding)) == (INCONCLUSIVE, Cause.TOO_FEW_REQUESTS)
    assert strict.evidence.requests == 3_000


def test_requests_from_before_the_weights_were_shown_do_not_count() -> None:
    found = look([*flow(GOOD, GOOD, 2, begin=T0), *flow(Sample(50), Sample(50), 3)], after=timedelta(minutes=5))

    assert said(found) == (INCONCLUSIVE, Cause.TOO_FEW_REQUESTS)


def test_a_minute_counts_only_once_its_numbers_can_be_complete() -> None:
    series = flow(GOOD, GOOD, 1)

    before, after = (look(series, after=timedelta(seconds=seconds)) for seconds in (149, 150))

    assert before.verdict.reason.startswith("burnham, yelb: no complete minute with requests yet")
    assert after.examined[0].green.requests == 300


def test_a_minute_waits_for_a_side_whose_numbers_are_late() -> None:
    bad_green_alone = minutes((Sample(), Sample(300, 300)))

    early, late = (look(bad_green_alone, after=timedelta(seconds=seconds)) for seconds in (200, 240))

    assert said(early) == (INCONCLUSIVE, Cause.TOO_FEW_REQUESTS)
    assert said(late) == (UNHEALTHY, Cause.TOO_MANY_ERRORS)


def test_with_all_traffic_on_green_nobody_waits_for_blue() -> None:
    found = look(minutes((Sample(), Sample(300, 300))), stage=AT_100, after=timedelta(seconds=150))

    assert said(found) == (UNHEALTHY, Cause.TOO_MANY_ERRORS)


@given(
    counts=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=9),
    failing=st.floats(0, 1),
    states=st.fixed_dictionaries(dict.fromkeys(ALARMS, st.sampled_from((OK, OK, OK, SILENT)))),
)
def test_healthy_is_never_said_without_evidence(
    counts: list[tuple[int, int]], failing: float, states: dict[str, AlarmState]
) -> None:
    series = minutes(*((Sample(blue), Sample(green, int(green * failing))) for blue, green in counts))
    requests = sum(minute.green.requests for minute in series)
    failures = sum(minute.green.errors_5xx for minute in series)

    verdict = look(series, states=states).verdict

    if verdict.health is HEALTHY:
        assert requests >= 300
        assert failures <= 0.01 * requests
        assert set(states.values()) == {OK}
    assert verdict.reason


# --- A worse green ---------------------------------------------------------------------------------------------------


def drawn(
    random: np.random.Generator, length: int, *, rps: float, share: float, base: float, excess: float = 0.0
) -> list[Minute]:
    """Minutes of independent requests that fail independently."""

    def sample(part: float, rate: float) -> Sample:
        requests = int(random.poisson(rps * 60 * part))
        return Sample(requests, int(random.binomial(requests, min(1.0, rate))))

    return minutes(*[(sample(1 - share, base), sample(share, base + excess)) for _ in range(length)])


@pytest.mark.parametrize(
    ("rps", "excess", "stage", "within"),
    [
        pytest.param(5, 0.05, AT_50, 12, id="5 requests a second, 5 % more fail"),
        pytest.param(5_000, 0.005, AT_5, 5, id="5,000 requests a second, 0.5 % more fail"),
        pytest.param(50, 1.0, AT_5, 3, id="50 requests a second, all fail"),
    ],
)
def test_a_worse_green_is_found_in_nine_of_ten_runs(rps: float, excess: float, stage: int, within: int) -> None:
    random, runs = np.random.default_rng(SEED), 20
    share = PLAN.stages[stage].split.green_part

    found = [
        look(
            drawn(random, within, rps=rps, share=share, base=0.0002, excess=excess),
            stage=stage,
            after=within * MINUTE + timedelta(minutes=3),
        )
        for _ in range(runs)
    ]

    seen = sum(one.verdict.health is UNHEALTHY for one in found)
    assert seen >= 0.9 * runs, f"{seen} of {runs} with seed={SEED}"


def test_a_good_green_is_not_rolled_back_over_hours_of_looks() -> None:
    random, runs = np.random.default_rng(SEED), 24
    shapes = [(5.0, 0.02), (100.0, 0.0005), (2_000.0, 0.004)]

    found = []
    for run in range(runs):
        rps, rate = shapes[run % len(shapes)]
        found.append(look(drawn(random, 240, rps=rps, share=0.5, base=rate), after=timedelta(minutes=250)))

    blamed = [one.verdict.reason for one in found if one.verdict.cause is Cause.WORSE_THAN_BLUE]
    assert not blamed, f"seed={SEED}"


def test_the_reason_names_the_workload_and_both_sides_numbers() -> None:
    found = look(flow(Sample(5_700, 1), Sample(300, 30), 5), stage=AT_5)

    assert said(found) == (UNHEALTHY, Cause.WORSE_THAN_BLUE)
    assert found.verdict.reason == (
        "burnham: green fails more than blue: 150 of 1,500 requests on green, 5 of 28,500 requests on blue"
    )


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8).filter(lambda failed: sum(failed) <= 4))
def test_fewer_than_five_failures_never_roll_back(failed: list[int]) -> None:
    series = minutes(*((Sample(60_000), Sample(max(20, count), count)) for count in failed))

    assert look(series, stage=AT_5).verdict.health is not UNHEALTHY


def test_bad_signs_count_from_the_first_write_on() -> None:
    bad_while_moving = flow(Sample(5_900), Sample(100, 90), 2, begin=T0)

    assert said(look([*bad_while_moving, *flow(GOOD, GOOD, 5)])) == (UNHEALTHY, Cause.WORSE_THAN_BLUE)


def test_what_was_bad_once_in_a_stage_stays_bad() -> None:
    found = look([*flow(GOOD, Sample(300, 60), 2), *flow(GOOD, GOOD, 8)])

    assert found.verdict.health is UNHEALTHY


def test_more_failures_than_tolerated_but_too_few_to_be_sure_is_inconclusive() -> None:
    found = look(minutes((GOOD, Sample(300, 4))))

    assert said(found) == (INCONCLUSIVE, Cause.UNCERTAIN)
    assert found.verdict.reason == (
        "burnham: 4 of 300 requests to green failed, more than the 1 % tolerated; not enough to be sure"
    )


def test_trouble_of_the_last_minutes_is_not_outweighed_by_a_long_good_bake() -> None:
    busy = flow(Sample(2_000), Sample(2_000), 30)
    quiet = flow(Sample(20), Sample(20, 1), 12, begin=MOVED + 30 * MINUTE)

    assert look(busy, after=timedelta(minutes=33)).verdict.health is HEALTHY
    assert said(look([*busy, *quiet], after=timedelta(minutes=44))) == (INCONCLUSIVE, Cause.UNCERTAIN)


# --- Both sides sick -------------------------------------------------------------------------------------------------


def test_when_both_sides_are_sick_the_cause_is_common() -> None:
    found = look([*flow(Sample(3_000), Sample(3_000), 6), *flow(*SICK, 4, begin=MOVED + 6 * MINUTE)])

    assert said(found) == (INCONCLUSIVE, Cause.COMMON_CAUSE)
    assert "both sides are sick, so giving traffic back would not help" in found.verdict.reason


@pytest.mark.parametrize("stage", [AT_5, AT_50])
def test_the_first_minute_of_common_trouble_is_enough(stage: int) -> None:
    share = PLAN.stages[stage].split.green_part
    blue, green = round(6_000 * (1 - share)), round(6_000 * share)
    good = flow(Sample(blue), Sample(green), 8)
    bad = minutes((Sample(blue, blue // 5), Sample(green, green // 5)), begin=MOVED + 8 * MINUTE)

    assert said(look([*good, *bad], stage=stage)) == (INCONCLUSIVE, Cause.COMMON_CAUSE)


def test_a_green_that_is_clearly_worse_is_to_blame_though_blue_is_sick() -> None:
    found = look(flow(Sample(3_000, 360), Sample(3_000, 1_800), 4))

    assert said(found) == (UNHEALTHY, Cause.WORSE_THAN_BLUE)


@pytest.mark.parametrize("requests", [3_000, 60])
def test_common_trouble_is_over_as_soon_as_that_can_be_seen(requests: int) -> None:
    good = flow(Sample(requests), Sample(requests), 9, begin=MOVED + 4 * MINUTE)

    series = [*flow(Sample(requests, requests // 8), Sample(requests, requests // 8), 4), *good]
    found = look(series, after=timedelta(minutes=15))

    assert found.verdict.cause is not Cause.COMMON_CAUSE


def test_the_minutes_in_which_both_were_sick_are_no_good_evidence() -> None:
    found = look([*BOTH_SICK, *minutes((GOOD, GOOD), begin=MOVED + 20 * MINUTE)], after=timedelta(minutes=24))

    assert found.examined[0].green.requests <= 300


def test_a_bad_green_is_not_blamed_when_blue_has_no_target_to_go_back_to() -> None:
    blue = Sample(3_000, healthy_targets=0)

    found = look(flow(blue, Sample(3_000, 3_000, healthy_targets=2), 5))

    assert said(found) == (INCONCLUSIVE, Cause.COMMON_CAUSE)
    assert "blue has no healthy target to go back to" in found.verdict.reason


def test_a_good_green_does_not_need_blue() -> None:
    found = look(flow(Sample(0, healthy_targets=0), Sample(3_000, healthy_targets=2), 10), stage=AT_100)

    assert said(found) == (HEALTHY, Cause.GOOD)


# --- Traffic ---------------------------------------------------------------------------------------------------------


def test_no_traffic_long_after_the_shift_is_named() -> None:
    found = look(flow(Sample(6_000), Sample(), 10))

    assert said(found) == (INCONCLUSIVE, Cause.NO_TRAFFIC)
    assert found.verdict.reason == (
        "burnham: the shift is not taking effect: green has none of the last 54,000 requests where 50 % are written"
    )


def test_no_traffic_soon_after_the_shift_is_only_too_early() -> None:
    assert look(flow(Sample(6_000), Sample(), 4), after=timedelta(minutes=6)).verdict.cause is Cause.TOO_FEW_REQUESTS


def test_no_traffic_where_hardly_any_was_to_come_is_only_too_little() -> None:
    assert look(flow(Sample(2), Sample(), 10), stage=AT_5).verdict.cause is Cause.TOO_FEW_REQUESTS


def test_far_less_traffic_than_written_is_the_same_until_green_had_enough() -> None:
    trickle = flow(Sample(6_000), Sample(3), 10)
    enough = flow(Sample(6_000), Sample(40), 10)

    assert said(look(trickle)) == (INCONCLUSIVE, Cause.NO_TRAFFIC)
    assert said(look(enough)) == (HEALTHY, Cause.GOOD)


def test_traffic_that_has_stopped_is_not_healthy() -> None:
    stopped = [*flow(GOOD, GOOD, 10), *flow(Sample(600), Sample(), 12, begin=MOVED + 10 * MINUTE)]
    silent = flow(GOOD, GOOD, 10)

    assert said(look(stopped, after=timedelta(minutes=24))) == (INCONCLUSIVE, Cause.NO_TRAFFIC)
    assert said(look(silent, after=timedelta(minutes=24))) == (INCONCLUSIVE, Cause.TOO_FEW_REQUESTS)


@pytest.mark.parametrize(
    ("green", "cause"),
    [
        pytest.param(3_000, Cause.TOO_MUCH_TRAFFIC, id="half of it where 5 % are written"),
        pytest.param(1_150, Cause.GOOD, id="19 % where 5 % are written: caches and large resolvers"),
        pytest.param(80, Cause.GOOD, id="1.3 % where 5 % are written"),
    ],
)
def test_the_observed_share_may_be_a_quarter_to_four_times_the_written_one(green: int, cause: Cause) -> None:
    assert look(flow(Sample(6_000 - green), Sample(green), 10), stage=AT_5).verdict.cause is cause


def test_with_all_traffic_on_green_its_failures_are_held_against_what_is_tolerated() -> None:
    found = look(flow(Sample(), Sample(3_000, 150), 4), stage=AT_100)

    assert said(found) == (UNHEALTHY, Cause.TOO_MANY_ERRORS)
    assert "green fails more than the 1 % tolerated" in found.verdict.reason


def test_a_load_balancer_without_healthy_targets_is_bad_before_any_request_fails() -> None:
    down = Sample(20, healthy_targets=0)

    once = look([*flow(GOOD, GOOD, 8), *minutes((GOOD, down), begin=MOVED + 8 * MINUTE)])
    twice = look(flow(GOOD, down, 2), after=timedelta(minutes=4))

    assert once.verdict.cause is not Cause.NO_TARGETS
    assert said(twice) == (UNHEALTHY, Cause.NO_TARGETS)


# --- What a plan tolerates -------------------------------------------------------------------------------------------


def test_defaults_follow_the_tolerated_error_rate() -> None:
    evidence = Evidence(max_error_rate=0.5)

    assert (evidence.tolerated, evidence.excess, evidence.requests) == (0.005, 0.0005, 600)
    assert Evidence(max_error_rate=0.5, max_excess=0).excess == 0
