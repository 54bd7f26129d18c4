"""What a report says of a migration, from real records, timelines and series."""

from datetime import timedelta

import pytest

from crossfade.core.record import Outcome
from crossfade.core.traffic import Reading, SideReading
from crossfade.names import TimelineEvent
from crossfade.report import DecisionEntry, Environment, Report, Totals, build
from crossfade.report.model import MomentKind, StageResult
from tests.report.samples import (
    NAMES,
    Story,
    a_hold,
    a_plan,
    a_refusal,
    a_rollback,
    a_rollback_story,
    a_running_one,
    a_success,
    an_unconfirmed_rollback,
    seconds,
)
from tests.steps.scene import Scene


@pytest.fixture(scope="module")
def rollback() -> Report:
    return a_rollback()


@pytest.fixture(scope="module")
def success() -> Report:
    return a_success()


# --- Writes ----------------------------------------------------------------------------------------------------------


def test_every_write_says_what_was_there_before(rollback: Report) -> None:
    burnham = [(w.side, w.before, w.after) for w in rollback.writes if w.workload == "burnham"]

    assert burnham == [
        ("green", 0, 1),
        ("blue", 100, 19),
        ("blue", 19, 3),
        ("blue", 3, 100),
        ("green", 1, 0),
    ]


def test_every_write_says_under_which_epoch_it_was_made(rollback: Report) -> None:
    began = rollback.rollback_began
    assert began is not None

    assert {w.epoch for w in rollback.writes if w.at < began} == {7}
    assert {w.epoch for w in rollback.writes if w.at >= began} == {8}


def test_a_write_that_tells_its_own_before_and_epoch_is_believed() -> None:
    story = Story().start()
    data = {"workload": "burnham", "side": "blue", "weight": 19, "before": 50, "epoch": 12}
    story.note(TimelineEvent.WEIGHT_WRITTEN, "burnham: lower blue to 19", **data)

    (write,) = build(story.record(), story.events, environment=Environment.AWS).writes

    assert (write.before, write.epoch) == (50, 12)


def test_without_a_baseline_what_was_before_is_not_known() -> None:
    story = Story()
    story.note(TimelineEvent.WEIGHT_WRITTEN, "burnham: raise green", workload="burnham", side="green", weight=1)

    (write,) = build(story.record(has_baseline=False), story.events, environment=Environment.AWS).writes

    assert (write.before, write.epoch) == (None, None)


# --- Stages ----------------------------------------------------------------------------------------------------------


def test_stages_before_the_rollback_passed_and_stages_after_it_were_not_reached(rollback: Report) -> None:
    assert [stage.result for stage in rollback.stages] == [
        StageResult.PASSED,
        StageResult.PASSED,
        StageResult.ROLLED_BACK,
        StageResult.NOT_REACHED,
        StageResult.NOT_REACHED,
    ]


def test_a_stage_shows_wanted_written_and_observed_share(success: Report) -> None:
    third = success.stages[2]

    assert (third.wanted_percent, third.blue, third.green, third.written_percent) == (25, 3, 1, 25)
    assert third.observed_percent == pytest.approx(25, abs=1)


def test_a_stage_that_was_never_baked_has_no_observed_share(rollback: Report) -> None:
    assert rollback.stages[3].observed_percent is None


def test_a_stage_that_was_begun_and_neither_passed_nor_rolled_back_is_unfinished() -> None:
    assert a_hold().stages[1].result is StageResult.UNFINISHED


# --- Series ----------------------------------------------------------------------------------------------------------


def test_without_a_series_nothing_is_measured_and_nothing_invented() -> None:
    story, record = a_rollback_story()

    report = build(record, story.events, environment=Environment.AWS)

    assert report.series == ()
    assert report.totals is None
    assert {stage.observed_percent for stage in report.stages} == {None}
    assert {decision.measured for decision in report.decisions} == {None}
    assert report.moment(MomentKind.FAULT_SEEN) is None
    assert report.moment(MomentKind.LAST_USER) is None


def test_each_minute_has_the_share_of_the_last_weights_written_before_its_end(success: Report) -> None:
    moved = success.stages[2].began
    assert moved is not None
    burnham = {minute.at: minute for minute in success.series[0].minutes}
    at = moved.replace(second=0)

    assert burnham[at - timedelta(minutes=1)].written_percent == 5
    assert burnham[at].written_percent == 25


def test_a_side_that_was_not_measured_gives_no_observed_share() -> None:
    story = Story().start()
    (series, *_) = story.series(after_minutes=0)
    half = series.model_copy(update={"minutes": (series.minutes[0].model_copy(update={"green_requests": None}),)})

    report = build(story.record(), story.events, environment=Environment.AWS, series=(half,))

    assert report.series[0].minutes[0].observed_percent is None


