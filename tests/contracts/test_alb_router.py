"""What the router over a load balancer promises beyond its port: all else in the rule stays, nobody is undone."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from botocore.stub import Stubber

from crossfade.adapters.alb import ListenerRules
from crossfade.adapters.alb_router import AlbRouter
from crossfade.adapters.aws import client
from crossfade.core.traffic import Write
from crossfade.core.weight import Side
from crossfade.core.workload import ListenerRule, Workload
from crossfade.errors import RouterObjectMissingError, RouterRefusedError, WriteConflictError
from tests.contracts.balancer import Balancer, BalancerGround, forward
from tests.contracts.estate import BURNHAM, GUESTBOOK, REGION, WORKLOADS, a_cloud

BLUE, GREEN = Side.BLUE, Side.GREEN
OIDC: Final = {
    "Issuer": "https://id.example.com",
    "AuthorizationEndpoint": "https://id.example.com/authorize",
    "TokenEndpoint": "https://id.example.com/token",
    "UserInfoEndpoint": "https://id.example.com/user",
    "ClientId": "storefront",
}


@pytest.fixture(scope="module")
def balancer() -> Iterator[Balancer]:
    with a_cloud():
        yield Balancer()


@pytest.fixture
def ground(balancer: Balancer) -> BalancerGround:
    balancer.requests.clear()
    return BalancerGround(balancer)


def write(ground: BalancerGround, *writes: tuple[Side, int], epoch: int = 7) -> None:
    ground.router.write(WORKLOADS, [Write("burnham", *one) for one in writes], epoch=epoch)


def asked(ground: BalancerGround) -> list[str]:
    """The requests so far; forgets them."""
    seen, ground.balancer.requests[:] = list(ground.balancer.requests), []
    return seen


def rule_of(ground: BalancerGround, workload: Workload = BURNHAM) -> ListenerRule:
    return ground.rules[workload.name]


def says(ground: BalancerGround, *more: str, **config: Any) -> None:
    """Let burnham's rule forward to *more* target groups, with weight 1, and with *config*."""
    groups = ground.weights(BURNHAM) | dict.fromkeys(more, 1)
    ground.balancer.modify(rule_of(ground).rule, [forward(groups, **config)])


# --- What is in a write ----------------------------------------------------------------------------------------------


def test_both_weights_of_a_rule_move_in_one_change_that_is_read_back(ground: BalancerGround) -> None:
    ground.router.stamp(WORKLOADS, epoch=7)
    asked(ground)
    write(ground, (BLUE, 19), (GREEN, 1))

    look = ["DescribeRules", "DescribeTags"]
    assert asked(ground) == [*look, *look, "ModifyRule", *look]
    assert (ground.declared(BURNHAM, BLUE), ground.declared(BURNHAM, GREEN)) == (19, 1)


def test_all_rules_are_read_with_two_requests(ground: BalancerGround) -> None:
    asked(ground)
    ground.router.observe(WORKLOADS)

    assert asked(ground) == ["DescribeRules", "DescribeTags"]


def test_everything_but_the_weights_stays_as_it_was(ground: BalancerGround) -> None:
    rule = rule_of(ground).rule
    says(ground, TargetGroupStickinessConfig={"Enabled": False, "DurationSeconds": 3600})
    before = ground.balancer.listed(rule)
    write(ground, (GREEN, 5))
    after = ground.balancer.listed(rule)

    assert {key: after[key] for key in ("Priority", "Conditions", "IsDefault")} == {
        key: before[key] for key in ("Priority", "Conditions", "IsDefault")
    }
    assert after["Actions"][0]["ForwardConfig"]["TargetGroupStickinessConfig"] == {
        "Enabled": False,
        "DurationSeconds": 3600,
    }


