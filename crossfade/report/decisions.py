"""The decisions of a migration: as the timeline has them, each beside what the series shows up to then."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue

from crossfade.names import TimelineEvent
from crossfade.report.counting import measured
from crossfade.report.model import DecisionEntry, Series, TimelineEntry

START, LOOK, WAIT, ADVANCE, COMPLETE, ROLL_BACK = "start", "look", "wait", "advance", "complete", "roll_back"

UNNUMBERED = frozenset({LOOK, WAIT})
"""What changes nothing has no number in the chart."""

_ACTIONS = {
    TimelineEvent.PREFLIGHT_PASSED.value: START,
    TimelineEvent.STAGE_PASSED.value: ADVANCE,
    TimelineEvent.SOAK_PASSED.value: COMPLETE,
    TimelineEvent.VERDICT_CHANGED.value: LOOK,
    TimelineEvent.ROLLBACK_DECIDED.value: ROLL_BACK,
    TimelineEvent.ROLLBACK_BEGAN.value: ROLL_BACK,
}
_BOOKKEEPING = ("stage", "epoch")
"""Data of a timeline entry that says where a decision belongs, not what it was taken from."""


def decisions_of(entries: Sequence[TimelineEntry]) -> tuple[DecisionEntry, ...]:
    """
    What the timeline says was decided, and what a changed verdict rested on.

    Of several rollback entries only the first is the decision. A look at the instant of a decision is part of it.
    """
    found: list[DecisionEntry] = []
    stage: int | None = None
    for entry in entries:
        if entry.what == TimelineEvent.SOAK_BEGAN:
            stage = None
        elif isinstance(number := entry.data.get("stage"), int):
            stage = number + 1
        action = _ACTIONS.get(entry.what)
        if action and not (action == ROLL_BACK and any(decision.action == ROLL_BACK for decision in found)):
            found.append(_decision(entry, action, stage))
    acted = {decision.at for decision in found if decision.action != LOOK}
    return tuple(decision for decision in found if decision.action != LOOK or decision.at not in acted)


def with_measures(
    decisions: Sequence[DecisionEntry], entries: Sequence[TimelineEntry], series: Sequence[Series]
) -> tuple[DecisionEntry, ...]:
    """Give each decision the sums of the series since its stage (or the soak) began."""
    return tuple(_with_measure(decision, entries, series) for decision in decisions)


def _decision(entry: TimelineEntry, action: str, stage: int | None) -> DecisionEntry:
    evidence: dict[str, JsonValue] = {key: value for key, value in entry.data.items() if key not in _BOOKKEEPING}
    return DecisionEntry(at=entry.at, action=action, reason=entry.text, stage=stage, evidence=evidence)


def _with_measure(decision: DecisionEntry, entries: Sequence[TimelineEntry], series: Sequence[Series]) -> DecisionEntry:
    if decision.measured is not None:
        return decision
    since = phase_began(entries, decision.at)
    return decision.model_copy(update={"measured": measured(series, since, decision.at) if since else None})


def phase_began(entries: Sequence[TimelineEntry], at: datetime) -> datetime | None:
    """When the stage, or the soak, that is under way at *at* began; None before the first stage."""
    begins = (TimelineEvent.STAGE_BEGAN, TimelineEvent.SOAK_BEGAN)
    return max((entry.at for entry in entries if entry.what in begins and entry.at < at), default=None)