def test_totals_are_the_sum_of_the_series(rollback: Report) -> None:
    minutes = [minute for series in rollback.series for minute in series.minutes]
    assert rollback.totals is not None

    assert rollback.totals.requests == sum((m.blue_requests or 0) + (m.green_requests or 0) for m in minutes)
    assert rollback.totals.failed == sum((m.blue_5xx or 0) + (m.green_5xx or 0) for m in minutes)


def test_totals_that_somebody_counted_come_before_the_sum_of_the_series() -> None:
    story, record = a_rollback_story()
    counted = Totals(requests=10, failed=1, source="counted by the clients")

    report = build(record, story.events, environment=Environment.AWS, series=story.series(), totals=counted)

    assert report.totals == counted


# --- Decisions -------------------------------------------------------------------------------------------------------


def test_the_timeline_tells_every_decision_once(rollback: Report) -> None:
    assert [decision.action for decision in rollback.decisions] == ["start", "advance", "advance", "roll_back"]
    assert [decision.stage for decision in rollback.decisions] == [None, 1, 2, 3]


def test_a_note_about_fencing_during_the_rollback_is_no_second_decision() -> None:
    story, _ = a_rollback_story()
    story.note(TimelineEvent.ROLLBACK_BEGAN, "not every object could be fenced: no route to host")
    report = build(story.record(), story.events, environment=Environment.AWS)

    assert [decision.action for decision in report.decisions].count("roll_back") == 1


def test_a_number_that_json_does_not_know_is_not_known() -> None:
    story = Story().start()
    story.note(TimelineEvent.STAGE_PASSED, "stage 1 passed", stage=0, odds=float("inf"), p=float("nan"))

    report = build(story.record(), story.events, environment=Environment.AWS)

    assert report.decisions[-1].evidence == {"odds": None, "p": None}
    assert Report.from_json(report.to_json()) == report


def test_the_decision_to_roll_back_is_the_one_with_the_evidence_when_there_is_one() -> None:
    story = Story().start()
    story.move(0)
    story.note(TimelineEvent.ROLLBACK_DECIDED, "burnham: green fails more than blue", stage=0, cause="worse_than_blue")
    decided = story.now
    story.now += seconds(3)
    story.roll_back("burnham: green fails more than blue")
    report = build(story.record(), story.events, environment=Environment.AWS)

    assert [(one.action, one.evidence) for one in report.decisions[1:]] == [("roll_back", {"cause": "worse_than_blue"})]
    assert report.moment(MomentKind.DECIDED) == decided


def test_evidence_is_what_was_recorded_with_the_decision_and_nothing_else(rollback: Report) -> None:
    assert set(rollback.decisions[-1].evidence) == {"alarms", "alarm_reason"}
    assert rollback.decisions[1].evidence == {}


def test_beside_each_decision_stands_what_the_series_shows_of_its_stage_up_to_then(rollback: Report) -> None:
    decision = rollback.decisions[-1]
    measured, began = decision.measured, rollback.stages[2].began
    assert measured is not None
    assert began is not None

    assert began <= measured.since < measured.until <= decision.at
    assert (measured.green_5xx or 0) > 10 * (measured.blue_5xx or 0)


def test_decisions_that_are_given_come_before_the_timeline() -> None:
    story, record = a_rollback_story()
    given = DecisionEntry(at=story.now, action="wait", reason="all alarms are OK", evidence={"alarms": {"a": "OK"}})

    report = build(record, story.events, environment=Environment.AWS, decisions=(given,))

    assert report.decisions == (given,)


# --- Clock -----------------------------------------------------------------------------------------------------------


def test_the_clock_runs_from_the_fault_to_the_last_user(rollback: Report) -> None:
    instants = [moment.at for moment in rollback.clock]

    assert None not in instants
    assert instants == sorted(instants, key=lambda at: at or rollback.started)


def test_the_fault_is_dated_by_the_first_sick_minute_of_the_stage(rollback: Report) -> None:
    seen = rollback.moment(MomentKind.FAULT_SEEN)
    burnham = {minute.at: minute for minute in rollback.series[0].minutes}
    assert seen is not None

    assert (burnham[seen].green_5xx or 0) > 100
    assert (burnham[seen - timedelta(minutes=1)].green_5xx or 0) < 10


def test_a_fault_that_was_caused_on_purpose_is_dated_by_who_caused_it() -> None:
    story, record = a_rollback_story()
    at = story.events[-1].at - timedelta(minutes=9)

    report = build(record, story.events, environment=Environment.EMBEDDED, fault_at=at)

    assert report.moment(MomentKind.FAULT_SEEN) == at


def test_users_who_still_come_at_the_end_of_the_series_are_not_declared_gone() -> None:
    story, record = a_rollback_story()

    report = build(record, story.events, environment=Environment.AWS, series=story.series(after_minutes=0))

    moment = next(moment for moment in report.clock if moment.kind is MomentKind.LAST_USER)
    assert moment.at is None
    assert "still answered requests" in moment.how


