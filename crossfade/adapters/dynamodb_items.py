"""The items of the ledger's table: their keys, and what is read out of them. No call is made here.

| pk | sk | what |
|---|---|---|
| `MIGRATION#name` | `RECORD` | the record as JSON, with its revision |
| `MIGRATION#name` | `EVENT#time#digest` | one entry of the timeline |
| `MIGRATION#name` | `SIGNAL#time#digest` | one signal of a person |
| `MIGRATION#name` | `LATCH#time#digest` | one time that an alarm went into ALARM |
| `BELL#name` | `BELL` | the token of its sleep, put there by the state machine; or that somebody rang |
| `LEASE` | the unit | who holds it, with which epoch; a released lease keeps its item |
| `EPOCH` | `EPOCH` | the counter that all epochs come from |
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from crossfade.core.latch import Latch
from crossfade.core.record import Record
from crossfade.core.signals import Signal
from crossfade.names import BELL_ITEM, BELL_KEY

KEPT: Final = timedelta(days=400)
"""How long records, timelines and signals are kept: longer than any audit year."""
LEASE: Final = "LEASE"
EPOCH: Final = {"pk": {"S": "EPOCH"}, "sk": {"S": "EPOCH"}}
RECORD: Final = "RECORD"
EVENT: Final = "EVENT"
SIGNAL: Final = "SIGNAL"
LATCH: Final = "LATCH"


def of_migration(migration: str) -> str:
    """The partition of a migration."""
    return f"MIGRATION#{migration}"


def bell(migration: str) -> dict[str, Any]:
    """The key of the bell of a migration."""
    return key(f"{BELL_KEY}{migration}", BELL_ITEM)


def key(pk: str, sk: str) -> dict[str, Any]:
    """A key of the table."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def instant(item: Mapping[str, Any]) -> datetime:
    """When it happened that is written down in *item*."""
    return datetime.fromisoformat(item["at"]["S"])


def order(item: Mapping[str, Any]) -> tuple[datetime, str, int]:
    """In which order items were written down."""
    return instant(item), item["written"]["S"], int(item["number"]["N"])


def record_of(item: Mapping[str, Any]) -> Record:
    """The record in *item*."""
    return Record.model_validate_json(item["document"]["S"])


def signal_of(item: Mapping[str, Any]) -> Signal:
    """The signal in *item*."""
    return Signal.model_validate_json(item["content"]["S"])


def latch_of(item: Mapping[str, Any]) -> Latch:
    """The latch in *item*."""
    return Latch.model_validate_json(item["content"]["S"])


def expires(at: datetime, kept: timedelta = KEPT) -> dict[str, Any]:
    """When DynamoDB may forget an item of *at*."""
    return {"N": str(int((at + kept).timestamp()))}
