"""What can be seen in the embedded estates: which fault trips which check, and what the estates are made of.

`docs/preflight.md` shows the rows of `examples/estates/faults.yaml`, `docs/systems.md` those of `systems.yaml` beside
it; tests make the ones true and hold the others to what is there. This file reads both and knows neither the world
nor the checks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
ESTATES: Final = ROOT / "examples" / "estates"
UNREAD: Final = "answers"
"""What is not read trips nothing else."""
SAMPLE: Final = "sample"
"""The estate of `crossfade.yaml`; the others are folders of `examples/estates/`."""


@dataclass(frozen=True, slots=True)
class Trip:
    """
    One fault in one estate, and what the preflight says of it.

    Attributes:
        estate: Its folder below `examples/estates/`, or `sample`.
        check: The check that it trips.
        verdict: `fail` or `warn`.
        says: A part of the evidence.
        fault: As `--fault` takes it; empty when the estate is so by itself.
        also: Further checks that it trips, by necessity.
        changes: What it changes, where another fault changes the same.
    """

    estate: str
    check: str
    verdict: str
    says: str
    fault: str = ""
    also: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    @property
    def checks(self) -> frozenset[str]:
        """All checks that it trips."""
        return frozenset((self.check, *self.also))

    @property
    def config(self) -> Path:
        """The configuration of its estate."""
        return ROOT / "crossfade.yaml" if self.estate == SAMPLE else ESTATES / self.estate / "crossfade.yaml"


def can_be_together(one: Trip, other: Trip) -> bool:
    """Whether both may be in one estate, and still be told apart by what they trip."""
    is_blinding = UNREAD in one.checks | other.checks
    return not (is_blinding or set(one.changes) & set(other.changes) or one.checks & other.checks)


@cache
def trips() -> tuple[Trip, ...]:
    """
    All rows, as they stand in the file.

    Raises:
        TypeError: A row has a key that nobody knows, or lacks one.
    """
    return tuple(_read(yaml.safe_load((ESTATES / "faults.yaml").read_text(encoding="utf-8"))))


def _read(estates: Mapping[str, list[Mapping[str, Any]]]) -> Iterator[Trip]:
    for estate, rows in estates.items():
        for row in rows:
            told = dict(row)
            also, changes = (tuple(told.pop(key, ())) for key in ("also", "changes"))
            yield Trip(estate=estate, also=also, changes=changes, **told)


@dataclass(frozen=True, slots=True)
class System:
    """
    One thing that an estate may be made of.

    Attributes:
        name: For people.
        estates: In which Crossfade moves it, as `Trip.estate`.
        faults: That have to do with it, as `--fault` takes them.
        tests: That have seen it, below `tests/`: a file, or `file::name`.
    """

    name: str
    estates: tuple[str, ...]
    faults: tuple[str, ...]
    tests: tuple[str, ...]


@cache
def systems() -> tuple[System, ...]:
    """
    All systems, as they stand in the file.

    Raises:
        TypeError: A row has a key that nobody knows, or lacks one.
    """
    rows = yaml.safe_load((ESTATES / "systems.yaml").read_text(encoding="utf-8"))
    return tuple(System(name, **{key: tuple(listed) for key, listed in row.items()}) for name, row in rows.items())
