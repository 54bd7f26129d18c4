"""What every metric source promises: the fake of the tests, and CloudWatch behind load balancers found anew."""

from collections.abc import Mapping, Sequence
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from crossfade.adapters.cloudwatch_metrics import CloudWatchMetrics
from crossfade.adapters.load_balancers import Balancer
from crossfade.core.record import Ends
from crossfade.core.series import MINUTE, Sample
from crossfade.core.weight import Side
from crossfade.core.workload import Workload
from crossfade.errors import AlarmsRefusedError, AlarmsUnavailableError, CrossfadeError
from tests.contracts.estate import BURNHAM, GUESTBOOK, NINE, REGION, WORKLOADS
from tests.contracts.metrics_ground import ONCE, TEN, CloudWatchGround, FakeGround, Ground, counts


@pytest.fixture(params=["fake", "cloudwatch"])
def ground(request: pytest.FixtureRequest) -> Ground:
    if request.param == "fake":
        return FakeGround()
    found: Ground = request.getfixturevalue("cloudwatch")
    return found


# --- Every source ----------------------------------------------------------------------------------------------------


def test_requests_and_failures_of_both_sides_are_read_minute_by_minute(ground: Ground) -> None:
    ground.put(BURNHAM, NINE, Sample(900, 1), Sample(100, 2))
    ground.put(BURNHAM, NINE + MINUTE, Sample(901, 3), Sample(101, 4))

    series = ground.source.read([BURNHAM], since=NINE, until=TEN)["burnham"]

    assert counts(series) == [(NINE, (900, 1), (100, 2)), (NINE + MINUTE, (901, 3), (101, 4))]
    assert not series.unreadable


def test_requests_without_a_count_of_failures_have_none(ground: Ground) -> None:
    ground.put(BURNHAM, NINE, Sample(900), Sample(100))

    assert counts(ground.source.read([BURNHAM], since=NINE, until=TEN)["burnham"]) == [(NINE, (900, 0), (100, 0))]


def test_a_side_without_numbers_has_no_requests(ground: Ground) -> None:
    ground.put(BURNHAM, NINE, Sample(900), Sample())

    assert counts(ground.source.read([BURNHAM], since=NINE, until=TEN)["burnham"]) == [(NINE, (900, 0), (0, 0))]


def test_every_workload_is_in_the_answer_with_its_own_numbers(ground: Ground) -> None:
    ground.put(BURNHAM, NINE, Sample(900), Sample(100))

    found = ground.source.read(WORKLOADS, since=NINE, until=TEN)

    assert found.keys() == {BURNHAM.name, GUESTBOOK.name}
    assert found[GUESTBOOK.name].minutes == ()


def test_only_minutes_that_begin_and_end_in_between_are_read(ground: Ground) -> None:
    for number in range(5):
        ground.put(BURNHAM, NINE + number * MINUTE, Sample(900 + number), Sample(100))

    found = ground.source.read([BURNHAM], since=NINE + MINUTE / 2, until=NINE + 3.5 * MINUTE)

    assert [minute.blue.requests for minute in found["burnham"].minutes] == [901, 902]


def test_no_minute_fits_into_less_than_a_minute(ground: Ground) -> None:
    ground.put(BURNHAM, NINE, Sample(900), Sample(100))

    assert ground.source.read([BURNHAM], since=NINE, until=NINE + MINUTE / 2)["burnham"].minutes == ()


def test_healthy_targets_are_read_with_the_minutes(ground: Ground) -> None:
    ground.put(BURNHAM, NINE, Sample(900, healthy_targets=2), Sample(100, healthy_targets=0))

    (minute,) = ground.source.read([BURNHAM], since=NINE, until=TEN)["burnham"].minutes

    assert (minute.blue.healthy_targets, minute.green.healthy_targets) == (2, 0)


def test_a_workload_that_cannot_be_read_says_why_and_the_others_are_read(ground: Ground) -> None:
    ground.put(GUESTBOOK, NINE, Sample(900), Sample(100))
    ground.lose(BURNHAM)

    found = ground.source.read(WORKLOADS, since=NINE, until=TEN)

    assert found["burnham"].unreadable
    assert found["burnham"].minutes == ()
    assert len(found["guestbook"].minutes) == 1


# --- What load balancers count ---------------------------------------------------------------------------------------


def test_failures_of_the_load_balancer_itself_count_as_requests_and_as_failures(cloudwatch: CloudWatchGround) -> None:
    cloudwatch.publish(BURNHAM, Side.GREEN, NINE, HTTPCode_ELB_5XX_Count=40)
    cloudwatch.publish(
        BURNHAM, Side.BLUE, NINE, RequestCount=900, HTTPCode_Target_5XX_Count=2, HTTPCode_ELB_5XX_Count=1
    )

    assert counts(cloudwatch.read()) == [(NINE, (901, 3), (40, 40))]


