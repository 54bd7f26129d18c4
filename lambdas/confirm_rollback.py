"""Door: Confirm rollback."""

from crossfade.core.migration import Outcome
from crossfade.names import Function, Metric
from crossfade.steps.confirm_rollback import confirm_rollback
from crossfade.steps.tasks import EndTask
from crossfade.wiring import wired
from lambdas.door import Json, count, door

_COUNTED = {Outcome.ROLLED_BACK: Metric.ROLLED_BACK, Outcome.ROLLBACK_UNCONFIRMED: Metric.ROLLBACK_UNCONFIRMED}


@door(Function.CONFIRM_ROLLBACK, EndTask)
def handler(task: EndTask) -> Json:
    parts = wired()
    ending = confirm_rollback(parts.ledger, parts.router, parts.notifier, task)
    if metric := _COUNTED.get(Outcome(ending["outcome"])):
        count(metric)
    return ending
