"""The ledger in one DynamoDB table: records, leases, timelines and signals.

What its items look like stands in `dynamodb_items`.
Limits: a transaction takes 100 items, an item 400 KB. Everything that is decided on is read consistently.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
"""

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from crossfade.adapters.aws import Translation, code_of
from crossfade.adapters.dynamodb_items import (
    EPOCH,
    EVENT,
    LATCH,
    LEASE,
    RECORD,
    SIGNAL,
    bell,
    expires,
    instant,
    key,
    latch_of,
    of_migration,
    order,
    record_of,
    signal_of,
)
from crossfade.core.latch import Latch
from crossfade.core.record import Record
from crossfade.core.signals import Signal
from crossfade.core.timeline import Brief, Event
from crossfade.errors import (
    InvalidInputError,
    LeaseHeldError,
    LedgerRefusedError,
    LedgerUnavailableError,
    WriteConflictError,
)
from crossfade.names import BELL_RANG, BELL_TOKEN

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

UNITS_MAX: Final = 90
"""A lease is one transaction of at most 100 items; some are kept in reserve."""

BELL_KEPT: Final = timedelta(days=15)
"""How long a bell is kept at most: longer than any execution runs, so none outlives its migration for long."""


_WRITTEN: Final = itertools.count()
"""Tells apart what one process writes down at the same instant."""

_CONDITION_FAILED: Final = "ConditionalCheckFailedException"
_CANCELLED: Final = "TransactionCanceledException"

_DYNAMODB: Final = Translation(
    "DynamoDB",
    throttled=LedgerUnavailableError,
    unavailable=LedgerUnavailableError,
    denied=LedgerRefusedError,
    known={
        "ResourceNotFoundException": (LedgerRefusedError, "deploy again, so that the table exists"),
        "TransactionConflictException": (LedgerUnavailableError, "it is tried again"),
        "TransactionInProgressException": (LedgerUnavailableError, "it is tried again"),
    },
)


@dataclass(frozen=True, slots=True)
class _Lease:
    unit: str
    migration: str
    execution: str
    epoch: int
    held: bool


