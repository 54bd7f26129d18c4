"""`status` and `history`: what runs, and what has run, read from the ledger and from Step Functions."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossfade.cli.account import Account, connected
from crossfade.cli.completing import migrations
from crossfade.cli.options import DEFAULT_STACK, Output, OutputOption, ProfileOption, RegionOption, StackOption
from crossfade.cli.printing import clock, console, print_timeline, say
from crossfade.cli.seen import Seen, see, see_listed
from crossfade.core.declaration import declarations, told
from crossfade.core.duration import format_duration
from crossfade.core.reckoning import reckoning
from crossfade.core.record import Outcome, Record
from crossfade.core.signals import short_name
from crossfade.core.timeline import Event

_WITH_REASONS: Final = 130
"""Columns of a terminal that has room for why migrations ended as they did."""

OptionalMigration = Annotated[
    str | None,
    typer.Argument(metavar="MIGRATION", autocompletion=migrations, help="Its name; without one, all of them."),
]


def status(
    migration: OptionalMigration = None,
    *,
    output: OutputOption = Output.TEXT,
    profile: ProfileOption = None,
    region: RegionOption = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """
    Show what runs, what it does and what comes next.

    With a name, one migration and its timeline. A migration that somebody still has to look at is listed, too,
    until its hosts are given back.
    """
    with connected(profile=profile, region=region, stack=stack) as account:
        if migration is None:
            _show_all(list(_open(account)), output)
        else:
            _show_one(see(account, migration), account.ledger.timeline(migration), output)


def history(
    migration: OptionalMigration = None,
    *,
    most: Annotated[int, typer.Option("--most", min=1, max=1000, metavar="N", help="At most so many.")] = 20,
    output: OutputOption = Output.TEXT,
    profile: ProfileOption = None,
    region: RegionOption = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """
    Show past migrations and how they ended, or one's timeline.

    The latest comes first. Step Functions forgets an execution after 90 days; the ledger keeps a timeline longer.
    """
    with connected(profile=profile, region=region, stack=stack) as account:
        if migration is None:
            _show_past([see_listed(account, execution) for execution in account.executions.recent(most)], output)
        else:
            see(account, migration)
            _show_timeline(account.ledger.timeline(migration), output)


def _open(account: Account) -> Iterator[Seen]:
    """All that run, and all that hold hosts although they do not."""
    running = account.executions.running()
    yield from (see_listed(account, execution) for execution in running)
    names = {execution.name for execution in running}
    yield from (see(account, name) for name in account.ledger.leased() if name not in names)


def _show_all(seen: Sequence[Seen], output: Output) -> None:
    if output is Output.JSON:
        typer.echo(json.dumps([each.to_json() for each in seen], indent=2))
    elif not seen:
        say("No migration is running. `crossfade history` lists those before.")
    else:
        table = _table("migration", "started", "does", "then")
        for each in seen:
            table.add_row(*map(Text, (each.name, clock(each.started), each.doing, each.following)))
        console().print(table)


def _show_one(seen: Seen, timeline: Sequence[Event], output: Output) -> None:
    if output is Output.JSON:
        declare = [asdict(each) for each in declarations(seen.record)] if seen.record and seen.record.outcome else []
        typer.echo(json.dumps(seen.to_json() | {"declare": declare, "timeline": _entries(timeline)}, indent=2))
        return
    out = console()
    out.print(Text.assemble((seen.name, "bold"), f": {seen.doing}"))
    if seen.following:
        out.print(Text(f"next: {seen.following}"))
    out.print(Text(f"started by: {_start(seen)}"))
    if seen.record and (words := reckoning(seen.record).words):
        out.print(Text(words))
    if seen.record and seen.record.residual:
        out.print(Text(seen.record.residual.words))
    if seen.record and seen.record.baseline:
        _show_weights(seen.record, out)
    out.print()
    print_timeline(timeline, out)
    if seen.record and seen.record.outcome and (words := told(declarations(seen.record))):
        out.print(Text(f"\n{words}"), soft_wrap=True)


def _start(seen: Seen) -> str:
    """Who started it, and why, as far as anybody said."""
    by = short_name(seen.record.started_by) if seen.record else ""
    purpose = seen.record.purpose if seen.record else ""
    return (by or "not said") + (f", for: {purpose}" if purpose else "")


def _show_weights(record: Record, out: Console) -> None:
    """Those from before, and while it runs those of its stage; how it ended stands in words."""
    runs = record.outcome is None
    table = _table("host", "before", *(["this stage's weights"] if runs else []))
    stage = min(max(record.stage, 0), len(record.plan.stages) - 1)
    for workload in record.plan.workloads:
        before = record.baseline_of(workload.name)
        at = [f"{record.target(workload.name, stage)}"] if runs else []
        table.add_row(workload.host, f"blue {before.blue} : green {before.green}", *at)
    out.print()
    out.print(table)


def _show_past(seen: Sequence[Seen], output: Output) -> None:
    if output is Output.JSON:
        typer.echo(json.dumps([each.to_json() for each in seen], indent=2))
    elif not seen:
        say("There has been no migration yet. `crossfade start --dry-run` rehearses one.")
    else:
        out = console()
        headings = ("started", "by", "migration", "plan", "ended as", "took", "why")
        shown = len(headings) if out.width >= _WITH_REASONS else -1
        table = _table(*headings[:shown])
        for each in seen:
            table.add_row(*map(Text, _past(each)[:shown]))
        out.print(table)
        if shown < 0:
            out.print("`crossfade status MIGRATION` says why one ended as it did.", style="dim")


def _past(seen: Seen) -> tuple[str, ...]:
    plan = seen.record.plan.name if seen.record else "-"
    took = format_duration(seen.ended - seen.started) if seen.started and seen.ended else "-"
    why = "" if seen.outcome in (Outcome.SUCCEEDED, Outcome.DRY_RUN) else seen.reason.partition("\n")[0]
    by = short_name(seen.record.started_by) if seen.record else ""
    return clock(seen.started), by or "-", seen.name, plan, seen.outcome or seen.status.lower(), took, why


def _show_timeline(timeline: Sequence[Event], output: Output) -> None:
    if output is Output.JSON:
        typer.echo(json.dumps(_entries(timeline), indent=2))
    else:
        print_timeline(timeline, console())


def _entries(timeline: Sequence[Event]) -> list[dict[str, Any]]:
    return [
        {"at": event.at.isoformat(), "event": event.what, "text": event.text, "data": dict(event.data)}
        for event in timeline
    ]


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
