"""The embedded Route 53 refuses what the real one refuses, and its name servers follow late."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from world.chance import stream
from world.clock import Clock
from world.cloud import Cloud
from world.route53 import PROPAGATION_SECONDS, Route53, choose

ZONE: Final = "Z0EXAMPLE1234567890"
HOST: Final = "app.example.com"
NO_RETRY: Final = Config(retries={"total_max_attempts": 1})


class Zone:
    """One zone, as a client of the API sees it."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("route53", config=NO_RETRY)

    def change(self, *changes: tuple[str, dict[str, Any]]) -> None:
        batch = [{"Action": action, "ResourceRecordSet": record} for action, record in changes]
        self.client.change_resource_record_sets(HostedZoneId=ZONE, ChangeBatch={"Changes": batch})

    def refusal(self, *changes: tuple[str, dict[str, Any]]) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            self.change(*changes)
        return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]

    def list(self, **options: Any) -> Any:
        return self.client.list_resource_record_sets(HostedZoneId=ZONE, **options)

    def weights(self, name: str = HOST) -> dict[str, int]:
        found = self.list(StartRecordName=name)["ResourceRecordSets"]
        return {one["SetIdentifier"]: one["Weight"] for one in found if one["Name"] == f"{name}."}


def weighted(identifier: str = "blue", weight: int = 100, name: str = HOST) -> dict[str, Any]:
    alias = {"HostedZoneId": "Z2P70J7EXAMPLE", "DNSName": f"{identifier}.elb.example.com", "EvaluateTargetHealth": True}
    return {"Name": name, "Type": "A", "SetIdentifier": identifier, "Weight": weight, "AliasTarget": alias}


