"""How commands print for people: with colours on a terminal, plain and never folded elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossfade.cli.lines import lines_of
from crossfade.core.timeline import Event

_PLAIN_WIDTH: Final = 200
"""Of a line in a pipe or a log, where nobody can widen a window."""


def console() -> Console:
    """Standard output as it is right now."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH, no_color=True)


def clock(at: datetime | None) -> str:
    """An instant in UTC, as a table has it."""
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def print_timeline(timeline: Sequence[Event], out: Console) -> None:
    """One line an entry; the same write to several workloads is one. A terminal folds what is long beside the clock."""
    lines = lines_of(timeline)
    if not out.is_terminal:
        for line in lines:
            out.print(Text(f"{clock(line.at)}  {line.text}"), soft_wrap=True)
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(clock(line.at), Text(line.text))
    out.print(table)


def say(sentence: str) -> None:
    """Print *sentence*: folded between words on a terminal, as it is elsewhere."""
    out = console()
    out.print(Text(sentence), soft_wrap=not out.is_terminal)


def complain(sentence: str) -> None:
    """The same, on standard error."""
    out = Console(stderr=True, highlight=False)
    out.print(Text(sentence), soft_wrap=not out.is_terminal)
