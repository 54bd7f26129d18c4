"""Door: Preflight."""

from crossfade.names import Function
from crossfade.steps.preflight import preflight
from crossfade.steps.tasks import LeasedTask
from crossfade.wiring import wired
from lambdas.door import Json, door


@door(Function.PREFLIGHT, LeasedTask)
def handler(task: LeasedTask) -> Json:
    parts = wired()
    return preflight(parts.ledger, parts.router, parts.rescue, parts.alarms, parts.estate, probe=parts.probe, task=task)
