"""The alarms that judge green, as people make them: one a workload on its error rate, and composites of all of them."""

from collections.abc import Mapping
from typing import Any, Final

import boto3

from world.estate_spec import EstateSpec
from world.load_balancers import LoadBalancer
from world.metrics import NAMESPACE, NETWORK_NAMESPACE

ERROR_RATE_THRESHOLD: Final = 5.0
"""Of the alarms on green: percent of the requests of a minute, in two of three minutes."""


def put_alarms(spec: EstateSpec, own: Mapping[str, LoadBalancer]) -> None:
    """
    Make the alarms of all workloads of *spec*.

    Args:
        spec: Whose workloads name them.
        own: What each workload's first alarm watches, by the name of the alarm.
    """
    cloudwatch: Any = boto3.client("cloudwatch", region_name=spec.green.region)
    for name, balancer in own.items():
        rule = _sick_targets(balancer) if balancer.is_network else _error_rate_above_threshold(balancer)
        cloudwatch.put_metric_alarm(AlarmName=name, **rule)
    any_of_them = " OR ".join(f'ALARM("{name}")' for name in own)
    for name in dict.fromkeys(name for workload in spec.workloads for name in workload.alarms[1:]):
        if name not in own:
            cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=any_of_them)


def _error_rate_above_threshold(balancer: LoadBalancer) -> dict[str, Any]:
    dimensions = [{"Name": "LoadBalancer", "Value": balancer.dimension}]
    dimensions += [{"Name": "TargetGroup", "Value": balancer.target_group}] if balancer.is_part else []

    def query(identifier: str, name: str) -> dict[str, Any]:
        metric = {"Namespace": NAMESPACE, "MetricName": name, "Dimensions": dimensions}
        return {"Id": identifier, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False}

    rate = {"Id": "rate", "Expression": "100*FILL(errors,0)/requests", "Label": "5xx, percent", "ReturnData": True}
    return {
        "Metrics": [query("errors", "HTTPCode_Target_5XX_Count"), query("requests", "RequestCount"), rate],
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": ERROR_RATE_THRESHOLD,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "TreatMissingData": "notBreaching",
    }


def _sick_targets(balancer: LoadBalancer) -> dict[str, Any]:
    """What is left to watch of a load balancer that knows no answers: whether targets fail their health checks."""
    dimensions = [
        {"Name": "TargetGroup", "Value": balancer.target_group},
        {"Name": "LoadBalancer", "Value": balancer.dimension},
    ]
    return {
        "Namespace": NETWORK_NAMESPACE,
        "MetricName": "UnHealthyHostCount",
        "Dimensions": dimensions,
        "Statistic": "Maximum",
        "Period": 60,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0.0,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "TreatMissingData": "notBreaching",
    }
