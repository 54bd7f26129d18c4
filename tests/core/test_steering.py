"""What people may ask of a migration, when, and what becomes of it."""

from datetime import timedelta

import pytest

from crossfade.core.capacity import Shortfall
from crossfade.core.definition import Definition
from crossfade.core.migration import Action, decide
from crossfade.core.plan import Gate, Plan
from crossfade.core.record import Outcome, Record
from crossfade.core.signals import Signal, SignalKind
from crossfade.core.situation import Phase, situation
from crossfade.core.steering import HOLD_MAX, Steered, consequence, signal_for
from crossfade.core.verdict import Health, Verdict
from crossfade.errors import InvalidInputError
from tests.steps.scene import EXECUTION, T0, a_plan

ME = "arn:aws:sts::123456789012:assumed-role/Operator/ann"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WELL = Verdict(Health.HEALTHY, "all 2 alarms are OK")


def gated(*stages: int) -> Plan:
    plan = a_plan()
    new = [
        stage.model_copy(update={"gate": Gate.APPROVAL if index in stages else Gate.NONE})
        for index, stage in enumerate(plan.stages)
    ]
    return plan.model_copy(update={"stages": tuple(new)})


FRESH = Record(migration="tonight", execution=EXECUTION, plan=gated(1), started=T0, epoch=1)
MOVING = FRESH.with_(stage=1, stage_began=T0 + 10 * MINUTE)
FOLLOWING = MOVING.with_(bake_began=T0 + HOUR + MINUTE)
BAKING = MOVING.with_(bake_began=T0 + HOUR - MINUTE)
WAITING = MOVING.with_(bake_began=T0 + HOUR - 10 * MINUTE)
SOAKING = FRESH.with_(stage=2, bake_began=T0 + 40 * MINUTE, soak_began=T0 + HOUR - MINUTE)
COMPLETING = FRESH.with_(stage=3)
ROLLING_BACK = BAKING.with_(rollback_began=T0 + HOUR, reason="green-yelb-5xx is in ALARM")
ENDED = BAKING.with_(outcome=Outcome.ROLLED_BACK, ended=T0 + HOUR, reason="green-yelb-5xx is in ALARM")
DRY = FRESH.with_(plan=a_plan(dry_run=True))


def sent(kind: SignalKind, *, stage: int | None = None, until: timedelta | None = None) -> Signal:
    return Signal(kind=kind, by=ME, at=T0, stage=stage, reason="tests", until=T0 + until if until else None)


ABORTED = sent(SignalKind.ABORT)
HELD = sent(SignalKind.HOLD, until=2 * HOUR)
APPROVED = sent(SignalKind.APPROVE, stage=1)
PROMOTED = sent(SignalKind.PROMOTE, stage=1)


def steered(record: Record, *signals: Signal) -> Steered:
    return Steered(record, signals, T0 + HOUR)


# --- Where it is -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "phase", "doing", "following"),
    [
        pytest.param(FRESH, Phase.CHECKING, "nothing is changed yet", "stage 1 begins", id="checking"),
        pytest.param(MOVING, Phase.MOVING, "stage 2 of 3: green gets 50 %", "watched for 5m", id="moving"),
        pytest.param(FOLLOWING, Phase.FOLLOWING, "users follow", "from 2026-03-01 03:01:00 UTC", id="following"),
        pytest.param(BAKING, Phase.BAKING, "50 % are watched", "somebody approves, stage 3 begins", id="baking"),
        pytest.param(WAITING, Phase.WAITING, "wait for approval", "once approved, stage 3 begins", id="waiting"),
        pytest.param(SOAKING, Phase.SOAKING, "all traffic is on green", "the soak ends at", id="soaking"),
        pytest.param(COMPLETING, Phase.COMPLETING, "made permanent", "succeeded", id="completing"),
        pytest.param(ROLLING_BACK, Phase.ROLLING_BACK, "goes back to blue: green-yelb", "RolledBack", id="back"),
        pytest.param(ENDED, Phase.ENDED, "it has ended: RolledBack. green-yelb-5xx", "", id="ended"),
    ],
)
def test_a_situation_says_what_is_done_and_what_comes_next(
    record: Record, phase: Phase, doing: str, following: str
) -> None:
    seen = situation(record, (), T0 + HOUR)

    assert seen.phase is phase
    assert doing in seen.doing
    assert following in seen.following


