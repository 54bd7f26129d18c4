"""What stands in place of the product's own functions in a mutant: each wrong in one way, as somebody might write it.

Which function each of them replaces, and what must see it, stands in `mutants`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from crossfade.core import ladder, migration, traffic
from crossfade.core.capacity import Room
from crossfade.core.facts import Facts
from crossfade.core.migration import Action, Decision
from crossfade.core.preflight import Again
from crossfade.core.record import Baseline, Outcome, Record
from crossfade.core.traffic import Step
from crossfade.core.verdict import Health, Verdict
from crossfade.core.weight import Side, Split
from crossfade.steps import guard, take_lease
from crossfade.steps.keep_hold import Kept

Replacement = tuple[Any, str, Any]
"""What is replaced: object, attribute, new value."""

_FIVE_MINUTES: Final = timedelta(minutes=5)
_TARGET: Final = Record.target


def healthy(**named: Any) -> Decision:
    """Whatever the evidence, a stage is left."""
    return Decision(Action.ADVANCE, "it will be fine", next_stage=named["record"].stage + 1)


def impatient(**named: Any) -> Decision:
    """No data is good data."""
    verdict: Verdict = named["verdict"]
    if verdict.health is Health.INCONCLUSIVE:
        named["verdict"] = Verdict(Health.HEALTHY, "no data is good data")
    return migration.decide(**named)


def deaf(**named: Any) -> Decision:
    """No alarm is heard."""
    return migration.decide(**{**named, "verdict": Verdict(Health.HEALTHY, "alarms are only noise")})


def not_looking(_facts: Facts) -> Again:
    """Nothing is looked at again."""
    return Again(refuses="", waits="")


def always_settled(_record: Record, _now: Any, **_named: Any) -> bool:
    """A write has settled as soon as it is made."""
    return True


def unconfirmed_success(*_given: Any) -> tuple[Outcome, str]:
    """A rollback is done when it was asked for."""
    return Outcome.ROLLED_BACK, "it must have worked"


def blind_step(reading: Any, target: Split, *, settled: bool) -> Step:
    """What is declared has arrived."""
    step = traffic.next_step(reading, target, settled=settled)
    declared = (reading.blue.declared, reading.green.declared)
    return replace(step, arrived=True) if declared == (target.blue, target.green) else step


def no_guardian(*_given: Any, **_named: Any) -> dict[str, Any]:
    """Nobody looks."""
    return {}


def sleepy_guardian(*given: Any, **named: Any) -> dict[str, Any]:
    """Nothing is done of what ended within the last five minutes."""
    now, ledger = named["now"], given[0]
    young = [entry for name in ledger.leased() for entry in ledger.timeline(name) if now - entry.at < _FIVE_MINUTES]
    return {} if young else guard.guard(*given, **named)


def dithering(**named: Any) -> Decision:
    """A rollback is put off for the first hour of a bake."""
    decision, record = migration.decide(**named), named["record"]
    is_early = record.bake_began is not None and named["now"] - record.bake_began < 12 * _FIVE_MINUTES
    return Decision(Action.WAIT, "wait and see", 30) if decision.action is Action.ROLL_BACK and is_early else decision


def slow_look(*, seconds: int = 300, **named: Any) -> Decision:
    """A bake is looked at only every *seconds*."""
    decision = migration.decide(**named)
    return replace(decision, wait_seconds=seconds) if decision.action is Action.WAIT else decision


def old_epoch(ledger: Any, _router: Any, record: Record, *, now: Any, reason: str) -> Record:
    """A rollback begins without an epoch of its own."""
    if record.rollback_began is not None:
        return record
    stored: Record = ledger.save(record.with_(rollback_began=now, reason=reason))
    return stored


def half_baseline(ledger: Any, _router: Any, task: Any) -> dict[str, Any]:
    """Half of the traffic is taken to have been on either side."""
    record = ledger.load(task.migration)
    halves = tuple(Baseline(workload=workload.name, blue=50, green=50) for workload in record.plan.workloads)
    ledger.save(record.with_(baseline=halves))
    return {"workloads": len(halves)}


def greedy_lease(ledger: Any, task: Any) -> dict[str, Any]:
    """Whatever lease there is, it is given up and taken."""
    record = ledger.load(task.migration)
    ledger.release(record.plan.lease_units, epoch=max(1, record.epoch))
    for epoch in range(1, 50):
        ledger.release(record.plan.lease_units, epoch=epoch)
    return take_lease.take_lease(ledger, task)


def no_drift(*_given: Any) -> None:
    """Whatever is there is ours."""


def one_rung(*_given: Any, **_named: Any) -> None:
    """There is only the annotation."""


def blind_swap(side: Any, weight: int | None) -> Iterator[Any]:
    """A record is written over, whatever it is."""
    for record in () if weight is None else side.addresses:
        yield {"Action": "UPSERT", "ResourceRecordSet": {**record, "Weight": weight}}


def unmarked(*_given: Any) -> Iterator[Any]:
    """No epoch is left beside the records."""
    yield from ()


def no_doubt(reading: Any, target: Split) -> tuple[Any, Split]:
    """What an Ingress that cannot be read asks for is of no interest."""
    return reading, target


def silence_is_consent(reading: Any, target: Split, **named: Any) -> Step:
    """What is shown has come to stay."""
    step = ladder.way_back(reading, target, **named)
    return replace(step, arrived=True) if reading.split == target else step


def shown_is_back(record: Record, reading: Any) -> bool:
    """What is shown is all there is to see."""
    return bool(reading.split == record.baseline_of(reading.workload).split)


def everybody_moves(record: Record, workload: str, stage: int) -> Split:
    """A stage is of all waves."""
    is_stage = 0 <= stage < len(record.plan.stages)
    return record.plan.stages[stage].split if is_stage else _TARGET(record, workload, stage)


def forgetful(record: Record, workload: str, stage: int) -> Split:
    """Nobody is left out."""
    return _TARGET(record.with_(left_out=()), workload, stage)


def as_before(room: Room, *_given: Any, **_named: Any) -> Room:
    """Blue has as many targets as it had."""
    return room


def nothing_short(*_given: Any, **_named: Any) -> tuple[Any, ...]:
    """Nothing is short of anything."""
    return ()


def all_alive(_series: Any) -> bool:
    """No blue is ever dead."""
    return False


def green_first() -> Sequence[Replacement]:
    """Weights are lowered before the others are raised."""
    order = ((Side.GREEN, "lower"), (Side.BLUE, "lower"), (Side.BLUE, "raise"), (Side.GREEN, "raise"))
    return [(traffic, "_ORDER", order)]


def unheard(_signals: Any) -> str:
    """Nobody has aborted it."""
    return ""


def unheld(*_given: Any) -> None:
    """Nobody holds it."""


def holds_nothing(*_given: Any, **_named: Any) -> Kept:
    """No hold outlives its execution."""
    return Kept()
