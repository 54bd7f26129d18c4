"""Which load balancer serves a workload on each side: found by records, tags or rules, believed, and looked up once."""

from collections.abc import Mapping, Sequence
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from crossfade.adapters.cloudwatch_metrics import CloudWatchMetrics
from crossfade.adapters.load_balancers import CLUSTER_TAG, Balancer, LoadBalancers
from crossfade.adapters.route53 import WeightedRecord
from crossfade.adapters.seams import Records
from crossfade.core.places import Cluster
from crossfade.core.record import Ends
from crossfade.core.series import Sample
from crossfade.core.weight import Side
from crossfade.core.workload import Identifiers, ListenerRule, Router, Workload
from crossfade.errors import AlarmsRefusedError, AlarmsUnavailableError, CrossfadeError, RouterThrottledError
from tests.contracts.estate import BURNHAM, CLUSTERS, GUESTBOOK, NINE, REGION, WORKLOADS
from tests.contracts.metrics_ground import ONCE, OTHER_REGION, TEN, Account, CloudWatchGround, counts


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
