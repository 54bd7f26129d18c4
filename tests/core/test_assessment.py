"""What alarms and series come to together: whose word counts, what is forgiven, and what the timeline is told."""

import json
from datetime import timedelta

import pytest

from crossfade.core.assessment import Seen, assess
from crossfade.core.series import MINUTE, Sample, Series
from crossfade.core.verdict import Alarm, AlarmState, Cause, Health
from tests.core.looks import (
    ALARM,
    ALARMS,
    AT_5,
    AT_50,
    BOTH_SICK,
    GONE,
    GOOD,
    HEALTHY,
    INCONCLUSIVE,
    MOVED,
    OK,
    PLAN,
    SILENT,
    UNHEALTHY,
    flow,
    look,
    said,
)
from tests.steps.scene import T0


def test_an_alarm_is_forgiven_while_both_sides_are_sick() -> None:
    found = look(BOTH_SICK, states={"green-burnham-5xx": ALARM}, after=timedelta(minutes=6))

    assert said(found) == (INCONCLUSIVE, Cause.COMMON_CAUSE)
    assert found.to_data()["alarms_not_ok"] == {"green-burnham-5xx": "ALARM"}


@pytest.mark.parametrize(
    ("minutes_after", "verdict"), [(6, (INCONCLUSIVE, Cause.ALARM)), (11, (UNHEALTHY, Cause.ALARM))]
)
def test_an_alarm_has_some_time_to_recover_from_common_trouble_but_no_stage_passes_under_it(
    minutes_after: int, verdict: tuple[Health, Cause]
) -> None:
    series = [*BOTH_SICK, *flow(Sample(3_000), Sample(3_000), minutes_after, begin=MOVED + 4 * MINUTE)]

    found = look(series, states={"green-burnham-5xx": ALARM}, after=timedelta(minutes=4 + minutes_after + 2))

    assert said(found) == verdict


def test_the_alarm_of_another_workload_is_not_forgiven() -> None:
    found = look(BOTH_SICK, states={"green-yelb-5xx": ALARM}, after=timedelta(minutes=6))

    assert said(found) == (UNHEALTHY, Cause.ALARM)


def test_an_alarm_that_is_gone_is_not_forgiven() -> None:
    found = look(BOTH_SICK, states={"green-burnham-5xx": GONE}, after=timedelta(minutes=6))

    assert said(found) == (UNHEALTHY, Cause.ALARM_GONE)


def test_after_common_trouble_a_stage_can_still_pass_and_its_latched_alarm_is_explained() -> None:
    series = [*BOTH_SICK, *flow(Sample(3_000), Sample(3_000), 30, begin=MOVED + 4 * MINUTE)]

    found = look(series, after=timedelta(minutes=37), latched=["green-burnham-5xx"])

    assert said(found) == (HEALTHY, Cause.GOOD)
    assert found.examined[0].were_both_sick


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (ALARM, (UNHEALTHY, Cause.ALARM)),
        (GONE, (UNHEALTHY, Cause.ALARM_GONE)),
        (SILENT, (INCONCLUSIVE, Cause.ALARM_SILENT)),
    ],
)
def test_good_requests_do_not_outweigh_an_alarm(state: AlarmState, verdict: tuple[Health, Cause]) -> None:
    assert said(look(flow(GOOD, GOOD, 10), states={"green-burnham-5xx": state})) == verdict


def test_an_alarm_that_fired_since_the_stage_began_is_not_forgotten() -> None:
    found = look(flow(GOOD, GOOD, 10), latched=["green-burnham-5xx"])

    assert said(found) == (UNHEALTHY, Cause.ALARM)
    assert found.verdict.reason == "green-burnham-5xx is OK again after an ALARM since the stage began"


def test_series_that_cannot_be_read_are_no_evidence_however_good_the_alarms_are() -> None:
    found = look("CloudWatch does not answer; it is tried again")

    assert said(found) == (INCONCLUSIVE, Cause.UNREADABLE)
    assert found.verdict.reason == (
        "burnham: the requests cannot be read: CloudWatch does not answer; it is tried again"
    )


def test_a_workload_without_a_series_is_not_forgotten() -> None:
    found = assess(
        PLAN,
        Seen(
            alarms={name: Alarm(name, OK) for name in ALARMS},
            series={"burnham": Series("burnham", tuple(flow(GOOD, GOOD, 10)))},
        ),
        stage=AT_50,
        began=T0,
        moved=MOVED,
        now=MOVED + 12 * MINUTE,
    )

    assert said(found) == (INCONCLUSIVE, Cause.UNREADABLE)


def test_the_numbers_behind_a_verdict_are_small_and_complete() -> None:
    data = look(flow(Sample(5_700, 1), Sample(300, 30), 5), stage=AT_5).to_data()
    workload = data["workloads"]["burnham"]

    assert json.loads(json.dumps(data)) == data
    assert (data["cause"], data["alarms_asked"], data["alarms_ok"]) == ("worse_than_blue", 2, 2)
    assert data["written_percent"] == 5
    assert (workload["green_requests"], workload["green_failed"]) == (1_500, 150)
    assert (workload["blue_requests"], workload["blue_failed"]) == (28_500, 5)
    assert workload["share_percent"] == 5
    assert workload["evidence_worse"] >= data["evidence_needed"]
    assert 0 <= workload["p_worse"] < 1e-9


def test_what_holds_for_many_workloads_is_said_once() -> None:
    names = [f"team-{number}" for number in range(5)]
    plan = PLAN.model_copy(
        update={"workloads": tuple(PLAN.workloads[0].model_copy(update={"name": name}) for name in names)}
    )

    verdict = assess(
        plan, Seen({ALARMS[0]: Alarm(ALARMS[0], OK)}, {}), stage=0, began=T0, moved=MOVED, now=MOVED
    ).verdict

    assert verdict.reason.endswith("team-0, team-1 and 3 more: the requests cannot be read: its series were not read")


def test_only_three_reasons_are_spelled_out() -> None:
    names = [f"team-{number}" for number in range(5)]
    plan = PLAN.model_copy(
        update={"workloads": tuple(PLAN.workloads[0].model_copy(update={"name": name}) for name in names)}
    )
    series = {name: Series(name, unreadable=f"{name} is not there") for name in names}
    seen = Seen({ALARMS[0]: Alarm(ALARMS[0], OK)}, series)

    verdict = assess(plan, seen, stage=0, began=T0, moved=MOVED, now=MOVED).verdict

    assert verdict.reason.endswith("team-2: the requests cannot be read: team-2 is not there; and 2 more")
