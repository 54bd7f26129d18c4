"""Confirm rollback: read every weight once more and say honestly how the migration ended. It writes no weight."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from crossfade.core import overrides
from crossfade.core.capacity import words
from crossfade.core.fleet import kept, rest
from crossfade.core.notice import Notice
from crossfade.core.record import Outcome, Record
from crossfade.core.switch import taken_out
from crossfade.core.traffic import Reading, disputed
from crossfade.core.weight import Side
from crossfade.core.wording import said_once
from crossfade.errors import PermanentError
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, Notifier, TrafficRouter
from crossfade.steps.common import note, result_of, where
from crossfade.steps.tasks import EndTask

_BACK: Final = frozenset({Outcome.ROLLED_BACK, Outcome.PARTLY_ROLLED_BACK, Outcome.ROLLBACK_UNCONFIRMED, Outcome.HELD})
"""The outcomes of a rollback."""


def confirm_rollback(ledger: Ledger, router: TrafficRouter, notifier: Notifier, task: EndTask) -> dict[str, Any]:
    """
    End the migration as Refused, RolledBack, PartlyRolledBack, Held or RollbackUnconfirmed; the last keeps its lease,
    and the last two page.

    One that has ended already stays as it is. It may have succeeded, if only the answer of Complete was lost: then
    the result is that of Complete.

    Raises:
        RouterThrottledError, RouterUnavailableError: The weights could not be read yet.
    """
    record = ledger.load(task.migration)
    if record is None or record.execution != task.execution:
        notifier.tell(_notice(task.migration, Outcome.REFUSED, f"nothing was changed: {task.reason}"))
        return {"outcome": Outcome.REFUSED.value, "reason": task.reason}
    if record.outcome is not None:
        return _answer(record)
    outcome, reason = _judge(router, record, task.reason)
    return end(ledger, notifier, record, outcome, reason, now=task.now)


def end(
    ledger: Ledger, notifier: Notifier, record: Record, outcome: Outcome, reason: str, *, now: datetime
) -> dict[str, Any]:
    """Write down that *record* ended as *outcome* and tell people. Only an unconfirmed rollback keeps its lease."""
    small = _small_blue(record) if outcome in _BACK else ""
    parts = (reason, small, overrides.words(record.with_(outcome=outcome)))
    reason = said_once("; ".join(filter(None, parts)))
    notice = _notice(record.migration, outcome, reason, page=bool(small))
    if notice.page:
        notifier.tell(notice)  # before it is written down: if this dies in between, people are paged twice, not never
    record = ledger.save(record.with_(outcome=outcome, ended=now, reason=reason))
    note(ledger, record, now, TimelineEvent.ENDED, reason, outcome=outcome.value)
    if outcome is not Outcome.ROLLBACK_UNCONFIRMED and record.epoch:
        ledger.release(record.plan.lease_units, epoch=record.epoch)
    if not notice.page:
        notifier.tell(notice)
    return _answer(record)


def _answer(record: Record) -> dict[str, Any]:
    ending = {"outcome": record.outcome, "reason": record.reason}
    has_succeeded = record.outcome in (Outcome.SUCCEEDED, Outcome.DRY_RUN)
    return ending | {"result": result_of(record)} if has_succeeded else ending


def _judge(router: TrafficRouter, record: Record, reason: str) -> tuple[Outcome, str]:
    if not record.baseline:
        return Outcome.REFUSED, f"nothing was changed: {reason}"
    try:
        readings = router.observe(record.workloads)
    except PermanentError as error:
        return Outcome.ROLLBACK_UNCONFIRMED, f"{reason}; the weights cannot be read back: {error}"
    moving = [reading for reading in readings if reading.workload not in record.stranded]
    astray = [_astray(record, reading) for reading in moving if not _is_back(record, reading)]
    if astray:
        return Outcome.ROLLBACK_UNCONFIRMED, f"{reason}; not read back as before: {'; '.join(astray)}"
    if record.switched:  # the records are back, and whoever tries again has only this left to do
        return Outcome.ROLLBACK_UNCONFIRMED, f"{reason}; the records are as before, but {taken_out(record)}"
    if record.stranded:
        return Outcome.HELD, f"{reason}; {_stranded(record, readings)}"
    outcome = Outcome.PARTLY_ROLLED_BACK if kept(record) else Outcome.ROLLED_BACK
    return outcome, f"{reason}; {where(record, outcome)}" if kept(record) else reason


def _stranded(record: Record, readings: Sequence[Reading]) -> str:
    shown = [f"{at.workload} at {at.split or 'no weights'}" for at in readings if at.workload in record.stranded]
    rest_of_it = "everything else is read back as it was" if len(shown) < len(readings) else "nothing was moved"
    return f"blue has no healthy target to go back to and green has, so left as it is: {', '.join(shown)}; {rest_of_it}"


def _is_back(record: Record, reading: Reading) -> bool:
    """Whether users get what they are to *and* annotations and sources say it: else a controller would undo it."""
    before = rest(record, reading.workload)
    declared = (reading.blue.lasting, reading.green.lasting)
    return before is not None and reading.split == before and declared == (before.blue, before.green)


def _astray(record: Record, reading: Reading) -> str:
    shows = f"{reading.workload} shows {reading.split or 'no weights'}"
    if silent := [side for side in Side if not reading.side(side).reachable]:
        why = "; ".join(dict.fromkeys(str(fault) for fault in reading.faults)) or "the cluster does not answer"
        doubt = f"{' and '.join(silent)} may ask for another weight: {why}"
        before = rest(record, reading.workload)
        instead = "" if reading.split == before else f", instead of {_before(record, reading)}"
        return f"{shows}{instead}, but {doubt}"
    declared = f"annotated blue {reading.blue.declared} : green {reading.green.declared}"
    astray = disputed(reading)
    return f"{shows}, {declared}, instead of {_before(record, reading)}" if astray is None else astray.reason


def _before(record: Record, reading: Reading) -> str:
    before = record.baseline_of(reading.workload)
    return f"{rest(record, reading.workload) or f'blue {before.blue} : green {before.green}'}"


def _small_blue(record: Record) -> str:
    return f"{words(record.short)}; scale it up now" if record.short else ""


def _notice(migration: str, outcome: Outcome, reason: str, *, page: bool = False) -> Notice:
    page = page or outcome in (Outcome.ROLLBACK_UNCONFIRMED, Outcome.HELD)
    title = f"Crossfade {'NEEDS YOU: ' if page else ''}{outcome.value}: {migration}"
    return Notice(migration, title[:100], reason, outcome, page=page)
