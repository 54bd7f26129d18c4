"""Door: Roll back."""

from crossfade.names import Function
from crossfade.steps.roll_back import roll_back
from crossfade.steps.tasks import EndTask
from crossfade.wiring import wired
from lambdas.door import Json, door


@door(Function.ROLL_BACK, EndTask)
def handler(task: EndTask) -> Json:
    parts = wired()
    return roll_back(parts.ledger, parts.router, parts.rescue, task).to_json()
