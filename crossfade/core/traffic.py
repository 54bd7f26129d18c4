"""Which weight may be written next: the order of writes that can neither overshoot nor reach all-zero.

Rule 1: raise blue, raise green, lower green, lower blue; each is seen at the authority before the next.
Rule 2: only blue may be raised at once. Everything else waits until the last write had time to settle: what the
authority shows may be followed by a value from before that write.
Rule 3: nothing is lowered beside a weight that its own source may put back.
This file knows no router: it compares what was written, what the authority shows, and what is wanted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from crossfade.core.weight import Side, Split
from crossfade.errors import PermanentError


@dataclass(frozen=True, slots=True)
class Source:
    """
    What the declared weight is rendered from, where there is such a thing: what Argo CD reads.

    Attributes:
        weight: What it says, 0 to 255; None when that is absent or unreadable.
        follows: Whether what renders it agrees with the declared weight, as far as that says anything.
        note: Why it does not, for people.
        reachable: Whether it answered; if not, what it says is unknown, not absent.
    """

    weight: int | None
    follows: bool = True
    note: str = ""
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class SideReading:
    """
    The weight of one workload in one cluster, as read.

    Attributes:
        declared: The weight that the source of truth asks for (an annotation), 0 to 255; None when absent.
        authoritative: The weight that the authority answers with (Route 53); None when the record is absent
            or its record types disagree.
        epoch: The epoch of the last writer, 0 when nobody of ours ever wrote.
        note: Why a value is None, for people.
        reachable: Whether the source of truth answered; if not, what is declared is unknown, not absent.
        identifier: The set identifier of its records; empty when there is none, or nobody knows it.
        fault: Why it cannot be read however often it is asked (an Ingress was deleted, a permission is missing); then
            it is not `reachable` either. None when it was read, or when asking again may help.
        source: What the declared weight is rendered from; None where nothing renders it.
        by: Who wrote the declared weight last, and when; empty when that was us, or nobody knows.
        applied: The weight in the files from which its object was last applied; None when nobody knows.
    """

    declared: int | None
    authoritative: int | None
    epoch: int = 0
    note: str = ""
    reachable: bool = True
    identifier: str = ""
    fault: PermanentError | None = None
    source: Source | None = None
    by: str = ""
    applied: int | None = None

    @property
    def is_disputed(self) -> bool:
        """Whether what is declared may be put back, because its source says otherwise or nothing."""
        if self.source is None or self.declared is None:
            return False
        return not (self.source.reachable and self.source.follows and self.source.weight == self.declared)

    @property
    def lasting(self) -> int | None:
        """What is declared and will stay so; None when nothing is, or when its source may put another value back."""
        return None if self.is_disputed else self.declared

    @property
    def agrees(self) -> bool:
        """
        Whether the authority shows what is declared; of what is declared by nobody knows what, whether it shows.

        What cannot be read for good is not waited for.
        """
        if self.fault is not None:
            return True
        return self.authoritative == self.declared if self.reachable else self.authoritative is not None


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read for one workload: both sides, by the workload's name."""

    workload: str
    blue: SideReading
    green: SideReading

    def side(self, side: Side) -> SideReading:
        """The reading of *side*."""
        return self.blue if side is Side.BLUE else self.green

    @property
    def faults(self) -> tuple[PermanentError, ...]:
        """Why sides cannot be read, blue's first; empty when both can be, or when asking again may help."""
        return tuple(at.fault for at in (self.blue, self.green) if at.fault is not None)

    @property
    def split(self) -> Split | None:
        """What users get; None while a record is absent or both weights are 0."""
        blue, green = self.blue.authoritative, self.green.authoritative
        if blue is None or green is None or (blue == 0 and green == 0):
            return None
        return Split(blue, green)


@dataclass(frozen=True, slots=True)
class Write:
    """One weight to write on one side of one workload."""

    workload: str
    side: Side
    weight: int


def by_workload(writes: Iterable[Write]) -> dict[str, dict[Side, int]]:
    """The weights of *writes*, for who writes both sides of a workload at once."""
    wanted: dict[str, dict[Side, int]] = {}
    for write in writes:
        wanted.setdefault(write.workload, {})[write.side] = write.weight
    return wanted


