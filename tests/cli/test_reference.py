"""Help and documentation: from the same source, and they teach."""

import shlex
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from crossfade.adapters.config_file import read_config
from crossfade.cli.app import app
from crossfade.cli.examples import EXAMPLES
from crossfade.cli.exits import MEANINGS, Exit, exit_of
from crossfade.cli.options import asked_for, plan_asked_for
from crossfade.cli.reference import FILE, markdown
from crossfade.core.record import Outcome
from world.faults import parse_fault

SHIPPED = read_config(FILE.parents[1] / "crossfade.yaml", now=None)
GROUP: Any = typer.main.get_command(app)
OURS = [
    "serve",
    "plan",
    "preflight",
    "start",
    "status",
    "watch",
    "approve",
    "promote",
    "hold",
    "resume",
    "abort",
    "history",
    "report",
]


def _help(*command: str) -> str:
    answer = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "100", "TERMINAL_WIDTH": "100"})
    assert answer.exit_code == 0
    return answer.stdout


def test_the_documentation_is_what_the_commands_say() -> None:
    assert FILE.read_text(encoding="utf-8") == markdown(), "run `python -m crossfade.cli.reference`"


@pytest.mark.parametrize("command", OURS)
def test_the_first_line_of_help_is_a_short_sentence(command: str) -> None:
    first = GROUP.commands[command].help.strip().splitlines()[0]

    assert first.endswith(".")
    assert len(first) <= 66


@pytest.mark.parametrize("command", OURS)
def test_every_option_says_what_it_is_for(command: str) -> None:
    assert all(each.help for each in GROUP.commands[command].params)


def test_the_words_of_stopping_are_told_apart_in_the_first_line() -> None:
    assert "abort = roll back, hold = freeze" in " ".join(_help().split())
    assert GROUP.commands["abort"].help.strip().startswith("Roll back: give all traffic back to blue; hold = freeze.")
    assert "hold = freeze, abort = roll back" in GROUP.commands["hold"].help.strip().splitlines()[0]


def test_exit_codes_and_completion_stand_in_the_help() -> None:
    shown = _help()

    assert all(f"{code.value}  {words}"[:40] in shown for code, words in MEANINGS.items())
    assert "--install-completion" in shown


def test_every_outcome_has_an_exit_code_and_every_code_a_meaning() -> None:
    assert {exit_of(outcome) for outcome in Outcome} < set(MEANINGS) == set(Exit)


def test_every_command_has_examples_at_the_end_of_its_help() -> None:
    assert set(EXAMPLES) == set(GROUP.commands)
    assert all(f"  {line}" in _help(name) for name, lines in EXAMPLES.items() for line in lines)


@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line in lines])
def test_an_example_is_accepted_and_names_what_the_shipped_configuration_has(line: str) -> None:
    _, name, *given = shlex.split(line)
    command = GROUP.commands[name]

    with command.make_context(name, given) as context:
        asked = asked_for(context.params.get("plan") or None, context.params.get("workloads"))
        assert plan_asked_for(SHIPPED, asked).workloads
        for fault in (context.params.get("fault") or "").split(","):
            assert not fault or parse_fault(fault)
