"""What a configuration may say, and the words with which it is refused."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from crossfade.core.config import WORKLOADS_MAX, Config, check_config
from crossfade.core.plan import Gate
from crossfade.core.weight import Side
from crossfade.core.workload import Router
from crossfade.errors import InvalidConfigError
from tests.core.documents import (
    CART,
    NOW,
    REMOVED,
    STAGES,
    WEEKLY,
    Where,
    changed,
    config,
    faults,
    stages,
    valid,
    workloads,
)


def test_a_valid_configuration_has_no_fault() -> None:
    assert faults(valid()) == []


def test_what_was_written_is_what_is_read() -> None:
    read = config()

    assert read.clusters.green.name == "shop-green"
    assert read.hosted_zone.name == "example.com"
    assert [workload.host for workload in read.workloads] == ["cart.example.com", "search.example.com"]
    assert read.plans["standard"].steps[1].gate is Gate.APPROVAL
    assert read.plans["standard"].soak == timedelta(minutes=30)
    assert read.plans["standard"].not_after == datetime(2026, 6, 30, 16, tzinfo=UTC)
    assert read.timing.poll == timedelta(minutes=1)
    assert read.triggers.schedules[0].max_age == timedelta(minutes=15)


def test_only_what_has_no_sensible_default_is_required() -> None:
    optional: list[tuple[Where, object]] = [
        (("timing",), REMOVED),
        (("notifications",), REMOVED),
        (("triggers",), REMOVED),
        ((*CART, "router"), REMOVED),
        (("plans", "quick", "soak"), REMOVED),
    ]
    read = config(*optional)

    assert read.workloads[0].router is Router.EXTERNAL_DNS
    assert read.plans["quick"].soak == timedelta(minutes=30)
    assert read.notifications.emails == ()
    assert read.triggers.schedules == ()


@pytest.mark.parametrize(
    ("given_", "path", "status", "port"),
    [
        ({}, "/", (200,), 443),
        ({"path": "/healthz", "status": [200, 302]}, "/healthz", (200, 302), 443),
        ({"scheme": "http"}, "/", (200,), 80),
        ({"port": 8443}, "/", (200,), 8443),
    ],
)
def test_a_probe_needs_nothing_but_to_be_asked_for(
    given_: dict[str, object], path: str, status: tuple[int, ...], port: int
) -> None:
    workload = config(((*CART, "probe"), given_)).plan("standard").workloads[0]

    assert workload.probe is not None
    assert (workload.probe.path, workload.probe.status, workload.probe.at_port) == (path, status, port)


def test_a_switch_is_for_weights_in_dns() -> None:
    found = faults(changed(((*CART, "router"), "alb"), ((*CART, "switch"), True)))

    assert any(fault.startswith("workloads[0].switch: is not for the router alb") for fault in found)


def test_a_probe_cannot_tell_both_sides_of_one_load_balancer_apart() -> None:
    assert any(
        fault.startswith("workloads[0].probe: is not for the router alb: one load balancer serves both sides")
        for fault in faults(changed(((*CART, "router"), "alb"), ((*CART, "probe"), {})))
    )


def test_nobody_is_asked_who_was_not_to_be() -> None:
    assert config().plan("standard").workloads[0].probe is None


def test_a_schedule_starts_nothing_until_somebody_says_so() -> None:
    assert not config().triggers.schedules[0].enabled


@pytest.mark.parametrize("document", [None, [], "text", 1])
def test_what_is_not_a_mapping_is_refused(document: object) -> None:
    assert faults(document) == ["configuration: must be a mapping of keys to values; begin it with version: 1"]


def test_all_faults_are_told_at_once() -> None:
    found = faults(
        changed(
            (("version",), 2),
            (("clusters", "blue", "region"), "Ireland"),
            ((*CART, "host"), "cart.example.org"),
            (("workloads", 1, "name"), "cart"),
            (("workloads", 1, "router"), "istio"),
            ((*STAGES, 0, "bake"), "0s"),
            ((*STAGES, 1, "share"), 1),
            ((*STAGES, 2, "share"), 99),
            (("plans", "quick", "stages"), stages(100)),
            (("defaultPlan",), "nobody"),
        )
    )

    assert sorted(fault.partition(":")[0] for fault in found) == [
        "clusters.blue.region",
        "defaultPlan",
        "plans.quick",
        "plans.standard.stages[0].bake",
        "plans.standard.stages[1].share",
        "plans.standard.stages[2].share",
        "version",
        "workloads[0].host",
        "workloads[1].name",
        "workloads[1].router",
    ]


def test_records_that_are_written_directly_have_the_set_identifiers_of_the_configuration() -> None:
    identifiers = {"blue": "shop blue", "green": "shop-green"}
    read = config(((*CART, "router"), "route53"), ((*CART, "identifiers"), identifiers))
    moved = Config.from_json(read.to_json()).plan("standard").workloads

    assert moved[0].router is Router.ROUTE53
    assert moved[0].identifiers is not None
    assert [moved[0].identifiers.of(side) for side in Side] == ["shop blue", "shop-green"]
    assert moved[1].identifiers is None


def test_a_faulty_share_does_not_hide_that_the_next_one_falls() -> None:
    shares = [{"share": share, "bake": "5m"} for share in (50, "many", 20, 100)]

    assert [fault.partition(":")[0] for fault in faults(changed((STAGES, shares)))] == [
        "plans.standard.stages[1].share",
        "plans.standard.stages[2].share",
    ]


def test_the_error_reads_as_one_fault_a_line() -> None:
    with pytest.raises(InvalidConfigError) as caught:
        check_config(changed((("version",), 2), (("defaultPlan",), "nobody")), now=NOW)

    assert str(caught.value).splitlines() == caught.value.faults
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param((*CART, "host"), "example.com", id="the zone's own name"),
        pytest.param((*CART, "host"), "a.b.example.com", id="a host two levels down"),
        pytest.param((*CART, "ingress"), "cart.v2", id="an Ingress name with a dot"),
        pytest.param((*CART, "ingress"), ["cart", "cart-api"], id="two Ingresses of one host"),
        pytest.param((*CART, "alarms"), ["Prüfung: 5xx / green"], id="an alarm name with spaces and umlauts"),
        pytest.param((*CART, "alarms"), ["a" * 255], id="an alarm name of 255"),
        pytest.param(("clusters", "green"), {"name": "shop-blue", "region": "eu-west-2"}, id="one name, two Regions"),
        pytest.param(("clusters", "blue", "region"), "us-gov-west-1", id="GovCloud"),
        pytest.param(("workloads",), workloads(WORKLOADS_MAX), id="as many workloads as one lease can hold"),
        pytest.param(STAGES, stages(100), id="a single stage"),
        pytest.param(STAGES, stages(0.5, 12.5, 100), id="half percents"),
        pytest.param(("plans", "standard", "soak"), "0s", id="no soak"),
        pytest.param((*WEEKLY, "expression"), "rate(7 days)", id="rate"),
        pytest.param((*WEEKLY, "expression"), "at(2026-03-01T06:00:00)", id="at"),
        pytest.param(("plans", "standard", "approval"), {"byAnother": True}, id="an approver who is another"),
        pytest.param(("notifications", "chat"), {}, id="a topic for a chat, without a channel"),
        pytest.param(("timing",), {"settle": "20s", "propagation": "2m"}, id="a fast ExternalDNS"),
    ],
)
def test_what_is_unusual_but_right_is_accepted(path: Where, value: object) -> None:
    assert faults(changed((path, value))) == []


def test_a_longer_poll_makes_room_for_a_longer_plan() -> None:
    long = (("plans", "standard", "soak"), "3d")

    assert faults(changed(long, (("timing", "poll"), "4m"))) == []


def test_a_plan_expires_at_its_instant_and_not_before() -> None:
    limit = datetime(2026, 6, 30, 16, tzinfo=UTC)

    assert faults(valid(), now=limit - timedelta(seconds=1)) == []
    assert len(faults(valid(), now=limit)) == 1
    assert faults(valid(), now=None) == []


# --- The canonical form ----------------------------------------------------------------------------------------------


def test_the_canonical_form_reads_back_as_the_same_configuration() -> None:
    assert Config.from_json(config().to_json()) == config()


def test_the_canonical_form_depends_on_the_content_only() -> None:
    reordered = dict(reversed(valid().items()))
    instant = (("plans", "standard", "notAfter"), "2026-06-30T16:00:00Z")

    assert check_config(reordered, now=NOW).to_json() == config().to_json()
    assert config(instant).to_json() == config().to_json()


def test_the_canonical_form_speaks_as_people_write() -> None:
    content = json.loads(config().to_json())

    assert content["plans"]["standard"]["stages"][0] == {"bake": "10m", "gate": "none", "share": 1.0}
    assert content["plans"]["quick"] == {
        "preset": "Canary10Percent5Minutes",
        "onFailure": "all",
        "soak": "10m",
    }
    assert content["timing"]["settle"] == "1m15s"


def test_a_deployed_configuration_stays_readable_when_a_plan_has_expired() -> None:
    assert Config.from_json(config().to_json()).plans["standard"].not_after is not None


@pytest.mark.parametrize("text", ["", "{", "null", '{"version": 1}'])
def test_a_deployed_configuration_is_checked_like_any_other(text: str) -> None:
    with pytest.raises(InvalidConfigError, match=r"^\w+: "):
        Config.from_json(text)
