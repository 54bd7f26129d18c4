"""What is wrong with an estate, looked at with the product's own adapters and without a migration."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from crossfade.adapters.config_file import read_config
from crossfade.cli.embedded import START, estate_of, network_of
from crossfade.core.finding import Finding, Grade
from crossfade.steps.preflight import look
from crossfade.wiring import Wired
from world.clock import Clock
from world.cloud import Cloud
from world.estate import Estate
from world.faults import parse_fault

CONFIG: Final = Path(__file__).parents[2] / "crossfade.yaml"
SOURCES: Final = Path(__file__).parents[2] / "examples" / "estates" / "sources" / "crossfade.yaml"
WARM_UP: Final = timedelta(minutes=3)


@contextmanager
def an_estate(*faults: str, config_file: Path = CONFIG) -> Iterator[Estate]:
    config = read_config(config_file, now=None)
    region = config.clusters.green.region
    with Clock(START) as clock, Cloud(clock, region=region) as cloud:
        del cloud
        spec = replace(estate_of(config, config_file), warm_up=WARM_UP)
        with Estate(clock, spec, seed=1, faults=[parse_fault(fault) for fault in faults]) as estate:
            yield estate


def looked_at(estate: Estate, config_file: Path = CONFIG) -> tuple[Finding, ...]:
    config = read_config(config_file, now=None)
    network, region = network_of(estate), config.clusters.green.region
    parts = Wired(table="", topic_arn="", config_file="", region=region, network=network)
    parts.config = config
    plan = config.plan(config.default_plan)
    return look(parts.router, parts.rescue, parts.alarms, parts.estate, plan, probe=parts.probe)


@pytest.mark.parametrize(
    ("fault", "check", "grade", "words"),
    [
        ("preflight:wrong-certificate", "green-answers", Grade.FAIL, "a certificate that is not good for the host"),
        ("preflight:green-500", "green-answers", Grade.FAIL, "green answers 500"),
        ("preflight:no-ready-pods", "ready-pods", Grade.FAIL, "green has 0 ready pods behind its Services, blue has 2"),
        ("preflight:low-floor", "autoscaler-floor", Grade.WARN, "team-burnham/web lets green shrink to 2 pods"),
        ("preflight:sticky", "clinging", Grade.WARN, "holds sessions for 7200 s (2h, stickiness)"),
        ("preflight:insights", "upgrade-insights", Grade.WARN, "ERROR: Deprecated APIs removed in Kubernetes v1.32"),
        ("preflight:cronjobs", "cronjobs", Grade.FAIL, "run on green and on blue: team-burnham/nightly-bill"),
        ("preflight:redirect", "green-answers", Grade.FAIL, "green answers 302 (to https://login.example.com/)"),
    ],
)
def test_an_estate_in_which_one_thing_is_wrong_trips_one_check(
    fault: str, check: str, grade: Grade, words: str
) -> None:
    with an_estate(fault) as estate:
        found = [finding for finding in looked_at(estate) if finding.verdict is not Grade.PASS]

    tripped = [finding for finding in found if "client_keep_alive" not in finding.evidence]  # its default is warned of
    assert {(finding.check, finding.verdict) for finding in tripped} == {(check, grade)}
    assert words in tripped[0].evidence


@pytest.mark.parametrize(
    ("fault", "check", "words"),
    [
        ("preflight:missing-object", "source", "Ingress shop/storefront does not exist"),
        ("preflight:no-status", "source", "Ingress shop/storefront has no load balancer in its status"),
        ("preflight:service-type", "source", "Service shop/edge is of type ClusterIP"),
        ("preflight:weightless", "weights", "an entry of checkout.shop.example.com has no weight"),
        (
            "preflight:shared-host",
            "shared-host",
            "Ingress shop/copy has www.shop.example.com and the same set",
        ),
        ("preflight:two-owners", "ownership", "the records belong to default, shop-blue"),
    ],
)
def test_an_object_that_cannot_be_moved_fails_and_is_named(fault: str, check: str, words: str) -> None:
    with an_estate(fault, config_file=SOURCES) as estate:
        found = [finding for finding in looked_at(estate, SOURCES) if finding.verdict is Grade.FAIL]

    assert [finding for finding in found if finding.check == check and words in finding.evidence], found


def test_an_estate_with_every_kind_of_object_and_two_dialects_is_sound() -> None:
    with an_estate(config_file=SOURCES) as estate:
        found = [finding for finding in looked_at(estate, SOURCES) if finding.verdict is not Grade.PASS]

    assert {(finding.check, finding.verdict) for finding in found} == {
        ("external-dns-dialects", Grade.WARN),
        ("load-balancer", Grade.WARN),
        ("clinging", Grade.WARN),
    }
