"""A configuration that nobody could deploy is refused by every command that reads one: one sentence, nothing begun."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Run

SHIPPED = Path(__file__).resolve().parents[2] / "crossfade.yaml"
SUNDAYS = {"windows": [{"days": ["SUN"], "opens": "02:00", "closes": "06:00"}]}
FOR_EVER = {"begins": "2026-01-01T00:00:00Z", "ends": "2096-01-01T00:00:00Z", "reason": "the sale"}

READERS = [("plan",), ("preflight",), ("preflight", "--embedded"), ("demo",), ("serve", "--port", "0")]
"""Commands that read the file; `start` and the others take the plan that is deployed."""


def _changed(**changes: Any) -> str:
    """The shipped estate with its plan standard alone, so that each fault is one."""
    document = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    document |= {"plans": {"standard": document["plans"]["standard"]}, "triggers": {}}
    return yaml.safe_dump(document | changes)


def _scheduled(expression: str, **more: Any) -> str:
    schedule = {"name": "tonight", "expression": expression, "timezone": "Europe/Dublin", "plan": "standard"}
    return _changed(triggers={"schedules": [schedule]}, **more)


def _refused(run: Run, folder: Path, content: str | bytes, *command: str) -> str:
    path = folder / "estate.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    ran = run(*command, "--config", str(path))
    said = [line for line in ran.err.splitlines() if not line.startswith("Preparing")]
    assert (ran.code, ran.out, len(said)) == (2, "", 1), ran
    assert said[0].startswith("crossfade: ")
    return said[0]


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_a_schedule_in_the_past_is_refused_as_deployment_refuses_it(
    run: Run, tmp_path: Path, command: tuple[str, ...]
) -> None:
    said = _refused(run, tmp_path, _scheduled("at(2020-01-31T06:00:00)"), *command)

    assert "'at(2020-01-31T06:00:00)' is past; move it forward or remove the schedule" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(_scheduled("cron(0 2 31 2 ? *)"), "never fires; write a time that comes", id="30 February"),
        pytest.param(_scheduled("cron(0 2 * * ? 2020)"), "never fires; write a time that comes", id="a year ago"),
        pytest.param(_scheduled("cron(0 2 * * * *)"), "exactly one of day of month and day of week", id="two days"),
        pytest.param(_scheduled("rate(0 days)"), "must be cron(0 6 ? * TUE *) with six fields", id="no rate"),
        pytest.param(
            _changed(calendar=SUNDAYS | {"freezes": [FOR_EVER]}),
            "no window of the next 400 days has room for plan standard",
            id="a freeze over everything",
        ),
        pytest.param(
            _scheduled("cron(0 9 ? * TUE *)", calendar=SUNDAYS),
            "never starts in a window with room for plan standard",
            id="outside every window",
        ),
        pytest.param("- a\n- b\n", "must be a mapping of keys to values", id="a list"),
        pytest.param("hello\n", "must be a mapping of keys to values", id="words"),
        pytest.param("", "is empty; begin it with version: 1", id="empty"),
        pytest.param("version: 1\nclusters:\n\tblue: x\n", "look at line 3, column 1: found a tab", id="tabs"),
        pytest.param("version: 1\n---\nversion: 1\n", "line 2, column 1: a second document begins here", id="two"),
        pytest.param("version: [1\n", "is not YAML; look at line 2", id="an open bracket"),
        pytest.param(b"\xff\xfe\x00a", "is not UTF-8 text; save the file as UTF-8", id="bytes"),
    ],
)
def test_what_cannot_be_deployed_is_refused_in_one_sentence(
    run: Run, tmp_path: Path, content: str | bytes, said: str
) -> None:
    assert said in _refused(run, tmp_path, content, "plan")


@pytest.mark.parametrize(
    ("name", "why"), [("nowhere.yaml", "No such file or directory"), ("", "Is a directory")], ids=["missing", "folder"]
)
def test_a_file_that_cannot_be_read_is_named(run: Run, tmp_path: Path, name: str, why: str) -> None:
    path = tmp_path / name

    ran = run("plan", "--config", str(path))

    assert (ran.code, ran.out) == (2, "")
    assert (
        ran.err == f"crossfade: configuration: cannot be read from {path} ({why}); give the path of a crossfade.yaml\n"
    )


def test_a_fault_in_a_stage_that_the_plan_lacks_does_not_begin_a_demo(run: Run) -> None:
    ran = run("demo", "--plan", "quick", "--fault", "green-5xx@3")

    assert (ran.code, ran.out) == (2, "")
    assert "crossfade: green-5xx@3: plan quick has stages 1 to 2; name one of them after @\n" in ran.err


@pytest.mark.parametrize("option", ["--report", "--dashboard", "--logs"])
def test_a_demo_that_could_not_write_its_files_does_not_begin(run: Run, tmp_path: Path, option: str) -> None:
    ran = run("demo", option, str(tmp_path / "missing" / "file"))

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("crossfade: ")
    assert "there is no folder" in ran.err
