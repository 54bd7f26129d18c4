"""Read alarms: their states, and whether they still are what they were at the start and still see green.

Both come from the one answer of CloudWatch that a look needs anyway. That somebody edited an alarm is told once, to
the timeline and to people; what an alarm says while it is in doubt is `core.verdict`'s to judge.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from crossfade.core.notice import Notice
from crossfade.core.record import Record
from crossfade.core.series import Series
from crossfade.core.sight import blind
from crossfade.core.signals import Signal, resumed_at
from crossfade.core.verdict import Alarm, Cause, Health, Verdict
from crossfade.core.workload import Workload, alarms_of
from crossfade.names import TimelineEvent
from crossfade.ports import AlarmSource, Ledger, Notifier
from crossfade.steps.common import note


def read_alarms(
    ledger: Ledger,
    alarms: AlarmSource,
    notifier: Notifier,
    record: Record,
    *,
    workloads: Sequence[Workload],
    signals: tuple[Signal, ...],
    now: datetime,
) -> tuple[Record, Mapping[str, Alarm]]:
    """
    Read the alarms of *workloads*, and those in their rules.

    Returns:
        The record, knowing what was edited, and the alarms by name.

    Raises:
        AlarmsUnavailableError, AlarmsRefusedError: They could not be read; without evidence nothing goes on.
    """
    if not workloads:
        return record, {}
    before = record.alarm_definitions
    own = alarms_of(workloads)
    rules = [child for each in before.known if each.alarm in own for child in each.children]
    found = alarms.read(tuple(dict.fromkeys((*own, *rules))))
    told = [alarm.definition for alarm in found.values() if alarm.definition]
    after = before.seen(told, resumed=resumed_at(signals), now=now)
    if after == before:
        return record, found
    news = "; ".join(after.words(each) for each in after.news_since(before))
    accepted = ", ".join(each.alarm for each in after.known if each not in before.known)
    if news:
        note(ledger, record, now, TimelineEvent.ALARM_EDITED, news, stage=record.stage)
        notifier.tell(_notice(record, news))
    if accepted:
        text = f"{accepted}: accepted as edited, and believed again"
        note(ledger, record, now, TimelineEvent.ALARM_EDITED, text, stage=record.stage)
    return ledger.save(record.with_(definitions=after.known, edited=after.edited)), found


def doubts(
    record: Record, workloads: Sequence[Workload], alarms: Mapping[str, Alarm], series: Mapping[str, Series]
) -> Mapping[str, Verdict]:
    """Why alarms of *workloads* cannot be believed now, by name."""
    standing = {name: each.standing for name, each in series.items() if each.standing}
    edited = record.alarm_definitions.doubts(alarms_of(workloads))
    found = {name: Verdict(Health.INCONCLUSIVE, why, Cause.ALARM_EDITED) for name, why in edited.items()}
    unseen = blind(workloads, alarms, standing)
    return found | {name: Verdict(Health.INCONCLUSIVE, why, Cause.ALARM_BLIND) for name, why in unseen.items()}


def _notice(record: Record, news: str) -> Notice:
    name, minutes = record.migration, record.plan.timing.patience.total_seconds() / 60
    text = (
        f"{news}. Until somebody accepts that, this alarm counts as saying nothing: no stage is left under it. "
        f"{minutes:g} minutes after the end of the bake what it judges is given back to blue"
    )
    steps = (
        f'Accept it as it is now: crossfade resume {name} --reason "..."',
        f'Give all traffic back: crossfade abort {name} --reason "..."',
    )
    return Notice(name, f"Crossfade NEEDS YOU: an alarm was edited: {name}"[:100], text, page=True, next_steps=steps)
