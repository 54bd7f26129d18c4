"""`watch`: follow a migration to its end; the exit code says how it ended."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Annotated, Final, Self

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from crossfade.cli.account import Account, connected
from crossfade.cli.exits import Exit, exit_of
from crossfade.cli.options import DEFAULT_STACK, MigrationArgument, ProfileOption, RegionOption, StackOption
from crossfade.cli.printing import console, print_timeline
from crossfade.cli.seen import Seen, see
from crossfade.cli.view import picture
from crossfade.cli.watching import frame_of
from crossfade.core.timeline import Event

GUARDED: Final = timedelta(minutes=30)
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

    0 succeeded, 3 traffic is where it was before, 4 somebody has to look, 6 some hosts are on green as the plan says.
    Leaving with Ctrl-C changes nothing; its exit code is 130.
    """
    with connected(profile=profile, region=region, stack=stack) as account:
        ended = follow(account, migration, console(), pause=lambda: time.sleep(interval))
    raise typer.Exit(ended)


def follow(
    account: Account, migration: str, out: Console, *, pause: Callable[[], object], guarded: timedelta = GUARDED
) -> Exit:
    """
    Show *migration* until it has ended: a picture on a terminal, elsewhere what is new, line by line.

    Args:
        account: Where it runs.
        migration: Its name.
        out: Where to print.
        pause: Called between two looks.
        guarded: How long a guardian may take with a migration whose execution has ended.

    Raises:
        InvalidInputError: There is no such migration.
    """
    with _Picture(out) if out.is_terminal else _Lines(out) as shown:
        while True:
            seen, timeline = see(account, migration), account.ledger.timeline(migration)
            shown.show(seen, timeline)
            if (ended := _end(seen, guarded)) is not None:
                break
            pause()
    words, code = ended
    out.print(Text(words), soft_wrap=not out.is_terminal)
    return code


class _Picture:
    """Draws the migration in place."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._live = Live(console=out, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self._live.__exit__(None, None, None)

    def show(self, seen: Seen, timeline: Sequence[Event]) -> None:
        """Draw what is known."""
        frame = frame_of(seen, timeline)
        drawn = picture(frame, height=self._out.height) if frame else Text(f"{seen.name}: {seen.doing}")
        self._live.update(drawn, refresh=True)


class _Lines:
    """Prints each entry of the timeline once."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._shown = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        pass

    def show(self, _seen: Seen, timeline: Sequence[Event]) -> None:
        """Print what is new."""
        print_timeline(timeline[self._shown :], self._out)
        self._shown = len(timeline)


def _end(seen: Seen, guarded: timedelta) -> tuple[str, Exit] | None:
    """The last sentence and the exit code; None while there is something to follow."""
    if seen.outcome is not None:
        return f"{seen.name}: {seen.outcome}. {seen.reason}", exit_of(seen.outcome)
    if not seen.runs and (seen.ended is None or seen.now - seen.ended > guarded):
        return f"{seen.name}: {seen.doing}, but has not done so; look at the runbook", Exit.NEEDS_SOMEBODY
    return None
