"""Watch blue: whether it keeps the room to take its traffic back, from what a look has read anyway."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from crossfade.core.capacity import request, words
from crossfade.core.fleet import kept
from crossfade.core.notice import Notice
from crossfade.core.record import Record
from crossfade.core.series import Series, blue_targets
from crossfade.core.signals import Signal, resumed_at
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, Notifier
from crossfade.steps.common import note


def watch_blue(
    ledger: Ledger,
    notifier: Notifier,
    record: Record,
    series: Mapping[str, Series],
    signals: tuple[Signal, ...],
    *,
    now: datetime,
) -> Record:
    """
    Compare blue's healthy targets with those that it had, and say once when they are too few, or enough again.

    Of workloads that would not go back in a rollback nothing is asked.
    """
    before = record.room
    staying = {*record.left_out, *kept(record)}
    counted = {
        name: targets
        for name, each in series.items()
        if name not in staying and (targets := blue_targets(each)) is not None
    }
    after = before.seen(counted, resumed=resumed_at(signals), now=now)
    after = replace(after, short=tuple(each for each in after.short if each.workload not in staying))
    if after == before:
        return record
    record = ledger.save(record.with_(capacity=after.known, short=after.short))
    if news := after.news_since(before):
        text = f"{words(news)}: {request(news)}"
        note(ledger, record, now, TimelineEvent.BLUE_SHRANK, text, stage=record.stage)
        notifier.tell(_notice(record, text))
    if before.short and not after.short:
        note(ledger, record, now, TimelineEvent.BLUE_SHRANK, "blue counts as large enough again", stage=record.stage)
    return record


def _notice(record: Record, text: str) -> Notice:
    """A page if the next stage waits for it."""
    name, waits = record.migration, record.stage + 1 < len(record.plan.stages)
    then = "The next stage is not begun before that" if waits else "All stages are done, so nothing waits for it"
    title = f"Crossfade {'NEEDS YOU: ' if waits else ''}blue has shrunk: {name}"
    steps = (f'Or accept blue as it is now: crossfade resume {name} --reason "..."',)
    return Notice(
        name, title[:100], f"{text}. {then}; a rollback would come back to less", page=waits, next_steps=steps
    )
