"""That a migration waits for people: written down once, and said to those who are waited for.

It decides nothing. What has been said stands in the record, so that a look every half minute does not repeat it; it
is saved last, because two requests for an approval are better than none.
"""

from collections.abc import Sequence
from datetime import datetime

from crossfade.core.notice import Notice
from crossfade.core.record import Record
from crossfade.core.signals import Signal, active_hold, short_name
from crossfade.core.situation import Phase, clock, phase_of
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, Notifier
from crossfade.steps.common import note


def tell_waiting(
    ledger: Ledger, notifier: Notifier, record: Record, signals: Sequence[Signal], *, now: datetime, healthy: bool
) -> None:
    """
    Say, once each, that *record* is held, or that a stage of it waits for an approval.

    Args:
        ledger: Where it is written down.
        notifier: Who asks people.
        record: The migration, which waits.
        signals: All that people have sent.
        now: UTC.
        healthy: Whether an approval is all that is missing.
    """
    if hold := active_hold(signals, now):
        if record.held != hold.at:
            _tell_hold(ledger, record, hold, now)
    elif healthy and record.asked != record.stage and phase_of(record, signals, now) is Phase.WAITING:
        _ask(ledger, notifier, record, now)


def _tell_hold(ledger: Ledger, record: Record, hold: Signal, now: datetime) -> None:
    until = f"until {clock(hold.until)}" if hold.until else "without an end"
    text = f"held by {short_name(hold.by)} {until}: {hold.reason or 'no reason given'}"
    note(ledger, record, now, TimelineEvent.HOLD_BEGAN, text, stage=record.stage)
    ledger.save(record.with_(held=hold.at))


def _ask(ledger: Ledger, notifier: Notifier, record: Record, now: datetime) -> None:
    number, name = record.stage + 1, record.migration
    share = record.plan.stages[record.stage].share_percent
    text = f"stage {number} of {len(record.plan.stages)} is healthy with {share:g} % on green and waits for approval"
    until = clock(record.patience_ends())
    note(ledger, record, now, TimelineEvent.APPROVAL_AWAITED, text, stage=record.stage)
    notice = Notice(
        name,
        f"Crossfade waits for approval: {name}"[:100],
        f"{text}. Alarms go on being watched. If nobody approves by {until}, all traffic is given back to blue",
        next_steps=(
            f"Approve: crossfade approve {name} --stage {number}",
            f'Give all traffic back: crossfade abort {name} --reason "..."',
        ),
    )
    notifier.tell(notice)
    ledger.save(record.with_(asked=record.stage))
