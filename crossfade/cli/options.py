"""Options that several commands share, each in words once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from crossfade.core.config import Config
from crossfade.core.plan import Plan
from crossfade.core.resolve import read_input

CONFIG_VARIABLE: Final = "CROSSFADE_CONFIG"


class Output(StrEnum):
    """For whom the answer is printed."""

    TEXT = "text"  # people
    JSON = "json"  # programs


PlanOption = Annotated[
    str | None,
    typer.Option("--plan", metavar="NAME", help="Plan of the configuration; its defaultPlan if none is named."),
]
WorkloadsOption = Annotated[
    str | None,
    typer.Option("--workloads", metavar="A,B", help="Only these workloads, with commas between; all if none is named."),
]
ConfigOption = Annotated[
    Path,
    typer.Option("--config", metavar="FILE", envvar=CONFIG_VARIABLE, help="The configuration."),
]
OutputOption = Annotated[
    Output,
    typer.Option("--output", metavar="text|json", help="text for people, json for programs."),
]
DEFAULT_CONFIG: Final = Path("crossfade.yaml")


def asked_for(plan: str | None, workloads: str | None) -> dict[str, object]:
    """The input of an execution, as far as these two options make it."""
    given: dict[str, object] = {}
    if plan is not None:
        given["plan"] = plan
    if workloads is not None:
        given["workloads"] = [name.strip() for name in workloads.split(",") if name.strip()]
    return given


def plan_asked_for(config: Config, given: dict[str, object]) -> Plan:
    """
    The plan that an execution with the input *given* would run, whatever its `notAfter`.

    Raises:
        InvalidInputError: *given* names something that the configuration lacks.
    """
    asked = read_input(config, given)
    plan = config.plan(asked.plan or config.default_plan)
    chosen = [each for each in plan.workloads if asked.workloads is None or each.name in asked.workloads]
    return plan.model_copy(update={"workloads": tuple(chosen)})