class DynamoLedger:
    """
    See `ports.Ledger`.

    Args:
        dynamodb: A client.
        table: Name of the table, with keys `pk` and `sk`.
    """

    def __init__(self, dynamodb: "DynamoDBClient", *, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    # --- Records -----------------------------------------------------------------------------------------------------

    def open(self, record: Record) -> Record:
        """See `ports.Ledger.open`."""
        try:
            self._put(record, "attribute_not_exists(pk)", {})
        except ClientError as error:
            if code_of(error) != _CONDITION_FAILED:
                raise
            return self._opened_before(record)
        return record

    def _opened_before(self, record: Record) -> Record:
        stored = self.load(record.migration)
        if stored is None or stored.execution != record.execution:
            owner = stored.execution if stored else "another execution"
            msg = f"the name {record.migration} was used by {owner}; start with another name"
            raise LeaseHeldError(msg)
        return stored

    def load(self, migration: str) -> Record | None:
        """See `ports.Ledger.load`."""
        with self._around("dynamodb:GetItem"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=key(of_migration(migration), RECORD), ConsistentRead=True
            )
        item = answer.get("Item")
        return None if item is None else record_of(item)

    def save(self, record: Record) -> Record:
        """See `ports.Ledger.save`."""
        raised = record.with_(revision=record.revision + 1)
        try:
            self._put(raised, "revision = :revision", {":revision": {"N": str(record.revision)}})
        except ClientError as error:
            if code_of(error) != _CONDITION_FAILED:
                raise
            if self.load(record.migration) != raised:  # unless it is our own save, whose answer was lost
                msg = f"{record.migration} was saved by somebody else in between; it is read again"
                raise WriteConflictError(msg) from error
        return raised

    def _put(self, record: Record, condition: str, values: Mapping[str, Any]) -> None:
        item = {
            **key(of_migration(record.migration), RECORD),
            "document": {"S": record.model_dump_json()},
            "revision": {"N": str(record.revision)},
            "expires": expires(record.started),
        }
        values_given: dict[str, Any] = {"ExpressionAttributeValues": dict(values)} if values else {}
        with self._around("dynamodb:PutItem"):
            self._dynamodb.put_item(TableName=self._table, Item=item, ConditionExpression=condition, **values_given)

    # --- Leases ------------------------------------------------------------------------------------------------------

    def take(self, units: Sequence[str], *, migration: str, execution: str, now: datetime, fresh: bool = False) -> int:
        """See `ports.Ledger.take`."""
        if not 1 <= len(set(units)) == len(units) <= UNITS_MAX:
            msg = f"a migration holds 1 to {UNITS_MAX} different hosts, not {len(units)}; split it"
            raise InvalidInputError(msg)
        held = [lease for lease in self._leases() if lease.unit in units and lease.held]
        _refuse_others(held, execution)
        if not fresh and len(held) == len(units) and len({lease.epoch for lease in held}) == 1:
            return held[0].epoch
        epoch = self._next_epoch()
        self._take_all(units, migration, execution, epoch, now)
        return epoch

    def _next_epoch(self) -> int:
        with self._around("dynamodb:UpdateItem"):
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=EPOCH,
                UpdateExpression="ADD epoch :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
                ReturnValues="UPDATED_NEW",
            )
        return int(answer["Attributes"]["epoch"]["N"])

    def _take_all(self, units: Sequence[str], migration: str, execution: str, epoch: int, now: datetime) -> None:
        puts: list[Any] = [
            {
                "Put": {
                    "TableName": self._table,
                    "Item": {
                        **key(LEASE, unit),
                        "migration": {"S": migration},
                        "execution": {"S": execution},
                        "epoch": {"N": str(epoch)},
                        "held": {"BOOL": True},
                        "taken": {"S": now.isoformat()},
                    },
                    "ConditionExpression": (
                        "attribute_not_exists(pk) OR ((held = :no OR execution = :me) AND epoch < :epoch)"
                    ),
                    "ExpressionAttributeValues": {
                        ":no": {"BOOL": False},
                        ":me": {"S": execution},
                        ":epoch": {"N": str(epoch)},
                    },
                }
            }
            for unit in units
        ]
        try:
            with self._around("dynamodb:PutItem"):
                self._dynamodb.transact_write_items(TransactItems=puts)
        except ClientError as error:
            if code_of(error) != _CANCELLED:
                raise
            _refuse_others([lease for lease in self._leases() if lease.unit in units and lease.held], execution)
            msg = "another start took or gave back one of these hosts at the same moment; it is tried again"
            raise LedgerUnavailableError(msg) from error

    def holds(self, units: Sequence[str], *, epoch: int) -> bool:
        """See `ports.Ledger.holds`."""
        held = {lease.unit for lease in self._leases() if lease.held and lease.epoch == epoch}
        return set(units) <= held

    def release(self, units: Sequence[str], *, epoch: int) -> None:
        """See `ports.Ledger.release`."""
        for unit in units:
            try:
                with self._around("dynamodb:UpdateItem"):
                    self._dynamodb.update_item(
                        TableName=self._table,
                        Key=key(LEASE, unit),
                        UpdateExpression="SET held = :no",
                        ConditionExpression="epoch = :epoch",
                        ExpressionAttributeValues={":no": {"BOOL": False}, ":epoch": {"N": str(epoch)}},
                    )
            except ClientError as error:
                if code_of(error) != _CONDITION_FAILED:
                    raise

    def leased(self) -> tuple[str, ...]:
        """See `ports.Ledger.leased`."""
        return tuple(sorted({lease.migration for lease in self._leases() if lease.held}))

    def _leases(self) -> list[_Lease]:
        return [
            _Lease(
                unit=item["sk"]["S"],
                migration=item["migration"]["S"],
                execution=item["execution"]["S"],
                epoch=int(item["epoch"]["N"]),
                held=item["held"]["BOOL"],
            )
            for item in self._query(LEASE)
        ]

    # --- Timeline and signals ----------------------------------------------------------------------------------------

    def append(self, migration: str, event: Event) -> None:
        """See `ports.Ledger.append`."""
        content = json.dumps({"what": event.what, "text": event.text, "data": event.data}, sort_keys=True)
        self._write_down(migration, EVENT, event.at, content)

    def timeline(self, migration: str) -> tuple[Event, ...]:
        """See `ports.Ledger.timeline`."""
        return tuple(
            Event(at=instant(item), **json.loads(item["content"]["S"])) for item in self._written_down(migration, EVENT)
        )

    def signal(self, migration: str, signal: Signal) -> None:
        """See `ports.Ledger.signal`."""
        self._write_down(migration, SIGNAL, signal.at, signal.model_dump_json())

    def signals(self, migration: str) -> tuple[Signal, ...]:
        """See `ports.Ledger.signals`."""
        return tuple(map(signal_of, self._written_down(migration, SIGNAL)))

    def latch(self, migration: str, latch: Latch) -> None:
        """See `ports.Ledger.latch`."""
        self._write_down(migration, LATCH, latch.at, latch.model_dump_json())

    def latches(self, migration: str) -> tuple[Latch, ...]:
        """See `ports.Ledger.latches`."""
        return tuple(map(latch_of, self._written_down(migration, LATCH)))

    def brief(self, migration: str) -> Brief:
        """See `ports.Ledger.brief`. A record lies between latches and signals, in the order of sort keys."""
        of: dict[str, list[Mapping[str, Any]]] = {RECORD: [], SIGNAL: [], LATCH: []}
        between = {":from": {"S": f"{LATCH}#"}, ":to": {"S": f"{SIGNAL}$"}}
        for item in self._query(of_migration(migration), "sk BETWEEN :from AND :to", between):
            of[item["sk"]["S"].partition("#")[0]].append(item)
        return Brief(
            next(map(record_of, of[RECORD]), None),
            tuple(map(signal_of, sorted(of[SIGNAL], key=order))),
            tuple(map(latch_of, sorted(of[LATCH], key=order))),
        )

    # --- The bell ----------------------------------------------------------------------------------------------------

    def listen(self, migration: str, *, now: datetime) -> None:
        """See `ports.Ledger.listen`."""
        item = {**bell(migration), "expires": expires(now, BELL_KEPT)}
        with self._around("dynamodb:PutItem"):
            self._dynamodb.put_item(TableName=self._table, Item=item)

    def ring(self, migration: str, *, now: datetime) -> str | None:
        """See `ports.Ledger.ring`. The state machine hangs up its token only where nobody has rung."""
        with self._around("dynamodb:UpdateItem"):
            before = self._dynamodb.update_item(
                TableName=self._table,
                Key=bell(migration),
                UpdateExpression=f"SET {BELL_RANG} = :at, expires = :expires REMOVE {BELL_TOKEN}",
                ExpressionAttributeValues={":at": {"S": now.isoformat()}, ":expires": expires(now, BELL_KEPT)},
                ReturnValues="ALL_OLD",
            ).get("Attributes", {})
        return before[BELL_TOKEN]["S"] if BELL_TOKEN in before else None

    def _write_down(self, migration: str, kind: str, at: datetime, content: str) -> None:
        """
        An item whose key follows from its content, so that the same twice is one.

        One task writes several entries of the same instant. The wall clock and a count keep their order; they
        decide nothing else.
        """
        digest = hashlib.sha256(content.encode()).hexdigest()[:16]
        item = {
            **key(of_migration(migration), f"{kind}#{at.isoformat(timespec='microseconds')}#{digest}"),
            "at": {"S": at.isoformat()},
            "content": {"S": content},
            "written": {"S": datetime.now(UTC).isoformat(timespec="microseconds")},
            "number": {"N": str(next(_WRITTEN))},
            "expires": expires(at),
        }
        try:
            with self._around("dynamodb:PutItem"):
                self._dynamodb.put_item(
                    TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(pk)"
                )
        except ClientError as error:
            if code_of(error) != _CONDITION_FAILED:
                raise

    def _written_down(self, migration: str, kind: str) -> list[Mapping[str, Any]]:
        items = self._query(of_migration(migration), "begins_with(sk, :begins)", {":begins": {"S": f"{kind}#"}})
        return sorted(items, key=order)

    # --- The table ---------------------------------------------------------------------------------------------------

    def _query(
        self, partition: str, which: str = "", values: Mapping[str, Any] | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """The items of *partition*, or those of them that the condition *which* on `sk` lets through."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression=f"pk = :pk AND {which}" if which else "pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition}, **(values or {})},
            ConsistentRead=True,
        )
        with self._around("dynamodb:Query"):
            for page in pages:
                yield from page["Items"]

    def _around(self, action: str) -> Any:
        return _DYNAMODB.around(action, f"table {self._table}")


def _refuse_others(held: Sequence[_Lease], execution: str) -> None:
    if other := next((lease for lease in held if lease.execution != execution), None):
        msg = f"{other.migration} ({other.execution}) holds {other.unit}; wait for its end or abort it"
        raise LeaseHeldError(msg)
