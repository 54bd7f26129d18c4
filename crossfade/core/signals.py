"""What people tell a running migration, and which of it counts: approvals, promotions, holds, aborts.

Whether a signal may be sent is checked in `steering`; what it comes to is `migration`'s. This file knows no clock.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from crossfade.core.model import Model
from crossfade.core.record import Record


class SignalKind(StrEnum):
    """What a person may tell a running migration."""

    APPROVE = "approve"  # leave the gate of one stage, once
    PROMOTE = "promote"  # leave one bake, or the soak, before its time; only in good health
    ABORT = "abort"  # roll back in good order
    HOLD = "hold"  # freeze on purpose, until an expiry
    RESUME = "resume"  # end the hold


class Signal(Model):
    """
    A message from a person to a running migration.

    Attributes:
        kind: What is asked.
        by: Who asks (ARN of the caller).
        at: When.
        stage: The stage it is about, `Record.soak_stage` for the soak; None for the whole migration.
        reason: Why, in the person's words.
        until: End of a hold.
    """

    kind: SignalKind
    by: str
    at: datetime
    stage: int | None = None
    reason: str = ""
    until: datetime | None = None


def approval_of(record: Record, signals: Sequence[Signal], stage: int) -> Signal | None:
    """The first approval of *stage* that counts; where another has to approve, that of the starter does not."""
    mine = (s for s in signals if s.kind is SignalKind.APPROVE and s.stage == stage)
    return min((s for s in mine if not is_own_approval(record, s.by)), key=lambda s: s.at, default=None)


def is_own_approval(record: Record, by: str) -> bool:
    """
    Whether *by* started this migration, and its plan asks for another to approve it.

    Names are compared as AWS gives them: the whole ARN, or its last part, which stays when one person changes roles.
    A start that told no name can be compared with nobody.
    """
    if not record.plan.approver_is_another or not record.started_by:
        return False
    return by == record.started_by or short_name(by) == short_name(record.started_by)


def short_name(who: str) -> str:
    """An ARN as people know it: its last part; words stay as they are."""
    return (who.rpartition("/")[2] or who) if who.startswith("arn:") else who


def abort_asked(signals: Sequence[Signal]) -> str:
    """Who asked for a rollback and why, in a sentence; empty when nobody did."""
    abort = last(signals, SignalKind.ABORT)
    return f"aborted by {short_name(abort.by)}: {abort.reason or 'no reason given'}" if abort else ""


def resumed_at(signals: Sequence[Signal]) -> datetime | None:
    """When a person last said that it is to go on; None when nobody did."""
    resume = last(signals, SignalKind.RESUME)
    return resume.at if resume else None


def last(signals: Iterable[Signal], kind: SignalKind, *, stage: int | None = None) -> Signal | None:
    """The latest signal of *kind*, of *stage* if that is given."""
    found = (each for each in signals if each.kind is kind and stage in (None, each.stage))
    return max(found, key=lambda signal: signal.at, default=None)


def active_hold(signals: Sequence[Signal], now: datetime) -> Signal | None:
    """The hold that is in force at *now*."""
    hold, resume = last(signals, SignalKind.HOLD), last(signals, SignalKind.RESUME)
    if hold is None or (resume is not None and resume.at >= hold.at) or (hold.until is not None and now >= hold.until):
        return None
    return hold


def name_of(signal: Signal) -> str:
    """Who sent *signal*, as people know them: the last part of their ARN."""
    return short_name(signal.by)
