"""The catalogue of failures: each failure that we know of, what happens then, and who has seen it.

The rows are data, in `failures.yaml`. `docs/failures.md` shows them; tests hold every name in them to what is there.
This file reads them and knows no prose of pages.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from simulation.faults import How, Trouble

FILE: Final = Path(__file__).with_name("failures.yaml")


@dataclass(frozen=True, slots=True)
class Failure:
    """
    One failure.

    Attributes:
        number: A letter for the step, and a number.
        step: Where in a migration it strikes.
        what: What goes wrong.
        then: What Crossfade does.
        tests: What shows it: `folder/file.py::name`, below `tests/`, with `[id]` where one case of it matters.
        simulated: How the simulator strikes with it.
        by_hand: The section of the documentation for people on a real estate; empty for none.
        gap: What is not covered; empty when all is.
    """

    number: str
    step: str
    what: str
    then: str
    tests: tuple[str, ...] = ()
    simulated: tuple[How | Trouble, ...] = ()
    by_hand: str = ""
    gap: str = ""


@cache
def catalogue() -> tuple[Failure, ...]:
    """
    All failures, in the order of a migration.

    Raises:
        ValueError: A row names a fault that the simulator does not have.
        TypeError: A row has a key that nobody knows.
    """
    return tuple(_read(yaml.safe_load(FILE.read_text(encoding="utf-8"))))


def _read(steps: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[Failure]:
    for step, rows in steps.items():
        for number, row in rows.items():
            told = {key.replace(" ", "_"): value for key, value in row.items()}
            tests, simulated = (tuple(told.pop(key, ())) for key in ("tests", "simulated"))
            yield Failure(number, step, tests=tests, simulated=tuple(map(_kind, simulated)), **told)


def _kind(name: str) -> How | Trouble:
    return How(name) if name in {how.value for how in How} else Trouble(name)
