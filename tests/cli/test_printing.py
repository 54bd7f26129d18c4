"""What commands print is read on a terminal of eighty columns, too."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import typer
from rich.console import Console
from typer.testing import CliRunner

from crossfade.cli.app import app
from crossfade.cli.lines import lines_of
from crossfade.cli.printing import print_timeline
from crossfade.core.timeline import Event

TWO = datetime(2026, 3, 1, 2, tzinfo=UTC)
WRITES = tuple(
    Event(TWO, "weight_written", f"{name}: raise green to 1", {"workload": name}) for name in ("burnham", "yelb")
)
LONG = Event(
    TWO, "verdict_changed", "burnham: green fails more than blue: 6 of 39 requests on green, 1 of 8,870 on blue"
)


def printed(*, terminal: bool) -> list[str]:
    out = StringIO()
    print_timeline(
        (*WRITES, LONG), Console(file=out, width=80, force_terminal=terminal, color_system=None, highlight=False)
    )
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_a_long_line_is_folded_between_words_beside_its_clock() -> None:
    assert printed(terminal=True) == [
        "2026-03-01 02:00:00  raise green to 1: burnham, yelb",
        "2026-03-01 02:00:00  burnham: green fails more than blue: 6 of 39 requests on",
        "                     green, 1 of 8,870 on blue",
    ]


def test_a_pipe_gets_a_line_an_entry() -> None:
    assert [line[21:] for line in printed(terminal=False)] == ["raise green to 1: burnham, yelb", LONG.text]


def test_the_list_of_commands_fits_into_eighty_columns_untruncated() -> None:
    group: Any = typer.main.get_command(app)

    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).stdout

    assert "..." not in shown.partition("Commands:")[2]
    assert max(map(len, shown.splitlines())) <= 80
    assert all(command.help.strip().splitlines()[0] in shown for command in group.commands.values())


def test_a_reason_is_read_once_a_moment_whatever_stands_between() -> None:
    aborted = "aborted by ann: enough"
    events = [
        Event(TWO, "signalled", aborted),
        Event(TWO, "rollback_began", "the rollback begins: blue is raised first"),
        *WRITES,
        Event(TWO, "decided", aborted),
    ]

    assert [line.text for line in lines_of(events)] == [
        aborted,
        "the rollback begins: blue is raised first",
        "raise green to 1: burnham, yelb",
    ]
