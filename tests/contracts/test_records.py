"""How records are read: names, pages, requests, refusals."""

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import ANY, Stubber

from crossfade.adapters.route53 import RecordReader
from crossfade.errors import (
    CrossfadeError,
    RouterObjectMissingError,
    RouterRefusedError,
    RouterThrottledError,
    RouterUnavailableError,
)
from tests.contracts.estate import REGION, ZONE


class Zone:
    """Route 53 that gives prepared pages, and the reader that asks it."""

    def __init__(self) -> None:
        config = Config(retries={"total_max_attempts": 1})
        self.client = boto3.client(
            "route53", region_name=REGION, aws_access_key_id="a", aws_secret_access_key="s", config=config
        )
        self.stub = Stubber(self.client)
        self.stub.activate()
        self.reader = RecordReader(self.client, ZONE)

    def page(self, start: dict[str, str], *records: dict[str, Any], following: dict[str, str] | None = None) -> None:
        answer = {"ResourceRecordSets": list(records), "IsTruncated": bool(following), "MaxItems": "300"}
        asked = {"HostedZoneId": ZONE, "MaxItems": "300"} | {f"StartRecord{key}": value for key, value in start.items()}
        more = {f"NextRecord{key}": value for key, value in (following or {}).items()}
        self.stub.add_response("list_resource_record_sets", answer | more, asked)

    def read(self, *hosts: str) -> dict[str, list[tuple[str, str, int | None]]]:
        found = self.reader.read(hosts)
        self.stub.assert_no_pending_responses()
        return {
            host: [(record.type, record.identifier, record.weight) for record in records]
            for host, records in found.items()
        }


def weighted(name: str, identifier: str = "blue", weight: int = 100, type_: str = "A") -> dict[str, Any]:
    return {"Name": name, "Type": type_, "SetIdentifier": identifier, "Weight": weight}


def test_neighbours_in_the_zone_are_read_in_one_request() -> None:
    zone = Zone()
    names = [weighted("a.example.com."), weighted("b.example.com."), weighted("c.example.com.")]
    zone.page({"Name": "a.example.com"}, *names)

    assert zone.read("c.example.com", "a.example.com") == {
        "c.example.com": [("A", "blue", 100)],
        "a.example.com": [("A", "blue", 100)],
    }


def test_hosts_that_are_far_apart_are_each_asked_for() -> None:
    zone = Zone()
    zone.page({"Name": "a.example.com"}, weighted("a.example.com."), following={"Name": "b.example.com.", "Type": "A"})
    zone.page({"Name": "z.example.com"}, weighted("z.example.com.", weight=7))

    assert zone.read("a.example.com", "z.example.com")["z.example.com"] == [("A", "blue", 7)]


def test_a_neighbour_that_is_cut_off_by_the_end_of_the_page_is_asked_for_again() -> None:
    zone = Zone()
    zone.page(
        {"Name": "a.example.com"},
        weighted("a.example.com."),
        weighted("b.example.com."),
        following={"Name": "b.example.com.", "Type": "A", "Identifier": "green"},
    )
    zone.page({"Name": "b.example.com"}, weighted("b.example.com."), weighted("b.example.com.", "green", 0))

    assert zone.read("a.example.com", "b.example.com")["b.example.com"] == [("A", "blue", 100), ("A", "green", 0)]


def test_a_name_with_many_records_is_read_page_by_page() -> None:
    zone = Zone()
    following = {"Name": "a.example.com.", "Type": "A", "Identifier": "green"}
    zone.page({"Name": "a.example.com"}, weighted("a.example.com."), following=following)
    zone.page(following, weighted("a.example.com.", "green", 0))

    assert zone.read("a.example.com") == {"a.example.com": [("A", "blue", 100), ("A", "green", 0)]}


def test_a_name_without_end_is_given_up() -> None:
    zone = Zone()
    following = {"Name": "a.example.com.", "Type": "A", "Identifier": "x"}
    zone.page({"Name": "a.example.com"}, following=following)
    for _ in range(9):
        zone.page(following, following=following)

    with pytest.raises(RouterRefusedError, match="remove what is not used"):
        zone.read("a.example.com")


def test_a_host_without_records_has_none() -> None:
    zone = Zone()
    zone.page({"Name": "a.example.com"}, weighted("b.example.com."))

    assert zone.read("a.example.com") == {"a.example.com": []}


def test_names_are_compared_as_people_write_them() -> None:
    zone = Zone()
    zone.page({"Name": "*.example.com"}, weighted("\\052.EXAMPLE.com."))

    assert zone.read("*.example.com") == {"*.example.com": [("A", "blue", 100)]}


def test_a_simple_record_has_neither_identifier_nor_weight() -> None:
    zone = Zone()
    zone.page({"Name": "a.example.com"}, {"Name": "a.example.com.", "Type": "A"})

    assert zone.read("a.example.com") == {"a.example.com": [("A", "", None)]}


@pytest.mark.parametrize(
    ("code", "status", "error", "says"),
    [
        ("Throttling", 400, RouterThrottledError, "tried again"),
        ("PriorRequestNotComplete", 400, RouterThrottledError, "tried again"),
        ("AccessDenied", 403, RouterRefusedError, "grant it"),
        ("NoSuchHostedZone", 404, RouterObjectMissingError, "correct `hostedZone.id`"),
        ("InvalidInput", 400, RouterRefusedError, "correct the hosts"),
        ("ServiceUnavailable", 503, RouterUnavailableError, "tried again"),
    ],
)
def test_what_route_53_refuses_is_an_error_that_says_what_to_do(
    code: str, status: int, error: type[CrossfadeError], says: str
) -> None:
    zone = Zone()
    zone.stub.add_client_error(
        "list_resource_record_sets",
        code,
        "no",
        status,
        expected_params={"HostedZoneId": ZONE, **dict.fromkeys(_ASKED, ANY)},
    )

    with pytest.raises(error, match=f"ListResourceRecordSets on {ZONE}(?s:.*){says}"):
        zone.read("a.example.com")


_ASKED = ("MaxItems", "StartRecordName")
