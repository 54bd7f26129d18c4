"""Seeded product bugs. Each must be killed by a named invariant: that is how we know that the checkers can see.

A mutant replaces one attribute of a module of the product while it is applied. It is never shipped; the list, with what
kills each, stands in docs/simulator.md, and a test keeps both in step.
"""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from crossfade.adapters import route53_router
from crossfade.core import fleet, ladder, migration, traffic
from crossfade.core.capacity import Room
from crossfade.core.facts import Facts
from crossfade.core.migration import Action, Decision
from crossfade.core.plan import Stage
from crossfade.core.preflight import Again
from crossfade.core.record import Baseline, Outcome, Record
from crossfade.core.traffic import Step
from crossfade.core.verdict import Health, Verdict
from crossfade.core.weight import Side, Split
from crossfade.steps import check_health, common, confirm_rollback, give_back, guard, look_again, roll_back, take_lease
from simulation import rules
from simulation.faults import Fault, How, Spell, Trouble
from simulation.scenario import Result, Scenario
from simulation.search import Try
from simulation.ways import Way

Replacement = tuple[Any, str, Any]

_BAD_EARLY: Final = (Spell(Trouble.GREEN_BAD, 200, 10**6),)
_SILENT_GREEN_THEN_AGAIN: Final = (
    Spell(Trouble.GREEN_BAD, 200, 300),
    Spell(Trouble.GREEN_API, 210, 300),
    Spell(Trouble.DUPLICATE, 700, 1),
)
"""Green's record is lowered directly, then all is well again, and a second migration goes to the same weights."""
_FIVE_MINUTES: Final = timedelta(minutes=5)
_ONE_BAD: Final = (Spell(Trouble.ONE_BAD, 200, 10**6),)
_TARGET: Final = Record.target
_BAD_LATE: Final = (Spell(Trouble.GREEN_BAD, 700, 10**6),)


