"""`serve`: the embedded world, kept open for the commands of other terminals.

The embedded world is imported when it is asked for: it takes seconds, and no other command needs it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import boto3
import typer
from rich.console import Console

from crossfade.cli import completing
from crossfade.cli.options import DEFAULT_CONFIG, DEFAULT_STACK, ConfigOption, current
from crossfade.cli.printing import clock, console
from crossfade.errors import InvalidInputError
from crossfade.names import MACHINE_OUTPUT, REPORTS_OUTPUT, TABLE_OUTPUT, Env, Function
from world.faults import Fault, InvalidFaultError, parse_fault

if TYPE_CHECKING:
    from crossfade.cli.embedded import Embedded
    from world.cloud import Cloud
    from world.gateway import Gateway

BIN: Final = Path(__file__).resolve().parents[2] / "bin"
"""Where the command `crossfade` is."""

ANOTHER: Final = "ann"
"""A second person in the embedded account."""

_WELCOME: Final = """\
The embedded world is open; its time goes {speed} times as fast as yours. In another terminal:

  export PATH={folder}:$PATH
  export AWS_ENDPOINT_URL={url} AWS_REGION={region}
  export AWS_ACCESS_KEY_ID=embedded AWS_SECRET_ACCESS_KEY=embedded
  crossfade start --name tonight --plan quick --reason "to see it"
  crossfade watch tonight
  crossfade abort tonight --reason "seen enough"

All checks before the first write, without moving anything: `crossfade start --dry-run`.

Somebody else, where a plan wants another to approve than who started it:

  export AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret}

Ctrl-C closes it.
"""

_STEP_SECONDS: Final = 0.1
"""Of real time, in which what people type is answered; then as much virtual time passes as it is worth."""


def serve(
    *,
    fault: Annotated[
        str,
        typer.Option(
            "--fault", metavar="NAME", autocompletion=completing.faults, help="Break something, as in `crossfade demo`."
        ),
    ] = "",
    speed: Annotated[
        float, typer.Option("--speed", min=1, max=120, metavar="TIMES", help="How much faster than real its time goes.")
    ] = 30,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="On 127.0.0.1.")] = 5151,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """
    Open the embedded world for the commands of another terminal.

    Nothing moves by itself: start, watch, steer and stop migrations as in an account.
    The notices that people would get are printed here. Ctrl-C ends it, and nothing is left.
    """
    out, faults, checked = console(), _faults(fault), current(config)
    from crossfade.cli.embedded import embedded

    with _listening(port) as gateway, suppress(KeyboardInterrupt):
        out.print("Preparing the embedded world ...", style="dim")
        with embedded(checked, config, seed=1, faults=faults) as world:
            findable(world)
            region = checked.clusters.green.region
            key, secret = another_person()
            words = {"url": gateway.url, "region": region, "speed": f"{speed:g}", "folder": BIN}
            out.print(_WELCOME.format(**words, key=key, secret=secret), soft_wrap=True)
            run(world.cloud, gateway, speed, out)


def another_person() -> tuple[str, str]:
    """The credentials of a user of the embedded account."""
    iam = boto3.client("iam")
    iam.create_user(UserName=ANOTHER)
    made = iam.create_access_key(UserName=ANOTHER)["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


@contextmanager
def _listening(port: int) -> Iterator["Gateway"]:
    """
    Keep *port* until the end.

    Raises:
        InvalidInputError: Somebody else has it.
    """
    from world.gateway import Gateway

    try:
        gateway = Gateway(port)
    except OSError as error:
        msg = f"port {port} cannot be listened on ({error.strerror}); give another --port"
        raise InvalidInputError(msg) from error
    with gateway.open():
        yield gateway


def run(cloud: "Cloud", gateway: "Gateway", speed: float, out: Console) -> None:
    """Let time pass, *speed* times as fast as it does, answer what comes, and print the notices; until Ctrl-C."""
    told = 0
    while True:
        gateway.serve(_STEP_SECONDS)
        cloud.clock.run_until(cloud.clock.now + timedelta(seconds=_STEP_SECONDS * speed))
        messages = cloud.messages
        for message in messages[told:]:
            out.print(f"{clock(cloud.clock.now)}  mail: {message.subject}", soft_wrap=True, markup=False)
        told = len(messages)


def findable(world: "Embedded") -> None:
    """Make the stack of *world* one that the commands find."""
    deployment = world.cloud.deployment
    world.cloud.add_stack(
        DEFAULT_STACK,
        {
            MACHINE_OUTPUT: deployment.machine_arn,
            TABLE_OUTPUT: deployment.table,
            REPORTS_OUTPUT: deployment.functions[Function.REPORT].environment[Env.REPORTS],
        },
    )


def _faults(text: str) -> Sequence[Fault]:
    try:
        return (parse_fault(text),) if text else ()
    except InvalidFaultError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from error
