"""The README shows what the demo prints."""

import re

import pytest

from tests.docs.reading import page
from tools.reference.demos import DEMOS, demo_output


def _block(name: str) -> str:
    found = re.search(
        rf"<!-- {name}: begin -->\n```text\n(.*?)\n```\n<!-- {name}: end -->", page("README.md").text, re.DOTALL
    )
    assert found is not None

    return found[1]


@pytest.mark.parametrize("name", DEMOS)
def test_the_readme_shows_a_run(name: str) -> None:
    assert re.match(r"\d\d:\d\d:\d\d  plan standard: ", _block(name))


def test_the_broken_green_of_the_readme_is_what_the_demo_prints() -> None:
    """The short one of both; the long one differs only in its fault, and is made by the same command."""
    assert _block("fault") == demo_output(DEMOS["fault"]), "run: python -m tools.reference --demos"
