"""`report`: the evidence of one migration, as a page: the one in the bucket, or made anew from the ledger."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from crossfade.cli.account import Account, connected
from crossfade.cli.files import folder_of, write
from crossfade.cli.options import (
    DEFAULT_STACK,
    MigrationArgument,
    ProfileOption,
    RegionOption,
    StackOption,
)
from crossfade.cli.printing import say
from crossfade.cli.seen import see
from crossfade.errors import InvalidInputError
from crossfade.report import build, render
from crossfade.report.model import Environment


def command(
    migration: MigrationArgument,
    *,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Write it here; crossfade-MIGRATION.html if no file is named."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Make it anew from the ledger, without the charts of requests.")
    ] = False,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    profile: ProfileOption = None,
    region: RegionOption = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """
    Fetch the evidence report of a migration, one HTML page.

    When a migration has ended, its report is written into the bucket of the stack; this fetches it.
    One that still runs, or has no report there, is reported from the ledger as far as it has come.
    """
    path = file or Path(f"crossfade-{migration}.html")
    folder_of(path)
    with connected(profile=profile, region=region, stack=stack) as account:
        seen = see(account, migration)
        page = None if fresh else account.reports.get(migration)
        url = account.reports.url(migration) if page else ""
        html = page or _from_ledger(account, migration)
    write(path, html)
    say(f"{migration}: {seen.outcome or 'still running'}. The report is in {path}.")
    if url:
        typer.echo(f"In the console: {url}")
    if show:
        webbrowser.open(path.resolve().as_uri())


def _from_ledger(account: Account, migration: str) -> str:
    record = account.ledger.load(migration)
    if record is None:
        msg = f"{migration} was refused before it had a plan; see `crossfade status {migration}`"
        raise InvalidInputError(msg)
    timeline, signals = account.ledger.timeline(migration), account.ledger.signals(migration)
    return render(build(record, timeline, environment=Environment.AWS, signals=signals))
