"""A healthy run of a plan, imagined: the machine's own loop and decisions against an authority that follows on time.

Where a weight goes next is asked of `traffic.next_step`, whether a stage is left of `migration.decide`: the same
functions as in a real run, so a forecast and a run cannot differ in what they do, only in how fast the world follows.
One workload stands for all of its wave, because these move together.
This file knows no AWS; a `Pace` says how fast it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from crossfade.core.migration import Action, decide
from crossfade.core.plan import Gate, Plan, Stage
from crossfade.core.record import Record
from crossfade.core.series import MINUTE, PUBLISHING
from crossfade.core.signals import Signal, SignalKind
from crossfade.core.traffic import Reading, SideReading, Write, next_step
from crossfade.core.verdict import Cause, Health, Verdict
from crossfade.core.waves import wave_at
from crossfade.core.weight import FULL_WEIGHT, Side, Split
from crossfade.names import State

_START: Final = datetime(2000, 1, 1, tzinfo=UTC)  # any instant: a forecast only measures from it
_WELL: Final = Verdict(Health.HEALTHY, "all alarms are OK")
_TOO_FEW: Final = Verdict(Health.INCONCLUSIVE, "too few requests", Cause.TOO_FEW_REQUESTS)
_UNITED: Final = "all"  # the one workload that stands for all of them
_LOOKS_MAX: Final = 100_000  # a plan that fits the history needs fewer than 3,000

_EVENTS_OF_TASK: Final = 5  # entered, scheduled, started, succeeded, exited
_EVENTS_OF_SLEEP: Final = 6  # entered, scheduled, started, submitted, timed out, exited
_EVENTS_OF_OTHERS: Final = 2  # entered, exited
_SLEEPS: Final = frozenset({State.BAKE, State.SOAK})
_EVENTS_OF_EXECUTION: Final = 2  # started, succeeded
_TASKS: Final = frozenset(
    {
        State.RESOLVE_PLAN,
        State.TAKE_LEASE,
        State.PREFLIGHT,
        State.RECORD_BASELINE,
        State.SHIFT_TRAFFIC,
        State.CHECK_HEALTH,
        State.CHECK_SOAK,
        State.COMPLETE,
        State.ROLL_BACK,
        State.CONFIRM_ROLLBACK,
    }
)


@dataclass(frozen=True, slots=True)
class Pace:
    """
    How fast the world follows.

    Attributes:
        phase: Which part of an interval goes by before its next tick: 0.5 on average, 1 at worst.
        call: One call of a function, from its state being entered to the next state.
    """

    phase: float
    call: timedelta

    def carried(self, plan: Plan) -> timedelta:
        """From a write to the authority: what is left of the interval of the controller that carries it."""
        return plan.convergence.carrier * self.phase

    def followed(self, plan: Plan) -> timedelta:
        """From the authority to a user whose resolver keeps to the TTL."""
        return plan.convergence.spread * self.phase


@dataclass(frozen=True, slots=True)
class Change:
    """
    One weight, written and then shown.

    Attributes:
        side: Whose weight.
        weight: 0 to 255.
        written: Since the start.
        shown: Since the start: when the authority has it.
        split: What it answers with from then on.
        wave: Index of the wave whose weight it is.
    """

    side: Side
    weight: int
    written: timedelta
    shown: timedelta
    split: Split
    wave: int = 0


@dataclass(frozen=True, slots=True)
class Leg:
    """
    One approach to wanted weights.

    Attributes:
        began: Since the start.
        changes: In order.
        arrived: Since the start: when all of it was read back.
    """

    began: timedelta
    changes: tuple[Change, ...]
    arrived: timedelta


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    A whole run.

    Attributes:
        stages: The approach of each stage.
        left: When each stage was left, since the start.
        completion: The approach to the final weights.
        starved: Indices of stages in which green does not get the requests that it is judged by, however long
            patience lasts: a real run is rolled back there.
        looks: When the alarms were looked at, since the start.
        ended: Since the start.
        states: Every state entered, in order.
    """

    stages: tuple[Leg, ...]
    left: tuple[timedelta, ...]
    starved: tuple[int, ...]
    completion: Leg
    looks: tuple[timedelta, ...]
    ended: timedelta
    states: tuple[State, ...]

    @property
    def transitions(self) -> int:
        """What Step Functions bills: one for each state entered."""
        return len(self.states)

    @property
    def events(self) -> int:
        """The events in the execution's history."""
        return _EVENTS_OF_EXECUTION + sum(map(_events_of, self.states))

    @property
    def changes(self) -> tuple[Change, ...]:
        """All weights of all stages and of the completion, in order."""
        return tuple(change for leg in (*self.stages, self.completion) for change in leg.changes)


