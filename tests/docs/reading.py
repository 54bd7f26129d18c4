"""Reading Markdown as far as the tests of the documentation need it: code, links, headings, tables."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from tools.reference.markdown import ROOT
from tools.reference.parts import documents

_FENCE = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """The text without its code blocks."""
        return _FENCE.sub("", self.text)

    @property
    def spans(self) -> list[str]:
        """What stands in backticks in the prose."""
        return _SPAN.findall(self.prose)

    @property
    def code_lines(self) -> list[str]:
        """Every line of code: those of blocks, and the spans."""
        return [*self.block_lines, *self.spans]

    @property
    def block_lines(self) -> list[str]:
        """Every line of a block of code, continued ones joined."""
        return "\n".join(_FENCE.findall(self.text)).replace("\\\n", " ").splitlines()

    @property
    def links(self) -> list[str]:
        return _LINK.findall(self.prose)

    @property
    def headings(self) -> list[str]:
        return _HEADING.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """What a link may name after `#`, as GitHub makes it of headings."""
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in self.headings}

    def first_cells(self, heading: str) -> Iterator[str]:
        """The first cell of each row of the tables below *heading*, up to the next heading."""
        section = re.split(rf"^#+ {re.escape(heading)}$", self.text, flags=re.MULTILINE)[1]
        section = re.split(r"^#+ ", section, flags=re.MULTILINE)[0]
        rows = re.findall(r"^\| ([^|]+?) \|", section, re.MULTILINE)
        return (row for row in rows if row != "---")


def pages() -> list[Page]:
    return [Page(path) for path in documents()]


def page(name: str) -> Page:
    return Page(ROOT / name)


@cache
def source(file: str) -> tuple[frozenset[str], frozenset[str]]:
    """The names of all functions of a test file, and all its texts."""
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    names = (node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return frozenset(names), frozenset(texts)


def missing(test: str) -> str:
    """What of a named test is not there; empty when all is."""
    file, _, name = test.partition("::")
    function, _, case = name.rstrip("]").partition("[")
    if not (ROOT / "tests" / file).is_file():
        return f"there is no file tests/{file}"
    if not function:
        return ""
    functions, texts = source(file)
    if function not in functions:
        return f"tests/{file} has no {function}"
    return f"{function} has no case {case!r}" if case and case not in texts else ""
