"""Weighted records of a hosted zone, read from Route 53's control plane and changed there.

Limits: 5 API requests a second for the whole account, shared with every ExternalDNS; 300 records a page.
The list shows what Route 53 has accepted; its name servers answer so within 60 seconds.
A batch is taken whole or not at all, and a DELETE needs the very values that are stored.
Sources: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html;
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from crossfade.adapters.aws import Translation, code_of
from crossfade.errors import (
    CrossfadeError,
    RouterObjectMissingError,
    RouterRefusedError,
    RouterThrottledError,
    RouterUnavailableError,
    WriteConflictError,
)

if TYPE_CHECKING:
    from types_boto3_route53 import Route53Client

RecordSet = Mapping[str, Any]
"""A record set as the API lists it and takes it back."""
Change = Mapping[str, Any]
"""`{"Action": …, "ResourceRecordSet": …}`."""

ADDRESSES: Final = frozenset({"A", "AAAA", "CNAME"})

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
        "NoSuchHealthCheck": (RouterRefusedError, "mend the health check that the record names"),
    },
)
_CHANGED_IN_BETWEEN: Final = (
    "do not match the current values",
    "but it was not found",
    "but it already exists",
)
"""What Route 53 says in an InvalidChangeBatch when a record is not as it was read."""
_UNKNOWN_OPERATION: Final = frozenset({"404", "UnknownOperationException", "InvalidAction"})


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
        All records of *hosts*, as far as weights are concerned; otherwise as `stored`.

        Raises:
            RouterObjectMissingError, RouterRefusedError, RouterThrottledError, RouterUnavailableError: See `stored`.
        """
        return {host: tuple(map(_record, found)) for host, found in self.stored(hosts).items()}

    def stored(self, names: Sequence[str]) -> Mapping[str, tuple[RecordSet, ...]]:
        """
        All record sets of *names*, with as few requests as their neighbourhood allows, at most one page a name.

        Args:
            names: Lower case, without a trailing dot. A name without records has an empty tuple.

        Raises:
            RouterObjectMissingError: There is no such zone.
            RouterRefusedError: The zone may not be read.
            RouterThrottledError, RouterUnavailableError: Ask again later.
        """
        found: dict[str, list[RecordSet]] = {}
        known_until = ""  # in the zone's order: what comes before this and was not found does not exist
        for name in sorted(set(names), key=_zone_order):
            if _zone_order(name) >= known_until:
                more, known_until = self._read_from(name)
                found |= more
        return {name: tuple(found.get(name, ())) for name in names}

    def _read_from(self, name: str) -> tuple[dict[str, list[RecordSet]], str]:
        """The records of *name* and of every name behind it that is complete on the same pages; and up to where."""
        found: dict[str, list[RecordSet]] = {}
        start: dict[str, Any] = {"StartRecordName": name}
        for _ in range(_MAX_PAGES):
            with _ROUTE53.around("route53:ListResourceRecordSets", self._zone):
                page: Any = self._route53.list_resource_record_sets(
                    HostedZoneId=self._zone,
                    MaxItems=str(_PAGE),
                    **start,
                )
            for record in page["ResourceRecordSets"]:
                found.setdefault(plain(record["Name"]), []).append(record)
            if "NextRecordName" not in page:
                return found, _END
            following = plain(page["NextRecordName"])
            if following != name:
                found.pop(following, None)
                return found, _zone_order(following)
            start = {f"Start{key[4:]}": page[key] for key in _NEXT if key in page}
        msg = f"{name} has more than {_MAX_PAGES * _PAGE} records in zone {self._zone}; remove what is not used"
        raise RouterRefusedError(msg)


