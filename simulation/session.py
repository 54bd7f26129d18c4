"""Everything that is the same for all runs: the configuration, the synthesised definition, the doors."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Final

from crossfade.adapters.config_file import read_config
from crossfade.core.config import Config
from crossfade.core.preview import Preview
from crossfade.names import Function
from lambdas.door import logger
from simulation.definition import definition_of
from simulation.executions import Doors
from simulation.reactions import foreseen
from simulation.run import Run
from simulation.scenario import Result, Scenario
from simulation.ways import Way, configured

CONFIG: Final = Path(__file__).with_name("simulation.yaml")
"""Two workloads and plans with short bakes: one leap, two stages, five stages."""

PLANS: Final = ("leap", "two", "five")
FLEETS: Final = ("waves", "by_wave", "by_workload", "alone")
"""Plans in which workloads move one after the other, or in which one may fail alone; a policy each."""


def doors() -> Doors:
    """The real handlers, by role."""
    return {function.value: _handler(function) for function in Function}


def _handler(function: Function) -> Callable[[dict[str, Any], object], dict[str, Any]]:
    handler: Callable[[dict[str, Any], object], dict[str, Any]] = importlib.import_module(
        f"lambdas.{function.value}"
    ).handler
    return handler


@contextmanager
def quiet() -> Iterator[None]:
    """Inside, the doors log nothing: a simulator makes millions of calls."""
    level = logger.log_level
    logger.setLevel("CRITICAL")
    try:
        with redirect_stdout(StringIO()):  # metrics are lines on standard output
            yield
    finally:
        logger.setLevel(level)


class Session:
    """
    Runs scenarios, as many as wanted.

    Args:
        template: The synthesised template of the main stack.
    """

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._definition = definition_of(template)
        self._doors = doors()
        self._worlds: dict[Way, _World] = {}

    def attempt(self, scenario: Scenario) -> Result:
        """Run *scenario* once; the same scenario always gives the same result."""
        if scenario.way not in self._worlds:
            self._worlds[scenario.way] = _World.of(scenario.way)
        world = self._worlds[scenario.way]
        with quiet():
            return Run(scenario, world.config, self._definition, self._doors, world.costs[scenario.plan]).result()


@dataclass(frozen=True, slots=True)
class _World:
    """A configuration, and what the product says of its plans before the start, by name."""

    config: Config
    costs: Mapping[str, Preview]

    @classmethod
    def of(cls, way: Way) -> "_World":
        config = configured(read_config(CONFIG, now=None), way)
        return cls(config, {name: foreseen(config.plan(name)) for name in config.plans})
