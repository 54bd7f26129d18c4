"""What every door shares: one log record and one metric set an invocation, correlated by migration.

Tracing is the service's business (`tracing=ACTIVE`); the X-Ray SDK is not used.
"""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit
from pydantic import ValidationError

from crossfade.core.model import Model
from crossfade.core.record import Outcome
from crossfade.errors import CrossfadeError, InvalidInputError
from crossfade.names import METRIC_NAMESPACE, PRODUCT, Function, Metric

Json = dict[str, Any]
AnyTask = TypeVar("AnyTask", bound=Model)

_COUNTED = {
    Outcome.SUCCEEDED: Metric.MIGRATION_SUCCEEDED,
    Outcome.ROLLED_BACK: Metric.ROLLED_BACK,
    Outcome.PARTLY_ROLLED_BACK: Metric.PARTLY_ROLLED_BACK,
    Outcome.ROLLBACK_UNCONFIRMED: Metric.ROLLBACK_UNCONFIRMED,
}


class _CurrentStdout:
    """Writes to whatever is standard output at that moment, so that a host may capture one invocation."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


logger = Logger(service=PRODUCT.lower(), stream=_CurrentStdout())  # type: ignore[arg-type]  # asks for IO, needs write
metrics = Metrics(namespace=METRIC_NAMESPACE, service=PRODUCT.lower())


def door(
    function: Function, task_type: type[AnyTask]
) -> Callable[[Callable[[AnyTask], Json]], Callable[[Json, object], Json]]:
    """
    Make a Lambda handler of a step: parse the task, call, log the decision with its reason; no answer, no record.

    Args:
        function: Whose door it is; stands in every record.
        task_type: What the event is parsed into.

    Raises:
        InvalidInputError: The event is not such a task.
    """

    def decorate(step: Callable[[AnyTask], Json]) -> Callable[[Json, object], Json]:
        @wraps(step)
        def handler(event: Json, _context: object) -> Json:
            logger.append_keys(function=function.value, migration=event.get("migration"))
            logger.set_correlation_id(str(event.get("execution") or event.get("id")))
            metrics.clear_metrics()  # what a call that died has left is not told by this one
            try:
                answer = step(_parse(task_type, event))
            except CrossfadeError as error:
                logger.warning("error", extra={"error": type(error).__name__, "reason": str(error)})
                _flush_metrics()
                raise
            if answer:
                logger.info("decision", extra=_loggable(answer))
            _flush_metrics()
            return answer

        return handler

    return decorate


def tell(migration: str, reason: str, outcome: Outcome | None) -> None:
    """Log what was decided of *migration*, by a function that may look after several at once."""
    told = {"migration": migration, "reason": reason} | ({"outcome": outcome.value} if outcome else {})
    logger.info("decision", extra=told)


def count(metric: Metric, value: int = 1) -> None:
    """Count *metric* in the running invocation."""
    metrics.add_metric(name=metric.value, unit=MetricUnit.Count, value=value)


def count_outcome(outcome: Outcome | None) -> None:
    """Count that a migration ended as *outcome*, if there is a metric for that."""
    if outcome in _COUNTED:
        count(_COUNTED[outcome])


def _flush_metrics() -> None:
    if metrics.metric_set:
        metrics.flush_metrics()


def _parse(task_type: type[AnyTask], event: Json) -> AnyTask:
    try:
        return task_type.model_validate(event)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False)]
        msg = f"this function is called by the state machine or EventBridge only; {'; '.join(faults)}"
        raise InvalidInputError(msg) from None


def _loggable(answer: Json) -> Json:
    """The answer under names that the logger does not use itself."""
    return {f"decision_{key}" if key in {"level", "location", "timestamp"} else key: answer[key] for key in answer}
