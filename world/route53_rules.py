"""What Route 53 refuses in a batch of changes: it is checked whole, in order, before any of it counts.

Sources: Route 53 API reference (ChangeResourceRecordSets). This file knows no zone but the one it is given.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from moto.route53.exceptions import Route53ClientError
from moto.route53.models import RecordSet

from world.route53_records import Record, RecordKey

WEIGHT_MAX = 255
_POLICIES = ("Weight", "Region", "Failover", "GeoLocation", "MultiValueAnswer")


def changed(stored: Sequence[RecordSet], changes: Sequence[Mapping[str, Any]]) -> list[RecordSet]:
    """
    The record sets after *changes*, applied in order; *stored* stays as it is.

    Raises:
        Route53ClientError: InvalidInput or InvalidChangeBatch, with every fault; then nothing changes.
    """
    for change in changes:
        _check_shape(change["Action"], change["ResourceRecordSet"])
    by_key = {Record.of(one).key: one for one in stored}
    faults: list[str] = []
    for change in changes:
        record_set, record = as_stored(change)
        current = {key: Record.of(one) for key, one in by_key.items() if key[:2] == record.key[:2]}
        found = [fault for check in _CHECKS if (fault := check(change["Action"], record, current))]
        faults += found
        if found:
            continue
        if change["Action"] == "DELETE":
            del by_key[record.key]
        else:
            by_key[record.key] = record_set
    if faults:
        raise Route53ClientError("InvalidChangeBatch", f"[{', '.join(faults)}]")
    return list(by_key.values())


def check_names(zone: str, changes: Sequence[Mapping[str, Any]]) -> None:
    """Refuse names that are outside *zone*."""
    for change in changes:
        name = change["ResourceRecordSet"]["Name"].rstrip(".").lower()
        if not f".{name}".endswith(f".{zone.rstrip('.')}"):
            msg = f"[RRSet with DNS name {name}. is not permitted in zone {zone}]"
            raise Route53ClientError("InvalidChangeBatch", msg)


def check_protections(protected: AbstractSet[tuple[str, str]], changes: Sequence[Mapping[str, Any]]) -> None:
    """Refuse changes of *protected* records, by name and type."""
    for _, record in map(as_stored, changes):
        if (record.name, record.type) in protected:
            msg = f"[Tried to change resource record set {record.label} but it is protected]"
            raise Route53ClientError("InvalidChangeBatch", msg)


Current = Mapping[RecordKey, Record]
"""The record sets of one name and type."""


def creating_needs_a_free_place(action: str, record: Record, current: Current) -> str | None:
    """Moto adds a second one."""
    if action == "CREATE" and record.key in current:
        return f"Tried to create resource record set {record.label} but it already exists"
    return None


def deleting_needs_the_same_values(action: str, record: Record, current: Current) -> str | None:
    """Moto compares next to nothing, and deletes by set identifier alone, whatever the name."""
    if action != "DELETE":
        return None
    if record.key not in current:
        return f"Tried to delete resource record set {record.label} but it was not found"
    if current[record.key] != record:
        return (
            f"Tried to delete resource record set {record.label} "
            "but the values provided do not match the current values"
        )
    return None


def weighted_and_simple_do_not_mix(action: str, record: Record, current: Current) -> str | None:
    """Moto stores both."""
    others = [other for key, other in current.items() if key != record.key]
    if action == "DELETE" or all((other.weight is None) == (record.weight is None) for other in others):
        return None
    kind = "weighted" if record.weight is None else "non-weighted"
    return f"RRSet with DNS name {record.name}., type {record.type} cannot be created as a {kind} set exists"


_CHECKS = (creating_needs_a_free_place, deleting_needs_the_same_values, weighted_and_simple_do_not_mix)


def _check_shape(action: str, record_set: Mapping[str, Any]) -> None:
    """What the service refuses before it looks at the zone; moto accepts it all."""
    if action not in ("CREATE", "DELETE", "UPSERT"):
        msg = f"Value '{action}' is not facet-valid with respect to enumeration '[CREATE, DELETE, UPSERT]'"
        raise _invalid(msg)
    weight = record_set.get("Weight")
    has_policy = any(record_set.get(policy) is not None for policy in _POLICIES)
    if weight is not None and not 0 <= int(weight) <= WEIGHT_MAX:
        bound, name = ("maxInclusive", WEIGHT_MAX) if int(weight) > WEIGHT_MAX else ("minInclusive", 0)
        msg = f"Value '{weight}' is not facet-valid with respect to {bound} '{name}' for type 'Weight'"
        raise _invalid(msg)
    if bool(record_set.get("SetIdentifier")) != has_policy:
        raise _invalid("Expected both of SetIdentifier and a routing policy, or neither")
    is_alias = bool(record_set.get("AliasTarget"))
    is_plain = record_set.get("TTL") is not None and bool(record_set.get("ResourceRecords"))
    if is_alias == is_plain:
        raise _invalid("Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]]")


def _invalid(message: str) -> Route53ClientError:
    return Route53ClientError("InvalidInput", f"Invalid request: {message}")


def as_stored(change: Mapping[str, Any]) -> tuple[RecordSet, Record]:
    """What moto stores of *change*, and the same as a record."""
    given = dict(change["ResourceRecordSet"])
    given["Name"] = f"{given['Name'].rstrip('.').lower()}."
    if "ResourceRecords" in given:
        given["ResourceRecords"] = [one["Value"] for one in given["ResourceRecords"]]
    make: Any = RecordSet  # abstract to the eye of a type checker only
    record_set: RecordSet = make(given)
    return record_set, Record.of(record_set)
