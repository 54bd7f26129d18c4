"""What is made from the code is as the code has it."""

import re

import pytest

from tests.docs.reading import Page, page, pages
from tools.reference.configuration import key_paths
from tools.reference.markdown import ROOT
from tools.reference.parts import PARTS, rewritten, stale

PAGES = pages()


@pytest.mark.xdist_group("synthesis")
def test_every_generated_part_is_as_the_code_has_it() -> None:
    found = [str(path.relative_to(ROOT)) for path in stale()]

    assert not found, "run: .venv/bin/python -m tools.reference"


@pytest.mark.parametrize("found", PAGES, ids=lambda found: found.name)
def test_every_part_that_begins_is_known_and_ends(found: Page) -> None:
    begun = re.findall(r"^<!-- generated: (\S+) -->$", found.text, re.MULTILINE)
    ended = re.findall(r"^<!-- end: (\S+) -->$", found.text, re.MULTILINE)

    assert begun == ended
    assert set(begun) <= set(PARTS)


def test_every_part_that_can_be_made_is_shown_somewhere() -> None:
    shown = {name for found in PAGES for name in re.findall(r"<!-- generated: (\S+) -->", found.text)}

    assert shown == set(PARTS)


def test_a_changed_part_is_found_and_mended() -> None:
    text = "before\n<!-- generated: make -->\nold\n<!-- end: make -->\nafter\n"

    mended = rewritten(text)

    assert "| `make demo` |" in mended
    assert mended.startswith("before\n")
    assert mended.endswith("after\n")
    assert rewritten(mended) == mended


def test_all_keys_of_the_schema_stand_in_the_table() -> None:
    from crossfade.core.config import json_schema  # noqa: PLC0415  # beside the only test that needs it

    schema = json_schema()
    parts = [schema, *schema["$defs"].values()]
    keys = {key for part in parts for key in part.get("properties", ())}
    shown = {re.sub(r"\[\]|\.NAME$", "", path).rpartition(".")[2] for path in key_paths()}

    assert keys == shown


def test_the_picture_names_every_state_once() -> None:
    from crossfade.names import State  # noqa: PLC0415  # likewise

    drawn = re.findall(r'"([^"]+)"[\])}]', page("README.md").text)

    assert sorted(word for word in drawn if word in set(State)) == sorted(State)
