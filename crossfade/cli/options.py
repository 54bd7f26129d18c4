"""Options that several commands share, each in words once."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from crossfade.adapters.config_file import read_config
from crossfade.cli.completing import migrations, plans, profiles, regions, workloads
from crossfade.core.config import Config, time_faults
from crossfade.core.plan import Plan
from crossfade.core.resolve import read_input
from crossfade.core.waves import narrowed
from crossfade.errors import InvalidConfigError, InvalidInputError
from crossfade.names import PRODUCT

REASON_MAX: Final = 500
CONFIG_VARIABLE: Final = "CROSSFADE_CONFIG"


class Output(StrEnum):
    """For whom the answer is printed."""

    TEXT = "text"  # people
    JSON = "json"  # programs


PlanOption = Annotated[
    str | None,
    typer.Option(
        "--plan",
        metavar="NAME",
        autocompletion=plans,
        help="Plan of the configuration; its defaultPlan if none is named.",
    ),
]
WorkloadsOption = Annotated[
    str | None,
    typer.Option(
        "--workloads",
        metavar="A,B",
        autocompletion=workloads,
        help="Only these workloads, with commas between; all if none is named.",
    ),
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


def current(path: Path) -> Config:
    """
    The configuration in *path*, as of today: a schedule that is past is refused, as deployment refuses it.

    A plan that is past may still be looked at; nothing starts it.

    Raises:
        InvalidConfigError: With every fault.
    """
    config = read_config(path, now=None)
    if faults := list(time_faults(config, datetime.now(UTC))):
        raise InvalidConfigError(faults)
    return config


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
    return plan if asked.workloads is None else narrowed(plan, asked.workloads)


# --- Where Crossfade is deployed -------------------------------------------------------------------------------------

ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        envvar="AWS_PROFILE",
        autocompletion=profiles,
        help="Profile of your AWS configuration.",
    ),
]
RegionOption = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="REGION",
        envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
        autocompletion=regions,
        help="Of the stack; that of the profile if none is named.",
    ),
]
StackOption = Annotated[
    str, typer.Option("--stack", metavar="NAME", help="The CloudFormation stack of Crossfade, by which all is found.")
]

DEFAULT_STACK: Final = PRODUCT

MigrationArgument = Annotated[
    str,
    typer.Argument(metavar="MIGRATION", autocompletion=migrations, help="Its name, as `crossfade status` shows it."),
]
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="WORDS", help="Why, in one line; it is recorded beside your name.")
]


def one_line(reason: str) -> str:
    """
    *reason*, if the ledger takes it.

    Raises:
        InvalidInputError: It has several lines or more than 500 characters.
    """
    if len(reason) > REASON_MAX or not reason.isprintable():
        msg = f"a reason is one line of at most {REASON_MAX} characters; shorten it"
        raise InvalidInputError(msg)
    return reason.strip()
