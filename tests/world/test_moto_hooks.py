"""Each hook closes a gap of moto. A test here fails when moto closes its gap itself: then the hook may go."""

import inspect
import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import responses
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.core.utils import get_service_model
from moto.dynamodb.responses import DynamoHandler
from moto.ec2.models import availability_zones_and_regions
from moto.events.models import EventsBackend
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.retry import jitter_strategy_decl, retrier_decl
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.intrinsic.jsonata import get_intrinsic_functions_declarations
from moto.stepfunctions.parser.asl.component.program import program
from moto.stepfunctions.parser.asl.component.state import state as state_module
from moto.stepfunctions.parser.asl.component.state.exec import execute_state
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_aws_sdk as aws_sdk
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.seconds import SecondsJSONata
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackConsumerTimeout, CallbackEndpoint
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from tests.world.machines import answers, definition, deploy, echo, run, task
from world import moto_hooks
from world.clock import Clock
from world.cloud import Cloud
from world.events import Rule
from world.insights import an_insight
from world.moto_hooks.answers import names_of_members_are_found_once, operations_are_listed_once
from world.moto_hooks.swap import swapped

SUCCEED: Final = {"Type": "Succeed"}

# What moto has where a hook goes; no cloud is open while tests are collected.
_MOTO: Final[dict[tuple[Any, str], Any]] = {
    (owner, name): vars(owner)[name]
    for owner, name in (
        (StringJSONata, "_eval_body"),
        (ErrorEqualsDecl, "_eval_body"),
        (SecondsJSONata, "_get_wait_seconds"),
        (state_module, "StateData"),
        (AmazonStateLanguageParser, "parse"),
        (WaitFunction, "_wait_interval"),
        (CallbackEndpoint, "wait"),
        (CallbackEndpoint, "notify"),
        (aws_sdk, "boto_client_for"),
        (retrier_decl, "time"),
        (jitter_strategy_decl, "random"),
        (StateTaskServiceLambda, "_eval_service_task"),
        (program.Program, "eval"),
        (lambda_eval_utils, "_invoke_lambda_function"),
        (ExecutionWorker, "start"),
        (program, "threading"),
        (program, "TMP_THREADS"),
        (execute_state, "Thread"),
        (execute_state, "TMP_THREADS"),
        (StepFunctionsParserBackend, "start_execution"),
        (BaseExecutionWorkerCommunication, "_reflect_execution_status"),
        (StepFunctionResponse, "stop_execution"),
        (Environment, "set_error"),
        (EventsBackend, "put_events"),
    )
}


def without_the_hook(owner: Any, name: str) -> AbstractContextManager[Any]:
    """Inside, moto is as it is at this place, and hooked everywhere else."""
    return swapped(owner, name, _MOTO[owner, name])


def passing(value: Any) -> dict[str, Any]:
    """A machine whose output is the literal *value*."""
    return definition("Pass", Pass={"Type": "Pass", "Output": value, "End": True})


# --- All of them -----------------------------------------------------------------------------------------------------


def test_moto_is_as_it_was_when_the_cloud_is_gone(clock: Clock) -> None:
    with Cloud(clock) as cloud:
        inside = [place for place in _MOTO if vars(place[0])[place[1]] is _MOTO[place]]
        run(cloud, passing({"x": 1}))

    assert inside == []
    assert [place for place in _MOTO if vars(place[0])[place[1]] is not _MOTO[place]] == []


def test_a_hook_whose_place_is_gone_says_so() -> None:
    with pytest.raises(AttributeError, match="_eval_everything"), swapped(StringJSONata, "_eval_everything", None):
        pass


# --- The language ----------------------------------------------------------------------------------------------------


def test_moto_has_no_jsonata_engine(cloud: Cloud) -> None:
    machine = passing("{% 1 + 1 %}")

    with without_the_hook(StringJSONata, "_eval_body"):
        raw = run(cloud, machine)

    assert (raw.status, raw.error) == ("FAILED", "States.Runtime")
    assert run(cloud, machine).output == 2


def test_moto_pastes_text_into_expressions_unescaped(cloud: Cloud) -> None:
    assert moto_jsonata.encode_jsonata_variable_declarations({"$x": 'say "no"'}) == '$x:="say "no"";'
    assert run(cloud, passing("{% $states.input %}"), given='say "no"').output == 'say "no"'


