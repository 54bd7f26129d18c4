"""Whether blue has room for what it gave away: its healthy targets against those that it had at the start.

An autoscaler takes pods away as their traffic leaves, and a rollback brings all of it back within minutes.
Two counts are kept apart, because nobody promises that they agree: what Elastic Load Balancing lists, and what
CloudWatch counts (of a load balancer without cross-zone balancing that may be the targets of one zone).
A blue without any target is dead, which is another matter: see `traffic` and `evidence.is_blue_dead`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from crossfade.core.model import Model

_KEEP: Final = (2, 3)
"""Of its healthy targets blue is to keep two thirds. Then each gets one and a half times its load in a rollback, which
one that ran at two thirds of what it can do still bears. A rolling update takes away a quarter at most (the default of
a Deployment's maxUnavailable), so it is not mistaken for shrinking."""


class Capacity(Model):
    """
    How many healthy targets blue had for one workload; None for not known.

    Attributes:
        workload: Its name.
        listed: By Elastic Load Balancing, in the preflight.
        counted: By CloudWatch, when it was first looked at.
    """

    workload: str
    listed: int | None = None
    counted: int | None = None


class Shortfall(Model):
    """
    That blue has too few.

    Attributes:
        workload: Its name.
        had: At the start, or as accepted since.
        has: When it was noticed.
        noticed: When that was.
    """

    workload: str
    had: int
    has: int
    noticed: datetime


@dataclass(frozen=True, slots=True)
class Room:
    """
    What blue had, and what it lacks.

    Attributes:
        known: By workload.
        short: Where it has too few.
    """

    known: tuple[Capacity, ...] = ()
    short: tuple[Shortfall, ...] = ()

    def seen(self, counted: Mapping[str, int], *, resumed: datetime | None, now: datetime) -> "Room":
        """
        This, after a look.

        Args:
            counted: Healthy targets that CloudWatch counts now, by workload, as far as they are known.
            resumed: When a person last said `resume`: what was noticed before is enough from now on.
            now: UTC.
        """
        known: list[Capacity] = []
        short: list[Shortfall] = []
        noticed = {each.workload: each for each in self.short}
        for before in self.known:
            has = counted.get(before.workload) or None  # one that is dead is not looked at here
            told, had = noticed.get(before.workload), before.counted
            if has is None or had is None:
                known.append(before if has is None else before.model_copy(update={"counted": has}))
                short += [told] if told else []
            elif not is_short(had, has):
                known.append(before)
            elif told is not None and has >= told.has and resumed is not None and resumed > told.noticed:
                listed = None if before.listed is None else before.listed * has // had
                known.append(before.model_copy(update={"counted": has, "listed": listed}))
            else:
                known.append(before)
                news = Shortfall(workload=before.workload, had=had, has=has, noticed=now)
                short.append(told if told is not None and has >= told.has else news)
        return Room(tuple(known), tuple(short))

    def short_of(self, listed: Mapping[str, int], *, now: datetime) -> tuple[Shortfall, ...]:
        """Where too few are listed now, by workload as far as it is known."""
        pairs = ((each.workload, each.listed, listed.get(each.workload)) for each in self.known)
        return tuple(
            Shortfall(workload=name, had=had, has=has, noticed=now)
            for name, had, has in pairs
            if had is not None and has is not None and is_short(had, has)
        )

    def news_since(self, before: "Room") -> tuple[Shortfall, ...]:
        """What is short here and was not, or not as much, in *before*."""
        return tuple(each for each in self.short if each not in before.short)


def is_short(had: int, has: int) -> bool:
    """Whether *has* healthy targets are too few where *had* were; none at all is not short, but dead."""
    keep, of = _KEEP
    return has > 0 and has * of < had * keep


def needed(had: int) -> int:
    """How many are enough where *had* were."""
    keep, of = _KEEP
    return -(-had * keep // of)


def words(short: Iterable[Shortfall]) -> str:
    """Where blue has too few, in a sentence."""
    return "; ".join(
        f"{each.workload}: blue has {each.has} of the {each.had} healthy targets that it had" for each in short
    )


def request(short: Sequence[Shortfall]) -> str:
    """What people are to do about it."""
    wanted = ", ".join(f"{each.workload} to {needed(each.had)}" for each in short)
    return f"scale blue up before the migration goes on: {wanted} healthy targets or more"
