"""Door: Complete."""

from crossfade.core.record import Outcome
from crossfade.names import Function
from crossfade.steps.complete import complete
from crossfade.steps.keep_weights import keep_weights
from crossfade.steps.tasks import LeasedTask
from crossfade.wiring import wired
from lambdas.door import Json, count_outcome, door
from lambdas.gauges import publish_read_back


@door(Function.COMPLETE, LeasedTask)
def handler(task: LeasedTask) -> Json:
    parts = wired()
    progress = complete(parts.ledger, parts.router, parts.notifier, task)
    if progress.result:
        keep_weights(parts.ledger, parts.weights, task.migration, now=task.now, show=publish_read_back)
        count_outcome(Outcome(progress.result["outcome"]))
    return progress.to_json()
