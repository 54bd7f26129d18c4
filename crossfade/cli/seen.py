"""One migration as the command line sees it: the ledger's record and Step Functions' execution, read together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from crossfade.cli.account import Account
from crossfade.cli.executions import RUNNING, Execution
from crossfade.core.reckoning import reckoning
from crossfade.core.record import Outcome, Record
from crossfade.core.signals import Signal
from crossfade.core.situation import Phase, Situation, situation
from crossfade.core.waves import wave_name
from crossfade.errors import InvalidInputError

_OUTCOMES = frozenset(outcome.value for outcome in Outcome)

FIELDS: Final[Mapping[str, str]] = {
    "migration": "its name",
    "execution": "ARN of its execution; null when Step Functions has forgotten it",
    "status": "of the execution, in Step Functions' words; null likewise",
    "plan": "its name; null before it is resolved, and when it never was",
    "phase": "checking, moving, following, baking, waiting, soaking, completing, rolling_back or ended; null likewise",
    "stage": "from 1; null before the first",
    "stages": "how many there are; null without a plan",
    "wave": "name of the wave that moves; null outside the stages, and when all workloads move together",
    "doing": "what it does, for people",
    "following": "what comes next, for people; empty when nothing does",
    "started_by": "who or what started it, as the start said; null likewise, empty when it did not say",
    "purpose": "why it was started; null likewise, empty when nobody said",
    "started": "an instant in UTC",
    "ended": "an instant in UTC; null while it runs",
    "outcome": "how it ended; null while it runs, and until the guardian has restored it",
    "reason": "why it ended so, or why it is rolled back",
    "failed_requests": "charged so far (actual), how many may (budget), and what a bad green was expected to fail "
    "(expected, worst); each null when not known",
    "residual": "what blue still had at the end of the soak; null before, and when that is not known",
}
"""What each key of a migration's JSON means."""


@dataclass(frozen=True, slots=True)
class Seen:
    """
    One migration as just read.

    Attributes:
        name: Of the migration.
        execution: None when Step Functions does not know it any more.
        record: None before its plan is resolved, and when it never was.
        signals: All that people have sent.
        now: UTC.
    """

    name: str
    execution: Execution | None
    record: Record | None
    signals: tuple[Signal, ...]
    now: datetime

    @property
    def runs(self) -> bool:
        """Whether its execution runs."""
        return self.execution is not None and self.execution.status == RUNNING

    @property
    def outcome(self) -> Outcome | None:
        """How it ended, by the ledger or else by the execution's error; None while nobody has said so."""
        if self.record is not None and self.record.outcome is not None:
            return self.record.outcome
        error = self.execution.error if self.execution else ""
        if error in _OUTCOMES:
            return Outcome(error)
        return None if self.runs or self.record is not None else Outcome.REFUSED

    @property
    def reason(self) -> str:
        """Why it ended so."""
        told = self.record.reason if self.record else ""
        return told or (self.execution.cause if self.execution else "")

    @property
    def situation(self) -> Situation | None:
        """Where it is; None without a record."""
        return situation(self.record, self.signals, self.now) if self.record else None

    @property
    def doing(self) -> str:
        """What it does, in words."""
        if self.outcome is not None:
            return f"it has ended: {self.outcome}. {self.reason}"
        if self.situation is None:
            return "its plan is being resolved"
        if not self.runs:
            return f"its execution has ended ({self.status}), and the guardian gives traffic back"
        return self.situation.doing

    @property
    def following(self) -> str:
        """What comes next, in words; who waits for somebody says what to type."""
        if self.situation is None or self.record is None or not self.runs:
            return ""
        following = self.situation.following
        if self.situation.phase is Phase.WAITING:
            return f"{following}: crossfade approve {self.name} --stage {self.record.stage + 1}"
        return following

    @property
    def status(self) -> str:
        """Of the execution, in Step Functions' words."""
        return self.execution.status if self.execution else "deleted"

    @property
    def started(self) -> datetime | None:
        """UTC; None when nobody knows."""
        if self.execution is not None:
            return self.execution.started
        return self.record.started if self.record else None

    @property
    def ended(self) -> datetime | None:
        """UTC; None while it runs."""
        if self.record is not None and self.record.ended is not None:
            return self.record.ended
        return self.execution.stopped if self.execution else None

    def to_json(self) -> dict[str, Any]:
        """The object that `--output json` prints."""
        record = self.record
        return {
            "migration": self.name,
            "execution": self.execution.arn if self.execution else None,
            "status": self.execution.status if self.execution else None,
            "plan": record.plan.name if record else None,
            "phase": self.situation.phase.value if self.situation else None,
            "stage": record.stage + 1 if record and record.stage >= 0 else None,
            "stages": len(record.plan.stages) if record else None,
            "wave": (wave_name(record.plan, record.stage) or None) if record else None,
            "doing": self.doing,
            "following": self.following,
            "started_by": record.started_by if record else None,
            "purpose": record.purpose if record else None,
            "started": self.started.isoformat() if self.started else None,
            "ended": self.ended.isoformat() if self.ended else None,
            "outcome": self.outcome.value if self.outcome else None,
            "reason": self.reason,
            "failed_requests": reckoning(record).to_json() if record else None,
            "residual": record.residual.to_json() if record and record.residual else None,
        }


def see(account: Account, migration: str) -> Seen:
    """
    Read *migration*.

    Raises:
        InvalidInputError: Nobody knows it.
    """
    execution, record = account.executions.find(migration), account.ledger.load(migration)
    if execution is None and record is None:
        msg = f"there is no migration {migration} in {account.region}; `crossfade status` lists what runs"
        raise InvalidInputError(msg)
    signals = account.ledger.signals(migration) if record else ()
    return Seen(migration, execution, record, signals, account.now)


def see_listed(account: Account, execution: Execution) -> Seen:
    """Read the migration of an *execution* from a list, which tells no errors."""
    record = account.ledger.load(execution.name)
    if execution.status != RUNNING and (record is None or record.outcome is None):
        return see(account, execution.name)
    signals = account.ledger.signals(execution.name) if record else ()
    return Seen(execution.name, execution, record, signals, account.now)
