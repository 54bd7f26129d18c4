"""What the state machine and EventBridge tell a function, and what it is told back: the JSON of both directions."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, ConfigDict

from crossfade.core.model import Model


class Task(Model):
    """
    What every function is told.

    Attributes:
        migration: Name of the execution.
        execution: ARN of the execution.
        now: When the state was entered, UTC; handlers have no other clock.
    """

    migration: str
    execution: str
    now: datetime


class StartTask(Task):
    """Resolve plan: with the raw input of the execution and its start time."""

    input: Any
    started: datetime


class LeasedTask(Task):
    """A task under a lease, with its epoch (1 or more)."""

    epoch: int


class StageTask(LeasedTask):
    """A task about one stage, counted from 0."""

    stage: int


class HealthTask(StageTask):
    """Check health: *soaking* after the last stage."""

    soaking: bool = False


class EndTask(Task):
    """
    Roll back, Confirm rollback.

    Attributes:
        reason: For people.
        alone: Whether only what was left out is given back, while the others go on.
    """

    reason: str
    alone: bool = False


class WakeUp(Model):
    """
    What wakes the guardian: an event of EventBridge, of which only the time is believed.

    Attributes:
        time: When the execution ended or the minute began, UTC.
    """

    model_config = ConfigDict(extra="ignore")

    time: AwareDatetime


class EndedMigration(Model):
    """
    What wakes the report: Step Functions' event that an execution ended, or our own that a migration did.

    Attributes:
        time: When, UTC.
        detail: Of the event; the name of the migration stands in it as `name` or as `migration`.
    """

    model_config = ConfigDict(extra="ignore")

    time: AwareDatetime
    detail: dict[str, Any]

    @property
    def migration(self) -> str:
        """The name of the execution; empty when the event tells none."""
        return str(self.detail.get("migration") or self.detail.get("name") or "")


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far a task that is asked again and again has come.

    Attributes:
        arrived: Whether the machine goes on.
        reason: One sentence for the timeline and the log.
        wait_seconds: Until it makes sense to look again.
        result: Output of the execution, once complete.
        partly: Whether it is complete for some workloads only, and the others were given back.
        epoch: Under which everything goes on, where it was raised.
    """

    arrived: bool
    reason: str
    wait_seconds: int
    result: dict[str, Any] | None = None
    partly: bool = False
    epoch: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The answer as the machine reads it."""
        return {key: value for key, value in asdict(self).items() if value is not None}
