"""Latch alarm: write down that an alarm went into ALARM, for every migration that it judges, and wake them.

It writes no weight and decides nothing: what comes of it is said by the migration's own look at its health. An event is
believed only if it comes from CloudWatch and speaks of an alarm of the deployed configuration.
"""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, ConfigDict, Field

from crossfade.core.latch import Latch, latched_since
from crossfade.core.model import Model
from crossfade.core.record import Record
from crossfade.core.verdict import AlarmState
from crossfade.names import ALARM_EVENT, ALARM_SOURCE, TimelineEvent
from crossfade.ports import Executions, Ledger
from crossfade.steps.common import note
from crossfade.steps.wake import wake


class _Told(Model):
    """Of an event, what is asked of it; whatever else it says is ignored."""

    model_config = ConfigDict(extra="ignore")


class _State(_Told):
    value: str
    timestamp: AwareDatetime
    reason: str = ""


class _Detail(_Told):
    alarm: str = Field(alias="alarmName")
    state: _State


class AlarmTold(_Told):
    """
    A change of an alarm's state, as EventBridge tells it.

    Attributes:
        source: Who tells it.
        kind: Of what kind it is.
        detail: What it says.
    """

    source: str
    kind: str = Field(alias="detail-type")
    detail: _Detail


def latch_alarm(
    ledger: Ledger, executions: Executions, told: AlarmTold, *, alarms: frozenset[str], now: datetime
) -> dict[str, Any]:
    """
    Latch the alarm of *told* for every running migration that it judges, and wake those to which it is news.

    Args:
        ledger: Where latches are kept.
        executions: What is woken.
        told: The event; the same one any number of times, at any time.
        alarms: The names of all alarms of the deployed configuration.
        now: UTC.

    Returns:
        The names of the migrations it was latched for; empty when it concerns none.

    Raises:
        LedgerUnavailableError: Try again.
    """
    state = told.detail.state
    is_alarm = (told.source, told.kind, state.value) == (ALARM_SOURCE, ALARM_EVENT, AlarmState.ALARM.value)
    if not is_alarm or told.detail.alarm not in alarms:
        return {}
    latch = Latch(alarm=told.detail.alarm, at=state.timestamp, reason=state.reason)
    records = [record for name in ledger.leased() if (record := ledger.load(name)) and _concerns(latch, record)]
    for record in records:
        _latch(ledger, executions, record, latch, now=now)
    return {"alarm": latch.alarm, "latched": [record.migration for record in records]} if records else {}


def _concerns(latch: Latch, record: Record) -> bool:
    """Whether *latch* can still change what becomes of *record*."""
    is_watched = record.outcome is None and record.rollback_began is None and record.stage_began is not None
    return is_watched and latch.alarm in record.plan.alarms


def _latch(ledger: Ledger, executions: Executions, record: Record, latch: Latch, *, now: datetime) -> None:
    """
    Write *latch* down and wake the migration, unless this alarm has woken it in this stage before.

    An alarm that comes and goes would otherwise use up the history of the execution by waking it.
    """
    began = record.stage_began or latch.at
    others = [each for each in ledger.latches(record.migration) if each != latch]
    ledger.latch(record.migration, latch)
    text = f"{latch.alarm} went into ALARM: {latch.reason or 'no reason given'}"
    note(ledger, record, latch.at, TimelineEvent.ALARM_LATCHED, text, alarm=latch.alarm)
    if latch.at >= began and latch.alarm not in latched_since(others, began):
        wake(ledger, executions, record.migration, now=now)
