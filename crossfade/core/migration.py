"""The migration: its record, and every decision about going on, waiting or giving traffic back.

Rule 1: whatever decides where traffic goes next lives in this file and in `traffic`.
Rule 2: this file knows no AWS, no Kubernetes and no clock; time and evidence come in.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from crossfade.core.budget import pause_after, spare_time
from crossfade.core.capacity import Capacity, Room, Shortfall, words
from crossfade.core.charge import Charge, Residual
from crossfade.core.definition import Definition, Definitions
from crossfade.core.ladder import RESCUE_AFTER
from crossfade.core.plan import Gate, Identifiers, Model, Plan, Workload
from crossfade.core.probe import Failing
from crossfade.core.traffic import Reading
from crossfade.core.verdict import Cause, Health, Verdict
from crossfade.core.waves import next_stage, wave_at, wave_of
from crossfade.core.weight import FULL_WEIGHT, Side, Split


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


class Action(StrEnum):
    """What the state machine does next; the values stand in its Choice rules."""

    WAIT = "wait"
    ADVANCE = "advance"
    ROLL_BACK = "roll_back"
    GIVE_BACK = "give_back"  # some workloads, while the others go on


class SignalKind(StrEnum):
    """What a person may tell a running migration."""

    APPROVE = "approve"  # leave the gate of one stage, once
    PROMOTE = "promote"  # leave one bake, or the soak, before its time; only in good health
    ABORT = "abort"  # roll back in good order
    HOLD = "hold"  # freeze on purpose, until an expiry
    RESUME = "resume"  # end the hold


class Signal(Model):
    """
    A message from a person to a running migration.

    Attributes:
        kind: What is asked.
        by: Who asks (ARN of the caller).
        at: When.
        stage: The stage it is about, `Record.soak_stage` for the soak; None for the whole migration.
        reason: Why, in the person's words.
        until: End of a hold.
    """

    kind: SignalKind
    by: str
    at: datetime
    stage: int | None = None
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What to do next, and why.

    Attributes:
        action: What the state machine does.
        reason: One sentence, for the timeline and the log.
        wait_seconds: How long to wait before looking again; 0 unless *action* is WAIT.
        next_stage: With ADVANCE: the stage that comes next; one past the last for the soak.
        judged: With ROLL_BACK: whether the evidence asks for it, not a person and not the clock.
        left_out: Workloads that move no more, if the decision is about some of them.
    """

    action: Action
    reason: str
    wait_seconds: int = 0
    next_stage: int = 0
    judged: bool = False
    left_out: tuple[str, ...] = ()

    def to_log(self) -> dict[str, object]:
        """The log record of this decision, which is the answer to the machine as well; whom it concerns is recorded."""
        return {key: value for key, value in asdict(self).items() if key not in ("judged", "left_out")}


def decide(  # noqa: PLR0911 - one return a rule, in their order of precedence
    *,
    record: Record,
    now: datetime,
    verdict: Verdict,
    signals: tuple[Signal, ...] = (),
    soaking: bool = False,
) -> Decision:
    """
    Decide, while a stage bakes or the soak runs, whether to wait, go on or roll back.

    Args:
        record: The migration, with the bake (or soak) already begun.
        now: UTC.
        verdict: What the evidence says right now.
        signals: All that people have sent.
        soaking: Whether this is the soak after the last stage.
    """
    if aborted := abort_asked(signals):
        return Decision(Action.ROLL_BACK, aborted)
    if verdict.health is Health.UNHEALTHY:
        return Decision(Action.ROLL_BACK, verdict.reason, judged=True)
    if hold := active_hold(signals, now):
        left = hold.until - now if hold.until else None
        return _wait_for_people(record, f"held by {hold.by}: {hold.reason}", now=now, left=left, soaking=soaking)
    if verdict.cause is Cause.COMMON_CAUSE and _is_at_an_end(record, now):
        return Decision(Action.ROLL_BACK, f"it did not get better in time: {verdict.reason}", judged=True)
    began = record.soak_began if soaking else record.bake_began
    over = (began or now) + (record.plan.soak if soaking else record.plan.stages[record.stage].bake)
    if now >= over:
        return _leave(record, verdict, signals, now=now, over=over, soaking=soaking)
    promotion = _promotion(record, signals, soaking=soaking)
    if promotion and began is not None and now >= began and verdict.health is Health.HEALTHY:
        early = Verdict(
            verdict.health, f"{verdict.reason}; promoted by {promotion.by}: {promotion.reason or 'no reason given'}"
        )
        return _leave(record, early, signals, now=now, over=over, soaking=soaking)
    return _wait(record, verdict.reason, over - now, now=now, soaking=soaking)


def _is_at_an_end(record: Record, now: datetime) -> bool:
    """Whether the plan's patience with a common cause is over."""
    began = record.cause_since if record.cause is Cause.COMMON_CAUSE else None
    return began is not None and now - began >= record.plan.timing.patience


