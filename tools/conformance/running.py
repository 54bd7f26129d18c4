"""The real ExternalDNS while it runs: rounds by its clock (`--interval`), rounds that changes ask for (`--events`).

A few steps only, in real time: after each of them its records have to become those of the world's one round, within
the time that its flags promise. Every process is ended with its comparison.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.conformance.grounds import Real, grounds
from tools.conformance.steps import STEPS, Hand

STEPS_OF_A_RUN: Final = (
    "Ingress: both records are created",
    "Ingress: green is raised to 5",
    "Ingress: blue is lowered to 95",
    "a weight that was edited in the record is put back",
    "a record that was deleted is made again",
)
_LOOK_SECONDS: Final = 0.1
_END_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Way:
    """
    How it runs.

    Attributes:
        flags: What it is told beside the rest.
        seconds: Within so many the records have to follow a step.
        steps: Names of the steps that bring a round about.
    """

    flags: tuple[str, ...]
    seconds: float
    steps: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.flags)


WAYS: Final = (
    Way(("--interval=3s",), 2 * 3 + 2, STEPS_OF_A_RUN),
    # A change of an object, not of a record, asks for a round, at most every 5 s (--min-event-sync-interval).
    Way(("--interval=10m", "--events"), 5 + 5, STEPS_OF_A_RUN[:3]),
)


@dataclass(frozen=True, slots=True)
class Followed:
    """One step of one way; *seconds* is None when the records have not become the world's in time."""

    way: Way
    step: str
    seconds: float | None


def followed(version: str, program: Path, folder: Path) -> Iterator[Followed]:
    """How long the real one takes after each step, way by way."""
    steps = {step.name: step for step in STEPS}
    for way in WAYS:
        with grounds(version, program, folder) as (real, world), _running(real, way):
            for name in way.steps:
                for ground in (world, real):
                    steps[name].do(Hand(ground, version))
                world.round()
                yield Followed(way, name, _until_as(real, world.seen(), way.seconds))


def _until_as(real: Real, wanted: dict[str, str], limit: float) -> float | None:
    began = time.monotonic()
    while (passed := time.monotonic() - began) < limit:
        if real.seen() == wanted:
            return passed
        time.sleep(_LOOK_SECONDS)
    return None


@contextmanager
def _running(real: Real, way: Way) -> Iterator[None]:
    """Both clusters' ExternalDNS, until the context ends."""
    with ExitStack() as stack:
        for color, cluster in real.clusters.items():
            log = stack.enter_context((real.folder / f"{color}.log").open("ab"))
            process = subprocess.Popen(  # noqa: S603 - a program that we have built
                [*real.command(color, cluster), *way.flags], env=real.environment(color), stdout=log, stderr=log
            )
            stack.callback(_end, process)
        yield


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
