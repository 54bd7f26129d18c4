"""The history budget: whether a plan can run to its worst end within the events of one execution.

Step Functions ends an execution at 25,000 events, past every Catch, with traffic wherever it is. So a plan that
could get there is refused before it starts, a full rollback included. Time that people take (approvals, holds) is
not in the plan, so it is not counted here.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from collections.abc import Sequence
from datetime import timedelta

from crossfade.core.plan import Timing

EVENTS_MAX = 25_000
_RESERVE = 5_000
"""For retries: a retried call costs three events more."""

_EVENTS_PER_LOOK = 9
"""Wait (2), Task (entered, scheduled, started, succeeded, exited), Choice (2)."""

_WRITES_PER_STAGE = 4
"""Raise blue, raise green, lower green, lower blue; each may take as long as propagation allows."""


def events_needed(bakes: Sequence[timedelta], soak: timedelta, timing: Timing) -> int:
    """The events of the longest run with these *bakes* and this *soak*, every delay used up, then rolled back."""
    move = timing.propagation * _WRITES_PER_STAGE
    spans = [span for bake in bakes for span in (move, timing.margin + bake + timing.patience)]
    spans += [soak + timing.patience, move, timing.rollback]
    return _EVENTS_PER_LOOK * sum(_looks(span, timing.poll) for span in spans)


def spare_time(bakes: Sequence[timedelta], soak: timedelta, timing: Timing) -> timedelta:
    """How long people may take in all, to approve and to hold, beside the longest run; 0 when it does not fit."""
    spare = max(0, EVENTS_MAX - _RESERVE - events_needed(bakes, soak, timing))
    return spare // _EVENTS_PER_LOOK * timing.poll


def fits(bakes: Sequence[timedelta], soak: timedelta, timing: Timing) -> bool:
    """Whether `events_needed` stays within the history, with a reserve for retries."""
    return events_needed(bakes, soak, timing) <= EVENTS_MAX - _RESERVE


def _looks(span: timedelta, poll: timedelta) -> int:
    return -(-span // poll) + 1
