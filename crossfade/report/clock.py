"""The clock of a migration: how long from the fault to the last user, or from the first write to the last user.

Each instant says how it is known; what cannot be derived says why not.
"""

from collections.abc import Sequence
from datetime import datetime

from crossfade.core.record import Outcome, Record
from crossfade.core.weight import PERCENT, Side
from crossfade.names import TimelineEvent
from crossfade.report.counting import MINUTE, percent, share, total
from crossfade.report.decisions import phase_began
from crossfade.report.model import Minute, Moment, MomentKind, Series, TimelineEntry, WriteEntry

FAULT_PERCENT = 1.0
"""From this rate of 5xx on, a fault counts as seen. It dates the fault for the clock; it judges nothing."""

FEW = 0.05
"""What is left of a cluster's users when nearly all have left."""

_NO_SERIES = "not measured: the report was made without a series"


def clock_of(
    record: Record,
    entries: Sequence[TimelineEntry],
    writes: Sequence[WriteEntry],
    series: Sequence[Series],
    *,
    fault_at: datetime | None = None,
) -> tuple[Moment, ...]:
    """The instants of a rollback, or of a success; empty for a migration that moved no traffic."""
    if record.rollback_began is not None and record.baseline:
        decided = [entry.at for entry in entries if entry.what == TimelineEvent.ROLLBACK_DECIDED]
        return _way_back(min([record.rollback_began, *decided]), entries, writes, series, fault_at=fault_at)
    if record.outcome is Outcome.SUCCEEDED:
        return _way_forth(entries, writes, series)
    return ()


def _way_back(
    decided: datetime,
    entries: Sequence[TimelineEntry],
    writes: Sequence[WriteEntry],
    series: Sequence[Series],
    *,
    fault_at: datetime | None,
) -> tuple[Moment, ...]:
    returned = [entry.at for entry in entries if entry.what == TimelineEvent.TRAFFIC_RETURNED]
    given_back = [write.at for write in writes if write.at >= decided]
    return (
        _fault(decided, entries, series, fault_at),
        Moment(kind=MomentKind.DECIDED, at=decided, how="the ledger's record of the decision"),
        _recorded(MomentKind.FIRST_WRITE, given_back[:1], "the first weight that was accepted after the decision"),
        _recorded(MomentKind.READ_BACK, returned[:1], "every weight read back from the authority"),
        _most_users(series, Side.GREEN, decided, "the decision"),
        _last_user(series, Side.GREEN),
    )


def _way_forth(
    entries: Sequence[TimelineEntry], writes: Sequence[WriteEntry], series: Sequence[Series]
) -> tuple[Moment, ...]:
    moved = [entry.at for entry in entries if entry.what == TimelineEvent.TRAFFIC_MOVED]
    began = [entry.at for entry in entries if entry.what == TimelineEvent.STAGE_BEGAN]
    return (
        _recorded(MomentKind.FIRST_WRITE, [write.at for write in writes[:1]], "the first weight that was accepted"),
        _recorded(MomentKind.READ_BACK, moved[-1:], "the weights of the last stage read back from the authority"),
        _most_users(series, Side.BLUE, began[-1], "the last stage")
        if began
        else _recorded(MomentKind.MOST_USERS, [], ""),
        _last_user(series, Side.BLUE),
    )


def _recorded(kind: MomentKind, found: Sequence[datetime], how: str) -> Moment:
    return Moment(kind=kind, at=found[0] if found else None, how=how if found else "not in the timeline")


def _fault(
    decided: datetime, entries: Sequence[TimelineEntry], series: Sequence[Series], fault_at: datetime | None
) -> Moment:
    kind = MomentKind.FAULT_SEEN
    if fault_at is not None:
        return Moment(kind=kind, at=fault_at, how="the fault was caused on purpose at this instant")
    if not series:
        return Moment(kind=kind, at=None, how=_NO_SERIES)
    since = phase_began(entries, decided)
    sick = [
        m.at for s in series for m in s.minutes if since and since < m.at + MINUTE and m.at < decided and _is_sick(m)
    ]
    rule = f"{FAULT_PERCENT:g} % or more of green's answers were 5xx, and more than of blue's"
    if not sick:
        return Moment(kind=kind, at=None, how=f"no minute before the decision in which {rule}")
    return Moment(kind=kind, at=min(sick), how=f"begin of the first minute of this stage in which {rule}")


def _is_sick(minute: Minute) -> bool:
    green = percent(minute.green_5xx, minute.green_requests)
    blue = percent(minute.blue_5xx, minute.blue_requests)
    return green is not None and green >= FAULT_PERCENT and (blue is None or green > blue)


def _most_users(series: Sequence[Series], side: Side, since: datetime, event: str) -> Moment:
    """When nearly all who were on *side* just before *since*, the instant of *event*, had left it."""
    kind = MomentKind.MOST_USERS
    if not series:
        return Moment(kind=kind, at=None, how=_NO_SERIES)
    shares = sorted((at + MINUTE, part) for at, part in _shares(series, side).items() if part is not None)
    before = next((part for end, part in reversed(shares) if end <= since), None)
    if not before:
        return Moment(kind=kind, at=None, how=f"{side} answered no request in the minute before {event}")
    left = [end for end, part in shares if end > since and part <= before * FEW]
    how = (
        f"end of the first minute in which {side}'s share was at most {PERCENT * FEW:g} % of what it was before {event}"
    )
    return Moment(kind=kind, at=left[0] if left else None, how=how if left else "not before the series ended")


def _shares(series: Sequence[Series], side: Side) -> dict[datetime, float | None]:
    """The part of all requests that *side* answered, minute by minute."""
    minutes: dict[datetime, list[Minute]] = {}
    for workload in series:
        for minute in workload.minutes:
            minutes.setdefault(minute.at, []).append(minute)
    return {
        at: share(total(_requests(m, side.other) for m in found), total(_requests(m, side) for m in found))
        for at, found in minutes.items()
    }


def _last_user(series: Sequence[Series], side: Side) -> Moment:
    kind = MomentKind.LAST_USER
    if not series:
        return Moment(kind=kind, at=None, how=_NO_SERIES)
    served = [minute.at + MINUTE for workload in series for minute in workload.minutes if _requests(minute, side)]
    if not served:
        return Moment(kind=kind, at=None, how=f"{side} answered no request in the series")
    last = max(served)
    if not all(_is_quiet_after(workload, side, last) for workload in series):
        return Moment(kind=kind, at=None, how=f"{side} still answered requests when the series ended")
    return Moment(kind=kind, at=last, how=f"end of the last minute in which {side} answered a request")


def _is_quiet_after(series: Series, side: Side, last: datetime) -> bool:
    """Whether a later minute was measured, with requests, and none of them on *side*."""
    return any(_requests(minute, side.other) and _requests(minute, side) == 0 for minute in series.minutes
               if minute.at >= last)  # fmt: skip


def _requests(minute: Minute, side: Side) -> int | None:
    return minute.blue_requests if side is Side.BLUE else minute.green_requests
