"""The preview of a plan as JSON: stable, so that pipelines can judge it. Keys are only ever added."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from crossfade.core.budget import EVENTS_MAX
from crossfade.core.preview import Failures, PlannedStage, PlannedWrite, Preview, Span
from crossfade.core.weight import Split

FIELDS: Final[Mapping[str, str]] = {
    "plan": "its name",
    "blue": "name and region of the cluster that has the users",
    "green": "name and region of the cluster that gets them",
    "workloads": "names of what moves, all of it together unless there are waves",
    "waves[].name": "in order",
    "waves[].workloads": "names of what moves together",
    "waves[].after": "names of waves without which it is not to be on green",
    "on_failure": "what goes back when a workload fails: all, wave or workload",
    "stages[].stage": "from 1",
    "stages[].wave": "name of the wave that moves; null when all workloads move together",
    "stages[].share_percent_wanted": "green's share as the plan asks for it",
    "stages[].share_percent": "green's share as whole weights express it",
    "stages[].blue": "blue's weight",
    "stages[].green": "green's weight",
    "stages[].gate": "approval, or none",
    "stages[].bake_seconds": "how long it is watched",
    "stages[].began_seconds": "since the start: its first write",
    "stages[].moved_seconds": "since the start: its weights are read back",
    "stages[].left_seconds": "since the start: it is left",
    "stages[].rollback_seconds": "from a decision in this stage until users are back on blue",
    "stages[].failed_if_green_turns_bad": "requests, if green turns bad while this stage is watched; null: no rate",
    "writes[].stage": "from 1; null for the final weights",
    "writes[].wave": "name of the wave; null likewise",
    "writes[].cluster": "blue or green",
    "writes[].weight": "what is written there, for every workload of the wave",
    "writes[].share_percent": "green's share once Route 53 shows it",
    "writes[].written_seconds": "since the start",
    "writes[].followed_seconds": "since the start: users whose resolvers keep to the TTL have followed",
    "soak_seconds": "how long green is watched with all traffic",
    "duration_seconds": "the whole run, without the time of people",
    "approvals": "how many stages wait for a person",
    "people_seconds": "how long people may take in all, to approve and to hold",
    "rollback_seconds": "from a decision until users are back on blue, at the slowest of all stages",
    "rollback_read_back_seconds": "from a decision until that is read back, likewise",
    "transitions": "of states",
    "dollars": "for the transitions",
    "history.events": "in the history of a typical run",
    "history.events_worst": "in the history of the longest run, rolled back at its end",
    "history.events_max": "what Step Functions allows",
    "requests_per_second": "of all workloads together; null: unknown",
    "error_rate": "which part of green's requests is taken to fail",
    "failed_if_green_is_bad": "requests, if green is bad from its first user on; null: no rate",
    "budget.failed_requests": "how many may fail",
    "budget.kept": "true, false, or null: no rate",
    "warnings": "what deserves a second look, a sentence each",
}
"""What each key means. A key that ends in _seconds, `transitions` and `dollars` hold `typical` and `longest`, but for
single figures; `failed_…` hold `expected` and `worst`, each null when no alarm would see it in time."""


def to_json(preview: Preview) -> dict[str, Any]:
    """The object that `crossfade plan --output json` prints."""
    return {
        "plan": preview.plan.name,
        "blue": preview.plan.blue.model_dump(),
        "green": preview.plan.green.model_dump(),
        "workloads": [workload.name for workload in preview.plan.workloads],
        "waves": [wave.model_dump(mode="json") for wave in preview.plan.waves],
        "on_failure": preview.plan.on_failure.value,
        "stages": [_stage(stage) for stage in preview.stages],
        "writes": [_write(write) for write in preview.writes],
        "soak_seconds": _seconds(preview.plan.soak),
        "duration_seconds": _span(preview.duration),
        "approvals": preview.approvals,
        "people_seconds": _seconds(preview.spare),
        "rollback_seconds": _span(preview.rollback),
        "rollback_read_back_seconds": _span(preview.read_back),
        "transitions": _pair(preview.transitions),
        "dollars": _pair(preview.dollars),
        "history": {"events": preview.events, "events_worst": preview.events_worst, "events_max": EVENTS_MAX},
        "requests_per_second": preview.requests_per_second,
        "error_rate": preview.error_rate,
        "failed_if_green_is_bad": _failures(preview.bad_from_start),
        "budget": preview.budget and {"failed_requests": preview.budget.failed_requests, "kept": preview.budget.kept},
        "warnings": list(preview.warnings),
    }


def _stage(stage: PlannedStage) -> dict[str, Any]:
    return {
        "stage": stage.index + 1,
        "wave": stage.wave or None,
        "share_percent_wanted": stage.wanted_percent,
        "share_percent": _percent(stage.split),
        "blue": stage.split.blue,
        "green": stage.split.green,
        "gate": stage.gate.value,
        "bake_seconds": _seconds(stage.bake),
        "began_seconds": _span(stage.began),
        "moved_seconds": _span(stage.moved),
        "left_seconds": _span(stage.ended),
        "rollback_seconds": _span(stage.rollback),
        "failed_if_green_turns_bad": _failures(stage.turns_bad),
    }


def _write(write: PlannedWrite) -> dict[str, Any]:
    return {
        "stage": None if write.stage is None else write.stage + 1,
        "wave": write.wave or None,
        "cluster": write.side.value,
        "weight": write.weight,
        "share_percent": _percent(write.split),
        "written_seconds": _span(write.written),
        "followed_seconds": _span(write.followed),
    }


def _percent(split: Split) -> float:
    return round(split.share_percent, 3)


def _span(span: Span) -> dict[str, int]:
    return {"typical": _seconds(span.typical), "longest": _seconds(span.longest)}


def _pair(pair: tuple[float, float]) -> dict[str, float]:
    typical, longest = pair
    return {"typical": round(typical, 6), "longest": round(longest, 6)}


def _failures(failures: Failures | None) -> dict[str, int | None] | None:
    if failures is None:
        return None
    expected, worst = (None if figure is None else round(figure) for figure in (failures.expected, failures.worst))
    return {"expected": expected, "worst": worst}


def _seconds(duration: timedelta) -> int:
    return round(duration.total_seconds())
