"""Charge the rest: count what failed until a rollback was read back. It changes no weight and no outcome."""

from datetime import datetime

from crossfade.core.charge import charged
from crossfade.core.reckoning import reckoning
from crossfade.core.series import LOOK_BACK
from crossfade.errors import CrossfadeError
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, MetricSource
from crossfade.steps.common import charge_data, note


def charge_the_rest(ledger: Ledger, metrics: MetricSource, migration: str, *, now: datetime) -> None:
    """
    Charge what *migration*, which was rolled back, has cost up to *now*, and write it into its timeline.

    The last minutes are counted as far as they are published: rather too little than too late.
    Never raises: traffic has moved already, whatever becomes of the count.
    """
    try:
        record = ledger.load(migration)
        if record is None or record.rollback_began is None or record.stage_began is None:
            return
        since = record.charge.until if record.charge else record.stage_began
        series = metrics.read(record.plan.workloads, since=max(since, now - LOOK_BACK), until=now)
        record = ledger.save(record.with_(charge=charged(record.charge, series.values(), since=since, until=now)))
        if words := reckoning(record).words:
            text = f"{words}, counted until {record.charge.until:%H:%M} UTC" if record.charge else words
            note(ledger, record, now, TimelineEvent.CHARGED, text, **charge_data(record))
    except CrossfadeError:
        return
