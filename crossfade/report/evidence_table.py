"""The table of what a decision was given, in words and in the order in which people read it."""

import json
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from crossfade.core.verdict import Cause
from crossfade.report import words
from crossfade.report.markup import Child, Markup, join, tag
from crossfade.report.tables import cell, head, row, table

_EVIDENCE: Final = {
    "cause": "cause",
    "blamed": "blamed",
    "green_requests": "requests on green",
    "green_failed": "of them failed",
    "blue_requests": "requests on blue",
    "blue_failed": "of those failed",
    "p_worse": "chance of this if green were no worse (p)",
    "evidence_needed": "evidence that rolls back",
    "written_percent": "written share, percent",
    "share_percent": "observed share, percent",
    "alarms_asked": "alarms asked",
    "alarms_ok": "alarms OK",
    "failed_charged": "failed requests charged",
    "failed_budget": "failed requests allowed",
}
"""Names of evidence as people read it, in the order in which they read."""
_EVIDENCE_SHORT: Final = {
    "evidence_worse": "evidence: worse than blue",
    "evidence_over": "evidence: over what is tolerated",
    "share_percent": "share, percent",
    "p_worse": "p",
}
"""Likewise, for heads of columns."""


def evidence(found: Mapping[str, JsonValue]) -> Markup:
    """What a decision was given: plain values as a list, values by name (of workloads) as a grid."""
    grids = {key: grid for key, value in found.items() if (grid := _grid(value))}
    plain = {key: value for key, value in found.items() if key not in grids}
    ranks = {key: rank for rank, key in enumerate(_EVIDENCE)}
    listed = sorted(plain.items(), key=lambda each: ranks.get(each[0], len(ranks)))
    rows = [row(head(_EVIDENCE.get(key, _spaced(key))), cell(_written(value), "text")) for key, value in listed]
    caption = "What the decision was given, as recorded"
    whole = table(caption, ("evidence", "value"), rows) if rows else None
    return join(whole, *(_evidence_grid(_spaced(key), grid) for key, grid in grids.items()))


def _grid(value: JsonValue) -> dict[str, dict[str, JsonValue]]:
    """*value*, when it is one record of plain values a name; else nothing."""
    if not isinstance(value, dict):
        return {}
    records = {name: one for name, one in value.items() if isinstance(one, dict)}
    is_plain = not any(isinstance(cell_, dict | list) for one in records.values() for cell_ in one.values())
    return records if is_plain and len(records) == len(value) else {}


def _evidence_grid(name: str, grid: Mapping[str, Mapping[str, JsonValue]]) -> Markup:
    keys = list(dict.fromkeys(key for one in grid.values() for key in one))
    rows = [
        row(
            head(who, "nowrap"),
            *(cell(_written(one[key]) if key in one else "\u2013", _class(one.get(key))) for key in keys),
        )
        for who, one in grid.items()
    ]
    numbers = [i for i, key in enumerate(keys, start=1) if any(_class(one.get(key)) for one in grid.values())]
    heads = (_EVIDENCE_SHORT.get(key, _spaced(key)) for key in keys)
    return table(name.capitalize(), ("", *heads), rows, numbers=numbers)


def _class(value: JsonValue) -> str | None:
    return "num" if isinstance(value, int | float) and not isinstance(value, bool) else None


def _spaced(key: str) -> str:
    return key.replace("_", " ")


def _written(value: JsonValue) -> Child:
    if isinstance(value, dict) and value:
        lines = (join(f"{key}: ", _written(one)) for key, one in value.items())
        return join(*(join(tag("br") if index else None, line) for index, line in enumerate(lines)))
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(str(one) for one in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return words.figure(value)
    if value is None:
        return "\u2013"
    if isinstance(value, str):
        return _spaced(value) if value in set(Cause) else value
    return json.dumps(value, ensure_ascii=False)
