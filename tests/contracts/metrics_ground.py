"""Where requests are counted, for the tests of the metrics: a fake, and CloudWatch with load balancers and a zone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final, Protocol

from botocore.config import Config
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from crossfade.adapters.cloudwatch_metrics import CloudWatchMetrics
from crossfade.adapters.load_balancers import CLUSTER_TAG, LoadBalancers
from crossfade.adapters.route53 import RecordReader
from crossfade.core.places import Cluster
from crossfade.core.series import Minute, Sample, Series
from crossfade.core.weight import Side
from crossfade.core.workload import Workload
from crossfade.ports import MetricSource
from tests.contracts.estate import BURNHAM, CLUSTERS, DOMAIN, NINE, REGION, WORKLOADS
from tests.fakes import FakeMetrics

TEN: Final = NINE + timedelta(hours=1)
ONCE: Final = Config(retries={"total_max_attempts": 1})
OTHER_REGION: Final = "eu-central-1"


class Ground(Protocol):
    """A metric source and the minutes that a test sets."""

    @property
    def source(self) -> MetricSource: ...

    def put(self, workload: Workload, at: datetime, blue: Sample, green: Sample) -> None: ...

    def lose(self, workload: Workload) -> None: ...


class FakeGround:
    def __init__(self) -> None:
        self.source = FakeMetrics()
        for workload in WORKLOADS:
            self.source.put(workload.name, [])

    def put(self, workload: Workload, at: datetime, blue: Sample, green: Sample) -> None:
        self.source.put(workload.name, [*self.source.made[workload.name], Minute(at, blue, green)])

    def lose(self, workload: Workload) -> None:
        self.source.unreadable[workload.name] = "it has no load balancer"


class CloudWatchGround:
    """A zone of its own in one account, which every test shares; load balancers and their metrics have own names."""

    _numbers: Final = count()

    def __init__(self, clients: "Clients", *, green_region: str = REGION) -> None:
        self.regions = {Side.BLUE: REGION, Side.GREEN: green_region}
        self.clusters = {side: Cluster(name=CLUSTERS[side], region=self.regions[side]) for side in Side}
        self._client = clients
        self._route53 = clients("route53", REGION)
        reference = f"test {next(self._numbers)}"
        zone = self._route53.create_hosted_zone(Name=DOMAIN, CallerReference=reference)["HostedZone"]["Id"]
        self._zone = zone.rpartition("/")[2]
        self.arns: dict[tuple[str, Side], str] = {}
        self.groups: dict[tuple[str, Side], str] = {}
        self.asked: list[dict[str, Any]] = []
        self.source = self.made()

    def made(self) -> CloudWatchMetrics:
        names = tuple(dict.fromkeys(self.regions.values()))
        cloudwatch = {name: self._client("cloudwatch", name) for name in names}
        for client in cloudwatch.values():
            client.meta.events.register("before-parameter-build.cloudwatch.GetMetricData", self._note)
        elb = {name: self._client("elbv2", name) for name in names}
        balancers = LoadBalancers(RecordReader(self._route53, self._zone), self.clusters, elb)
        return CloudWatchMetrics(balancers, cloudwatch)

    namespace = "AWS/ApplicationELB"

    def close(self) -> None:
        for region in dict.fromkeys(self.regions.values()):
            events = self._client("cloudwatch", region).meta.events
            events.unregister("before-parameter-build.cloudwatch.GetMetricData", self._note)

    def _note(self, params: dict[str, Any], **_: object) -> None:
        self.asked.append(params)

    # What a test does to the account.

    def serve(self, workload: Workload, side: Side, *, kind: str = "application", tag: str = "") -> str:
        """Make a load balancer of *workload* on *side*; its DNS name."""
        elb = self._client("elbv2", self.regions[side])
        zones = ec2_backends[DEFAULT_ACCOUNT_ID][self.regions[side]].subnets.values()
        subnets = [subnet for zone in zones for subnet in zone][:2]
        name = f"{workload.name}-{side}-{next(self._numbers)}"
        tags = [{"Key": CLUSTER_TAG, "Value": tag}] if tag else [{"Key": "Team", "Value": "burnham"}]
        made = elb.create_load_balancer(Name=name, Subnets=subnets, Type=kind, Tags=tags)["LoadBalancers"][0]
        group = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=made["VpcId"])["TargetGroups"][0]
        if kind == "application":
            forward = [{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]
            elb.create_listener(
                LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=forward
            )
        self.arns[workload.name, side] = made["LoadBalancerArn"]
        self.groups[workload.name, side] = group["TargetGroupArn"].rpartition(":")[2]
        return str(made["DNSName"])

    def point(self, host: str, identifier: str, target: str, *, kind: str = "alias") -> None:
        """Let the weighted record of *host* with *identifier* point to *target*."""
        record: dict[str, Any] = {"Name": host, "SetIdentifier": identifier, "Weight": 50}
        if kind == "alias":
            alias = {"DNSName": target, "HostedZoneId": "Z32O12XQLNTSW2", "EvaluateTargetHealth": True}
            record |= {"Type": "A", "AliasTarget": alias}
        else:
            record |= {"Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": target}]}
        batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
        self._route53.change_resource_record_sets(HostedZoneId=self._zone, ChangeBatch=batch)

    def serve_all(self) -> "CloudWatchGround":
        for workload in WORKLOADS:
            for side in Side:
                self.point(workload.host, CLUSTERS[side], self.serve(workload, side))
        return self

    def dimension(self, workload: Workload, side: Side) -> str:
        return self.arns[workload.name, side].partition(":loadbalancer/")[2]

    def publish(self, workload: Workload, side: Side, at: datetime, *, group: str = "", **values: float) -> None:
        """Put *values*, by the names of their metrics, into the minute *at*."""
        cloudwatch = self._client("cloudwatch", self.regions[side])
        dimensions = [{"Name": "LoadBalancer", "Value": self.dimension(workload, side)}]
        dimensions += [{"Name": "TargetGroup", "Value": group}] if group else []
        data = [
            {"MetricName": name, "Value": float(value), "Timestamp": at, "Dimensions": dimensions}
            for name, value in values.items()
        ]
        cloudwatch.put_metric_data(Namespace=self.namespace, MetricData=data)

    def put(self, workload: Workload, at: datetime, blue: Sample, green: Sample) -> None:
        for side, sample in ((Side.BLUE, blue), (Side.GREEN, green)):
            counts = {"RequestCount": sample.requests, "HTTPCode_Target_5XX_Count": sample.errors_5xx}
            if present := {name: value for name, value in counts.items() if value}:
                self.publish(workload, side, at, group="", **present)
            if sample.healthy_targets is not None:
                group = self.groups[workload.name, side]
                self.publish(workload, side, at, group=group, HealthyHostCount=sample.healthy_targets)

    def lose(self, workload: Workload) -> None:
        elb = self._client("elbv2", self.regions[Side.GREEN])
        elb.delete_load_balancer(LoadBalancerArn=self.arns[workload.name, Side.GREEN])

    def read(self, workload: Workload = BURNHAM) -> Series:
        return self.source.read([workload], since=NINE, until=TEN)[workload.name]


Clients = Callable[[str, str], Any]
Account = Callable[..., CloudWatchGround]


def counts(series: Series) -> list[tuple[datetime, tuple[int, int], tuple[int, int]]]:
    return [
        (m.at, (m.blue.requests, m.blue.errors_5xx), (m.green.requests, m.green.errors_5xx)) for m in series.minutes
    ]
