"""Alarms of the embedded cloud are evaluated as documented, and moto alone would not."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest

from tests.world.conftest import NINE
from world.alarms import ALARM, INSUFFICIENT_DATA, OK, AlarmChange, Alarms, is_rule_met, judge
from world.clock import Clock
from world.cloud import Cloud
from world.metric_math import UnsupportedExpressionError, evaluate

REGION: Final = "eu-west-1"
KEPT: Final = None
TREATMENTS: Final = ("missing", "ignore", "breaching", "notBreaching")


class CloudWatch:
    """CloudWatch as a client of the API sees it."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("cloudwatch", region_name=REGION)

    def put_alarm(self, name: str = "errors", **changes: Any) -> None:
        metric = {"Namespace": "Test", "MetricName": "Errors", "Period": 60, "Statistic": "Sum"}
        rule = {"Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 2}
        self.client.put_metric_alarm(AlarmName=name, **(metric | rule | changes))

    def put_rate_alarm(self) -> None:
        def query(name: str, metric: str) -> dict[str, Any]:
            stat = {"Metric": {"Namespace": "Test", "MetricName": metric}, "Period": 60, "Stat": "Sum"}
            return {"Id": name, "MetricStat": stat, "ReturnData": False}

        rate = {"Id": "rate", "Expression": "100*FILL(errors,0)/requests", "ReturnData": True}
        self.client.put_metric_alarm(
            AlarmName="rate",
            Metrics=[query("errors", "Errors"), query("requests", "Requests"), rate],
            Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=2,
            DatapointsToAlarm=2,
            TreatMissingData="notBreaching",
        )

    def put(self, metric: str, value: float) -> None:
        self.client.put_metric_data(Namespace="Test", MetricData=[{"MetricName": metric, "Value": value}])

    def state(self, name: str = "errors") -> str:
        described = self.client.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        found = [*described["MetricAlarms"], *described["CompositeAlarms"]]
        return str(found[0]["StateValue"])


@pytest.fixture
def bare(cloud: Cloud) -> CloudWatch:
    assert cloud
    return CloudWatch()


@pytest.fixture
def alarms(bare: CloudWatch, clock: Clock) -> Iterator[Alarms]:
    assert bare
    with Alarms(clock, REGION).installed() as alarms:
        alarms.start()
        yield alarms


@pytest.fixture
def cloudwatch(alarms: Alarms) -> CloudWatch:
    assert alarms
    return CloudWatch()


def _points(text: str) -> list[bool | None]:
    return [{"0": False, "X": True, "-": None}[mark] for mark in text]


@pytest.mark.parametrize(
    ("points", "needed", "expected"),
    [
        pytest.param("0-X-X", 3, (OK, OK, OK, OK), id="0-X-X, 3 of 3"),
        pytest.param("0----", 3, (OK, OK, OK, OK), id="0----, 3 of 3"),
        pytest.param("-----", 3, (INSUFFICIENT_DATA, KEPT, ALARM, OK), id="-----, 3 of 3"),
        pytest.param("0XX-X", 3, (ALARM, ALARM, ALARM, ALARM), id="0XX-X, 3 of 3"),
        pytest.param("--X--", 3, (ALARM, KEPT, ALARM, OK), id="--X--, 3 of 3"),
        pytest.param("----X", 3, (KEPT, KEPT, ALARM, OK), id="----X, 3 of 3: no premature alarm"),
        pytest.param("0-X-X", 2, (ALARM, ALARM, ALARM, ALARM), id="0-X-X, 2 of 3"),
        pytest.param("00X0X", 2, (ALARM, ALARM, ALARM, ALARM), id="00X0X, 2 of 3"),
        pytest.param("0-X--", 2, (OK, OK, ALARM, OK), id="0-X--, 2 of 3"),
        pytest.param("----0", 2, (OK, OK, ALARM, OK), id="----0, 2 of 3"),
        pytest.param("---X-", 2, (ALARM, KEPT, ALARM, OK), id="---X-, 2 of 3"),
    ],
)
def test_missing_data_is_treated_as_documented(points: str, needed: int, expected: tuple[str | None, ...]) -> None:
    breaches = _points(points)

    assert tuple(judge(breaches, periods=3, needed=needed, missing=missing) for missing in TREATMENTS) == expected


def test_a_new_alarm_has_insufficient_data(cloudwatch: CloudWatch) -> None:
    cloudwatch.put_alarm()

    assert cloudwatch.state() == INSUFFICIENT_DATA


def test_moto_alone_begins_with_ok(bare: CloudWatch) -> None:
    bare.put_alarm()

    assert bare.state() == OK


def test_an_edited_alarm_keeps_its_state(cloudwatch: CloudWatch) -> None:
    cloudwatch.put_alarm()
    cloudwatch.client.set_alarm_state(AlarmName="errors", StateValue=ALARM, StateReason="drill")
    cloudwatch.put_alarm(Threshold=50.0)

    assert cloudwatch.state() == ALARM


def test_moto_alone_forgets_the_state_of_an_edited_alarm(bare: CloudWatch) -> None:
    bare.put_alarm()
    bare.client.set_alarm_state(AlarmName="errors", StateValue=ALARM, StateReason="drill")
    bare.put_alarm(Threshold=50.0)

    assert bare.state() == OK


def test_an_alarm_follows_its_metric_minute_by_minute(cloudwatch: CloudWatch, alarms: Alarms, clock: Clock) -> None:
    cloudwatch.put_alarm(TreatMissingData="notBreaching")
    for value in (0, 9, 9, 0, 0):
        cloudwatch.put("Errors", value)
        clock.sleep(60)
    changes = [(change.at.minute, change.old, change.new) for change in alarms.changes]

    assert changes == [(1, INSUFFICIENT_DATA, OK), (3, OK, ALARM), (4, ALARM, OK)]


def test_moto_alone_never_evaluates(bare: CloudWatch, clock: Clock) -> None:
    bare.put_alarm()
    for _ in range(5):
        bare.put("Errors", 9)
        clock.sleep(60)

    assert bare.state() == OK


def test_an_error_rate_without_errors_is_zero_and_without_requests_is_missing(
    cloudwatch: CloudWatch, clock: Clock
) -> None:
    cloudwatch.put_rate_alarm()
    for requests, errors, expected in ((1000, 0, OK), (1000, 30, OK), (1000, 30, ALARM), (0, 0, ALARM), (0, 0, ALARM)):
        if requests:
            cloudwatch.put("Requests", requests)
        if errors:
            cloudwatch.put("Errors", errors)
        clock.sleep(60)

        assert cloudwatch.state("rate") == expected

    clock.sleep(120)

    assert cloudwatch.state("rate") == OK


def test_a_composite_follows_its_children_and_is_described_only_when_asked_for(
    cloudwatch: CloudWatch, clock: Clock
) -> None:
    cloudwatch.put_alarm(TreatMissingData="notBreaching")
    cloudwatch.client.put_composite_alarm(AlarmName="any", AlarmRule='ALARM("errors") OR ALARM(other)')
    clock.sleep(60)

    assert cloudwatch.state("any") == OK
    assert cloudwatch.client.describe_alarms(AlarmNames=["any"])["CompositeAlarms"] == []

    cloudwatch.client.set_alarm_state(AlarmName="errors", StateValue=ALARM, StateReason="drill")

    assert cloudwatch.state("any") == ALARM


def test_moto_alone_has_no_composite_alarms(bare: CloudWatch) -> None:
    with pytest.raises(NotImplementedError):
        bare.client.put_composite_alarm(AlarmName="any", AlarmRule="ALARM(errors)")


def test_a_composite_is_described_with_its_rule(cloudwatch: CloudWatch) -> None:
    cloudwatch.client.put_composite_alarm(AlarmName="any", AlarmRule="ALARM(errors)")
    described = cloudwatch.client.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]

    assert [(alarm["AlarmName"], alarm["AlarmRule"]) for alarm in described] == [("any", "ALARM(errors)")]


