"""`crossfade demo`: one migration on this machine, with everything real but the cloud, and a judge at its end.

The embedded world is imported when it is asked for: it takes seconds, and no other command needs it.
"""

import gc
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from rich.console import Console

from crossfade.adapters.config_file import read_config
from crossfade.cli import completing
from crossfade.cli.exits import Exit
from crossfade.cli.files import folder_of, write
from crossfade.cli.options import asked_for, current, plan_asked_for
from crossfade.cli.printing import console
from crossfade.cli.starting import Way, triggered
from crossfade.cli.summary import Summary, show
from crossfade.cli.view import LiveView, PlainView, SilentView, View
from crossfade.core.config import Config
from crossfade.core.plan import Plan
from crossfade.core.resolve import resolve
from crossfade.errors import InvalidInputError
from crossfade.names import CONFIG_FILE
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
    start: Annotated[
        Way, typer.Option(help="Who starts it: console, schedule, event or pipeline, as the stack has them.")
    ] = Way.CONSOLE,
    approve: Annotated[  # noqa: FBT002 - typer reads options from arguments
        bool,
        typer.Option(help="Let a person approve what waits for it, within minutes; without, nobody comes."),
    ] = True,
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
    for path in (report, dashboard, logs):
        if path is not None:
            folder_of(path)
    out = console()
    if output is Output.TEXT:
        Console(stderr=True).print("Preparing the embedded world ...", style="dim")
    checked = current(config)
    summary = _run(
        checked,
        config,
        plan=plan,
        way=start,
        approve=approve,
        seed=seed,
        faults=faults,
        view=_view(output, out),
        files=Files(report, dashboard, logs),
    )
    if output is Output.JSON:
        sys.stdout.write(json.dumps(summary.to_json(), indent=2) + "\n")
    else:
        show(summary, out, timeline=out.is_terminal)
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
    config: Config,
    path: Path,
    *,
    plan: str,
    way: Way,
    approve: bool,
    seed: int,
    faults: tuple[Fault, ...],
    view: View,
    files: "Files",
) -> Summary:
    from crossfade.cli.approving import Approver
    from crossfade.cli.drawing import Drawing, heading_of
    from crossfade.cli.embedded import embedded, estate_of
    from crossfade.cli.rehearsal import Demo
    from crossfade.cli.reporting import Minutes, report_of
    from crossfade.cli.synth import template
    from crossfade.report import render

    gc.disable()  # half a minute of work; looking for garbage among a million objects of the cloud costs a tenth of it
    given = {"startedBy": "crossfade demo"} | ({"plan": plan} if plan else {})
    spec, chosen = estate_of(config, path), plan_asked_for(config, asked_for(plan or None, None))
    _check_stages(faults, chosen)
    with (
        _written(triggered(config, way, chosen.name), path) as (deployed, file),
        embedded(deployed, file, seed=seed, faults=faults, spec=spec) as world,
    ):
        asked = resolve(deployed, given, now=world.clock.now)
        minutes = Minutes(world)
        drawing = Drawing(world, template(file)) if files.dashboard else None
        with view:
            demo = Demo(
                world,
                asked,
                view,
                fault=", ".join(map(str, faults)),
                way=way,
                approver=Approver(world) if approve else None,
            )
            summary = demo.run(given)
        if files.dashboard and drawing:
            page = drawing.page(heading_of(summary, asked.name, seed, faults))
            write(files.dashboard, page)
        if files.report is not None:
            world.clock.sleep(_TAIL.total_seconds())
        minutes.stop()
        if files.report is not None and (found := report_of(world, demo.migration, summary, minutes)) is not None:
            write(files.report, render(found))
        if files.logs is not None:
            write(files.logs, "".join(f"{line.text}\n" for line in world.cloud.logs))
    return summary


@contextmanager
def _written(config: Config, path: Path) -> Iterator[tuple[Config, Path]]:
    """*config* and a file that says it: *path*, unless a trigger was put in."""
    if config == read_config(path, now=None):
        yield config, path
        return
    with TemporaryDirectory() as folder:
        file = Path(folder) / CONFIG_FILE
        file.write_text(config.to_json(), encoding="utf-8")
        yield config, file


def _check_stages(faults: tuple[Fault, ...], plan: Plan) -> None:
    """
    Refuse what would never break anything.

    Raises:
        InvalidInputError: The plan has no such stage.
    """
    for fault in faults:
        if fault.stage > len(plan.stages):
            msg = f"{fault}: plan {plan.name} has stages 1 to {len(plan.stages)}; name one of them after @"
            raise InvalidInputError(msg)


def _faults(text: str) -> tuple[Fault, ...]:
    try:
        return tuple(parse_fault(part) for part in text.split(",")) if text else ()
    except InvalidFaultError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from error


def _view(output: Output, console: Console) -> View:
    if output is Output.JSON:
        return SilentView()
    return LiveView(console, pause_seconds=PAUSE_SECONDS) if console.is_terminal else PlainView(console)
