"""Give back: one step towards the weights from before, down a ladder of which no two rungs depend on the same.

Rung 1 is the workload's own router, rung 2 is Route 53 itself. A cluster that is silent, refuses a write or does not
carry it on costs a rung, never the other workloads or the other side. What comes next is `core.ladder`'s to say;
`hands` writes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from crossfade.core.fleet import kept, rest
from crossfade.core.ladder import REVERTS_MAX, way_back
from crossfade.core.record import Record
from crossfade.core.shared import in_step, sharing
from crossfade.core.traffic import Reading, Step, Write
from crossfade.core.weight import Side, Split
from crossfade.core.workload import Router
from crossfade.errors import (
    CrossfadeError,
    PermanentError,
    TemporaryError,
    WeightsRevertedError,
)
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, TrafficRouter
from crossfade.steps.common import note, observed, outstanding
from crossfade.steps.hands import Hands
from crossfade.steps.tasks import Progress


def give_back(
    ledger: Ledger,
    router: TrafficRouter,
    rescue: TrafficRouter,
    record: Record,
    *,
    now: datetime,
    only: Sequence[str] = (),
) -> Progress:
    """
    Make the next safe write on the way back of *record*, whose rollback has begun: towards the baseline, and for
    workloads that stay on green towards their final weights.

    Args:
        only: Names of the workloads that are given back while the others go on; all but the stranded if there are none.

    What is wrong with one workload for good never keeps the others waiting: it is raised when it is all that is left.

    Raises:
        TemporaryError: Ask again; some writes may have been made.
        PermanentError: What is not back yet can neither be read nor written, however often it is asked.
    """
    readings = _look(router, rescue, record)
    record = observed(ledger, record, readings, now)
    _name_hands(ledger, record, readings, now)
    targets = _targets(record, only)
    steps = _steps(record, readings, targets, settled=record.settled(now, returning=True), late=record.overdue(now))
    hands = Hands(ledger, router, rescue, record, now)
    failure = hands.write(readings, tuple(steps.values()))
    fence = _fence(router, record, readings)
    _raise_reverted(record, hands.again, hands.reverted)
    _raise_hopeless(steps, {**_lost(readings, steps), **hands.refused})
    waiting = [outstanding(tuple(steps.values())), failure, fence, _unsettled(record, now)]
    poll = round(record.plan.timing.poll.total_seconds())
    if reason := "; ".join(words for words in waiting if words):
        return Progress(arrived=False, reason=reason, wait_seconds=poll)
    staying = () if only else (*kept(record), *(name for name in record.stranded if name not in kept(record)))
    text = _returned(only, staying)
    if len(staying) == len(record.baseline):
        return Progress(arrived=True, reason=f"nothing is given back{_on_green(staying)}", wait_seconds=0)
    note(ledger, record, now, TimelineEvent.TRAFFIC_RETURNED, text)
    return Progress(arrived=True, reason=text, wait_seconds=0)


def _unsettled(record: Record, now: datetime) -> str:
    """What is waited for before a switch is put back: that no name server answers with an older weight of green."""
    if not record.switched or record.settled(now):
        return ""
    return f"{', '.join(record.switched)}: the records settle, then the switch is put back"


def _returned(only: Sequence[str], staying: Sequence[str]) -> str:
    names = ", ".join(only) or ("all else" if staying else "every weight")
    was = "are read back as they were" if len(only) > 1 else "is read back as it was"
    return f"{names} {was} before the start{_on_green(staying)}"


def _on_green(staying: Sequence[str]) -> str:
    return f"; {', '.join(staying)} {'stay' if len(staying) > 1 else 'stays'} on green" if staying else ""


# --- Looking ---------------------------------------------------------------------------------------------------------


def _look(router: TrafficRouter, rescue: TrafficRouter, record: Record) -> tuple[Reading, ...]:
    """What can be read. When neither cluster answers, what users get is known all the same."""
    try:
        return router.observe(record.workloads)
    except TemporaryError as error:
        try:
            readings = rescue.observe(record.workloads)
        except PermanentError:
            raise error from None
        if all(reading.faults for reading in readings):
            raise
    direct = {workload.name for workload in record.workloads if workload.router.is_direct}
    return tuple(reading if reading.workload in direct else _unseen(reading) for reading in readings)


def _name_hands(ledger: Ledger, record: Record, readings: Sequence[Reading], now: datetime) -> None:
    """Say once who else has written weights, before they are given back."""
    if now != record.rollback_began:
        return
    foreign = [
        f"{reading.workload}: {side} is written as {at.declared} by {at.by}"
        for reading in readings
        for side in Side
        if (at := reading.side(side)).by and at.declared != record.baseline_of(reading.workload).weight(side)
    ]
    if foreign:
        text = f"somebody else wrote weights that are given back now: {'; '.join(foreign)}"
        note(ledger, record, now, TimelineEvent.ROLLBACK_BEGAN, text)


def _unseen(reading: Reading) -> Reading:
    blue, green = (replace(reading.side(side), declared=None, reachable=False) for side in Side)  # its faults stay
    return Reading(reading.workload, blue, green)


def _steps(
    record: Record, readings: Sequence[Reading], targets: Mapping[str, Split], *, settled: bool, late: bool
) -> dict[str, Step]:
    """The next step of every workload that goes back, by name."""
    known = [reading for reading in readings if reading.workload in targets]
    steps = tuple(way_back(each, targets[each.workload], settled=settled, overdue=late) for each in known)
    if not late:  # one that cannot be given back must not keep its fellows: past its time nobody waits for it
        steps = in_step(steps, known, targets, sharing(record.workloads))
    return dict(zip((reading.workload for reading in known), steps, strict=True))


def _targets(record: Record, only: Sequence[str]) -> dict[str, Split]:
    names = only or [each.workload for each in record.baseline if each.workload not in record.stranded]
    splits = {name: record.baseline_of(name).split if only else rest(record, name) for name in names}
    return {workload: split for workload, split in splits.items() if split is not None}


def _fence(router: TrafficRouter, record: Record, readings: Sequence[Reading]) -> str:
    """Stamp what could not be stamped when the rollback began; what a late writer may still undo is not back."""
    sides = {reading.workload: [reading.side(side) for side in Side] for reading in readings}
    open_ = {name for name, both in sides.items() if any(at.reachable and at.epoch < record.epoch for at in both)}
    if not open_:
        return ""
    try:
        router.stamp([workload for workload in record.workloads if workload.name in open_], epoch=record.epoch)
    except CrossfadeError as error:
        return f"not every object could be fenced: {error}"
    return f"{', '.join(sorted(open_))}: fenced, then read back once more"


def _lost(readings: Sequence[Reading], steps: Mapping[str, Step]) -> dict[str, PermanentError]:
    """Why workloads cannot be read for good; those for which there is still something to write apart."""
    moving = {workload for workload, step in steps.items() if step.writes or step.direct}
    return {at.workload: at.faults[0] for at in readings if at.faults and at.workload not in moving}


def _raise_reverted(record: Record, again: Sequence[Write], times: int) -> None:
    """
    Call somebody when the same weights are written back too often. They have been written once more before.

    Raises:
        WeightsRevertedError: It names them and says what ends it.
    """
    if again and times >= REVERTS_MAX:
        names = ", ".join(dict.fromkeys(f"{write.workload} ({write.side})" for write in again))
        concerned = {write.workload for write in again}
        routers = {workload.router for workload in record.workloads if workload.name in concerned}
        who = "; or ".join(words for router, words in _REVERTERS.items() if router in routers)
        msg = f"{names}: somebody has written the old weight back {times} times; most likely {who}"
        raise WeightsRevertedError(msg)


_REVERTERS: Final = {
    Router.EXTERNAL_DNS: "the ExternalDNS of a cluster that does not answer us. Take its right to change Route 53 "
    "away, or stop it",
    Router.ARGOCD: "Argo CD, which heals the weight to a source that we cannot write. Scale its application controller "
    "to 0, or write the source by hand",
}
"""Who writes weights of a router back, and what ends it."""


def _raise_hopeless(steps: Mapping[str, Step], hopeless: Mapping[str, PermanentError]) -> None:
    """
    Raise what is wrong when nothing but that is left.

    Raises:
        PermanentError: Every workload that is not back yet is one of *hopeless*.
    """
    left = [workload for workload, step in steps.items() if not step.arrived]
    if left and all(workload in hopeless for workload in left):
        worst = hopeless[left[0]]
        raise type(worst)("; ".join(dict.fromkeys(str(hopeless[workload]) for workload in left))) from worst
