"""The report as data: everything that the page shows, and nothing that the page would have to guess.

What was not measured is None here and "not measured" on the page. All times are UTC.
This file does not know how the report is collected or how it looks.
"""

import json
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, Self

from pydantic import Field, JsonValue

from crossfade.core.charge import Charge, Residual
from crossfade.core.model import Model
from crossfade.core.plan import Gate, Plan
from crossfade.core.record import Baseline, Outcome
from crossfade.core.signals import Signal
from crossfade.core.weight import PERCENT

SCHEMA_VERSION: Final = 1
"""Rises when a reader of version 1 would misread the JSON; new optional fields do not raise it."""


class Environment(StrEnum):
    """Where the migration ran."""

    AWS = "aws"
    EMBEDDED = "embedded"  # the world that ships with Crossfade; the page says that it is not AWS


class StageResult(StrEnum):
    """How far a stage came."""

    PASSED = "passed"
    ROLLED_BACK = "rolled_back"  # the rollback was decided in this stage
    UNFINISHED = "unfinished"  # begun, neither passed nor rolled back
    NOT_REACHED = "not_reached"


class StageEntry(Model):
    """
    One stage: wanted, written, observed.

    Attributes:
        number: From 1.
        wanted_percent: The share that the plan asks for.
        blue: Blue's weight, 0 to 255.
        green: Green's weight, 0 to 255.
        written_percent: The share that these whole weights express.
        observed_percent: Green's share of all requests while the stage was baked; None when not measured.
        bake_seconds: As planned.
        gate: As planned.
        began: When its first write was tried.
        moved: When the authority showed its weights for every workload.
        passed: When it was left for the next one.
        result: How far it came.
        wave: Name of the wave that moves in it; empty when all workloads move together.
    """

    number: int
    wanted_percent: float
    blue: int
    green: int
    written_percent: float
    observed_percent: float | None
    bake_seconds: int
    gate: Gate
    began: datetime | None
    moved: datetime | None
    passed: datetime | None
    result: StageResult
    wave: str = ""


class TimelineEntry(Model):
    """
    One entry of the timeline, as the ledger has it.

    Attributes:
        at: UTC.
        what: A short name from `names.TimelineEvent`.
        text: One sentence.
        data: Small JSON values.
    """

    at: datetime
    what: str
    text: str
    data: dict[str, JsonValue] = Field(default_factory=dict)


class Minute(Model):
    """
    One minute of one workload.

    Attributes:
        at: When the minute begins.
        blue_requests: Answered by blue; None when not measured, 0 when measured and none.
        green_requests: Answered by green, likewise.
        blue_5xx: Of them, answered with a 5xx status; None when not measured.
        green_5xx: Likewise.
        written_percent: Green's share by the last weights written before the minute ended; `build` fills it in.
        observed_percent: Green's share of the requests; `build` fills it in.
    """

    at: datetime
    blue_requests: int | None = None
    green_requests: int | None = None
    blue_5xx: int | None = None
    green_5xx: int | None = None
    written_percent: float | None = None
    observed_percent: float | None = None


class Series(Model):
    """The minutes of one workload, oldest first; a minute that was not measured may be absent."""

    workload: str
    minutes: tuple[Minute, ...]


class Totals(Model):
    """
    All requests from start to end, all workloads.

    Attributes:
        requests: How many.
        failed: Of them, how many failed; None when not measured.
        source: Who counted, in a few words.
    """

    requests: int
    failed: int | None
    source: str


class Bound(Model):
    """
    How many requests the preview said could fail in a case like this one.

    Attributes:
        expected: At the typical pace; None when it could not be computed.
        worst: At the slowest; None likewise.
    """

    expected: float | None
    worst: float | None


class WriteEntry(Model):
    """
    One weight that a router accepted.

    Attributes:
        at: UTC.
        workload: Its name.
        side: blue or green.
        before: The weight before, as last written or as in the baseline; None when that was absent.
        after: The weight written, 0 to 255.
        epoch: Of the lease under which it was written; None when the timeline does not say.
    """

    at: datetime
    workload: str
    side: str
    before: int | None
    after: int
    epoch: int | None


class Measured(Model):
    """
    What the series shows up to a decision: whole minutes of all workloads between two instants.

    Attributes:
        since: Begin of the first minute counted.
        until: End of the last.
        blue_requests, green_requests, blue_5xx, green_5xx: Sums; None when not measured.
        observed_percent: Green's share of the requests.
    """

    since: datetime
    until: datetime
    blue_requests: int | None
    green_requests: int | None
    blue_5xx: int | None
    green_5xx: int | None
    observed_percent: float | None


class DecisionEntry(Model):
    """
    One decision.

    Attributes:
        at: UTC.
        action: start, look (the verdict changed), wait, advance, complete or roll_back.
        reason: One sentence.
        stage: Number of the stage, from 1; None outside the stages.
        evidence: What the decision was given, as recorded; empty when nothing was recorded.
        measured: What the series shows up to then; None without a series.
    """

    at: datetime
    action: str
    reason: str
    stage: int | None = None
    evidence: dict[str, JsonValue] = Field(default_factory=dict)
    measured: Measured | None = None