def _events_of(state: State) -> int:
    if state in _SLEEPS:
        return _EVENTS_OF_SLEEP
    return _EVENTS_OF_TASK if state in _TASKS else _EVENTS_OF_OTHERS


def forecast(plan: Plan, pace: Pace, *, before: Split, quietest: Sequence[float] | None = None) -> Forecast:
    """
    Run *plan* to its good end. Approvals come at once: how long people take is not in a plan.

    Args:
        plan: What is run; a dry run is forecast as if it were none.
        pace: How fast the world follows.
        before: The weights at the start.
        quietest: Requests a second of the workload that has the fewest, by wave; None when any minute has enough.
    """
    walk = _Walk(plan, pace, [before] * waves_of(plan), quietest=quietest)
    walk.pass_through(
        State.RESOLVE_PLAN, State.TAKE_LEASE, State.PREFLIGHT, State.DRY_RUN, State.RECORD_BASELINE, State.MORE_STAGES
    )
    stages, left, starved = [], [], []
    for index in range(len(plan.stages)):
        stages.append(walk.approach(places(plan, index, before=before), _SHIFTING))
        arrived = walk.looked_at
        began = arrived + plan.convergence.margin
        if walk.watch(_BAKING, stage=index, began=began, first_wait=plan.timing.poll) is Action.ROLL_BACK:
            starved.append(index)
        left.append(walk.elapsed)
        walk.pass_through(State.NEXT_STAGE, State.MORE_STAGES)
    walk.watch(_SOAKING, stage=len(plan.stages) - 1, began=walk.looked_at, first_wait=timedelta(seconds=1))
    completion = walk.approach(places(plan, len(plan.stages), before=before), _COMPLETING)
    walk.pass_through(State.SUCCEEDED)
    return Forecast(
        stages=tuple(stages),
        left=tuple(left),
        starved=tuple(starved),
        completion=completion,
        looks=tuple(walk.looks),
        ended=walk.elapsed,
        states=tuple(walk.states),
    )


def give_back(plan: Plan, pace: Pace, *, at: Sequence[Split], before: Split) -> Leg:
    """Roll all waves back from the weights *at*, one a wave, to those *before*; times are since the decision."""
    return _Walk(plan, pace, at).approach([before] * len(at), _ROLLING_BACK)


def waves_of(plan: Plan) -> int:
    """How many groups of workloads move one after the other."""
    return len(plan.waves) or 1


def places(plan: Plan, stage: int, *, before: Split) -> tuple[Split, ...]:
    """Where each wave is to be in *stage*, one past the last included: `Record.target` for those who start *before*."""
    if stage >= len(plan.stages):
        return (Split(blue=0, green=before.blue or FULL_WEIGHT),) * waves_of(plan)
    moving = wave_at(plan, stage)
    later = (before,) * (waves_of(plan) - moving - 1)
    return (*(plan.stages[-1].split,) * moving, plan.stages[stage].split, *later)


@dataclass(frozen=True, slots=True)
class _Loop:
    """The states of one loop of the machine, and the way from its Choice to its next Task."""

    task: State
    choice: State
    wait: State


_SHIFTING = _Loop(State.SHIFT_TRAFFIC, State.HAS_TRAFFIC_MOVED, State.WAIT_FOR_TRAFFIC)
_BAKING = _Loop(State.CHECK_HEALTH, State.HEALTHY, State.BAKE)
_SOAKING = _Loop(State.CHECK_SOAK, State.SOAKED, State.SOAK)
_COMPLETING = _Loop(State.COMPLETE, State.IS_COMPLETE, State.WAIT_FOR_COMPLETION)
_ROLLING_BACK = _Loop(State.ROLL_BACK, State.IS_TRAFFIC_BACK, State.WAIT_FOR_ROLLBACK)


