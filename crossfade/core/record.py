"""What the ledger holds of one migration, and what follows from that alone: targets, settling, patience.

A record is a value: it is changed by saving another one. This file decides nothing; `migration` does.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from crossfade.core.budget import spare_time
from crossfade.core.capacity import Capacity, Room, Shortfall
from crossfade.core.charge import Charge, Residual
from crossfade.core.definition import Definition, Definitions
from crossfade.core.ladder import RESCUE_AFTER
from crossfade.core.model import Model
from crossfade.core.plan import Plan
from crossfade.core.probe import Failing
from crossfade.core.traffic import Reading
from crossfade.core.verdict import Cause
from crossfade.core.waves import wave_at, wave_of
from crossfade.core.weight import FULL_WEIGHT, Side, Split
from crossfade.core.workload import Identifiers, Workload


class Outcome(StrEnum):
    """How a migration ended. The values are the error names of the state machine's failures."""

    SUCCEEDED = "Succeeded"  # every host is on green, read back
    ROLLED_BACK = "RolledBack"  # every host is as it was before, read back
    PARTLY_ROLLED_BACK = "PartlyRolledBack"  # every host is on green or as it was before, read back, as the plan says
    ROLLBACK_UNCONFIRMED = "RollbackUnconfirmed"  # traffic could not be read back as before; somebody is paged
    HELD = "Held"  # frozen on purpose, somebody is paged
    REFUSED = "Refused"  # nothing was changed
    DUPLICATE = "Duplicate"  # another execution already does this; nothing was changed
    DRY_RUN = "DryRun"  # preflight passed; nothing was changed


class Baseline(Model):
    """
    The weights of one workload before the first write; None where a weight was absent, which is not "0".

    Attributes:
        workload: Its name.
        blue: 0 to 255, or None.
        green: 0 to 255, or None.
        identifiers: Of its records, for the time when an Ingress cannot be asked any more; None when unknown.
    """

    workload: str
    blue: int | None
    green: int | None
    identifiers: Identifiers | None = None

    def weight(self, side: Side) -> int | None:
        """The weight of *side*."""
        return self.blue if side is Side.BLUE else self.green

    @property
    def split(self) -> Split | None:
        """The weights to return to; None when one was absent or both were 0."""
        if self.blue is None or self.green is None or self.blue + self.green == 0:
            return None
        return Split(self.blue, self.green)


class Ends(Model):
    """
    Where the records of a workload with a switch led before the first write: for the time when they cannot be read.

    Attributes:
        workload: Its name.
        blue: DNS name of blue's load balancer.
        green: Of green's.
    """

    workload: str
    blue: str
    green: str

    def of(self, side: Side) -> str:
        """The DNS name of the load balancer of *side*."""
        return self.blue if side is Side.BLUE else self.green