@dataclass(frozen=True, slots=True)
class Step:
    """
    The next step towards a split.

    Attributes:
        writes: What to write now; empty when arrived or when waiting for the authority.
        arrived: Whether both sides show the wanted weights, declared and authoritative.
        reason: One sentence for the timeline.
        direct: What to write to the authority itself, past the source of truth; only on the way back.
        again: What is written and declared, but does not last yet: to be written once more, with no new time.
    """

    writes: tuple[Write, ...]
    arrived: bool
    reason: str
    direct: tuple[Write, ...] = ()
    again: tuple[Write, ...] = ()


_ORDER = ((Side.BLUE, "raise"), (Side.GREEN, "raise"), (Side.GREEN, "lower"), (Side.BLUE, "lower"))


def next_step(reading: Reading, target: Split, *, settled: bool) -> Step:
    """
    Choose the next write that brings *reading* towards *target*, or say what is being waited for.

    Args:
        reading: Both sides as just read.
        target: The wanted weights.
        settled: Whether the last write is old enough that the authority cannot be showing a value from
            before it; nothing but raising blue happens earlier.
    """
    move = next_move(reading, target)
    if move is None or move[2] == "lower":
        lowered = move[0] if move else None
        if astray := disputed(reading, [side for side in Side if side is not lowered]):
            return astray
    if move is None:
        return Step((), arrived=True, reason=f"{reading.workload}: {target} is read back")
    return _move(reading, *move, settled=settled)


def disputed(reading: Reading, sides: Iterable[Side] = tuple(Side)) -> Step | None:
    """What to write once more because a source may put it back; None when nothing on *sides* is disputed."""
    astray = {side: at for side in sides if (at := reading.side(side)).is_disputed}
    if not astray:
        return None
    notes = (f"{side} is written as {at.declared}, but {at.source.note}" for side, at in astray.items() if at.source)
    writes = tuple(Write(reading.workload, side, at.declared) for side, at in astray.items() if at.declared is not None)
    return Step((), arrived=False, reason=f"{reading.workload}: {'; '.join(notes)}", again=writes)


def again_if_disputed(reading: Reading, step: Step) -> Step:
    """*step*, which waits for the authority; what a source may put back meanwhile is written once more."""
    astray = disputed(reading)
    return replace(step, again=astray.again, reason=f"{step.reason}; {astray.reason}") if astray else step


def next_move(reading: Reading, target: Split) -> tuple[Side, int, str] | None:
    """The side, the weight and the word ("raise" or "lower") of the next move; None when there is none left."""
    for side, move in _ORDER:
        at, want = reading.side(side), target.weight(side)
        if _is_due(at, want, move):
            return side, want, move
    return None


def rank(reading: Reading, target: Split) -> int:
    """How far *reading* is on its way to *target*: the place of its next move in the order of moves."""
    move = next_move(reading, target)
    return len(_ORDER) if move is None else _ORDER.index((move[0], move[2]))


def may_not_wait(side: Side, move: str) -> bool:
    """Whether this is the one move that is made at once: raising blue can do no harm."""
    return (side, move) == _ORDER[0]


def _is_due(at: SideReading, want: int, move: str) -> bool:
    if move == "raise":
        if at.authoritative is None or at.authoritative < want:
            return True
        if at.declared is None:  # a controller may make it 0
            return at.reachable and at.authoritative == want
        return at.declared < want
    return at.authoritative != want or (at.reachable and at.declared != want)


def _move(reading: Reading, side: Side, want: int, move: str, *, settled: bool) -> Step:
    at, name = reading.side(side), reading.workload
    blind = at.authoritative is None and at.declared is not None and at.declared > want  # that would be a lowering
    if at.declared == want or blind:
        shown = "no weight" if at.authoritative is None else f"{at.authoritative}"
        reason = f"{name}: {side} is written as {at.declared}, the authority still shows {shown}"
        return again_if_disputed(reading, Step((), arrived=False, reason=reason))
    if not settled and not may_not_wait(side, move):
        return Step((), arrived=False, reason=f"{name}: the last write settles, then {move} {side} to {want}")
    return Step((Write(name, side, want),), arrived=False, reason=f"{name}: {move} {side} to {want}")
