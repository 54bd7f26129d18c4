"""Door: Shift traffic."""

from crossfade.names import Function, Metric
from crossfade.steps.keep_weights import keep_weights
from crossfade.steps.shift_traffic import shift_traffic
from crossfade.steps.tasks import StageTask
from crossfade.wiring import wired
from lambdas.door import Json, count, door


@door(Function.SHIFT_TRAFFIC, StageTask)
def handler(task: StageTask) -> Json:
    parts = wired()
    progress = shift_traffic(parts.ledger, parts.router, task, alarms=parts.alarms, estate=parts.estate)
    if progress.arrived:
        count(Metric.STAGE_SHIFTED)
        keep_weights(parts.ledger, parts.weights, task.migration, now=task.now)
    return progress.to_json()