def test_moto_alone_describes_composites_to_everybody(bare: CloudWatch, clock: Clock) -> None:
    with Alarms(clock, REGION).installed():
        bare.client.put_composite_alarm(AlarmName="any", AlarmRule="ALARM(errors)")

    assert bare.client.describe_alarms(AlarmNames=["any"])["CompositeAlarms"]


def test_listeners_are_told_of_every_change(cloudwatch: CloudWatch, alarms: Alarms, clock: Clock) -> None:
    told: list[AlarmChange] = []
    alarms.listeners.append(told.append)
    cloudwatch.put_alarm(TreatMissingData="breaching")
    clock.sleep(60)

    assert [(change.name, change.old, change.new) for change in told] == [("errors", INSUFFICIENT_DATA, ALARM)]
    assert told[0].at == clock.now


def test_periods_of_several_minutes_are_summed(cloudwatch: CloudWatch, clock: Clock) -> None:
    cloudwatch.put_alarm(Period=180, EvaluationPeriods=1, Threshold=25.0, TreatMissingData="notBreaching")
    for _ in range(3):
        cloudwatch.put("Errors", 10)
        clock.sleep(60)

    assert cloudwatch.state() == ALARM


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        ("ALARM(a)", True),
        ('ALARM("b")', False),
        ("ALARM(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a)", True),
        ("ALARM(b) OR ALARM(a)", True),
        ("ALARM(a) AND NOT OK(b)", False),
        ("ALARM(a) AND (OK(b) OR FALSE)", True),
        ("OK(b) OR ALARM(b) AND ALARM(b)", True),
        ("NOT (ALARM(a) AND TRUE)", False),
        ("INSUFFICIENT_DATA(nobody)", True),
        ('ALARM("with space")', False),
    ],
)
def test_an_alarm_rule_is_met(rule: str, met: bool) -> None:  # noqa: FBT001  # a table
    assert is_rule_met(rule, {"a": ALARM, "b": OK}) is met


