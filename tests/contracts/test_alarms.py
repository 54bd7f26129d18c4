"""What every alarm source promises: the fake of the tests, and CloudWatch."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final, Protocol

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from crossfade.adapters.cloudwatch import CloudWatchAlarms
from crossfade.core.verdict import AlarmState
from crossfade.errors import AlarmsRefusedError, AlarmsUnavailableError, CrossfadeError
from crossfade.ports import AlarmSource
from tests.contracts.estate import NINE, REGION
from tests.fakes import FakeAlarms
from world.alarms import Alarms
from world.clock import Clock
from world.cloud import Cloud

ONCE: Final = Config(retries={"total_max_attempts": 1})


class Ground(Protocol):
    """An alarm source and alarms in the states that a test sets."""

    @property
    def source(self) -> AlarmSource: ...

    def put(self, name: str, state: AlarmState, reason: str) -> None: ...


class FakeGround:
    def __init__(self) -> None:
        self.source = FakeAlarms()

    def put(self, name: str, state: AlarmState, reason: str) -> None:
        self.source.set(name, state, reason)


class CloudWatchGround:
    def __init__(self) -> None:
        self._client: Any = boto3.client("cloudwatch", region_name=REGION)
        self.source = CloudWatchAlarms(self._client)

    def put(self, name: str, state: AlarmState, reason: str, *, threshold: float = 5.0) -> None:
        metric = {"Namespace": "Test", "MetricName": "Errors", "Period": 60, "Statistic": "Sum"}
        rule = {"Threshold": threshold, "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 2}
        self._client.put_metric_alarm(AlarmName=name, **metric, **rule)
        self.set(name, state, reason)

    def edit(self, name: str, how: str) -> None:
        match how:
            case "threshold":
                self.put(name, AlarmState.OK, "", threshold=50.0)
            case "actions":
                self._client.disable_alarm_actions(AlarmNames=[name])
            case _:
                self._client.delete_alarms(AlarmNames=[name])
                self.put(name, AlarmState.OK, "")

    def put_composite(self, name: str, state: AlarmState, reason: str) -> None:
        self._client.put_composite_alarm(AlarmName=name, AlarmRule='ALARM("a")')
        self.set(name, state, reason)

    def set(self, name: str, state: AlarmState, reason: str) -> None:
        self._client.set_alarm_state(AlarmName=name, StateValue=state.value, StateReason=reason)


@pytest.fixture
def cloudwatch() -> Iterator[CloudWatchGround]:
    with Clock(NINE) as clock, Cloud(clock, region=REGION), Alarms(clock, REGION).installed():
        yield CloudWatchGround()


@pytest.fixture(params=["fake", "cloudwatch"])
def ground(request: pytest.FixtureRequest) -> Ground:
    if request.param == "fake":
        return FakeGround()
    found: Ground = request.getfixturevalue("cloudwatch")
    return found


@pytest.mark.parametrize("state", [AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA])
def test_an_alarm_is_read_with_its_state_and_the_reason_for_it(ground: Ground, state: AlarmState) -> None:
    ground.put("green-5xx", state, "the reason")
    alarm = ground.source.read(["green-5xx"])["green-5xx"]

    assert (alarm.name, alarm.state, alarm.reason) == ("green-5xx", state, "the reason")


def test_a_missing_alarm_is_not_in_the_answer(ground: Ground) -> None:
    ground.put("there", AlarmState.OK, "")

    assert ground.source.read(["there", "gone"]).keys() == {"there"}
    assert ground.source.read(["gone"]) == {}


def test_an_alarm_that_was_not_asked_for_is_not_in_the_answer(ground: Ground) -> None:
    for name in ("asked", "other"):
        ground.put(name, AlarmState.OK, "")

    assert ground.source.read(["asked"]).keys() == {"asked"}


def test_no_names_are_no_alarms(ground: Ground) -> None:
    ground.put("other", AlarmState.OK, "")

    assert ground.source.read([]) == {}


def test_more_alarms_than_one_call_takes_are_all_read(ground: Ground) -> None:
    names = [f"alarm-{number:03}" for number in range(203)]
    for name in names:
        ground.put(name, AlarmState.OK, "")

    assert sorted(ground.source.read([*names, *names])) == names


# --- CloudWatch alone ------------------------------------------------------------------------------------------------


def test_composite_alarms_are_asked_for_by_type(cloudwatch: CloudWatchGround) -> None:
    cloudwatch.put("a", AlarmState.ALARM, "")
    cloudwatch.put_composite("all", AlarmState.ALARM, "the rule is met")

    found = cloudwatch.source.read(["a", "all"])

    assert {alarm.name: alarm.state for alarm in found.values()} == {"a": AlarmState.ALARM, "all": AlarmState.ALARM}


def test_what_an_alarm_was_told_stays_the_same_when_its_state_changes(cloudwatch: CloudWatchGround) -> None:
    cloudwatch.put("a", AlarmState.OK, "")
    before = cloudwatch.source.read(["a"])["a"].definition
    cloudwatch.set("a", AlarmState.ALARM, "too many")

    assert before is not None
    assert cloudwatch.source.read(["a"])["a"].definition == before
    assert before.parts["threshold"] == "5.0"


@pytest.mark.parametrize("how", ["threshold", "actions", "made anew"])
def test_an_edit_changes_what_an_alarm_was_told(cloudwatch: CloudWatchGround, how: str) -> None:
    cloudwatch.put("a", AlarmState.OK, "")
    before = cloudwatch.source.read(["a"])["a"].definition
    cloudwatch.edit("a", how)
    after = cloudwatch.source.read(["a"])["a"].definition

    assert before is not None
    assert after is not None
    said = {
        "threshold": "threshold 5.0 -> 50.0",
        "actions": "actions enabled true -> false",
        "made anew": "made anew or saved again",
    }
    assert before.changes_to(after) == said[how]


def test_an_alarm_tells_the_load_balancers_and_target_groups_that_it_sees() -> None:
    dimensions = [{"Name": "LoadBalancer", "Value": "app/green/1"}, {"Name": "TargetGroup", "Value": "targetgroup/b/2"}]
    query = {"Id": "e", "MetricStat": {"Metric": {"Dimensions": dimensions}, "Period": 60, "Stat": "Sum"}}
    answer = {"MetricAlarms": [{"AlarmName": "a", "StateValue": "OK", "Metrics": [query]}]}

    assert stubbed(answers=[answer]).read(["a"])["a"].sees == ("app/green/1", "targetgroup/b/2")


def stubbed(*, answers: list[dict[str, Any]] | None = None, error: tuple[str, int] | None = None) -> Any:
    """CloudWatch that gives *answers* or *error* to whatever is asked, and the source that asks it."""
    client = boto3.client(
        "cloudwatch", region_name=REGION, aws_access_key_id="a", aws_secret_access_key="s", config=ONCE
    )
    stub = Stubber(client)
    for answer in answers or []:
        stub.add_response("describe_alarms", answer)
    if error:
        stub.add_client_error("describe_alarms", error[0], "no", error[1])
    stub.activate()
    return CloudWatchAlarms(client)


@pytest.mark.parametrize("evaluation", ["PARTIAL_DATA", "EVALUATION_ERROR", "EVALUATION_FAILURE"])
def test_an_alarm_that_cloudwatch_cannot_evaluate_is_blind_and_not_ok(evaluation: str) -> None:
    entry = {"AlarmName": "a", "StateValue": "OK", "EvaluationState": evaluation}
    alarm = stubbed(answers=[{"MetricAlarms": [entry]}]).read(["a"])["a"]

    assert alarm.state is AlarmState.INSUFFICIENT_DATA
    assert evaluation in alarm.reason


def test_an_alarm_that_fires_stays_bad_when_it_goes_blind() -> None:
    entry = {"AlarmName": "a", "StateValue": "ALARM", "StateReason": "5xx", "EvaluationState": "PARTIAL_DATA"}

    assert stubbed(answers=[{"MetricAlarms": [entry]}]).read(["a"])["a"].state is AlarmState.ALARM


def test_a_log_alarm_is_read_and_pages_are_followed() -> None:
    first = {"MetricAlarms": [{"AlarmName": "a", "StateValue": "OK"}], "NextToken": "more"}
    second = {"LogAlarms": [{"AlarmName": "b", "StateValue": "ALARM"}]}
    found = stubbed(answers=[first, second]).read(["a", "b"])

    assert {alarm.name: alarm.state for alarm in found.values()} == {"a": AlarmState.OK, "b": AlarmState.ALARM}


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("Throttling", 400, AlarmsUnavailableError),
        ("ThrottlingException", 400, AlarmsUnavailableError),
        ("InternalServiceFault", 500, AlarmsUnavailableError),
        ("ServiceUnavailable", 503, AlarmsUnavailableError),
        ("AccessDenied", 403, AlarmsRefusedError),
        ("AccessDeniedException", 400, AlarmsRefusedError),
    ],
)
def test_what_cloudwatch_refuses_is_an_error_that_says_what_to_do(
    code: str, status: int, error: type[CrossfadeError]
) -> None:
    with pytest.raises(error, match=r"cloudwatch:DescribeAlarms(?s:.*)(tried again|grant it)"):
        stubbed(error=(code, status)).read(["a"])


def test_a_cloudwatch_that_does_not_answer_is_asked_again_later() -> None:
    client = boto3.client(
        "cloudwatch",
        endpoint_url="http://127.0.0.1:9",
        region_name=REGION,
        aws_access_key_id="a",
        aws_secret_access_key="s",
        config=ONCE,
    )

    with pytest.raises(AlarmsUnavailableError, match="EndpointConnectionError"):
        CloudWatchAlarms(client).read(["a"])


def test_health_is_judged_without_loading_the_kubernetes_client() -> None:
    modules = ("cloudwatch", "dynamodb_ledger", "sns")
    imports = "; ".join(f"import crossfade.adapters.{name}" for name in modules)
    script = f"import sys; {imports}; sys.exit('kubernetes' in sys.modules)"
    python = subprocess.run([sys.executable, "-c", script], check=False)  # noqa: S603  # our own words

    assert python.returncode == 0
