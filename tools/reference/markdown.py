"""What every generated part is made with: the files it is read from, tables and words of Markdown."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
CONFIG_FILE: Final = ROOT / "crossfade.yaml"
README_FILE: Final = ROOT / "README.md"
Json = Mapping[str, Any]
Lines = Iterable[str]


def read(path: Path) -> str:
    """The text of a file."""
    return path.read_text(encoding="utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table, a line at a time."""
    for cells in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def code(words: Iterable[str]) -> str:
    """Words as code, with commas between them."""
    return ", ".join(f"`{word}`" for word in words)


def said_beside(path: str) -> dict[str, str]:
    """What the file *path* says of the values of its enumerations, in the comment beside each."""
    return dict(re.findall(r'^    [A-Z_]+ = "(\w+)"  # (.*)$', read(ROOT / path), re.MULTILINE))