def test_an_abort_without_failures_has_no_fault_to_see() -> None:
    story = Story().start()
    story.pass_stage(0)
    story.move(1)
    story.bake(4)
    story.roll_back("aborted by lin: wrong window")
    record = story.end(Outcome.ROLLED_BACK, "aborted by lin: wrong window")

    report = build(record, story.events, environment=Environment.AWS, series=story.series())

    assert report.moment(MomentKind.FAULT_SEEN) is None
    assert report.moment(MomentKind.READ_BACK) is not None


def test_most_users_are_back_before_the_last_one(rollback: Report) -> None:
    decided, most, last = (
        rollback.moment(kind) for kind in (MomentKind.DECIDED, MomentKind.MOST_USERS, MomentKind.LAST_USER)
    )
    assert decided is not None
    assert most is not None
    assert last is not None

    assert decided < most < last


def test_a_rollback_before_green_had_a_user_has_no_users_to_bring_back() -> None:
    story = Story().start()
    story.now += seconds(70)
    story.roll_back("aborted by lin: wrong window")
    record = story.end(Outcome.ROLLED_BACK, "aborted by lin: wrong window")

    report = build(record, story.events, environment=Environment.AWS, series=story.series())

    hows = {moment.kind: moment.how for moment in report.clock}
    assert hows[MomentKind.LAST_USER] == "green answered no request in the series"
    assert hows[MomentKind.MOST_USERS] == "green answered no request in the minute before the decision"


def test_a_success_tells_when_the_last_user_left_blue(success: Report) -> None:
    left, arrived = success.moment(MomentKind.LAST_USER), success.moment(MomentKind.READ_BACK)
    assert left is not None
    assert arrived is not None

    assert left > arrived


def test_a_success_tells_when_nearly_all_users_had_left_blue(success: Report) -> None:
    most, last = success.moment(MomentKind.MOST_USERS), success.moment(MomentKind.LAST_USER)
    began = success.stages[-1].began
    assert most is not None
    assert last is not None
    assert began is not None

    assert began < most < last


@pytest.mark.parametrize("report", [a_refusal(), a_running_one(), a_hold()], ids=["refused", "running", "held"])
def test_a_migration_that_neither_arrived_nor_returned_has_no_clock(report: Report) -> None:
    assert report.clock == ()


# --- Weights read back -----------------------------------------------------------------------------------------------


def test_after_a_success_green_is_wanted_with_the_weight_that_blue_had(success: Report) -> None:
    assert {(at.wanted_blue, at.wanted_green, at.as_wanted) for at in success.readback} == {(0, 100, True)}


def test_after_a_rollback_the_baseline_is_wanted(rollback: Report) -> None:
    assert {(at.wanted_blue, at.wanted_green, at.as_wanted) for at in rollback.readback} == {(100, 0, True)}


def test_a_host_that_is_not_as_before_or_cannot_be_read_is_not_as_wanted() -> None:
    verdicts = {at.workload: at.as_wanted for at in an_unconfirmed_rollback().readback}

    assert verdicts == {name: name not in ("burnham", "geordie") for name in NAMES}


def test_a_hold_promises_no_weights() -> None:
    assert {at.as_wanted for at in a_hold().readback} == {None}


def test_a_workload_that_is_not_in_the_plan_is_shown_without_a_host() -> None:
    story = Story().start()
    strange = Reading("strange", SideReading(1, 1), SideReading(0, 0))

    report = build(story.record(), story.events, environment=Environment.AWS, readback=(strange,))

    assert report.readback[0].host == ""


# --- The product's own timeline --------------------------------------------------------------------------------------


def test_the_timeline_that_the_steps_write_makes_a_whole_report() -> None:
    scene = Scene().ready()
    scene.moved_through(2)
    scene.rolled_back()
    scene.confirm()
    timeline = scene.ledger.timeline(scene.migration)
    readings = scene.router.observe(scene.plan.workloads)

    report = build(scene.record, timeline, environment=Environment.EMBEDDED, readback=readings)

    assert report.outcome is Outcome.ROLLED_BACK
    assert [stage.moved is not None for stage in report.stages] == [True, True, False]
    assert all(at.as_wanted for at in report.readback)
    assert [(w.workload, w.side, w.after) for w in report.writes] == scene.written()
    assert {w.epoch for w in report.writes} == {1, 2}
    assert report.moment(MomentKind.READ_BACK) is not None


def test_one_workload_is_a_whole_migration_too() -> None:
    story = Story(plan=a_plan(names=("burnham",), shares=(50, 100))).start()
    story.pass_stage(0)
    story.now += seconds(1)

    report = build(story.record(), story.events, environment=Environment.AWS, series=story.series())

    assert [series.workload for series in report.series] == ["burnham"]
