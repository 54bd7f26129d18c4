"""What a configuration may say of a listener rule, and the words with which it is refused."""

from typing import Any, Final

import pytest

from crossfade.core.workload import ListenerRule, Router
from tests.core.documents import REMOVED, Where, changed, config, faults

CART: Final = ("workloads", 0)
ELB: Final = "arn:aws:elasticloadbalancing:eu-west-1:111122223333"
RULE: Final = f"{ELB}:listener-rule/app/shop/0123456789abcdef/0123456789abcdef/0123456789abcdef"
ALB: Final[dict[str, Any]] = {
    "rule": RULE,
    "blue": f"{ELB}:targetgroup/cart-blue/0123456789abcdef",
    "green": f"{ELB}:targetgroup/cart-green/0123456789abcdef",
    "binding": "cart",
}


def behind_a_rule() -> list[tuple[Where, object]]:
    return [((*CART, "router"), "alb"), ((*CART, "ingress"), REMOVED), ((*CART, "alb"), dict(ALB))]


def test_a_workload_behind_a_listener_rule_is_leased_by_the_rule() -> None:
    read = config(*behind_a_rule())
    plan = read.plan("standard")
    cart = plan.workloads[0]

    assert (cart.router, cart.ingress, cart.listener_rule) == (Router.ALB, None, ListenerRule.model_validate(ALB))
    assert cart.objects == ("TargetGroupBinding shop/cart",)
    assert plan.lease_units == (f"alb/{RULE}", f"dns/{plan.zone.id}/search.example.com")


def test_the_default_action_of_a_listener_is_named_by_the_listener() -> None:
    listener = f"{ELB}:listener/app/shop/0123456789abcdef/0123456789abcdef"
    read = config(*behind_a_rule(), ((*CART, "alb", "rule"), listener))

    assert read.workloads[0].listener_rule.rule == listener


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        pytest.param(("alb",), REMOVED, "alb: is missing; the router alb needs a listener rule", id="no rule"),
        pytest.param(("alb", "rule"), "arn:aws:elbv2", "alb.rule: 'arn:aws:elbv2' must be the ARN of", id="no ARN"),
        pytest.param(
            ("alb", "rule"),
            RULE.replace("/app/", "/net/"),
            "must be the ARN of an Application Load Balancer's listener rule",
            id="a network load balancer",
        ),
        pytest.param(("alb", "green"), RULE, "alb.green: ", id="a rule as target group"),
        pytest.param(("alb", "green"), ALB["blue"], "alb.green: is blue's target group, too", id="one target group"),
        pytest.param(
            ("alb", "green"),
            ALB["green"].replace("111122223333", "444455556666"),
            "alb.green: is of another account or Region than the rule",
            id="another account",
        ),
        pytest.param(
            ("alb", "rule"),
            RULE.replace("eu-west-1", "eu-central-1"),
            "alb.rule: is not in eu-west-1, the Region of blue",
            id="another Region",
        ),
        pytest.param(("alb", "binding"), "Cart", "alb.binding: 'Cart' must be a Kubernetes name", id="binding"),
        pytest.param(("ingress",), "cart-ingress", "ingress: is not for the router alb", id="an Ingress, too"),
        pytest.param(("identifiers",), {"blue": "b", "green": "g"}, "is not for the router alb", id="records, too"),
        pytest.param(("router",), "external_dns", "alb: is only for the router alb", id="another router"),
        pytest.param(
            ("router",), "route53", "ingress: is missing; name the Ingress", id="no Ingress where one is needed"
        ),
    ],
)
def test_a_rule_that_cannot_carry_the_weights_is_refused(where: Where, value: object, said: str) -> None:
    found = faults(changed(*behind_a_rule(), ((*CART, *where), value)))

    assert any(f"workloads[0].{said}" in fault or said in fault for fault in found), found


def test_two_workloads_do_not_share_a_rule() -> None:
    second: Where = ("workloads", 1)
    entry = {"name": "search", "namespace": "shop", "host": "search.example.com", "alarms": ["a"]}
    found = faults(changed(*behind_a_rule(), (second, {**entry, "router": "alb", "alb": ALB})))

    assert [fault for fault in found if "is already the alb.rule of workloads[0]" in fault]
