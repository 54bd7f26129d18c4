"""`watch`: follow a migration to its end; the exit code says how it ended."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Final

import typer
from rich.console import Console

from crossfade.cli.account import Account, connected
from crossfade.cli.exits import Exit, exit_of
from crossfade.cli.options import DEFAULT_STACK, MigrationArgument, ProfileOption, RegionOption, StackOption
from crossfade.cli.printing import console, print_timeline
from crossfade.cli.seen import Seen, see

_GUARDED: Final = timedelta(minutes=30)
"""How long a guardian may take with a migration whose execution has ended: longer than any rollback by default."""


def command(
    migration: MigrationArgument,
    *,
    interval: Annotated[
        int, typer.Option("--interval", min=1, max=300, metavar="SECONDS", help="Between two looks.")
    ] = 5,
    profile: ProfileOption = None,
    region: RegionOption = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """
    Follow a migration to its end; the exit code says how it ended.

    0 succeeded, 3 traffic is where it was before, 4 somebody has to look. Leaving with Ctrl-C changes nothing.
    """
    with connected(profile=profile, region=region, stack=stack) as account:
        ended = follow(account, migration, console(), pause=lambda: time.sleep(interval))
    raise typer.Exit(ended)


def follow(account: Account, migration: str, out: Console, *, pause: Callable[[], object]) -> Exit:
    """
    Print what is new until *migration* has ended.

    Args:
        account: Where it runs.
        migration: Its name.
        out: Where to print.
        pause: Called between two looks.

    Raises:
        InvalidInputError: There is no such migration.
    """
    shown = 0
    with out.status("") as line:
        while True:
            seen = see(account, migration)
            timeline = account.ledger.timeline(migration)
            print_timeline(timeline[shown:], out)
            shown = len(timeline)
            if (ended := _end(seen, out)) is not None:
                return ended
            line.update(f"{seen.doing}; {seen.following}" if seen.following else seen.doing)
            pause()


def _end(seen: Seen, out: Console) -> Exit | None:
    if seen.outcome is not None:
        out.print(f"{seen.name}: {seen.outcome}. {seen.reason}", soft_wrap=True, markup=False)
        return exit_of(seen.outcome)
    if not seen.runs and (seen.ended is None or seen.now - seen.ended > _GUARDED):
        out.print(f"{seen.name}: {seen.doing}, but has not done so; look at the runbook", soft_wrap=True, markup=False)
        return Exit.NEEDS_SOMEBODY
    return None