def test_moto_parses_anything_that_is_an_expression(cloud: Cloud) -> None:
    machine = passing("{% $parse($states.input) %}")

    assert "$eval($v)" in get_intrinsic_functions_declarations({"$parse"})
    assert run(cloud, machine, given='{"a": ["\\u00e9", null]}').output == {"a": ["é", None]}
    assert run(cloud, machine, given="1 + 1").error == "States.QueryEvaluationError"


def test_moto_catches_what_aws_cannot_catch(cloud: Cloud) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "End"}]
    machine = definition("Ask", Ask=task("work", Catch=catch, Next="End"), End=SUCCEED)
    too_much = answers("x" * 300_000)

    with without_the_hook(ErrorEqualsDecl, "_eval_body"):
        raw = run(cloud, machine, work=too_much)

    assert raw.status == "SUCCEEDED"
    assert run(cloud, machine, work=too_much).error == "States.DataLimitExceeded"


@pytest.mark.parametrize("seconds", [1.5, -1, "60"])
def test_moto_waits_for_any_number_of_seconds(cloud: Cloud, seconds: Any) -> None:
    machine = definition("Wait", Wait={"Type": "Wait", "Seconds": "{% $states.input %}", "End": True})

    with without_the_hook(SecondsJSONata, "_get_wait_seconds"):
        raw = run(cloud, machine, given=seconds)

    assert raw.status == "SUCCEEDED"
    assert run(cloud, machine, given=seconds).error == "States.QueryEvaluationError"


def test_moto_writes_the_time_of_entry_in_another_way_than_aws(cloud: Cloud) -> None:
    machine = passing("{% $states.context.State.EnteredTime %}")

    with without_the_hook(state_module, "StateData"):
        raw = run(cloud, machine)

    assert raw.output == "2026-11-24T09:00:00+00:00"
    assert run(cloud, machine).output == "2026-11-24T09:00:00.000Z"


def test_moto_parses_a_definition_for_each_execution() -> None:
    text = json.dumps(passing(1))
    raw = [AmazonStateLanguageParser.parse(text)[0] for _ in range(2)]

    with moto_hooks.definitions_are_parsed_once():
        hooked = [AmazonStateLanguageParser.parse(text)[0] for _ in range(2)]

    assert raw[0] is not raw[1]
    assert hooked[0] is hooked[1]


def test_moto_works_out_the_names_of_a_member_for_each_answer() -> None:
    shape = get_service_model("elbv2").operation_model("DescribeLoadBalancers").output_shape.members["LoadBalancers"]
    asked, picker = AttributePickerContext({}, "LoadBalancers", shape), XFormedAttributePicker()
    raw = [picker.get_possible_keys(asked) for _ in range(2)]

    with names_of_members_are_found_once():
        hooked = [picker.get_possible_keys(asked) for _ in range(2)]

    assert raw[0] is not raw[1]
    assert hooked[0] is hooked[1]
    assert set(hooked[0]) == set(raw[0])


def test_moto_lists_the_operations_of_a_service_for_each_call() -> None:
    def listed() -> list[str]:
        found: list[str] = vars(responses)["method_names_from_class"](DynamoHandler)
        return found

    raw = [listed(), listed()]

    with operations_are_listed_once():
        hooked = [listed(), listed()]

    assert "method_names_from_class(self.__class__)" in inspect.getsource(responses.BaseResponse.call_action)
    assert raw[0] is not raw[1]
    assert hooked[0] is hooked[1]
    assert hooked[0] == raw[0]


def test_moto_reads_the_whole_description_of_ec2_for_a_list_of_regions_that_is_the_same_without() -> None:
    partitions = [boto3.Session().get_available_regions("ec2", each) for each in ("aws", "aws-us-gov", "aws-cn")]

    assert 'get_available_regions("ec2")' in inspect.getsource(availability_zones_and_regions)
    listed = availability_zones_and_regions.RegionsAndZonesBackend.regions
    assert [region.name for region in listed] == [name for names in partitions for name in names]


