"""What the ledger on DynamoDB does when DynamoDB does not do what it should."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from crossfade.adapters.dynamodb_items import KEPT
from crossfade.adapters.dynamodb_ledger import DynamoLedger
from crossfade.core.record import Record
from crossfade.core.timeline import Event
from crossfade.errors import CrossfadeError, LeaseHeldError, LedgerRefusedError, LedgerUnavailableError
from tests.contracts.estate import REGION
from tests.steps.scene import a_plan

T0 = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
UNITS = ("dns/Z1/burnham.example.com", "dns/Z1/yelb.example.com")


class Faulty:
    """DynamoDB whose answers can be lost and whose calls can be refused, once."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._loses: str = ""
        self._refuses: tuple[str, str] = ("", "")
        self._before: dict[str, Callable[[], object]] = {}
        self.calls: list[str] = []
        self.meta = client.meta

    def lose_answer_of(self, operation: str) -> None:
        self._loses = operation

    def refuse(self, operation: str, code: str) -> None:
        self._refuses = operation, code

    def before(self, operation: str, action: Callable[[], object]) -> None:
        self._before[operation] = action

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)

        def call(**arguments: Any) -> Any:
            self.calls.append(name)
            self._before.pop(name, lambda: None)()
            operation, code = self._refuses
            if operation == name:
                self._refuses = "", ""
                raise ClientError({"Error": {"Code": code, "Message": "no"}}, name)
            answer = real(**arguments)
            if self._loses == name:
                self._loses = ""
                raise ClientError({"Error": {"Code": "InternalServerError"}, "ResponseMetadata": _SERVER_FAULT}, name)
            return answer

        return real if name == "get_paginator" else call


_SERVER_FAULT: Any = {"HTTPStatusCode": 500}


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", region_name=REGION, config=Config(retries={"total_max_attempts": 1}))
        client.create_table(
            TableName="ledger",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


@pytest.fixture
def faulty(dynamodb: Any) -> Faulty:
    return Faulty(dynamodb)


@pytest.fixture
def ledger(faulty: Faulty) -> DynamoLedger:
    client: Any = faulty
    return DynamoLedger(client, table="ledger")


def a_record() -> Record:
    return Record(migration="tonight", execution="arn:tonight", plan=a_plan(), started=T0)


def take(ledger: DynamoLedger, who: str = "tonight") -> int:
    return ledger.take(UNITS, migration=who, execution=f"arn:{who}", now=T0)


# --- Crash after the effect, before the answer -----------------------------------------------------------------------


def test_a_lease_whose_answer_was_lost_is_found_again_with_its_epoch(ledger: DynamoLedger, faulty: Faulty) -> None:
    faulty.lose_answer_of("transact_write_items")
    with pytest.raises(LedgerUnavailableError):
        take(ledger)
    epoch = take(ledger)

    assert ledger.holds(UNITS, epoch=epoch)
    assert faulty.calls.count("transact_write_items") == 1, "it was not taken again"


def test_an_epoch_whose_answer_was_lost_is_never_used(ledger: DynamoLedger, faulty: Faulty) -> None:
    faulty.lose_answer_of("update_item")
    with pytest.raises(LedgerUnavailableError):
        take(ledger)

    assert take(ledger) == 2


def test_an_opening_whose_answer_was_lost_is_no_second_start(ledger: DynamoLedger, faulty: Faulty) -> None:
    faulty.lose_answer_of("put_item")
    with pytest.raises(LedgerUnavailableError):
        ledger.open(a_record())

    assert ledger.open(a_record()) == a_record()


def test_a_save_whose_answer_was_lost_is_no_conflict(ledger: DynamoLedger, faulty: Faulty) -> None:
    opened = ledger.open(a_record())
    faulty.lose_answer_of("put_item")
    with pytest.raises(LedgerUnavailableError):
        ledger.save(opened.with_(stage=1))

    assert ledger.save(opened.with_(stage=1)).revision == 1


def test_an_entry_whose_answer_was_lost_is_one_entry(ledger: DynamoLedger, faulty: Faulty) -> None:
    event = Event(T0, "started", "plan standard")
    faulty.lose_answer_of("put_item")
    with pytest.raises(LedgerUnavailableError):
        ledger.append("tonight", event)
    ledger.append("tonight", event)

    assert ledger.timeline("tonight") == (event,)


# --- Races -----------------------------------------------------------------------------------------------------------


def test_a_start_that_read_free_hosts_just_before_another_took_them_is_refused(
    ledger: DynamoLedger, faulty: Faulty, dynamodb: Any
) -> None:
    another = DynamoLedger(dynamodb, table="ledger")
    faulty.before("transact_write_items", lambda: take(another, "another"))

    with pytest.raises(LeaseHeldError, match="another"):
        take(ledger)


def test_an_older_epoch_does_not_take_what_a_younger_one_has_given_back(
    ledger: DynamoLedger, faulty: Faulty, dynamodb: Any
) -> None:
    another = DynamoLedger(dynamodb, table="ledger")
    faulty.before("transact_write_items", lambda: another.release(UNITS, epoch=take(another, "another")))

    with pytest.raises(LedgerUnavailableError, match="tried again"):
        take(ledger)
    assert take(ledger) == 3


# --- Refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "error", "says"),
    [
        ("ProvisionedThroughputExceededException", LedgerUnavailableError, "tried again"),
        ("RequestLimitExceeded", LedgerUnavailableError, "tried again"),
        ("ThrottlingException", LedgerUnavailableError, "tried again"),
        ("TransactionConflictException", LedgerUnavailableError, "tried again"),
        ("AccessDeniedException", LedgerRefusedError, "grant it"),
        ("ResourceNotFoundException", LedgerRefusedError, "deploy again"),
    ],
)
def test_what_dynamodb_refuses_is_an_error_that_says_what_to_do(
    ledger: DynamoLedger, faulty: Faulty, code: str, error: type[CrossfadeError], says: str
) -> None:
    for operation in ("get_item", "put_item"):
        faulty.refuse(operation, code)
        with pytest.raises(error, match=f"table ledger(?s:.*){says}"):
            ledger.load("tonight") if operation == "get_item" else ledger.open(a_record())


def test_a_code_that_nobody_knows_passes_as_it_is(ledger: DynamoLedger, faulty: Faulty) -> None:
    faulty.refuse("get_item", "ValidationException")

    with pytest.raises(ClientError, match="ValidationException"):
        ledger.load("tonight")


# --- What stands in the table ----------------------------------------------------------------------------------------


def test_what_is_kept_expires_and_leases_never_do(ledger: DynamoLedger, dynamodb: Any) -> None:
    ledger.open(a_record())
    ledger.append("tonight", Event(T0, "started", "plan standard"))
    take(ledger)
    items = dynamodb.scan(TableName="ledger")["Items"]
    expiries = {item["pk"]["S"]: int(item["expires"]["N"]) for item in items if "expires" in item}

    assert timedelta(days=366) <= KEPT
    assert expiries == {"MIGRATION#tonight": int((T0 + KEPT).timestamp())}
    assert sorted(item["pk"]["S"] for item in items if "expires" not in item) == ["EPOCH", "LEASE", "LEASE"]


def test_a_long_timeline_is_read_page_by_page(ledger: DynamoLedger) -> None:
    events = [Event(T0 + timedelta(seconds=n), "weight_written", "x" * 20_000) for n in range(80)]
    for event in events:
        ledger.append("tonight", event)

    assert ledger.timeline("tonight") == tuple(events)
