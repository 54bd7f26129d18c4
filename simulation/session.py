"""Everything that is the same for all runs: the configuration, the synthesised definition, the doors."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from crossfade.adapters.config_file import read_config
from crossfade.core.config import Config
from crossfade.names import Function
from simulation.reactions import foreseen
from simulation.run import Doors, Result, Run, Scenario, definition_of, quiet

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


class Session:
    """
    Runs scenarios, as many as wanted.

    Args:
        template: The synthesised template of the main stack.
        config: The configuration; the simulator's own if there is none.
    """

    def __init__(self, template: Mapping[str, Any], config: Config | None = None) -> None:
        self._config = config or read_config(CONFIG, now=None)
        self._definition = definition_of(template)
        self._doors = doors()
        self._costs = {name: foreseen(self._config.plan(name)) for name in self._config.plans}

    def attempt(self, scenario: Scenario) -> Result:
        """Run *scenario* once; the same scenario always gives the same result."""
        with quiet():
            return Run(scenario, self._config, self._definition, self._doors, self._costs[scenario.plan]).result()
