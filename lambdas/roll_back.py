"""Door: Roll back."""

from crossfade.names import Function
from crossfade.steps.keep_weights import keep_weights
from crossfade.steps.roll_back import give_some_back, roll_back
from crossfade.steps.take_out import Ways
from crossfade.steps.tasks import EndTask
from crossfade.wiring import wired
from lambdas.door import Json, door
from lambdas.gauges import publish_read_back


@door(Function.ROLL_BACK, EndTask)
def handler(task: EndTask) -> Json:
    parts = wired()
    step = give_some_back if task.alone else roll_back
    progress = step(parts.ledger, Ways(parts.router, parts.rescue, parts.switch, parts.metrics), task)
    if task.alone and progress.arrived:  # of all else it is said when it was confirmed
        keep_weights(parts.ledger, parts.weights, task.migration, now=task.now, show=publish_read_back)
    return progress.to_json()
