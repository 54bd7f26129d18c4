"""Help and documentation: from the same source, and they teach."""

from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from crossfade.cli.app import app
from crossfade.cli.exits import MEANINGS, Exit, exit_of
from crossfade.cli.reference import FILE, markdown
from crossfade.core.record import Outcome

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
