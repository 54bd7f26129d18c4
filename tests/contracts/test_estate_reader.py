"""What the preflight reads is what is there: the sample estate, read through the adapters that the functions have."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from crossfade.adapters.balancer_facts import Region
from crossfade.adapters.cloudwatch import watch_of
from crossfade.adapters.config_file import read_config
from crossfade.adapters.estate import record_of
from crossfade.adapters.external_dns_settings import controller_of
from crossfade.core.facts import EstateFacts
from crossfade.core.plan import Plan
from crossfade.core.weight import Side
from crossfade.errors import RouterRefusedError, RouterThrottledError
from crossfade.names import ALPHA_PREFIX, STABLE_PREFIX
from crossfade.ports import EstateReader
from crossfade.wiring import Wired
from tests.fakes import FakeEstate
from tests.world.estates import ROOT, sample_estate
from world.clock import Clock
from world.cloud import Cloud
from world.estate import Estate
from world.faults import parse_fault

pytestmark = pytest.mark.xdist_group("estate-reader")
REGION = "eu-west-1"
NIGHT = datetime(2026, 3, 1, 1, 45, tzinfo=UTC)
CONFIG = read_config(Path(ROOT) / "crossfade.yaml", now=None)
PLAN: Plan = CONFIG.plan("quick")
BURNHAM = PLAN.workloads[0]


@pytest.fixture(scope="module")
def world() -> Iterator[Estate]:
    with ExitStack() as stack:
        clock = stack.enter_context(Clock(NIGHT))
        stack.enter_context(Cloud(clock, region=REGION))
        yield stack.enter_context(Estate(clock, sample_estate(warm_up=timedelta(0))))


@pytest.fixture
def source(world: Estate) -> EstateReader:
    del world
    parts = Wired(table="", topic_arn="", config_file="", region=REGION)
    parts.config = CONFIG
    return parts.estate


def test_every_workload_is_found_in_both_clusters_with_its_load_balancer(source: EstateReader) -> None:
    seen = source.read(PLAN)

    assert set(seen.places) == {(workload.name, side) for workload in PLAN.workloads for side in Side}
    for (name, side), place in seen.places.items():
        assert len(place.sources) == 1, (name, side)
        assert place.balancer is not None, (name, side)
        assert place.identifier == f"eks-blueprint-{side}"
        assert place.sources[0].prefixes == (ALPHA_PREFIX,)
        assert (place.balancer.state, place.balancer.kind) == ("active", "application")
        assert [(group.healthy, group.registered) for group in place.balancer.groups] == [(2, 2)]
        assert {place.balancer.dimension, place.balancer.groups[0].name} <= seen.balancers


def test_records_are_read_with_their_policy_target_and_owner(source: EstateReader) -> None:
    seen = source.read(PLAN)

    addresses = [record for record in seen.records["burnham"] if record.type == "A"]
    owners = {(record.identifier, record.owner) for record in seen.records["burnham"] if record.type == "TXT"}
    assert {(record.identifier, record.weight, record.policy) for record in addresses} == {
        ("eks-blueprint-blue", 100, "weighted"),
        ("eks-blueprint-green", 0, "weighted"),
    }
    assert all(record.follows_health and record.target.endswith("amazonaws.com") for record in addresses)
    assert owners == {(f"eks-blueprint-{side}", f"eks-blueprint-{side}") for side in Side}


def test_both_external_dns_are_read_as_their_deployments_run_them(source: EstateReader) -> None:
    seen = source.read(PLAN).controllers

    for side, held in seen.items():
        assert held is not None
        assert (held.ready, held.owner, held.policy) == (1, f"eks-blueprint-{side}", "sync")
        assert held.sources == ("service", "ingress")
        assert held.domains == ("eks-blueprint.example.com",)
        assert (held.interval, held.cache, held.dry_run) == (timedelta(minutes=1), timedelta(0), False)


def test_alarms_are_followed_one_level_into_a_composite(source: EstateReader) -> None:
    seen = source.read(PLAN)
    green = seen.places["burnham", Side.GREEN].balancer

    assert green is not None
    assert seen.watches["eks-blueprint-green-burnham-5xx"].balancers == (green.dimension,)
    assert seen.watches["eks-blueprint-green-burnham-5xx"].speed == timedelta(minutes=2)
    assert set(seen.watches["eks-blueprint-green-health"].children) < set(seen.watches)


def test_a_missing_ingress_is_said_and_no_error(world: Estate, source: EstateReader) -> None:
    store = world.clusters["green"].api.store
    kept = store.read("Ingress", BURNHAM.namespace, BURNHAM.sources[0].name)
    store.remove("Ingress", BURNHAM.namespace, BURNHAM.sources[0].name)
    try:
        place = source.read(PLAN).places["burnham", Side.GREEN]
        assert (place.sources, place.missing) == ((), (str(BURNHAM.sources[0]),))
    finally:
        kept["metadata"] = {key: kept["metadata"][key] for key in ("name", "namespace", "annotations")}
        world.clusters["green"].api.store.add(kept)
        status = {"status": kept["status"]}
        world.clusters["green"].api.store.merge("Ingress", BURNHAM.namespace, BURNHAM.sources[0].name, status)


def test_the_fake_answers_in_the_same_shape(source: EstateReader) -> None:
    real, fake = source.read(PLAN), FakeEstate().read(PLAN)

    assert _shape(real) == _shape(fake)


def _shape(seen: EstateFacts) -> tuple[object, ...]:
    direct = {name for name in seen.watches if name in PLAN.alarms}
    return set(seen.places), set(seen.records), set(seen.controllers), direct


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDenied", RouterRefusedError), ("Throttling", RouterThrottledError)]
)
def test_what_may_not_be_listed_is_an_error_of_ours(code: str, error: type[Exception], world: Estate) -> None:
    del world
    elb: Any = boto3.client("elbv2", region_name=REGION)
    with Stubber(elb) as stubber:
        stubber.add_client_error("describe_load_balancers", code)
        with pytest.raises(error, match="elasticloadbalancing:DescribeLoadBalancers"):
            Region(REGION, elb)


# --- What a Deployment says -------------------------------------------------------------------------------------------


def _deployment(*arguments: str, image: str = "external-dns:v0.15.1", **environment: str) -> dict[str, Any]:
    variables = [{"name": name, "value": value} for name, value in environment.items()]
    container = {"name": "external-dns", "image": image, "args": list(arguments), "env": variables}
    return {
        "metadata": {"name": "external-dns"},
        "spec": {"template": {"spec": {"containers": [container]}}},
        "status": {"replicas": 1},
    }


def test_a_deployment_without_flags_has_the_defaults_and_no_ready_pod() -> None:
    seen = controller_of(_deployment())

    assert (seen.ready, seen.owner, seen.policy, seen.registry) == (0, "default", "sync", "txt")
    assert (seen.interval, seen.cache, seen.dry_run, seen.prefix) == (
        timedelta(minutes=1),
        timedelta(0),
        False,
        ALPHA_PREFIX,
    )


def test_flags_are_read_in_both_forms_and_from_the_environment() -> None:
    seen = controller_of(
        _deployment(
            "--dry-run",
            "--interval",
            "1m30s",
            "--provider-cache-time=2m",
            "--source=ingress",
            "--domain-filter=.Example.com",
            image="external-dns:v0.22.0",
            EXTERNAL_DNS_POLICY="create-only",
            EXTERNAL_DNS_TXT_OWNER_ID="mine",
        )
    )

    assert (seen.dry_run, seen.policy, seen.owner) == (True, "create-only", "mine")
    assert (seen.interval, seen.cache) == (timedelta(seconds=90), timedelta(minutes=2))
    assert (seen.sources, seen.domains, seen.prefix) == (("ingress",), ("example.com",), STABLE_PREFIX)


@pytest.mark.parametrize("text", ["soon", "1", "1m soon", ""])
def test_an_interval_that_is_no_duration_is_said_to_be_unreadable(text: str) -> None:
    assert controller_of(_deployment(f"--interval={text}")).interval is None


@pytest.mark.parametrize(
    ("record", "policy"),
    [
        ({"Weight": 5}, "weighted"),
        ({"Region": "eu-west-1"}, "latency"),
        ({"Failover": "PRIMARY"}, "failover"),
        ({"MultiValueAnswer": True}, "multivalue"),
        ({}, "simple"),
    ],
)
def test_the_policy_of_a_record_is_what_its_fields_say(record: dict[str, Any], policy: str) -> None:
    assert record_of({"Type": "A", "Name": "h.example.com.", **record}).policy == policy


def test_a_rule_names_alarms_bare_quoted_or_as_arns() -> None:
    rule = 'ALARM(one) OR (ALARM("two words") AND NOT OK(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:three))'

    assert watch_of({"AlarmName": "all", "AlarmRule": rule}).children == ("one", "two words", "three")


@pytest.mark.parametrize("text", ["preflight:create-only@2", "preflight:nothing"])
def test_a_fault_of_before_the_start_has_no_stage_and_a_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"leave out @2|is no fault"):
        parse_fault(text)
