"""Whose green is taken out of DNS by its health check, when that is seen, and what is told of it."""

from datetime import timedelta

import pytest

from crossfade.core.record import Baseline, Record
from crossfade.core.series import Minute, Sample, Series
from crossfade.core.switch import is_seen, may_switch, still_on_green, taken_out
from crossfade.core.traffic import Reading, SideReading
from tests.core.test_checks_switch import switched
from tests.steps.scene import T0, a_plan

MINUTE = timedelta(minutes=1)
PLAN = switched(a_plan(shares=(25, 100)))


def record(**changes: object) -> Record:
    """In its first stage, with a rollback that has begun."""
    baseline = tuple(Baseline(workload=workload.name, blue=100, green=0) for workload in PLAN.workloads)
    given = {"baseline": baseline, "stage": 0, "came_from": -1, "rollback_began": T0} | changes
    return Record(migration="tonight", execution="arn", plan=PLAN, started=T0).with_(**given)


def shown(blue: int, green: int | None) -> dict[str, Reading]:
    return {"burnham": Reading("burnham", SideReading(blue, blue), SideReading(green, green))}


def test_only_who_has_a_switch_and_users_on_green_may_be_switched() -> None:
    assert may_switch(record(), ()) == ("burnham",)
    assert may_switch(record(stage=-1), ()) == ()
    assert may_switch(record(stranded=("burnham",)), ()) == ()


def test_of_some_that_go_back_alone_nobody_else_is_switched() -> None:
    assert may_switch(record(returning=("burnham",), left_out=("burnham",)), ["burnham"]) == ("burnham",)
    assert may_switch(record(), ["yelb"]) == ()


@pytest.mark.parametrize(
    ("blue", "green", "left"),
    [(100, 0, False), (100, 1, False), (100, 2, True), (3, 1, True), (0, 1, True), (100, None, True)],
)
def test_green_is_left_alone_where_the_authority_shows_next_to_nothing(
    blue: int, green: int | None, *, left: bool
) -> None:
    assert still_on_green(["burnham"], shown(blue, green), record()) == (("burnham",) if left else ())


def test_where_nobody_knows_what_is_shown_green_may_have_users() -> None:
    assert still_on_green(["burnham"], {}, record()) == ("burnham",)


def series(green: int, *, at: int = 3) -> Series:
    """1,000 requests in the minute that began *at* minutes after the flip."""
    return Series("burnham", (Minute(T0 + at * MINUTE, Sample(1000 - green), Sample(green)),))


NOW = T0 + 7 * MINUTE
FLIPPED = {"switched": ("burnham",), "switched_since": T0 + MINUTE}


def test_green_is_seen_to_be_out_when_it_has_a_tenth_of_its_written_share() -> None:
    assert is_seen(series(25), record(**FLIPPED), NOW) == (
        "burnham: green had 25 of 1,000 requests in the minute 02:03 UTC"
    )
    assert not is_seen(series(26), record(**FLIPPED), NOW)


def test_with_all_users_on_green_the_stage_before_says_what_is_little() -> None:
    last = record(stage=1, came_from=0, **FLIPPED)

    assert is_seen(series(25), last, NOW)
    assert not is_seen(series(90), last, NOW), "the last stage may never have arrived"


@pytest.mark.parametrize(
    "found",
    [
        series(0, at=0),  # it began before the flip
        series(0, at=5),  # green's numbers may only be late
        Series("burnham", (Minute(T0 + 3 * MINUTE, Sample(), Sample()),)),
        Series("burnham"),
    ],
)
def test_no_number_is_no_sight(found: Series) -> None:
    assert is_seen(found, record(**FLIPPED), NOW) == ""


def test_nothing_is_seen_before_the_flip() -> None:
    assert is_seen(series(0), record(), NOW) == ""


def test_what_is_told_says_what_users_get_and_what_the_records_say() -> None:
    told = taken_out(record(**FLIPPED))

    assert "burnham: the health check on green's record takes users to blue since 02:01 UTC" in told
    assert "the records still say otherwise; the guardian goes on repairing them" in told
    assert "not seen in green's requests yet" in told
    assert taken_out(record(**FLIPPED, switch_seen=NOW)).endswith("seen at 02:07 UTC")
    assert taken_out(record(**FLIPPED, switch_seen=NOW), ["green had 1 of 9"]).endswith("seen: green had 1 of 9")


def test_what_is_not_flipped_yet_is_not_told_as_flipped() -> None:
    assert taken_out(record()) == ""
    assert taken_out(record(switched=("burnham",))) == "burnham: the switch is not flipped yet"
