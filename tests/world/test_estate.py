"""The embedded estate: it begins well, users follow the weights, and the same seed is the same estate."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest
from kubernetes import client

from tests.world.conftest import NINE
from tests.world.estates import ROOT, sample_estate
from tests.world.test_eks_tokens import token
from world.alarms import ALARM, INSUFFICIENT_DATA, OK
from world.clock import Clock
from world.cloud import Cloud
from world.estate import Estate
from world.estate_spec import BLUE, GREEN
from world.estate_view import Snapshot
from world.faults import Fault, FaultKind, InvalidFaultError, parse_fault
from world.kubernetes import Caller

PREFIX: Final = "external-dns.alpha.kubernetes.io/"
SETTLED: Final = timedelta(minutes=4)


@contextmanager
def running(*faults: Fault, seed: int = 1, workloads: int = 5) -> Iterator[tuple[Estate, Clock]]:
    spec = sample_estate()
    spec = sample_estate(workloads=spec.workloads[:workloads])
    with ExitStack() as stack:
        clock = stack.enter_context(Clock(NINE))
        stack.enter_context(Cloud(clock))
        yield stack.enter_context(Estate(clock, spec, seed=seed, faults=faults)), clock


@pytest.fixture
def estate() -> Iterator[Estate]:
    with running() as (estate, _):
        yield estate


def weigh(estate: Estate, side: str, weight: int) -> None:
    """Write a weight into every Ingress of one side, as somebody who edits manifests does."""
    store = estate.clusters[side].api.store
    for ingress in store.all("Ingress"):
        metadata = ingress["metadata"]
        patch = {"metadata": {"annotations": {f"{PREFIX}aws-weight": str(weight)}}}
        store.merge("Ingress", metadata["namespace"], metadata["name"], patch)


def shares(snapshot: Snapshot) -> list[float]:
    return [host.share or 0.0 for host in snapshot.hosts]


def test_it_begins_with_every_user_on_blue_and_every_alarm_ok(estate: Estate) -> None:
    seen = estate.snapshot()

    assert shares(seen) == [0.0] * 5
    assert [dict(host.weights) for host in seen.hosts] == [{BLUE: 100, GREEN: 0}] * 5
    assert [dict(host.declared) for host in seen.hosts] == [{BLUE: "100", GREEN: "0"}] * 5
    assert set(seen.alarms.values()) == {OK}
    assert seen.at == NINE + timedelta(minutes=15)
    assert seen.requests.total == pytest.approx(5 * 50 * 15 * 60, rel=0.05)


def test_users_follow_the_weights() -> None:
    with running() as (estate, clock):
        weigh(estate, GREEN, 100)
        clock.sleep(SETTLED.total_seconds())
        halved = estate.snapshot()
        weigh(estate, BLUE, 0)
        clock.sleep(SETTLED.total_seconds())
        moved = estate.snapshot()

    assert all(0.35 < share < 0.65 for share in shares(halved))
    assert all(share > 0.8 for share in shares(moved))
    assert [dict(host.weights) for host in moved.hosts] == [{BLUE: 0, GREEN: 100}] * 5
    assert set(moved.alarms.values()) == {OK}


def _series(seed: int) -> tuple[Any, ...]:
    with running(Fault(FaultKind.GREEN_5XX, 1), seed=seed) as (estate, clock):
        weigh(estate, GREEN, 5)
        estate.stage_entered(1)
        clock.sleep(900)
        seen = estate.snapshot()
        counts = [(host.requests, dict(host.last_minute)) for host in seen.hosts]
        return json.dumps(counts, default=str), tuple(estate.alarms.changes)


def test_the_same_seed_makes_the_same_estate() -> None:
    assert _series(3) == _series(3)


def test_the_same_seed_makes_the_same_estate_in_another_process() -> None:
    program = "from tests.world.test_estate import _series; print(_series(3))"
    surroundings = os.environ | {"PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT)}
    other = subprocess.run(  # noqa: S603  # our own words only
        [sys.executable, "-c", program], env=surroundings, capture_output=True, text=True, check=True
    )

    assert other.stdout.strip() == str(_series(3))


def test_another_seed_makes_another_estate() -> None:
    assert _series(3) != _series(4)


def test_a_bad_green_is_noticed_by_its_alarm_and_by_the_composite() -> None:
    with running(parse_fault("green-5xx@2")) as (estate, clock):
        weigh(estate, GREEN, 5)
        estate.stage_entered(1)
        clock.sleep(600)
        before = estate.snapshot()
        estate.stage_entered(2)
        clock.sleep(480)
        after = estate.snapshot()

    assert set(before.alarms.values()) == {OK}
    assert set(after.alarms.values()) == {ALARM}
    assert after.requests.failed > before.requests.failed + 100
    assert [change.new for change in estate.alarms.changes if change.name == "eks-blueprint-green-health"] == [
        OK,
        ALARM,
    ]


def test_a_crashed_green_is_taken_out_of_the_answers() -> None:
    with running(parse_fault("green-crash"), workloads=1) as (estate, clock):
        host = estate.snapshot().hosts[0].host
        weigh(estate, GREEN, 100)
        clock.sleep(SETTLED.total_seconds())
        estate.stage_entered(1)
        clock.sleep(40)
        answers = {answer.record.set_identifier: answer for answer in estate.route53.answers(host)}

    assert not answers["eks-blueprint-green"].is_healthy
    assert answers["eks-blueprint-green"].share == 0
    assert answers["eks-blueprint-blue"].share == 1


@pytest.mark.parametrize(("text", "side"), [("stuck-external-dns", GREEN), ("stuck-external-dns@2", BLUE)])
def test_external_dns_sticks_in_the_cluster_that_the_stage_is_about(text: str, side: str) -> None:
    with running(parse_fault(text), workloads=1) as (estate, clock):
        estate.stage_entered(2)
        for one, weight in ((BLUE, 90), (GREEN, 10)):
            weigh(estate, one, weight)
        clock.sleep(SETTLED.total_seconds())
        weights = dict(estate.snapshot().hosts[0].weights)

    assert weights == {BLUE: 90, GREEN: 10} | {side: 100 if side == BLUE else 0}


def test_a_throttled_route_53_delays_both_loops_for_three_minutes() -> None:
    with running(parse_fault("throttled-route53"), workloads=1) as (estate, clock):
        weigh(estate, GREEN, 7)
        estate.stage_entered(1)
        clock.sleep(179)
        during = dict(estate.snapshot().hosts[0].weights)
        clock.sleep(61)
        after = dict(estate.snapshot().hosts[0].weights)

    assert (during[GREEN], after[GREEN]) == (0, 7)


def test_a_fault_begins_once_and_with_its_stage() -> None:
    with running(parse_fault("handler-crash@3"), workloads=1) as (estate, _):
        estate.stage_entered(2)

        assert not estate.is_active(FaultKind.HANDLER_CRASH)

        estate.stage_entered(3)
        estate.stage_entered(3)

        assert estate.is_active(FaultKind.HANDLER_CRASH)
        assert len(estate.active) == 1


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("green-5xx", Fault(FaultKind.GREEN_5XX, 1)),
        ("green-crash@2", Fault(FaultKind.GREEN_CRASH, 2)),
        (" handler-crash@10 ", Fault(FaultKind.HANDLER_CRASH, 10)),
        ("stop@2", Fault(FaultKind.STOP, 2)),
        ("green-5xx:yelb@2", Fault(FaultKind.GREEN_5XX, 2, "yelb")),
    ],
)
def test_a_fault_is_read_from_its_name(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("blue-5xx", "use one of green-5xx, green-crash"),
        ("", "use one of"),
        ("green-5xx@", "a whole number from 1, such as green-5xx@3"),
        ("green-5xx@0", "a whole number from 1"),
        ("green-5xx@two", "a whole number from 1"),
        ("stop:yelb", "is no fault"),
    ],
)
def test_what_names_no_fault_is_refused_with_what_would(text: str, words: str) -> None:
    with pytest.raises(InvalidFaultError, match=words):
        parse_fault(text)


def test_the_clusters_are_in_eks_and_their_endpoints_answer_to_tokens(estate: Estate) -> None:
    eks: Any = boto3.client("eks", region_name="eu-west-1")
    found = eks.describe_cluster(name="eks-blueprint-green")["cluster"]
    good = token(host="sts.eu-west-1.amazonaws.com", cluster="eks-blueprint-green", secret="embedded", key="embedded")
    configuration = client.Configuration()
    configuration.host = found["endpoint"]
    configuration.api_key = {"BearerToken": f"Bearer {good}"}
    configuration.retries = False
    api = client.ApiClient(configuration)
    networking: Any = client.NetworkingV1Api(api)
    ingress = networking.read_namespaced_ingress("burnham-ingress", "team-burnham")
    api.rest_client.close()

    assert ingress.metadata.annotations[f"{PREFIX}aws-weight"] == "0"
    assert isinstance(estate.clusters[GREEN].authenticator(good), Caller)
    assert estate.clusters[BLUE].authenticator(good) is None


def test_what_load_balancers_served_is_in_cloudwatch_and_errors_only_when_there_were_some(estate: Estate) -> None:
    cloudwatch: Any = boto3.client("cloudwatch", region_name="eu-west-1")
    blue = next(balancer for balancer in estate.balancers if balancer.side == BLUE)

    def points(metric: str, side: Any = blue) -> list[float]:
        statistics = cloudwatch.get_metric_statistics(
            Namespace="AWS/ApplicationELB",
            MetricName=metric,
            Dimensions=[{"Name": "LoadBalancer", "Value": side.dimension}],
            StartTime=NINE,
            EndTime=NINE + timedelta(minutes=15),
            Period=60,
            Statistics=["Sum"],
        )
        return [point["Sum"] for point in statistics["Datapoints"]]

    green = next(balancer for balancer in estate.balancers if balancer.side == GREEN)

    assert 12 <= len(points("RequestCount")) <= 14
    assert all(2500 < count < 3500 for count in points("RequestCount")), points("RequestCount")
    assert 0 not in points("HTTPCode_Target_5XX_Count")
    assert len(points("HTTPCode_Target_5XX_Count")) < 12
    assert points("RequestCount", green) == []


def test_the_load_balancers_are_those_that_the_controller_would_make(estate: Estate) -> None:
    elb: Any = boto3.client("elbv2", region_name="eu-west-1")
    found = {one["LoadBalancerName"]: one["DNSName"] for one in elb.describe_load_balancers()["LoadBalancers"]}

    assert {balancer.name: balancer.dns_name for balancer in estate.balancers} == found
    assert len(found) == 10
    assert sum(name.startswith("k8s-burnham-") for name in found) == 2
    assert all(len(group["LoadBalancerArns"]) == 1 for group in elb.describe_target_groups()["TargetGroups"])


def test_an_estate_leaves_nothing_behind_in_the_clock() -> None:
    with Clock(NINE) as clock, Cloud(clock):
        with Estate(clock, sample_estate(), seed=1) as estate:
            requests = estate.snapshot().requests.total
        clock.sleep(600)

        assert sum(one.traffic.all.total for one in estate.clients.populations.values()) == requests


def test_alarms_are_without_data_at_first() -> None:
    with running(workloads=1) as (estate, _):
        assert {change.old for change in estate.alarms.changes} == {INSUFFICIENT_DATA}


@pytest.mark.parametrize(
    ("fault", "estate"),
    [
        ("hub-silent@2", "hub"),
        ("preflight:silent-hub", "hub"),
        ("preflight:consumers", "sources"),
        ("preflight:no-switch", "switch"),
        ("preflight:weightless", "sources"),
    ],
)
def test_a_fault_that_finds_nothing_to_break_is_refused_with_an_estate_that_has_it(fault: str, estate: str) -> None:
    with Clock(NINE) as clock, pytest.raises(InvalidFaultError, match=f"examples/estates/{estate}"):
        Estate(clock, sample_estate(), faults=[parse_fault(fault)])
