"""Door: Record baseline."""

from crossfade.names import Function
from crossfade.steps.record_baseline import record_baseline
from crossfade.steps.tasks import LeasedTask
from crossfade.wiring import wired
from lambdas.door import Json, door


@door(Function.RECORD_BASELINE, LeasedTask)
def handler(task: LeasedTask) -> Json:
    parts = wired()
    return record_baseline(parts.ledger, parts.router, task)
