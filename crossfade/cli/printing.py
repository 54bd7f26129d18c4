"""How commands print for people: with colours on a terminal, plain and never folded elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.console import Console
from rich.text import Text

from crossfade.ports import Event

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
    """One line an entry."""
    for event in timeline:
        out.print(Text.assemble((clock(event.at), "dim"), f"  {event.text}"), soft_wrap=True)
