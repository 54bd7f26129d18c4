"""Door: Guardian. Woken by the end of an execution and once a minute; with no lease it asks one thing and sleeps on."""

from crossfade.names import Function, Metric
from crossfade.steps.charge_the_rest import charge_the_rest
from crossfade.steps.guard import guard
from crossfade.steps.keep_weights import keep_weights
from crossfade.steps.take_out import Ways
from crossfade.steps.tasks import WakeUp
from crossfade.wiring import wired
from lambdas.door import Json, count, count_outcome, door, tell
from lambdas.gauges import publish_read_back


@door(Function.GUARDIAN, WakeUp)
def handler(wake_up: WakeUp) -> Json:
    parts = wired()
    if not (leased := parts.ledger.leased()):
        return {}
    count(Metric.LEASES_HELD, len(leased))
    done = guard(
        parts.ledger,
        Ways(parts.router, parts.rescue, parts.switch, parts.metrics),
        parts.notifier,
        parts.executions,
        alarms=parts.alarms,
        leased=leased,
        config=parts.config,
        now=wake_up.time,
    )
    if not done:
        return {}
    count(Metric.GUARDIAN_ACTED)
    for migration, deed in done.items():
        tell(migration, deed.words, deed.outcome)
        if deed.outcome:
            keep_weights(parts.ledger, parts.weights, migration, now=wake_up.time, show=publish_read_back)
            charge_the_rest(parts.ledger, parts.metrics, migration, now=wake_up.time)
        count_outcome(deed.outcome)
    return {"done": {migration: deed.words for migration, deed in done.items()}}
