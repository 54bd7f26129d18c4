"""The picture of a migration that runs somewhere else: drawn from its record and its timeline, and from nothing more.

Requests and failures are those of the stage, as the last entry of the timeline counts them; alarms likewise.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from crossfade.cli.frame import Frame, HostRow, rough_length
from crossfade.cli.lines import lines_of
from crossfade.cli.seen import Seen
from crossfade.core.fleet import read_back
from crossfade.core.record import Record
from crossfade.core.timeline import Event
from crossfade.core.verdict import in_order_of_gravity
from crossfade.core.weight import PERCENT
from crossfade.core.workload import Workload

_COUNTED: Final = "workloads"
"""The key of an entry's data under which each workload's requests stand."""


def frame_of(seen: Seen, timeline: Sequence[Event]) -> Frame | None:
    """What to draw of *seen*; None before its plan is resolved."""
    record = seen.record
    if record is None:
        return None
    elapsed = seen.now - record.started
    is_going_back = record.rollback_began is not None
    doing, _, why = seen.doing.partition(": ") if is_going_back else (seen.doing, "", "")
    return Frame(
        now=seen.now,
        elapsed=elapsed,
        title=f"{record.plan.blue.name} → {record.plan.green.name}  {seen.name}",
        doing=doing,
        next_event=seen.following + (f". Why: {why}" if why else ""),
        stages=tuple(stage.share_percent for stage in record.plan.stages),
        stage=record.stage,
        progress=elapsed / rough_length(record.plan),
        rolling_back=is_going_back,
        hosts=_rows(record, _counted(record, timeline)),
        lines=lines_of(timeline),
    )


def _counted(record: Record, timeline: Sequence[Event]) -> Mapping[str, Any]:
    """The data of the last entry that counts requests, if it is of the current stage."""
    began = record.stage_began or record.started
    counts = (event.data for event in reversed(timeline) if isinstance(event.data.get(_COUNTED), dict))
    newest = next((event.at for event in reversed(timeline) if isinstance(event.data.get(_COUNTED), dict)), None)
    return next(counts, {}) if newest is not None and newest >= began else {}


def _rows(record: Record, counted: Mapping[str, Any]) -> tuple[HostRow, ...]:
    left = read_back(record)
    numbers = counted.get(_COUNTED, {})
    return tuple(
        HostRow(
            host=workload.host,
            blue=left[workload.name].blue if workload.name in left else None,
            green=left[workload.name].green if workload.name in left else None,
            observed_percent=numbers.get(workload.name, {}).get("share_percent"),
            errors_percent=_errors(numbers.get(workload.name, {})),
            alarms=_alarms(workload, counted),
        )
        for workload in record.plan.workloads
    )


def _errors(numbers: Mapping[str, Any]) -> float | None:
    requests = numbers.get("green_requests")
    return PERCENT * numbers.get("green_failed", 0) / requests if requests else None


def _alarms(workload: Workload, counted: Mapping[str, Any]) -> str:
    if "alarms_asked" not in counted:
        return ""
    not_ok = counted.get("alarms_not_ok", {})
    return in_order_of_gravity([not_ok.get(name, "OK") for name in workload.alarms])[0]