def test_what_is_no_alarm_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="no alarm rule"):
        is_rule_met("ALARM(a) XOR ALARM(b)", {})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("100*FILL(e,0)/r", [0, 50, None]),
        ("e/r", [None, 0.5, None]),
        ("e > 0 AND r > 1", [None, 1, None]),
        ("IF(r > 15, r, 0)", [0, 20, None]),
        ("SUM([e, r])", [10, 30, 10]),
        ("FILL(r, REPEAT)", [10, 20, 20]),
        ("-r + 1", [-9, -19, None]),
    ],
)
def test_metric_math(expression: str, expected: list[float | None]) -> None:
    assert evaluate(expression, {"e": [None, 10, 10], "r": [10, 20, None]}) == expected


@pytest.mark.parametrize("expression", ["ANOMALY_DETECTION_BAND(e)", "unknown + 1", "SELECT 1", "METRICS()"])
def test_metric_math_that_is_not_known_is_refused(expression: str) -> None:
    with pytest.raises(UnsupportedExpressionError, match="metric math"):
        evaluate(expression, {"e": [1]})


def test_an_alarm_is_evaluated_on_what_is_published_late(cloudwatch: CloudWatch, clock: Clock) -> None:
    cloudwatch.put_alarm(EvaluationPeriods=1, TreatMissingData="notBreaching")
    late = clock.now
    clock.sleep(125)
    data = [{"MetricName": "Errors", "Value": 9.0, "Timestamp": late}]
    cloudwatch.client.put_metric_data(Namespace="Test", MetricData=data)
    clock.sleep(55)

    assert cloudwatch.state() == ALARM


def _data(cloudwatch: CloudWatch, *queries: dict[str, Any], minutes: int = 10) -> dict[str, list[float]]:
    described = cloudwatch.client.get_metric_data(
        MetricDataQueries=queries,
        StartTime=NINE,
        EndTime=NINE + timedelta(minutes=minutes),
        ScanBy="TimestampAscending",
    )
    return {result["Id"]: result["Values"] for result in described["MetricDataResults"]}


def _query(identifier: str, stat: str = "Sum", namespace: str = "Test") -> dict[str, Any]:
    dimensions = [{"Name": "Of", "Value": "green"}]
    metric = {"Namespace": namespace, "MetricName": "Errors", "Dimensions": dimensions}
    return {"Id": identifier, "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}}


def _publish(cloudwatch: CloudWatch, namespace: str, *values: float) -> None:
    dimensions = [{"Name": "Of", "Value": "green"}]
    for value in values:
        data = [{"MetricName": "Errors", "Value": value, "Dimensions": dimensions}]
        cloudwatch.client.put_metric_data(Namespace=namespace, MetricData=data)


def test_metric_data_has_percentiles_math_and_namespaces(cloudwatch: CloudWatch, clock: Clock) -> None:
    clock.sleep(70)
    _publish(cloudwatch, "Test", 1, 2, 3)
    _publish(cloudwatch, "Other", 50)
    expression = {"Id": "twice", "Expression": "2*sum"}
    found = _data(cloudwatch, _query("sum"), _query("median", "p50"), _query("most", "Maximum"), expression)

    assert found == {"sum": [6], "median": [2], "most": [3], "twice": [12]}


def test_moto_alone_mixes_namespaces_up(bare: CloudWatch, clock: Clock) -> None:
    clock.sleep(70)
    _publish(bare, "Test", 1)
    _publish(bare, "Other", 50)

    assert _data(bare, _query("sum")) == {"sum": [51]}


def test_periods_of_metric_data_are_full_minutes_and_empty_ones_are_left_out(
    cloudwatch: CloudWatch, clock: Clock
) -> None:
    for seconds, value in ((70, 1.0), (45, 2.0), (130, 3.0)):
        clock.sleep(seconds)
        _publish(cloudwatch, "Test", value)
    described = cloudwatch.client.get_metric_data(
        MetricDataQueries=[_query("sum")], StartTime=NINE + timedelta(seconds=30), EndTime=clock.now
    )["MetricDataResults"][0]
    ages = [int((time - NINE).total_seconds()) for time in described["Timestamps"]]

    assert list(zip(ages, described["Values"], strict=True)) == [(240, 3.0), (60, 3.0)]
