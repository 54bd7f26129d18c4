"""What every metric source promises: the fake of the tests, and CloudWatch behind load balancers found anew."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final, Protocol

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from crossfade.adapters.cloudwatch_metrics import CloudWatchMetrics
from crossfade.adapters.load_balancers import CLUSTER_TAG, Balancer, LoadBalancers
from crossfade.adapters.route53 import RecordReader, WeightedRecord
from crossfade.adapters.seams import Records
from crossfade.core.places import Cluster
from crossfade.core.record import Ends
from crossfade.core.series import MINUTE, Minute, Sample, Series
from crossfade.core.weight import Side
from crossfade.core.workload import Identifiers, ListenerRule, Router, Workload
from crossfade.errors import AlarmsRefusedError, AlarmsUnavailableError, CrossfadeError, RouterThrottledError
from crossfade.ports import MetricSource
from tests.contracts.estate import BURNHAM, CLUSTERS, DOMAIN, GUESTBOOK, NINE, REGION, WORKLOADS
from tests.fakes import FakeMetrics
from world.alarms import Alarms
from world.clock import Clock
from world.cloud import Cloud

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


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    """One account for the whole module: to make one, and clients of it, takes longer than all tests together."""
    made: dict[tuple[str, str], Any] = {}

    def client(service: str, region: str) -> Any:
        if (service, region) not in made:
            made[service, region] = boto3.client(service, region_name=region)  # type: ignore[call-overload]
        return made[service, region]

    with Clock(TEN) as clock, Cloud(clock, region=REGION), Alarms(clock, REGION).installed():
        yield client


@pytest.fixture
def account(clients: Clients) -> Iterator[Account]:
    grounds: list[CloudWatchGround] = []

    def make(**given: Any) -> CloudWatchGround:
        grounds.append(CloudWatchGround(clients, **given))
        return grounds[-1]

    yield make
    for ground in grounds:
        ground.close()


@pytest.fixture
def cloudwatch(account: Account) -> CloudWatchGround:
    return account().serve_all()


@pytest.fixture(params=["fake", "cloudwatch"])
def ground(request: pytest.FixtureRequest) -> Ground:
    if request.param == "fake":
        return FakeGround()
    found: Ground = request.getfixturevalue("cloudwatch")
    return found


def counts(series: Series) -> list[tuple[datetime, tuple[int, int], tuple[int, int]]]:
    return [
        (m.at, (m.blue.requests, m.blue.errors_5xx), (m.green.requests, m.green.errors_5xx)) for m in series.minutes
    ]


# --- Every source ----------------------------------------------------------------------------------------------------


def test_requests_and_failures_of_both_sides_are_read_minute_by_minute(ground: Ground) -> None:
    ground.put(BURNHAM, NINE, Sample(900, 1), Sample(100, 2))
    ground.put(BURNHAM, NINE + MINUTE, Sample(901, 3), Sample(101, 4))

    series = ground.source.read([BURNHAM], since=NINE, until=TEN)["burnham"]

    assert counts(series) == [(NINE, (900, 1), (100, 2)), (NINE + MINUTE, (901, 3), (101, 4))]
    assert not series.unreadable


def test_requests_without_a_count_of_failures_have_none(ground: Ground) -> None:
    ground.put(BURNHAM, NINE, Sample(900), Sample(100))

    assert counts(ground.source.read([BURNHAM], since=NINE, until=TEN)["burnham"]) == [(NINE, (900, 0), (100, 0))]


def test_a_side_without_numbers_has_no_requests(ground: Ground) -> None:
    ground.put(BURNHAM, NINE, Sample(900), Sample())

    assert counts(ground.source.read([BURNHAM], since=NINE, until=TEN)["burnham"]) == [(NINE, (900, 0), (0, 0))]


def test_every_workload_is_in_the_answer_with_its_own_numbers(ground: Ground) -> None:
    ground.put(BURNHAM, NINE, Sample(900), Sample(100))

    found = ground.source.read(WORKLOADS, since=NINE, until=TEN)

    assert found.keys() == {BURNHAM.name, GUESTBOOK.name}
    assert found[GUESTBOOK.name].minutes == ()


def test_only_minutes_that_begin_and_end_in_between_are_read(ground: Ground) -> None:
    for number in range(5):
        ground.put(BURNHAM, NINE + number * MINUTE, Sample(900 + number), Sample(100))

    found = ground.source.read([BURNHAM], since=NINE + MINUTE / 2, until=NINE + 3.5 * MINUTE)

    assert [minute.blue.requests for minute in found["burnham"].minutes] == [901, 902]


def test_no_minute_fits_into_less_than_a_minute(ground: Ground) -> None:
    ground.put(BURNHAM, NINE, Sample(900), Sample(100))

    assert ground.source.read([BURNHAM], since=NINE, until=NINE + MINUTE / 2)["burnham"].minutes == ()


def test_healthy_targets_are_read_with_the_minutes(ground: Ground) -> None:
    ground.put(BURNHAM, NINE, Sample(900, healthy_targets=2), Sample(100, healthy_targets=0))

    (minute,) = ground.source.read([BURNHAM], since=NINE, until=TEN)["burnham"].minutes

    assert (minute.blue.healthy_targets, minute.green.healthy_targets) == (2, 0)


def test_a_workload_that_cannot_be_read_says_why_and_the_others_are_read(ground: Ground) -> None:
    ground.put(GUESTBOOK, NINE, Sample(900), Sample(100))
    ground.lose(BURNHAM)

    found = ground.source.read(WORKLOADS, since=NINE, until=TEN)

    assert found["burnham"].unreadable
    assert found["burnham"].minutes == ()
    assert len(found["guestbook"].minutes) == 1


# --- What load balancers count ---------------------------------------------------------------------------------------


def test_failures_of_the_load_balancer_itself_count_as_requests_and_as_failures(cloudwatch: CloudWatchGround) -> None:
    cloudwatch.publish(BURNHAM, Side.GREEN, NINE, HTTPCode_ELB_5XX_Count=40)
    cloudwatch.publish(
        BURNHAM, Side.BLUE, NINE, RequestCount=900, HTTPCode_Target_5XX_Count=2, HTTPCode_ELB_5XX_Count=1
    )

    assert counts(cloudwatch.read()) == [(NINE, (901, 3), (40, 40))]


def test_failures_whose_requests_are_not_published_yet_do_not_count(cloudwatch: CloudWatchGround) -> None:
    cloudwatch.publish(BURNHAM, Side.GREEN, NINE, HTTPCode_Target_5XX_Count=40)
    cloudwatch.publish(BURNHAM, Side.BLUE, NINE, RequestCount=900)

    assert counts(cloudwatch.read()) == [(NINE, (900, 0), (0, 0))]


def test_the_slowest_answers_are_read(cloudwatch: CloudWatchGround) -> None:
    cloudwatch.publish(BURNHAM, Side.GREEN, NINE, RequestCount=100, TargetResponseTime=0.25)

    assert cloudwatch.read().minutes[0].green.p99_seconds == 0.25


def test_only_raw_sums_are_asked_for(cloudwatch: CloudWatchGround) -> None:
    cloudwatch.read()

    (asked,) = cloudwatch.asked
    assert not any("Expression" in query for query in asked["MetricDataQueries"])
    assert {query["MetricStat"]["Period"] for query in asked["MetricDataQueries"]} == {60}


# --- Which load balancer ---------------------------------------------------------------------------------------------


def test_a_load_balancer_that_was_replaced_is_found_by_its_record(cloudwatch: CloudWatchGround) -> None:
    cloudwatch.put(BURNHAM, NINE, Sample(900), Sample(100))
    cloudwatch.point(BURNHAM.host, CLUSTERS[Side.GREEN], cloudwatch.serve(BURNHAM, Side.GREEN))
    cloudwatch.publish(BURNHAM, Side.GREEN, NINE, RequestCount=7)

    assert counts(cloudwatch.read()) == [(NINE, (900, 0), (7, 0))]


def test_what_stands_behind_green_is_told_as_it_is_now(cloudwatch: CloudWatchGround) -> None:
    before = cloudwatch.read().standing
    cloudwatch.point(BURNHAM.host, CLUSTERS[Side.GREEN], cloudwatch.serve(BURNHAM, Side.GREEN))
    after = cloudwatch.read().standing

    assert before is not None
    assert after is not None
    assert not before.own & after.own
    assert {name.partition("/")[0] for name in after.own} == {"app", "targetgroup"}


@pytest.mark.parametrize(
    ("prefix", "suffix", "kind"), [("dualstack.", ".", "alias"), ("", "", "CNAME"), ("", ".", "alias")]
)
def test_records_may_name_a_load_balancer_in_several_ways(
    account: Account, prefix: str, suffix: str, kind: str
) -> None:
    ground = account()
    for side in Side:
        target = f"{prefix}{ground.serve(BURNHAM, side)}{suffix}".upper()
        ground.point(BURNHAM.host, CLUSTERS[side], target, kind=kind)
    ground.put(BURNHAM, NINE, Sample(900), Sample(100))

    assert counts(ground.read()) == [(NINE, (900, 0), (100, 0))]


def test_records_with_other_identifiers_are_told_apart_by_the_tags_of_their_load_balancers(
    account: Account,
) -> None:
    ground = account()
    for side in Side:
        ground.point(BURNHAM.host, f"burnham-{side}", ground.serve(BURNHAM, side, tag=CLUSTERS[side]))
    ground.put(BURNHAM, NINE, Sample(900), Sample(100))

    assert counts(ground.read()) == [(NINE, (900, 0), (100, 0))]


def test_load_balancers_that_nothing_tells_apart_are_not_guessed(account: Account) -> None:
    ground = account()
    for side in Side:
        ground.point(BURNHAM.host, f"burnham-{side}", ground.serve(BURNHAM, side))

    assert ground.read().unreadable == (
        f"0 of the load balancers that {BURNHAM.host} points to belong to eks-blueprint-blue; name the records after "
        f"the clusters, or tag the load balancer {CLUSTER_TAG}=eks-blueprint-blue"
    )


def test_a_host_without_records_is_not_readable(account: Account) -> None:
    assert "0 of the load balancers" in account().read().unreadable


def test_a_record_that_points_elsewhere_is_not_readable(cloudwatch: CloudWatchGround) -> None:
    cloudwatch.point(BURNHAM.host, CLUSTERS[Side.GREEN], "d111111abcdef8.cloudfront.net")

    assert cloudwatch.read().unreadable == (
        f"{BURNHAM.host} points to d111111abcdef8.cloudfront.net, which is no load balancer of this account in {REGION}"
    )


def test_a_load_balancer_that_counts_nothing_is_not_readable(cloudwatch: CloudWatchGround) -> None:
    target = cloudwatch.serve(BURNHAM, Side.GREEN, kind="gateway")
    cloudwatch.point(BURNHAM.host, CLUSTERS[Side.GREEN], target)

    assert "a gateway load balancer, which counts no requests" in cloudwatch.read().unreadable


def test_a_network_load_balancer_is_read_by_its_connections(cloudwatch: CloudWatchGround) -> None:
    for side in Side:
        cloudwatch.point(BURNHAM.host, CLUSTERS[side], cloudwatch.serve(BURNHAM, side, kind="network"))
    counts = {"NewFlowCount": 90, "RejectedFlowCount": 10}
    cloudwatch.namespace = "AWS/NetworkELB"
    cloudwatch.publish(BURNHAM, Side.GREEN, NINE, group="", **counts)
    (minute,) = cloudwatch.read().minutes

    assert (minute.green.requests, minute.green.errors_5xx) == (100, 10)
    assert minute.green.p99_seconds is None


def test_clusters_in_two_regions_are_each_asked_in_their_own(account: Account) -> None:
    ground = account(green_region=OTHER_REGION).serve_all()
    ground.publish(BURNHAM, Side.BLUE, NINE, RequestCount=900)
    ground.publish(BURNHAM, Side.GREEN, NINE, RequestCount=100)

    assert len(ground.asked) == 0
    ground.read()
    assert len(ground.asked) == 2


def test_workloads_behind_one_load_balancer_are_asked_for_once(account: Account) -> None:
    ground = account()
    for side in Side:
        target = ground.serve(BURNHAM, side)
        for workload in WORKLOADS:
            ground.point(workload.host, CLUSTERS[side], target)
    ground.put(BURNHAM, NINE, Sample(900), Sample(100))

    found = ground.source.read(WORKLOADS, since=NINE, until=TEN)

    assert len(ground.asked[0]["MetricDataQueries"]) == 2 * 5
    assert found["burnham"].minutes == found["guestbook"].minutes


# --- Limits and refusals ---------------------------------------------------------------------------------------------


class Found:
    """Load balancers of *count* workloads, all in one Region, without asking anybody."""

    def __init__(self, count: int) -> None:
        self.shown: dict[str, dict[Side, int | None]] = {}
        self.workloads = [BURNHAM.model_copy(update={"name": f"team-{number}"}) for number in range(count)]

    def find(
        self, workloads: Sequence[Workload], ends: Sequence[Ends] = ()
    ) -> Mapping[str, Mapping[Side, Balancer] | str]:
        assert not ends
        return {w.name: {side: self._one(w, side) for side in Side} for w in workloads}

    def _one(self, workload: Workload, side: Side) -> Balancer:
        name = f"{workload.name}-{side}"
        return Balancer(REGION, f"app/{name}/1", ())


def stubbed(workloads: int = 1) -> tuple[CloudWatchMetrics, Stubber, list[Workload]]:
    client = boto3.client(
        "cloudwatch", region_name=REGION, aws_access_key_id="a", aws_secret_access_key="s", config=ONCE
    )
    stub = Stubber(client)
    stub.activate()
    found = Found(workloads)
    return CloudWatchMetrics(found, {REGION: client}), stub, found.workloads


def answer(*values: tuple[str, int], status: str = "Complete", more: str = "") -> dict[str, Any]:
    results = [
        {"Id": id_, "Timestamps": [NINE + n * MINUTE], "Values": [900.0 + n], "StatusCode": status} for id_, n in values
    ]
    return {"MetricDataResults": results, **({"NextToken": more} if more else {})}


def test_more_metrics_than_one_call_takes_are_read_in_several() -> None:
    source, stub, workloads = stubbed(90)
    for _ in range(2):  # 90 workloads, 2 sides, 4 metrics: 720
        stub.add_response("get_metric_data", answer(("q0", 0)))

    found = source.read(workloads, since=NINE, until=TEN)

    stub.assert_no_pending_responses()
    assert len(found) == 90


def test_a_series_on_several_pages_is_one_series() -> None:
    source, stub, workloads = stubbed()
    stub.add_response("get_metric_data", answer(("q0", 0), status="PartialData", more="page 2"))
    stub.add_response("get_metric_data", answer(("q0", 1)))

    (series,) = source.read(workloads, since=NINE, until=TEN).values()

    assert [minute.blue.requests for minute in series.minutes] == [900, 901]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("PartialData", AlarmsUnavailableError),
        ("InternalError", AlarmsUnavailableError),
        ("Forbidden", AlarmsRefusedError),
    ],
)
def test_a_series_that_was_not_read_to_its_end_is_no_evidence(status: str, error: type[CrossfadeError]) -> None:
    source, stub, workloads = stubbed()
    stub.add_response("get_metric_data", answer(("q0", 0), status=status))

    with pytest.raises(error, match=r"tried again|grant it"):
        source.read(workloads, since=NINE, until=TEN)


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("Throttling", 400, AlarmsUnavailableError),
        ("InternalServiceFault", 500, AlarmsUnavailableError),
        ("AccessDenied", 403, AlarmsRefusedError),
    ],
)
def test_what_cloudwatch_refuses_is_an_error_that_says_what_to_do(
    code: str, status: int, error: type[CrossfadeError]
) -> None:
    source, stub, workloads = stubbed()
    stub.add_client_error("get_metric_data", code, "no", status)

    with pytest.raises(error, match=r"cloudwatch:GetMetricData(?s:.*)(tried again|grant it)"):
        source.read(workloads, since=NINE, until=TEN)


@pytest.mark.parametrize("thing", ["target_groups", "load_balancers"])
@pytest.mark.parametrize(
    ("code", "status", "error"),
    [("Throttling", 400, AlarmsUnavailableError), ("AccessDenied", 403, AlarmsRefusedError)],
)
def test_what_load_balancing_refuses_is_an_error_that_says_what_to_do(
    thing: str, code: str, status: int, error: type[CrossfadeError]
) -> None:
    balancers, stub = listed()
    if thing == "load_balancers":
        stub.add_response("describe_target_groups", groups_of())
    stub.add_client_error(f"describe_{thing}", code, "no", status)

    action = f"elasticloadbalancing:Describe{thing.title().replace('_', '')}"
    with pytest.raises(error, match=rf"{action}(?s:.*)(tried again|grant it)"):
        balancers.find([BURNHAM])


def test_what_one_look_has_found_is_looked_up_once_and_its_target_groups_anew_by_the_next() -> None:
    balancers, stub = listed()
    stub.add_response("describe_target_groups", groups_of("blue", "green"))
    stub.add_response("describe_load_balancers", load_balancers("blue", "green"))
    stub.add_response("describe_target_groups", groups_of("blue", "green"))

    first = balancers.find(WORKLOADS)
    assert balancers.just_found([BURNHAM]) == {BURNHAM.name: first[BURNHAM.name]}
    assert set(balancers.just_found([BURNHAM])) == {BURNHAM.name}

    stub.assert_no_pending_responses()


def test_a_load_balancer_that_is_replaced_or_gone_is_not_taken_for_the_earlier_one() -> None:
    records = Pointing()
    balancers, stub = listed(records)
    for there in (("blue", "green"), ("blue", "newer"), ("blue",)):
        stub.add_response("describe_target_groups", groups_of(*there))
        stub.add_response("describe_load_balancers", load_balancers(*there))

    def green() -> Balancer | str:
        found = balancers.find([BURNHAM])[BURNHAM.name]
        return found if isinstance(found, str) else found[Side.GREEN]

    seen = [green()]
    records.green = "newer"
    seen += [green(), green()]

    assert [each.dimension if isinstance(each, Balancer) else each for each in seen[:2]] == [
        "app/green/1",
        "app/newer/1",
    ]
    assert "points to newer.elb.amazonaws.com, which is no load balancer of this account" in str(seen[2])


def listed(records: Records | None = None) -> tuple[LoadBalancers, Stubber]:
    """Load balancers that are asked for where a stub answers, in the order that a test says."""
    client = boto3.client("elbv2", region_name=REGION, aws_access_key_id="a", aws_secret_access_key="s", config=ONCE)
    stub, clusters = Stubber(client), {side: Cluster(name=CLUSTERS[side], region=REGION) for side in Side}
    stub.activate()
    return LoadBalancers(records or Pointing(), clusters, {REGION: client}), stub


def load_balancers(*names: str) -> dict[str, Any]:
    """What Elastic Load Balancing says of those called *names*."""
    arn = f"arn:aws:elasticloadbalancing:{REGION}:123456789012:loadbalancer/app/{{}}/1"
    entry = {"Type": "application", "Scheme": "internet-facing"}
    return {
        "LoadBalancers": [
            {**entry, "LoadBalancerArn": arn.format(name), "DNSName": f"{name}.elb.amazonaws.com"} for name in names
        ]
    }


def groups_of(*names: str) -> dict[str, Any]:
    """What it says of their target groups, one each."""
    arn = f"arn:aws:elasticloadbalancing:{REGION}:123456789012:targetgroup/{{}}/1"
    return {
        "TargetGroups": [
            {"TargetGroupArn": arn.format(name), "LoadBalancerArns": [one["LoadBalancerArn"]]}
            for name, one in zip(names, load_balancers(*names)["LoadBalancers"], strict=True)
        ]
    }


def test_the_weights_that_the_zone_shows_are_told_with_the_series(cloudwatch: CloudWatchGround) -> None:
    named = BURNHAM.model_copy(update={"identifiers": Identifiers(blue="nobody", green=CLUSTERS[Side.GREEN])})

    series = cloudwatch.source.read(WORKLOADS, since=NINE, until=TEN)

    assert {each.shown for each in series.values()} == {(50, 50)}
    assert cloudwatch.source.read([named], since=NINE, until=TEN)[BURNHAM.name].shown == (None, 50)


class Pointing:
    """Records of all hosts that lead to two load balancers."""

    def __init__(self) -> None:
        self.blue, self.green = "blue", "green"

    def read(self, hosts: Sequence[str]) -> Mapping[str, Sequence[WeightedRecord]]:
        to = {Side.BLUE: self.blue, Side.GREEN: self.green}
        both = [WeightedRecord("A", CLUSTERS[side], 50, f"{to[side]}.elb.amazonaws.com") for side in Side]
        return dict.fromkeys(hosts, both)


# --- Two target groups behind one load balancer ----------------------------------------------------------------------


def behind_a_rule(ground: CloudWatchGround) -> Workload:
    """Burnham behind one load balancer, whose target groups are named after blue and green."""
    ground.serve(BURNHAM, Side.BLUE)
    arn = ground.arns[BURNHAM.name, Side.BLUE]
    home, _, balancer = arn.partition(":loadbalancer/")
    groups = {side.value: f"{home}:targetgroup/burnham-{side}/0123456789abcdef" for side in Side}
    rule = f"{home}:listener-rule/{balancer}/0123456789abcdef/0123456789abcdef"
    alb = ListenerRule(rule=rule, binding="burnham", **groups)
    return BURNHAM.model_copy(update={"router": Router.ALB, "alb": alb})


def test_each_target_group_has_its_own_requests_and_failures_and_no_record_is_asked_for(account: Account) -> None:
    ground = account()
    workload = behind_a_rule(ground)
    for side, requests, failed, targets in ((Side.BLUE, 900, 1, 4), (Side.GREEN, 100, 20, 2)):
        group = workload.listener_rule.group(side).rpartition(":")[2]
        counted = {"RequestCount": requests, "HTTPCode_Target_5XX_Count": failed, "HealthyHostCount": targets}
        ground.publish(BURNHAM, Side.BLUE, NINE, group=group, **counted)
    ground.publish(BURNHAM, Side.BLUE, NINE, RequestCount=1000, HTTPCode_ELB_5XX_Count=50)

    series = ground.read(workload)

    assert not series.unreadable
    assert counts(series) == [(NINE, (900, 1), (100, 20))]
    assert [(m.blue.healthy_targets, m.green.healthy_targets) for m in series.minutes] == [(4, 2)]


def test_a_connection_that_no_target_took_is_a_failed_request(account: Account) -> None:
    ground = account()
    workload = behind_a_rule(ground)
    group = workload.listener_rule.green.rpartition(":")[2]
    ground.publish(BURNHAM, Side.BLUE, NINE, group=group, TargetConnectionErrorCount=30)

    assert counts(ground.read(workload)) == [(NINE, (0, 0), (30, 30))]


def test_hosts_behind_records_and_hosts_behind_a_rule_are_read_together(cloudwatch: CloudWatchGround) -> None:
    cloudwatch.put(GUESTBOOK, NINE, Sample(900), Sample(100))
    found = cloudwatch.source.read([behind_a_rule(cloudwatch), GUESTBOOK], since=NINE, until=TEN)

    assert counts(found["guestbook"]) == [(NINE, (900, 0), (100, 0))]
    assert found["burnham"].minutes == ()


class SilentRecords:
    """A zone that does not answer."""

    def read(self, hosts: Sequence[str]) -> Mapping[str, Sequence[WeightedRecord]]:
        msg = f"Route 53 limits the rate for {len(hosts)} hosts; it is tried again"
        raise RouterThrottledError(msg)


def test_where_the_zone_does_not_answer_it_is_believed_where_records_led_before(account: Account) -> None:
    ground = account()
    ends = {side: ground.serve(BURNHAM, side) for side in Side}
    ground.put(BURNHAM, NINE, Sample(900), Sample(100))
    elb, cloudwatch = boto3.client("elbv2", region_name=REGION), boto3.client("cloudwatch", region_name=REGION)
    balancers = LoadBalancers(SilentRecords(), ground.clusters, {REGION: elb})
    source, known = CloudWatchMetrics(balancers, {REGION: cloudwatch}), Ends(workload="burnham", **ends)

    series = source.read([BURNHAM], since=NINE, until=TEN, ends=[known])["burnham"]

    assert counts(series) == [(NINE, (900, 0), (100, 0))]
    assert series.shown is None
    with pytest.raises(RouterThrottledError):
        source.read(WORKLOADS, since=NINE, until=TEN, ends=[known])