def test_a_hold_and_an_abort_are_what_comes_next() -> None:
    assert "held by ann until 2026-03-01 04:00:00 UTC: tests" in situation(BAKING, (HELD,), T0 + HOUR).following
    assert "ann has aborted it" in situation(BAKING, (HELD, ABORTED), T0 + HOUR).following


def test_a_soak_that_is_over_is_being_completed() -> None:
    assert situation(SOAKING, (), T0 + 3 * HOUR).phase is Phase.COMPLETING


# --- What is refused -------------------------------------------------------------------------------------------------

APPROVE, PROMOTE, ABORT = SignalKind.APPROVE, SignalKind.PROMOTE, SignalKind.ABORT
HOLD, RESUME = SignalKind.HOLD, SignalKind.RESUME


@pytest.mark.parametrize("kind", SignalKind)
@pytest.mark.parametrize(
    ("record", "signals", "said"),
    [
        pytest.param(ENDED, (), "has ended as RolledBack; start a new migration", id="ended"),
        pytest.param(
            ROLLING_BACK, (), "is already giving traffic back (green-yelb-5xx is in ALARM)", id="rolling back"
        ),
        pytest.param(BAKING, (ABORTED,), "was aborted by ann at 2026-03-01 02:00:00 UTC", id="aborted"),
        pytest.param(COMPLETING, (), "to go back, start one the other way round", id="completing"),
        pytest.param(DRY, (), "is a dry run, which changes nothing", id="dry run"),
    ],
)
def test_when_it_is_too_late_everything_is_refused(
    kind: SignalKind, record: Record, signals: tuple[Signal, ...], said: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        signal_for(steered(record, *signals), kind, by=ME, stage=1, hold=HOUR)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("record", "signals", "stage", "said"),
    [
        pytest.param(BAKING, (), 7, "there is no stage 8 in tonight; it has stages 1 to 3", id="beyond the last"),
        pytest.param(BAKING, (), -1, "there is no stage 0", id="before the first"),
        pytest.param(BAKING, (), None, "there is no stage no number", id="none"),
        pytest.param(BAKING, (), 0, "stage 1 of tonight needs no approval; only stage 2 does", id="no gate"),
        pytest.param(BAKING, (APPROVED,), 1, "was already approved by ann; once is enough", id="twice"),
        pytest.param(FRESH, (), 1, "is not being watched yet", id="not begun"),
        pytest.param(MOVING, (), 1, "is not being watched yet", id="traffic still moves"),
        pytest.param(SOAKING, (), 1, "is over; there is nothing to approve any more", id="left"),
    ],
)
def test_an_approval_that_means_nothing_is_refused(
    record: Record, signals: tuple[Signal, ...], stage: int | None, said: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        signal_for(steered(record, *signals), APPROVE, by=ME, stage=stage)

    assert said in str(refused.value)


def test_a_plan_without_gates_needs_no_approval_anywhere() -> None:
    with pytest.raises(InvalidInputError, match="no stage of this plan does"):
        signal_for(steered(BAKING.with_(plan=a_plan())), APPROVE, by=ME, stage=1)


@pytest.mark.parametrize(
    ("record", "signals", "said"),
    [
        pytest.param(FRESH, (), "is not being watched yet", id="nothing moved"),
        pytest.param(MOVING, (), "is not being watched yet", id="traffic still moves"),
        pytest.param(FOLLOWING, (), "promote it once its bake has begun", id="users follow"),
        pytest.param(WAITING, (), "use `crossfade approve tonight --stage 2`", id="waits for approval"),
        pytest.param(BAKING, (HELD,), "is held; resume it first", id="held"),
        pytest.param(BAKING, (PROMOTED,), "was already promoted by ann", id="twice"),
    ],
)
def test_a_promotion_that_means_nothing_is_refused(record: Record, signals: tuple[Signal, ...], said: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        signal_for(steered(record, *signals), PROMOTE, by=ME)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("hold", "said"),
    [
        pytest.param(None, "a hold needs an end; give one such as --for 2h", id="no end"),
        pytest.param(timedelta(), "a hold needs an end", id="no time"),
        pytest.param(HOLD_MAX + MINUTE, "a hold lasts at most 12h", id="too long"),
    ],
)
def test_a_hold_without_a_sensible_end_is_refused(hold: timedelta | None, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        signal_for(steered(BAKING), HOLD, by=ME, hold=hold)


def test_a_hold_that_the_history_has_no_room_for_is_refused() -> None:
    ends = BAKING.patience_ends()

    with pytest.raises(InvalidInputError, match="has room for 3h of waiting; hold for less"):
        signal_for(Steered(BAKING, (), ends - 3 * HOUR), HOLD, by=ME, hold=12 * HOUR)

    with pytest.raises(InvalidInputError, match="has room for no time at all"):
        signal_for(Steered(BAKING, (), ends), HOLD, by=ME, hold=MINUTE)


def test_what_is_not_held_cannot_be_resumed() -> None:
    over = sent(HOLD, until=MINUTE)
    for signals in ((), (over,), (HELD, sent(RESUME))):
        with pytest.raises(InvalidInputError, match="is not held"):
            signal_for(steered(BAKING, *signals), RESUME, by=ME)


def test_an_edited_alarm_can_be_accepted_without_a_hold_by_a_word_that_comes_after_it_was_noticed() -> None:
    edited = Definition(alarm="green-yelb-5xx", parts={}, noticed=T0 + 2 * HOUR)  # by a clock that is ahead
    asked = steered(BAKING.with_(edited=(edited,)))

    signal = signal_for(asked, RESUME, by=ME)

    assert signal.at > T0 + 2 * HOUR
    assert "green-yelb-5xx: believed again, as edited" in consequence(asked, signal)


def test_a_blue_that_has_shrunk_can_be_accepted_without_a_hold() -> None:
    short = Shortfall(workload="yelb", had=6, has=3, noticed=T0)
    asked = steered(BAKING.with_(short=(short,)))

    said = consequence(asked, signal_for(asked, RESUME, by=ME))

    assert "Accepted as enough: yelb: blue has 3 of the 6 healthy targets that it had." in said


ORPHANED = BAKING.with_(orphaned=T0 + HOUR)


def test_a_migration_whose_execution_is_gone_goes_nowhere_but_back_and_says_so() -> None:
    asked = steered(ORPHANED, HELD)

    with pytest.raises(InvalidInputError, match="has ended, so nothing goes forward any more; abort it, or wait"):
        signal_for(asked, PROMOTE, by=ME)
    said = [consequence(asked, signal_for(asked, kind, by=ME, hold=HOUR)) for kind in (RESUME, HOLD, ABORT)]

    assert said[0] == "Its execution has ended, so it does not go on: within about 1m all traffic goes back to blue."
    assert said[1].endswith("Its execution has ended: then all goes back to blue.")
    assert said[2].startswith("Within about 1m traffic goes back")
    assert situation(ORPHANED, (HELD,), T0 + HOUR).following.endswith("after that all traffic goes back")


# --- What is sent ----------------------------------------------------------------------------------------------------


def test_an_approval_names_its_stage_its_sender_and_its_reason() -> None:
    signal = signal_for(steered(BAKING), APPROVE, by=ME, stage=1, reason="looks good")

    assert (signal.kind, signal.stage, signal.by, signal.reason) == (APPROVE, 1, ME, "looks good")


def test_a_promotion_names_the_stage_that_was_seen_so_that_it_never_counts_for_the_next() -> None:
    assert signal_for(steered(BAKING), PROMOTE, by=ME).stage == 1
    assert signal_for(steered(SOAKING), PROMOTE, by=ME).stage == SOAKING.soak_stage == 3


def test_a_hold_carries_its_end() -> None:
    assert signal_for(steered(BAKING), HOLD, by=ME, hold=2 * HOUR).until == T0 + 3 * HOUR


def test_a_word_comes_after_all_words_before_it_whatever_the_clocks_say() -> None:
    ahead = HELD.model_copy(update={"at": T0 + HOUR + 5 * MINUTE})

    signal = signal_for(steered(BAKING, ahead), RESUME, by=ME)

    assert signal.at > ahead.at


@pytest.mark.parametrize(
    ("record", "signals", "kind", "said"),
    [
        pytest.param(BAKING, (), ABORT, "Within about 30s traffic goes back: blue is raised first", id="abort"),
        pytest.param(MOVING, (), ABORT, "of its traffic being read back traffic goes back", id="abort while moving"),
        pytest.param(FRESH, (), ABORT, "Stage 1 may begin first", id="abort while checking"),
        pytest.param(BAKING, (), HOLD, "stays where it is until 2026-03-01 04:00:00 UTC", id="hold"),
        pytest.param(BAKING, (HELD,), RESUME, "It goes on within about 30s", id="resume"),
        pytest.param(BAKING, (), PROMOTE, "stage 2 is over", id="promote"),
        pytest.param(SOAKING, (), PROMOTE, "the soak is over", id="promote the soak"),
        pytest.param(BAKING, (), APPROVE, "Once its bake is over, if every alarm is OK, stage 3 begins", id="early"),
        pytest.param(WAITING, (), APPROVE, "if every alarm is OK, stage 3 begins", id="approve"),
    ],
)
def test_people_are_told_what_happens_next(
    record: Record, signals: tuple[Signal, ...], kind: SignalKind, said: str
) -> None:
    asked = steered(record, *signals)
    signal = signal_for(asked, kind, by=ME, stage=1 if kind is APPROVE else None, hold=HOUR if kind is HOLD else None)

    assert said in consequence(asked, signal)


# --- Two people ------------------------------------------------------------------------------------------------------

OTHER = "arn:aws:sts::123456789012:assumed-role/Operator/ben"
SAME_PERSON = "arn:aws:sts::123456789012:assumed-role/Admin/ann"
FOUR_EYES = WAITING.with_(plan=gated(1).model_copy(update={"approver_is_another": True}), started_by=ME)


@pytest.mark.parametrize("by", [ME, SAME_PERSON], ids=["the same role", "another role"])
def test_who_started_it_may_not_approve_it_where_another_has_to(by: str) -> None:
    with pytest.raises(InvalidInputError, match="ann started tonight, and its plan asks for another to approve it"):
        signal_for(steered(FOUR_EYES), APPROVE, by=by, stage=1)


def test_another_may_approve_it_even_after_the_starter_has_tried_past_the_command_line() -> None:
    signal = signal_for(steered(FOUR_EYES, APPROVED), APPROVE, by=OTHER, stage=1)

    assert signal.by == OTHER


def test_an_approval_of_the_starter_that_got_into_the_ledger_opens_nothing() -> None:
    approved_by_other = APPROVED.model_copy(update={"by": OTHER})

    assert decided(FOUR_EYES, APPROVED) is Action.WAIT
    assert situation(FOUR_EYES, (APPROVED,), T0 + HOUR).phase is Phase.WAITING
    assert decided(FOUR_EYES, APPROVED, approved_by_other) is Action.ADVANCE


def test_a_start_that_told_no_name_is_said_where_it_is_approved() -> None:
    unnamed = steered(FOUR_EYES.with_(started_by=""))
    signal = signal_for(unnamed, APPROVE, by=ME, stage=1)

    assert "nobody could check that another approved it" in consequence(unnamed, signal)
    assert decided(unnamed.record, APPROVED) is Action.ADVANCE


def test_words_that_are_no_arn_are_compared_as_a_whole() -> None:
    by_schedule = FOUR_EYES.with_(started_by="schedule tuesday/ann")

    assert signal_for(steered(by_schedule), APPROVE, by=ME, stage=1).by == ME


def test_an_approval_is_void_once_traffic_goes_back() -> None:
    returning = FOUR_EYES.with_(rollback_began=T0 + HOUR, reason="aborted")

    with pytest.raises(InvalidInputError, match="is already giving traffic back"):
        signal_for(steered(returning), APPROVE, by=OTHER, stage=1)


# --- What it does ----------------------------------------------------------------------------------------------------


def decided(record: Record, *signals: Signal, verdict: Verdict = WELL, after: timedelta = HOUR) -> Action:
    soaking = record.soak_began is not None
    return decide(record=record, now=T0 + after, verdict=verdict, signals=signals, soaking=soaking).action


UNGATED = BAKING.with_(plan=a_plan())


def test_a_promoted_stage_is_left_at_once() -> None:
    decision = decide(record=UNGATED, now=T0 + HOUR, verdict=WELL, signals=(PROMOTED,))

    assert decision.action is Action.ADVANCE
    assert decision.reason == f"all 2 alarms are OK; promoted by {ME}: tests"


def test_a_promoted_soak_is_left_at_once() -> None:
    assert decided(SOAKING, sent(PROMOTE, stage=3)) is Action.ADVANCE


def test_a_promotion_counts_for_its_stage_only() -> None:
    assert decided(UNGATED, sent(PROMOTE, stage=0)) is Action.WAIT
    assert decided(SOAKING, sent(PROMOTE, stage=2)) is Action.WAIT


@pytest.mark.parametrize(
    ("health", "action"), [(Health.INCONCLUSIVE, Action.WAIT), (Health.UNHEALTHY, Action.ROLL_BACK)], ids=str
)
def test_nothing_but_good_health_is_promoted(health: Health, action: Action) -> None:
    assert decided(UNGATED, PROMOTED, verdict=Verdict(health, "so it is")) is action


def test_a_promotion_does_not_replace_an_approval() -> None:
    assert decided(BAKING, PROMOTED) is Action.WAIT
    assert decided(BAKING, PROMOTED, APPROVED) is Action.ADVANCE


def test_a_promotion_does_not_end_a_hold() -> None:
    assert decided(UNGATED, PROMOTED, HELD) is Action.WAIT


def test_users_have_to_follow_before_a_promotion_counts() -> None:
    assert decided(FOLLOWING.with_(plan=a_plan()), PROMOTED) is Action.WAIT


@pytest.mark.parametrize("signals", [(), (sent(HOLD, until=48 * HOUR),)], ids=["approval", "hold"])
def test_people_may_wait_until_the_history_has_no_room_for_a_rollback(signals: tuple[Signal, ...]) -> None:
    ends = WAITING.patience_ends()

    before = decide(record=WAITING, now=ends - MINUTE, verdict=WELL, signals=signals)
    after = decide(record=WAITING, now=ends, verdict=WELL, signals=signals)

    assert timedelta(hours=10) < ends - T0 < timedelta(days=5)
    assert before.action is Action.WAIT
    assert after.action is Action.ROLL_BACK
    assert "an execution cannot wait for longer" in after.reason


def test_the_further_a_plan_has_come_the_longer_people_may_take() -> None:
    early, late = (WAITING.with_(stage=stage).patience_ends() for stage in (0, 2))

    assert early < late < SOAKING.patience_ends(soaking=True)
