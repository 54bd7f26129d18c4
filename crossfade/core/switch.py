"""The third rung: whose green is taken out of DNS by its health check, and whether that was seen.

Rule 1: records first. A switch is for workloads whose records neither rung 1 nor rung 2 could write, or confirm.
Rule 2: only green is taken out, and only where it still has more than next to nothing. Weights stay what they are, so
it is never called a rollback: users are on blue while the records say otherwise.
Rule 3: a dead blue is never switched to. Where nobody knows, Route 53 does not either: if blue's record is unhealthy
too, all of them count as healthy and are answered by their weights, as before the flip.
Rule 4: it is put back after the records are, when no name server answers an older weight any more.
Sources: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html;
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html (a weight of 0 is answered with
when everything else is unhealthy).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from crossfade.core.fleet import on_green, rest
from crossfade.core.ladder import LEAST
from crossfade.core.record import Baseline, Record
from crossfade.core.series import PUBLISHED, Minute, Series
from crossfade.core.traffic import Reading
from crossfade.core.weight import Split

SWITCH_AFTER: Final = timedelta(seconds=30)
"""For how long nothing gets through on rungs 1 and 2 before a switch is flipped: one refused call is no outage."""

_SEEN_PART: Final = 0.1
"""Green is seen to be out when it has at most this part of the share that its weights give it."""
_MINUTE: Final = timedelta(minutes=1)


def may_switch(record: Record, only: Collection[str]) -> tuple[str, ...]:
    """Names of the workloads that go back (*only*, or all), have a switch and users on green."""
    placed = {workload.name for workload in on_green(record)} | set(record.returning)
    return tuple(
        workload.name
        for workload in record.plan.workloads
        if workload.switch
        and workload.name in placed
        and workload.name not in record.stranded
        and (workload.name in only if only else rest(record, workload.name) == record.baseline_of(workload.name).split)
    )


def still_on_green(names: Sequence[str], readings: Mapping[str, Reading], record: Record) -> tuple[str, ...]:
    """Those of *names* whose green has, or may have, a greater share at the authority than it is to have."""
    return tuple(name for name in names if _is_on_green(readings.get(name), record.baseline_of(name)))


def _is_on_green(reading: Reading | None, before: Baseline) -> bool:
    """Whether green is shown more than it had before, and more than next to nothing (see `ladder.way_back`)."""
    shown = reading.split if reading else None
    least = Split(before.blue or 0, max(before.green or 0, LEAST))
    return shown is None or shown.share_percent > least.share_percent


def is_seen(series: Series, record: Record, now: datetime) -> str:
    """
    What shows that green's requests have died away since the switch was flipped, in words; empty when nothing does.

    A minute is believed when it began after the flip and both sides' numbers must have been published by now.
    """
    since = record.switched_since
    known = [m for m in series.minutes if since and m.at >= since and m.at + _MINUTE <= now - PUBLISHED]
    if not known:
        return ""
    last = known[-1]
    total = last.blue.requests + last.green.requests
    if not total or last.green.requests > total * _SEEN_PART * _written(record, series.workload):
        return ""
    return _said(series.workload, last, total)


def _said(workload: str, minute: Minute, total: int) -> str:
    return f"{workload}: green had {minute.green.requests:,} of {total:,} requests in the minute {minute.at:%H:%M} UTC"


def _written(record: Record, workload: str) -> float:
    """The least share, above 0 to 1, that green may have by the weights that were written last."""
    splits = (record.target(workload, record.stage), record.split_before(workload, record.stage))
    return min((split.green_part for split in splits if split.green > 0), default=1.0)


def taken_out(record: Record, seen: Sequence[str] = ()) -> str:
    """What is told of the switches of *record*, wherever its end is told."""
    if not record.switched:
        return ""
    names = ", ".join(record.switched)
    if record.switched_since is None:
        return f"{names}: the switch is not flipped yet"
    told = (
        f"{names}: the health check on green's record takes users to blue since {record.switched_since:%H:%M} UTC, "
        "though the records still say otherwise; the guardian goes on repairing them, and puts the switch back after"
    )
    if record.switch_seen is None:
        return f"{told}; not seen in green's requests yet, which takes some minutes"
    return f"{told}; seen: {'; '.join(seen)}" if seen else f"{told}; seen at {record.switch_seen:%H:%M} UTC"
