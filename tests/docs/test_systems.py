"""What an estate may be made of: every name in the table is there, and every estate is in it."""

import pytest

from tests.docs.reading import missing
from tools.trips import ESTATES, SAMPLE, System, systems, trips
from world.faults import parse_fault

each_system = pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)


@each_system
def test_every_estate_fault_and_test_that_is_named_is_there(system: System) -> None:
    tripping = {trip.fault for trip in trips()}
    before = [fault for fault in system.faults if parse_fault(fault).kind.is_before_the_start]

    assert [name for name in system.estates if name != SAMPLE and not (ESTATES / name).is_dir()] == []
    assert [fault for fault in before if fault not in tripping] == []
    assert [words for test in system.tests if (words := missing(test))] == []
    assert system.estates
    assert system.faults


def test_every_estate_with_objects_of_its_own_shows_a_system() -> None:
    own = {folder.name for folder in ESTATES.iterdir() if (folder / "manifests").is_dir()}

    assert own <= {name for system in systems() for name in system.estates}
