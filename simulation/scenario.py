"""A run as plain data: everything that makes it what it is, and what came of it."""

from dataclasses import dataclass, field
from typing import Final

from crossfade.core.notice import Notice
from crossfade.core.record import Outcome
from simulation.faults import Fault, Spell
from simulation.reactions import Reaction
from simulation.ways import Way

MIGRATION: Final = "simulated"
"""The name of the one migration of a run."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    Everything that makes a run what it is.

    Attributes:
        seed: Of all chance.
        plan: Name of a plan of the configuration.
        faults: At single calls.
        spells: Troubles of the estate.
        way: By which way weights reach users.
    """

    seed: int
    plan: str
    faults: tuple[Fault, ...] = ()
    spells: tuple[Spell, ...] = ()
    way: Way = Way.EXTERNAL_DNS

    def __str__(self) -> str:
        wrong = [*map(str, self.faults), *map(str, self.spells)]
        return f"seed={self.seed} plan={self.plan} way={self.way} {'; '.join(wrong) or 'no fault'}"


@dataclass
class Result:
    """
    What came of a run.

    Attributes:
        scenario: As given.
        outcome: Of the migration; None when it never opened a record.
        status: Of the execution.
        broken: Violated invariants, a sentence each.
        calls: Over all seams.
        path: States entered.
        seconds: Of virtual time until everything was quiet.
        events: In the history of the execution.
        told: What people were told.
        trace: What happened, for people.
        changes: How often a weight annotation changed.
        slowest: The slowest answers, in seconds, where their bounds hold.
        failed: Requests that a bad green has failed.
    """

    scenario: Scenario
    outcome: Outcome | None
    status: str
    broken: list[str]
    calls: list[str]
    path: list[str]
    seconds: float
    events: int
    told: list[Notice]
    trace: list[str] = field(default_factory=list)
    changes: int = 0
    slowest: dict[Reaction, float] = field(default_factory=dict)
    failed: float = 0.0
