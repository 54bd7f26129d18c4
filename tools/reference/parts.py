"""Which generated parts there are, and whether each document has them as the code does."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from tools.reference.configuration import config_keys, input_keys, presets, stage_weights
from tools.reference.events import event_keys, event_kinds, event_sample
from tools.reference.machine import picture, states
from tools.reference.markdown import ROOT, Lines, read
from tools.reference.money import failures, previews, prices, standing
from tools.reference.permissions import iam, rbac
from tools.reference.words import (
    causes,
    checks,
    error_table,
    exits,
    failure_catalogue,
    faults,
    make_table,
    mutants,
    outcomes,
    systems_table,
    tripping,
)

_PART: Final = re.compile(
    r"(?P<open><!-- generated: (?P<name>[a-z-]+) -->\n).*?(?P<close><!-- end: (?P=name) -->)", re.DOTALL
)


def documents() -> list[Path]:
    """Every Markdown file that people read: the top level, `docs/` and `examples/`."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])


def rewritten(text: str) -> str:
    """
    *text* with every generated part made anew.

    Raises:
        KeyError: A part has a name that nothing here makes.
    """
    return _PART.sub(lambda part: f"{part['open']}{made(part['name'])}\n{part['close']}", text)


@cache
def made(name: str) -> str:
    """The text of the part *name*, without a line break at its end."""
    return "\n".join(PARTS[name]())


def stale() -> list[Path]:
    """The documents in which a generated part is not as the code has it."""
    return [path for path in documents() if rewritten(read(path)) != read(path)]


PARTS: Final[Mapping[str, Callable[[], Lines]]] = {
    "catalogue": failure_catalogue,
    "causes": causes,
    "checks": checks,
    "config-keys": config_keys,
    "errors": error_table,
    "exits": exits,
    "failures": failures,
    "iam": iam,
    "faults": faults,
    "event-kinds": event_kinds,
    "event-keys": event_keys,
    "event-sample": event_sample,
    "input-keys": input_keys,
    "make": make_table,
    "mutants": mutants,
    "outcomes": outcomes,
    "picture": picture,
    "presets": presets,
    "previews": previews,
    "prices": prices,
    "rbac": rbac,
    "standing": standing,
    "states": states,
    "systems": systems_table,
    "tripping": tripping,
    "weights": stage_weights,
}
