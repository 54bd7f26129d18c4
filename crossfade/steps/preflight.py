"""Preflight: everything that can be known to be wrong before the first write. It writes nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

from crossfade.core.migration import Record
from crossfade.core.traffic import Reading, SideReading
from crossfade.core.verdict import Alarm, AlarmState
from crossfade.core.weight import Side
from crossfade.errors import PreflightFailedError
from crossfade.names import TimelineEvent
from crossfade.ports import AlarmSource, Ledger, TrafficRouter
from crossfade.steps.common import current, note
from crossfade.steps.tasks import LeasedTask


def preflight(ledger: Ledger, router: TrafficRouter, alarms: AlarmSource, task: LeasedTask) -> dict[str, Any]:
    """
    Check alarms, weights and the way back.

    Raises:
        PreflightFailedError: One or more checks failed; the message has all of them, each with its fix.
    """
    record = current(ledger, task)
    plan = record.plan
    faults = [
        *alarm_faults(plan.alarms, alarms.read(plan.alarms)),
        *(fault for reading in router.observe(plan.workloads) for fault in weight_faults(reading)),
        *router.rehearse(plan.workloads),
    ]
    if faults:
        raise PreflightFailedError("\n".join(faults))
    return _passed(ledger, record, task)


def _passed(ledger: Ledger, record: Record, task: LeasedTask) -> dict[str, Any]:
    checks = len(record.plan.alarms) + 2 * len(record.plan.workloads)
    reason = f"{checks} checks passed: alarms, weights, and a rehearsal of the rollback"
    note(ledger, record, task.now, TimelineEvent.PREFLIGHT_PASSED, reason)
    return {"checks": checks, "reason": reason}


def alarm_faults(asked: tuple[str, ...], alarms: Mapping[str, Alarm]) -> Iterator[str]:
    """
    One sentence an alarm that forbids a start.

    An alarm without data may start: green has no traffic yet. It must be OK before a stage is left.
    """
    for name in asked:
        alarm = alarms.get(name)
        if alarm is None:
            yield f"alarm {name} does not exist in this account and Region; create it or correct `alarms`"
        elif alarm.state is AlarmState.ALARM:
            yield f"alarm {name} is already in ALARM ({alarm.reason}); start when it is OK"


def weight_faults(reading: Reading) -> Iterator[str]:
    """One sentence a reason why the weights of one workload are no safe baseline."""
    sides = ((Side.BLUE, reading.blue), (Side.GREEN, reading.green))
    for side, at in sides:
        yield from _side_faults(reading.workload, side, at)
    blue, green = reading.blue.authoritative, reading.green.authoritative
    if blue == 0:
        yield f"{reading.workload}: blue has weight 0 and no users to move; blue and green may be swapped in `clusters`"
    if green is not None and green > 0:
        yield f"{reading.workload}: green already has weight {green}; set it to 0 before the start"


def _side_faults(workload: str, side: Side, at: SideReading) -> Iterator[str]:
    if at.declared is None:
        yield f"{workload}: {side} carries no readable weight ({at.note or 'absent'}); annotate its Ingress with one"
    elif at.authoritative is None:
        yield f"{workload}: {side} has no weighted record ({at.note or 'absent'}); let ExternalDNS create it first"
    elif at.declared != at.authoritative:
        yield (
            f"{workload}: {side} is annotated with {at.declared} but Route 53 has {at.authoritative}; "
            f"mend its ExternalDNS before the start"
        )