def _leave(
    record: Record, verdict: Verdict, signals: tuple[Signal, ...], *, now: datetime, over: datetime, soaking: bool
) -> Decision:
    match verdict.health:
        case Health.INCONCLUSIVE if now - over >= record.plan.timing.patience:
            return Decision(Action.ROLL_BACK, f"no good evidence in time: {verdict.reason}", judged=True)
        case Health.INCONCLUSIVE:
            return _wait(record, f"the bake is extended: {verdict.reason}", now=now, soaking=soaking)
        case Health.HEALTHY if _needs_approval(record, signals, soaking=soaking):
            return _wait_for_people(record, f"stage {record.stage + 1} waits for approval", now=now, soaking=soaking)
        case Health.HEALTHY:
            following = next_stage(record.plan, record.stage, record.left_out)
            return Decision(Action.ADVANCE, verdict.reason, next_stage=following)
        case Health.UNHEALTHY:
            return Decision(Action.ROLL_BACK, verdict.reason, judged=True)
        case _:
            assert_never(verdict.health)


def held_back(record: Record, decision: Decision, *, now: datetime, soaking: bool = False) -> Decision:
    """
    *decision*, but no further stage is begun while blue has no room to take back what it gave away.

    To make green permanent takes nothing more from blue, and nobody who rolls back asks how large blue is: a small
    blue is better than a bad green.
    """
    if decision.action is not Action.ADVANCE or decision.next_stage >= len(record.plan.stages) or not record.short:
        return decision
    reason = f"the next stage waits for blue to be scaled up: {words(record.short)}"
    return _wait_for_people(record, reason, now=now, soaking=soaking)


def _needs_approval(record: Record, signals: tuple[Signal, ...], *, soaking: bool) -> bool:
    if soaking or record.plan.stages[record.stage].gate is Gate.NONE:
        return False
    return approval_of(record, signals, record.stage) is None


def approval_of(record: Record, signals: Sequence[Signal], stage: int) -> Signal | None:
    """The first approval of *stage* that counts; where another has to approve, that of the starter does not."""
    mine = (s for s in signals if s.kind is SignalKind.APPROVE and s.stage == stage)
    return min((s for s in mine if not is_own_approval(record, s.by)), key=lambda s: s.at, default=None)


def is_own_approval(record: Record, by: str) -> bool:
    """
    Whether *by* started this migration, and its plan asks for another to approve it.

    Names are compared as AWS gives them: the whole ARN, or its last part, which stays when one person changes roles.
    A start that told no name can be compared with nobody.
    """
    if not record.plan.approver_is_another or not record.started_by:
        return False
    return by == record.started_by or short_name(by) == short_name(record.started_by)


def short_name(who: str) -> str:
    """An ARN as people know it: its last part; words stay as they are."""
    return (who.rpartition("/")[2] or who) if who.startswith("arn:") else who


def _promotion(record: Record, signals: tuple[Signal, ...], *, soaking: bool) -> Signal | None:
    stage = record.soak_stage if soaking else record.stage
    return _last(tuple(signal for signal in signals if signal.stage == stage), SignalKind.PROMOTE)


def _wait_for_people(
    record: Record, reason: str, *, now: datetime, left: timedelta | None = None, soaking: bool
) -> Decision:
    if now >= record.patience_ends(soaking=soaking):
        return Decision(Action.ROLL_BACK, f"{reason}, and the history of this execution has no room to wait longer")
    return _wait(record, reason, left, now=now, soaking=soaking)


def _wait(record: Record, reason: str, left: timedelta | None = None, *, now: datetime, soaking: bool) -> Decision:
    began = (record.soak_began if soaking else record.bake_began) or now
    pause = pause_after(now - began, record.plan.timing.poll)
    wait = min(pause, left) if left is not None else pause
    return Decision(Action.WAIT, reason, wait_seconds=max(1, round(wait.total_seconds())))


def abort_asked(signals: tuple[Signal, ...]) -> str:
    """Who asked for a rollback and why, in a sentence; empty when nobody did."""
    abort = _last(signals, SignalKind.ABORT)
    return f"aborted by {abort.by}: {abort.reason or 'no reason given'}" if abort else ""


def resumed_at(signals: tuple[Signal, ...]) -> datetime | None:
    """When a person last said that it is to go on; None when nobody did."""
    resume = _last(signals, SignalKind.RESUME)
    return resume.at if resume else None


def _last(signals: tuple[Signal, ...], kind: SignalKind) -> Signal | None:
    return max((s for s in signals if s.kind is kind), key=lambda s: s.at, default=None)


def active_hold(signals: tuple[Signal, ...], now: datetime) -> Signal | None:
    """The hold that is in force at *now*."""
    hold, resume = _last(signals, SignalKind.HOLD), _last(signals, SignalKind.RESUME)
    if hold is None or (resume is not None and resume.at >= hold.at) or (hold.until is not None and now >= hold.until):
        return None
    return hold
