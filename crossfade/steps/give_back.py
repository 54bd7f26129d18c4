"""Give back: one step towards the weights from before, down a ladder of which no two rungs depend on the same.

Rung 1 is the workload's own router, rung 2 is Route 53 itself. A cluster that is silent, refuses a write or does not
carry it on costs a rung, never the other workloads or the other side. What comes next is `core.ladder`'s to say.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from crossfade.core.ladder import may_be_direct, way_back
from crossfade.core.migration import Record
from crossfade.core.plan import Router
from crossfade.core.traffic import Reading, Step, Write
from crossfade.core.weight import Side, Split
from crossfade.errors import (
    CrossfadeError,
    PermanentError,
    RouterUnavailableError,
    SupersededError,
    WriteConflictError,
)
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, TrafficRouter
from crossfade.steps.common import note, observed, outstanding, unsettled
from crossfade.steps.tasks import Progress


def give_back(
    ledger: Ledger, router: TrafficRouter, rescue: TrafficRouter, record: Record, *, now: datetime
) -> Progress:
    """
    Make the next safe write towards the baseline of *record*, whose rollback has begun.

    Raises:
        TemporaryError: Ask again; some writes may have been made.
        PermanentError: Neither rung can write.
    """
    readings = _look(router, rescue, record)
    record = observed(ledger, record, readings, now)
    steps = _steps(record, readings, now)
    failure = _Hands(ledger, router, rescue, record, now).write(readings, steps)
    waiting = [outstanding(steps), failure, _fence(router, record, readings)]
    poll = round(record.plan.timing.poll.total_seconds())
    if reason := "; ".join(words for words in waiting if words):
        return Progress(arrived=False, reason=reason, wait_seconds=poll)
    text = "every weight is read back as it was before the start"
    note(ledger, record, now, TimelineEvent.TRAFFIC_RETURNED, text)
    return Progress(arrived=True, reason=text, wait_seconds=0)


# --- Looking ---------------------------------------------------------------------------------------------------------


def _look(router: TrafficRouter, rescue: TrafficRouter, record: Record) -> tuple[Reading, ...]:
    """What can be read. When neither cluster answers, what users get is known all the same."""
    try:
        return router.observe(record.workloads)
    except RouterUnavailableError as error:
        try:
            readings = rescue.observe(record.workloads)
        except PermanentError:
            raise error from None
    direct = {workload.name for workload in record.workloads if workload.router is Router.ROUTE53}
    return tuple(reading if reading.workload in direct else _unseen(reading) for reading in readings)


def _unseen(reading: Reading) -> Reading:
    blue, green = (replace(reading.side(side), declared=None, reachable=False) for side in Side)
    return Reading(reading.workload, blue, green)


def _steps(record: Record, readings: Sequence[Reading], now: datetime) -> tuple[Step, ...]:
    settled, overdue = record.settled(now, returning=True), record.overdue(now)
    targets = _targets(record)
    return tuple(
        way_back(reading, targets[reading.workload], settled=settled, overdue=overdue)
        for reading in readings
        if reading.workload in targets
    )


def _targets(record: Record) -> dict[str, Split]:
    splits = {baseline.workload: baseline.split for baseline in record.baseline}
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


# --- Writing ---------------------------------------------------------------------------------------------------------


class _Hands:
    """Writes what the steps say, and falls back from the first rung to the second."""

    def __init__(
        self, ledger: Ledger, router: TrafficRouter, rescue: TrafficRouter, record: Record, now: datetime
    ) -> None:
        self._ledger = ledger
        self._router = router
        self._rescue = rescue
        self._record = record
        self._now = now

    def write(self, readings: Sequence[Reading], steps: Sequence[Step]) -> str:
        """
        Write; the time is stored before.

        Returns:
            Why something could not be written on one of the rungs; empty when all could.
        """
        writes = [write for step in steps for write in step.writes]
        direct = [write for step in steps for write in step.direct]
        if not writes and not direct:
            return ""
        changes = {"wrote": self._now, "agreed": None, **unsettled([*writes, *direct])}
        self._record = self._ledger.save(self._record.with_(**changes))
        failure = self._rung_1(writes, steps)
        rescued = self._rescuable(writes, readings) if failure else []
        if failure and len(rescued) < len(writes):
            self._rung_2(direct + rescued, steps)
            raise failure
        refusal = self._rung_2(direct + rescued, steps, failure)
        if failure and refusal:
            raise failure from refusal
        return "; ".join(str(error) for error in (failure, refusal) if error)

    def _rung_1(self, writes: Sequence[Write], steps: Sequence[Step]) -> CrossfadeError | None:
        if not writes:
            return None
        try:
            self._router.write(self._record.workloads, writes, epoch=self._record.epoch)
        except (SupersededError, WriteConflictError):
            raise  # somebody else is at work: look again, or stop; not a broken rung
        except CrossfadeError as error:
            return error
        self._note(writes, steps)
        return None

    def _rung_2(
        self, writes: Sequence[Write], steps: Sequence[Step], failure: CrossfadeError | None = None
    ) -> PermanentError | None:
        """
        Write to Route 53; a refusal is told, not raised, as long as the first rung may still do it.

        Raises:
            TemporaryError, SupersededError: As the port says.
        """
        if not writes:
            return None
        try:
            self._rescue.write(self._record.workloads, writes, epoch=self._record.epoch)
        except SupersededError:
            raise
        except PermanentError as error:
            return error
        self._note(writes, steps, failure, direct=True)
        return None

    def _rescuable(self, writes: Sequence[Write], readings: Sequence[Reading]) -> list[Write]:
        """Those that rung 2 may make in place of rung 1; where both are the same there is no other rung."""
        external = {workload.name for workload in self._record.workloads if workload.router is not Router.ROUTE53}
        seen = {reading.workload: reading for reading in readings}
        return [write for write in writes if write.workload in external and may_be_direct(seen[write.workload], write)]

    def _note(
        self,
        writes: Sequence[Write],
        steps: Sequence[Step],
        failure: CrossfadeError | None = None,
        *,
        direct: bool = False,
    ) -> None:
        reasons = {write: step.reason for step in steps for write in (*step.writes, *step.direct)}
        planned = {write for step in steps for write in step.direct}
        for write in writes:
            data = {"workload": write.workload, "side": write.side.value, "weight": write.weight}
            text = reasons[write]
            if direct and write not in planned:
                text = f"{text} directly in Route 53: {failure}"
            more = {"direct": True} if direct else {}
            note(self._ledger, self._record, self._now, TimelineEvent.WEIGHT_WRITTEN, text, **data, **more)
