"""Which annotations an ExternalDNS reads, and what an object says in them. Pure; knows no API server.

Up to v0.21 ExternalDNS read one prefix, from v0.22 on it reads another one, and never both. Writing the wrong one
succeeds and moves nothing. So each cluster is asked for its own prefix.
Source: https://github.com/kubernetes-sigs/external-dns/releases/tag/v0.22.0
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from crossfade.adapters.kubernetes_objects import Container
from crossfade.core.weight import WEIGHT_MAX
from crossfade.names import ALPHA_PREFIX, EPOCH_ANNOTATION, IDENTIFIER_KEY, STABLE_PREFIX, WEIGHT_KEY

_FIRST_STABLE: Final = (0, 22)
_FLAG: Final = "--annotation-prefix"
_VARIABLE: Final = "EXTERNAL_DNS_ANNOTATION_PREFIX"
_VERSION: Final = re.compile(r":v?(\d+)\.(\d+)[^/]*$")
_CANONICAL: Final = re.compile(r"0|[1-9][0-9]{0,2}")


def prefix_of(container: Container | None) -> str | None:
    """The prefix that this ExternalDNS reads; None when neither flag nor image tag tells."""
    if container is None:
        return None
    if said := _flag(container.arguments) or container.environment.get(_VARIABLE):
        return said if said.endswith("/") else f"{said}/"
    version = _VERSION.search(container.image.partition("@")[0])
    if version is None:
        return None
    return STABLE_PREFIX if (int(version[1]), int(version[2])) >= _FIRST_STABLE else ALPHA_PREFIX


def _flag(arguments: tuple[str, ...]) -> str | None:
    for argument, following in pairwise((*arguments, "")):
        name, equals, value = argument.partition("=")
        if name == _FLAG:
            return value if equals else following
    return None


@dataclass(frozen=True, slots=True)
class Words:
    """
    What one object tells its ExternalDNS by its annotations.

    Attributes:
        prefixes: Under which a weight has to be written; the first one counts. Empty when it carries none.
        identifier: Its set identifier; empty when it has none.
        weight: 0 to 255; None when it is absent or unreadable.
        epoch: Of the last writer of ours, 0 when there is none.
        note: Why something is absent, with the fix.
    """

    prefixes: tuple[str, ...]
    identifier: str
    weight: int | None
    epoch: int
    note: str

    @property
    def can_carry(self) -> bool:
        """Whether a weight that is written here is read."""
        return bool(self.prefixes and self.identifier)

    @property
    def fields(self) -> tuple[tuple[str, ...], ...]:
        """Where in the object the weight stands."""
        return tuple(("metadata", "annotations", f"{prefix}{WEIGHT_KEY}") for prefix in self.prefixes)

    def patch(self, weight: int | None, epoch: int) -> dict[str, Any]:
        """The merge patch that says *weight* (None: leave it) and *epoch*."""
        keys = () if weight is None else self.prefixes
        said = {**{f"{prefix}{WEIGHT_KEY}": str(weight) for prefix in keys}, EPOCH_ANNOTATION: str(epoch)}
        return {"metadata": {"annotations": said}}


def words_of(annotations: Mapping[str, str], prefix: str | None, *, other: str | None = None) -> Words:
    """
    Read *annotations* as an ExternalDNS with *prefix* does.

    A weight is kept in step under every prefix under which it stands, and under the *other* cluster's: an upgrade of
    ExternalDNS in the middle of a migration must not bring back an old weight. When *prefix* is unknown, what the
    object carries decides.
    """
    carried = [known for known in (ALPHA_PREFIX, STABLE_PREFIX) if f"{known}{WEIGHT_KEY}" in annotations]
    wanted = [prefix, *carried, *([other] if other else [])] if prefix else carried
    prefixes = tuple(dict.fromkeys(wanted))
    identifier, identifier_note = _agreed(annotations, prefixes[:1] if prefix else prefixes, IDENTIFIER_KEY)
    value, weight_note = _agreed(annotations, prefixes[:1] if prefix else prefixes, WEIGHT_KEY)
    weight = parse_weight(value)
    if weight is None and not weight_note:
        weight_note = f"{WEIGHT_KEY} is {value!r}; write a whole number from 0 to {WEIGHT_MAX}, without leading zeros"
    note = "; ".join(note for note in (weight_note, identifier_note) if note)
    return Words(prefixes, identifier, weight, epoch_of(annotations), note)


def parse_weight(value: str) -> int | None:
    """A canonical whole number from 0 to 255; None for anything else, `050` included, which Route 53 shows as 50."""
    weight = int(value) if _CANONICAL.fullmatch(value) else None
    return weight if weight is not None and weight <= WEIGHT_MAX else None


def _agreed(annotations: Mapping[str, str], prefixes: tuple[str, ...], key: str) -> tuple[str, str]:
    """The one value of *key* under *prefixes*, or none and a note."""
    values = {annotations[f"{prefix}{key}"] for prefix in prefixes if f"{prefix}{key}" in annotations}
    if len(values) == 1:
        return values.pop(), ""
    if values:
        return "", f"{key} differs between {' and '.join(prefixes)}; make both equal"
    wanted = " or ".join(f"{prefix}{key}" for prefix in prefixes or (ALPHA_PREFIX, STABLE_PREFIX))
    return "", f"there is no annotation {wanted}, which its ExternalDNS reads; add it"


def epoch_of(annotations: Mapping[str, str]) -> int:
    """The epoch of the last writer of ours, 0 when there is none."""
    value = annotations.get(EPOCH_ANNOTATION, "")
    return int(value) if value.isascii() and value.isdigit() else 0
