"""Door: Take lease."""

from crossfade.names import Function
from crossfade.steps.take_lease import take_lease
from crossfade.steps.tasks import Task
from crossfade.wiring import wired
from lambdas.door import Json, door


@door(Function.TAKE_LEASE, Task)
def handler(task: Task) -> Json:
    return take_lease(wired().ledger, task)
