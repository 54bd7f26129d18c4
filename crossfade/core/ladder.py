"""The way back, rung by rung: which weight comes next, and whether its source of truth can still bring it about.

Rule 1: the moves and their order are those of `traffic`: blue is raised first, and nothing else before it has settled.
Rule 2: a weight goes to its source of truth (rung 1) wherever that answers, else a controller would undo the rest.
Rule 3: it goes to the authority itself (rung 2) when its source of truth is silent, or has not brought it there in
time. Of green only a lowering does: nothing on the way back gives green traffic that it has not got.
Rule 4: while nobody knows what blue's source of truth asks for, green keeps a weight of 1. Blue's controller may come
back and write a 0 that was asked for before; beside a green of 0 that would be answered as 50:50. The same while the
source that blue's weight is rendered from says otherwise, or is silent.

Whether blue can serve what it is given is judged before, from its targets (`steps.roll_back`): a dead blue is never
raised in place of a green that serves.
This file knows no router and no technology.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from crossfade.core.traffic import (
    Reading,
    SideReading,
    Step,
    Write,
    again_if_disputed,
    disputed,
    may_not_wait,
    next_move,
)
from crossfade.core.weight import Side, Split
from crossfade.errors import PermanentError

RESCUE_AFTER: Final = timedelta(seconds=90)
"""How long rung 1 has to be shown: one round of ExternalDNS, 60 s by default, and half of the next."""

REVERTS_MAX: Final = 3
"""After so many somebody is called: a controller whose cluster is silent writes back what it knows, again and again.
It is fought on, since users are on blue in between; but nobody can win that from here."""

LEAST: Final = 1
"""What green keeps in doubt: beside blue's 100 it is less than one percent."""


def way_back(reading: Reading, target: Split, *, settled: bool, overdue: bool) -> Step:
    """
    Choose the next write that brings *reading* back to *target*, or say what is being waited for.

    Args:
        reading: Both sides as just read.
        target: The weights from before the first write.
        settled: Whether blue's last write is old enough that no name server answers an earlier one.
        overdue: Whether the last write should have been shown by now.
    """
    doubted, wanted = _in_doubt(reading, target)
    move = next_move(doubted, wanted)
    if move is not None:
        at = reading.side(move[0])
        if at.fault is not None and at.authoritative is None:
            return Step((), arrived=False, reason=f"{reading.workload}: nothing can be written: {at.fault}")
        return _move(doubted, *move, settled=settled, overdue=overdue)
    if astray := disputed(reading):
        return astray
    silent = [side for side in Side if not reading.side(side).reachable]
    if silent:
        why = _sentence(reading.faults) or "the cluster does not answer"
        words = f"{' and '.join(silent)} may still ask for another weight: {why}"
        return Step((), arrived=False, reason=f"{reading.workload}: {reading.split} is shown, but {words}")
    return Step((), arrived=True, reason=f"{reading.workload}: {target} is read back")


def may_be_direct(reading: Reading, write: Write) -> bool:
    """Whether *write* may go to the authority itself when its source of truth fails: anything but raising green."""
    return write.side is Side.BLUE or write.weight <= (reading.green.authoritative or 0)


def _in_doubt(reading: Reading, target: Split) -> tuple[Reading, Split]:
    """
    *target*, with a green that is not lowered to 0 while it is not known what blue's source of truth says.

    What green's own says is left as it is if it is low enough: it is not written up for the sake of a doubt.
    """
    green = reading.green
    if reading.blue.lasting is not None or target.green > 0:
        return reading, target
    want = LEAST if green.authoritative is None else min(LEAST, green.authoritative)
    if green.declared is None or green.declared > LEAST:
        return reading, Split(target.blue, want if green.declared is None else LEAST)
    return replace(reading, green=replace(green, declared=want)), Split(target.blue, want)


def _move(reading: Reading, side: Side, want: int, move: str, *, settled: bool, overdue: bool) -> Step:
    at, name = reading.side(side), reading.workload
    write, what = Write(name, side, want), f"{name}: {move} {side} to {want}"
    is_written = at.reachable and at.declared == want
    if is_written and not overdue:
        return again_if_disputed(reading, Step((), arrived=False, reason=_waiting(name, side, at)))
    if not settled and not may_not_wait(side, move):
        return Step((), arrived=False, reason=f"{name}: the last write settles, then {move} {side} to {want}")
    if at.reachable and not is_written:
        return Step((write,), arrived=False, reason=what)
    if not may_be_direct(reading, write):
        return Step((), arrived=False, reason=_waiting(name, side, at))
    silent = str(at.fault) if at.fault else "its cluster does not answer"
    why = "its annotation is not carried on in time" if at.reachable else silent
    return Step((), arrived=False, reason=f"{what} directly in Route 53: {why}", direct=(write,))


def _sentence(faults: Sequence[PermanentError]) -> str:
    return "; ".join(dict.fromkeys(str(fault) for fault in faults))


def _waiting(name: str, side: Side, at: SideReading) -> str:
    shown = "no weight" if at.authoritative is None else f"{at.authoritative}"
    declared = f"is written as {at.declared}" if at.reachable else "is written as nobody knows what"
    return f"{name}: {side} {declared}, the authority still shows {shown}"
