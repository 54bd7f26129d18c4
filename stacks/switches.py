"""The switches: for a workload that asks for one, a health check for green's record, and the alarm that it follows.

A health check of an alarm follows the alarm's metric, not its state: SetAlarmState moves nothing, data do. Without
data it keeps its last status, so a switch stays where it was put, whatever becomes of the one who put it there.
Of two values in one minute the lower one counts: what lets green in again is never lost to what took it out.
Who changes an alarm in place has to write its health check anew: Route 53 does not notice.
Sources: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html;
https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html (InsufficientDataHealthStatus).
"""

from collections.abc import Iterable

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_route53 as route53
from constructs import Construct

from crossfade.core.places import HostedZone
from crossfade.core.workload import Workload
from crossfade.names import (
    HEALTH_CHECK_KEY,
    SWITCH_METRIC,
    SWITCH_NAMESPACE,
    WORKLOAD_DIMENSION,
    ZONE_DIMENSION,
    switch_alarm,
)


class Switches(Construct):
    """
    One switch a workload, so that each can go back alone.

    Attributes:
        arns: Of the health checks.
    """

    def __init__(self, scope: Construct, id_: str, *, zone: HostedZone, workloads: Iterable[Workload]) -> None:
        super().__init__(scope, id_)
        self.arns = tuple(self._arn(self._add(zone, workload)) for workload in workloads if workload.switch)

    def _arn(self, check: route53.CfnHealthCheck) -> str:
        return f"arn:{Stack.of(self).partition}:route53:::healthcheck/{check.attr_health_check_id}"

    def _add(self, zone: HostedZone, workload: Workload) -> route53.CfnHealthCheck:
        scope = Construct(self, workload.name)
        metric = cloudwatch.Metric(
            namespace=SWITCH_NAMESPACE,
            metric_name=SWITCH_METRIC,
            dimensions_map={ZONE_DIMENSION: zone.id, WORKLOAD_DIMENSION: workload.name},
            statistic="Minimum",
            period=Duration.minutes(1),
        )
        alarm = cloudwatch.Alarm(
            scope,
            "Alarm",
            alarm_name=switch_alarm(zone.id, workload.name),
            alarm_description=f"Crossfade has taken green of {workload.host} out of DNS; see its runbook.",
            metric=metric,
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.MISSING,
        )
        check = route53.CfnHealthCheck(
            scope,
            "Check",
            health_check_config=route53.CfnHealthCheck.HealthCheckConfigProperty(
                type="CLOUDWATCH_METRIC",
                alarm_identifier=route53.CfnHealthCheck.AlarmIdentifierProperty(
                    name=switch_alarm(zone.id, workload.name), region=Stack.of(self).region
                ),
                insufficient_data_health_status="LastKnownStatus",
            ),
            health_check_tags=[route53.CfnHealthCheck.HealthCheckTagProperty(key="Name", value=workload.host)],
        )
        check.node.add_dependency(alarm)
        what = f"For the annotation {HEALTH_CHECK_KEY} of green's object of {workload.name}"
        CfnOutput(scope, "Id", description=what, value=check.attr_health_check_id)
        return check
