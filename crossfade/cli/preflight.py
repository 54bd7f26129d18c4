"""`crossfade preflight`: every check that a migration makes before its first write, alone. It only reads.

It reads with the caller's own credentials; the functions read with their roles, so a check can pass here and be
refused there. `start --dry-run` makes the same checks with the roles.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import boto3
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossfade.adapters.https_probe import Network
from crossfade.cli.account import connected
from crossfade.cli.completing import faults_before
from crossfade.cli.exits import Exit
from crossfade.cli.options import (
    DEFAULT_CONFIG,
    DEFAULT_STACK,
    ConfigOption,
    Output,
    OutputOption,
    PlanOption,
    ProfileOption,
    RegionOption,
    WorkloadsOption,
    asked_for,
    current,
    plan_asked_for,
)
from crossfade.cli.printing import console
from crossfade.core.config import Config
from crossfade.core.finding import Finding, Grade, together
from crossfade.core.plan import Plan
from crossfade.core.preflight import CHECKS, UNREAD, examine
from crossfade.errors import CrossfadeError, InvalidInputError
from crossfade.steps.preflight import gather
from crossfade.wiring import Wired
from world.faults import FaultKind, InvalidFaultError, parse_fault

_STYLES: Final = {Grade.PASS: "green", Grade.WARN: "yellow", Grade.FAIL: "bold red"}
_ABOUT: Final = 32
"""Characters of the names of what was looked at; more go into another line."""
_BEFORE: Final = tuple(kind.value for kind in FaultKind if kind.is_before_the_start)


def command(
    *,
    plan: PlanOption = None,
    workloads: WorkloadsOption = None,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="Ask the embedded world instead of AWS; no account is needed.")
    ] = False,
    fault: Annotated[
        str,
        typer.Option(
            "--fault",
            metavar="NAME",
            autocompletion=faults_before,
            help=f"With --embedded, be wrong: {', '.join(_BEFORE)}.",
        ),
    ] = "",
    output: OutputOption = Output.TEXT,
    config: ConfigOption = DEFAULT_CONFIG,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """
    Check everything that a migration needs, and change nothing.

    These are the checks that every migration makes before its first write, with your credentials.
    You need to read what the function may read, and to be in the group crossfade:shifters of both clusters.
    Exit code 5 if a check fails.
    """
    read = current(config)
    asked = plan_asked_for(read, asked_for(plan, workloads))
    if embedded:
        findings = _look_embedded(read, config, asked, fault)
    elif fault:
        msg = "--fault makes the embedded world wrong; give --embedded, too"
        raise InvalidInputError(msg)
    else:
        findings = _look(read, asked, profile, region)
    if output is Output.JSON:
        typer.echo(json.dumps(to_json(asked, findings), indent=2))
    else:
        show(findings, console())
    if any(finding.verdict is Grade.FAIL for finding in findings):
        raise typer.Exit(Exit.CHECK_FAILED)


def _look(config: Config, plan: Plan, profile: str | None, region: str | None) -> tuple[Finding, ...]:
    with connected(profile=profile, region=region, stack=DEFAULT_STACK) as account, _by_default(account.session):
        if account.is_embedded:
            msg = (
                "the endpoint is on this machine, where no cluster and no load balancer can be asked; "
                "take `crossfade start --dry-run`, which makes these checks there, or give --embedded for a world of "
                "its own; for AWS, unset AWS_ENDPOINT_URL"
            )
            raise InvalidInputError(msg)
        _ = account.caller  # without credentials, one sentence is enough
        return _looked(config, plan, account.region, session=account.session)


def _looked(
    config: Config,
    plan: Plan,
    region: str,
    *,
    session: boto3.Session | None = None,
    network: Network | None = None,
) -> tuple[Finding, ...]:
    parts = Wired(table="", topic_arn="", config_file="", region=region, session=session, network=network)
    parts.config = config
    read = gather(parts.router, parts.rescue, parts.alarms, parts.estate, plan, probe=parts.probe, told=CrossfadeError)
    return examine(read)


def _look_embedded(config: Config, path: Path, plan: Plan, fault: str) -> tuple[Finding, ...]:
    from crossfade.cli.embedded import embedded, network_of  # noqa: PLC0415 - it takes seconds, and AWS users do not need it

    try:
        faults = [parse_fault(fault)] if fault else []
    except InvalidFaultError as error:
        raise InvalidInputError(str(error)) from error
    with embedded(config, path, seed=1, faults=faults) as world:
        for each in faults:
            if not each.kind.is_before_the_start:
                world.estate.stage_entered(each.stage)
        if any(not each.kind.is_before_the_start for each in faults):
            world.clock.sleep(timedelta(minutes=5).total_seconds())
        network = network_of(world.estate)
        return _looked(config, plan, config.clusters.green.region, network=network)


@contextmanager
def _by_default(session: boto3.Session) -> Iterator[None]:
    """Inside, clients that are made without a session use *session*: the adapters are those of the functions."""
    before = boto3.DEFAULT_SESSION
    boto3.DEFAULT_SESSION = session
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = before


def to_json(plan: Plan, findings: Sequence[Finding]) -> dict[str, Any]:
    """For programs: the plan, how many findings came to each verdict, and all of them."""
    counts = Counter(finding.verdict for finding in findings)
    return {
        "plan": plan.name,
        "passed": not counts[Grade.FAIL],
        **{grade.value: counts[grade] for grade in Grade},
        "findings": [finding.to_json() for finding in findings],
    }


def show(findings: Sequence[Finding], out: Console) -> None:
    """One table: whatever failed or warns in full, whatever passed a line a check."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("check", "verdict", "about", "evidence and fix"):
        width = _ABOUT if heading == "about" else None
        table.add_column(heading, no_wrap=heading in ("check", "verdict"), max_width=width, overflow="fold")
    for check in CHECKS:
        for row in _rows([finding for finding in findings if finding.check == check.id], check.title):
            table.add_row(check.id, *row)
    out.print(table)
    counts = Counter(finding.verdict for finding in findings)
    out.print()
    if any(finding.check == UNREAD and finding.verdict is Grade.FAIL for finding in findings):
        out.print("Something could not be read: a check without a line above may not have been made.")
    then = ": a migration would be refused before its first write; mend what failed" if counts[Grade.FAIL] else ""
    out.print(f"{counts[Grade.PASS]} passed, {counts[Grade.WARN]} with a warning, {counts[Grade.FAIL]} failed{then}")


def _rows(findings: Sequence[Finding], title: str) -> Iterator[tuple[Text, Text, Text]]:
    """Verdict, subject and words of every line; as Text, since words in [brackets] are no styles."""
    passed = [finding for finding in findings if finding.verdict is Grade.PASS]
    for finding in together(each for each in findings if each.verdict is not Grade.PASS):
        yield _verdict(finding.verdict), Text(finding.about), Text(f"{finding.evidence}; {finding.fix}")
    if len(passed) == 1:
        yield _verdict(Grade.PASS), Text(passed[0].about), Text(passed[0].evidence)
    elif passed:
        yield _verdict(Grade.PASS), Text(f"{len(passed)} of {len(findings)}"), Text(title)


def _verdict(grade: Grade) -> Text:
    return Text(grade.value.upper(), style=_STYLES[grade])