def test_failures_whose_requests_are_not_published_yet_do_not_count(cloudwatch: CloudWatchGround) -> None:
    cloudwatch.publish(BURNHAM, Side.GREEN, NINE, HTTPCode_Target_5XX_Count=40)
    cloudwatch.publish(BURNHAM, Side.BLUE, NINE, RequestCount=900)

    assert counts(cloudwatch.read()) == [(NINE, (900, 0), (0, 0))]


def test_the_slowest_answers_are_read(cloudwatch: CloudWatchGround) -> None:
    cloudwatch.publish(BURNHAM, Side.GREEN, NINE, RequestCount=100, TargetResponseTime=0.25)

    assert cloudwatch.read().minutes[0].green.p99_seconds == 0.25


def test_only_raw_sums_are_asked_for(cloudwatch: CloudWatchGround) -> None:
    cloudwatch.read()

    (asked,) = cloudwatch.asked
    assert not any("Expression" in query for query in asked["MetricDataQueries"])
    assert {query["MetricStat"]["Period"] for query in asked["MetricDataQueries"]} == {60}


# --- Limits and refusals ---------------------------------------------------------------------------------------------


class Found:
    """Load balancers of *count* workloads, all in one Region, without asking anybody."""

    def __init__(self, count: int) -> None:
        self.shown: dict[str, dict[Side, int | None]] = {}
        self.workloads = [BURNHAM.model_copy(update={"name": f"team-{number}"}) for number in range(count)]

    def find(
        self, workloads: Sequence[Workload], ends: Sequence[Ends] = ()
    ) -> Mapping[str, Mapping[Side, Balancer] | str]:
        assert not ends
        return {w.name: {side: self._one(w, side) for side in Side} for w in workloads}

    def _one(self, workload: Workload, side: Side) -> Balancer:
        name = f"{workload.name}-{side}"
        return Balancer(REGION, f"app/{name}/1", ())


def stubbed(workloads: int = 1) -> tuple[CloudWatchMetrics, Stubber, list[Workload]]:
    client = boto3.client(
        "cloudwatch", region_name=REGION, aws_access_key_id="a", aws_secret_access_key="s", config=ONCE
    )
    stub = Stubber(client)
    stub.activate()
    found = Found(workloads)
    return CloudWatchMetrics(found, {REGION: client}), stub, found.workloads


def answer(*values: tuple[str, int], status: str = "Complete", more: str = "") -> dict[str, Any]:
    results = [
        {"Id": id_, "Timestamps": [NINE + n * MINUTE], "Values": [900.0 + n], "StatusCode": status} for id_, n in values
    ]
    return {"MetricDataResults": results, **({"NextToken": more} if more else {})}


def test_more_metrics_than_one_call_takes_are_read_in_several() -> None:
    source, stub, workloads = stubbed(90)
    for _ in range(2):  # 90 workloads, 2 sides, 4 metrics: 720
        stub.add_response("get_metric_data", answer(("q0", 0)))

    found = source.read(workloads, since=NINE, until=TEN)

    stub.assert_no_pending_responses()
    assert len(found) == 90


def test_a_series_on_several_pages_is_one_series() -> None:
    source, stub, workloads = stubbed()
    stub.add_response("get_metric_data", answer(("q0", 0), status="PartialData", more="page 2"))
    stub.add_response("get_metric_data", answer(("q0", 1)))

    (series,) = source.read(workloads, since=NINE, until=TEN).values()

    assert [minute.blue.requests for minute in series.minutes] == [900, 901]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("PartialData", AlarmsUnavailableError),
        ("InternalError", AlarmsUnavailableError),
        ("Forbidden", AlarmsRefusedError),
    ],
)
def test_a_series_that_was_not_read_to_its_end_is_no_evidence(status: str, error: type[CrossfadeError]) -> None:
    source, stub, workloads = stubbed()
    stub.add_response("get_metric_data", answer(("q0", 0), status=status))

    with pytest.raises(error, match=r"tried again|grant it"):
        source.read(workloads, since=NINE, until=TEN)


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("Throttling", 400, AlarmsUnavailableError),
        ("InternalServiceFault", 500, AlarmsUnavailableError),
        ("AccessDenied", 403, AlarmsRefusedError),
    ],
)
def test_what_cloudwatch_refuses_is_an_error_that_says_what_to_do(
    code: str, status: int, error: type[CrossfadeError]
) -> None:
    source, stub, workloads = stubbed()
    stub.add_client_error("get_metric_data", code, "no", status)

    with pytest.raises(error, match=r"cloudwatch:GetMetricData(?s:.*)(tried again|grant it)"):
        source.read(workloads, since=NINE, until=TEN)
