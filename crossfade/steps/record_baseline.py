"""Record baseline: what a rollback returns to, stored before the first write."""

from typing import Any

from crossfade.core.checks.dns import unsafe_weights
from crossfade.core.record import Baseline
from crossfade.errors import PreflightFailedError
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, TrafficRouter
from crossfade.steps.common import current, identifiers_of, note, observe_all
from crossfade.steps.tasks import LeasedTask


def record_baseline(ledger: Ledger, router: TrafficRouter, task: LeasedTask) -> dict[str, Any]:
    """
    Read the weights once more and store them; a baseline that is stored already stands.

    Raises:
        PreflightFailedError: The weights have changed since the preflight and are no safe baseline any more.
    """
    record = current(ledger, task)
    if not record.baseline:
        readings = observe_all(router, record.plan.workloads)
        faults = [(at.workload, found) for at in readings for found in unsafe_weights(at)]
        if faults:
            raise PreflightFailedError("\n".join(f"{name}: {found.evidence}; {found.fix}" for name, found in faults))
        baseline = tuple(
            Baseline(
                workload=reading.workload,
                blue=reading.blue.declared,
                green=reading.green.declared,
                identifiers=identifiers_of(reading),
            )
            for reading in readings
        )
        record = ledger.save(record.with_(baseline=baseline))
        text = ", ".join(f"{at.workload} blue {at.blue} : green {at.green}" for at in baseline)
        note(ledger, record, task.now, TimelineEvent.BASELINE_RECORDED, f"baseline: {text}")
    return {"workloads": len(record.baseline)}
