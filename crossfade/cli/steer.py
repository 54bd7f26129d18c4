"""`approve`, `promote`, `hold`, `resume`, `abort`: what a person tells a running migration.

A signal is left in the ledger, and the migration is woken if it sleeps; otherwise it reads it at its next look. What
makes no sense is refused here.
"""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from crossfade.cli.account import Account, connected
from crossfade.cli.completing import gated_stages
from crossfade.cli.options import (
    DEFAULT_STACK,
    MigrationArgument,
    ProfileOption,
    ReasonOption,
    RegionOption,
    StackOption,
    one_line,
)
from crossfade.cli.printing import say
from crossfade.cli.seen import see
from crossfade.core.duration import format_duration, parse_duration
from crossfade.core.signals import SignalKind, short_name
from crossfade.core.steering import HOLD_DEFAULT, HOLD_MAX, Steered, consequence, signal_for
from crossfade.core.timeline import Event
from crossfade.errors import CrossfadeError, InvalidInputError
from crossfade.names import TimelineEvent
from crossfade.steps.wake import wake

_DONE = {
    SignalKind.APPROVE: "approved",
    SignalKind.PROMOTE: "promoted",
    SignalKind.ABORT: "aborted",
    SignalKind.HOLD: "held",
    SignalKind.RESUME: "resumed",
}

_REASONED = frozenset({SignalKind.HOLD, SignalKind.ABORT})


def approve(
    migration: MigrationArgument,
    *,
    stage: Annotated[
        int,
        typer.Option(
            "--stage", metavar="N", autocompletion=gated_stages, help="The stage that you have looked at, from 1."
        ),
    ],
    reason: ReasonOption = "",
    profile: ProfileOption = None,
    region: RegionOption = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """
    Approve a stage that waits for a person.

    It is left when its bake is over and every alarm is OK.
    Only a stage that is being watched can be approved, each once. An approval never overrules an alarm.
    """
    with connected(profile=profile, region=region, stack=stack) as account:
        send(account, migration, SignalKind.APPROVE, reason=reason, stage=stage - 1)


def promote(
    migration: MigrationArgument,
    *,
    reason: ReasonOption = "",
    profile: ProfileOption = None,
    region: RegionOption = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """
    End the current bake or soak early, if green is healthy.

    Every alarm has to be OK at the next look; otherwise it is watched on as planned.
    It counts for the stage that runs now and for no other, and does not replace an approval.
    """
    with connected(profile=profile, region=region, stack=stack) as account:
        send(account, migration, SignalKind.PROMOTE, reason=reason)


def hold(
    migration: MigrationArgument,
    *,
    duration: Annotated[
        str, typer.Option("--for", metavar="DURATION", help=f"Such as 30m; at most {format_duration(HOLD_MAX)}.")
    ] = format_duration(HOLD_DEFAULT),
    reason: ReasonOption,
    profile: ProfileOption = None,
    region: RegionOption = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """
    Freeze a migration: hold = freeze, abort = roll back.

    Traffic stays where it is until the hold ends.
    Alarms go on being watched, and one in ALARM still rolls back. A hold always has an end; hold again to move it.
    """
    with connected(profile=profile, region=region, stack=stack) as account:
        send(account, migration, SignalKind.HOLD, reason=reason, hold=read_duration(duration))


def resume(
    migration: MigrationArgument,
    *,
    reason: ReasonOption = "",
    profile: ProfileOption = None,
    region: RegionOption = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """
    End a hold before its time.

    The migration goes on where it stands.
    """
    with connected(profile=profile, region=region, stack=stack) as account:
        send(account, migration, SignalKind.RESUME, reason=reason)


def abort(
    migration: MigrationArgument,
    *,
    reason: ReasonOption,
    profile: ProfileOption = None,
    region: RegionOption = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """
    Roll back: give all traffic back to blue; hold = freeze.

    It is done in good order: blue is raised first, green is lowered once that is seen, and all is read back.
    This is better than stopping the execution in the console, after which only the guardian gives traffic back.
    """
    with connected(profile=profile, region=region, stack=stack) as account:
        send(account, migration, SignalKind.ABORT, reason=reason)


def send(
    account: Account,
    migration: str,
    kind: SignalKind,
    *,
    reason: str,
    stage: int | None = None,
    hold: timedelta | None = None,
) -> None:
    """
    Leave a signal for *migration* and say what happens next.

    Raises:
        InvalidInputError: There is no such migration, or the signal makes no sense now.
    """
    words = one_line(reason)
    if kind in _REASONED and not words:
        msg = f"say in --reason why {migration} is {_DONE[kind]}; it is recorded beside your name"
        raise InvalidInputError(msg)
    seen = see(account, migration)
    if seen.outcome is not None:
        msg = f"{migration} has ended as {seen.outcome}; start a new migration if traffic has to move"
        raise InvalidInputError(msg)
    if seen.record is None:
        msg = f"{migration} has only just started; try again in a moment"
        raise InvalidInputError(msg)
    steered = Steered(seen.record, seen.signals, seen.now)
    signal = signal_for(steered, kind, by=account.caller, reason=words, stage=stage, hold=hold)
    if not seen.runs:
        msg = f"the execution of {migration} has ended ({seen.status}); wait for the guardian to give its traffic back"
        raise InvalidInputError(msg)
    account.ledger.signal(migration, signal)
    text = f"{_DONE[kind]} by {short_name(signal.by)}: {words or 'no reason given'}"
    said = Event(at=signal.at, what=TimelineEvent.SIGNALLED.value, text=text, data={"by": signal.by})
    account.ledger.append(migration, said)
    woken = _wake(account, migration, signal.at)
    say(f"{migration} is {_DONE[kind]}. {consequence(steered, signal, woken=woken)}")


def _wake(account: Account, migration: str, now: datetime) -> bool:
    """Whether it slept and looks now; if not, or if the caller may not wake it, the next look comes by itself."""
    try:
        return wake(account.ledger, account.sleepers, migration, now=now)
    except CrossfadeError:
        return False


def read_duration(text: str) -> timedelta:
    """
    Read what people type, such as 2h.

    Raises:
        InvalidInputError: It is no duration.
    """
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InvalidInputError(str(error)) from error
