"""Words of the code that the pages use are words of the code, and complete tables are complete."""

import re
import shlex
from typing import Any

import pytest
import typer

from crossfade import errors
from crossfade.cli.app import app
from crossfade.core.record import Outcome
from crossfade.errors import PermanentError
from crossfade.names import Metric, State
from tests.docs.reading import Page, page, pages
from tests.steps.scene import Scene, a_plan
from tools.reference.configuration import key_paths
from tools.reference.markdown import ROOT
from tools.reference.words import error_classes

PAGES = pages()

each_page = pytest.mark.parametrize("found", PAGES, ids=lambda found: found.name)


@each_page
def test_every_error_that_is_named_exists(found: Page) -> None:
    named = {span for span in found.spans if re.fullmatch(r"[A-Z]\w+Error", span)}

    assert not [name for name in named if not hasattr(errors, name)]


@each_page
def test_every_state_that_is_named_exists(found: Page) -> None:
    """A span in backticks that reads like a state's name is one."""
    named = {span for span in found.spans if re.fullmatch(r"[A-Z][a-z]+( [a-z]+)+\??", span)}

    assert named <= {state.value for state in State}


@each_page
def test_every_configuration_key_that_is_named_exists(found: Page) -> None:
    keys = {re.sub(r"\[\]", "", path) for path in key_paths()}
    tops = "|".join(sorted({key.partition(".")[0] for key in keys}))
    named = {re.sub(r"\[\d*\]", "", span) for span in found.spans if re.fullmatch(rf"(?:{tops})\.[\w.\[\]]+", span)}
    known = {key.replace(".NAME", "") for key in keys} | keys

    assert not {name for name in named if not name.endswith((".yaml", ".json")) and name not in known}


@each_page
def test_every_command_and_option_that_is_named_exists(found: Page) -> None:
    group: Any = typer.main.get_command(app)
    unknown = []
    for line in found.code_lines:
        if called := re.match(r"(?:\S+ -m )?crossfade ([a-z]+)(.*)", line.strip()):
            command = group.commands.get(called[1])
            options = {option for each in getattr(command, "params", ()) for option in each.opts} | {"--help"}
            asked = set(re.findall(r"(?<=\s)--[a-z-]+", called[2].partition("#")[0]))
            if command is None or not asked <= options:
                unknown.append(line)

    assert not unknown


@each_page
def test_every_command_that_is_shown_to_be_copied_is_accepted_as_it_stands(found: Page) -> None:
    """Options that are missing, and values that are none, are seen here; nothing is run."""
    group: Any = typer.main.get_command(app)
    for line in found.block_lines:
        if called := re.match(r"(?:\S*bin/)?crossfade ([a-z]+)(.*)", line.strip()):
            given = shlex.split(called[2], comments=True)
            with group.commands[called[1]].make_context(called[1], given):
                pass


@each_page
def test_every_variable_that_is_named_is_read_somewhere(found: Page) -> None:
    named = set(re.findall(r"\bCROSSFADE_[A-Z_]+\b", found.text))
    sources = [ROOT / "app.py", *ROOT.glob("crossfade/**/*.py"), *ROOT.glob("stacks/*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)

    assert not [name for name in named if name not in text]


def _words_of_headings(found: Page) -> set[str]:
    return {heading.strip("`") for heading in found.headings if heading.startswith("`")}


def test_the_runbook_has_a_section_for_every_outcome_and_every_permanent_error() -> None:
    permanent = {error.__name__ for error in error_classes() if issubclass(error, PermanentError)}

    assert _words_of_headings(page("docs/runbook.md")) == {outcome.value for outcome in Outcome} | permanent


def test_the_runbook_names_every_state_that_waits() -> None:
    waiting = {State.WAIT_FOR_TRAFFIC, State.BAKE, State.SOAK, State.WAIT_FOR_COMPLETION, State.WAIT_FOR_ROLLBACK}
    named = {cell.strip("`") for cell in page("docs/runbook.md").first_cells("Nothing seems to happen")}

    assert named - {"It stays in"} == waiting


def test_the_runbook_names_every_metric() -> None:
    assert {metric.value for metric in Metric} <= set(page("docs/runbook.md").spans)


def test_the_readme_lists_the_output_as_it_is() -> None:
    result = Scene(plan=a_plan(dry_run=True)).leased().complete().result
    listed = [cell.strip("`") for cell in page("README.md").first_cells("Output")]

    assert result is not None
    assert sorted(listed) == sorted(["Key", *result])


_CHECKERS = ("invariants", "reactions", "stranding")


def test_the_architecture_lists_every_invariant_that_the_simulator_checks() -> None:
    source = "".join((ROOT / "simulation" / f"{name}.py").read_text("utf-8") for name in _CHECKERS)
    listed = {cell for cell in page("ARCHITECTURE.md").first_cells("The simulator") if cell != "#"}

    assert listed == set(re.findall(r'"(I\d+)"', source))


def test_the_contributing_page_lists_every_folder_of_tests() -> None:
    folders = {f"tests/{path.parent.name}/" for path in (ROOT / "tests").glob("*/test_*.py")}
    listed = {cell.strip("`") for cell in page("CONTRIBUTING.md").first_cells("Tests")}

    assert listed == {"Folder", *folders}
