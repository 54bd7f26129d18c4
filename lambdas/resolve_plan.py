"""Door: Resolve plan."""

from crossfade.names import Function
from crossfade.steps.resolve_plan import resolve_plan
from crossfade.steps.tasks import StartTask
from crossfade.wiring import wired
from lambdas.door import Json, door


@door(Function.RESOLVE_PLAN, StartTask)
def handler(task: StartTask) -> Json:
    parts = wired()
    return resolve_plan(parts.config, parts.ledger, task)