class Record(Model):
    """
    What the ledger holds of one migration.

    Attributes:
        migration: Name of the execution; the key.
        execution: ARN of the execution.
        plan: Fixed at the start.
        epoch: Of its lease; 0 before it has one.
        baseline: One a workload; empty before the first write is allowed.
        stage: Index of the current stage.
        came_from: Index of the stage before it, -1 for none; None in records from before there were waves.
        stage_began: When the first write of the current stage was tried.
        bake_began: When the current stage's bake began; None while traffic still moves.
        soak_began: When the soak began.
        wrote: When a weight was last written.
        agreed: Since when the authority shows everywhere what is declared; None while it does not.
        blue_agreed: The same for blue alone.
        cause: What the last verdict rested on; None before the first.
        cause_since: Since when verdicts have rested on that.
        postponed: Since when the next stage waits for blue; None while it does not.
        failing: The workloads whose green answered the last probes badly.
        definitions: What the alarms were told when it began, or as somebody has accepted it since.
        edited: Likewise those that are something else now, which nobody has accepted.
        capacity: How many healthy targets blue had when it began, or as somebody has accepted it since.
        short: Where blue has too few of them to take its traffic back without harm.
        paged: The stage in which somebody was paged because both sides were sick; None for none.
        charge: What it has cost users so far; None before anything was counted.
        residual: What blue still had at the end of the soak; None before, and when that is not known.
        left_out: Names of workloads that move no more, because they, or what they come after, have failed.
        returning: Those of them that are given back while the others go on, and are not read back yet.
        returning_since: Since when; None when there are none.
        fence: Nothing is given back under this epoch or an older one.
        stranded: Names of workloads that stay where they are in the rollback: blue has no target to take them back.
        forced: What was written to the authority itself on the way back, as `workload/side/weight`.
        reverted: How often such a weight had to be written again, because somebody had written the old one back.
        ends: Where the records led, of the workloads with a switch.
        cut_off_since: Since when nothing on the way back gets through, if a workload has a switch; None while it does.
        switched: Names of the workloads whose switch is flipped, or is about to be: green is out of DNS.
        switched_since: Since when CloudWatch has taken that; None before.
        switch_seen: When green's requests were seen to have died away since; None before.
        rollback_began: When the rollback began; None before.
        reason: Why it ended, or why it is rolled back.
        outcome: None while it runs.
        started: When the execution started.
        ended: None while it runs.
        revision: Rises with every save; a save with an old one is refused.
        started_by: Who or what started it, as the start said: an ARN, or words; empty when it did not.
        purpose: Why it was started, as the start said.
        asked: The last stage for which people were asked to approve.
        held: When the last hold was asked for that was written down.
        orphaned: When its execution was first found to be gone while somebody held it; None when it never was.
    """

    migration: str
    execution: str
    plan: Plan
    epoch: int = 0
    baseline: tuple[Baseline, ...] = ()
    stage: int = -1
    came_from: int | None = None
    stage_began: datetime | None = None
    bake_began: datetime | None = None
    soak_began: datetime | None = None
    wrote: datetime | None = None
    agreed: datetime | None = None
    blue_agreed: datetime | None = None
    cause: Cause | None = None
    cause_since: datetime | None = None
    postponed: datetime | None = None
    failing: tuple[Failing, ...] = ()
    definitions: tuple[Definition, ...] = ()
    edited: tuple[Definition, ...] = ()
    capacity: tuple[Capacity, ...] = ()
    short: tuple[Shortfall, ...] = ()
    paged: int | None = None
    charge: Charge | None = None
    residual: Residual | None = None
    left_out: tuple[str, ...] = ()
    returning: tuple[str, ...] = ()
    returning_since: datetime | None = None
    fence: int = 0
    stranded: tuple[str, ...] = ()
    forced: tuple[str, ...] = ()
    reverted: int = 0
    ends: tuple[Ends, ...] = ()
    cut_off_since: datetime | None = None
    switched: tuple[str, ...] = ()
    switched_since: datetime | None = None
    switch_seen: datetime | None = None
    rollback_began: datetime | None = None
    reason: str = ""
    outcome: Outcome | None = None
    started: datetime
    ended: datetime | None = None
    revision: int = 0
    started_by: str = ""
    purpose: str = ""
    asked: int | None = None
    held: datetime | None = None
    orphaned: datetime | None = None

    def with_(self, **changes: object) -> "Record":
        """A copy with *changes*, checked again."""
        return Record.model_validate({**{name: getattr(self, name) for name in Record.model_fields}, **changes})

    @property
    def soak_stage(self) -> int:
        """The number under which signals speak of the soak: one past the last stage."""
        return len(self.plan.stages)

    @property
    def alarm_definitions(self) -> Definitions:
        """What its alarms were told, and what has changed."""
        return Definitions(self.definitions, self.edited)

    @property
    def room(self) -> Room:
        """Whether blue has room for what it gave away."""
        return Room(self.capacity, self.short)

    def patience_ends(self, *, soaking: bool = False) -> datetime:
        """
        Until when people may take their time now, to approve or to hold.

        Every look takes from the history of the execution; later, what is left of the plan and a rollback would
        not fit into it any more.
        """
        left = [stage.bake for stage in self.plan.stages[self.stage + 1 :]]
        soak = timedelta() if soaking else self.plan.soak
        return self.started + spare_time(left, soak, self.plan.timing)

    def observed(self, readings: Sequence[Reading], now: datetime) -> "Record":
        """This record, knowing since when the authority shows what is declared, on blue and everywhere."""
        blue = all(reading.blue.agrees for reading in readings)
        green = all(reading.green.agrees for reading in readings)
        changes = {
            "agreed": _since(self.agreed, now, holds=blue and green),
            "blue_agreed": _since(self.blue_agreed, now, holds=blue),
        }
        return self if changes == {"agreed": self.agreed, "blue_agreed": self.blue_agreed} else self.with_(**changes)

    def settled(self, now: datetime, *, returning: bool = False) -> bool:
        """
        Whether everybody must by now be answered by what was last written.

        Args:
            now: UTC.
            returning: Whether traffic is on its way back: then only blue, which takes it, has to have settled.
        """
        if self.wrote is None:
            return True
        since = self.blue_agreed if returning else self.agreed
        return since is not None and now - since >= self.plan.convergence.settle

    def overdue(self, now: datetime) -> bool:
        """
        Whether what was written on the way back should have been shown by now.

        Somebody who writes again and again over one workload must not make all others wait: after the time that
        propagation may take, everything is overdue.
        """
        began = self.rollback_began or self.returning_since or now
        return now - (self.wrote or began) >= RESCUE_AFTER or now - began >= self.plan.timing.propagation

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """The plan's workloads, with the set identifiers that were read before the first write."""
        known = {baseline.workload: baseline.identifiers for baseline in self.baseline}
        return tuple(
            workload.model_copy(update={"identifiers": workload.identifiers or known.get(workload.name)})
            for workload in self.plan.workloads
        )

    def baseline_of(self, workload: str) -> Baseline:
        """The baseline of *workload*, which must have one."""
        return next(baseline for baseline in self.baseline if baseline.workload == workload)

    def target(self, workload: str, stage: int) -> Split:
        """
        Where *workload* is to be in *stage*: where it was before, at the stage's weights, or all on green.

        Until the end the weights of a wave that has moved stay those of its last stage: raising blue alone gives
        nearly everything back.
        """
        if stage >= len(self.plan.stages) and workload not in self.left_out:
            return self.final_split(workload)
        wave, moving = wave_of(self.plan, workload), wave_at(self.plan, stage)
        if stage < 0 or workload in self.left_out or wave > moving:
            baseline = self.baseline_of(workload)
            return Split(blue=baseline.blue or 0, green=baseline.green or 0)
        return self.plan.stages[stage if wave == moving else -1].split

    def split_before(self, workload: str, stage: int) -> Split:
        """What *workload* was left at before *stage* began: the stage before, or the baseline."""
        return self.target(workload, stage - 1 if self.came_from is None else self.came_from)

    def final_split(self, workload: str) -> Split:
        """Where *workload* ends when all goes well: blue and green have swapped their weights."""
        before = self.baseline_of(workload).blue
        return Split(blue=0, green=before or FULL_WEIGHT)


def _since(before: datetime | None, now: datetime, *, holds: bool) -> datetime | None:
    """Since when something holds, given since when it held *before*."""
    return (before or now) if holds else None
