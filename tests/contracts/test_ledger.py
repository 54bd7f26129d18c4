"""What every ledger promises: the in-memory one of the tests and the simulator, and the one on DynamoDB."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from crossfade.adapters.announcing_ledger import AnnouncingLedger
from crossfade.adapters.dynamodb_ledger import DynamoLedger
from crossfade.core.latch import Latch
from crossfade.core.record import Record
from crossfade.core.signals import Signal, SignalKind
from crossfade.core.timeline import Brief, Event
from crossfade.errors import InvalidInputError, LeaseHeldError, LedgerUnavailableError, WriteConflictError
from crossfade.names import BELL_ITEM, BELL_KEY, BELL_RANG, BELL_TOKEN
from crossfade.ports import Ledger
from tests.fakes import InMemoryLedger, RecordingAnnouncer
from tests.steps.scene import a_plan

T0 = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
UNITS = ("dns/Z1/burnham.example.com", "dns/Z1/yelb.example.com")


@pytest.fixture(params=["in-memory", "announcing", "dynamodb"])
def ledger(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    if request.param == "in-memory":
        yield InMemoryLedger()
        return
    if request.param == "announcing":
        yield AnnouncingLedger(InMemoryLedger(), RecordingAnnouncer())
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        client.create_table(
            TableName="ledger",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield DynamoLedger(one_call_at_a_time(client), table="ledger")


def one_call_at_a_time(client: Any) -> Any:
    """Moto undoes a failed transaction by putting a copy of the whole table back, and loses what others wrote."""
    lock, call = threading.Lock(), client._make_api_call

    def locked(*arguments: Any) -> Any:
        with lock:
            return call(*arguments)

    client._make_api_call = locked
    return client


def a_record(migration: str = "tonight", execution: str = "arn:tonight") -> Record:
    return Record(migration=migration, execution=execution, plan=a_plan(), started=T0)


def take(ledger: Ledger, *units: str, who: str = "tonight", fresh: bool = False) -> int:
    return ledger.take(units or UNITS, migration=who, execution=f"arn:{who}", now=T0, fresh=fresh)


def test_a_record_comes_back_as_it_was_stored(ledger: Ledger) -> None:
    ledger.open(a_record())

    assert ledger.load("tonight") == a_record()


def test_what_was_never_stored_is_none(ledger: Ledger) -> None:
    assert ledger.load("tonight") is None


def test_opening_twice_for_the_same_execution_gives_what_is_stored(ledger: Ledger) -> None:
    saved = ledger.save(ledger.open(a_record()).with_(stage=2))

    assert ledger.open(a_record()) == saved


def test_a_name_that_another_execution_used_is_refused(ledger: Ledger) -> None:
    ledger.open(a_record())

    with pytest.raises(LeaseHeldError, match="arn:tonight"):
        ledger.open(a_record(execution="arn:another"))


def test_a_save_on_an_old_revision_is_refused(ledger: Ledger) -> None:
    opened = ledger.open(a_record())
    ledger.save(opened.with_(stage=1))

    with pytest.raises(WriteConflictError):
        ledger.save(opened.with_(stage=2))


def test_the_same_save_again_is_no_conflict_because_its_answer_may_have_been_lost(ledger: Ledger) -> None:
    opened = ledger.open(a_record())
    first = ledger.save(opened.with_(stage=1))

    assert ledger.save(opened.with_(stage=1)) == first


def test_two_starts_cannot_hold_the_same_host(ledger: Ledger) -> None:
    take(ledger, UNITS[0])

    with pytest.raises(LeaseHeldError, match="tonight"):
        take(ledger, *UNITS, who="another")
    assert take(ledger, UNITS[1], who="third") > 0, "nothing of the refused lease was taken"


def test_a_lease_asked_again_by_the_same_execution_returns_its_epoch(ledger: Ledger) -> None:
    assert take(ledger) == take(ledger)


def test_a_fresh_lease_of_the_same_execution_has_a_higher_epoch_and_ends_the_old_one(ledger: Ledger) -> None:
    old = take(ledger)
    new = take(ledger, fresh=True)

    assert new > old
    assert (ledger.holds(UNITS, epoch=old), ledger.holds(UNITS, epoch=new)) == (False, True)


def test_epochs_rise_over_releases_and_holders(ledger: Ledger) -> None:
    first = take(ledger)
    ledger.release(UNITS, epoch=first)

    assert take(ledger, who="another") > first


def test_a_release_with_an_old_epoch_changes_nothing(ledger: Ledger) -> None:
    old = take(ledger)
    new = take(ledger, fresh=True)

    ledger.release(UNITS, epoch=old)

    assert ledger.holds(UNITS, epoch=new)


def test_a_released_lease_is_not_held(ledger: Ledger) -> None:
    epoch = take(ledger)
    ledger.release(UNITS, epoch=epoch)

    assert not ledger.holds(UNITS, epoch=epoch)
    assert ledger.leased() == ()


def test_who_holds_a_lease_is_known(ledger: Ledger) -> None:
    take(ledger, UNITS[0], who="b")
    take(ledger, UNITS[1], who="a")

    assert ledger.leased() == ("a", "b")


def test_of_many_starts_at_once_exactly_one_gets_the_lease(ledger: Ledger) -> None:
    def start(number: int) -> int | None:
        try:
            return take(ledger, who=f"start-{number}")
        except (LeaseHeldError, LedgerUnavailableError):
            return None

    with ThreadPoolExecutor(8) as pool:
        epochs = [epoch for epoch in pool.map(start, range(8)) if epoch is not None]

    assert len(epochs) == len(ledger.leased()) == 1
    assert ledger.holds(UNITS, epoch=epochs[0])


@pytest.mark.parametrize("count", [0, 91])
def test_a_lease_is_for_one_to_ninety_hosts(ledger: Ledger, count: int) -> None:
    with pytest.raises(InvalidInputError):
        ledger.take([f"dns/Z1/{n}" for n in range(count)], migration="m", execution="arn:m", now=T0)


def test_ninety_hosts_are_one_lease(ledger: Ledger) -> None:
    units = [f"dns/Z1/{n}" for n in range(90)]

    assert ledger.holds(units, epoch=ledger.take(units, migration="m", execution="arn:m", now=T0))


def test_the_timeline_is_in_order_and_the_same_entry_twice_is_one(ledger: Ledger) -> None:
    late = Event(T0 + timedelta(seconds=90), "stage_began", "stage 1 begins", {"stage": 0, "share_percent": 0.99})
    early = Event(T0, "started", "plan standard")
    for event in (late, early, late):
        ledger.append("tonight", event)

    assert ledger.timeline("tonight") == (early, late)
    assert ledger.timeline("another") == ()


def test_entries_of_one_instant_stay_in_the_order_in_which_they_were_written(ledger: Ledger) -> None:
    events = [Event(T0, "weight_written", f"step {number}") for number in range(12)]
    for event in (*events, events[3]):
        ledger.append("tonight", event)

    assert ledger.timeline("tonight") == tuple(events)


def test_signals_are_in_order_and_the_same_one_twice_is_one(ledger: Ledger) -> None:
    hold = Signal(kind=SignalKind.HOLD, by="arn:ana", at=T0, until=T0 + timedelta(hours=2), reason="lunch")
    abort = Signal(kind=SignalKind.ABORT, by="arn:bob", at=T0 + timedelta(minutes=5))
    for signal in (abort, hold, abort):
        ledger.signal("tonight", signal)

    assert ledger.signals("tonight") == (hold, abort)


def test_latches_are_in_order_and_the_same_one_twice_is_one(ledger: Ledger) -> None:
    late, early = (Latch(alarm="green-5xx", at=T0 + timedelta(seconds=s), reason="too many") for s in (90, 0))
    for latch in (late, early, late):
        ledger.latch("tonight", latch)

    assert ledger.latches("tonight") == (early, late)
    assert ledger.latches("another") == ()


def test_a_brief_is_what_one_by_one_would_give(ledger: Ledger) -> None:
    record, at = a_record(), T0 + timedelta(seconds=9)
    assert ledger.brief("tonight") == Brief(None, (), ())
    ledger.open(record)
    ledger.append("tonight", Event(T0, "weight_written", "blue is raised"))
    for name in ("tonight", "another"):
        ledger.signal(name, Signal(kind=SignalKind.ABORT, by="arn:ana", at=at, reason=name))
        ledger.signal(name, Signal(kind=SignalKind.PROMOTE, by="arn:bob", at=T0, reason=name))
        ledger.latch(name, Latch(alarm="green-5xx", at=at, reason=name))

    found = ledger.brief("tonight")

    assert found == Brief(record, ledger.signals("tonight"), ledger.latches("tonight"))
    assert [signal.kind for signal in found.signals] == [SignalKind.PROMOTE, SignalKind.ABORT]
    assert [latch.reason for latch in found.latches] == ["tonight"]


def test_who_rings_a_migration_that_does_not_sleep_gets_no_token(ledger: Ledger) -> None:
    assert ledger.ring("tonight", now=T0) is None
    ledger.listen("tonight", now=T0)

    assert ledger.ring("tonight", now=T0) is None


def fall_asleep(ledger: Ledger, token: str) -> bool:
    """What the state machine does when it begins to sleep; False when it must not."""
    kept: object = getattr(ledger, "_ledger", ledger)  # of one that announces
    if isinstance(kept, InMemoryLedger):
        return kept.fall_asleep("tonight", token)
    try:
        boto3.client("dynamodb", region_name="eu-west-1").update_item(
            TableName="ledger",
            Key={"pk": {"S": f"{BELL_KEY}tonight"}, "sk": {"S": BELL_ITEM}},
            UpdateExpression=f"SET {BELL_TOKEN} = :token",
            ConditionExpression=f"attribute_not_exists({BELL_RANG})",
            ExpressionAttributeValues={":token": {"S": token}},
        )
    except ClientError:
        return False
    return True


def test_a_token_is_given_away_once_and_forgotten_when_somebody_listens(ledger: Ledger) -> None:
    ledger.listen("tonight", now=T0)
    assert fall_asleep(ledger, "the token")
    rung = [ledger.ring("tonight", now=T0) for _ in range(2)]
    assert not fall_asleep(ledger, "another token"), "somebody rang since the last look"

    ledger.listen("tonight", now=T0)
    assert fall_asleep(ledger, "a third token")
    ledger.listen("tonight", now=T0)

    assert [*rung, ledger.ring("tonight", now=T0)] == ["the token", None, None]
