"""How sentences are put together for people: each thing is said once, and names of error classes stand apart.

It changes no meaning and decides nothing.
"""

import re
from collections.abc import Iterable
from typing import Final

_NAMED_MAX: Final = 3
_WORTH_A_REFERENCE: Final = 30
"""Shorter parts may be said twice: to point at the first time would take as long."""

_ENDS: Final = {
    "ABORTED": "somebody stopped the execution",
    "TIMED_OUT": "the execution ran into its time-out",
    "FAILED": "the execution failed",
}

_ERROR: Final = re.compile(r"(?<![\w.])([A-Z][A-Za-z0-9]*Error): ")


def gathered(sentences: Iterable[str]) -> list[str]:
    """Sentences about one workload each, such as `yelb: lower blue to 1`; those that say the same become one."""
    about: dict[str, list[str]] = {}
    for sentence in dict.fromkeys(sentences):
        name, colon, words = sentence.partition(": ")
        if not colon or " " in name:
            name, words = "", sentence
        about.setdefault(words, []).append(name)
    return [f"{_names(names)}: {words}" if names[0] else words for words, names in about.items()]


def _names(names: list[str]) -> str:
    if len(names) <= _NAMED_MAX:
        return ", ".join(names)
    return f"{', '.join(names[: _NAMED_MAX - 1])} and {len(names) - _NAMED_MAX + 1} more"


def said_once(reason: str) -> str:
    """*reason*, whose parts stand between semicolons, without what was said in an earlier part."""
    told: list[str] = []
    for part in reason.split("; "):
        lead, colon, rest = part.rpartition(": ") if part not in told else ("", "", part)
        if part in told or (len(part) >= _WORTH_A_REFERENCE and any(before.endswith(part) for before in told)):
            continue
        is_old = colon and len(rest) >= _WORTH_A_REFERENCE and any(before.endswith(rest) for before in told)
        told.append(f"{lead}: the same" if is_old else part)
    return "; ".join(told)


def how_it_ended(status: str) -> str:
    """What became of an execution, whose *status* Step Functions tells."""
    return _ENDS.get(status, f"the execution ended as {status}")


def plain(reason: str) -> str:
    """*reason* without the names of error classes, which say nothing to whoever is woken."""
    return _ERROR.sub("", reason)


def error_names(reason: str) -> tuple[str, ...]:
    """The names of error classes in *reason*, under which the runbook has more."""
    return tuple(dict.fromkeys(_ERROR.findall(reason)))