def simple(value: str = "192.0.2.1", name: str = HOST) -> dict[str, Any]:
    return {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": value}]}


@pytest.fixture
def bare(cloud: Cloud, clock: Clock) -> Zone:
    """The zone as moto alone has it."""
    assert cloud
    Route53(clock, stream(1)).create_zone(ZONE, "example.com")
    return Zone()


@pytest.fixture
def route53(bare: Zone, clock: Clock) -> Iterator[Route53]:
    assert bare
    unhealthy.clear()
    with Route53(clock, stream(1), lambda target: target not in unhealthy).installed() as route53:
        yield route53


unhealthy: Final[set[str]] = set()


@pytest.fixture
def zone(route53: Route53) -> Zone:
    assert route53
    return Zone()


REFUSED: Final = [
    pytest.param("UPSERT", weighted(weight=300), "InvalidInput", "not facet-valid", id="weight above 255"),
    pytest.param("CREATE", weighted(), "InvalidChangeBatch", "already exists", id="create of an existing record"),
    pytest.param("UPSERT", simple(), "InvalidChangeBatch", "as a weighted set exists", id="simple beside weighted"),
    pytest.param(
        "UPSERT",
        {key: value for key, value in weighted("green").items() if key != "Weight"},
        "InvalidInput",
        "routing policy",
        id="set identifier without a weight",
    ),
    pytest.param("DELETE", weighted(weight=99), "InvalidChangeBatch", "do not match", id="delete with other values"),
]


@pytest.mark.parametrize(("action", "record", "code", "words"), REFUSED)
def test_a_change_is_refused(zone: Zone, action: str, record: dict[str, Any], code: str, words: str) -> None:
    zone.change(("UPSERT", weighted()))
    refused, message = zone.refusal((action, record))

    assert refused == code
    assert words in message
    assert zone.weights() == {"blue": 100}


@pytest.mark.parametrize(("action", "record", "code", "words"), REFUSED)
def test_moto_alone_accepts_that_change(bare: Zone, action: str, record: dict[str, Any], code: str, words: str) -> None:
    bare.change(("UPSERT", weighted()))
    bare.change((action, record))

    assert code
    assert words


def test_a_batch_counts_whole_or_not_at_all(zone: Zone) -> None:
    zone.change(("UPSERT", weighted("blue", 100)))
    zone.refusal(("UPSERT", weighted("blue", 0)), ("DELETE", weighted("green", 1)))

    assert zone.weights() == {"blue": 100}


def test_delete_and_create_in_one_batch_is_a_compare_and_swap(zone: Zone) -> None:
    zone.change(("UPSERT", weighted("blue", 100)))
    zone.change(("DELETE", weighted("blue", 100)), ("CREATE", weighted("blue", 90)))

    assert zone.weights() == {"blue": 90}

    zone.refusal(("DELETE", weighted("blue", 100)), ("CREATE", weighted("blue", 80)))

    assert zone.weights() == {"blue": 90}


def test_deleting_one_record_leaves_the_same_identifier_at_other_names(zone: Zone) -> None:
    zone.change(("UPSERT", weighted()), ("UPSERT", weighted(name="other.example.com")))
    zone.change(("DELETE", weighted()))

    assert zone.weights("other.example.com") == {"blue": 100}


def test_moto_alone_deletes_an_identifier_at_every_name(bare: Zone) -> None:
    bare.change(("UPSERT", weighted()), ("UPSERT", weighted(name="other.example.com")))
    bare.change(("DELETE", weighted()))

    assert bare.weights("other.example.com") == {}


def test_a_name_outside_the_zone_is_refused(zone: Zone) -> None:
    assert zone.refusal(("UPSERT", weighted(name="app.example.org")))[0] == "InvalidChangeBatch"


def _walk(zone: Zone) -> list[tuple[str, str]]:
    """Every weighted record, one a page."""
    found: list[tuple[str, str]] = []
    page = zone.list(MaxItems="1")
    for _ in range(10):
        found += [(one["Name"], one.get("SetIdentifier", "")) for one in page["ResourceRecordSets"]]
        if not page["IsTruncated"]:
            break
        start = {key: page[f"Next{key[5:]}"] for key in ("StartRecordName", "StartRecordType")}
        if identifier := page.get("NextRecordIdentifier"):
            start["StartRecordIdentifier"] = identifier
        page = zone.list(MaxItems="1", **start)
    return [one for one in found if one[1]]


def test_a_page_can_end_within_a_weighted_group(zone: Zone) -> None:
    zone.change(*(("UPSERT", weighted(identifier)) for identifier in ("green", "blue", "red")))

    assert _walk(zone) == [(f"{HOST}.", identifier) for identifier in ("blue", "green", "red")]


def test_moto_alone_goes_round_within_a_weighted_group(bare: Zone) -> None:
    bare.change(*(("UPSERT", weighted(identifier)) for identifier in ("green", "blue", "red")))

    assert len(_walk(bare)) > 3


def test_a_list_begins_at_the_name_and_type_it_is_asked_for(zone: Zone) -> None:
    zone.change(("UPSERT", weighted(name="b.example.com")), ("UPSERT", weighted(name="a.example.com")))
    first = zone.list(StartRecordName="b.example.com", StartRecordType="A")["ResourceRecordSets"][0]

    assert first["Name"] == "b.example.com."


def test_throttling_refuses_everybody_until_it_is_over(zone: Zone, route53: Route53, clock: Clock) -> None:
    route53.throttle(timedelta(minutes=3))

    assert zone.refusal(("UPSERT", weighted())) == ("Throttling", "Rate exceeded")
    with pytest.raises(ClientError, match="Throttling"):
        zone.list()

    clock.sleep(180)
    zone.change(("UPSERT", weighted()))

    assert zone.weights() == {"blue": 100}


def test_throttling_can_meet_some_callers_only(zone: Zone, route53: Route53) -> None:
    route53.throttle(timedelta(minutes=3), callers=["somebody-else"])
    zone.change(("UPSERT", weighted()))

    assert route53.is_throttled("somebody-else")


def test_resolvers_see_a_change_within_a_minute_and_not_at_once(zone: Zone, route53: Route53, clock: Clock) -> None:
    zone.change(("UPSERT", weighted("blue", 100)), ("UPSERT", weighted("green", 0)))
    route53.settle()
    zone.change(("UPSERT", weighted("green", 100)))
    clock.sleep(PROPAGATION_SECONDS[0] - 1)

    assert [answer.share for answer in route53.answers(HOST)] == [1.0, 0.0]

    clock.sleep(PROPAGATION_SECONDS[1])

    assert [answer.share for answer in route53.answers(HOST)] == [0.5, 0.5]


def test_a_slow_change_does_not_undo_a_faster_younger_one(zone: Zone, route53: Route53, clock: Clock) -> None:
    for weight in range(20):
        zone.change(("UPSERT", weighted("blue", weight)))
    clock.sleep(60)

    assert [answer.record.weight for answer in route53.answers(HOST)] == [19]


def test_a_deleted_record_is_answered_until_that_has_propagated(zone: Zone, route53: Route53, clock: Clock) -> None:
    zone.change(("UPSERT", weighted()))
    route53.settle()
    zone.change(("DELETE", weighted()))

    assert route53.answers(HOST)

    clock.sleep(60)

    assert route53.answers(HOST) == ()


def test_the_health_of_a_load_balancer_counts(zone: Zone, route53: Route53) -> None:
    zone.change(("UPSERT", weighted("blue", 0)), ("UPSERT", weighted("green", 100)))
    route53.settle()
    unhealthy.add("green.elb.example.com")

    assert {answer.record.set_identifier: answer.share for answer in route53.answers(HOST)} == {
        "blue": 1.0,
        "green": 0.0,
    }


@pytest.mark.parametrize(
    ("records", "shares"),
    [
        pytest.param([(99, True), (1, True)], [0.99, 0.01], id="by weight"),
        pytest.param([(100, True), (0, True)], [1, 0], id="zero is never answered"),
        pytest.param([(0, True), (0, True)], [0.5, 0.5], id="all zero is equal"),
        pytest.param([(100, False), (0, True)], [0, 1], id="a zero weight stands in for the unhealthy"),
        pytest.param([(100, False), (1, True)], [0, 1], id="the unhealthy is not considered"),
        pytest.param([(99, False), (1, False)], [0.99, 0.01], id="nothing healthy counts as all healthy"),
        pytest.param([(100, False), (0, False)], [1, 0], id="nothing healthy, one zero"),
        pytest.param([(0, False), (0, True)], [0, 1], id="all zero, one unhealthy"),
        pytest.param([(None, True)], [1], id="a simple record"),
        pytest.param([], [], id="nothing"),
    ],
)
def test_answers_are_chosen_as_documented(records: list[tuple[int | None, bool]], shares: list[float]) -> None:
    assert choose(records) == shares


def test_a_zone_has_the_id_it_is_given(bare: Zone) -> None:
    assert bare.client.get_hosted_zone(Id=ZONE)["HostedZone"]["Name"] == "example.com."
