"""A timeline in as few lines as people need; programs get the entries themselves."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from crossfade.cli.frame import Line
from crossfade.core.timeline import Event
from crossfade.names import TimelineEvent


def lines_of(events: Sequence[Event]) -> tuple[Line, ...]:
    """The timeline for people: the same write to several workloads at one moment is one line."""
    lines: list[Line] = []
    for (at, what, words), group in groupby(events, key=_sameness):
        names = ", ".join(str(event.data["workload"]) for event in group if "workload" in event.data)
        if what == TimelineEvent.WEIGHT_WRITTEN:
            lines.append(Line(at, what, f"{words}: {names}"))
        elif text := _news(at, what, words, lines):
            lines.append(Line(at, what, text))
    return tuple(lines)


def _news(at: datetime, what: str, words: str, lines: Sequence[Line]) -> str:
    """What *words* say that the lines before, or those of the same moment, do not: a reason is read once."""
    if any(words == line.text for line in lines[-2:]) or any((at, words) == (line.at, line.text) for line in lines):
        return ""
    if words.startswith("held by ") and any((at, TimelineEvent.HOLD_BEGAN) == (line.at, line.what) for line in lines):
        return ""
    if what == TimelineEvent.ROLLBACK_BEGAN and any(words.endswith(line.text) for line in lines[-1:]):
        return "the rollback begins: blue is raised first"
    if what == TimelineEvent.ENDED and any(words in line.text for line in lines):
        return "the migration has ended; the reason stands above"
    return words


def _sameness(event: Event) -> tuple[datetime, str, str]:
    is_write = event.what == TimelineEvent.WEIGHT_WRITTEN
    return event.at, event.what, event.text.partition(": ")[2] if is_write else event.text
