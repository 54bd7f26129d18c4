"""docs/cli.md, written from the commands themselves; `python -m crossfade.cli.reference` writes it anew.

A test holds the file to this, so that help and documentation cannot drift apart.
"""

from collections.abc import Iterable, Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

import typer

from crossfade.cli import plan_json, seen
from crossfade.cli.app import app
from crossfade.cli.examples import EXAMPLES
from crossfade.cli.exits import MEANINGS

FILE: Final = Path(__file__).resolve().parents[2] / "docs" / "cli.md"

_PREFACE: Final = """\
# The command line

<!-- Written by `python -m crossfade.cli.reference`; change the commands, not this file. -->

`crossfade` is `bin/crossfade` of this repository, from any folder; `make setup` prepares it.
`crossfade COMMAND --help` says the same as this page.
`crossfade --install-completion` teaches bash, zsh, fish or PowerShell the commands and options,
and the names of plans, workloads, stages, migrations, faults, profiles and Regions; its folder has to be on your
PATH for that.

`demo`, `serve`, `simulate`, `plan` and `preflight --embedded` ask nobody but this machine.
All other commands speak to the account in which Crossfade is deployed, with your own credentials:
`--profile` or `AWS_PROFILE`, `--region` or `AWS_REGION`, and `AWS_ENDPOINT_URL` work as everywhere.
They find the state machine and the ledger in the outputs of the CloudFormation stack.
`crossfade serve` opens the embedded world for them, so that all of them can be tried without an account.
They go by the clock of AWS, as its answers tell it, not by that of your machine.

What they need to be allowed: `cloudformation:DescribeStacks`, `states:DescribeExecution` and `states:ListExecutions`,
`dynamodb:GetItem` and `dynamodb:Query` on the ledger's table;
to start, `states:StartExecution`; to steer, `dynamodb:PutItem` on the table;
for `report`, `s3:GetObject` on the bucket of reports.
`preflight` needs no stack, but what the function of that name may read, in AWS and in both clusters:
see [permissions](permissions.md).

**abort** rolls back. **hold** freezes. **approve** lets a gate open. **promote** ends a bake early.
An alarm is never overruled by any of them.
"""


def markdown() -> str:
    """The whole page."""
    group: Any = typer.main.get_command(app)
    commands = [_command(name, command) for name, command in group.commands.items()]
    parts = [_PREFACE, _exit_codes(), *commands, _plan_json(), _migration_json()]
    return "\n".join(parts)


def _exit_codes() -> str:
    return "\n".join(
        ["## Exit codes", "", *_table(("code", "means"), ((f"{c.value}", w) for c, w in MEANINGS.items()))]
    )


def _command(name: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and "--help" not in each.opts]
    usage = " ".join(["crossfade", name, *(_metavar(each) for each in arguments), "[OPTIONS]"])
    lines = ["", f"## {name}", "", *cleandoc(command.help or "").splitlines(), "", f"    {usage}", ""]
    if options:
        lines += [*_table(("option", "what", "default"), (_option(each) for each in options)), ""]
    lines += ["```sh", *EXAMPLES[name], "```"]
    return "\n".join(lines)


def _option(option: Any) -> tuple[str, str, str]:
    if option.secondary_opts:
        either = (option.opts[0], option.secondary_opts[0])
        return " or ".join(f"`{each}`" for each in either), option.help or "", either[0 if option.default else 1]
    form = option.opts[0] if option.is_flag else f"{option.opts[0]} {option.metavar or ''}".strip()
    variables = [option.envvar] if isinstance(option.envvar, str) else option.envvar or []
    default = "required" if option.required else "" if option.default in (None, False, "") else str(option.default)
    return f"`{form}`", option.help or "", " or ".join([*([default] if default else []), *(f"${v}" for v in variables)])


def _metavar(argument: Any) -> str:
    return str(argument.metavar)


def _plan_json() -> str:
    lines = [
        "",
        "## The JSON of `plan`",
        "",
        "Keys are only ever added.",
        "A key that ends in `_seconds`, `transitions` and `dollars` hold `typical` and `longest`, or one figure;",
        "`failed_…` hold `expected` and `worst`, each null when no alarm would see it in time.",
        "How each figure is reckoned, with its sources, stands at the head of `crossfade/core/exposure.py`.",
        "",
    ]
    return "\n".join(
        [*lines, *_table(("key", "means"), ((f"`{key}`", words) for key, words in plan_json.FIELDS.items()))]
    )


def _migration_json() -> str:
    lines = [
        "",
        "## The JSON of a migration",
        "",
        "`status` and `history` print a list of them; with a name, `status` prints one and adds its `timeline`,",
        "and `history` prints the `timeline` alone: a list of `at`, `event`, `text` and `data`, oldest first.",
        "",
    ]
    return "\n".join(
        [*lines, *_table(("key", "means"), ((f"`{key}`", words) for key, words in seen.FIELDS.items())), ""]
    )


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield _row(headings)
    yield _row(tuple("---" for _ in headings))
    yield from (_row(row) for row in rows)


def _row(cells: tuple[str, ...]) -> str:
    return " | ".join(["", *(cell.replace("|", r"\|") for cell in cells), ""]).strip()


if __name__ == "__main__":
    FILE.write_text(markdown(), encoding="utf-8")
