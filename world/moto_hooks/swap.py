"""How a hook gets in and out again: one attribute for another, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def swapped(owner: Any, name: str, replacement: Any) -> Iterator[Any]:
    """
    Let *owner*.*name* be *replacement* inside; the value is what was there.

    Raises:
        AttributeError: moto has no such attribute any more; the hook needs another look.
    """
    # The raw attribute, so that static methods come back as such.
    original = vars(owner)[name] if name in vars(owner) else getattr(owner, name)
    setattr(owner, name, replacement)
    try:
        yield original
    finally:
        setattr(owner, name, original)
