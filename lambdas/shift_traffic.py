"""Door: Shift traffic."""

from crossfade.names import Function, Metric
from crossfade.steps.keep_weights import keep_weights
from crossfade.steps.shift_traffic import shift_traffic
from crossfade.steps.tasks import StageTask
from crossfade.wiring import wired
from lambdas.door import Json, count, door
from lambdas.gauges import publish_read_back


@door(Function.SHIFT_TRAFFIC, StageTask)
def handler(task: StageTask) -> Json:
    parts = wired()
    progress = shift_traffic(parts.ledger, parts.router, task, alarms=parts.alarms, estate=parts.estate)
    if progress.arrived:
        count(Metric.STAGE_SHIFTED)
        keep_weights(parts.ledger, parts.weights, task.migration, now=task.now, show=publish_read_back)
    return progress.to_json()
