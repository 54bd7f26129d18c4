"""What is wrong with an estate, looked at with the product's own adapters and without a migration.

The claims are the rows of `examples/estates/faults.yaml`: in each estate each fault trips its checks, and no other
check. Faults that trip different checks are put into one estate together, so that few estates need to be built.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from crossfade.adapters.config_file import read_config
from crossfade.cli.embedded import START, estate_of, network_of
from crossfade.core.config import Config
from crossfade.core.finding import Finding, Grade
from crossfade.core.preflight import CHECKS, examine
from crossfade.errors import CrossfadeError
from crossfade.steps.preflight import gather
from crossfade.wiring import Wired
from tests.deployed import embedded
from tools.trips import SAMPLE, Trip, can_be_together, trips
from world.clock import Clock
from world.cloud import Cloud
from world.estate import Estate
from world.faults import FaultKind, parse_fault

WARM_UP: Final = timedelta(minutes=3)
ESTATES: Final = tuple(dict.fromkeys(trip.estate for trip in trips()))


def together(rows: Iterable[Trip]) -> list[tuple[Trip, ...]]:
    """*rows* in as few groups as come of taking each into the first group where it can be told from the others."""
    groups: list[tuple[Trip, ...]] = []
    for row in rows:
        fits = (at for at, group in enumerate(groups) if all(can_be_together(row, other) for other in group))
        if (at := next(fits, None)) is None:
            groups.append((row,))
        else:
            groups[at] = (*groups[at], row)
    return groups


def configured(file: Path, estate: str) -> Config:
    """The configuration; of the sample one workload is enough, and five take three times as long."""
    config = read_config(file, now=None)
    return config.model_copy(update={"workloads": config.workloads[:1]}) if estate == SAMPLE else config


@contextmanager
def an_estate(config: Config, file: Path, faults: Iterable[str]) -> Iterator[Estate]:
    """The estate; with a stack in it only where a part of the estate comes from there."""
    spec = replace(estate_of(config, file), warm_up=WARM_UP)
    parsed = [parse_fault(fault) for fault in faults]
    if any(workload.switch for workload in config.workloads):
        with embedded(config, file, seed=1, faults=parsed, spec=spec) as deployed:
            yield deployed.estate
        return
    with (
        Clock(START) as clock,
        Cloud(clock, region=config.clusters.green.region),
        Estate(clock, spec, seed=1, faults=parsed) as estate,
    ):
        yield estate


def looked_at(estate: str, faults: Iterable[str]) -> tuple[Finding, ...]:
    """What the preflight says of *estate*, in which all of *faults* are true."""
    file = next(trip.config for trip in trips() if trip.estate == estate)
    config = configured(file, estate)
    with an_estate(config, file, faults) as world:
        region, network = config.clusters.green.region, network_of(world)
        parts = Wired(table="", topic_arn="", config_file="", region=region, network=network)
        parts.config = config
        plan = config.plan(config.default_plan)
        return examine(
            gather(parts.router, parts.rescue, parts.alarms, parts.estate, plan, probe=parts.probe, told=CrossfadeError)
        )


def tripped_in(findings: Iterable[Finding]) -> set[str]:
    return {finding.check for finding in findings if finding.verdict is not Grade.PASS}


def is_said(row: Trip, findings: Iterable[Finding]) -> bool:
    """Whether one of *findings* is what *row* says, with a fix."""
    return any(
        (each.check, each.verdict.value) == (row.check, row.verdict) and row.says in each.evidence and each.fix
        for each in findings
    )


def as_it_stands(estate: str) -> tuple[Trip, ...]:
    return tuple(trip for trip in trips() if trip.estate == estate and not trip.fault)


# --- Estates as they stand -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sound() -> dict[str, tuple[Finding, ...]]:
    """What the preflight says of every estate as it stands."""
    return {estate: looked_at(estate, ()) for estate in ESTATES}


@pytest.mark.xdist_group("sound")
@pytest.mark.parametrize("estate", ESTATES)
def test_an_estate_as_it_stands_may_start_and_warns_of_what_it_is_known_for(
    estate: str, sound: dict[str, tuple[Finding, ...]]
) -> None:
    rows = as_it_stands(estate)

    assert [row for row in rows if not is_said(row, sound[estate])] == []
    assert tripped_in(sound[estate]) == {row.check for row in rows}
    assert not [finding for finding in sound[estate] if finding.verdict is Grade.FAIL]


@pytest.mark.xdist_group("sound")
def test_every_check_passes_in_one_of_them(sound: dict[str, tuple[Finding, ...]]) -> None:
    passing = {
        finding.check
        for findings in sound.values()
        for finding in findings
        if finding.verdict is Grade.PASS and finding.check not in tripped_in(findings)
    }

    assert [check.id for check in CHECKS if check.id not in passing] == []


# --- Faults ----------------------------------------------------------------------------------------------------------


def test_every_check_is_tripped_by_a_fault_or_by_an_estate_as_it_stands() -> None:
    tripped = {trip.check for trip in trips()}

    assert [check.id for check in CHECKS if check.id not in tripped] == []
    assert tripped <= {check.id for check in CHECKS}


def test_every_fault_that_is_there_before_the_start_has_a_row() -> None:
    known = {trip.fault for trip in trips() if trip.fault}

    assert known == {kind.value for kind in FaultKind if kind.is_before_the_start}


CASES: Final = [
    pytest.param(estate, group, id=f"{estate}: {' '.join(row.fault.partition(':')[2] for row in group)}")
    for estate in ESTATES
    for group in together(trip for trip in trips() if trip.estate == estate and trip.fault)
]


@pytest.mark.parametrize(("estate", "group"), CASES)
def test_each_fault_trips_its_checks_with_its_words_and_no_other_check(estate: str, group: tuple[Trip, ...]) -> None:
    found = looked_at(estate, [row.fault for row in group])

    anyway = {row.check for row in as_it_stands(estate)}
    wanted = {check for row in group for check in row.checks}
    for row in group:
        assert is_said(row, found), (row, [each for each in found if each.check == row.check])
    assert tripped_in(found) - anyway == wanted - anyway