@pytest.mark.usefixtures("ground")
def test_whoever_logs_users_in_before_goes_on_with_the_secret_that_nobody_lists() -> None:
    """DescribeRules keeps the secret to itself, and ModifyRule wants it or the word that it stays."""
    blue, green = (
        f"arn:aws:elasticloadbalancing:{REGION}:123456789012:targetgroup/{side}/0123456789abcdef" for side in Side
    )
    rule = f"arn:aws:elasticloadbalancing:{REGION}:123456789012:listener-rule/app/lb/{'/'.join(['0' * 16] * 3)}"
    login = {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": OIDC}
    seen = [login, {**forward({blue: 100, green: 0}), "Order": 2}]
    wanted = [
        {**login, "AuthenticateOidcConfig": {**OIDC, "UseExistingClientSecret": True}},
        {**forward({blue: 100, green: 5}), "Order": 2},
    ]
    tags = {"TagDescriptions": [{"ResourceArn": rule, "Tags": [{"Key": "crossfade/epoch/7", "Value": ""}]}]}
    elb = client("elbv2", REGION, attempts=1)
    alb = {"rule": rule, "blue": blue, "green": green, "binding": "b"}
    workload = BURNHAM.model_copy(update={"alb": ListenerRule.model_validate(alb)})
    with Stubber(elb) as stub:
        for actions in (seen, seen):
            stub.add_response("describe_rules", {"Rules": [{"RuleArn": rule, "Actions": actions}]})
            stub.add_response("describe_tags", tags)
        stub.add_response("modify_rule", {"Rules": []}, {"RuleArn": rule, "Actions": wanted})
        stub.add_response("describe_rules", {"Rules": [{"RuleArn": rule, "Actions": [login, wanted[1]]}]})
        stub.add_response("describe_tags", tags)
        AlbRouter(ListenerRules({REGION: elb})).write([workload], [Write("burnham", GREEN, 5)], epoch=7)
        stub.assert_no_pending_responses()


def test_the_default_action_of_a_listener_is_written_through_the_listener(ground: BalancerGround) -> None:
    rule = rule_of(ground)
    ground.balancer.set_default([forward({rule.blue: 100, rule.green: 0})])
    ground.rules["burnham"] = rule.model_copy(update={"rule": ground.balancer.listener})
    asked(ground)
    write(ground, (GREEN, 5))

    assert "ModifyListener" in asked(ground)
    groups = ground.balancer.default()[0]["ForwardConfig"]["TargetGroups"]
    assert [group["Weight"] for group in groups] == [100, 5]
    assert ground.router.observe([BURNHAM])[0].green.authoritative == 5


def test_two_zeros_are_never_written(ground: BalancerGround) -> None:
    with pytest.raises(RouterRefusedError, match="503"):
        write(ground, (BLUE, 0))
    assert ground.declared(BURNHAM, BLUE) == 100


# --- What is refused -------------------------------------------------------------------------------------------------


def test_a_rule_of_a_load_balancer_controller_is_not_written_and_the_rehearsal_says_so(ground: BalancerGround) -> None:
    ground.balancer.tag(rule_of(ground).rule, "ingress.k8s.aws/stack", "team-burnham/burnham")

    assert "controller (ingress.k8s.aws/stack=team-burnham/burnham)" in ground.router.rehearse(WORKLOADS)[0]
    with pytest.raises(RouterRefusedError, match="undoes what others write"):
        write(ground, (GREEN, 5))
    assert ground.declared(BURNHAM, GREEN) == 0


def test_users_who_would_be_held_on_green_are_not_moved_there(ground: BalancerGround) -> None:
    says(ground, TargetGroupStickinessConfig={"Enabled": True, "DurationSeconds": 3600})

    assert "switch that off 1h before the start" in ground.router.rehearse(WORKLOADS)[0]
    with pytest.raises(RouterRefusedError, match="stickiness"):
        write(ground, (GREEN, 5))


def test_a_third_target_group_stops_the_way_to_green_and_hides_what_users_get(ground: BalancerGround) -> None:
    says(ground, ground.balancer.group("canary"))
    reading = ground.router.observe([BURNHAM])[0]

    assert (reading.blue.declared, reading.blue.authoritative, reading.split) == (100, None, None)
    assert "third target group" in reading.blue.note
    with pytest.raises(RouterRefusedError, match="canary"):
        write(ground, (GREEN, 5))


def test_whatever_is_wrong_with_a_rule_traffic_can_be_given_back(ground: BalancerGround) -> None:
    write(ground, (BLUE, 50), (GREEN, 50))
    ground.balancer.tag(rule_of(ground).rule, "elbv2.k8s.aws/cluster", "eks-blueprint-green")
    says(ground, ground.balancer.group("third"), TargetGroupStickinessConfig={"Enabled": True, "DurationSeconds": 60})
    write(ground, (BLUE, 100), (GREEN, 0))

    assert sorted(ground.weights(BURNHAM).values()) == [0, 1, 100]


def test_the_default_rule_is_asked_for_by_its_listener(ground: BalancerGround) -> None:
    rule = rule_of(ground)
    ground.balancer.set_default([forward({rule.blue: 100, rule.green: 0})])
    ground.rules["burnham"] = rule.model_copy(update={"rule": ground.balancer.default_rule()})

    assert "give the listener's ARN" in ground.router.rehearse(WORKLOADS)[0]


def test_a_rule_that_is_gone_names_its_workload(ground: BalancerGround) -> None:
    gone = rule_of(ground, GUESTBOOK).rule[:-16] + "0123456789abcdef"
    ground.rules["guestbook"] = rule_of(ground, GUESTBOOK).model_copy(update={"rule": gone})

    burnham, guestbook = ground.router.observe(WORKLOADS)

    assert (burnham.blue.authoritative, burnham.faults) == (100, ())
    assert isinstance(guestbook.green.fault, RouterObjectMissingError)
    assert "guestbook: " in str(guestbook.green.fault)
    assert "create the rule" in str(guestbook.green.fault)


# --- Who else writes -------------------------------------------------------------------------------------------------


def test_a_rule_that_changed_after_it_was_stamped_is_not_written(ground: BalancerGround) -> None:
    ground.balancer.in_between(lambda: ground.by_hand(BURNHAM, BLUE, 60), before="DescribeRules", number=3)

    with pytest.raises(WriteConflictError):
        write(ground, (GREEN, 5))
    assert (ground.declared(BURNHAM, BLUE), ground.declared(BURNHAM, GREEN)) == (60, 0)


def test_what_was_undone_at_once_is_no_success(ground: BalancerGround) -> None:
    ground.balancer.in_between(lambda: ground.by_hand(BURNHAM, GREEN, 0), before="DescribeRules", number=4)

    with pytest.raises(WriteConflictError, match="somebody else writes it, too"):
        write(ground, (GREEN, 5))


def test_the_stamp_of_a_younger_epoch_is_not_lost_when_an_older_one_comes_late(ground: BalancerGround) -> None:
    ground.balancer.in_between(lambda: ground.router.stamp([BURNHAM], epoch=8), before="AddTags")

    with pytest.raises(WriteConflictError):
        write(ground, (GREEN, 5), epoch=7)
    assert (ground.epoch(BURNHAM, BLUE), ground.declared(BURNHAM, GREEN)) == (8, 0)


def test_the_stamps_of_older_epochs_do_not_pile_up(ground: BalancerGround) -> None:
    for epoch in (7, 8, 9):
        ground.router.stamp([BURNHAM], epoch=epoch)

    assert list(ground.balancer.tags(rule_of(ground).rule)) == ["crossfade/epoch/9"]
