"""Preflight: everything that can be known to be wrong before the first write. It writes nothing.

This file gathers what is read; what it means stands in `core.preflight`.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from crossfade.core.capacity import Capacity
from crossfade.core.definition import Definition
from crossfade.core.facts import Facts
from crossfade.core.plan import Plan
from crossfade.core.preflight import examine, refusal, summary, table
from crossfade.core.record import Ends
from crossfade.core.traffic import Reading
from crossfade.core.weight import Side
from crossfade.core.workload import Workload
from crossfade.errors import CrossfadeError, PermanentError, PreflightFailedError
from crossfade.names import TimelineEvent
from crossfade.ports import AlarmSource, EstateReader, Ledger, Probe, TrafficRouter
from crossfade.steps.common import current, identifiers_of, note, observe_all
from crossfade.steps.tasks import LeasedTask

T = TypeVar("T")


def preflight(
    ledger: Ledger,
    router: TrafficRouter,
    rescue: TrafficRouter,
    alarms: AlarmSource,
    estate: EstateReader,
    *,
    probe: Probe,
    task: LeasedTask,
) -> dict[str, Any]:
    """
    Look at everything, and refuse to start if a check fails.

    Raises:
        PreflightFailedError: One or more checks failed; the message has them, each with its fix.
    """
    record = current(ledger, task)
    facts = gather(router, rescue, alarms, estate, record.plan, probe=probe)
    findings = examine(facts)
    if faults := refusal(findings):
        raise PreflightFailedError(faults)
    began = record.with_(definitions=_definitions(facts), capacity=_capacity(facts), ends=_ends(facts))
    record = record if began == record else ledger.save(began)
    reason = summary(findings)
    note(ledger, record, task.now, TimelineEvent.PREFLIGHT_PASSED, reason, **table(findings))
    return {"checks": len(findings), "reason": reason}


def gather(
    router: TrafficRouter,
    rescue: TrafficRouter,
    alarms: AlarmSource,
    estate: EstateReader,
    plan: Plan,
    *,
    probe: Probe,
    told: type[CrossfadeError] = PermanentError,
) -> Facts:
    """
    Read all that *plan* is about, for the checks. Nothing is changed.

    Args:
        told: Which errors become findings; CrossfadeError for somebody who is not going to ask again by himself.

    Raises:
        TemporaryError: Something did not answer; ask again later.
    """
    unread: list[str] = []

    def unless_told(read: Callable[[], T]) -> T | None:
        return unless_refused(read, unread, told=told)

    seen = unless_told(lambda: estate.read(plan))
    children = [name for watch in seen.watches.values() for name in watch.children] if seen else []
    names = tuple(dict.fromkeys((*plan.alarms, *children)))
    readings = unless_told(lambda: observe_all(router, plan.workloads)) or ()
    return Facts(
        plan=plan,
        readings={reading.workload: reading for reading in readings},
        alarms=unless_told(lambda: alarms.read(names)) or {},
        rehearsed=unless_told(lambda: router.rehearse(plan.workloads)) or (),
        rescued=unless_told(lambda: rescue.rehearse(_with_a_second_rung(plan, readings))) or (),
        estate=seen,
        probes=unless_told(lambda: probe.ask(plan.workloads)) or {},
        unread=tuple(dict.fromkeys(unread)),
    )


def _ends(facts: Facts) -> tuple[Ends, ...]:
    """Where the records of every workload with a switch lead; of the others it is never asked."""
    found = [_ends_of(facts, workload) for workload in facts.plan.workloads if workload.switch]
    return tuple(each for each in found if each.blue and each.green)


def _ends_of(facts: Facts, workload: Workload) -> Ends:
    led = {
        side: next((_plain(record.target) for record in facts.records_of(workload, side) if record.target), "")
        for side in Side
    }
    return Ends(workload=workload.name, blue=led[Side.BLUE], green=led[Side.GREEN])


def _plain(target: str) -> str:
    """A DNS name as Elastic Load Balancing knows it; the console writes more into an alias."""
    return target.removeprefix("dualstack.")


def _definitions(facts: Facts) -> tuple[Definition, ...]:
    """What every alarm is told now, those in the rules of others included."""
    return tuple(alarm.definition for alarm in facts.alarms.values() if alarm.definition)


def _capacity(facts: Facts) -> tuple[Capacity, ...]:
    """How many healthy targets blue has before anything moves."""
    listed = listed_targets(facts)
    return tuple(Capacity(workload=each.name, listed=listed.get(each.name)) for each in facts.plan.workloads)


def listed_targets(facts: Facts) -> dict[str, int]:
    """Blue's healthy targets as its load balancers list them, by workload; those that are not known left out."""
    balancers = ((each.name, facts.balancer(each, Side.BLUE)) for each in facts.plan.workloads)
    return {name: sum(group.healthy for group in at.groups) for name, at in balancers if at is not None}


def _with_a_second_rung(plan: Plan, readings: Sequence[Reading]) -> list[Workload]:
    """Those whose own router is not Route 53, with the set identifiers that their Ingresses have."""
    known = {reading.workload: identifiers_of(reading) for reading in readings}
    return [
        workload.model_copy(update={"identifiers": known[workload.name]})
        for workload in plan.workloads
        if not workload.router.is_direct and known.get(workload.name)
    ]


def unless_refused(
    read: Callable[[], T], unread: list[str], *, told: type[CrossfadeError] = PermanentError
) -> T | None:
    """What *read* gives; None, and one more reason in *unread*, when it ends with an error of the class *told*."""
    try:
        return read()
    except told as error:
        unread.append(str(error))
        return None
