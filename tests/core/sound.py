"""A sound estate as facts, and what can be changed in it, each change as small as a check needs it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from crossfade.core.facts import ControllerFacts, EstateFacts, Facts, InsightFacts, ZoneFacts
from crossfade.core.facts_places import RecordFacts
from crossfade.core.probe import Answer, Heard
from crossfade.core.source import SourceKind
from crossfade.core.traffic import Reading, SideReading
from crossfade.core.verdict import Alarm, AlarmState
from crossfade.core.weight import Side
from simulation.sound import sound
from tests.steps.scene import a_plan, probed

PLAN = probed(a_plan())
GOOD = Answer(Heard.STATUS, 200, days_left=365)
MINUTE = timedelta(minutes=1)
NAME = "burnham"
GREEN_ALARM = "green-burnham-5xx"
GREEN_BALANCER = f"app/{NAME}-eks-blueprint-green/1"
BLUE_BALANCER = f"app/{NAME}-eks-blueprint-blue/1"
Change = Callable[[Facts], Facts]


def facts() -> Facts:
    readings = {w.name: Reading(w.name, SideReading(100, 100), SideReading(0, 0)) for w in PLAN.workloads}
    alarms = {name: Alarm(name, AlarmState.OK) for name in PLAN.alarms}
    return Facts(PLAN, readings, alarms, estate=sound(PLAN), probes={NAME: dict.fromkeys(Side, GOOD)})


def of_estate(change: Callable[[EstateFacts], EstateFacts]) -> Change:
    def made(seen: Facts) -> Facts:
        assert seen.estate is not None
        return replace(seen, estate=change(seen.estate))

    return made


def source(side: Side, **changes: Any) -> Change:
    def change(estate: EstateFacts) -> EstateFacts:
        place = estate.places[NAME, side]
        return with_place(estate, side, sources=tuple(replace(each, **changes) for each in place.sources))

    return of_estate(change)


def place(side: Side, **changes: Any) -> Change:
    return of_estate(lambda estate: with_place(estate, side, **changes))


def with_place(estate: EstateFacts, side: Side, **changes: Any) -> EstateFacts:
    changed = replace(estate.places[NAME, side], **changes)
    return replace(estate, places={**estate.places, (NAME, side): changed})


def kind_unseen(kind: SourceKind) -> Change:
    """The workload moves an object of *kind*, at which blue's ExternalDNS does not look."""
    workload = PLAN.workloads[0].model_copy(update={"ingress": None, kind.naming.attribute: "burnham"})
    plan = PLAN.model_copy(update={"workloads": (workload, *PLAN.workloads[1:])})

    def made(seen: Facts) -> Facts:
        return controller(Side.BLUE, sources=("ingress",))(replace(seen, plan=plan))

    return made


def balancer(side: Side, **changes: Any) -> Change:
    def change(estate: EstateFacts) -> EstateFacts:
        place = estate.places[NAME, side]
        assert place.balancer is not None
        changed = replace(place, balancer=replace(place.balancer, **changes))
        return replace(estate, places={**estate.places, (NAME, side): changed})

    return of_estate(change)


def no_balancer(side: Side) -> Change:
    return of_estate(
        lambda estate: replace(
            estate, places={**estate.places, (NAME, side): replace(estate.places[NAME, side], balancer=None)}
        )
    )


def controller(side: Side, **changes: Any) -> Change:
    def change(estate: EstateFacts) -> EstateFacts:
        held = estate.controllers[side]
        assert isinstance(held, ControllerFacts)
        return replace(estate, controllers={**estate.controllers, side: replace(held, **changes)})

    return of_estate(change)


def unseen(side: Side) -> Change:
    return of_estate(lambda estate: replace(estate, controllers={**estate.controllers, side: None}))


def more_records(*records: RecordFacts) -> Change:
    return of_estate(
        lambda estate: replace(estate, records={**estate.records, NAME: (*estate.records[NAME], *records)})
    )


def records(change: Callable[[RecordFacts], RecordFacts | None]) -> Change:
    def changed(estate: EstateFacts) -> EstateFacts:
        kept = tuple(new for record in estate.records[NAME] if (new := change(record)) is not None)
        return replace(estate, records={**estate.records, NAME: kept})

    return of_estate(changed)


def watch(**changes: Any) -> Change:
    return of_estate(
        lambda estate: replace(
            estate,
            watches={**estate.watches, GREEN_ALARM: replace(estate.watches[GREEN_ALARM], **changes)},
        )
    )


def alarm(state: AlarmState) -> Change:
    return lambda seen: replace(seen, alarms={**seen.alarms, GREEN_ALARM: Alarm(GREEN_ALARM, state, "3 datapoints")})


def reading(blue: SideReading, green: SideReading) -> Change:
    return lambda seen: replace(seen, readings={**seen.readings, NAME: Reading(NAME, blue, green)})


def answer(side: Side, heard: Heard, status: int = 0, **more: Any) -> Change:
    def change(seen: Facts) -> Facts:
        return replace(seen, probes={NAME: {**seen.probes[NAME], side: Answer(heard, status, **more)}})

    return change


def runs(side: Side, **changes: Any) -> Change:
    return of_estate(
        lambda estate: replace(estate, running={**estate.running, side: replace(estate.running[side], **changes)})
    )


def insights(found: InsightFacts | None) -> Change:
    shown = {Side.BLUE: (found,) if found else None, Side.GREEN: ()}
    return of_estate(lambda estate: replace(estate, insights=shown))


def declared(**changes: Any) -> Change:
    """The first workload, with *changes*."""

    def change(seen: Facts) -> Facts:
        first, *others = seen.plan.workloads
        workloads = (first.model_copy(update=changes), *others)
        return replace(seen, plan=seen.plan.model_copy(update={"workloads": workloads}))

    return change


def both(*changes: Change) -> Change:
    def change(seen: Facts) -> Facts:
        for each in changes:
            seen = each(seen)
        return seen

    return change


def twin(*, private: bool) -> Change:
    return of_estate(lambda estate: replace(estate, twins=(ZoneFacts("Z0TWIN", private=private),)))
