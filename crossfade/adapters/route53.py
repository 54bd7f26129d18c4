"""Weighted records of a hosted zone, read from Route 53's control plane.

Limits: 5 API requests a second for the whole account, shared with every ExternalDNS; 300 records a page.
The list shows what Route 53 has accepted; its name servers answer so within 60 seconds.
Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from crossfade.adapters.aws import Translation
from crossfade.errors import RouterObjectMissingError, RouterRefusedError, RouterThrottledError, RouterUnavailableError

if TYPE_CHECKING:
    from types_boto3_route53 import Route53Client

_PAGE: Final = 300
_MAX_PAGES: Final = 10  # a name holds at most 100 weighted records a type
_ROUTE53: Final = Translation(
    "Route 53",
    throttled=RouterThrottledError,
    unavailable=RouterUnavailableError,
    denied=RouterRefusedError,
    known={
        "NoSuchHostedZone": (RouterObjectMissingError, "correct `hostedZone.id` in crossfade.yaml"),
        "InvalidInput": (RouterRefusedError, "correct the hosts in crossfade.yaml"),
    },
)


@dataclass(frozen=True, slots=True)
class WeightedRecord:
    """
    A record set as far as weights are concerned.

    Attributes:
        type: `A`, `AAAA`, `CNAME`, `TXT`, …
        identifier: Its SetIdentifier; empty for a simple record.
        weight: 0 to 255; None for a record that is not weighted.
        target: The DNS name that it is an alias of, or names as CNAME; empty for other records.
    """

    type: str
    identifier: str
    weight: int | None
    target: str = ""


class RecordReader:
    """The records of one hosted zone."""

    def __init__(self, route53: "Route53Client", zone: str) -> None:
        self._route53 = route53
        self._zone = zone

    def read(self, hosts: Sequence[str]) -> Mapping[str, tuple[WeightedRecord, ...]]:
        """
        All records of *hosts*, with as few requests as the neighbourhood of the names allows, at most one page a host.

        Args:
            hosts: Lower case, without a trailing dot. A host without records has an empty tuple.

        Raises:
            RouterObjectMissingError: There is no such zone.
            RouterRefusedError: The zone may not be read.
            RouterThrottledError, RouterUnavailableError: Ask again later.
        """
        found: dict[str, list[WeightedRecord]] = {}
        for host in sorted(set(hosts), key=_zone_order):
            if host not in found:
                found |= self._read_from(host)
        return {host: tuple(found[host]) for host in hosts}

    def _read_from(self, host: str) -> dict[str, list[WeightedRecord]]:
        """The records of *host* and of every name behind it that is complete on the same pages."""
        found: dict[str, list[WeightedRecord]] = {host: []}
        start: dict[str, str] = {"StartRecordName": host}
        for _ in range(_MAX_PAGES):
            with _ROUTE53.around("route53:ListResourceRecordSets", self._zone):
                page: Any = self._route53.list_resource_record_sets(
                    HostedZoneId=self._zone,
                    MaxItems=str(_PAGE),
                    **start,  # type: ignore[arg-type]
                )
            for record in page["ResourceRecordSets"]:
                found.setdefault(_plain(record["Name"]), []).append(_record(record))
            following = _plain(page.get("NextRecordName", ""))
            if following != host:
                found.pop(following, None)
                return found
            start = {f"Start{key[4:]}": page[key] for key in _NEXT if key in page}
        msg = f"{host} has more than {_MAX_PAGES * _PAGE} records in zone {self._zone}; remove what is not used"
        raise RouterRefusedError(msg)


_NEXT: Final = ("NextRecordName", "NextRecordType", "NextRecordIdentifier")


def _record(record: Mapping[str, Any]) -> WeightedRecord:
    target = record.get("AliasTarget", {}).get("DNSName", "")
    if record["Type"] == "CNAME" and not target:
        target = next((value["Value"] for value in record.get("ResourceRecords", ())), "")
    return WeightedRecord(record["Type"], record.get("SetIdentifier", ""), record.get("Weight"), _plain(target))


def _plain(name: str) -> str:
    r"""A DNS name as people write it: `\052.example.com.` is `*.example.com`."""
    unescaped = re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), name)
    return unescaped.removesuffix(".").lower()


def _zone_order(host: str) -> str:
    """Route 53 lists names by their reversed labels."""
    return ".".join(reversed(host.split(".")))
