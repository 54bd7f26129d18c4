"""Route 53's health checks, as the preflight wants to know them: what they follow, and how they are now.

What they are is read from Route 53; how they are from CloudWatch in us-east-1, where Route 53 publishes it each
minute: GetHealthCheckStatus is meant for development.
Sources: https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHealthCheck.html;
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from crossfade.adapters.aws import Translation, code_of
from crossfade.adapters.cloudwatch import CLOUDWATCH
from crossfade.core.facts import HealthCheckFacts
from crossfade.errors import RouterRefusedError, RouterThrottledError, RouterUnavailableError

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef, MetricTypeDef
    from types_boto3_route53 import Route53Client

STATUS_REGION: Final = "us-east-1"
"""Where Route 53 publishes the status of all health checks."""

_LATELY: Final = timedelta(minutes=10)
_PERIOD_SECONDS: Final = 60
_QUERIES_MAX: Final = 500
_NOT_OURS: Final = frozenset({"NoSuchHealthCheck", "AccessDenied", "AccessDeniedException"})
"""We may read the checks of our own stack only, so one that may not be read is none of them."""

_ROUTE53: Final = Translation(
    "Route 53", throttled=RouterThrottledError, unavailable=RouterUnavailableError, denied=RouterRefusedError
)


class HealthChecks:
    """
    The health checks of the stack.

    Args:
        route53: A client.
        cloudwatch: Makes one in `STATUS_REGION`; not asked for until a status is read.
    """

    def __init__(self, route53: "Route53Client", cloudwatch: "Callable[[], CloudWatchClient]") -> None:
        self._route53 = route53
        self._cloudwatch = cloudwatch

    def read(self, ids: Iterable[str]) -> Mapping[str, HealthCheckFacts | None]:
        """
        The health checks *ids*, by id; None for one that does not exist, or is not of this stack.

        Raises:
            RouterThrottledError, RouterUnavailableError, AlarmsUnavailableError: Ask again later.
            AlarmsRefusedError: Metrics may not be read.
        """
        found = {id_: self._config(id_) for id_ in dict.fromkeys(ids)}
        known = [id_ for id_, config in found.items() if config is not None]
        healthy = self._healthy(known) if known else {}
        return {id_: _facts(config, healthy=healthy.get(id_)) if config else None for id_, config in found.items()}

    def _config(self, id_: str) -> Mapping[str, Any] | None:
        with _ROUTE53.around("route53:GetHealthCheck", id_):
            try:
                answer: Any = self._route53.get_health_check(HealthCheckId=id_)
            except ClientError as error:
                if code_of(error) in _NOT_OURS:
                    return None
                raise
        config: Mapping[str, Any] = answer["HealthCheck"]["HealthCheckConfig"]
        return config

    def _healthy(self, ids: list[str]) -> dict[str, bool]:
        """The last status that was published of each; one without any is not in the answer."""
        until, cloudwatch = datetime.now(UTC), self._cloudwatch()
        found: dict[str, bool] = {}
        for start in range(0, len(ids), _QUERIES_MAX):
            batch = {f"h{number}": id_ for number, id_ in enumerate(ids[start : start + _QUERIES_MAX])}
            with CLOUDWATCH.around("cloudwatch:GetMetricData", f"the status of {len(batch)} health checks"):
                answer: Any = cloudwatch.get_metric_data(
                    MetricDataQueries=[_query(key, id_) for key, id_ in batch.items()],
                    StartTime=until - _LATELY,
                    EndTime=until,
                    ScanBy="TimestampDescending",
                )
            found |= {
                batch[each["Id"]]: each["Values"][0] >= 1 for each in answer["MetricDataResults"] if each["Values"]
            }
        return found


def _query(key: str, id_: str) -> "MetricDataQueryTypeDef":
    metric: MetricTypeDef = {
        "Namespace": "AWS/Route53",
        "MetricName": "HealthCheckStatus",
        "Dimensions": [{"Name": "HealthCheckId", "Value": id_}],
    }
    return {"Id": key, "MetricStat": {"Metric": metric, "Period": _PERIOD_SECONDS, "Stat": "Minimum"}}


def _facts(config: Mapping[str, Any], *, healthy: bool | None) -> HealthCheckFacts:
    is_turned = bool(config.get("Inverted") or config.get("Disabled"))
    return HealthCheckFacts(
        alarm=config.get("AlarmIdentifier", {}).get("Name", ""),
        is_as_deployed=not is_turned and config.get("InsufficientDataHealthStatus") == "LastKnownStatus",
        healthy=healthy,
    )
