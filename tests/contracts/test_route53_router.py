"""What the router over Route 53 promises beyond its port: one batch or nothing, both sides asserted, few requests."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

from crossfade.adapters.route53 import RecordKeeper
from crossfade.adapters.route53_router import Route53Router
from crossfade.core.host_records import epoch_name, together
from crossfade.core.traffic import Write
from crossfade.core.weight import Side
from crossfade.errors import (
    CrossfadeError,
    RouterObjectMissingError,
    RouterRefusedError,
    RouterThrottledError,
    RouterUnavailableError,
    WriteConflictError,
)
from tests.contracts.estate import BURNHAM, DOMAIN, GUESTBOOK, WORKLOADS, ZONE
from tests.contracts.zone import Configured, ZoneGround, a_zone, direct

BLUE, GREEN = Side.BLUE, Side.GREEN
HOST: Final = BURNHAM.host
HERITAGE: Final = '"heritage=external-dns,external-dns/owner=eks-blueprint-green"'


@pytest.fixture
def ground() -> Iterator[ZoneGround]:
    with a_zone() as opened:
        yield opened


def write(ground: ZoneGround, *writes: tuple[str, Side, int], epoch: int = 7) -> None:
    ground.router.write(WORKLOADS, [Write(*one) for one in writes], epoch=epoch)


def weights(ground: ZoneGround, *names: tuple[str, str]) -> list[int]:
    return [record["Weight"] for name, type_ in names if (record := ground.records.of(name, GREEN, type_))]


def asked(ground: ZoneGround) -> list[str]:
    """The requests so far; forgets them."""
    seen, ground.records.requests[:] = list(ground.records.requests), []
    return seen


# --- What is in a batch ----------------------------------------------------------------------------------------------


def test_all_workloads_and_both_sides_move_in_one_request(ground: ZoneGround) -> None:
    write(ground, ("burnham", BLUE, 19), ("burnham", GREEN, 1), ("guestbook", BLUE, 19), ("guestbook", GREEN, 1))

    assert asked(ground) == ["ListResourceRecordSets", "ChangeResourceRecordSets"]
    assert [ground.declared(workload, side) for workload in WORKLOADS for side in Side] == [19, 1, 19, 1]


def test_a_and_aaaa_and_the_ownership_records_of_a_side_move_together(ground: ZoneGround) -> None:
    names = [(HOST, "A"), (HOST, "AAAA"), (HOST, "TXT"), (f"a-{HOST}", "TXT"), (f"cname-{HOST}", "TXT")]
    ground.records.add(HOST, GREEN, 0, "AAAA")
    for name, type_ in names[2:]:
        ground.records.add_text(name, GREEN, 0, HERITAGE)
        assert type_ == "TXT"
    write(ground, ("burnham", GREEN, 5))

    assert weights(ground, *names) == [5] * 5
    found = ground.records.of(f"a-{HOST}", GREEN, "TXT")
    assert found is not None
    assert found["ResourceRecords"] == [{"Value": HERITAGE}]


def test_everything_but_the_weight_stays_as_it_was(ground: ZoneGround) -> None:
    before = ground.records.of(HOST, GREEN)
    write(ground, ("burnham", GREEN, 5))

    assert before is not None
    assert ground.records.of(HOST, GREEN) == before | {"Weight": 5}


def test_records_that_are_nobody_s_or_somebody_else_s_are_left_alone(ground: ZoneGround) -> None:
    text = {"Name": f"cname-{HOST}", "Type": "TXT", "TTL": 300, "ResourceRecords": [{"Value": '"verification=1"'}]}
    ground.records.change("CREATE", text)
    ground.records.change(
        "CREATE",
        {**text, "Name": f"a-{HOST}", "SetIdentifier": "somebody", "Weight": 3},
    )
    write(ground, ("burnham", GREEN, 5))

    assert ground.records.all(f"cname-{HOST}")[0]["ResourceRecords"] == [{"Value": '"verification=1"'}]
    assert ground.records.all(f"a-{HOST}")[0]["Weight"] == 3


def test_records_that_disagree_are_brought_to_one_weight(ground: ZoneGround) -> None:
    ground.records.add(HOST, GREEN, 9, "AAAA")
    reading = ground.router.observe([BURNHAM])[0].green
    write(ground, ("burnham", GREEN, 0))

    assert (reading.declared, reading.authoritative) == (None, None)
    assert "disagree (A 0, AAAA 9); make them equal" in reading.note
    assert weights(ground, (HOST, "A"), (HOST, "AAAA")) == [0, 0]


def test_a_host_at_the_top_of_its_zone_asks_for_no_name_outside_it(ground: ZoneGround) -> None:
    names = ground.inner._names(DOMAIN)

    assert names == (DOMAIN, epoch_name(DOMAIN))


# --- Compare and swap ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", Side)
def test_a_change_of_either_side_in_between_keeps_the_whole_host_as_it_is(ground: ZoneGround, side: Side) -> None:
    write(ground, ("burnham", GREEN, 1))
    ground.in_between(lambda: ground.by_hand(BURNHAM, side, 33))

    with pytest.raises(WriteConflictError, match="read again"):
        write(ground, ("burnham", GREEN, 0))
    assert ground.declared(BURNHAM, GREEN) == (33 if side is GREEN else 1)


def test_a_weight_that_has_come_back_to_what_was_read_does_not_let_a_late_writer_in(ground: ZoneGround) -> None:
    def there_and_back() -> None:
        write(ground, ("burnham", GREEN, 50), epoch=8)
        write(ground, ("burnham", GREEN, 0), epoch=8)

    ground.in_between(there_and_back)

    with pytest.raises(WriteConflictError):
        write(ground, ("burnham", GREEN, 5), epoch=7)
    assert (ground.declared(BURNHAM, GREEN), ground.epoch(BURNHAM, GREEN)) == (0, 8)


def test_one_host_that_was_changed_in_between_does_not_keep_the_others(ground: ZoneGround) -> None:
    ground.in_between(lambda: ground.by_hand(BURNHAM, GREEN, 33))

    with pytest.raises(WriteConflictError, match=HOST):
        write(ground, ("burnham", GREEN, 5), ("guestbook", GREEN, 5))
    assert [ground.declared(workload, GREEN) for workload in WORKLOADS] == [33, 5]


def test_a_marker_that_says_nothing_of_ours_is_epoch_0_and_is_replaced(ground: ZoneGround) -> None:
    text = {"Name": epoch_name(HOST), "Type": "TXT", "TTL": 5, "ResourceRecords": [{"Value": '"hello"'}]}
    ground.records.change("CREATE", text)
    reading = ground.router.observe([BURNHAM])[0].green
    write(ground, ("burnham", GREEN, 5))

    assert reading.epoch == 0
    assert ground.epoch(BURNHAM, GREEN) == 7


def test_two_zeros_are_never_written(ground: ZoneGround) -> None:
    with pytest.raises(RouterRefusedError, match="raise the other side first"):
        write(ground, ("burnham", BLUE, 0))
    assert ground.declared(BURNHAM, BLUE) == 100


# --- Limits ----------------------------------------------------------------------------------------------------------


def many(number: int) -> list[Any]:
    return [
        direct(BURNHAM).model_copy(update={"name": f"w{index}", "host": f"w{index}.{DOMAIN}"})
        for index in range(number)
    ]


def test_a_large_estate_moves_by_groups_that_fit_their_grants(ground: ZoneGround) -> None:
    workloads = many(45)
    for workload in workloads:
        ground.records.add(workload.host, BLUE, 100)
        ground.records.add(workload.host, GREEN, 0)
    router = Route53Router(ground.inner._records, DOMAIN, together([workload.host for workload in workloads]))
    router.write(workloads, [Write(workload.name, GREEN, 5) for workload in workloads], epoch=7)

    assert asked(ground).count("ChangeResourceRecordSets") == 3
    assert {reading.green.authoritative for reading in router.observe(workloads)} == {5}


def test_values_that_are_too_long_for_one_request_are_divided(ground: ZoneGround) -> None:
    workloads = many(4)
    for workload in workloads:
        ground.records.add(workload.host, BLUE, 100)
        ground.records.add(workload.host, GREEN, 0)
        for mark in ("a-", "aaaa-", "cname-"):
            values = [{"Value": f'"{index}{"x" * 250}"'} for index in range(10)]
            ground.records.add(f"{mark}{workload.host}", GREEN, 0, "TXT", TTL=300, ResourceRecords=values)
    ground.inner.write(workloads, [Write(workload.name, GREEN, 5) for workload in workloads], epoch=7)

    assert asked(ground).count("ChangeResourceRecordSets") == 2
    assert weights(ground, *((f"a-{workload.host}", "TXT") for workload in workloads)) == [5] * 4


def test_names_that_do_not_exist_cost_no_request_of_their_own(ground: ZoneGround) -> None:
    ground.router.rehearse(WORKLOADS)

    assert asked(ground) == ["ListResourceRecordSets", "ListResourceRecordSetProtections"]


# --- Refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "error", "says"),
    [
        pytest.param(("Throttling", 400, "Rate exceeded"), RouterThrottledError, "tried again", id="throttled"),
        pytest.param(("PriorRequestNotComplete", 400, "busy"), RouterThrottledError, "tried again", id="busy"),
        pytest.param(("AccessDenied", 403, "no"), RouterRefusedError, "grant it", id="denied"),
        pytest.param(("NoSuchHostedZone", 404, "no"), RouterObjectMissingError, "hostedZone.id", id="no zone"),
        pytest.param(("NoSuchHealthCheck", 404, "no"), RouterRefusedError, "health check", id="no health check"),
        pytest.param(("ServiceUnavailable", 503, "no"), RouterUnavailableError, "tried again", id="down"),
        pytest.param(
            (
                "InvalidChangeBatch",
                400,
                "[Tried to delete resource record set [name='burnham.', type='A'] but it was not found]",
            ),
            WriteConflictError,
            "read again",
            id="deleted in between",
        ),
        pytest.param(
            ("InvalidChangeBatch", 400, "[The resource record set burnham A is protected (the freeze)]"),
            RouterRefusedError,
            "the freeze(?s:.*)remove a protection",
            id="protected",
        ),
    ],
)
def test_what_route_53_refuses_is_an_error_that_names_host_and_fix(
    ground: ZoneGround, refusal: tuple[str, int, str], error: type[CrossfadeError], says: str
) -> None:
    code, status, message = refusal

    def refuse(http_response: Any = None, parsed: Any = None, model: Any = None, **_: Any) -> None:
        del http_response
        if model.name == "ChangeResourceRecordSets":
            answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
            raise ClientError(answer, model.name)
        del parsed

    ground.records.client.meta.events.register("after-call.route53", refuse)

    with pytest.raises(error, match=f"{HOST}(?s:.*){says}"):
        write(ground, ("burnham", GREEN, 5))


def test_a_zone_that_may_not_be_changed_is_told_once_a_host_and_not_retried(ground: ZoneGround) -> None:
    def refuse(model: Any = None, **_: Any) -> None:
        if model.name == "ChangeResourceRecordSets":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, model.name)

    ground.records.client.meta.events.register("after-call.route53", refuse)

    with pytest.raises(RouterRefusedError, match=r"ChangeResourceRecordSets on burnham(?s:.*)guestbook"):
        write(ground, ("burnham", GREEN, 5), ("guestbook", GREEN, 5))
    assert asked(ground).count("ChangeResourceRecordSets") == 3


def test_a_workload_without_set_identifiers_has_no_records(ground: ZoneGround) -> None:
    (fault, _) = ground.inner.observe([BURNHAM])[0].faults

    assert isinstance(fault, RouterObjectMissingError)
    assert "add `identifiers`" in str(fault)


# --- Rehearsing ------------------------------------------------------------------------------------------------------


def protections(ground: ZoneGround, *pages: list[tuple[str, str]]) -> Stubber:
    stub = Stubber(ground.records.client)
    listed = ground.records.all(HOST)
    page = {"ResourceRecordSets": listed, "IsTruncated": False, "MaxItems": "300"}
    asked_for = {"HostedZoneId": ZONE, "MaxItems": "300", "StartRecordName": ANY}
    stub.add_response("list_resource_record_sets", page, asked_for)
    for number, found in enumerate(pages):
        answer: dict[str, Any] = {
            "ResourceRecordSetProtections": [{"RecordName": f"{name}.", "RecordType": type_} for name, type_ in found]
        }
        if number + 1 < len(pages):
            answer["NextToken"] = str(number)
        expected = {"HostedZoneId": ZONE} | ({"NextToken": str(number - 1)} if number else {})
        stub.add_response("list_resource_record_set_protections", answer, expected)
    stub.activate()
    return stub


def test_a_record_that_nobody_may_change_is_found_by_the_rehearsal(ground: ZoneGround) -> None:
    stub = protections(ground, [("other.example.com", "A")], [(HOST, "A"), (epoch_name(HOST), "TXT")])
    faults = ground.router.rehearse([BURNHAM])
    stub.assert_no_pending_responses()

    assert [fault.partition("; ")[2] for fault in faults] == ["delete that protection before the start"] * 2
    assert f"protects {HOST} A from every change" in faults[1]


def test_a_protection_of_another_record_is_no_fault(ground: ZoneGround) -> None:
    protections(ground, [(HOST, "MX"), (GUESTBOOK.host, "A")])

    assert ground.router.rehearse([BURNHAM]) == ()


def test_an_sdk_that_knows_no_protections_finds_none(ground: ZoneGround) -> None:
    class Older:
        def __init__(self, client: Any) -> None:
            self._client = client

        def list_resource_record_sets(self, **asked_for: Any) -> Any:
            return self._client.list_resource_record_sets(**asked_for)

    older: Any = Older(ground.records.client)

    assert Configured(Route53Router(RecordKeeper(older, ZONE), DOMAIN), direct).rehearse(WORKLOADS) == ()


def test_a_weight_that_is_not_one_is_found_by_the_rehearsal(ground: ZoneGround) -> None:
    ground.records.add(HOST, GREEN, 9, "AAAA")

    assert "green: the records of eks-blueprint-green disagree" in ground.router.rehearse(WORKLOADS)[0]
