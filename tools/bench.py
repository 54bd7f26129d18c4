"""`make bench`: how fast the parts are that people wait for. Absolute times differ by machine; compare the ratios.

Every figure is the median of several runs of the same thing in this process, after one that is not counted.
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from crossfade.adapters.config_file import read_config
from crossfade.cli.embedded import embedded
from crossfade.cli.synth import ROOT, template
from crossfade.core.resolve import resolve
from crossfade.core.weight import encode
from simulation.run import START
from simulation.scenario import Scenario
from simulation.search import swarm
from simulation.session import CONFIG, Session

RUNS = 5
LINEAR = [10.0 * step for step in range(1, 11)]


def median_seconds(action: Callable[[], object], runs: int = RUNS) -> float:
    """The median time of *action*, in seconds."""
    action()
    return statistics.median(_timed(action) for _ in range(runs))


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def main() -> None:
    """Measure and print one table."""
    body = template(CONFIG)
    session = Session(body)
    path = ROOT / "crossfade.yaml"
    config = read_config(path, now=None)
    quiet = median_seconds(lambda: session.attempt(Scenario(1, "two")))
    seeds = iter(range(10**6))
    rows: Sequence[tuple[str, float, str]] = [
        ("encode ten stages", median_seconds(lambda: encode(LINEAR)), ""),
        ("read and check crossfade.yaml", median_seconds(lambda: read_config(path, now=None)), ""),
        ("resolve a plan", median_seconds(lambda: resolve(config, {}, now=START)), ""),
        ("simulate a migration without faults", quiet, f"{1 / quiet:.0f} a second"),
        ("simulate a random swarm", median_seconds(lambda: session.attempt(swarm(next(seeds))), 25), ""),
        ("one migration in the embedded world", median_seconds(_embedded, 3), "moto's interpreter, HTTP, real clients"),
    ]
    for name, seconds, note in rows:
        sys.stdout.write(f"{name:40} {1000 * seconds:10.2f} ms   {seconds / quiet:8.2f} x a simulated one   {note}\n")


def _embedded() -> None:
    config = read_config(Path(CONFIG), now=None)
    with embedded(config, Path(CONFIG), seed=1) as world:
        world.cloud.run("bench", {"plan": "two"})


if __name__ == "__main__":
    main()
