"""The history budget: whether a plan can run to its worst end within the events of one execution.

Step Functions ends an execution at 25,000 events, past every Catch, with traffic wherever it is. So a plan that
could get there is refused before it starts, a full rollback included. Time that people take (approvals, holds) is
not in the plan, so it is not counted here.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Final

from crossfade.core.plan import Timing

EVENTS_MAX = 25_000
_RESERVE = 5_000
"""For retries: a retried call costs three events more."""

_EVENTS_PER_LOOK = 9
"""While weights move: Wait (2), Task (entered, scheduled, started, succeeded, exited), Choice (2)."""
_EVENTS_PER_BAKE_LOOK = 13
"""While a stage bakes: the same, but a sleep for a token (entered, scheduled, started, submitted, ended, exited)."""

_WRITES_PER_STAGE = 4
"""Raise blue, raise green, lower green, lower blue; each may take as long as propagation allows."""

PAUSE_MAX: Final = timedelta(minutes=5)
"""The longest time between two looks, unless `timing.poll` is longer. An alarm that is told ends it at once; this is
how late a bad sign may be seen that nobody tells."""
_PART: Final = 60
"""Between two looks at most a sixtieth of the time goes by that a bake has lasted."""


def pause_after(lasted: timedelta, poll: timedelta) -> timedelta:
    """
    How long to sleep between two looks when a bake, or the soak, has *lasted* so long.

    What goes wrong late is rarer than what goes wrong early, and a bake of days has no history for a look every *poll*.
    """
    return max(poll, min(PAUSE_MAX, timedelta(seconds=lasted // timedelta(seconds=_PART))))


def events_needed(bakes: Sequence[timedelta], soak: timedelta, timing: Timing) -> int:
    """The events of the longest run with these *bakes* and this *soak*, every delay used up, then rolled back."""
    move = _looks(timing.propagation * _WRITES_PER_STAGE, timing.poll)
    # before a stage, blue may be waited for as long as a weight may take
    postponed = _looks(timing.propagation, timing.poll) * len(bakes)
    moving = postponed + move * (len(bakes) + 1) + _looks(timing.rollback, timing.poll)
    baking = sum(
        _looks(timing.margin, timing.poll) + _bake_looks(bake + timing.patience, timing.poll) for bake in bakes
    )
    baking += _bake_looks(soak + timing.patience, timing.poll)
    return _EVENTS_PER_LOOK * moving + _EVENTS_PER_BAKE_LOOK * baking


def spare_time(bakes: Sequence[timedelta], soak: timedelta, timing: Timing) -> timedelta:
    """
    How long people may take in all, to approve and to hold, beside the longest run; 0 when it does not fit.

    The longer one wait is, the fewer looks it takes; so most are taken by equal waits in every bake and in the soak.
    """
    spare = max(0, EVENTS_MAX - _RESERVE - events_needed(bakes, soak, timing)) // _EVENTS_PER_BAKE_LOOK
    waits = len(bakes) + 2  # the bake that is under way need not be among those that are left
    return waits * _span_of(spare // waits - 1, timing.poll)


def fits(bakes: Sequence[timedelta], soak: timedelta, timing: Timing) -> bool:
    """Whether `events_needed` stays within the history, with a reserve for retries."""
    return events_needed(bakes, soak, timing) <= EVENTS_MAX - _RESERVE


def _looks(span: timedelta, poll: timedelta) -> int:
    return -(-span // poll) + 1


@lru_cache(maxsize=256)
def _bake_looks(span: timedelta, poll: timedelta) -> int:
    """How many looks a bake of *span* takes, with the pauses of `pause_after`."""
    looks, lasted, longest = 1, timedelta(), max(poll, PAUSE_MAX)
    while lasted < span:
        pause = pause_after(lasted, poll)
        if pause >= longest:
            return looks - (-(span - lasted) // longest)
        lasted += pause
        looks += 1
    return looks


def _span_of(looks: int, poll: timedelta) -> timedelta:
    """How long a bake may be that takes so many *looks* at most."""
    lasted, longest = timedelta(), max(poll, PAUSE_MAX)
    for done in range(1, looks):
        pause = pause_after(lasted, poll)
        if pause >= longest:
            return lasted + (looks - done) * longest
        lasted += pause
    return lasted
