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
WARM_UP: Final = timedelta(minutes=3)


@contextmanager
def an_estate(*faults: str) -> Iterator[Estate]:
    config = read_config(CONFIG, now=None)
    region = config.clusters.green.region
    with Clock(START) as clock, Cloud(clock, region=region) as cloud:
        del cloud
        spec = replace(estate_of(config, CONFIG), warm_up=WARM_UP)
        with Estate(clock, spec, seed=1, faults=[parse_fault(fault) for fault in faults]) as estate:
            yield estate


def looked_at(estate: Estate) -> tuple[Finding, ...]:
    config = read_config(CONFIG, now=None)
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
        ("preflight:cronjobs", "cronjobs", Grade.FAIL, "run on green and on blue: team-burnham/nightly-bill"),
        ("preflight:redirect", "green-answers", Grade.FAIL, "green answers 302 (to https://login.example.com/)"),
    ],
)
def test_an_estate_in_which_one_thing_is_wrong_trips_one_check(
    fault: str, check: str, grade: Grade, words: str
) -> None:
    with an_estate(fault) as estate:
        found = [finding for finding in looked_at(estate) if finding.verdict is not Grade.PASS]

    tripped = [finding for finding in found if finding.check != "clinging"]
    assert {(finding.check, finding.verdict) for finding in tripped} == {(check, grade)}
    assert words in tripped[0].evidence
