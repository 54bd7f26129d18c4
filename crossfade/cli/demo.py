"""`crossfade demo`: one migration on this machine, with everything real but the cloud, and a judge at its end.

The embedded world is imported when it is asked for: it takes seconds, and no other command needs it.
"""

import gc
import json
import sys
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from crossfade.cli import completing
from crossfade.cli.exits import Exit
from crossfade.cli.files import folder_of, write
from crossfade.cli.options import current
from crossfade.cli.summary import Summary, show
from crossfade.cli.view import LiveView, PlainView, SilentView, View
from crossfade.core.config import Config
from crossfade.core.resolve import resolve
from world.faults import Fault, InvalidFaultError, parse_fault

PAUSE_SECONDS: Final = 0.0
"""Real time that one picture of the live view stands, beyond what computing the next minute takes."""

_TAIL: Final = timedelta(minutes=15)
"""The report shows for so long how the last users leave."""


class Output(StrEnum):
    """How the demo speaks."""

    TEXT = "text"
    JSON = "json"


def command(  # noqa: PLR0917 - typer reads options from arguments
    fault: Annotated[
        str,
        typer.Option(
            autocompletion=completing.faults,
            help="Break something: green-5xx, green-crash, stuck-external-dns, throttled-route53, route53-down, "
            "handler-crash, argocd-reverts, argocd-stalled, hub-silent or stop (somebody stops the execution), "
            "with @STAGE to begin later, such as green-5xx@3; "
            "green-5xx:yelb breaks one workload alone; several with commas; "
            "or one that `preflight` lists, such as preflight:blind-alarm.",
        ),
    ] = "",
    plan: Annotated[
        str,
        typer.Option(
            autocompletion=completing.plans, help="Plan of the configuration; its default plan if none is named."
        ),
    ] = "",
    seed: Annotated[int, typer.Option(help="Of all chance in the embedded world; the same seed repeats a run.")] = 1,
    output: Annotated[Output, typer.Option(help="text for people, json for programs (one object).")] = Output.TEXT,
    config: Annotated[Path, typer.Option(help="The configuration to deploy.")] = Path("crossfade.yaml"),
    report: Annotated[Path | None, typer.Option(help="Write the evidence report, an HTML page, here.")] = None,
    dashboard: Annotated[
        Path | None,
        typer.Option(help="Draw the dashboard with what this run publishes, and write the HTML page here."),
    ] = None,
    logs: Annotated[Path | None, typer.Option(help="Write what the functions logged into this file.")] = None,
) -> None:
    """
    Run a whole migration on this machine, in virtual time.

    No account, no Docker and no cluster is needed.

    Exit code 0 when the run ended as promised (a rollback that was read back is kept, too), 1 when a promise was
    broken, 2 when the request was refused.
    """
    faults = _faults(fault)
    for path in (report, logs):
        if path is not None:
            folder_of(path)
    console = Console()
    if output is Output.TEXT:
        Console(stderr=True).print("Preparing the embedded world ...", style="dim")
    checked = current(config)
    summary = _run(
        checked,
        config,
        plan=plan,
        seed=seed,
        faults=faults,
        view=_view(output, console),
        files=Files(report, dashboard, logs),
    )
    if output is Output.JSON:
        sys.stdout.write(json.dumps(summary.to_json(), indent=2) + "\n")
    else:
        show(summary, console, timeline=console.is_terminal)
    if summary.broken:
        raise typer.Exit(Exit.BROKEN)


@dataclass(frozen=True, slots=True)
class Files:
    """
    What is written beside the screen; None for what is not wanted.

    Attributes:
        report: The evidence report.
        dashboard: The drawing of the dashboard.
        logs: What the functions logged.
    """

    report: Path | None
    dashboard: Path | None
    logs: Path | None


def _run(
    config: Config, path: Path, *, plan: str, seed: int, faults: tuple[Fault, ...], view: View, files: "Files"
) -> Summary:
    from crossfade.cli.drawing import Drawing, heading_of
    from crossfade.cli.embedded import embedded
    from crossfade.cli.rehearsal import MIGRATION, Demo
    from crossfade.cli.reporting import Minutes, report_of
    from crossfade.cli.synth import template
    from crossfade.report import render

    gc.disable()  # half a minute of work; looking for garbage among a million objects of the cloud costs a tenth of it
    given = {"startedBy": "crossfade demo"} | ({"plan": plan} if plan else {})
    with embedded(config, path, seed=seed, faults=faults) as world:
        asked = resolve(config, given, now=world.clock.now)
        minutes = Minutes(world)
        drawing = Drawing(world, template(path)) if files.dashboard else None
        with view:
            summary = Demo(world, asked, view, fault=", ".join(map(str, faults))).run(given)
        if files.dashboard and drawing:
            page = drawing.page(heading_of(summary, asked.name, seed, faults))
            files.dashboard.write_text(page, encoding="utf-8")
        if files.report is not None:
            world.clock.sleep(_TAIL.total_seconds())
        minutes.stop()
        if files.report is not None and (found := report_of(world, MIGRATION, summary, minutes)) is not None:
            write(files.report, render(found))
        if files.logs is not None:
            write(files.logs, "".join(f"{line.text}\n" for line in world.cloud.logs))
    return summary


def _faults(text: str) -> tuple[Fault, ...]:
    try:
        return tuple(parse_fault(part) for part in text.split(",")) if text else ()
    except InvalidFaultError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from error


def _view(output: Output, console: Console) -> View:
    if output is Output.JSON:
        return SilentView()
    return LiveView(console, pause_seconds=PAUSE_SECONDS) if console.is_terminal else PlainView(console)
