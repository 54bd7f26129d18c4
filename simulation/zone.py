"""The hosted zone of a run, as an adversary: batches are taken whole or not at all, if nobody was faster."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from crossfade.adapters.route53 import Change as RecordChange
from crossfade.adapters.route53 import RecordSet, WeightedRecord
from crossfade.core.host_records import epoch_name
from crossfade.core.weight import Side
from crossfade.core.workload import Workload
from crossfade.errors import RouterThrottledError, WriteConflictError
from simulation.estate import Estate, Key

T = TypeVar("T")

RecordKey = tuple[str, str, str]


class SimulatedRecords:
    """The zone, as `adapters.seams.Records` and `adapters.seams.RecordBook`."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._named = {workload.host: workload for workload in estate.plan.workloads}

    def read(self, hosts: Sequence[str]) -> Mapping[str, tuple[WeightedRecord, ...]]:
        """See `RecordReader.read`."""
        return self._call("list", lambda: {host: self._of(self._named[host]) for host in hosts})

    def _of(self, workload: Workload) -> tuple[WeightedRecord, ...]:
        return tuple(WeightedRecord("A", side.value, self._estate.listed[workload.name, side]) for side in Side)

    def stored(self, names: Sequence[str]) -> Mapping[str, tuple[RecordSet, ...]]:
        """See `RecordReader.stored`."""

        def stored() -> dict[str, tuple[RecordSet, ...]]:
            found: dict[str, list[RecordSet]] = {name: [] for name in names}
            for (name, _, _), record in self._all().items():
                if name in found:
                    found[name].append(record)
            return {name: tuple(records) for name, records in found.items()}

        return self._call("list", stored)

    def change(self, changes: Sequence[RecordChange], what: str) -> None:
        """See `RecordKeeper.change`: whole or not at all, and a DELETE needs what is stored."""

        def change() -> None:
            stored = self._all()
            for one in changes:
                record = one["ResourceRecordSet"]
                key = _key(record)
                if one["Action"] == "DELETE" and stored.get(key) == record:
                    del stored[key]
                elif one["Action"] == "UPSERT" or (one["Action"] == "CREATE" and key not in stored):
                    stored[key] = record
                else:
                    msg = f"{what}: a record was changed by somebody else in between; it is read again"
                    raise WriteConflictError(msg)
            self._store(stored)

        self._call("change", change, late=True)

    def protected(self) -> frozenset[tuple[str, str]]:
        """See `RecordKeeper.protected`."""
        return self._call("list protections", frozenset[tuple[str, str]])

    def _all(self) -> dict[RecordKey, RecordSet]:
        records: list[RecordSet] = []
        for workload in self._named.values():
            records += [_address(workload.host, side, self._estate.listed[workload.name, side]) for side in Side]
            if workload.name in self._estate.markers:
                records.append(_marker(workload.host, self._estate.markers[workload.name]))
        return {_key(record): record for record in records}

    def _store(self, stored: Mapping[RecordKey, RecordSet]) -> None:
        weights: dict[Key, int] = {}
        markers: dict[str, int] = {}
        for workload in self._named.values():
            for side in Side:
                weights[workload.name, side] = stored[workload.host, "A", side.value]["Weight"]
            if marker := stored.get((epoch_name(workload.host), "TXT", "")):
                markers[workload.name] = int(marker["ResourceRecords"][0]["Value"].strip('"').partition("=")[2])
        self._estate.record(weights, markers, ours=True)

    def _call(self, what: str, action: Callable[[], T], *, late: bool = False) -> T:
        def attempt() -> T:
            if "route53" in self._estate.broken:
                msg = "Route 53 limits the rate; it is tried again"
                raise RouterThrottledError(msg)
            return action()

        return self._estate.seams.call(f"route 53: {what}", attempt, RouterThrottledError, late=late)


def _address(host: str, side: Side, weight: int) -> RecordSet:
    return {"Name": host, "Type": "A", "SetIdentifier": side.value, "Weight": weight}


def _marker(host: str, epoch: int) -> RecordSet:
    values = [{"Value": f'"crossfade-epoch={epoch}"'}]
    return {"Name": epoch_name(host), "Type": "TXT", "TTL": 60, "ResourceRecords": values}


def _key(record: RecordSet) -> RecordKey:
    return record["Name"], record["Type"], record.get("SetIdentifier", "")
