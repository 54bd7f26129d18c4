"""What pages give to be copied is well-formed in its language."""

import json
import re
import subprocess

import pytest
import yaml

from tests.docs.reading import Page, pages

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
PAGES = pages()


def _blocks(language: str, *found: Page) -> list[str]:
    """The blocks in *language*, without the indentation of the list that they stand in."""
    return [
        "\n".join(line.removeprefix(indent) for line in body.splitlines()) + "\n"
        for page in found
        for indent, named, body in _BLOCK.findall(page.text)
        if named == language
    ]


@pytest.mark.parametrize("found", PAGES, ids=lambda found: found.name)
def test_yaml_json_and_python_are_read(found: Page) -> None:
    for block in _blocks("yaml", found):
        assert list(yaml.safe_load_all(block))
    for block in _blocks("json", found):
        assert json.loads(block)
    for block in _blocks("python", found):
        compile(block, found.name, "exec")


def test_the_shell_understands_every_command() -> None:
    script = "\n".join(_blocks("sh", *PAGES))

    done = subprocess.run(["/bin/bash", "-n"], input=script, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_every_brace_of_terraform_is_closed() -> None:
    blocks = [re.sub(r"#.*", "", block) for block in _blocks("hcl", *PAGES)]

    assert blocks
    for block in blocks:
        assert block.count("{") == block.count("}"), block
        assert block.count("(") == block.count(")"), block
