"""Reading a document that may be anything: each reader gives the part if it is of the kind asked for, else nothing.

What is of another kind is no fault here; the models report it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from crossfade.core.duration import parse_duration
from crossfade.core.fault import Path, written
from crossfade.core.forms import read_instant, shown

Document = Mapping[str, object]
Faults = Iterator[str]


def repeats(entries: str, key: str, values: Sequence[str | None]) -> Faults:
    """A sentence for each of *values*, the *key* of every one of *entries*, that stands before it already."""
    seen: dict[str, int] = {}
    for index, value in enumerate(values):
        if value is not None and seen.setdefault(value, index) != index:
            first = f"{entries}[{seen[value]}]"
            yield f"{entries}[{index}].{key}: {shown(value)} is already the {key} of {first}; each needs its own"


def twice(path: Path, values: Sequence[object]) -> Faults:
    """A sentence for each text of *values*, which stand at *path*, that is there a second time."""
    texts = [value if isinstance(value, str) else None for value in values]
    for index, text in enumerate(texts):
        if text is not None and text in texts[:index]:
            yield f"{written((*path, index))}: {shown(text)} stands here twice; remove one"


def as_mapping(value: object) -> Document:
    """A mapping, without the keys that are no text; else an empty one."""
    return {key: part for key, part in value.items() if isinstance(key, str)} if isinstance(value, dict) else {}


def as_list(value: object) -> Sequence[object]:
    """A list; else an empty one."""
    return value if isinstance(value, (list, tuple)) else ()


def as_text(value: object) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def as_texts(value: object) -> Sequence[str]:
    """A text, or the texts in a list."""
    return [text for text in map(as_text, as_list(value) or [value]) if text]


def as_number(value: object) -> float | None:
    """A number; yes and no are none."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def as_duration(value: object) -> timedelta | None:
    """A duration that is written as one."""
    try:
        return parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None


def as_instant(value: object) -> datetime | None:
    """An instant that is written as one."""
    try:
        return read_instant(value)
    except ValueError:
        return None