def test_moto_logs_every_way_to_fail_as_an_error(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    machine = definition(
        "Rolled back", **{"Rolled back": {"Type": "Fail", "Error": "RolledBack", "Cause": "on purpose"}}
    )

    run(cloud, machine)
    silent = list(caplog.records)
    with caplog.at_level("ERROR", logger="moto.stepfunctions"):
        run(cloud, machine)

    assert silent == []
    assert caplog.records != []


# --- Time ------------------------------------------------------------------------------------------------------------


class _Watched:
    """An environment of the interpreter whose event does not wait but remembers that it was asked to."""

    def __init__(self, clock: Clock) -> None:
        self.waited: list[float] = []
        self.program_state_event = SimpleNamespace(wait=self._wait)
        self._clock = clock

    def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self._clock.sleep(seconds)  # what real time would do

    def is_running(self) -> bool:
        return True


def test_moto_waits_in_real_time(clock: Clock) -> None:
    moto_wait: Any = WaitFunction
    raw, hooked, began = _Watched(clock), _Watched(clock), clock.now
    moto_wait._wait_interval(None, env=raw, wait_seconds=60)

    with moto_hooks.waits_take_virtual_time(clock):
        moto_wait._wait_interval(None, env=hooked, wait_seconds=60)

    assert (raw.waited, hooked.waited) == ([60], [])
    assert clock.now - began == timedelta(seconds=120)


def test_moto_backs_off_in_real_time(clock: Clock) -> None:
    moto_retrier: Any = retrier_decl
    assert moto_retrier.time is time
    began = clock.now

    with moto_hooks.retries_back_off_in_virtual_time(clock):
        moto_retrier.time.sleep(30)

    assert clock.now - began == timedelta(seconds=30)


def test_moto_draws_jitter_from_the_global_generator() -> None:
    moto_jitter: Any = jitter_strategy_decl
    seeded: Any = random.Random(1)  # noqa: S311  # a seed is the point
    assert moto_jitter.random is random

    with moto_hooks.jitter_comes_from_the_seed(seeded):
        assert moto_jitter.random is seeded


def slow(clock: Clock, seconds: float) -> Callable[[Any], None]:
    return lambda _invocation: clock.sleep(seconds)


def test_moto_does_not_time_a_task_out_in_virtual_time(cloud: Cloud, clock: Clock) -> None:
    cloud.functions.before.append(slow(clock, 60))
    machine = definition("Ask", Ask=task("echo", TimeoutSeconds=10, End=True))
    deploy(cloud, machine, {"Timeout": 900}, echo=echo)

    with without_the_hook(StateTaskServiceLambda, "_eval_service_task"):
        raw = cloud.run()

    assert (raw.status, raw.seconds) == ("SUCCEEDED", 60)
    hooked = cloud.run()
    assert (hooked.error, hooked.seconds) == ("States.Timeout", 10)


LEAVING_A_TOKEN: Final = definition(
    "Wait",
    Wait={
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:putItem.waitForTaskToken",
        "Arguments": {
            "TableName": "{% $states.input.table %}",
            "Item": {"pk": {"S": "token"}, "token": {"S": "{% $states.context.Task.Token %}"}},
        },
        "TimeoutSeconds": 600,
        "End": True,
    },
)


def give_back(table: str) -> None:
    item = boto3.client("dynamodb").get_item(TableName=table, Key={"pk": {"S": "token"}})["Item"]
    boto3.client("stepfunctions").send_task_success(taskToken=item["token"]["S"], output='{"woken": true}')


def test_moto_waits_for_a_token_in_real_time(cloud: Cloud, clock: Clock) -> None:
    began = time.monotonic()
    _MOTO[CallbackEndpoint, "wait"](CallbackEndpoint("raw"), 0.05)
    assert time.monotonic() - began >= 0.05

    deploy(cloud, LEAVING_A_TOKEN)
    table = cloud.deployment.table
    late = cloud.run(execution_input={"table": table})
    clock.after(timedelta(seconds=45), lambda: give_back(table))
    woken = cloud.run(execution_input={"table": table})

    assert (late.error, late.seconds) == ("States.Timeout", 600)
    assert (woken.status, woken.seconds, woken.output) == ("SUCCEEDED", 45, {"woken": True})


def test_moto_takes_a_token_whose_wait_is_over(cloud: Cloud) -> None:
    del cloud
    raw, hooked = CallbackEndpoint("raw"), CallbackEndpoint("hooked")
    _MOTO[CallbackEndpoint, "wait"](raw, 0.01)
    hooked.wait(600)

    assert raw.consumer_error is None
    assert isinstance(hooked.consumer_error, CallbackConsumerTimeout)


def test_moto_makes_a_client_for_every_call(cloud: Cloud) -> None:
    del cloud
    raw = _MOTO[aws_sdk, "boto_client_for"]

    assert raw("eu-west-1", "dynamodb") is not raw("eu-west-1", "dynamodb")
    hooked = vars(aws_sdk)["boto_client_for"]
    assert hooked("eu-west-1", "dynamodb") is hooked("eu-west-1", "dynamodb")


def test_moto_does_not_time_an_execution_out_in_virtual_time(cloud: Cloud) -> None:
    machine = definition("Wait", timeout_seconds=10, Wait={"Type": "Wait", "Seconds": 60, "End": True})

    with without_the_hook(program.Program, "eval"):
        raw = run(cloud, machine)

    assert (raw.status, raw.seconds) == ("SUCCEEDED", 60)
    hooked = run(cloud, machine)
    assert (hooked.status, hooked.seconds) == ("TIMED_OUT", 10)


# --- Functions -------------------------------------------------------------------------------------------------------


def test_moto_does_not_find_functions_that_run_in_this_process(cloud: Cloud) -> None:
    machine = definition("Ask", Ask=task("echo", payload={"x": 1}, End=True))

    with without_the_hook(lambda_eval_utils, "_invoke_lambda_function"):
        raw = run(cloud, machine, echo=echo)

    assert str(raw.error).startswith("Lambda.")
    assert run(cloud, machine, echo=echo).output == {"x": 1}


# --- Executions ------------------------------------------------------------------------------------------------------


def threads_of(cloud: Cloud) -> set[threading.Thread]:
    """The threads that one execution with one task runs its parts in: its function's, and that of its end."""
    used: set[threading.Thread] = set()
    cloud.on_invoke(lambda *_outcome: used.add(threading.current_thread()))
    cloud.on_end(lambda _execution: used.add(threading.current_thread()))
    run(cloud, definition("Ask", Ask=task("echo", End=True)), echo=echo)
    return used


def test_moto_runs_a_task_in_a_thread_of_its_own(cloud: Cloud) -> None:
    with without_the_hook(execute_state, "Thread"):
        raw = threads_of(cloud)

    assert len(raw) == 2
    assert len(threads_of(cloud)) == 1


def test_moto_runs_a_program_in_a_thread_of_its_own(cloud: Cloud) -> None:
    with without_the_hook(program, "threading"):
        raw = threads_of(cloud)

    assert len(raw) == 2
    assert len(threads_of(cloud)) == 1


def test_moto_starts_the_thread_of_an_execution_itself() -> None:
    started: list[Any] = []
    moto_worker: Any = ExecutionWorker
    worker = moto_worker(None, SimpleNamespace(execution="execution"), None, {})

    with moto_hooks.an_execution_has_one_thread(lambda execution, logic: started.append((execution, logic))):
        worker.start()

    assert started == [("execution", worker._execution_logic)]
    assert "Thread(" in inspect.getsource(moto_worker.start)


@pytest.mark.parametrize("module", [program, execute_state])
def test_moto_keeps_every_thread_for_ever(cloud: Cloud, module: Any) -> None:
    kept = _MOTO[module, "TMP_THREADS"]
    before = len(kept)
    with without_the_hook(module, "TMP_THREADS"):
        run(cloud, definition("Ask", Ask=task("echo", End=True)), echo=echo)

    assert len(kept) == before + 1
    del kept[before:]
    run(cloud, definition("Ask", Ask=task("echo", End=True)), echo=echo)
    assert (len(kept), len(module.TMP_THREADS)) == (before, 0)


def test_moto_gives_all_executions_without_a_name_the_same(cloud: Cloud) -> None:
    deploy(cloud, passing(1))
    client, arn = boto3.client("stepfunctions"), cloud.deployment.machine_arn

    with without_the_hook(StepFunctionsParserBackend, "start_execution"):
        cloud.wait(client.start_execution(stateMachineArn=arn)["executionArn"])
        with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
            client.start_execution(stateMachineArn=arn)

    first, second = (client.start_execution(stateMachineArn=arn)["executionArn"] for _ in range(2))
    assert first != second


def test_moto_dates_a_stop_when_the_last_function_returns(cloud: Cloud, clock: Clock) -> None:
    cloud.functions.before.append(slow(clock, 50))
    deploy(cloud, definition("Ask", Ask=task("echo", End=True)), {"Timeout": 60}, echo=echo)

    def seconds_after_all() -> float:
        arn = cloud.start()
        clock.after(timedelta(seconds=20), lambda: cloud.stop(arn))
        clock.sleep(100)
        return cloud.describe(arn).seconds

    with without_the_hook(BaseExecutionWorkerCommunication, "_reflect_execution_status"):
        raw = seconds_after_all()

    assert (raw, seconds_after_all()) == (50, 20)


def test_moto_tells_nobody_that_an_execution_ended(cloud: Cloud) -> None:
    told: list[str] = []
    cloud.on_end(lambda execution: told.append(execution.status))

    with without_the_hook(BaseExecutionWorkerCommunication, "_reflect_execution_status"):
        run(cloud, passing(1))

    assert told == []
    run(cloud, passing(1))
    assert told == ["SUCCEEDED"]


def test_moto_drops_error_and_cause_of_a_stop(cloud: Cloud, clock: Clock) -> None:
    client = boto3.client("stepfunctions")
    deploy(cloud, definition("Wait", Wait={"Type": "Wait", "Seconds": 600, "End": True}))

    def stopped() -> dict[str, Any]:
        arn = cloud.start()
        clock.sleep(60)
        client.stop_execution(executionArn=arn, error="Abort", cause="because")
        return dict(client.describe_execution(executionArn=arn))

    with without_the_hook(StepFunctionResponse, "stop_execution"):
        raw = stopped()

    assert ("error" in raw, raw["status"]) == (False, "RUNNING")
    hooked = stopped()
    assert (hooked["status"], hooked["error"], hooked["cause"]) == ("ABORTED", "Abort", "because")


def test_moto_lets_a_provoked_error_win_over_a_stop(cloud: Cloud) -> None:
    def stop_and_fail(_event: Any, _context: Any) -> None:
        cloud.stop(running[-1], "Abort")
        raise KeyError

    deploy(cloud, definition("Ask", Ask=task("work", End=True)), work=stop_and_fail)
    running = []

    def last_event() -> Any:
        running.append(cloud.start())
        cloud.wait(running[-1])
        return cloud.history(running[-1]).events[-1]["type"]

    with without_the_hook(Environment, "set_error"):
        raw = last_event()

    assert (raw, last_event()) == ("ExecutionFailed", "ExecutionAborted")


def test_moto_lets_no_rule_of_the_cloud_hear_what_is_put_on_a_bus(cloud: Cloud, clock: Clock) -> None:
    heard: list[Any] = []
    deploy(cloud, definition("Ask", Ask=task("work", End=True)), work=lambda event, _context: heard.append(event))
    (arn,) = (function.arn for function in cloud.deployment.functions.values())
    cloud.events.add([Rule(arn="ours", pattern={"source": ["ours"]}, interval=None, targets=(arn,))])
    entry = {"Source": "ours", "DetailType": "Said", "Detail": json.dumps({"word": 1})}

    def put() -> int:
        events: Any = boto3.client("events")
        events.put_events(Entries=[entry])
        clock.sleep(5)
        return len(heard)

    with without_the_hook(EventsBackend, "put_events"):
        assert put() == 0
    assert put() == 1
    assert heard[0]["detail"] == {"word": 1}


def test_plain_moto_still_runs_machines_of_its_own_after_a_cloud(clock: Clock) -> None:
    with Cloud(clock):
        pass
    with mock_aws():
        client = boto3.client("stepfunctions", region_name="eu-west-1")
        arn = client.create_state_machine(
            name="plain", definition=json.dumps(passing(1)), roleArn="arn:aws:iam::123456789012:role/plain"
        )["stateMachineArn"]

        assert client.describe_state_machine(stateMachineArn=arn)["status"] == "ACTIVE"


def test_moto_knows_no_insights_of_clusters(cloud: Cloud) -> None:
    del cloud
    client = boto3.client("eks", region_name="eu-west-1")
    with pytest.raises(ClientError):
        client.list_insights(clusterName="blue")

    bad, good = an_insight("Deprecated APIs", "ERROR", "used lately"), an_insight("Kubelet version skew")
    with moto_hooks.clusters_have_insights(lambda name: [bad, good] if name == "blue" else []):
        listed = client.list_insights(clusterName="blue", filter={"statuses": ["ERROR"]})["insights"]
        described = client.describe_insight(clusterName="blue", id=listed[0]["id"])["insight"]

    assert [insight["name"] for insight in listed] == ["Deprecated APIs"]
    assert described["insightStatus"] == {"status": "ERROR", "reason": "used lately"}


def test_moto_knows_no_protections_of_records(cloud: Cloud) -> None:
    del cloud
    client: Any = boto3.client("route53")
    with pytest.raises(ClientError):
        client.list_resource_record_set_protections(HostedZoneId="Z1")

    with moto_hooks.records_can_be_protected(lambda: {("www.example.com", "A")}):
        listed = client.list_resource_record_set_protections(HostedZoneId="Z1")["ResourceRecordSetProtections"]

    assert listed == [{"RecordName": "www.example.com.", "RecordType": "A"}]
