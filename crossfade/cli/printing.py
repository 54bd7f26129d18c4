"""How commands print for people: with colours on a terminal, plain and never folded elsewhere."""

from typing import Final

from rich.console import Console

_PLAIN_WIDTH: Final = 200
"""Of a line in a pipe or a log, where nobody can widen a window."""


def console() -> Console:
    """Standard output as it is right now."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH, no_color=True)
