"""What people are told, whichever way it reaches them."""

from dataclasses import dataclass

from crossfade.core.record import Outcome


@dataclass(frozen=True, slots=True)
class Notice:
    """
    What people are told.

    Attributes:
        migration: Its name, which threads the messages of one migration together.
        title: One line, at most 100 ASCII characters.
        text: What happened and what happens next.
        outcome: None while the migration runs.
        page: Whether somebody has to act now.
        next_steps: What people can do, a command or a sentence each.
    """

    migration: str
    title: str
    text: str
    outcome: Outcome | None = None
    page: bool = False
    next_steps: tuple[str, ...] = ()
