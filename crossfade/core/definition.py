"""What each alarm was told to watch when the migration began, and whether somebody has changed that since.

An alarm that is edited keeps its state, so its OK says nothing of what it watches from then on. Source:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html.
Rule: an edit, or an alarm that was made anew, counts for nothing until a person who was told of it says `resume`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from crossfade.core.model import Model

SAVED: Final = "saved"
"""The part that is the time of the last save: alone it tells of one that was made anew, or edited and back again."""
_GONE: Final = "none"


class Definition(Model):
    """
    What an alarm was told.

    Attributes:
        alarm: Its name.
        parts: What it was told, by a word for people; short values as they are, long ones as a digest.
        children: The alarms in its rule.
        noticed: When this was noticed to be another one than at the start; None for that of the start.
    """

    alarm: str
    parts: dict[str, str]
    children: tuple[str, ...] = ()
    noticed: datetime | None = None

    def is_as(self, other: "Definition") -> bool:
        """Whether both say the same, whenever that was noticed."""
        return self.parts == other.parts

    def changes_to(self, now: "Definition") -> str:
        """How *now* differs, in words."""
        told = [
            f"{name} {self.parts.get(name, _GONE)} -> {now.parts.get(name, _GONE)}"
            for name in sorted({*self.parts, *now.parts} - {SAVED})
            if self.parts.get(name) != now.parts.get(name)
        ]
        return ", ".join(told) or "made anew or saved again"


@dataclass(frozen=True, slots=True)
class Definitions:
    """
    What counts, and what was noticed to be otherwise and nobody has accepted.

    Attributes:
        known: As at the start, or as accepted since.
        edited: As they are now, where that is something else.
    """

    known: tuple[Definition, ...] = ()
    edited: tuple[Definition, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of all alarms that have to be read, those in the rules of others included."""
        return tuple(each.alarm for each in self.known)

    def seen(self, read: Iterable[Definition], *, resumed: datetime | None, now: datetime) -> "Definitions":
        """
        These, after a look.

        Args:
            read: The alarms as they are; one that is gone is not among them.
            resumed: When a person last said `resume`: what was noticed before counts from now on.
            now: UTC.
        """
        current = {each.alarm: each for each in read}
        noticed = {each.alarm: each for each in self.edited}
        known: list[Definition] = []
        edited: list[Definition] = []
        for before in self.known:
            found = current.get(before.alarm, before)
            told = noticed.get(before.alarm)
            if found.is_as(before):
                known.append(before)
            elif told is None or not told.is_as(found):
                known.append(before)
                edited.append(found.model_copy(update={"noticed": now}))
            elif resumed is not None and told.noticed is not None and resumed > told.noticed:
                known.append(found)
            else:
                known.append(before)
                edited.append(told)
        return Definitions(tuple(known), tuple(edited))

    def news_since(self, before: "Definitions") -> tuple[Definition, ...]:
        """What is edited here and was not yet in *before*."""
        return tuple(each for each in self.edited if each not in before.edited)

    def words(self, edited: Definition) -> str:
        """What was edited, in a sentence."""
        before = next(each for each in self.known if each.alarm == edited.alarm)
        return f"{edited.alarm} was edited ({before.changes_to(edited)})"

    def doubts(self, names: Sequence[str]) -> Mapping[str, str]:
        """Why those of *names* say nothing now, by name; an edit of one counts for those in whose rule it is, too."""
        edited = {each.alarm: each for each in self.edited}
        rules = {each.alarm: each.children for each in self.known}
        found: dict[str, str] = {}
        for name in names:
            told = [self.words(edited[each]) for each in (name, *rules.get(name, ())) if each in edited]
            if told:
                found[name] = f"{'; '.join(told)}: it says nothing until somebody accepts that with `crossfade resume`"
        return found
