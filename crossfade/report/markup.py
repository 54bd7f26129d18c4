"""Markup that cannot be broken by what it quotes: text is escaped where it enters a tag, once, always.

`Markup` is text that is markup already; every other string is escaped. Control characters and the ones that turn
the direction of writing are shown as U+FFFD, so that a name cannot look like another one.
"""

import html
import re
import unicodedata
from collections.abc import Iterator

_VOID = frozenset({"meta", "br", "wbr"})
_SEPARATOR = re.compile(r"([.:/]+)(?=[^.:/])")
_LEAVES = frozenset({"rect", "line", "path", "circle"})
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


Child = str | None
Attribute = str | float | bool | None


def escape(text: str) -> Markup:
    """*text* as markup that shows exactly it."""
    if isinstance(text, Markup):
        return text
    return Markup(html.escape("".join(_shown(character) for character in text), quote=True))


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """
    One element.

    Args:
        name: Of the element.
        children: Markup, or text that is escaped; None is left out.
        attributes: `_` is written as `-`, a trailing one is dropped (`class_`); None and False are left out,
            True is written without a value.
    """
    start = f"{name}{''.join(_attributes(attributes))}"
    if name in _VOID:
        return Markup(f"<{start}>")
    if name in _LEAVES and not children:
        return Markup(f"<{start}/>")
    return Markup(f"<{start}>{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """All *children*, one after the other."""
    return Markup("".join(escape(child) for child in children if child is not None))


def breakable(text: str) -> Markup:
    """A long name that may be broken after dots, colons and slashes."""
    return Markup(_SEPARATOR.sub(r"\1<wbr>", escape(text)))


def number(value: float) -> str:
    """A coordinate: one decimal at most, and the same text for the same number everywhere."""
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"


def _attributes(attributes: dict[str, Attribute]) -> Iterator[str]:
    for name, value in attributes.items():
        written = name.removesuffix("_").replace("_", "-")
        if value is True:
            yield f" {written}"
        elif value is not None and value is not False:
            yield f' {written}="{escape(value if isinstance(value, str) else number(value))}"'


def _shown(character: str) -> str:
    if character in "\n\t":
        return character
    hidden = character in _TURNING or unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")
    return "\ufffd" if hidden else character