class Readback(Model):
    """
    The weights of one workload, read from the authority for this report.

    Attributes:
        workload: Its name.
        host: Its DNS name.
        blue: 0 to 255; None when no record was found.
        green: Likewise.
        wanted_blue: What the outcome promises; None when it promises nothing.
        wanted_green: Likewise.
        note: Why a weight is missing.
    """

    workload: str
    host: str
    blue: int | None
    green: int | None
    wanted_blue: int | None
    wanted_green: int | None
    note: str = ""

    @property
    def as_wanted(self) -> bool | None:
        """Whether the weights are what the outcome promises; None when it promises nothing."""
        if self.wanted_blue is None or self.wanted_green is None:
            return None
        return (self.blue, self.green) == (self.wanted_blue, self.wanted_green)

    @property
    def share_percent(self) -> float | None:
        """Green's share by these weights; None while one is missing or both are 0."""
        if self.blue is None or self.green is None or self.blue + self.green == 0:
            return None
        return PERCENT * self.green / (self.blue + self.green)


class MomentKind(StrEnum):
    """The instants that the clock of a migration is read at."""

    FAULT_SEEN = "fault_seen"
    DECIDED = "decided"
    FIRST_WRITE = "first_write"
    READ_BACK = "read_back"
    MOST_USERS = "most_users"
    LAST_USER = "last_user"


class Moment(Model):
    """
    One instant of the clock.

    Attributes:
        kind: Which one.
        at: When; None when it cannot be derived.
        how: How it is known, or why it is not.
    """

    kind: MomentKind
    at: datetime | None
    how: str


class History(Model):
    """
    What the execution used.

    Attributes:
        status: In Step Functions' word.
        events: In its history.
        transitions: Of states.
    """

    status: str
    events: int | None = None
    transitions: int | None = None


class Report(Model):
    """
    The evidence of one migration.

    Attributes:
        schema_version: Of this JSON.
        environment: Where it ran.
        migration: Name of the execution.
        execution: ARN of the execution.
        epoch: Of the lease, at the end.
        plan: As fixed at the start.
        baseline: The weights before the first write; empty when nothing was to be written.
        started: When the execution started.
        ended: None while it runs.
        outcome: None while it runs.
        reason: Why it ended so; more than one line when several faults were found.
        started_by: Who started it; empty when not known.
        purpose: Why it was started; empty when not known.
        stages: One a stage of the plan.
        soak_began: When the soak began.
        soak_passed: When it was over.
        rollback_began: When the rollback was decided.
        timeline: Oldest first.
        signals: What people told it, oldest first.
        series: Per minute, one a workload; empty when not measured.
        totals: Requests of the whole run; None when not measured.
        failed_budget: How many requests may fail; None when no budget was set.
        bound: What the preview foresaw; None when it was not asked.
        charge: What the migration itself has counted and charges to its budget; None when it counted nothing.
        residual: What blue still had at the end of the soak; None when it was not reached, or not known.
        writes: Every weight that was written, oldest first.
        decisions: Oldest first.
        readback: The weights at the end; empty when they were not read for this report.
        readback_at: When they were read.
        clock: From the fault to the last user, or from the first write to the last user.
        history: None when not known.
        broken: Promises that were found broken, a sentence each.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    environment: Environment
    migration: str
    execution: str
    epoch: int
    plan: Plan
    baseline: tuple[Baseline, ...]
    started: datetime
    ended: datetime | None
    outcome: Outcome | None
    reason: str
    started_by: str
    purpose: str
    stages: tuple[StageEntry, ...]
    soak_began: datetime | None
    soak_passed: datetime | None
    rollback_began: datetime | None
    timeline: tuple[TimelineEntry, ...]
    signals: tuple[Signal, ...]
    series: tuple[Series, ...]
    totals: Totals | None
    failed_budget: int | None
    bound: Bound | None
    charge: Charge | None = None
    residual: Residual | None = None
    writes: tuple[WriteEntry, ...]
    decisions: tuple[DecisionEntry, ...]
    readback: tuple[Readback, ...]
    readback_at: datetime | None
    clock: tuple[Moment, ...]
    history: History | None
    broken: tuple[str, ...]

    def moment(self, kind: MomentKind) -> datetime | None:
        """The instant *kind* of the clock, when it is known."""
        return next((moment.at for moment in self.clock if moment.kind is kind), None)

    @property
    def duration(self) -> timedelta | None:
        """From start to end; None while it runs."""
        return self.ended - self.started if self.ended else None

    def to_json(self) -> str:
        """The report for machines; `from_json` reads it back."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """
        Read what `to_json` wrote.

        Raises:
            ValueError: *text* is no report of this schema version; the message says what to do.
        """
        found = json.loads(text)
        version = found.get("schema_version") if isinstance(found, dict) else None
        if version != SCHEMA_VERSION:
            msg = (
                f"this is no report of schema version {SCHEMA_VERSION} (found {version!r}); "
                f"read it with the release of Crossfade that wrote it"
            )
            raise ValueError(msg)
        return cls.model_validate_json(text)
