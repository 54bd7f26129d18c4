"""The words of the text widgets: paragraphs, lists, bold, italics, code and links. Anything else is shown as it is.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_remove_text_dashboard.html
"""

import re
from typing import Final

from crossfade.report.markup import Markup, join, tag

_INLINE: Final = re.compile(r"`([^`]+)`|\*\*(.+?)\*\*|\*(.+?)\*|\[([^\]]+)\]\((https://[^)\s]+)\)")


def words(text: str) -> Markup:
    """The blocks of *text*: lines that begin with a dash are a list, others a paragraph."""
    blocks: list[Markup] = []
    for block in re.split(r"\n(?=- )|\n\n", text.strip()):
        element = "li" if block.startswith("- ") else "p"
        blocks.append(tag(element, _inline(block.removeprefix("- "))))
    return tag("div", *blocks, class_="words")


def _inline(text: str) -> Markup:
    parts: list[str] = []
    at = 0
    for found in _INLINE.finditer(text):
        parts += [text[at : found.start()], _span(found)]
        at = found.end()
    return join(*parts, text[at:])


def _span(found: re.Match[str]) -> Markup:
    code, strong, emphasis, name, link = found.groups()
    if code:
        return tag("code", code)
    if strong:
        return tag("strong", _inline(strong))
    return tag("em", _inline(emphasis)) if emphasis else tag("a", name, href=link)
