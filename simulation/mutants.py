"""Seeded product bugs. Each must be killed by a named invariant: that is how we know that the checkers can see.

A mutant replaces one attribute of a module of the product while it is applied. It is never shipped; the list, with what
kills each, stands in docs/simulator.md, and a test keeps both in step.
"""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from crossfade.adapters import route53_router
from crossfade.core import fleet, ladder, migration
from crossfade.core.capacity import Room
from crossfade.core.plan import Stage
from crossfade.core.record import Record
from crossfade.core.weight import Split
from crossfade.steps import (
    check_health,
    common,
    confirm_rollback,
    give_back,
    guard,
    look_again,
    roll_back,
    shift_traffic,
)
from crossfade.steps.hands import Hands
from simulation import bugs, rules
from simulation.bugs import Replacement
from simulation.faults import Fault, How, Spell, Trouble
from simulation.scenario import Result, Scenario
from simulation.search import Try
from simulation.ways import Way

_BAD_EARLY: Final = (Spell(Trouble.GREEN_BAD, 200, 10**6),)
_SILENT_GREEN_THEN_AGAIN: Final = (
    Spell(Trouble.GREEN_BAD, 200, 300),
    Spell(Trouble.GREEN_API, 210, 300),
    Spell(Trouble.DUPLICATE, 700, 1),
)
"""Green's record is lowered directly, then all is well again, and a second migration goes to the same weights."""
_HELD: Final = (Spell(Trouble.HOLD, 200, 1200),)
_ONE_BAD: Final = (Spell(Trouble.ONE_BAD, 200, 10**6),)
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