class RecordKeeper(RecordReader):
    """The records of one hosted zone, and the way to change them."""

    def change(self, changes: Sequence[Change], what: str) -> None:
        """
        Make all *changes* or none.

        Args:
            changes: At most 1,000 record values and 32,000 characters in them; see the caller.
            what: What they are about, for people.

        Raises:
            WriteConflictError: A record is not as *changes* say it was.
            RouterRefusedError: Route 53 will not accept them: permissions, a protection, a value.
            RouterObjectMissingError: There is no such zone.
            RouterThrottledError, RouterUnavailableError: Ask again later; they may have been made.
        """
        batch: Any = {"Comment": f"Crossfade: {what}"[:_COMMENT_MAX], "Changes": list(changes)}
        with _ROUTE53.around("route53:ChangeResourceRecordSets", f"{what} in {self._zone}"):
            try:
                self._route53.change_resource_record_sets(HostedZoneId=self._zone, ChangeBatch=batch)
            except ClientError as error:
                if code_of(error) != "InvalidChangeBatch":
                    raise
                raise _rejected(what, str(error.response["Error"].get("Message", ""))) from error

    def protected(self) -> frozenset[tuple[str, str]]:
        """
        Name and type of every record set that Route 53 lets nobody change; empty where this is not known yet.

        Not known means that the SDK or the endpoint is older than protections.

        Raises:
            RouterObjectMissingError, RouterRefusedError, RouterThrottledError, RouterUnavailableError: As `stored`.
        """
        operation = getattr(self._route53, "list_resource_record_set_protections", None)
        if operation is None:
            return frozenset()
        found: list[Mapping[str, str]] = []
        token: dict[str, str] = {}
        for _ in range(_MAX_PAGES):
            with _ROUTE53.around("route53:ListResourceRecordSetProtections", self._zone):
                try:
                    page = operation(HostedZoneId=self._zone, **token)
                except ClientError as error:
                    if code_of(error) not in _UNKNOWN_OPERATION:
                        raise
                    return frozenset()
            found += page["ResourceRecordSetProtections"]
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        return frozenset((plain(one["RecordName"]), one["RecordType"]) for one in found)


def shown_weight(identifier: str, records: Iterable[WeightedRecord]) -> tuple[int | None, str]:
    """The weight that all address records of *identifier* agree on, or None and why."""
    if not identifier:
        return None, "without a set identifier nobody can tell which record is its"
    mine = [record for record in records if record.identifier == identifier and record.type in ADDRESSES]
    weights = {record.weight for record in mine}
    if not mine:
        return None, f"Route 53 has no record with the set identifier {identifier!r}"
    if len(weights) > 1:
        shown = ", ".join(f"{record.type} {record.weight}" for record in mine)
        return None, f"the records of {identifier} disagree ({shown})"
    return mine[0].weight, "" if mine[0].weight is not None else f"the record of {identifier} is not weighted"


_NEXT: Final = ("NextRecordName", "NextRecordType", "NextRecordIdentifier")
_END: Final = chr(0x10FFFF)  # behind every name
_COMMENT_MAX: Final = 256


def _rejected(what: str, said: str) -> CrossfadeError:
    if any(words in said for words in _CHANGED_IN_BETWEEN):
        return WriteConflictError(f"{what}: a record was changed by somebody else in between; it is read again")
    fix = "remove a protection that it names, or what else it says is wrong with the records"
    return RouterRefusedError(f"{what}: Route 53 refused the change ({said}); {fix}")


def _record(record: RecordSet) -> WeightedRecord:
    target = record.get("AliasTarget", {}).get("DNSName", "")
    if record["Type"] == "CNAME" and not target:
        target = next((value["Value"] for value in record.get("ResourceRecords", ())), "")
    return WeightedRecord(record["Type"], record.get("SetIdentifier", ""), record.get("Weight"), plain(target))


def plain(name: str) -> str:
    r"""A DNS name as people write it: `\052.example.com.` is `*.example.com`."""
    unescaped = re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), name)
    return unescaped.removesuffix(".").lower()


def _zone_order(name: str) -> str:
    """Route 53 lists names by their reversed labels; the dot at the end counts, so `a-b` comes before `a`."""
    return f"{'.'.join(reversed(name.split('.')))}."
