"""One run: the synthesised machine, the real doors (the guardian's too) and steps, one seed and one virtual clock."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Final

from crossfade.adapters.alb_router import AlbRouter
from crossfade.adapters.external_dns import ExternalDnsRouter
from crossfade.adapters.route53_router import Route53Router
from crossfade.adapters.routers import Routers
from crossfade.core.config import Config
from crossfade.core.host_records import together
from crossfade.core.preview import Preview
from crossfade.core.record import Outcome
from crossfade.core.resolve import resolve
from crossfade.core.verdict import AlarmState
from crossfade.core.weight import Side
from crossfade.core.workload import Router
from crossfade.errors import CrossfadeError, LedgerUnavailableError
from crossfade.names import ALARM_EVENT, ALARM_SOURCE, BELL_KEY, RANG_ERRORS, Function
from crossfade.ports import Notice
from crossfade.wiring import given
from simulation.cloudwatch import SimulatedAlarms, SimulatedMetrics, SimulatedProbe
from simulation.estate import Estate, SimulatedApi, SimulatedRecords
from simulation.faults import CrashError, Fault, LateError, Seams, Spell, Trouble
from simulation.invariants import Watch
from simulation.ledger import SimulatedLedger
from simulation.machine import Execution, TaskFailedError, Walker, stamp
from simulation.reactions import Reaction, Reactions
from simulation.rules import SimulatedRules
from simulation.sound import SoundEstate
from simulation.switches import KeptSwitch
from simulation.ways import Way
from simulation.weights import KeptWeights
from world.clock import Appointment, Clock

START: Final = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
MACHINE: Final = "arn:aws:states:eu-west-1:123456789012:stateMachine:Crossfade"
MIGRATION: Final = "simulated"
SWEEP: Final = timedelta(seconds=60)
EVENT_DELAY: Final = timedelta(seconds=1)
_EVENT_TRIES: Final = 3
_EVENT_AGAIN: Final = 60.0
"""Lambda tries an event twice again, first a minute later."""
QUIET: Final = timedelta(minutes=20)
LONGEST: Final = timedelta(hours=8)
_SKEW_SECONDS: Final = (60, 120)
FUNCTION_SECONDS: Final = 75.0
"""After this the machine gives up a function that does not answer."""

Doors = Mapping[str, Callable[[dict[str, Any], object], dict[str, Any]]]


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


@dataclass
class _Telling:
    """People, as `ports.Notifier`."""

    broken: set[str]
    told: list[Notice] = field(default_factory=list)

    def tell(self, notice: Notice) -> bool:
        """See `ports.Notifier.tell`. A notice that cannot be delivered still counts as tried."""
        self.told.append(notice)
        return Trouble.NOTIFIER.value not in self.broken


@dataclass
class _Parts:
    """What the doors get, as `wiring.Parts`."""

    config: Config
    ledger: SimulatedLedger
    router: Routers
    rescue: Routers
    alarms: SimulatedAlarms
    metrics: SimulatedMetrics
    estate: SoundEstate
    probe: SimulatedProbe
    executions: "Run"
    notifier: _Telling
    weights: KeptWeights
    switch: KeptSwitch


class Run:
    """
    One world, one migration.

    Args:
        scenario: What happens.
        config: The configuration, as deployed.
        definition: The synthesised definition, with function ARNs ending in the role (`…:shift_traffic`).
        doors: The real handlers, by role.
        costs: What the product says of the plan before the start.
    """

    def __init__(
        self, scenario: Scenario, config: Config, definition: dict[str, Any], doors: Doors, costs: Preview
    ) -> None:
        self._scenario = scenario
        self._definition = definition
        self._doors = doors
        self._random = Random(scenario.seed)
        self._clock = Clock(START)
        self._skew = timedelta(0)
        self._executions: dict[str, Execution] = {}
        self._asleep: dict[str, tuple[Appointment, Iterator[float]]] = {}
        self._eventful = max((spell.begins + spell.passes for spell in scenario.spells), default=0)
        self._plan = resolve(config, {"plan": scenario.plan}, now=START)
        self._seams = Seams(
            {fault.at: fault.how for fault in scenario.faults},
            stop=lambda: self._stop(MIGRATION),
            later=self._later,
            random=self._random,
        )
        self._estate = Estate(self._plan, self._clock, self._random, self._seams)
        alarms, metrics = SimulatedAlarms(self._estate), SimulatedMetrics(self._estate)
        ledger = SimulatedLedger(self._seams, self._estate.broken)
        clusters = {side: SimulatedApi(self._estate, side) for side in Side}
        zone: Any = SimulatedRecords(self._estate)
        external_dns = ExternalDnsRouter(clusters, zone, workers=1)  # type: ignore[arg-type]  # in its shape
        hosts = [workload.host for workload in self._plan.workloads]
        records = Route53Router(zone, self._plan.zone.name, together(hosts))
        alb = AlbRouter(SimulatedRules(self._estate))  # type: ignore[arg-type]  # in its shape
        self._parts = _Parts(
            config,
            ledger,
            Routers({Router.EXTERNAL_DNS: external_dns, Router.ROUTE53: records, Router.ALB: alb}),
            Routers({Router.EXTERNAL_DNS: records, Router.ROUTE53: records, Router.ALB: alb}),
            alarms,
            metrics,
            SoundEstate(self._estate.healthy),
            SimulatedProbe(self._estate),
            self,
            _Telling(self._estate.broken),
            KeptWeights(),
            KeptSwitch(),
        )
        leaps = any(spell.trouble is Trouble.CLOCK_AHEAD for spell in scenario.spells)
        self._watch = Watch(self._estate, alarms, metrics, ledger.newest, leaps=leaps)
        ledger.saved = self._watch.saved
        ledger.taken = self._watch.taken
        self._reactions = Reactions(
            self._estate, ledger.newest, costs, scenario.faults, scenario.spells, self._watch.violated
        )
        self._estate.watch = self._look

    def result(self) -> Result:
        """Run until everything is quiet and judge."""
        with given(self._parts):
            for spell in self._scenario.spells:
                self._schedule(spell)
            self._clock.every(SWEEP, self._guard, first=timedelta(seconds=self._random.uniform(1, 60)))
            self._clock.at(START, lambda: self._start(MIGRATION))
            self._clock.run_until(START + LONGEST, stop=self._is_quiet)
            healed = all(spell.begins + spell.lasts < self._estate.seconds for spell in self._scenario.spells)
            self._watch.end(paged=self._has_paged(), healed=healed)
        return self._judged()

    def _look(self) -> None:
        self._watch.look()
        self._reactions.look()

    def _judged(self) -> Result:
        execution, record = self._executions[MIGRATION], self._parts.ledger.peek(MIGRATION)
        return Result(
            scenario=self._scenario,
            outcome=record.outcome if record else None,
            status=execution.status,
            broken=self._watch.broken,
            calls=self._seams.calls,
            path=execution.path,
            seconds=self._estate.seconds,
            events=execution.events,
            told=self._parts.notifier.told,
            trace=self._trace(),
            changes=len(self._estate.changes),
            slowest=self._reactions.slowest if self._reactions.is_bound else {},
            failed=self._estate.users.failed,
        )

    def _trace(self) -> list[str]:
        events = [
            f"+{(e.at - START).total_seconds():6.0f} {e.what}: {e.text}" for e in self._parts.ledger.entries(MIGRATION)
        ]
        changes = [
            f"+{c.at:6.0f} {'record' if c.direct else 'annotation'}: "
            f"{c.workload} {c.side} {c.before} -> {c.after} (epoch {c.epoch}, ours {c.ours})"
            for c in self._estate.changes
        ]
        return [*self._seams.struck, *sorted(events + changes)]

    # --- The account -------------------------------------------------------------------------------------------------

    def _start(self, name: str) -> None:
        arn = f"{MACHINE.replace('stateMachine', 'execution')}:{name}"
        execution = Execution(self._definition, arn, {"plan": self._scenario.plan}, self._machine_s_clock())
        self._executions[name] = execution
        walk = Walker(execution, self._invoke, self._machine_s_clock, self._random).walk()
        self._advance(execution, walk)

    def _machine_s_clock(self) -> datetime:
        return self._clock.now + self._skew

    def _advance(self, execution: Execution, walk: Iterator[float]) -> None:
        while execution.is_running:
            delay = next(walk, None)
            self._look()
            if delay:
                due = self._clock.after(timedelta(seconds=delay), lambda: self._advance(execution, walk))
                self._asleep[execution.name] = due, walk
                return
        self._ended(execution)

    def _ended(self, execution: Execution) -> None:
        record = self._parts.ledger.peek(execution.name)
        mine = record if record is not None and record.execution == execution.arn else None
        self._watch.ended(execution, mine, paged=self._has_paged())
        if mine is not None and mine.baseline and mine.outcome is None:
            self._reactions.stopped()
        else:
            self._reactions.ended()
        if Trouble.STATUS_EVENTS.value not in self._estate.broken:
            self._clock.after(EVENT_DELAY, self._guard)

    def _stop(self, name: str) -> None:
        execution = self._executions[name]
        if execution.is_running:
            execution.end("ABORTED")
            self._ended(execution)

    def _has_paged(self) -> bool:
        return any(notice.page for notice in self._parts.notifier.told)

    def _invoke(self, arn: str, payload: dict[str, Any]) -> Any:
        role = arn.rsplit(":", 1)[-1]
        if arn.endswith(":dynamodb:updateItem.waitForTaskToken"):
            return self._leave_token(payload)
        if arn.endswith(":sns:publish"):
            return self._call("sns: publish", lambda: self._publish(payload))
        return self._call(f"lambda: {role}", lambda: self._doors[role](payload, None))

    def _leave_token(self, item: Mapping[str, Any]) -> None:
        """The machine itself writes to the ledger, on the condition that nobody has rung."""
        migration = item["Key"]["pk"]["S"].removeprefix(BELL_KEY)
        token = item["ExpressionAttributeValues"][":token"]["S"]
        if not self._call("machine: leave token", lambda: self._parts.ledger.fall_asleep(migration, token)):
            raise TaskFailedError(RANG_ERRORS[0], "The conditional request failed")

    def wake(self, token: str) -> bool:
        """See `ports.Executions.wake`."""
        return self._seams.call("step functions: wake", lambda: self._wake(token), LedgerUnavailableError)

    def _wake(self, token: str) -> bool:
        execution = next((each for each in self._executions.values() if each.token == token), None)
        if execution is None or not execution.is_running:
            return False
        execution.token = ""
        due, walk = self._asleep[execution.name]
        due.cancel()
        self._clock.at(self._clock.now, lambda: self._advance(execution, walk))
        return True

    def _tell_alarms(self) -> None:
        """EventBridge tells that every alarm went into ALARM; it tries again when nobody takes it."""
        at = self._clock.now
        for name in self._plan.alarms:
            state = {"value": AlarmState.ALARM.value, "timestamp": stamp(at), "reason": "simulated"}
            event = {"source": ALARM_SOURCE, "detail-type": ALARM_EVENT, "detail": {"alarmName": name, "state": state}}
            self._later(EVENT_DELAY.total_seconds(), partial(self._deliver, event, at, tries=_EVENT_TRIES))

    def _deliver(self, event: dict[str, Any], at: datetime, *, tries: int) -> None:
        if Trouble.ALARM_EVENTS.value in self._estate.broken:
            return
        door = self._doors[Function.LATCH_ALARM.value]
        try:
            self._seams.call("lambda: latch_alarm", lambda: door(event, None), _Throttled, late=False)
        except (CrossfadeError, CrashError, LateError, _Throttled):
            if tries > 1:
                self._later(_EVENT_AGAIN, partial(self._deliver, event, at, tries=tries - 1))
        else:
            self._watch.latched((at - START).total_seconds())

    def _publish(self, message: Mapping[str, str]) -> dict[str, str]:
        """The machine itself tells people; that counts as a page."""
        if not self._parts.notifier.tell(Notice(MIGRATION, message["Subject"], message["Message"], page=True)):
            raise TaskFailedError("SNS.InternalErrorException", "SNS does not answer")
        return {"MessageId": "1"}

    def _call(self, name: str, action: Callable[[], Any]) -> Any:
        try:
            return self._seams.call(name, action, _Throttled, late=True)
        except TaskFailedError:
            raise
        except CrashError:
            raise TaskFailedError("Runtime.ExitError", "Runtime exited") from None
        except LateError:
            raise TaskFailedError("States.Timeout", seconds=FUNCTION_SECONDS) from None
        except _Throttled as error:
            raise TaskFailedError("Lambda.TooManyRequestsException", str(error)) from None
        except CrossfadeError as error:
            cause = json.dumps({"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": []})
            raise TaskFailedError(type(error).__name__, cause) from error
        except Exception as error:  # what the runtime makes of it: a bug of the product is an error name like any other
            raise TaskFailedError(type(error).__name__, str(error)) from error

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        def act() -> None:
            action()
            self._look()

        self._clock.after(timedelta(seconds=seconds), act)

    def _guard(self) -> None:
        """Wake the guardian as EventBridge does; what goes wrong is its own business, the next minute comes."""
        event = {"time": stamp(self._clock.now)}
        with suppress(CrossfadeError, CrashError, LateError, _Throttled):
            self._seams.call(
                "lambda: guardian", lambda: self._doors[Function.GUARDIAN.value](event, None), _Throttled, late=False
            )
        self._look()

    def status(self, execution: str) -> str:
        """See `ports.Executions.status`."""
        known = self._executions.get(execution.rsplit(":", 1)[-1])
        return self._seams.call(
            "step functions: describe", lambda: known.status if known else "DELETED", LedgerUnavailableError
        )

    # --- Troubles ----------------------------------------------------------------------------------------------------

    def _schedule(self, spell: Spell) -> None:
        self._clock.after(timedelta(seconds=spell.begins), lambda: self._begin(spell))

    def _begin(self, spell: Spell) -> None:
        match spell.trouble:
            case Trouble.DRIFT:
                self._estate.by_hand((self._plan.workloads[0].name, Side.GREEN), 7)
            case Trouble.ALARM_FLASH:
                self._tell_alarms()
            case Trouble.DUPLICATE:
                self._start(f"{MIGRATION}-again")
            case Trouble.CLOCK_AHEAD | Trouble.CLOCK_BEHIND:
                seconds = self._random.uniform(*_SKEW_SECONDS)
                self._skew = timedelta(seconds=seconds if spell.trouble is Trouble.CLOCK_AHEAD else -seconds)
                self._clock.after(timedelta(seconds=spell.lasts), self._mend_clock)
            case _:
                self._estate.elapse()
                self._estate.broken.add(spell.trouble.value)
                if spell.trouble is Trouble.GREEN_BAD:
                    self._tell_alarms()
                self._clock.after(timedelta(seconds=spell.lasts), lambda: self._heal(spell))
        self._look()

    def _mend_clock(self) -> None:
        self._skew = timedelta(0)

    def _heal(self, spell: Spell) -> None:
        self._estate.elapse()
        self._estate.broken.discard(spell.trouble.value)

    def _is_quiet(self) -> bool:
        now = self._estate.seconds
        if now < self._eventful or not self._executions:
            return False
        if any(execution.is_running for execution in self._executions.values()):
            return False
        last = self._estate.changes[-1].at if self._estate.changes else 0.0
        leased = bool(self._parts.ledger.holders())
        return now - last > (LONGEST if leased else QUIET).total_seconds() / (3 if leased else 1)


class _Throttled(Exception):  # noqa: N818 - a service's word
    """Lambda does not take the call."""