@dataclass(frozen=True, slots=True)
class Mutant:
    """
    One bug.

    Attributes:
        name: Short, for the table.
        bug: What is wrong, in a sentence.
        killed_by: The invariant that must see it.
        scenarios: Where it shows, at least in one.
        strikes: Faults on top of these, each at the n-th call of that name, from 0, in the scenario without it: so they
            stay where they belong when the number of calls changes.
        replacements: What is replaced: object, attribute, new value.
    """

    name: str
    bug: str
    killed_by: str
    scenarios: tuple[Scenario, ...]
    replacements: Callable[[], Sequence[Replacement]]
    strikes: tuple[tuple[str, int, How], ...] = ()

    def results(self, attempt: Try) -> Iterator[Result]:
        """Run every scenario, struck; to be taken one by one, as the first that shows the bug is enough."""
        for scenario in self.scenarios:
            struck = scenario
            for name, number, how in self.strikes:
                at = [index for index, call in enumerate(attempt(struck).calls) if call == name]
                struck = replace(struck, faults=(*struck.faults, Fault(at[number], how)))
            yield attempt(struck)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Inside, the product has this bug."""
        with ExitStack() as stack:
            for target, attribute, value in self.replacements():
                stack.callback(setattr, target, attribute, getattr(target, attribute))
                setattr(target, attribute, value)
            yield


def _healthy(**named: Any) -> Decision:
    return Decision(Action.ADVANCE, "it will be fine", next_stage=named["record"].stage + 1)


def _impatient(**named: Any) -> Decision:
    verdict: Verdict = named["verdict"]
    if verdict.health is Health.INCONCLUSIVE:
        named["verdict"] = Verdict(Health.HEALTHY, "no data is good data")
    return migration.decide(**named)


def _deaf(**named: Any) -> Decision:
    return migration.decide(**{**named, "verdict": Verdict(Health.HEALTHY, "alarms are only noise")})


def _not_looking(_facts: Facts) -> Again:
    return Again(refuses="", waits="")


def _always_settled(_record: Record, _now: Any, **_named: Any) -> bool:
    return True


def _unconfirmed_success(*_given: Any) -> tuple[Outcome, str]:
    return Outcome.ROLLED_BACK, "it must have worked"


def _blind_step(reading: Any, target: Split, *, settled: bool) -> Step:
    step = traffic.next_step(reading, target, settled=settled)
    declared = (reading.blue.declared, reading.green.declared)
    return replace(step, arrived=True) if declared == (target.blue, target.green) else step


def _no_guardian(*_given: Any, **_named: Any) -> dict[str, Any]:
    return {}


def _sleepy_guardian(*given: Any, **named: Any) -> dict[str, Any]:
    """Nothing is done of what ended within the last five minutes."""
    now, ledger = named["now"], given[0]
    young = [entry for name in ledger.leased() for entry in ledger.timeline(name) if now - entry.at < _FIVE_MINUTES]
    return {} if young else guard.guard(*given, **named)


def _dithering(**named: Any) -> Decision:
    decision, record = migration.decide(**named), named["record"]
    is_early = record.bake_began is not None and named["now"] - record.bake_began < 12 * _FIVE_MINUTES
    return Decision(Action.WAIT, "wait and see", 30) if decision.action is Action.ROLL_BACK and is_early else decision


def _slow_look(*, seconds: int = 300, **named: Any) -> Decision:
    decision = migration.decide(**named)
    return replace(decision, wait_seconds=seconds) if decision.action is Action.WAIT else decision


def _old_epoch(ledger: Any, _router: Any, record: Record, *, now: Any, reason: str) -> Record:
    if record.rollback_began is not None:
        return record
    stored: Record = ledger.save(record.with_(rollback_began=now, reason=reason))
    return stored


def _half_baseline(ledger: Any, _router: Any, task: Any) -> dict[str, Any]:
    record = ledger.load(task.migration)
    halves = tuple(Baseline(workload=workload.name, blue=50, green=50) for workload in record.plan.workloads)
    ledger.save(record.with_(baseline=halves))
    return {"workloads": len(halves)}


def _greedy_lease(ledger: Any, task: Any) -> dict[str, Any]:
    record = ledger.load(task.migration)
    ledger.release(record.plan.lease_units, epoch=max(1, record.epoch))
    for epoch in range(1, 50):
        ledger.release(record.plan.lease_units, epoch=epoch)
    return take_lease.take_lease(ledger, task)


def _no_drift(*_given: Any) -> None:
    """Whatever is there is ours."""


def _one_rung(*_given: Any, **_named: Any) -> None:
    """There is only the annotation."""


def _blind_swap(side: Any, weight: int | None) -> Iterator[Any]:
    for record in () if weight is None else side.addresses:
        yield {"Action": "UPSERT", "ResourceRecordSet": {**record, "Weight": weight}}


def _unmarked(*_given: Any) -> Iterator[Any]:
    yield from ()


def _no_doubt(reading: Any, target: Split) -> tuple[Any, Split]:
    return reading, target


def _silence_is_consent(reading: Any, target: Split, **named: Any) -> Step:
    step = ladder.way_back(reading, target, **named)
    return replace(step, arrived=True) if reading.split == target else step


def _shown_is_back(record: Record, reading: Any) -> bool:
    return bool(reading.split == record.baseline_of(reading.workload).split)


def _everybody_moves(record: Record, workload: str, stage: int) -> Split:
    is_stage = 0 <= stage < len(record.plan.stages)
    return record.plan.stages[stage].split if is_stage else _TARGET(record, workload, stage)


def _forgetful(record: Record, workload: str, stage: int) -> Split:
    return _TARGET(record.with_(left_out=()), workload, stage)


def _as_before(room: Room, *_given: Any, **_named: Any) -> Room:
    return room


def _nothing_short(*_given: Any, **_named: Any) -> tuple[Any, ...]:
    return ()


def _all_alive(_series: Any) -> bool:
    return False


def _green_first() -> Sequence[Replacement]:
    order = ((Side.GREEN, "lower"), (Side.BLUE, "lower"), (Side.BLUE, "raise"), (Side.GREEN, "raise"))
    return [(traffic, "_ORDER", order)]


def _module_of(step: Any) -> Any:
    """The door's module holds the step's name; replacing it there is what a bug in the step would be."""
    return importlib.import_module(f"lambdas.{step}")


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        "swapped-order",
        "Weights are lowered before the others are raised.",
        "I2",
        (Scenario(1, "leap"), Scenario(2, "leap", (), _BAD_LATE)),
        lambda: [*_green_first(), (Record, "settled", _always_settled)],
    ),
    Mutant(
        "no-settling",
        "Green is lowered as soon as blue's raise is listed, before every name server answers it.",
        "I2",
        tuple(Scenario(seed, "leap", (), (Spell(Trouble.GREEN_BAD, 300, 10**6),)) for seed in range(60)),
        lambda: [(Record, "settled", _always_settled)],
    ),
    Mutant(
        "insufficient-data-is-ok",
        "An alarm without data counts as good evidence.",
        "I8",
        (Scenario(1, "two", (), (Spell(Trouble.GREEN_ALARM_SILENT, 100, 10**6),)),),
        lambda: [(check_health, "decide", _impatient)],
    ),
    Mutant(
        "deaf",
        "Alarms are read and not heard.",
        "I8",
        (Scenario(1, "two", (), _BAD_EARLY),),
        lambda: [(check_health, "decide", _deaf), (look_again, "examine_again", _not_looking)],
    ),
    Mutant(
        "no-evidence-needed",
        "A stage is left at the first look.",
        "I8",
        (Scenario(1, "two", (), (Spell(Trouble.GREEN_ALARM_SILENT, 0, 10**6),)),),
        lambda: [(check_health, "decide", _healthy)],
    ),
    Mutant(
        "no-read-back",
        "A stage counts as arrived when it is written, not when it is shown.",
        "I19",
        (Scenario(1, "two", (), (Spell(Trouble.GREEN_EXTERNAL_DNS, 500, 10**6),)), Scenario(1, "two")),
        lambda: [(common, "next_step", _blind_step)],
    ),
    Mutant(
        "rolled-back-unseen",
        "A rollback is called done without looking.",
        "I19",
        (Scenario(1, "two", (), (*_BAD_LATE, Spell(Trouble.BLUE_API, 690, 10**6))),),
        lambda: [(confirm_rollback, "_judge", _unconfirmed_success)],
    ),
    Mutant(
        "one-rung",
        "A rollback has only the annotation, whatever ExternalDNS does.",
        "I7",
        (Scenario(1, "two", (), (*_BAD_LATE, Spell(Trouble.BLUE_EXTERNAL_DNS, 690, 10**6))),),
        lambda: [(give_back._Hands, "_rung_2", _one_rung)],  # noqa: SLF001 - a bug lives inside
    ),
    Mutant(
        "raises-the-dead",
        "A blue without a healthy target gets back whom green serves.",
        "I1",
        (Scenario(1, "two", (), (Spell(Trouble.BLUE_DEAD, 200, 10**6), Spell(Trouble.GREEN_BAD, 600, 10**6))),),
        lambda: [(roll_back, "is_blue_dead", _all_alive)],
    ),
    Mutant(
        "leans-on-the-shrunk",
        "Nobody counts blue's targets after the start.",
        "I11",
        (Scenario(1, "five", (), (Spell(Trouble.BLUE_SHRUNK, 100, 10**6),)),),
        lambda: [(Room, "seen", _as_before), (Room, "short_of", _nothing_short)],
    ),
    Mutant(
        "patient-client",
        "The client for listener rules repeats a lost call for a quarter of an hour.",
        "I4",
        tuple(Scenario(seed, "five", way=Way.ALB) for seed in range(30, 50)),
        lambda: [(rules, "LATE_SECONDS", 900)],
        strikes=(("elb: modify", 5, How.LATE),),
    ),
    Mutant(
        "blind-rescue",
        "Records are written whatever they have become since they were read.",
        "I2",
        tuple(Scenario(seed, "leap", (), _SILENT_GREEN_THEN_AGAIN) for seed in range(30)),
        lambda: [(route53_router, "_swapped", _blind_swap), (route53_router._Host, "_marked", _unmarked)],  # noqa: SLF001
        strikes=(("route 53: change", 0, How.LATE),),
    ),
    Mutant(
        "no-doubt",
        "Green is lowered to 0 while nobody knows what blue's annotation says.",
        "I2",
        tuple(
            Scenario(seed, "two", (), (*_BAD_LATE, Spell(Trouble.BLUE_API, 690, lasts)))
            for seed in range(20)
            for lasts in (500, 520, 540)
        ),
        lambda: [(ladder, "_in_doubt", _no_doubt)],
    ),
    Mutant(
        "silence-is-consent",
        "A cluster that does not answer is taken to ask for what is shown.",
        "I4",
        (Scenario(1, "two", (), (Spell(Trouble.GREEN_BAD, 700, 3000), Spell(Trouble.GREEN_API, 690, 2000))),),
        lambda: [(give_back, "way_back", _silence_is_consent), (confirm_rollback, "_is_back", _shown_is_back)],
    ),
    Mutant(
        "overshoot",
        "The first stage moves everybody.",
        "I3",
        (Scenario(1, "five"),),
        lambda: [(Stage, "split", property(lambda _stage: Split(0, 100)))],
    ),
    Mutant(
        "no-guardian",
        "Nobody looks after an execution that was stopped.",
        "I4",
        (Scenario(1, "two", (Fault(150, How.STOP),)), Scenario(1, "two", (Fault(200, How.STOP),))),
        lambda: [(_module_of("guardian"), "guard", _no_guardian)],
    ),
    Mutant(
        "sleepy-guardian",
        "The guardian waits five minutes before it believes that an execution has ended.",
        "I18",
        tuple(Scenario(1, "two", (Fault(at, How.STOP),)) for at in (150, 200)),
        lambda: [(_module_of("guardian"), "guard", _sleepy_guardian)],
    ),
    Mutant(
        "dithering",
        "A bad green is watched for an hour before it is given up.",
        "I20",
        (Scenario(1, "two", (), (Spell(Trouble.GREEN_BAD, 600, 10**6),)),),
        lambda: [(check_health, "decide", _dithering)],
    ),
    Mutant(
        "seldom-looking",
        "Evidence is looked at every five minutes.",
        "I15",
        tuple(
            Scenario(1, "two", (), (Spell(Trouble.ALARM_EVENTS, 0, 10**6), Spell(Trouble.GREEN_BAD, begins, 10**6)))
            for begins in range(205, 300, 20)
        ),
        lambda: [(check_health, "decide", _slow_look)],
    ),
    Mutant(
        "slow-mover",
        "A good bake is looked at again after half an hour.",
        "I16",
        (Scenario(1, "two"),),
        lambda: [(check_health, "decide", partial(_slow_look, seconds=1800))],
    ),
    Mutant(
        "overwriting",
        "A weight that somebody else has written is written over.",
        "I10",
        tuple(Scenario(1, "five", (), (Spell(Trouble.DRIFT, begins, 1),)) for begins in range(100, 900, 60)),
        lambda: [(common, "refuse_drift", _no_drift), (check_health, "drift", _no_drift)],
    ),
    Mutant(
        "rollback-under-the-old-epoch",
        "A rollback shares its epoch with functions that may still be running.",
        "I9",
        tuple(Scenario(seed, "five") for seed in range(30, 70)),
        lambda: [(roll_back, "begin", _old_epoch), (guard, "begin", _old_epoch)],
        strikes=(("green api: patch", 2, How.LATE),),  # the first that finds its Ingress stamped: 50 to 75 %
    ),
    Mutant(
        "guessed-baseline",
        "The baseline is guessed, not read before the first write.",
        "I19",
        (Scenario(1, "two", (), _BAD_EARLY),),
        lambda: [
            (_module_of("record_baseline"), "record_baseline", _half_baseline),
            (Record, "split_before", lambda _record, _name, _stage: Split(100, 0)),
            (common, "refuse_drift", _no_drift),
        ],
    ),
    Mutant(
        "greedy-lease",
        "A second start takes the lease away from the first.",
        "I5",
        (Scenario(1, "five", (), (Spell(Trouble.DUPLICATE, 400, 1),)),),
        lambda: [(_module_of("take_lease"), "take_lease", _greedy_lease)],
    ),
    Mutant(
        "eager-wave",
        "A wave moves before its turn.",
        "I3",
        (Scenario(1, "waves"),),
        lambda: [(Record, "target", _everybody_moves)],
    ),
    Mutant(
        "raised-again",
        "A workload that was given back alone is raised again in the next stage.",
        "I9",
        (Scenario(1, "alone", (), _ONE_BAD),),
        lambda: [
            (Record, "target", _forgetful),
            (common, "refuse_drift", _no_drift),
            (check_health, "drift", _no_drift),
        ],
    ),
    Mutant(
        "partly-for-all",
        "Waves that are complete stay on green although the plan gives everything back.",
        "I19",
        (Scenario(1, "waves", (), (Spell(Trouble.ONE_BAD, 800, 10**6),)),),
        lambda: [(module, "kept", fleet.complete) for module in (fleet, give_back, confirm_rollback, common)],
    ),
)
