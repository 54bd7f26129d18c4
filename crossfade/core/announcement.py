"""What the outside is told of a migration: one announcement a change of its life, with a published, versioned form.

Announcements are made from the entries of the timeline and from nothing else, so they say what the ledger says. This
file knows no bus and no chat. New optional fields and new changes do not raise the version; whatever would make a
reader of version 1 wrong does.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import AwareDatetime, Field

from crossfade.core.model import Model
from crossfade.core.record import Outcome, Record
from crossfade.names import PRODUCT, TimelineEvent

SCHEMA: Final = "crossfade.event.v1"


class Change(StrEnum):
    """The changes that are announced."""

    STARTED = "started"  # its plan is fixed; nothing is changed yet
    STAGE_MOVED = "stage_moved"  # the weights of a stage are read back for every workload
    STAGE_PASSED = "stage_passed"  # a stage was left on good evidence
    WAITING_FOR_APPROVAL = "waiting_for_approval"  # a stage is over and a person has to approve
    HOLD_BEGAN = "hold_began"  # a person froze it on purpose, for a time
    SUCCEEDED = "succeeded"  # all traffic is on green, read back
    DRY_RUN_PASSED = "dry_run_passed"  # the preflight passed; nothing was changed
    ROLLED_BACK = "rolled_back"  # traffic is as it was before, read back
    PARTLY_ROLLED_BACK = "partly_rolled_back"  # some hosts are as before, the others on green, as planned; read back
    ROLLBACK_UNCONFIRMED = "rollback_unconfirmed"  # traffic could not be read back as before; somebody is paged
    HELD = "held"  # it ended frozen on purpose; a person decides what is next
    REFUSED = "refused"  # it did not begin; nothing was changed

    @property
    def detail_type(self) -> str:
        """As EventBridge has it, such as `Crossfade Stage Moved`."""
        return f"{PRODUCT} {self.value.replace('_', ' ').title()}"

    @property
    def is_end(self) -> bool:
        """Whether the migration has ended."""
        return self in _ENDS.values()


_CHANGES: Final[Mapping[str, Change]] = {
    TimelineEvent.STARTED: Change.STARTED,
    TimelineEvent.TRAFFIC_MOVED: Change.STAGE_MOVED,
    TimelineEvent.STAGE_PASSED: Change.STAGE_PASSED,
    TimelineEvent.APPROVAL_AWAITED: Change.WAITING_FOR_APPROVAL,
    TimelineEvent.HOLD_BEGAN: Change.HOLD_BEGAN,
}
_ENDS: Final[Mapping[str, Change]] = {
    Outcome.SUCCEEDED: Change.SUCCEEDED,
    Outcome.DRY_RUN: Change.DRY_RUN_PASSED,
    Outcome.ROLLED_BACK: Change.ROLLED_BACK,
    Outcome.PARTLY_ROLLED_BACK: Change.PARTLY_ROLLED_BACK,
    Outcome.ROLLBACK_UNCONFIRMED: Change.ROLLBACK_UNCONFIRMED,
    Outcome.HELD: Change.HELD,
    Outcome.REFUSED: Change.REFUSED,
}


class Announcement(Model):
    """One change in the life of a migration, for whoever listens. Each comes at least once; `id` tells copies."""

    form: Literal["crossfade.event.v1"] = Field(default=SCHEMA, alias="schema", description="This form.")
    id: str = Field(description="The same for every copy of one announcement.")
    change: Change = Field(description="What has changed.")
    at: AwareDatetime = Field(description="When, UTC.")
    migration: str = Field(description="Name of the execution.")
    execution: str = Field(description="ARN of the execution.")
    plan: str = Field(description="Name of the plan.")
    blue: str = Field(description="Name of the cluster that had the users.")
    green: str = Field(description="Name of the cluster that gets them.")
    workloads: int = Field(description="How many move.")
    stage: int | None = Field(description="Of the stage that this is about, from 1; null when it is about none.")
    stages: int = Field(description="How many the plan has.")
    share_percent: float | None = Field(description="Wanted share of traffic on green in that stage; null likewise.")
    dry_run: bool = Field(description="Whether nothing is to be changed.")
    outcome: Outcome | None = Field(description="How it ended; null while it runs.")
    text: str = Field(description="What happened, for people; more than one line when several faults were found.")
    started_by: str = Field(description="Who or what started it, as the start said; empty when it did not say.")
    purpose: str = Field(description="Why it was started; empty when nobody said.")

    def to_json(self) -> str:
        """The detail of the event."""
        return self.model_dump_json(by_alias=True)


def announcement_of(
    record: Record, *, what: str, text: str, at: datetime, data: Mapping[str, object]
) -> Announcement | None:
    """
    The announcement of one entry of *record*'s timeline; None when that entry is no news for the outside.

    Args:
        record: As it is after the entry.
        what: A `names.TimelineEvent`.
        text: The sentence of the entry.
        at: Its time, UTC.
        data: What it carries; `stage` counts from 0.
    """
    ended = what == TimelineEvent.ENDED
    change = _ENDS.get(str(data.get("outcome"))) if ended else _CHANGES.get(what)
    if change is None:
        return None
    plan, stage = record.plan, data.get("stage")
    number = stage if isinstance(stage, int) and 0 <= stage < len(plan.stages) else None
    return Announcement(
        id=f"{record.migration}/{change.value}/{at.isoformat()}",
        change=change,
        at=at,
        migration=record.migration,
        execution=record.execution,
        plan=plan.name,
        blue=plan.blue.name,
        green=plan.green.name,
        workloads=len(plan.workloads),
        stage=None if number is None else number + 1,
        stages=len(plan.stages),
        share_percent=None if number is None else plan.stages[number].share_percent,
        dry_run=plan.dry_run,
        outcome=record.outcome if ended else None,
        text=text,
        started_by=record.started_by,
        purpose=record.purpose,
    )


def event_schema() -> dict[str, Any]:
    """The JSON Schema of an event's detail; unknown fields are allowed, because later ones may come."""
    schema = Announcement.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "additionalProperties": True}