def _module_of(step: Any) -> Any:
    """The door's module holds the step's name; replacing it there is what a bug in the step would be."""
    return importlib.import_module(f"lambdas.{step}")


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        "swapped-order",
        "Weights are lowered before the others are raised.",
        "I2",
        (Scenario(1, "leap"), Scenario(2, "leap", (), _BAD_LATE)),
        lambda: [*bugs.green_first(), (Record, "settled", bugs.always_settled)],
    ),
    Mutant(
        "no-settling",
        "Green is lowered as soon as blue's raise is listed, before every name server answers it.",
        "I2",
        tuple(Scenario(seed, "leap", (), (Spell(Trouble.GREEN_BAD, 300, 10**6),)) for seed in range(60)),
        lambda: [(Record, "settled", bugs.always_settled)],
    ),
    Mutant(
        "insufficient-data-is-ok",
        "An alarm without data counts as good evidence.",
        "I8",
        (Scenario(1, "two", (), (Spell(Trouble.GREEN_ALARM_SILENT, 100, 10**6),)),),
        lambda: [(check_health, "decide", bugs.impatient)],
    ),
    Mutant(
        "deaf",
        "Alarms are read and not heard.",
        "I8",
        (Scenario(1, "two", (), _BAD_EARLY),),
        lambda: [(check_health, "decide", bugs.deaf), (look_again, "examine_again", bugs.not_looking)],
    ),
    Mutant(
        "no-evidence-needed",
        "A stage is left at the first look.",
        "I8",
        (Scenario(1, "two", (), (Spell(Trouble.GREEN_ALARM_SILENT, 0, 10**6),)),),
        lambda: [(check_health, "decide", bugs.healthy)],
    ),
    Mutant(
        "no-read-back",
        "A stage counts as arrived when it is written, not when it is shown.",
        "I19",
        (Scenario(1, "two", (), (Spell(Trouble.GREEN_EXTERNAL_DNS, 500, 10**6),)), Scenario(1, "two")),
        lambda: [(common, "next_step", bugs.blind_step)],
    ),
    Mutant(
        "rolled-back-unseen",
        "A rollback is called done without looking.",
        "I19",
        (Scenario(1, "two", (), (*_BAD_LATE, Spell(Trouble.BLUE_API, 690, 10**6))),),
        lambda: [(confirm_rollback, "_judge", bugs.unconfirmed_success)],
    ),
    Mutant(
        "one-rung",
        "A rollback has only the annotation, whatever ExternalDNS does.",
        "I7",
        (Scenario(1, "two", (), (*_BAD_LATE, Spell(Trouble.BLUE_EXTERNAL_DNS, 690, 10**6))),),
        lambda: [(Hands, "_rung_2", bugs.one_rung)],
    ),
    Mutant(
        "raises-the-dead",
        "A blue without a healthy target gets back whom green serves.",
        "I1",
        (Scenario(1, "two", (), (Spell(Trouble.BLUE_DEAD, 200, 10**6), Spell(Trouble.GREEN_BAD, 600, 10**6))),),
        lambda: [(roll_back, "is_blue_dead", bugs.all_alive)],
    ),
    Mutant(
        "leans-on-the-shrunk",
        "Nobody counts blue's targets after the start.",
        "I11",
        (Scenario(1, "five", (), (Spell(Trouble.BLUE_SHRUNK, 100, 10**6),)),),
        lambda: [(Room, "seen", bugs.as_before), (Room, "short_of", bugs.nothing_short)],
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
        lambda: [
            (route53_router, "_swapped", bugs.blind_swap),
            (route53_router._Host, "_marked", bugs.unmarked),  # noqa: SLF001 - a bug sits where the code is
        ],
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
        lambda: [(ladder, "_in_doubt", bugs.no_doubt)],
    ),
    Mutant(
        "silence-is-consent",
        "A cluster that does not answer is taken to ask for what is shown.",
        "I4",
        (Scenario(1, "two", (), (Spell(Trouble.GREEN_BAD, 700, 3000), Spell(Trouble.GREEN_API, 690, 2000))),),
        lambda: [(give_back, "way_back", bugs.silence_is_consent), (confirm_rollback, "_is_back", bugs.shown_is_back)],
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
        lambda: [(_module_of("guardian"), "guard", bugs.no_guardian)],
    ),
    Mutant(
        "sleepy-guardian",
        "The guardian waits five minutes before it believes that an execution has ended.",
        "I18",
        tuple(Scenario(1, "two", (Fault(at, How.STOP),)) for at in (150, 200)),
        lambda: [(_module_of("guardian"), "guard", bugs.sleepy_guardian)],
    ),
    Mutant(
        "dithering",
        "A bad green is watched for an hour before it is given up.",
        "I20",
        (Scenario(1, "two", (), (Spell(Trouble.GREEN_BAD, 600, 10**6),)),),
        lambda: [(check_health, "decide", bugs.dithering)],
    ),
    Mutant(
        "seldom-looking",
        "Evidence is looked at every five minutes.",
        "I15",
        tuple(
            Scenario(1, "two", (), (Spell(Trouble.ALARM_EVENTS, 0, 10**6), Spell(Trouble.GREEN_BAD, begins, 10**6)))
            for begins in range(205, 300, 20)
        ),
        lambda: [(check_health, "decide", bugs.slow_look)],
    ),
    Mutant(
        "deaf-to-people",
        "Nobody hears an abort.",
        "I15",
        (Scenario(1, "two", (), (Spell(Trouble.ABORT, 200, 1),)),),
        lambda: [(module, "abort_asked", bugs.unheard) for module in (migration, shift_traffic)],
    ),
    Mutant(
        "passes-over-holds",
        "A stage is left although somebody holds the migration.",
        "I21",
        (Scenario(1, "two", (), _HELD),),
        lambda: [(migration, "active_hold", bugs.unheld)],
    ),
    Mutant(
        "forgets-holds",
        "What somebody holds is given back when its execution is stopped.",
        "I21",
        (Scenario(1, "two", (), _HELD),),
        lambda: [(guard, "keep_hold", bugs.holds_nothing)],
        strikes=(("lambda: check_health", 4, How.STOP),),
    ),
    Mutant(
        "slow-mover",
        "A good bake is looked at again after half an hour.",
        "I16",
        (Scenario(1, "two"),),
        lambda: [(check_health, "decide", partial(bugs.slow_look, seconds=1800))],
    ),
    Mutant(
        "overwriting",
        "A weight that somebody else has written is written over.",
        "I10",
        tuple(Scenario(1, "five", (), (Spell(Trouble.DRIFT, begins, 1),)) for begins in range(100, 900, 60)),
        lambda: [(common, "refuse_drift", bugs.no_drift), (check_health, "drift", bugs.no_drift)],
    ),
    Mutant(
        "rollback-under-the-old-epoch",
        "A rollback shares its epoch with functions that may still be running.",
        "I9",
        tuple(Scenario(seed, "five") for seed in range(30, 70)),
        lambda: [(roll_back, "begin", bugs.old_epoch), (guard, "begin", bugs.old_epoch)],
        strikes=(("green api: patch", 2, How.LATE),),  # the first that finds its Ingress stamped: 50 to 75 %
    ),
    Mutant(
        "guessed-baseline",
        "The baseline is guessed, not read before the first write.",
        "I19",
        (Scenario(1, "two", (), _BAD_EARLY),),
        lambda: [
            (_module_of("record_baseline"), "record_baseline", bugs.half_baseline),
            (Record, "split_before", lambda _record, _name, _stage: Split(100, 0)),
            (common, "refuse_drift", bugs.no_drift),
        ],
    ),
    Mutant(
        "greedy-lease",
        "A second start takes the lease away from the first.",
        "I5",
        (Scenario(1, "five", (), (Spell(Trouble.DUPLICATE, 400, 1),)),),
        lambda: [(_module_of("take_lease"), "take_lease", bugs.greedy_lease)],
    ),
    Mutant(
        "eager-wave",
        "A wave moves before its turn.",
        "I3",
        (Scenario(1, "waves"),),
        lambda: [(Record, "target", bugs.everybody_moves)],
    ),
    Mutant(
        "raised-again",
        "A workload that was given back alone is raised again in the next stage.",
        "I9",
        (Scenario(1, "alone", (), _ONE_BAD),),
        lambda: [
            (Record, "target", bugs.forgetful),
            (common, "refuse_drift", bugs.no_drift),
            (check_health, "drift", bugs.no_drift),
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
