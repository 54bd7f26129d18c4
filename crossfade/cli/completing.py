"""What the shell offers when somebody presses Tab: names of plans, workloads, migrations, profiles and more.

It reads the configuration of this machine; the names of migrations it asks of AWS, once and not for long. Where there
is none, or nobody answers, nothing is offered.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import boto3
import typer

from crossfade.adapters.config_file import read_config
from crossfade.cli.account import connected
from crossfade.core.config import Config
from crossfade.core.plan import Gate
from crossfade.errors import CrossfadeError
from crossfade.names import PRODUCT
from world.faults import FaultKind

_LATEST: Final = 20


def plans(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Plans of the configuration."""
    config = _config(context)
    if config is None:
        return []
    found = ((name, f"{len(config.plan(name).stages)} stages") for name in config.plans)
    return _beginning(found, incomplete)


def workloads(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Workloads of the configuration; after a comma the next one."""
    config = _config(context)
    if config is None:
        return []
    return _after_comma(((each.name, each.host) for each in config.workloads), incomplete)


def gated_stages(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Numbers of the stages that wait for approval in any plan."""
    config = _config(context)
    if config is None:
        return []
    found: dict[str, str] = {}
    for name in config.plans:
        for index, stage in enumerate(config.plan(name).stages, start=1):
            if stage.gate is Gate.APPROVAL:
                found.setdefault(f"{index}", f"{stage.share_percent:g} %, plan {name}")
    return _beginning(sorted(found.items()), incomplete)


def faults(_context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Everything that can be broken; after a comma the next one."""
    return _after_comma(((kind.value, "") for kind in FaultKind), incomplete)


def faults_before(_context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """What can be wrong before a start."""
    return _beginning(((kind.value, "") for kind in FaultKind if kind.is_before_the_start), incomplete)


def profiles(_context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Of the AWS configuration."""
    return _beginning(((name, "") for name in boto3.Session().available_profiles), incomplete)


def regions(_context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Those that boto3 knows Step Functions in."""
    return _beginning(((name, "") for name in boto3.Session().get_available_regions("stepfunctions")), incomplete)


def migrations(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The latest migrations of the account."""
    profile, region = context.params.get("profile"), context.params.get("region")
    stack = context.params.get("stack") or PRODUCT
    try:
        with connected(profile=profile, region=region, stack=stack, hurried=True) as account:
            found = [(each.name, each.status.lower()) for each in account.executions.recent(_LATEST)]
    except CrossfadeError:
        return []
    return _beginning(found, incomplete)


def _config(context: typer.Context) -> Config | None:
    given: Any = context.params.get("config") or "crossfade.yaml"
    try:
        return read_config(Path(str(given)), now=None)
    except CrossfadeError:
        return None


def _beginning(found: Iterable[tuple[str, str]], incomplete: str) -> list[tuple[str, str]]:
    return [(value, words) for value, words in found if value.startswith(incomplete)]


def _after_comma(found: Iterable[tuple[str, str]], incomplete: str) -> list[tuple[str, str]]:
    before, comma, last = incomplete.rpartition(",")
    named = before.split(",")
    left = ((value, words) for value, words in found if value not in named)
    return [(f"{before}{comma}{value}", words) for value, words in _beginning(left, last)]
