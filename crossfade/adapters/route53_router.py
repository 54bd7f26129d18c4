"""TrafficRouter over Route 53 itself: the weights stand in the records, and the zone's list is source and authority.

A batch deletes, of every host it changes, the address records of *both* sides exactly as they were read, and creates
them anew: Route 53 takes all of that or nothing. So a batch is a compare-and-swap, and green is never lowered beside
a blue that has changed in the meantime, whoever changed it. ExternalDNS copies a weight into its ownership records
and later deletes them by it, so those of a changed side follow in the same batch.

Route 53 has no annotations. The epoch of a host stands in a TXT record `_crossfade.<host>`, swapped in each batch.
A listed weight is answered by all name servers within 60 seconds. Only GetChange proves that, by an id which no other
call could know: as with ExternalDNS, the plan's `settle` is waited for instead.
Limits of a batch: 1,000 values with 32,000 characters; a DELETE and a CREATE count once each, an UPSERT would twice.
Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crossfade.adapters.gathering import raise_worst
from crossfade.adapters.route53 import ADDRESSES, Change, RecordSet, plain
from crossfade.adapters.seams import RecordBook
from crossfade.core.host_records import epoch_name, ownership_names
from crossfade.core.traffic import Reading, SideReading, Write, by_workload
from crossfade.core.weight import WEIGHT_MAX, Side
from crossfade.core.workload import Workload
from crossfade.errors import (
    CrossfadeError,
    RouterObjectMissingError,
    RouterRefusedError,
    SupersededError,
    WriteConflictError,
)

_VALUES_MAX: Final = 1_000
_CHARACTERS_MAX: Final = 32_000
_EPOCH_TTL: Final = 60
_EPOCH: Final = re.compile(r'"crossfade-epoch=(\d+)"')


@dataclass(frozen=True, slots=True)
class _Side:
    """The records of one side of a host, as stored."""

    addresses: tuple[RecordSet, ...]
    ownership: tuple[RecordSet, ...]

    @property
    def weight(self) -> int | None:
        """What all addresses agree on; None when they do not, or are not weighted."""
        weights = {record.get("Weight") for record in self.addresses}
        return weights.pop() if len(weights) == 1 else None

    @property
    def note(self) -> str:
        """Why there is no weight."""
        if self.weight is not None:
            return ""
        shown = ", ".join(f"{record['Type']} {record.get('Weight', 'not weighted')}" for record in self.addresses)
        return f"the records of {self.addresses[0]['SetIdentifier']} disagree ({shown}); make them equal"


@dataclass(frozen=True, slots=True)
class _Host:
    """All that is stored of one host and concerns us."""

    workload: Workload
    sides: Mapping[Side, _Side]
    marker: RecordSet | None

    @property
    def epoch(self) -> int:
        """Of the last writer of ours; 0 when there is none."""
        values = self.marker.get("ResourceRecords", ()) if self.marker else ()
        found = [_EPOCH.fullmatch(value["Value"]) for value in values]
        return max((int(match[1]) for match in found if match), default=0)

    def reading(self) -> Reading:
        return Reading(self.workload.name, *(self._side_reading(side) for side in Side))

    def _side_reading(self, side: Side) -> SideReading:
        held = self.sides[side]
        return SideReading(
            held.weight,
            held.weight,
            epoch=self.epoch,
            note=held.note,
            identifier=held.addresses[0]["SetIdentifier"],
        )

    def swap(self, weights: Mapping[Side, int], epoch: int) -> list[Change]:
        """The changes after which *weights* and *epoch* are stored; none when they are already."""
        changes: list[Change] = []
        if any(_differ(self.sides[side], weight) for side, weight in weights.items()):
            for side in Side:
                changes += _swapped(self.sides[side], weights.get(side))
        if changes or self.epoch != epoch:
            changes += self._marked(epoch)
        return changes

    def _marked(self, epoch: int) -> Iterator[Change]:
        if self.marker is not None:
            yield _change("DELETE", self.marker)
        value = f'"crossfade-epoch={epoch}"'
        marker = {"Name": epoch_name(self.workload.host), "Type": "TXT", "TTL": _EPOCH_TTL}
        yield _change("CREATE", {**marker, "ResourceRecords": [{"Value": value}]})


@dataclass(frozen=True, slots=True)
class _Swap:
    """What one host has to have changed."""

    host: str
    changes: tuple[Change, ...]

    @property
    def values(self) -> int:
        """How many values Route 53 counts; an alias has one."""
        return sum(max(1, len(_values(change))) for change in self.changes)

    @property
    def characters(self) -> int:
        """How long its values are."""
        return sum(len(value) for change in self.changes for value in _values(change))


class Route53Router:
    """
    The weighted records of a zone; workloads must name their set identifiers.

    Args:
        records: The zone.
        domain: Its name, without a dot at the end.
        together: Hosts that may be changed by one request, in groups (see `core.host_records.together`); a host in none
            of them goes with all others that are in none.
    """

    def __init__(self, records: RecordBook, domain: str, together: Sequence[Sequence[str]] = ()) -> None:
        self._records = records
        self._domain = domain
        self._groups = {host: number for number, hosts in enumerate(together) for host in hosts}

    def observe(self, workloads: Sequence[Workload]) -> tuple[Reading, ...]:
        """See `ports.TrafficRouter.observe`. Declared is what is listed: nothing else asks for a weight."""
        hosts, errors = self._read(workloads, lambda host: (host, epoch_name(host)))
        readings = [*(host.reading() for host in hosts), *(_missing(name, error) for name, error in errors.items())]
        named = {reading.workload: reading for reading in readings}
        return tuple(named[workload.name] for workload in workloads)

    def write(self, workloads: Sequence[Workload], writes: Sequence[Write], *, epoch: int) -> None:
        """See `ports.TrafficRouter.write`. A host is written whole: both sides, A and AAAA, or nothing of it."""
        wanted = by_workload(writes)
        self._apply([workload for workload in workloads if workload.name in wanted], wanted, epoch)

    def stamp(self, workloads: Sequence[Workload], *, epoch: int) -> None:
        """See `ports.TrafficRouter.stamp`."""
        self._apply(workloads, {}, epoch)

    def rehearse(self, workloads: Sequence[Workload]) -> tuple[str, ...]:
        """
        See `ports.TrafficRouter.rehearse`. Route 53 has no dry run, so it is only looked: records, protections.

        Whether this account may change them is not known before the first change; the stack grants it.
        """
        hosts, errors = self._read(workloads, self._names)
        protected = self._records.protected()
        faults = [fault for host in hosts for fault in _faults(host, protected)]
        return (*(str(error) for error in errors.values()), *faults)

    # --- Reading -----------------------------------------------------------------------------------------------------

    def _names(self, host: str) -> tuple[str, ...]:
        marked = [name for name in ownership_names(host) if f".{name}".endswith(f".{self._domain}")]
        return (*marked, epoch_name(host))

    def _read(
        self, workloads: Sequence[Workload], names: Callable[[str], tuple[str, ...]]
    ) -> tuple[list[_Host], dict[str, RouterObjectMissingError]]:
        """What is stored of *workloads* under *names*, in order; and by name why one cannot carry a weight."""
        stored = self._records.stored([name for workload in workloads for name in names(workload.host)])
        hosts: list[_Host] = []
        errors: dict[str, RouterObjectMissingError] = {}
        for workload in workloads:
            found = [record for name in names(workload.host) for record in stored[name]]
            try:
                hosts.append(_host(workload, found))
            except RouterObjectMissingError as error:
                errors[workload.name] = error
        return hosts, errors

    # --- Writing -----------------------------------------------------------------------------------------------------

    def _apply(self, workloads: Sequence[Workload], wanted: Mapping[str, Mapping[Side, int]], epoch: int) -> None:
        """Change all hosts that can be changed, then raise the worst error."""
        hosts, missing = self._read(workloads, self._names)
        errors: list[CrossfadeError] = list(missing.values())
        swaps: list[_Swap] = []
        for host in hosts:
            weights = wanted.get(host.workload.name, {})
            try:
                _check(host, weights, epoch)
            except CrossfadeError as error:
                errors.append(error)
            else:
                swaps.append(_Swap(host.workload.host, tuple(host.swap(weights, epoch))))
        for batch in self._batches([swap for swap in swaps if swap.changes]):
            errors += self._submit(batch)
        raise_worst(errors)

    def _batches(self, swaps: Sequence[_Swap]) -> Iterator[list[_Swap]]:
        """Divide *swaps* into as few batches as limits and grants allow; a host is never divided."""
        groups: dict[int | None, list[_Swap]] = {}
        for swap in swaps:
            groups.setdefault(self._groups.get(swap.host), []).append(swap)
        for group in groups.values():
            batch: list[_Swap] = []
            for swap in group:
                if batch and not _fits([*batch, swap]):
                    yield batch
                    batch = []
                batch.append(swap)
            yield batch

    def _submit(self, batch: Sequence[_Swap]) -> list[CrossfadeError]:
        """Make one batch; when one host's records spoil it, each host's changes alone."""
        what = ", ".join(swap.host for swap in batch[:_NAMED]) + (" and others" if len(batch) > _NAMED else "")
        try:
            self._records.change([change for swap in batch for change in swap.changes], what)
        except (WriteConflictError, RouterRefusedError) as error:
            if len(batch) == 1:
                return [error]
            return [error for swap in batch for error in self._submit([swap])]
        except CrossfadeError as error:
            return [error]
        return []


_NAMED: Final = 3
"""So many hosts are named where a batch is spoken of."""


def _host(workload: Workload, found: Sequence[RecordSet]) -> _Host:
    if workload.identifiers is None:
        msg = f"{workload.name}: the set identifiers of its records are not known; add `identifiers` to crossfade.yaml"
        raise RouterObjectMissingError(msg)
    marker = epoch_name(workload.host)
    missing, sides = [], {}
    for side in Side:
        identifier = workload.identifiers.of(side)
        mine = [record for record in found if record.get("SetIdentifier") == identifier]
        addresses = tuple(r for r in mine if r["Type"] in ADDRESSES and plain(r["Name"]) == workload.host)
        ownership = tuple(r for r in mine if r["Type"] == "TXT" and "Weight" in r)
        sides[side] = _Side(addresses, ownership)
        if not addresses:
            missing.append(f"{side} has no record with the set identifier {identifier!r}")
    if missing:
        msg = f"{workload.name}: {workload.host}: {'; '.join(missing)}; create it or correct crossfade.yaml"
        raise RouterObjectMissingError(msg)
    return _Host(workload, sides, next((record for record in found if plain(record["Name"]) == marker), None))


def _missing(workload: str, error: RouterObjectMissingError) -> Reading:
    """A workload of which a record is missing: without both no weight can be written."""
    blue, green = (SideReading(None, None, note=str(error), reachable=False, fault=error) for _ in Side)
    return Reading(workload, blue, green)


def _check(host: _Host, weights: Mapping[Side, int], epoch: int) -> None:
    """
    Refuse what must not be written.

    Raises:
        SupersededError: A younger epoch has written this host.
        RouterRefusedError: A weight is out of range, or only zeros would be left: Route 53 answers them equally.
    """
    name = f"{host.workload.name}: {host.workload.host}"
    if host.epoch > epoch:
        msg = f"{name} carries epoch {host.epoch}, a younger one than our {epoch}; this run writes no more"
        raise SupersededError(msg)
    for side, weight in weights.items():
        if not 0 <= weight <= WEIGHT_MAX:
            msg = f"{name}: {weight} is no weight for {side}; use a whole number from 0 to {WEIGHT_MAX}"
            raise RouterRefusedError(msg)
    if weights and not any(weights.get(side, host.sides[side].weight) for side in Side):
        msg = f"{name}: only zero weights would be left, which Route 53 answers equally; raise the other side first"
        raise RouterRefusedError(msg)


def _faults(host: _Host, protected: frozenset[tuple[str, str]]) -> Iterator[str]:
    """What would keep *host* from being changed, a sentence each."""
    name = f"{host.workload.name}: {host.workload.host}"
    for side in Side:
        if host.sides[side].note:
            yield f"{name}: {side}: {host.sides[side].note}"
        if any("TrafficPolicyInstanceId" in record for record in host.sides[side].addresses):
            yield f"{name}: {side}'s record belongs to a traffic policy; give it a weighted record of its own"
    touched = [record for side in Side for record in (*host.sides[side].addresses, *host.sides[side].ownership)]
    keys = {(plain(record["Name"]), record["Type"]) for record in touched} | {(epoch_name(host.workload.host), "TXT")}
    for record, type_ in sorted(keys & protected):
        yield f"{name}: Route 53 protects {record} {type_} from every change; delete that protection before the start"


def _differ(side: _Side, weight: int) -> bool:
    return any(record.get("Weight") != weight for record in side.addresses)


def _swapped(side: _Side, weight: int | None) -> Iterator[Change]:
    """Delete what is stored and create it with *weight*; with None, only assert that the addresses are as read."""
    for record in side.addresses if weight is None else (*side.addresses, *side.ownership):
        yield _change("DELETE", record)
        yield _change("CREATE", record if weight is None else {**record, "Weight": weight})


def _change(action: str, record: RecordSet) -> Change:
    return {"Action": action, "ResourceRecordSet": record}


def _values(change: Change) -> list[str]:
    records: Iterable[Mapping[str, Any]] = change["ResourceRecordSet"].get("ResourceRecords", ())
    return [record["Value"] for record in records]


def _fits(batch: Sequence[_Swap]) -> bool:
    within = sum(swap.values for swap in batch) <= _VALUES_MAX
    return within and sum(swap.characters for swap in batch) <= _CHARACTERS_MAX
