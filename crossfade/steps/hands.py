"""The writing on the way back: on the first rung, and from there, where it fails, on the second.

Rung 1 is the workload's own router, rung 2 is Route 53 itself. What is to be written is not decided here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from crossfade.core.ladder import may_be_direct
from crossfade.core.record import Record
from crossfade.core.traffic import Reading, Step, Write
from crossfade.errors import (
    CrossfadeError,
    PermanentError,
    SupersededError,
    TemporaryError,
    WriteConflictError,
)
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, TrafficRouter
from crossfade.steps.common import note, unsettled

_Failure = PermanentError | TemporaryError


class Hands:
    """
    Writes what the steps say, and falls back from the first rung to the second.

    Attributes:
        refused: Why no rung can write to a workload, by its name.
        again: What had been written to the authority itself before, and had to be written again.
    """

    def __init__(
        self, ledger: Ledger, router: TrafficRouter, rescue: TrafficRouter, record: Record, now: datetime
    ) -> None:
        self.refused: dict[str, PermanentError] = {}
        self.again: tuple[Write, ...] = ()
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

        Raises:
            TemporaryError, SupersededError: As the port says.
        """
        writes = [write for step in steps for write in step.writes]
        direct = [write for step in steps for write in step.direct]
        doubt = self._again([write for step in steps for write in step.again])
        if not writes and not direct:
            return doubt
        before = self._record
        changes = {"wrote": self._now, "agreed": None, **unsettled([*writes, *direct])}
        self._record = self._ledger.save(before.with_(**changes))
        failed = self._rung_1(writes, steps)
        rescued = self._rescuable(list(failed), readings)
        stuck = {write: error for write, error in failed.items() if write not in rescued}
        refusal = self._rung_2([*direct, *rescued], steps, failed)
        if refusal:
            stuck |= {write: failed[write] for write in rescued}
        for write, error in stuck.items():
            if isinstance(error, TemporaryError):
                raise error from refusal
            self.refused[write.workload] = error
        if not direct and len(stuck) == len(writes):  # nothing was changed, so nothing has to settle anew
            times = {"wrote": before.wrote, "agreed": before.agreed, "blue_agreed": before.blue_agreed}
            self._record = self._ledger.save(self._record.with_(**times))
        words = [doubt, *(str(error) for error in failed.values()), str(refusal or "")]
        return "; ".join(dict.fromkeys(filter(None, words)))

    def _again(self, writes: Sequence[Write]) -> str:
        """Write once more what is written already, but may be put back; a failure is told: it moves no traffic."""
        if not writes:
            return ""
        try:
            self._router.write(self._record.workloads, writes, epoch=self._record.epoch)
        except (SupersededError, WriteConflictError):
            raise
        except CrossfadeError as error:
            return str(error)
        return ""

    def _rung_1(self, writes: Sequence[Write], steps: Sequence[Step]) -> dict[Write, _Failure]:
        """
        Write through the router of each workload.

        Returns:
            What could not be written, and why. Nobody else is to blame for the one that refuses for good, so after a
            refusal each workload is tried alone.
        """
        if not writes:
            return {}
        try:
            self._router.write(self._record.workloads, writes, epoch=self._record.epoch)
        except (SupersededError, WriteConflictError):
            raise  # somebody else is at work: look again, or stop; not a broken rung
        except (PermanentError, TemporaryError) as error:
            if isinstance(error, TemporaryError) or len(writes) == 1:
                return dict.fromkeys(writes, error)
            failed: dict[Write, _Failure] = {}
            for write in writes:
                failed |= self._rung_1([write], steps)
            return failed
        self._note(writes, steps)
        return {}

    def _rung_2(
        self, writes: Sequence[Write], steps: Sequence[Step], failed: Mapping[Write, _Failure]
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
        self._note(writes, steps, failed, direct=True)
        self._remember(writes)
        return None

    @property
    def reverted(self) -> int:
        """How often a weight had to be written to the authority itself again."""
        return self._record.reverted

    def _remember(self, writes: Sequence[Write]) -> None:
        forced = {f"{write.workload}/{write.side}/{write.weight}": write for write in writes}
        self.again = tuple(write for key, write in forced.items() if key in self._record.forced)
        known = tuple(dict.fromkeys((*self._record.forced, *forced)))
        reverted = self._record.reverted + bool(self.again)
        if (known, reverted) != (self._record.forced, self._record.reverted):
            self._record = self._ledger.save(self._record.with_(forced=known, reverted=reverted))

    def _rescuable(self, writes: Sequence[Write], readings: Sequence[Reading]) -> list[Write]:
        """Those that rung 2 may make in place of rung 1; where both are the same there is no other rung."""
        external = {workload.name for workload in self._record.workloads if not workload.router.is_direct}
        seen = {reading.workload: reading for reading in readings}
        return [write for write in writes if write.workload in external and may_be_direct(seen[write.workload], write)]

    def _note(
        self,
        writes: Sequence[Write],
        steps: Sequence[Step],
        failed: Mapping[Write, _Failure] | None = None,
        *,
        direct: bool = False,
    ) -> None:
        reasons = {write: step.reason for step in steps for write in (*step.writes, *step.direct)}
        planned = {write for step in steps for write in step.direct}
        for write in writes:
            data = {"workload": write.workload, "side": write.side.value, "weight": write.weight}
            text = reasons[write]
            if failed and write in failed and write not in planned:
                text = f"{text} directly in Route 53: {failed[write]}"
            more = {"direct": True} if direct else {}
            note(self._ledger, self._record, self._now, TimelineEvent.WEIGHT_WRITTEN, text, **data, **more)
