"""The records of a host in its zone that Crossfade may change, and which hosts go into one request. Pure.

Beside a host's addresses stand ExternalDNS's ownership records, which copy set identifier and weight, and one record
of ours that carries the epoch. What may be changed is granted by these names, so both sides read them here.
Source of the ownership names: ExternalDNS, registry/mapper, v0.13 to v0.22, without `--txt-prefix`.
"""

from collections.abc import Sequence
from typing import Final

OWNERSHIP_MARKS: Final = ("", "a-", "aaaa-", "cname-")
"""What ExternalDNS puts before a host in the names of its ownership records, over all versions."""
EPOCH_LABEL: Final = "_crossfade"
"""The label before a host under which the epoch of its last writer stands, as a TXT record."""
RECORD_TYPES: Final = ("A", "AAAA", "CNAME", "TXT")
"""The types of the records that may be changed."""

_HOSTS_MAX: Final = 20
"""A host costs up to 1,500 of the 32,000 characters that one request may have in its values."""
_NAMES_MAX: Final = 4_500
"""In characters: a statement with these names fits into one managed policy, which holds 6,144.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
_QUOTES: Final = 3  # two quotes and a comma around each name in a policy


def epoch_name(host: str) -> str:
    """Where the epoch of *host* stands."""
    return f"{EPOCH_LABEL}.{host}"


def ownership_names(host: str) -> tuple[str, ...]:
    """Where ExternalDNS's ownership records of *host* can stand."""
    return tuple(f"{mark}{host}" for mark in OWNERSHIP_MARKS)


def record_names(host: str) -> tuple[str, ...]:
    """The names of all records that may be changed for *host*."""
    return (*ownership_names(host), epoch_name(host))


def together(hosts: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """
    Divide *hosts*, in their order, into groups that are granted by one statement and changed by one request.

    A request may only name records that one statement allows, so writer and grant divide the same list.
    """
    groups: list[list[str]] = []
    room = 0
    for host in hosts:
        size = sum(len(name) + _QUOTES for name in record_names(host))
        if not groups or size > room or len(groups[-1]) == _HOSTS_MAX:
            groups.append([])
            room = _NAMES_MAX
        groups[-1].append(host)
        room -= size
    return tuple(tuple(group) for group in groups)
