"""Door: Check health. Reads CloudWatch, the zone and the ledger, asks load balancers; has no way to Kubernetes."""

from crossfade.names import Function
from crossfade.steps.check_health import check_health
from crossfade.steps.tasks import HealthTask
from crossfade.wiring import wired
from lambdas.door import Json, door
from lambdas.gauges import publish


@door(Function.CHECK_HEALTH, HealthTask)
def handler(task: HealthTask) -> Json:
    parts = wired()
    given = (parts.ledger, parts.alarms, parts.metrics, parts.notifier)
    return check_health(*given, task, probe=parts.probe, authority=parts.rescue, show=publish).to_log()
