"""What the dashboard draws of each workload, in the embedded metric format: what was read back, what a look has seen.

A line of the log is all they cost the function; CloudWatch makes metrics of it. Nothing is judged by them.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections.abc import Mapping

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from crossfade.core.assessment import Assessment
from crossfade.core.evidence import Examination
from crossfade.core.record import Record
from crossfade.core.statistics import Count
from crossfade.core.weight import PERCENT, Split
from crossfade.names import METRIC_NAMESPACE, PRODUCT, WORKLOAD_DIMENSION, Metric


def publish(record: Record, found: Assessment, left: Mapping[str, Split]) -> None:
    """
    Publish the stage, and of every workload what is written and what has been seen.

    Args:
        record: Of the migration.
        found: What one look has found.
        left: The weights that were last read back, by workload.
    """
    _emit({Metric.STAGE: record.stage + 1.0}, MetricUnit.Count)
    for each in found.examined:
        _emit(_of(each, left.get(each.workload)), MetricUnit.Percent, workload=each.workload)


def publish_read_back(left: Mapping[str, Split]) -> None:
    """Publish the weights at which each workload was read back: after every stage, and after every way back."""
    for workload, split in left.items():
        _emit({Metric.WRITTEN_SHARE: split.share_percent}, MetricUnit.Percent, workload=workload)


def _of(each: Examination, written: Split | None) -> dict[Metric, float]:
    blue, green = each.blue, each.green
    values = {
        Metric.WRITTEN_SHARE: written.share_percent if written else None,
        Metric.OBSERVED_SHARE: _percent(green.requests, blue.requests + green.requests),
        Metric.BLUE_ERROR_RATE: _rate(each.blue_since_write),  # from where a way back may be decided
        Metric.GREEN_ERROR_RATE: _rate(each.green_since_write),
    }
    return {metric: value for metric, value in values.items() if value is not None}


def _rate(count: Count) -> float | None:
    return _percent(count.failures, count.requests)


def _percent(part: int, whole: int) -> float | None:
    return round(PERCENT * part / whole, 3) if whole else None


def _emit(values: Mapping[Metric, float], unit: MetricUnit, *, workload: str = "") -> None:
    if not values:
        return
    metrics = EphemeralMetrics(namespace=METRIC_NAMESPACE, service=PRODUCT.lower())
    if workload:
        metrics.add_dimension(name=WORKLOAD_DIMENSION, value=workload)
    for metric, value in values.items():
        metrics.add_metric(name=metric.value, unit=unit, value=value)
    metrics.flush_metrics()
