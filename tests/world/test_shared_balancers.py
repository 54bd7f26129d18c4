"""One load balancer in front of both clusters: every request goes by the rule as it is at that moment."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3
import pytest

from world.application import TARGETS
from world.clock import Clock
from world.cloud import Cloud
from world.load_balancers import LoadBalancers
from world.shared_balancers import RuleSpec

ELB: Final = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
ID: Final = "0123456789abcdef"
HOST: Final = "shop.example.com"
STEP: Final = timedelta(seconds=15)
GROUPS: Final = {side: f"{ELB}:targetgroup/shop-{side}/{ID}" for side in ("blue", "green")}
RULE: Final = RuleSpec(f"{ELB}:listener-rule/app/shop/{ID}/{ID}/{ID}", GROUPS, "shop")
DEFAULT: Final = RuleSpec(f"{ELB}:listener/app/shop/{ID}/{ID}", GROUPS, "shop")


@pytest.fixture
def balancers() -> Iterator[LoadBalancers]:
    night = datetime(2026, 3, 1, tzinfo=UTC)
    with Clock(night) as clock, Cloud(clock, region="eu-west-1"), LoadBalancers(clock).installed() as installed:
        yield installed


def elb() -> Any:
    return boto3.client("elbv2", region_name="eu-west-1")


def say(blue: int, green: int, **config: Any) -> None:
    weights = {"blue": blue, "green": green}
    groups = [{"TargetGroupArn": GROUPS[side], "Weight": weight} for side, weight in weights.items()]
    forward = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups, **config}}
    elb().modify_rule(RuleArn=RULE.arn, Actions=[forward])


def served(balancers: LoadBalancers, dns_name: str, host: str = HOST) -> dict[str, float]:
    return {one.side: share for one, share in balancers.serving(dns_name, host, STEP)}


def test_requests_are_shared_out_by_the_weights_of_the_moment(balancers: LoadBalancers) -> None:
    name = balancers.share(RULE, HOST).dns_name
    before = served(balancers, name)
    say(3, 1)

    assert before == {"blue": 1.0, "green": 0.0}
    assert served(balancers, name) == {"blue": 0.75, "green": 0.25}
    assert balancers.weights(RULE, HOST) == {"blue": 3, "green": 1}


def test_only_the_host_of_the_rule_is_served_by_it(balancers: LoadBalancers) -> None:
    name = balancers.share(RULE, HOST).dns_name

    assert served(balancers, name, "other.example.com") == {}


def test_with_only_zeros_nobody_is_served(balancers: LoadBalancers) -> None:
    name = balancers.share(RULE, HOST).dns_name
    say(0, 0)

    assert served(balancers, name) == {}


def test_stickiness_lets_users_go_little_by_little(balancers: LoadBalancers) -> None:
    name = balancers.share(RULE, HOST).dns_name
    sticky = {"TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 150}}
    say(100, 0, **sticky)
    served(balancers, name)
    say(0, 100, **sticky)
    first, second = served(balancers, name), served(balancers, name)

    assert first["blue"] == pytest.approx(0.9)
    assert second["blue"] == pytest.approx(0.81)


def test_a_default_action_serves_whoever_no_rule_is_for(balancers: LoadBalancers) -> None:
    name = balancers.share(DEFAULT, HOST).dns_name

    assert served(balancers, name, "any.example.com") == {"blue": 1.0, "green": 0.0}


def test_both_target_groups_belong_to_the_load_balancer_and_have_their_own_targets(balancers: LoadBalancers) -> None:
    balancers.share(RULE, HOST)
    groups = elb().describe_target_groups()["TargetGroups"]

    assert {group["TargetGroupArn"] for group in groups} == set(GROUPS.values())
    assert {arn for group in groups for arn in group["LoadBalancerArns"]} == {RULE.balancer}
    health = elb().describe_target_health(TargetGroupArn=GROUPS["green"])["TargetHealthDescriptions"]
    assert [target["TargetHealth"]["State"] for target in health] == ["healthy"] * TARGETS
