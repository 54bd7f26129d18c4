"""The words of a notice, the same by mail and in a chat: how it is and whether to act first, then why, then the steps.

Whoever is woken by it reads the first line, and that has to be enough. Names of error classes are left out of it; they
stand with the runbook, where they are headings.
"""

from collections.abc import Sequence
from typing import Final

from crossfade.core.notice import Notice
from crossfade.core.record import Outcome
from crossfade.core.wording import error_names, plain

_ACT: Final = "ACT NOW. "
_NOTHING_TO_DO: Final = "Nothing has to be done now."

_OPENINGS: Final = {
    Outcome.ROLLED_BACK: "All traffic is back on blue, as it was before the start, read back.",
    Outcome.PARTLY_ROLLED_BACK: "Some hosts are on green, the others back on blue, as the plan says; all read back.",
    Outcome.ROLLBACK_UNCONFIRMED: "Traffic could not be read back as before; some of it may still be on green. "
    "The guardian tries to give it back once a minute.",
    Outcome.HELD: "Traffic stays where it is; a person has to decide what is next.",
    Outcome.REFUSED: "Nothing was changed. Mend this, then start it again.",
}
"""Where users are now, by outcome; the others' own words begin with it."""

_CALM: Final = (Outcome.ROLLED_BACK, Outcome.PARTLY_ROLLED_BACK)
_UNCHANGED: Final = "nothing was changed: "
"""What the reason of a refusal begins with; the opening has said so."""


def words_of(notice: Notice) -> str:
    """The text of *notice*."""
    act = _ACT if notice.page else ""
    text = plain(notice.text.removeprefix(_UNCHANGED))
    opening = _OPENINGS.get(notice.outcome) if notice.outcome else None
    if opening is None:
        return f"{act}{text[:1].upper()}{text[1:]}"
    calm = f" {_NOTHING_TO_DO}" if notice.outcome in _CALM and not notice.page else ""
    return f"{act}{opening}{calm}\n\nWhy: {text}"


def next_steps(notice: Notice) -> Sequence[str]:
    """What can be done, a line each; the runbook last."""
    look = [f"Look: crossfade status {notice.migration}"] if notice.page and not notice.next_steps else []
    return [*look, *notice.next_steps, *_runbook(notice)]


def _runbook(notice: Notice) -> Sequence[str]:
    names = error_names(notice.text)
    if not (names or notice.page):
        return []
    section = f", {' and '.join(names)}" if names else ""
    return [f"The runbook says {'what to do' if notice.page else 'more'}: docs/runbook.md{section}"]
