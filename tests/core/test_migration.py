"""The decision after a look: go on, wait, or give traffic back, and who may say so."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crossfade.core.budget import pause_after
from crossfade.core.migration import Action, Decision, decide
from crossfade.core.plan import Gate, Stage
from crossfade.core.record import Baseline, Record
from crossfade.core.signals import Signal, SignalKind, active_hold
from crossfade.core.traffic import Reading, SideReading
from crossfade.core.verdict import Alarm, AlarmState, Health, Verdict, judge
from crossfade.core.weight import Split
from tests.core.test_plan import PLAN

START = datetime(2026, 1, 13, 9, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
BAKE, SOAK, POLL, PATIENCE = 10 * MINUTE, 30 * MINUTE, 30 * SECOND, 10 * MINUTE

WELL = Verdict(Health.HEALTHY, "all 2 alarms are OK")
ILL = Verdict(Health.UNHEALTHY, "green-cart-5xx is in ALARM")
SILENT = Verdict(Health.INCONCLUSIVE, "green-cart-5xx is without data")


def stage(*, gate: Gate = Gate.NONE) -> Stage:
    return Stage(share_percent=50, blue=1, green=1, bake=BAKE, gate=gate)


GATED_PLAN = PLAN.model_copy(
    update={"stages": (stage(), stage(gate=Gate.APPROVAL), stage(gate=Gate.APPROVAL)), "soak": SOAK}
)
FRESH = Record(migration="tuesday", execution="arn:tuesday", plan=GATED_PLAN, started=START)
OPEN, GATED = (FRESH.with_(stage=number, bake_began=START) for number in (0, 1))
SOAKING = FRESH.with_(stage=2, bake_began=START - HOUR, soak_began=START)


def signal(
    kind: SignalKind, *, at: datetime = START, stage: int | None = None, until: datetime | None = None
) -> Signal:
    return Signal(kind=kind, by="ann", at=at, stage=stage, reason="she says so", until=until)


def look(record: Record, after: timedelta, verdict: Verdict, *signals: Signal, soaking: bool = False) -> Decision:
    return decide(record=record, now=START + after, verdict=verdict, signals=signals, soaking=soaking)


# --- Health and time -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "verdict", "action", "wait"),
    [
        pytest.param(0 * MINUTE, WELL, Action.WAIT, 30, id="the bake has just begun"),
        pytest.param(BAKE - 10 * SECOND, WELL, Action.WAIT, 10, id="the last wait ends with the bake"),
        pytest.param(BAKE - SECOND / 10, WELL, Action.WAIT, 1, id="never a wait of nothing"),
        pytest.param(BAKE, WELL, Action.ADVANCE, 0, id="baked and healthy"),
        pytest.param(BAKE + HOUR, WELL, Action.ADVANCE, 0, id="late and healthy"),
        pytest.param(0 * MINUTE, ILL, Action.ROLL_BACK, 0, id="ill at once"),
        pytest.param(BAKE, ILL, Action.ROLL_BACK, 0, id="ill at the end"),
        pytest.param(5 * MINUTE, SILENT, Action.WAIT, 30, id="silence during the bake"),
        pytest.param(BAKE, SILENT, Action.WAIT, 30, id="silence extends the bake"),
        pytest.param(BAKE + PATIENCE - SECOND, SILENT, Action.WAIT, 30, id="patience is not over"),
        pytest.param(BAKE + PATIENCE, SILENT, Action.ROLL_BACK, 0, id="patience is over"),
    ],
)
def test_a_stage_is_left_in_good_health_only(after: timedelta, verdict: Verdict, action: Action, wait: int) -> None:
    decision = look(OPEN, after, verdict)

    assert (decision.action, decision.wait_seconds) == (action, wait)
    assert verdict.reason in decision.reason


@pytest.mark.parametrize(
    ("after", "verdict", "action"),
    [
        (BAKE, WELL, Action.WAIT),
        (SOAK - SECOND, WELL, Action.WAIT),
        (SOAK, WELL, Action.ADVANCE),
        (SOAK, SILENT, Action.WAIT),
        (SOAK + PATIENCE, SILENT, Action.ROLL_BACK),
        (SECOND, ILL, Action.ROLL_BACK),
    ],
)
def test_the_soak_is_judged_like_a_bake_of_its_own_length(after: timedelta, verdict: Verdict, action: Action) -> None:
    assert look(SOAKING, after, verdict, soaking=True).action is action


def test_the_gate_of_the_last_stage_does_not_hold_up_the_soak() -> None:
    assert look(SOAKING, SOAK, WELL, soaking=True).action is Action.ADVANCE


def test_a_bake_that_has_not_begun_is_never_over() -> None:
    assert look(FRESH.with_(stage=0), 5 * HOUR, WELL).action is Action.WAIT


def test_a_decision_is_its_own_log_record() -> None:
    assert look(OPEN, BAKE, WELL).to_log() == {
        "action": "advance",
        "reason": "all 2 alarms are OK",
        "wait_seconds": 0,
        "next_stage": 1,
    }
    assert json.loads(json.dumps(look(OPEN, BAKE, WELL).to_log()))["action"] == "advance"


# --- People ----------------------------------------------------------------------------------------------------------

APPROVED = signal(SignalKind.APPROVE, stage=1)
ABORTED = signal(SignalKind.ABORT)


def test_a_gate_waits_for_its_approval_and_opens_with_it() -> None:
    waiting = look(GATED, BAKE, WELL)

    assert waiting.action is Action.WAIT
    assert waiting.reason == "stage 2 waits for approval"
    assert look(GATED, BAKE, WELL, APPROVED).action is Action.ADVANCE


@pytest.mark.parametrize("other", [0, 2, None])
def test_an_approval_opens_the_gate_of_its_own_stage_only(other: int | None) -> None:
    assert look(GATED, BAKE, WELL, signal(SignalKind.APPROVE, stage=other)).action is Action.WAIT
    assert look(GATED.with_(stage=2), BAKE, WELL, APPROVED).action is Action.WAIT


@pytest.mark.parametrize("kind", [SignalKind.PROMOTE, SignalKind.RESUME])
def test_nothing_but_an_approval_opens_a_gate(kind: SignalKind) -> None:
    assert look(GATED, BAKE, WELL, signal(kind, stage=1)).action is Action.WAIT


def test_an_approval_shortens_no_bake_and_outweighs_no_evidence() -> None:
    assert look(GATED, BAKE - SECOND, WELL, APPROVED).action is Action.WAIT
    assert look(GATED, BAKE, SILENT, APPROVED).action is Action.WAIT
    assert look(GATED, BAKE, ILL, APPROVED).action is Action.ROLL_BACK


@pytest.mark.parametrize("verdict", [WELL, SILENT, ILL])
def test_an_abort_wins_over_everything(verdict: Verdict) -> None:
    others = [APPROVED, signal(SignalKind.HOLD), signal(SignalKind.RESUME), signal(SignalKind.PROMOTE, stage=1)]
    decision = look(GATED, BAKE, verdict, *others, ABORTED)

    assert decision.action is Action.ROLL_BACK
    assert decision.reason == "aborted by ann: she says so"


def test_a_hold_freezes_even_a_healthy_stage_that_is_baked() -> None:
    decision = look(OPEN, BAKE, WELL, signal(SignalKind.HOLD))

    assert decision.action is Action.WAIT
    assert decision.reason == "held by ann: she says so"


def test_a_hold_does_not_keep_traffic_on_a_green_that_is_ill() -> None:
    assert look(OPEN, BAKE, ILL, signal(SignalKind.HOLD)).action is Action.ROLL_BACK


def test_a_hold_outlasts_patience() -> None:
    assert look(OPEN, BAKE + PATIENCE, SILENT, signal(SignalKind.HOLD)).action is Action.WAIT


def test_a_hold_ends_at_its_expiry_and_the_wait_with_it() -> None:
    hold = signal(SignalKind.HOLD, until=START + BAKE + 10 * SECOND)

    assert look(OPEN, BAKE, WELL, hold).wait_seconds == 10
    assert look(OPEN, BAKE + 10 * SECOND, WELL, hold).action is Action.ADVANCE


@pytest.mark.parametrize(
    ("hold_at", "resume_at", "held"),
    [
        pytest.param(1, 2, False, id="resumed"),
        pytest.param(2, 1, True, id="held again"),
        pytest.param(1, 1, False, id="resumed in the same instant"),
    ],
)
def test_the_later_of_hold_and_resume_counts(hold_at: int, resume_at: int, held: bool) -> None:  # noqa: FBT001
    signals = (
        signal(SignalKind.HOLD, at=START + hold_at * MINUTE),
        signal(SignalKind.RESUME, at=START + resume_at * MINUTE),
    )

    assert (active_hold(signals, START + BAKE) is not None) is held
    assert look(OPEN, BAKE, WELL, *signals).action is (Action.WAIT if held else Action.ADVANCE)


def test_a_new_hold_replaces_the_expiry_of_an_old_one() -> None:
    old = signal(SignalKind.HOLD, until=START + MINUTE)
    new = signal(SignalKind.HOLD, at=START + SECOND, until=START + HOUR)

    assert active_hold((new, old), START + BAKE) == new


@pytest.mark.parametrize("signals", [(), (signal(SignalKind.HOLD),)], ids=["approval", "hold"])
def test_people_may_take_their_time_until_the_history_needs_the_rest(signals: tuple[Signal, ...]) -> None:
    ends = GATED.patience_ends() - START

    assert ends > 8 * HOUR
    assert look(GATED, ends - SECOND, WELL, *signals).action is Action.WAIT
    assert look(GATED, ends, WELL, *signals).action is Action.ROLL_BACK


# --- Any evidence, any signals, any moment ---------------------------------------------------------------------------

MOMENT = st.integers(0, 4 * 3_600).map(lambda seconds: timedelta(seconds=seconds))
INSTANT = MOMENT.map(lambda after: START + after)
SIGNAL = st.builds(
    Signal,
    kind=st.sampled_from(SignalKind),
    by=st.just("ann"),
    at=INSTANT,
    stage=st.none() | st.integers(0, 3),
    until=st.none() | INSTANT,
)
SIGNALS = st.lists(SIGNAL, max_size=6).map(tuple)
STATES = st.lists(st.sampled_from(AlarmState), min_size=1, max_size=4)
SCENE = st.sampled_from([(OPEN, False), (GATED, False), (GATED.with_(stage=2), False), (SOAKING, True)])


def judged(states: list[AlarmState]) -> Verdict:
    alarms = {f"a{number}": Alarm(f"a{number}", state) for number, state in enumerate(states)}
    return judge(list(alarms), alarms)


@settings(max_examples=500)
@given(scene=SCENE, after=MOMENT, states=STATES, signals=SIGNALS)
def test_what_must_hold_for_every_decision(
    scene: tuple[Record, bool], after: timedelta, states: list[AlarmState], signals: tuple[Signal, ...]
) -> None:
    record, soaking = scene
    decision = decide(record=record, now=START + after, verdict=judged(states), signals=signals, soaking=soaking)
    kinds = {given_.kind for given_ in signals}

    assert decision.reason
    if decision.action is Action.ADVANCE:
        assert set(states) == {AlarmState.OK}, "advanced without every alarm OK"
        assert SignalKind.ABORT not in kinds, "advanced after an abort"
        assert active_hold(signals, START + after) is None, "advanced while held"
    if AlarmState.ALARM in states or SignalKind.ABORT in kinds:
        assert decision.action is Action.ROLL_BACK
    if decision.action is Action.WAIT:
        assert 1 <= decision.wait_seconds <= pause_after(after, POLL).total_seconds()
    else:
        assert decision.wait_seconds == 0


@given(scene=SCENE, after=MOMENT, signals=SIGNALS)
def test_a_stage_with_a_gate_is_never_left_without_an_approval_for_it(
    scene: tuple[Record, bool], after: timedelta, signals: tuple[Signal, ...]
) -> None:
    record, soaking = scene
    assume(not soaking and record.plan.stages[record.stage].gate is Gate.APPROVAL)
    others = tuple(s for s in signals if (s.kind, s.stage) != (SignalKind.APPROVE, record.stage))

    assert decide(record=record, now=START + after, verdict=WELL, signals=others).action is not Action.ADVANCE


@given(scene=SCENE, after=MOMENT, signals=SIGNALS)
def test_nothing_is_left_before_its_time_unless_somebody_promotes_it(
    scene: tuple[Record, bool], after: timedelta, signals: tuple[Signal, ...]
) -> None:
    record, soaking = scene
    here = record.soak_stage if soaking else record.stage
    others = tuple(s for s in signals if (s.kind, s.stage) != (SignalKind.PROMOTE, here))
    decision = decide(record=record, now=START + after, verdict=WELL, signals=others, soaking=soaking)

    assert decision.action is not Action.ADVANCE or after >= (SOAK if soaking else BAKE)


@given(scene=SCENE, after=MOMENT, states=STATES, signals=st.lists(SIGNAL, max_size=4, unique_by=lambda s: s.at))
def test_the_order_in_which_signals_are_read_does_not_matter(
    scene: tuple[Record, bool], after: timedelta, states: list[AlarmState], signals: list[Signal]
) -> None:
    record, soaking = scene
    actions = {
        decide(record=record, now=START + after, verdict=judged(states), signals=tuple(order), soaking=soaking)
        for order in (signals, signals[::-1])
    }

    assert len(actions) == 1


# --- The record ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("blue", "green", "split"),
    [
        (100, 0, Split(100, 0)),
        (100, 5, Split(100, 5)),
        (0, 100, Split(0, 100)),
        (None, 0, None),
        (100, None, None),
        (0, 0, None),
    ],
)
def test_a_baseline_is_a_split_only_when_both_weights_were_there(
    blue: int | None, green: int | None, split: Split | None
) -> None:
    assert Baseline(workload="cart", blue=blue, green=green).split == split


@pytest.mark.parametrize(("blue", "final"), [(100, 100), (255, 255), (1, 1), (0, 100), (None, 100)])
def test_green_ends_with_the_weight_that_blue_had(blue: int | None, final: int) -> None:
    before = (Baseline(workload="search", blue=7, green=0), Baseline(workload="cart", blue=blue, green=0))

    assert FRESH.with_(baseline=before).final_split("cart") == Split(0, final)


def test_a_write_settles_with_the_time_of_the_plan_after_the_authority_agrees() -> None:
    written = FRESH.with_(wrote=START)
    settle = FRESH.plan.timing.settle
    agrees = Reading("cart", blue=SideReading(100, 100), green=SideReading(1, 1))
    lags = Reading("cart", blue=SideReading(100, 100), green=SideReading(1, 0))

    shown = written.observed([agrees], START + MINUTE).observed([agrees], START + 2 * MINUTE)
    disturbed = shown.observed([agrees, lags], START + 2 * MINUTE)

    assert FRESH.settled(START)
    assert not written.settled(START + 60 * MINUTE), "the authority was never seen to agree"
    assert not shown.settled(START + MINUTE + settle - SECOND)
    assert shown.settled(START + MINUTE + settle)
    assert not disturbed.settled(START + 60 * MINUTE)


def test_a_record_survives_its_way_through_the_ledger() -> None:
    record = GATED.with_(baseline=(Baseline(workload="cart", blue=None, green=0),), wrote=START, revision=3)

    assert Record.model_validate_json(record.model_dump_json()) == record


def test_a_changed_record_is_checked_again() -> None:
    with pytest.raises(ValueError, match="stage"):
        FRESH.with_(stage="first")
    with pytest.raises(ValueError, match="extra_forbidden"):
        FRESH.with_(colour="blue")
