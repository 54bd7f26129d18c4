"""`start`: a migration, by hand. The deployed configuration judges the input; this file only writes it."""

import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError

from crossfade.cli.account import Account, connected
from crossfade.cli.options import (
    DEFAULT_STACK,
    Output,
    OutputOption,
    PlanOption,
    ProfileOption,
    ReasonOption,
    RegionOption,
    StackOption,
    WorkloadsOption,
    asked_for,
    one_line,
)
from crossfade.cli.printing import say
from crossfade.cli.seen import Seen, see
from crossfade.core.duration import parse_duration
from crossfade.core.forms import read_instant
from crossfade.core.record import Outcome
from crossfade.errors import CrossfadeError, InvalidInputError

_NOT_STARTED: Final = frozenset({Outcome.REFUSED, Outcome.DUPLICATE})
_KIND: Final = re.compile(r"^(nothing was changed: )?(\w+Error: )?")
"""How a cause begins: what is said at the end, and the name of a class, which people do not need."""


def command(
    *,
    plan: PlanOption = None,
    workloads: WorkloadsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing, and end.")] = False,
    not_after: Annotated[
        str | None,
        typer.Option("--not-after", metavar="WHEN", help="The latest start: an instant with a zone, or 30m from now."),
    ] = None,
    reason: ReasonOption = "",
    override: Annotated[
        str,
        typer.Option(
            "--override", metavar="WORDS", help="Why it may start outside a change window, where that is allowed."
        ),
    ] = "",
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Of the migration; manual- and the time if none is given."),
    ] = None,
    wait: Annotated[
        int,
        typer.Option(
            "--wait", min=0, max=60, metavar="SECONDS", help="At most, to see whether it is refused; 0 does not."
        ),
    ] = 10,
    output: OutputOption = Output.TEXT,
    profile: ProfileOption = None,
    region: RegionOption = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """
    Start a migration from blue to green.

    It takes a plan of the deployed configuration. It runs in AWS and needs this terminal no more:
    `crossfade watch` follows it, `crossfade abort` rolls it back.
    Exit code 2 when it is refused at once: a plan that there is not, hosts that another migration moves.
    Try --dry-run first.
    """
    given = asked_for(plan, workloads)
    if dry_run:
        given["dryRun"] = True
    if words := one_line(reason):
        given["reason"] = words
    if words := one_line(override):
        given["override"] = words
    with connected(profile=profile, region=region, stack=stack) as account:
        given["startedBy"] = account.caller
        if not_after is not None:
            given["notAfter"] = read_when(not_after, account.now).isoformat()
        migration = name or f"manual-{account.now:%Y%m%d-%H%M%S}"
        execution = account.executions.start(migration, given)
        seen = accepted(account, migration, seconds=wait, pause=lambda: time.sleep(1))
    if output is Output.JSON:
        typer.echo(json.dumps({"migration": migration, "execution": execution, "input": given}, indent=2))
    else:
        say(f"{migration} has started{what(seen)}. Follow it with `crossfade watch {migration}`.")


def accepted(account: Account, migration: str, *, seconds: int, pause: Callable[[], object]) -> Seen | None:
    """
    *migration* once it has its plan and its hosts, or as it is after *seconds*; None when nobody is to look.

    Args:
        account: Where it runs.
        migration: Its name; it has just been started.
        seconds: How often to look, with a pause of a second after each time.
        pause: That pause.

    Raises:
        InvalidInputError: The machine has refused it, or another migration has its hosts.
    """
    seen = None
    for _ in range(seconds):
        try:
            seen = see(account, migration)
        except (ClientError, BotoCoreError, CrossfadeError):
            return None  # it has started all the same, and whoever may only start it need not see it
        if seen.outcome in _NOT_STARTED:
            msg = f"{migration} has not started: {_KIND.sub('', seen.reason)}; nothing was changed"
            raise InvalidInputError(msg)
        if not seen.runs or (seen.record is not None and seen.record.epoch):
            break
        pause()
    return seen


def what(seen: Seen | None) -> str:
    """What runs, as far as that is known yet."""
    if seen is None or seen.record is None:
        return ""
    plan = seen.record.plan
    count = len(plan.workloads)
    moves = plan.workloads[0].name if count == 1 else f"{count} workloads"
    return f": plan {plan.name}, {moves} from {plan.blue.name} to {plan.green.name}"


def read_when(text: str, now: datetime) -> datetime:
    """
    Read an instant with a zone, or a duration from *now* on.

    Raises:
        InvalidInputError: *text* is neither, or not in the future.
    """
    try:
        when = now + parse_duration(text)
    except ValueError:
        when = _instant(text)
    if when <= now:
        msg = f"--not-after {text} is past; give a later instant, or a duration such as 30m"
        raise InvalidInputError(msg)
    return when


def _instant(text: str) -> datetime:
    try:
        return read_instant(text)
    except ValueError as error:
        msg = f"--not-after: {error}, or a duration such as 30m"
        raise InvalidInputError(msg) from error
