"""Door: Confirm rollback."""

from crossfade.core.record import Outcome
from crossfade.names import Function
from crossfade.steps.charge_the_rest import charge_the_rest
from crossfade.steps.confirm_rollback import confirm_rollback
from crossfade.steps.keep_weights import keep_weights
from crossfade.steps.tasks import EndTask
from crossfade.wiring import wired
from lambdas.door import Json, count_outcome, door
from lambdas.gauges import publish_read_back


@door(Function.CONFIRM_ROLLBACK, EndTask)
def handler(task: EndTask) -> Json:
    parts = wired()
    ending = confirm_rollback(parts.ledger, parts.router, parts.notifier, task)
    keep_weights(parts.ledger, parts.weights, task.migration, now=task.now, show=publish_read_back)
    charge_the_rest(parts.ledger, parts.metrics, task.migration, now=task.now)
    count_outcome(Outcome(ending["outcome"]))
    return ending
