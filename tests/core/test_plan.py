"""A plan is fixed, strict about its fields, and says what it must hold alone."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from crossfade.core.places import Cluster, HostedZone
from crossfade.core.plan import Gate, Plan, Stage
from crossfade.core.weight import Side, Split
from crossfade.core.workload import Router, Workload


def workload(name: str, *alarms: str) -> Workload:
    return Workload(
        name=name,
        namespace="shop",
        ingress=f"{name}-ingress",
        host=f"{name}.example.com",
        router=Router.EXTERNAL_DNS,
        alarms=alarms,
    )


PLAN = Plan(
    name="standard",
    blue=Cluster(name="shop-blue", region="eu-west-1"),
    green=Cluster(name="shop-green", region="eu-west-2"),
    zone=HostedZone(id="Z1", name="example.com"),
    workloads=(workload("search", "health", "search-5xx"), workload("cart", "cart-5xx", "health")),
    stages=(Stage(share_percent=100, blue=0, green=1, bake=timedelta(minutes=5)),),
    soak=timedelta(minutes=10),
)


def test_each_side_has_its_cluster() -> None:
    assert PLAN.cluster(Side.BLUE).name == "shop-blue"
    assert PLAN.cluster(Side.GREEN).name == "shop-green"


def test_an_alarm_that_workloads_share_is_asked_once() -> None:
    assert PLAN.alarms == ("health", "search-5xx", "cart-5xx")


def test_the_lease_is_on_hosts_in_their_zone_and_not_on_names_of_workloads() -> None:
    renamed = PLAN.workloads[0].model_copy(update={"name": "other"})

    assert PLAN.lease_units == ("dns/Z1/cart.example.com", "dns/Z1/search.example.com")
    assert PLAN.model_copy(update={"workloads": (renamed,)}).lease_units == ("dns/Z1/search.example.com",)


def test_two_plans_that_share_a_host_share_a_lease_unit_in_any_order() -> None:
    reversed_ = PLAN.model_copy(update={"workloads": PLAN.workloads[::-1], "name": "quick"})

    assert reversed_.lease_units == PLAN.lease_units


def test_a_stage_asks_for_no_approval_unless_it_says_so() -> None:
    assert PLAN.stages[0].gate is Gate.NONE
    assert PLAN.stages[0].split == Split(0, 1)


def test_a_plan_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        PLAN.name = "other"  # type: ignore[misc]


def test_a_plan_refuses_fields_that_it_does_not_know() -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Plan.model_validate({**PLAN.model_dump(), "colour": "blue"})


def test_a_plan_survives_its_way_through_json() -> None:
    assert Plan.model_validate_json(PLAN.model_dump_json()) == PLAN
