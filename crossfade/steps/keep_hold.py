"""Keep a hold that has outlived its execution: traffic stays where a person froze it, as long as they said.

The guardian keeps it in the place of the execution that is gone: until the hold ends, a person says otherwise, or
green turns bad. It never moves traffic forward. People are paged when it begins to.
"""

from dataclasses import dataclass
from datetime import datetime

from crossfade.core.assessment import Seen, assess
from crossfade.core.fleet import on_green, read_back
from crossfade.core.latch import latched_since
from crossfade.core.notice import Notice
from crossfade.core.record import Record
from crossfade.core.series import LOOK_BACK
from crossfade.core.signals import Signal, abort_asked, active_hold, short_name
from crossfade.core.situation import clock
from crossfade.core.verdict import Health
from crossfade.core.wording import how_it_ended
from crossfade.core.workload import alarms_of
from crossfade.errors import CrossfadeError
from crossfade.names import TimelineEvent
from crossfade.ports import AlarmSource, Ledger, MetricSource, Notifier
from crossfade.steps.common import note, series_if_known


@dataclass(frozen=True, slots=True)
class Kept:
    """
    Whether a hold is kept.

    Attributes:
        words: That it is; empty when it is not, and traffic has to be given back.
        because: Why it is not kept any more; empty when there was none, or it has run out.
    """

    words: str = ""
    because: str = ""


def keep_hold(
    ledger: Ledger,
    notifier: Notifier,
    alarms: AlarmSource,
    metrics: MetricSource,
    record: Record,
    *,
    status: str,
    now: datetime,
) -> Kept:
    """
    Keep the hold of *record*, whose execution ended as *status*, if there is one in force and nothing speaks against.

    Only weights that have been read back can be kept: what was still moving goes back.
    """
    signals = ledger.signals(record.migration)
    hold = active_hold(signals, now)
    if hold is None or record.rollback_began or record.returning or not read_back(record):
        return Kept()
    if because := abort_asked(signals) or _bad_sign(ledger, alarms, metrics, record, now):
        return Kept(because=because)
    until = clock(hold.until) if hold.until else "somebody ends that"
    words = f"{how_it_ended(status)}; it stays where {short_name(hold.by)} held it, until {until}"
    if record.orphaned is None:
        notifier.tell(_notice(record, hold, words))  # before it is written down: better told twice than never
        note(ledger, record, now, TimelineEvent.HOLD_KEPT, words, stage=record.stage)
        ledger.save(record.with_(orphaned=now))
    return Kept(words)


def _bad_sign(ledger: Ledger, alarms: AlarmSource, metrics: MetricSource, record: Record, now: datetime) -> str:
    """
    Why green is bad, as a look of its own execution would have found; empty when it is not known to be.

    A hold needs no good evidence to go on, so what cannot be read ends none.
    """
    workloads = on_green(record)
    earliest = now - LOOK_BACK
    began = max(record.stage_began or now, earliest)
    try:
        spoken = alarms.read(alarms_of(workloads))
    except CrossfadeError:
        return ""
    series = series_if_known(metrics, record.workloads, since=began, now=now)
    latched = latched_since(ledger.latches(record.migration), began)
    found = assess(
        record.plan,
        Seen(spoken, series, latched),
        stage=record.stage,
        began=began,
        moved=max(record.bake_began or now, earliest),
        now=now,
        workloads=workloads,
    )
    return found.verdict.reason if found.verdict.health is Health.UNHEALTHY else ""


def _notice(record: Record, hold: Signal, words: str) -> Notice:
    name = record.migration
    text = (
        f"{words}. The reason was: {hold.reason or 'none given'}. Nothing moves forward any more. The guardian watches "
        f"alarms and requests; when the hold ends, or green turns bad, all traffic is given back to blue"
    )
    steps = (
        f'Give all traffic back now: crossfade abort {name} --reason "..."',
        f'Hold for longer: crossfade hold {name} --for 2h --reason "..."',
    )
    return Notice(
        name, f"Crossfade NEEDS YOU: a hold without an execution: {name}"[:100], text, page=True, next_steps=steps
    )
