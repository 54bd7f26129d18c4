"""The catalogue of failures says what is there: no row without cover or gap, no name of anything that is gone."""

from collections import defaultdict

import pytest

from simulation.catalogue import Failure, catalogue
from simulation.faults import How, Trouble
from tests.docs.reading import missing, page

each_failure = pytest.mark.parametrize("failure", catalogue(), ids=lambda failure: failure.number)


@each_failure
def test_every_test_that_is_named_is_there(failure: Failure) -> None:
    gone = [words for test in failure.tests if (words := missing(test))]

    assert not gone, f"{failure.number} of simulation/failures.yaml: name the test that shows it now, or say the gap"


@each_failure
def test_every_failure_is_covered_or_called_a_gap(failure: Failure) -> None:
    is_ruled_out = failure.then.startswith("There is no")

    assert failure.tests or failure.simulated or failure.by_hand or failure.gap or is_ruled_out
    assert failure.what
    assert failure.then


@each_failure
def test_every_section_that_is_named_is_there(failure: Failure) -> None:
    name, _, anchor = failure.by_hand.partition("#")

    assert not name or anchor in page(f"docs/{name}").anchors


def test_the_numbers_of_each_step_have_no_hole() -> None:
    numbers = defaultdict(list)
    for failure in catalogue():
        numbers[failure.step, failure.number[0]].append(int(failure.number[1:]))

    assert {letter: max(found) for (_, letter), found in numbers.items()} == {
        "V": 7,
        "L": 7,
        "F": 13,
        "N": 4,
        "S": 13,
        "C": 3,
        "B": 10,
        "A": 6,
        "P": 5,
        "K": 12,
        "T": 10,
    }
    assert all(found == list(range(1, max(found) + 1)) for found in numbers.values())


def test_every_fault_and_trouble_of_the_simulator_stands_for_a_failure() -> None:
    struck = {kind for failure in catalogue() for kind in failure.simulated}

    assert struck == {*How, *Trouble}


def test_a_test_that_is_gone_is_missed() -> None:
    assert missing("docs/test_failures.py::test_a_test_that_is_gone_is_missed") == ""
    assert missing("docs/test_failures.py::test_nothing") == "tests/docs/test_failures.py has no test_nothing"
    assert missing("docs/nowhere.py::test_nothing") == "there is no file tests/docs/nowhere.py"
    assert missing("core/test_config.py::test_a_valid_configuration_has_no_fault[x y z]").endswith(
        "has no case 'x y z'"
    )
