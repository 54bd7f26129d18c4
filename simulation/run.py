"""One run: the synthesised machine, the real doors (the guardian's too) and steps, one seed and one virtual clock.

This file puts the world of a run together, lets it go until everything is quiet, and says what came of it.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from crossfade.core.config import Config
from crossfade.core.preview import Preview
from crossfade.core.resolve import resolve
from crossfade.wiring import given
from simulation.commands import Commands
from simulation.estate import Estate
from simulation.events import Events
from simulation.executions import Doors, Executions
from simulation.faults import How, Seams, Trouble
from simulation.invariants import Watch
from simulation.ledger import SimulatedLedger
from simulation.machine import Execution
from simulation.parts import parts
from simulation.people import People
from simulation.reactions import Reactions
from simulation.scenario import MIGRATION, Result, Scenario
from simulation.troubles import Troubles
from world.clock import Clock

START: Final = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
SWEEP: Final = timedelta(seconds=60)
QUIET: Final = timedelta(minutes=20)
LONGEST: Final = timedelta(hours=8)


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
        self._random = Random(scenario.seed)
        self._clock = Clock(START)
        self._eventful = max((spell.begins + spell.passes for spell in scenario.spells), default=0)
        self._seams = Seams(
            {fault.at: fault.how for fault in scenario.faults},
            stop=lambda: self._executions.stop(MIGRATION),
            random=self._random,
        )
        plan = resolve(config, {"plan": scenario.plan}, now=START)
        self._estate = Estate(plan, self._clock, self._random, self._seams)
        self._seams.later = self._estate.later
        self._people = People(self._estate.broken)
        self._ledger = SimulatedLedger(self._seams, self._estate.broken)
        self._executions = Executions(definition, doors, self._estate, self._ledger, self._people)
        self._events = Events(doors, self._estate)
        self._commands = Commands(self._estate, self._ledger, self._executions)
        self._parts = parts(config, self._estate, self._ledger, self._executions, self._people)
        self._judge(costs)

    def _judge(self, costs: Preview) -> None:
        """Let everything that happens be held to the promise."""
        troubles = {spell.trouble for spell in self._scenario.spells}
        leaps = Trouble.CLOCK_AHEAD in troubles
        skewed = leaps or Trouble.CLOCK_BEHIND in troubles
        estate, newest, faults, spells = self._estate, self._ledger.newest, self._scenario.faults, self._scenario.spells
        calm = troubles == {Trouble.HOLD} and all(fault.how is How.STOP for fault in faults)
        self._watch = Watch(
            *(estate, self._parts.alarms, self._parts.metrics, newest, self._commands.sent),
            leaps=leaps,
            skewed=skewed,
            calm=calm,
        )
        self._reactions = Reactions(estate, newest, costs, faults, spells, self._watch.violated, self._commands.sent)
        self._ledger.saved = self._watch.saved
        self._ledger.taken = self._watch.taken
        self._executions.ended = self._ended
        self._events.latched = self._watch.latched
        self._estate.watch = self._look

    def result(self) -> Result:
        """Run until everything is quiet and judge."""
        with given(self._parts):
            troubles = Troubles(
                self._estate,
                self._executions,
                self._events,
                self._commands,
                start_again=lambda: self._start(f"{MIGRATION}-again"),
            )
            for spell in self._scenario.spells:
                troubles.schedule(spell)
            self._clock.every(SWEEP, self._events.wake_guardian, first=timedelta(seconds=self._random.uniform(1, 60)))
            self._clock.at(START, lambda: self._start(MIGRATION))
            self._clock.run_until(START + LONGEST, stop=self._is_quiet)
            healed = all(spell.begins + spell.lasts < self._estate.seconds for spell in self._scenario.spells)
            self._watch.end(paged=self._people.are_paged, healed=healed)
            self._watch.left(self._ledger.entries(MIGRATION))
        return self._judged()

    def _start(self, name: str) -> None:
        self._executions.start(name, self._scenario.plan)

    def _ended(self, execution: Execution) -> None:
        record = self._ledger.peek(execution.name)
        mine = record if record is not None and record.execution == execution.arn else None
        self._watch.claims.ended(execution, mine, paged=self._people.are_paged)
        if mine is not None and mine.baseline and mine.outcome is None:
            self._reactions.stopped()
        else:
            self._reactions.ended()
        self._events.execution_ended()

    def _look(self) -> None:
        self._watch.look()
        self._reactions.look()

    def _judged(self) -> Result:
        execution, record = self._executions[MIGRATION], self._ledger.peek(MIGRATION)
        return Result(
            scenario=self._scenario,
            outcome=record.outcome if record else None,
            status=execution.status,
            broken=self._watch.broken,
            calls=self._seams.calls,
            path=execution.path,
            seconds=self._estate.seconds,
            events=execution.events,
            told=self._people.told,
            trace=self._trace(),
            changes=len(self._estate.changes),
            slowest=self._reactions.slowest if self._reactions.is_bound else {},
            failed=self._estate.users.failed,
        )

    def _trace(self) -> list[str]:
        events = [f"+{(e.at - START).total_seconds():6.0f} {e.what}: {e.text}" for e in self._ledger.entries(MIGRATION)]
        changes = [
            f"+{c.at:6.0f} {'record' if c.direct else 'annotation'}: "
            f"{c.workload} {c.side} {c.before} -> {c.after} (epoch {c.epoch}, ours {c.ours})"
            for c in self._estate.changes
        ]
        return [*self._seams.struck, *sorted(events + changes)]

    def _is_quiet(self) -> bool:
        now = self._estate.seconds
        if now < self._eventful or not self._executions.are_over:
            return False
        last = self._estate.changes[-1].at if self._estate.changes else 0.0
        leased = bool(self._ledger.holders())
        return now - last > (LONGEST if leased else QUIET).total_seconds() / (3 if leased else 1)
