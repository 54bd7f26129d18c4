"""What is wrong with a document, in sentences: the path of the field, the rule, the fix.

Turns pydantic's errors into words of our own, so that people never read a library's. This file knows no field.
"""

import difflib
from collections.abc import Callable, Collection
from string import ascii_letters, digits

from pydantic import ValidationError
from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]

_PLAIN = frozenset(ascii_letters + digits + "_-")
_KEY = "[key]"  # pydantic's mark for "the key itself, not what it holds"

_SENTENCES: dict[str, Callable[[ErrorDetails], str]] = {
    "missing": lambda _: "is missing; add it",
    "string_type": lambda _: "must be text; put the value in quotes",
    "string_unicode": lambda _: "is not valid Unicode text; write it anew",
    "bool_type": lambda _: "must be true or false, without quotes",
    "int_type": lambda _: "must be a whole number such as 1000, without quotes",
    "float_type": lambda _: "must be a number such as 10, without quotes or %",
    "finite_number": lambda _: "must be a finite number",
    "greater_than": lambda error: f"must be greater than {_limit(error, 'gt'):g}",
    "less_than_equal": lambda error: f"must be at most {_limit(error, 'le'):g}",
    "tuple_type": lambda _: "must be a list: one entry a line, each after a hyphen",
    "too_short": lambda _: "must have at least one entry",
    "too_long": lambda error: (
        f"has {_limit(error, 'actual_length'):g} entries; at most {_limit(error, 'max_length'):g} are possible"
    ),
    "model_type": lambda _: "must be a mapping of keys to values",
    "dict_type": lambda _: "must be a mapping of keys to values",
    "literal_error": lambda error: f"must be {error['ctx']['expected']}",
    "enum": lambda error: f"must be {error['ctx']['expected']}",
    "value_error": lambda error: str(error["ctx"]["error"]),
}


def sentence(path: Path, rule: str) -> str:
    """One fault: *path* as people write it, and what is wrong there."""
    return f"{written(path)}: {rule}"


def written(path: Path) -> str:
    """*path* as people write it: `plans.standard.stages[2].share`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part and set(part) <= _PLAIN:
            text += f".{part}" if text else part
        else:
            text += f"[{part!r:.80}]"
    return text


def sentences(error: ValidationError, known_keys: Collection[str], *, root: Path = ()) -> list[str]:
    """
    Every fault that pydantic found, each once, in the order of the fields.

    A list of faulty entries counts as empty there; that is not told, as the entries are.

    Args:
        error: What pydantic raised.
        known_keys: All keys there are, to guess what an unknown one was meant to be.
        root: The path of the document itself.
    """
    found = error.errors(include_url=False, include_input=False)
    blamed = {detail["loc"][:depth] for detail in found for depth in range(len(detail["loc"]))}
    told = [detail for detail in found if not (detail["type"] == "too_short" and detail["loc"] in blamed)]
    return list(dict.fromkeys(_sentence(detail, known_keys, root) for detail in told))


def _sentence(error: ErrorDetails, known_keys: Collection[str], root: Path) -> str:
    path = (*root, *(part for part in error["loc"] if part != _KEY))
    if error["type"] == "extra_forbidden":
        return sentence(path, _unknown(str(path[-1]), known_keys))
    words = _SENTENCES.get(error["type"])
    return sentence(path, words(error) if words else error["msg"])


def _unknown(key: str, known_keys: Collection[str]) -> str:
    if key in known_keys:
        return "is a key, but not here; move it to where it belongs, or remove it"
    near = difflib.get_close_matches(key, sorted(known_keys), n=1)
    return f"is not a key here; did you mean {near[0]}?" if near else "is not a key here; remove it"


def _limit(error: ErrorDetails, name: str) -> float:
    return float(error["ctx"][name])
