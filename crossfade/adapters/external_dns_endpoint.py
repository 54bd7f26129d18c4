"""What a DNSEndpoint says of one host: its weight stands in the spec, and its annotations are not read.

Pure; knows no API server. Of each host there may be several entries, one a record type, and they have one weight.
Source: https://kubernetes-sigs.github.io/external-dns/latest/docs/sources/crd/ (`providerSpecific`, `setIdentifier`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crossfade.adapters.external_dns_dialect import epoch_of, parse_weight
from crossfade.adapters.kubernetes_objects import Held
from crossfade.core.facts_places import ADDRESSES
from crossfade.core.weight import WEIGHT_MAX
from crossfade.names import EPOCH_ANNOTATION, WEIGHT_PROPERTY

Entry = Mapping[str, Any]
"""One of `spec.endpoints`."""
_ADD: Final = f"add providerSpecific {WEIGHT_PROPERTY}"


@dataclass(frozen=True, slots=True)
class EndpointWords:
    """
    What one DNSEndpoint tells its ExternalDNS of one host; in the shape of `external_dns_dialect.Words`.

    Attributes:
        host: The host.
        entries: All of `spec.endpoints`, those of other hosts, too.
        identifier: The set identifier of the host's entries; empty when they have none, or several.
        weight: 0 to 255; None when it is absent, unreadable or differs between the entries.
        epoch: Of the last writer of ours, 0 when there is none.
        note: Why something is absent, with the fix.
    """

    host: str
    entries: tuple[Entry, ...]
    identifier: str
    weight: int | None
    epoch: int
    note: str

    @property
    def can_carry(self) -> bool:
        """Whether a weight that is written here is read."""
        return bool(self.identifier)

    @property
    def fields(self) -> tuple[tuple[str, ...], ...]:
        """Where in the object the weight stands; a list is owned whole."""
        return (("spec", "endpoints"),)

    def patch(self, weight: int | None, epoch: int) -> dict[str, Any]:
        """The merge patch that says *weight* (None: leave it) and *epoch*; a list can only be replaced whole."""
        patch: dict[str, Any] = {"metadata": {"annotations": {EPOCH_ANNOTATION: str(epoch)}}}
        if weight is not None:
            patch["spec"] = {"endpoints": [_weighted(each, self.host, weight) for each in self.entries]}
        return patch


def endpoint_words(held: Held, host: str) -> EndpointWords:
    """Read what a DNSEndpoint says of *host*."""
    entries = tuple((held.document.get("spec") or {}).get("endpoints") or ())
    mine = [entry for entry in entries if is_about(entry, host)]
    identifiers = sorted({str(entry.get("setIdentifier") or "") for entry in mine})
    weights: set[str | None] = {value for entry in mine for value in [*_weights(entry)] or (None,)}
    notes = [*_identifier_notes(host, mine, identifiers), *_weight_notes(host, mine, weights)]
    only = weights.pop() if len(weights) == 1 else None
    return EndpointWords(
        host=host,
        entries=entries,
        identifier=identifiers[0] if len(identifiers) == 1 else "",
        weight=parse_weight(only or ""),
        epoch=epoch_of(held.annotations),
        note="; ".join(notes),
    )


def is_about(entry: Entry, host: str) -> bool:
    """Whether *entry* makes an address record of *host*."""
    return str(entry.get("dnsName") or "").rstrip(".").lower() == host and entry.get("recordType") in ADDRESSES


def _identifier_notes(host: str, mine: Sequence[Entry], identifiers: Sequence[str]) -> Iterator[str]:
    if mine and identifiers == [""]:
        yield f"the entries of {host} have no setIdentifier; add the name of the cluster"
    elif len(identifiers) > 1:
        named = ", ".join(each or "none" for each in identifiers)
        yield f"the entries of {host} have several set identifiers ({named}); keep those of the other cluster there"


def _weight_notes(host: str, mine: Sequence[Entry], weights: set[str | None]) -> Iterator[str]:
    rule = f"write a whole number from 0 to {WEIGHT_MAX}, without leading zeros"
    if not mine:
        yield f"spec.endpoints has no address record of {host}; add one for each record type"
    elif None in weights:
        yield f"an entry of {host} has no weight; {_ADD}"
    elif len(weights) > 1:
        shown = ", ".join(sorted(str(weight) for weight in weights))
        yield f"the entries of {host} have several weights ({shown}); make them equal"
    else:
        yield from (f"{WEIGHT_PROPERTY} is {value!r}; {rule}" for value in weights if parse_weight(str(value)) is None)


def _weights(entry: Entry) -> Iterator[str]:
    for each in entry.get("providerSpecific") or ():
        if each.get("name") == WEIGHT_PROPERTY:
            yield str(each.get("value", ""))


def _weighted(entry: Entry, host: str, weight: int) -> Entry:
    """*entry* with *weight*, if it is about *host*; the order of its properties stays."""
    if not is_about(entry, host):
        return entry
    properties = list(entry.get("providerSpecific") or ())
    said = {"name": WEIGHT_PROPERTY, "value": str(weight)}
    if any(each.get("name") == WEIGHT_PROPERTY for each in properties):
        properties = [said if each.get("name") == WEIGHT_PROPERTY else each for each in properties]
    else:
        properties.append(said)
    return {**entry, "providerSpecific": properties}
