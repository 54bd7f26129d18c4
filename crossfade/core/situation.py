"""Where a migration is, in words: what it does now and what comes next. It decides nothing; `migration` does.

The phases are what a person can steer by: what may be asked of a migration depends on its phase and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from crossfade.core.duration import format_duration
from crossfade.core.fleet import kept
from crossfade.core.plan import Gate
from crossfade.core.record import Outcome, Record
from crossfade.core.signals import Signal, SignalKind, active_hold, approval_of, last, name_of
from crossfade.core.waves import wave_name


class Phase(StrEnum):
    """How far a migration has come."""

    CHECKING = "checking"  # before the first write
    MOVING = "moving"  # the weights of a stage are written and read back
    FOLLOWING = "following"  # users follow; the bake has not begun
    BAKING = "baking"
    WAITING = "waiting"  # for an approval, after the bake
    SOAKING = "soaking"
    COMPLETING = "completing"  # the final weights are written and read back
    ROLLING_BACK = "rolling_back"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Situation:
    """
    What is shown of a migration at one moment.

    Attributes:
        phase: How far it has come.
        doing: What it does, a sentence without a full stop.
        following: What comes next, likewise; empty when nothing does.
    """

    phase: Phase
    doing: str
    following: str


def situation(record: Record, signals: Sequence[Signal], now: datetime) -> Situation:
    """Say where *record* is at *now* (UTC), after all that people have sent."""
    phase = phase_of(record, signals, now)
    doing, following = _words(phase, record)
    if phase in (Phase.ENDED, Phase.ROLLING_BACK):
        return Situation(phase, doing, following)
    if abort := last(signals, SignalKind.ABORT):
        return Situation(phase, doing, f"{name_of(abort)} has aborted it: at the next look it gives traffic back")
    if hold := active_hold(signals, now):
        until = f"until {clock(hold.until)}" if hold.until else "without an end"
        then = ". Its execution has ended: after that all traffic goes back" if record.orphaned else ""
        return Situation(phase, doing, f"held by {name_of(hold)} {until}: {hold.reason or 'no reason given'}{then}")
    return Situation(phase, doing, following)


def phase_of(record: Record, signals: Sequence[Signal], now: datetime) -> Phase:
    """The phase of *record* at *now* (UTC)."""
    if record.outcome is not None:
        return Phase.ENDED
    if record.rollback_began is not None:
        return Phase.ROLLING_BACK
    if record.stage < 0:
        return Phase.CHECKING
    if record.stage >= len(record.plan.stages):
        return Phase.COMPLETING
    if record.soak_began is not None:
        return Phase.SOAKING if now < record.soak_began + record.plan.soak else Phase.COMPLETING
    return _phase_of_stage(record, signals, now)


def _phase_of_stage(record: Record, signals: Sequence[Signal], now: datetime) -> Phase:
    stage = record.plan.stages[record.stage]
    if record.bake_began is None:
        return Phase.MOVING
    if now < record.bake_began:
        return Phase.FOLLOWING
    gated = stage.gate is Gate.APPROVAL and approval_of(record, signals, record.stage) is None
    return Phase.WAITING if gated and now >= record.bake_began + stage.bake else Phase.BAKING


def clock(at: datetime) -> str:
    """An instant for people, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _words(phase: Phase, record: Record) -> tuple[str, str]:
    match phase:
        case Phase.CHECKING:
            return "it is being checked; nothing is changed yet", "then stage 1 begins"
        case Phase.MOVING | Phase.FOLLOWING | Phase.BAKING | Phase.WAITING:
            return _stage_words(phase, record)
        case Phase.SOAKING:
            ends = clock(record.soak_began + record.plan.soak) if record.soak_began else "-"
            alone = f"{', '.join(record.returning)} goes back to blue alone; all other" if record.returning else "all"
            return (
                f"{alone} traffic is on green, and blue stands by",
                f"the soak ends at {ends}, then green is made permanent",
            )
        case Phase.COMPLETING:
            return "all traffic is on green, and green is made permanent", "then it has succeeded"
        case Phase.ROLLING_BACK:
            stay = f", but that of {', '.join(kept(record))}" if kept(record) else ""
            ending = Outcome.PARTLY_ROLLED_BACK if stay else Outcome.ROLLED_BACK
            words = f"traffic{stay} goes back to blue: {record.reason}"
            return words, f"then it ends as {ending}, once that is read back"
        case Phase.ENDED:
            return f"it has ended: {record.outcome}. {record.reason}", ""
        case _:
            assert_never(phase)


def _stage_words(phase: Phase, record: Record) -> tuple[str, str]:
    stage, number, total = record.plan.stages[record.stage], record.stage + 1, len(record.plan.stages)
    wave = wave_name(record.plan, record.stage)
    at = f"stage {number} of {total}{f', wave {wave}' if wave else ''}"
    gate = " and somebody approves" if stage.gate is Gate.APPROVAL else ""
    bake = f"it is watched for {format_duration(stage.bake)}"
    then = f"stage {number + 1} begins" if number < total else "the soak begins"
    if record.returning:
        return f"{at}: {', '.join(record.returning)} goes back to blue alone", "the others are watched meanwhile"
    match phase:
        case Phase.MOVING:
            return f"{at}: green gets {stage.share_percent:g} %, not read back yet", f"then {bake}"
        case Phase.FOLLOWING:
            begins = clock(record.bake_began) if record.bake_began else "-"
            return f"{at}: users follow to green's {stage.share_percent:g} %", f"from {begins} on {bake}"
        case Phase.WAITING:
            return f"{at}: green's {stage.share_percent:g} % wait for approval", f"once approved, {then}"
        case _:
            ends = clock(record.bake_began + stage.bake) if record.bake_began else "-"
            return f"{at}: green's {stage.share_percent:g} % are watched", f"at {ends}, if all is well{gate}, {then}"
