"""What the pages point at is there."""

import re
from itertools import takewhile
from pathlib import Path

import pytest

from crossfade.names import EPOCH_ANNOTATION
from tests.docs.reading import Page, page, pages
from tools.reference.markdown import ROOT

PAGES = pages()
TOP = {path.name for path in ROOT.iterdir()}
NOT_PATHS = {EPOCH_ANNOTATION}

each_page = pytest.mark.parametrize("found", PAGES, ids=lambda found: found.name)


def _target(found: Page, link: str) -> tuple[Path, str]:
    name, _, anchor = link.partition("#")
    return (found.path.parent / name).resolve() if name else found.path, anchor


@each_page
def test_every_link_into_the_repository_leads_somewhere(found: Page) -> None:
    broken = []
    for link in found.links:
        if link.startswith("https://"):
            continue
        target, anchor = _target(found, link)
        if not target.exists() or (anchor and anchor not in Page(target).anchors):
            broken.append(link)

    assert not broken


@each_page
def test_every_link_elsewhere_is_encrypted(found: Page) -> None:
    assert not re.findall(r"http://(?!127\.0\.0\.1)", found.text)


@each_page
def test_every_path_that_is_named_exists(found: Page) -> None:
    named = [span.rstrip("/") for span in found.spans if re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", span)]
    paths = [name for name in named if name.partition("/")[0] in TOP and "/" in name and name not in NOT_PATHS]

    assert not [path for path in paths if not (ROOT / path).exists()]


@each_page
def test_every_module_that_is_named_exists(found: Page) -> None:
    commands = [line for line in found.code_lines if " -m " in line]
    modules = [match[1] for line in commands for match in re.finditer(r" -m ([\w.]+)", line)]
    files = [span for span in found.spans if re.fullmatch(r"\w+\.py", span)]

    assert not [name for name in modules if not _is_module(name)]
    assert not [name for name in files if not any(ROOT.glob(f"[a-z]*/**/{name}")) and not (ROOT / name).exists()]


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists()


@each_page
def test_every_make_target_that_is_named_exists(found: Page) -> None:
    targets = set(re.findall(r"^([a-z_-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set()
    for line in found.code_lines:
        for match in re.finditer(r"(?:^|[;&]|\s)make((?: [a-zA-Z=._-]+)+)", line):
            words = match[1].split()
            named |= set(takewhile(lambda word: word.isidentifier() and word.islower(), words))

    assert named <= targets


@each_page
def test_no_page_names_a_path_of_the_machine_it_was_written_on(found: Page) -> None:
    assert not re.findall(r"(?<![\w.:/-])/(?:work|root|home|tmp|Users)/", found.text)


def test_every_page_stands_in_the_index() -> None:
    index = page("docs/index.md")
    listed = {_target(index, link)[0] for link in index.links if not link.startswith("https://")}
    written = {found.path for found in PAGES if found.path.parent in (ROOT, ROOT / "docs")}

    assert written - {index.path} <= listed


def test_what_is_to_be_checked_on_aws_is_numbered_without_a_gap() -> None:
    numbers = re.findall(r"^\| (\d+) \|", page("docs/check-on-aws.md").text, re.MULTILINE)

    assert numbers == [f"{number}" for number in range(1, len(numbers) + 1)]


@each_page
def test_tables_are_whole(found: Page) -> None:
    """Every row of a table has as many cells as its head."""
    for table in re.findall(r"(?:^\|.*\|\n)+", found.text, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(widths) == 1, table