class _Walk:
    """
    The machine's clock and position.

    Attributes:
        states: Entered so far.
        looks: At the alarms, since the start.
        looked_at: When the last Task was entered: the `now` of its function.
    """

    def __init__(self, plan: Plan, pace: Pace, at: Sequence[Split], *, quietest: Sequence[float] | None = None) -> None:
        self.states: list[State] = []
        self.looks: list[timedelta] = []
        self.looked_at = _START
        self._plan = plan
        self._pace = pace
        self._quietest = quietest
        self._moved = _START
        self._authorities = [_Authority(split, pace.carried(plan)) for split in at]
        self._now = _START
        self._record = Record(migration="forecast", execution="forecast", plan=plan, started=_START)

    @property
    def elapsed(self) -> timedelta:
        """Since the start."""
        return self._now - _START

    def pass_through(self, *states: State) -> None:
        """Enter *states*, one after the other."""
        for state in states:
            self.states.append(state)
            if state in _TASKS:
                self.looked_at = self._now
                self._now += self._pace.call

    def approach(self, targets: Sequence[Split], loop: _Loop) -> Leg:
        """Go round *loop* until all of *targets*, one a wave, are read back, as `steps.common.approach` does."""
        began, changes = self.elapsed, []
        for _ in range(_LOOKS_MAX):
            self.pass_through(loop.task)
            now = self.looked_at
            readings = [authority.reading(now) for authority in self._authorities]
            self._record = self._record.observed(readings, now)
            settled = self._record.settled(now, returning=loop is _ROLLING_BACK)
            steps = [next_step(at, to, settled=settled) for at, to in zip(readings, targets, strict=True)]
            changes += [self._write(write, wave) for wave, step in enumerate(steps) for write in step.writes]
            self.pass_through(loop.choice)
            if all(step.arrived for step in steps):
                self._moved = now
                break
            self._wait(loop, self._plan.timing.poll)
        return Leg(began, tuple(changes), self.looked_at - _START)

    def watch(self, loop: _Loop, *, stage: int, began: datetime, first_wait: timedelta) -> Action:
        """Go round *loop* until `decide` says that the stage, or the soak, is over, and how."""
        soaking = loop is _SOAKING
        record = self._record.with_(stage=stage, bake_began=began, soak_began=began if soaking else None)
        signals = _approvals(self._plan)
        wait = first_wait
        for _ in range(_LOOKS_MAX):
            self._wait(loop, wait)
            self.pass_through(loop.task)
            self.looks.append(self.looked_at - _START)
            verdict = self._verdict(self._plan.stages[stage])
            decision = decide(record=record, now=self.looked_at, verdict=verdict, signals=signals, soaking=soaking)
            self.pass_through(loop.choice)
            if decision.action is not Action.WAIT:
                return decision.action
            wait = timedelta(seconds=decision.wait_seconds)
        return Action.ROLL_BACK

    def _verdict(self, stage: Stage) -> Verdict:
        """Healthy, once green has had enough requests in complete minutes since its weights were shown."""
        if self._quietest is None:
            return _WELL if self.looked_at - PUBLISHING - self._moved >= MINUTE else _TOO_FEW
        minutes = (self.looked_at - PUBLISHING - self._pace.followed(self._plan) - self._moved) // MINUTE
        rates = [*self._quietest[: stage.wave], self._quietest[stage.wave] * stage.split.green_part]
        had = min(rates) * minutes * MINUTE.total_seconds()
        return _WELL if had >= self._plan.evidence.requests else _TOO_FEW

    def _wait(self, loop: _Loop, wait: timedelta) -> None:
        self.pass_through(loop.wait)
        self._now += wait

    def _write(self, write: Write, wave: int) -> Change:
        unsettled = {"blue_agreed": None} if write.side is Side.BLUE else {}
        self._record = self._record.with_(wrote=self.looked_at, agreed=None, **unsettled)
        shown, split = self._authorities[wave].write(write, self.looked_at)
        return Change(write.side, write.weight, self.looked_at - _START, shown - _START, split, wave)


class _Authority:
    """What users ask (Route 53 behind ExternalDNS, a listener rule): shows every weight *lag* after it was written."""

    def __init__(self, at: Split, lag: timedelta) -> None:
        self._lag = lag
        self._declared = {side: at.weight(side) for side in Side}
        self._shown = dict(self._declared)
        self._due: dict[Side, datetime] = {}

    def reading(self, now: datetime) -> Reading:
        for side, due in self._due.items():
            if due <= now:
                self._shown[side] = self._declared[side]
        return Reading(_UNITED, self._side(Side.BLUE), self._side(Side.GREEN))

    def write(self, write: Write, now: datetime) -> tuple[datetime, Split]:
        """When *write* will be shown, and what is answered from then on."""
        self._declared[write.side] = write.weight
        self._due[write.side] = now + self._lag
        return now + self._lag, Split(self._declared[Side.BLUE], self._declared[Side.GREEN])

    def _side(self, side: Side) -> SideReading:
        return SideReading(declared=self._declared[side], authoritative=self._shown[side])


def _approvals(plan: Plan) -> tuple[Signal, ...]:
    gated: Sequence[int] = [index for index, stage in enumerate(plan.stages) if stage.gate is Gate.APPROVAL]
    return tuple(Signal(kind=SignalKind.APPROVE, by="forecast", at=_START, stage=index) for index in gated)
