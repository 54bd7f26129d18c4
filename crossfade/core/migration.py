"""Every decision of a migration about going on, waiting or giving traffic back.

Rule 1: whatever decides where traffic goes next lives in this file and in `traffic`.
Rule 2: this file knows no AWS, no Kubernetes and no clock; time and evidence come in.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from crossfade.core.budget import pause_after
from crossfade.core.capacity import words
from crossfade.core.plan import Gate
from crossfade.core.record import Record
from crossfade.core.signals import Signal, SignalKind, abort_asked, active_hold, approval_of, last, short_name
from crossfade.core.verdict import Cause, Health, Verdict
from crossfade.core.waves import next_stage


class Action(StrEnum):
    """What the state machine does next; the values stand in its Choice rules."""

    WAIT = "wait"
    ADVANCE = "advance"
    ROLL_BACK = "roll_back"
    GIVE_BACK = "give_back"  # some workloads, while the others go on


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What to do next, and why.

    Attributes:
        action: What the state machine does.
        reason: One sentence, for the timeline and the log.
        wait_seconds: How long to wait before looking again; 0 unless *action* is WAIT.
        next_stage: With ADVANCE: the stage that comes next; one past the last for the soak.
        judged: With ROLL_BACK: whether the evidence asks for it, not a person and not the clock.
        left_out: Workloads that move no more, if the decision is about some of them.
    """

    action: Action
    reason: str
    wait_seconds: int = 0
    next_stage: int = 0
    judged: bool = False
    left_out: tuple[str, ...] = ()

    def to_log(self) -> dict[str, object]:
        """The log record of this decision, which is the answer to the machine as well; whom it concerns is recorded."""
        return {key: value for key, value in asdict(self).items() if key not in ("judged", "left_out")}


def decide(  # noqa: PLR0911 - one return a rule, in their order of precedence
    *,
    record: Record,
    now: datetime,
    verdict: Verdict,
    signals: tuple[Signal, ...] = (),
    soaking: bool = False,
) -> Decision:
    """
    Decide, while a stage bakes or the soak runs, whether to wait, go on or roll back.

    Args:
        record: The migration, with the bake (or soak) already begun.
        now: UTC.
        verdict: What the evidence says right now.
        signals: All that people have sent.
        soaking: Whether this is the soak after the last stage.
    """
    if aborted := abort_asked(signals):
        return Decision(Action.ROLL_BACK, aborted)
    if verdict.health is Health.UNHEALTHY:
        return Decision(Action.ROLL_BACK, verdict.reason, judged=True)
    if hold := active_hold(signals, now):
        left = hold.until - now if hold.until else None
        return _wait_for_people(
            record, f"held by {short_name(hold.by)}: {hold.reason}", now=now, left=left, soaking=soaking
        )
    if verdict.cause is Cause.COMMON_CAUSE and _is_at_an_end(record, now):
        return Decision(Action.ROLL_BACK, f"it did not get better in time: {verdict.reason}", judged=True)
    began = record.soak_began if soaking else record.bake_began
    over = (began or now) + (record.plan.soak if soaking else record.plan.stages[record.stage].bake)
    if now >= over:
        return _leave(record, verdict, signals, now=now, over=over, soaking=soaking)
    promotion = _promotion(record, signals, soaking=soaking)
    if promotion and began is not None and now >= began and verdict.health is Health.HEALTHY:
        early = Verdict(
            verdict.health, f"{verdict.reason}; promoted by {promotion.by}: {promotion.reason or 'no reason given'}"
        )
        return _leave(record, early, signals, now=now, over=over, soaking=soaking)
    return _wait(record, verdict.reason, over - now, now=now, soaking=soaking)


def _is_at_an_end(record: Record, now: datetime) -> bool:
    """Whether the plan's patience with a common cause is over."""
    began = record.cause_since if record.cause is Cause.COMMON_CAUSE else None
    return began is not None and now - began >= record.plan.timing.patience


def _leave(
    record: Record, verdict: Verdict, signals: tuple[Signal, ...], *, now: datetime, over: datetime, soaking: bool
) -> Decision:
    match verdict.health:
        case Health.INCONCLUSIVE if now - over >= record.plan.timing.patience:
            return Decision(Action.ROLL_BACK, f"no good evidence in time: {verdict.reason}", judged=True)
        case Health.INCONCLUSIVE:
            return _wait(record, f"the bake is extended: {verdict.reason}", now=now, soaking=soaking)
        case Health.HEALTHY if _needs_approval(record, signals, soaking=soaking):
            return _wait_for_people(record, f"stage {record.stage + 1} waits for approval", now=now, soaking=soaking)
        case Health.HEALTHY:
            following = next_stage(record.plan, record.stage, record.left_out)
            return Decision(Action.ADVANCE, verdict.reason, next_stage=following)
        case Health.UNHEALTHY:
            return Decision(Action.ROLL_BACK, verdict.reason, judged=True)
        case _:
            assert_never(verdict.health)


def held_back(record: Record, decision: Decision, *, now: datetime, soaking: bool = False) -> Decision:
    """
    *decision*, but no further stage is begun while blue has no room to take back what it gave away.

    To make green permanent takes nothing more from blue, and nobody who rolls back asks how large blue is: a small
    blue is better than a bad green.
    """
    if decision.action is not Action.ADVANCE or decision.next_stage >= len(record.plan.stages) or not record.short:
        return decision
    reason = f"the next stage waits for blue to be scaled up: {words(record.short)}"
    return _wait_for_people(record, reason, now=now, soaking=soaking)


def _needs_approval(record: Record, signals: tuple[Signal, ...], *, soaking: bool) -> bool:
    if soaking or record.plan.stages[record.stage].gate is Gate.NONE:
        return False
    return approval_of(record, signals, record.stage) is None


def _promotion(record: Record, signals: tuple[Signal, ...], *, soaking: bool) -> Signal | None:
    stage = record.soak_stage if soaking else record.stage
    return last(signals, SignalKind.PROMOTE, stage=stage)


def _wait_for_people(
    record: Record, reason: str, *, now: datetime, left: timedelta | None = None, soaking: bool
) -> Decision:
    if now >= record.patience_ends(soaking=soaking):
        return Decision(Action.ROLL_BACK, f"{reason}, and an execution cannot wait for longer")
    return _wait(record, reason, left, now=now, soaking=soaking)


def _wait(record: Record, reason: str, left: timedelta | None = None, *, now: datetime, soaking: bool) -> Decision:
    began = (record.soak_began if soaking else record.bake_began) or now
    pause = pause_after(now - began, record.plan.timing.poll)
    wait = min(pause, left) if left is not None else pause
    return Decision(Action.WAIT, reason, wait_seconds=max(1, round(wait.total_seconds())))
