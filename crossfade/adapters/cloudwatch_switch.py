"""The switches, flipped by a metric that their alarms watch: CloudWatch's data plane, in the Region of the stack.

A value is enough: a health check keeps its last status when there are no more data. Of two values in one minute the
lower one counts (see `stacks.switches`), so who flips out again and again does not undo the one who lets in.
Limits: 1,000 values a call; 500 calls a second an account.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crossfade.adapters.cloudwatch import CLOUDWATCH
from crossfade.names import SWITCH_METRIC, SWITCH_NAMESPACE, WORKLOAD_DIMENSION, ZONE_DIMENSION

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient


class CloudWatchSwitch:
    """
    See `ports.Switch`.

    Args:
        cloudwatch: A client, in the Region of the stack.
    """

    def __init__(self, cloudwatch: "CloudWatchClient") -> None:
        self._cloudwatch = cloudwatch

    def flip(self, zone: str, workloads: Sequence[str], *, out: bool, now: datetime) -> None:
        """See `ports.Switch.flip`."""
        data: list[Any] = [
            {
                "MetricName": SWITCH_METRIC,
                "Dimensions": [{"Name": ZONE_DIMENSION, "Value": zone}, {"Name": WORKLOAD_DIMENSION, "Value": name}],
                "Timestamp": now,
                "Value": float(out),
            }
            for name in workloads
        ]
        with CLOUDWATCH.around("cloudwatch:PutMetricData", f"the switches of {', '.join(workloads)}"):
            self._cloudwatch.put_metric_data(Namespace=SWITCH_NAMESPACE, MetricData=data)
