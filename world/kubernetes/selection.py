"""Label and field selectors of list requests."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from world.kubernetes.resources import Object

Predicate = Callable[[Object], bool]

_SET = re.compile(r"(\S+)\s+(in|notin)\s+\(([^)]*)\)")
_EQUALITY = re.compile(r"([^!=\s]+)\s*(==|=|!=)\s*(.*)")
_COMMA = re.compile(r",(?![^()]*\))")


def selected(*, labels: str = "", fields: str = "") -> Predicate:
    """Whether an object matches both selectors, as the query of a list request writes them."""
    by_label = [_label(term.strip()) for term in _COMMA.split(labels) if term.strip()]
    by_field = [_field(term.strip()) for term in fields.split(",") if term.strip()]
    return lambda item: (
        all(matches(item["metadata"].get("labels") or {}) for matches in by_label)
        and all(matches(item) for matches in by_field)
    )


def _label(term: str) -> Callable[[Mapping[str, str]], bool]:
    if found := _SET.fullmatch(term):
        key, operator, listed = found.groups()
        values = {value.strip() for value in listed.split(",")}
        return lambda labels: (labels.get(key) in values) == (operator == "in")
    if found := _EQUALITY.fullmatch(term):
        key, operator, value = found.groups()
        return lambda labels: (labels.get(key) == value) == (operator != "!=")
    if term.startswith("!"):
        return lambda labels: term[1:] not in labels
    return lambda labels: term in labels


def _field(term: str) -> Predicate:
    found = _EQUALITY.fullmatch(term)
    if found is None:
        return lambda _: False
    key, operator, value = found.groups()
    return lambda item: (str(_at(item, key.split(".")) or "") == value) == (operator != "!=")


def _at(item: Any, path: list[str]) -> Any:
    for key in path:
        item = item.get(key) if isinstance(item, dict) else None
    return item
