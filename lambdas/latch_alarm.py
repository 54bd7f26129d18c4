"""Door: Latch alarm. Woken by EventBridge when an alarm of the configuration goes into ALARM; reads no alarm itself."""

from crossfade.names import Function
from crossfade.steps.latch_alarm import AlarmTold, latch_alarm
from crossfade.wiring import wired
from lambdas.door import Json, door


@door(Function.LATCH_ALARM, AlarmTold)
def handler(told: AlarmTold) -> Json:
    parts = wired()
    alarms = frozenset(name for workload in parts.config.workloads for name in workload.alarms)
    now = told.detail.state.timestamp
    return latch_alarm(parts.ledger, parts.executions, told, alarms=alarms, now=now)
