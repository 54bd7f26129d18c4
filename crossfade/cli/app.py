"""The commands, as people type them: `python -m crossfade COMMAND`. Each command has a module of its own."""

import sys
from collections.abc import Callable, Mapping
from textwrap import fill
from typing import Final

import typer

from crossfade import __version__
from crossfade.cli import demo, plan, preflight, report, serve, simulate, start, status, steer, watch
from crossfade.cli.examples import told
from crossfade.cli.exits import MEANINGS, Exit
from crossfade.cli.printing import complain
from crossfade.errors import CrossfadeError

EXIT_REFUSED: Final = Exit.REFUSED
"""The request was refused or could not be carried out; one sentence on stderr says why and what to do."""

_EPILOG: Final = "\b\nExit codes:\n" + "\n".join(
    fill(f"{code.value}  {words}", 76, initial_indent="  ", subsequent_indent=" " * 5)
    for code, words in MEANINGS.items()
)

app = typer.Typer(
    name="crossfade",
    help=(
        "Move live traffic between two EKS clusters in weighted stages. abort = roll back, hold = freeze.\n\n"
        "Each command explains itself: `crossfade COMMAND --help`. "
        "With --install-completion your shell completes commands, options and names."
    ),
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(value: bool) -> None:  # noqa: FBT001 - typer calls it so
    if value:
        typer.echo(f"crossfade {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(  # noqa: FBT001 - typer options are arguments
        False,  # noqa: FBT003 - typer's default
        "--version",
        callback=_print_version,
        is_eager=True,
        help="Print the version and exit.",
    ),
) -> None:
    """Options before the command."""
    del version


_COMMANDS: Final[Mapping[str, Callable[..., None]]] = {
    "demo": demo.command,
    "serve": serve.serve,
    "simulate": simulate.simulate,
    "replay": simulate.replay,
    "plan": plan.command,
    "preflight": preflight.command,
    "start": start.command,
    "status": status.status,
    "watch": watch.command,
    "approve": steer.approve,
    "promote": steer.promote,
    "hold": steer.hold,
    "resume": steer.resume,
    "abort": steer.abort,
    "history": status.history,
    "report": report.command,
}
for _name, _command in _COMMANDS.items():
    app.command(_name, epilog=told(_name))(_command)


def main() -> None:
    """Run the command; an error of ours is one sentence and exit code 2, never a stack trace."""
    try:
        app(prog_name="crossfade")  # however it was called: its completion needs one word
    except CrossfadeError as error:
        complain(f"crossfade: {error}")
        sys.exit(EXIT_REFUSED)
