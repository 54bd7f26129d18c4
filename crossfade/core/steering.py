"""What people may ask of a running migration, and what happens when they do.

A signal is checked where it is sent, because a machine that reads it half a minute later can answer nobody. Every
refusal is one sentence that ends with what to do. What a signal then does is `migration.decide`'s business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from crossfade.core.capacity import words
from crossfade.core.duration import format_duration
from crossfade.core.fleet import kept
from crossfade.core.plan import Gate
from crossfade.core.record import Record
from crossfade.core.signals import (
    Signal,
    SignalKind,
    active_hold,
    approval_of,
    is_own_approval,
    last,
    name_of,
    short_name,
)
from crossfade.core.situation import Phase, clock, phase_of
from crossfade.errors import InvalidInputError

HOLD_DEFAULT: Final = timedelta(hours=2)
HOLD_MAX: Final = timedelta(hours=12)
"""Longer than a night on call. What has to stand still longer is better rolled back and started again."""
_GUARDIAN: Final = timedelta(minutes=1)
"""The guardian looks once a minute."""


@dataclass(frozen=True, slots=True)
class Steered:
    """
    A migration that somebody wants to steer.

    Attributes:
        record: As just read.
        signals: All that people have sent, oldest first.
        now: UTC.
    """

    record: Record
    signals: tuple[Signal, ...]
    now: datetime

    @property
    def phase(self) -> Phase:
        """How far it has come."""
        return phase_of(self.record, self.signals, self.now)

    @property
    def name(self) -> str:
        """Of the migration."""
        return self.record.migration


def signal_for(
    steered: Steered,
    kind: SignalKind,
    *,
    by: str,
    reason: str = "",
    stage: int | None = None,
    hold: timedelta | None = None,
) -> Signal:
    """
    Make the signal, if it makes sense now.

    Args:
        steered: The migration.
        kind: What is asked.
        by: ARN of the caller.
        reason: In the person's words.
        stage: For an approval: which one, counted from 0.
        hold: For a hold: for how long.

    Raises:
        InvalidInputError: It makes no sense; the message says why and what does.
    """
    sentence = _no_signal(steered) or _refusal(steered, kind, stage, hold, by)
    if sentence:
        raise InvalidInputError(sentence)
    return Signal(
        kind=kind,
        by=by,
        at=_instant(steered),
        stage=_stage(steered, stage) if kind in (SignalKind.APPROVE, SignalKind.PROMOTE) else None,
        reason=reason,
        until=steered.now + hold if hold is not None else None,
    )


def consequence(steered: Steered, signal: Signal, *, woken: bool = False) -> str:
    """
    What happens after *signal*, in sentences.

    Args:
        steered: The migration.
        signal: As it was left.
        woken: Whether the migration slept and was woken for it.
    """
    poll = _GUARDIAN if steered.record.orphaned else steered.record.plan.timing.poll
    look = "at once" if woken else f"within about {format_duration(poll)}"
    stages = steered.record.plan.stages
    when = f"{look} of its traffic being read back" if steered.phase is Phase.MOVING else look
    match signal.kind:
        case SignalKind.ABORT if steered.phase is Phase.CHECKING:
            return (
                f"It is still being checked. Stage 1 may begin first; {look} after that all traffic goes back to blue."
            )
        case SignalKind.ABORT:
            return (
                f"{when.capitalize()} traffic goes back: blue is raised first, and green is lowered once Route 53 "
                f"shows it. Users follow within 3m. {_ending(steered.record)}"
            )
        case SignalKind.HOLD:
            return _held(steered, signal)
        case SignalKind.RESUME:
            return _resumed(steered, look)
        case SignalKind.PROMOTE:
            rest = "the soak" if signal.stage == len(stages) else f"stage {(signal.stage or 0) + 1}"
            return f"{look.capitalize()}, if every alarm is OK, {rest} is over. Otherwise it is watched on as planned."
        case SignalKind.APPROVE:
            over = look if steered.phase is Phase.WAITING else "once its bake is over"
            following = (
                "the soak begins" if signal.stage == len(stages) - 1 else f"stage {(signal.stage or 0) + 2} begins"
            )
            return f"{over.capitalize()}, if every alarm is OK, {following}.{_unchecked(steered.record)}"


def _held(steered: Steered, signal: Signal) -> str:
    until = clock(signal.until) if signal.until else "-"
    if steered.record.orphaned:
        return f"Traffic stays where it is until {until}. Its execution has ended: then all goes back to blue."
    return (
        f"Traffic stays where it is until {until}; what is being written is still finished. Alarms go on "
        f"being watched: one in ALARM rolls back. After that it goes on by itself; bakes run on meanwhile."
    )


def _resumed(steered: Steered, look: str) -> str:
    if steered.record.orphaned:
        return f"Its execution has ended, so it does not go on: {look} all traffic goes back to blue."
    accepted = ", ".join(each.alarm for each in steered.record.edited)
    believed = f" {accepted}: believed again, as edited." if accepted else ""
    small = f" Accepted as enough: {words(steered.record.short)}." if steered.record.short else ""
    return f"It goes on {look}.{believed}{small}"


def _unchecked(record: Record) -> str:
    """Said where the rule of two people could not be checked."""
    if not record.plan.approver_is_another or record.started_by:
        return ""
    return " The start told no name, so nobody could check that another approved it than started it."


def _ending(record: Record) -> str:
    if kept(record):
        return f"{', '.join(kept(record))} stay on green, so it ends as PartlyRolledBack when all is read back."
    return "It ends as RolledBack when every weight is read back as it was."


def _instant(steered: Steered) -> datetime:
    """Now, but after every signal and what it answers: clocks may differ, the order of words may not."""
    latest = max((*(signal.at for signal in steered.signals), *_told(steered)), default=steered.now)
    return max(steered.now, latest + timedelta(milliseconds=1))


def _told(steered: Steered) -> list[datetime]:
    """When it noticed what a person may accept."""
    record = steered.record
    return [at for at in (*(each.noticed for each in record.edited), *(each.noticed for each in record.short)) if at]


def _stage(steered: Steered, stage: int | None) -> int:
    if stage is not None:
        return stage
    return steered.record.soak_stage if steered.phase is Phase.SOAKING else steered.record.stage


def _no_signal(steered: Steered) -> str:
    """Why no signal at all makes sense any more."""
    record, name = steered.record, steered.name
    abort = last(steered.signals, SignalKind.ABORT)
    if steered.phase is Phase.ENDED:
        return f"{name} has ended as {record.outcome}; start a new migration if traffic has to move"
    if record.plan.dry_run:
        return f"{name} is a dry run, which changes nothing and ends by itself; wait for it"
    if steered.phase is Phase.ROLLING_BACK:
        return f"{name} is already giving traffic back ({record.reason}); follow it with `crossfade watch {name}`"
    if abort:
        return f"{name} was aborted by {name_of(abort)} at {clock(abort.at)} and gives traffic back; wait for it"
    if steered.phase is Phase.COMPLETING:
        return f"{name} has all traffic on green and makes it permanent; to go back, start one the other way round"
    return ""


def _refusal(steered: Steered, kind: SignalKind, stage: int | None, hold: timedelta | None, by: str) -> str:
    match kind:
        case SignalKind.APPROVE | SignalKind.PROMOTE if steered.record.orphaned:
            return (
                f"the execution of {steered.name} has ended, so nothing goes forward any more; abort it, or wait until "
                f"its hold ends, then start a new one"
            )
        case SignalKind.APPROVE:
            return _approve_refusal(steered, stage) or _own_refusal(steered, by)
        case SignalKind.PROMOTE:
            return _promote_refusal(steered)
        case SignalKind.HOLD:
            return _hold_refusal(steered, hold)
        case SignalKind.RESUME if active_hold(steered.signals, steered.now) is None and not _told(steered):
            return (
                f"{steered.name} is not held, no alarm was edited and blue has not shrunk; there is nothing to resume"
            )
        case SignalKind.RESUME | SignalKind.ABORT:
            return ""


def _approve_refusal(steered: Steered, stage: int | None) -> str:
    stages, name = steered.record.plan.stages, steered.name
    if stage is None or not 0 <= stage < len(stages):
        number = "no number" if stage is None else f"{stage + 1}"
        return f"there is no stage {number} in {name}; it has stages 1 to {len(stages)}"
    if stages[stage].gate is not Gate.APPROVAL:
        gated = [f"{index + 1}" for index, each in enumerate(stages) if each.gate is Gate.APPROVAL]
        return f"stage {stage + 1} of {name} needs no approval; {_gated(gated)}"
    if approved := approval_of(steered.record, steered.signals, stage):
        return f"stage {stage + 1} of {name} was already approved by {name_of(approved)}; once is enough"
    if stage < steered.record.stage or steered.phase is Phase.SOAKING:
        return f"stage {stage + 1} of {name} is over; there is nothing to approve any more"
    if stage > steered.record.stage or steered.phase is Phase.MOVING:
        return f"stage {stage + 1} of {name} is not being watched yet; approve it when you have seen how green does"
    return ""


def _own_refusal(steered: Steered, by: str) -> str:
    if not is_own_approval(steered.record, by):
        return ""
    starter = short_name(steered.record.started_by)
    return f"{starter} started {steered.name}, and its plan asks for another to approve it; ask somebody else"


def _gated(gated: Sequence[str]) -> str:
    if len(gated) > 1:
        return f"only stages {', '.join(gated[:-1])} and {gated[-1]} do"
    return f"only stage {gated[0]} does" if gated else "no stage of this plan does"


def _promote_refusal(steered: Steered) -> str:
    name, record = steered.name, steered.record
    if active_hold(steered.signals, steered.now):
        return f"{name} is held; resume it first"
    if steered.phase in (Phase.CHECKING, Phase.MOVING, Phase.FOLLOWING):
        return f"{name} is not being watched yet, so nothing speaks for green; promote it once its bake has begun"
    if steered.phase is Phase.WAITING:
        return f"{name} waits for approval; use `crossfade approve {name} --stage {record.stage + 1}`"
    if promotion := last(steered.signals, SignalKind.PROMOTE, stage=_stage(steered, None)):
        return f"{name} was already promoted by {name_of(promotion)}; once is enough"
    return ""


def _hold_refusal(steered: Steered, hold: timedelta | None) -> str:
    if hold is None or hold <= timedelta():
        return f"a hold needs an end; give one such as --for {format_duration(HOLD_DEFAULT)}"
    if hold > HOLD_MAX:
        return f"a hold lasts at most {format_duration(HOLD_MAX)}; hold again before its end, or abort"
    if steered.record.orphaned:  # kept by the guardian, which has no history to fill
        return ""
    room = steered.record.patience_ends(soaking=steered.phase is Phase.SOAKING) - steered.now
    if hold > room:
        left = format_duration(room) if room > timedelta() else "no time at all"
        return f"the history of this execution has room for {left} of waiting; hold for less, or abort"
    return ""
