"""That the interpreter does what AWS documents, for each feature that the product's machine uses."""

import json
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.world.machines import answers, definition, deploy, echo, run, run_with_history, task
from world.clock import Clock
from world.cloud import Cloud
from world.functions import ServiceError
from world.step_functions import Execution

SUCCEED = {"Type": "Succeed"}
RETRY = {"IntervalSeconds": 2, "BackoffRate": 2, "MaxDelaySeconds": 30, "MaxAttempts": 6}


class ThrottledError(Exception):
    pass


class RefusedError(Exception):
    pass


def waiting(seconds: Any, **more: Any) -> dict[str, Any]:
    return {"Type": "Wait", "Seconds": seconds, **more}


# --- Data ------------------------------------------------------------------------------------------------------------


def test_the_output_of_succeed_is_the_output_of_the_execution(cloud: Cloud) -> None:
    machine = definition("End", End={"Type": "Succeed", "Output": {"plan": "{% $states.input.plan %}", "n": 2}})

    execution = run(cloud, machine, given={"plan": "standard"})

    assert (execution.status, execution.output) == ("SUCCEEDED", {"plan": "standard", "n": 2})


def test_variables_keep_any_json(cloud: Cloud) -> None:
    values = {"text": 'he said "no" \\ {% not %}', "number": 3, "null": None, "list": [1, {"a": []}], "flag": True}
    machine = definition(
        "Keep",
        Keep={"Type": "Pass", "Assign": {"kept": "{% $states.input %}", "fixed": {"a": [1, "x"]}}, "Next": "End"},
        End={"Type": "Succeed", "Output": {"kept": "{% $kept %}", "fixed": "{% $fixed.a[1] %}"}},
    )

    assert run(cloud, machine, given=values).output == {"kept": values, "fixed": "x"}


def test_literals_of_a_definition_are_what_they_say(cloud: Cloud) -> None:
    literals: dict[str, Any] = {"text": 'say "no" \\ \u00e9\n', "list": [1, 2.5, None, True, {}]}

    assert run(cloud, definition("Pass", Pass={"Type": "Pass", "Output": literals, "End": True})).output == literals


def test_a_counter_stays_an_integer(cloud: Cloud) -> None:
    machine = definition(
        "Begin",
        Begin={"Type": "Pass", "Assign": {"stage": 0}, "Next": "More?"},
        **{
            "More?": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": "{% $stage < $states.context.Execution.Input.stages %}", "Next": "Next stage"}
                ],
                "Default": "End",
            },
            "Next stage": {"Type": "Pass", "Assign": {"stage": "{% $stage + 1 %}"}, "Next": "More?"},
        },
        End={"Type": "Succeed", "Output": "{% $stage %}"},
    )

    execution, history = run_with_history(cloud, machine, given={"stages": 3})

    assert execution.output == 3
    assert type(execution.output) is int
    assert history.states == ["Begin", *["More?", "Next stage"] * 3, "More?", "End"]


def test_assign_sees_the_variables_from_before_the_state(cloud: Cloud) -> None:
    machine = definition(
        "One",
        One={"Type": "Pass", "Assign": {"a": 1, "b": 1}, "Next": "Two"},
        Two={"Type": "Pass", "Assign": {"a": "{% $a + 1 %}", "b": "{% $a + 10 %}"}, "Next": "End"},
        End={"Type": "Succeed", "Output": "{% [$a, $b] %}"},
    )

    assert run(cloud, machine).output == [2, 11]


def test_a_choice_rule_assigns_only_when_it_matches(cloud: Cloud) -> None:
    rules = [
        {"Condition": "{% $states.input.action = 'wait' %}", "Assign": {"said": "waited"}, "Next": "End"},
        {"Condition": "{% $states.input.action = 'advance' %}", "Assign": {"said": "advanced"}, "Next": "End"},
    ]
    machine = definition(
        "Start",
        Start={"Type": "Pass", "Assign": {"said": "nothing"}, "Next": "Healthy?"},
        **{"Healthy?": {"Type": "Choice", "Choices": rules, "Default": "End"}},
        End={"Type": "Succeed", "Output": "{% $said %}"},
    )

    said = {action: run(cloud, machine, given={"action": action}).output for action in ("wait", "advance", "roll_back")}

    assert said == {"wait": "waited", "advance": "advanced", "roll_back": "nothing"}


def test_the_context_says_which_execution_this_is_and_when_its_state_was_entered(cloud: Cloud) -> None:
    payload = {
        "migration": "{% $states.context.Execution.Name %}",
        "execution": "{% $states.context.Execution.Id %}",
        "input": "{% $states.context.Execution.Input %}",
        "started": "{% $states.context.Execution.StartTime %}",
        "now": "{% $states.context.State.EnteredTime %}",
    }
    machine = definition("Wait", Wait=waiting(90, Next="Ask"), Ask=task("echo", payload=payload, End=True))
    deploy(cloud, machine, echo=echo)

    execution = cloud.run("migration-1", {"plan": "quick"})

    assert execution.output == {
        "migration": "migration-1",
        "execution": execution.arn,
        "input": {"plan": "quick"},
        "started": "2026-11-24T09:00:00.000Z",
        "now": "2026-11-24T09:01:30.000Z",
    }


# --- Time ------------------------------------------------------------------------------------------------------------


def test_waits_take_exactly_as_long_as_they_say(cloud: Cloud) -> None:
    machine = definition(
        "Keep",
        Keep={"Type": "Pass", "Assign": {"wait": 45}, "Next": "Bake"},
        Bake=waiting("{% $wait %}", Next="Soak"),
        Soak=waiting(172_800, End=True),
    )

    assert run(cloud, machine).seconds == 45 + 172_800


def test_history_and_description_are_in_virtual_time(cloud: Cloud, clock: Clock) -> None:
    began = clock.now
    machine = definition("Bake", Bake=waiting(600, Next="End"), End=SUCCEED)

    execution, history = run_with_history(cloud, machine)

    assert (execution.started, execution.stopped) == (began, began + timedelta(minutes=10))
    assert [(visit.state, visit.at - began) for visit in history.visits] == [
        ("Bake", timedelta()),
        ("End", timedelta(minutes=10)),
    ]


def test_the_world_goes_on_during_a_wait(cloud: Cloud, clock: Clock) -> None:
    seen: list[int] = []
    clock.every(timedelta(seconds=30), lambda: seen.append(len(seen)))

    run(cloud, definition("Bake", Bake=waiting(310, End=True)))

    assert len(seen) == 10


def test_two_executions_run_side_by_side(cloud: Cloud, clock: Clock) -> None:
    began = clock.now
    machine = definition("Bake", Bake=waiting("{% $states.input.seconds %}", Next="Ask"), Ask=task("echo", End=True))
    deploy(cloud, machine, echo=echo)

    slow, fast = cloud.start("slow", {"seconds": 300}), cloud.start("fast", {"seconds": 100})
    ends = [cloud.wait(arn).stopped for arn in (slow, fast)]

    assert ends == [began + timedelta(seconds=300), began + timedelta(seconds=100)]


def test_a_machine_past_its_time_out_is_timed_out_at_that_instant(cloud: Cloud) -> None:
    machine = definition("Bake", timeout_seconds=600, Bake=waiting(3600, End=True))

    execution = run(cloud, machine)

    assert (execution.status, execution.seconds) == ("TIMED_OUT", 600)


def test_a_task_past_its_time_out_fails_at_that_instant(cloud: Cloud, clock: Clock) -> None:
    cloud.functions.before.append(lambda _invocation: clock.sleep(120))
    machine = definition(
        "Ask",
        Ask=task(
            "echo",
            TimeoutSeconds=10,
            Catch=[
                {"ErrorEquals": ["States.Timeout"], "Assign": {"error": "{% $states.errorOutput %}"}, "Next": "End"}
            ],
            End=True,
        ),
        End={"Type": "Succeed", "Output": "{% $error %}"},
    )
    deploy(cloud, machine, {"Timeout": 60}, echo=echo)

    execution = cloud.run()

    assert (execution.seconds, execution.output) == (10, {"Error": "States.Timeout", "Cause": ""})


# --- Errors ----------------------------------------------------------------------------------------------------------


def test_an_exception_of_a_handler_is_caught_by_its_class_name(cloud: Cloud) -> None:
    catch = [
        {
            "ErrorEquals": ["RefusedError"],
            "Assign": {
                "error": "{% $states.errorOutput.Error %}",
                "message": "{% $parse($states.errorOutput.Cause).errorMessage %}",
            },
            "Next": "Refused",
        },
        {"ErrorEquals": ["States.ALL"], "Next": "Other"},
    ]
    machine = definition(
        "Ask",
        Ask=task("work", Catch=catch, End=True),
        Refused={"Type": "Fail", "Error": "{% $error %}", "Cause": "{% $message %}"},
        Other=SUCCEED,
    )

    execution = run(cloud, machine, work=answers(RefusedError('no "green" {here}')))

    assert (execution.status, execution.error, execution.cause) == ("FAILED", "RefusedError", 'no "green" {here}')


def test_the_cause_of_a_handler_error_is_the_document_of_the_runtime(cloud: Cloud) -> None:
    execution = run(cloud, definition("Ask", Ask=task("work", End=True)), work=answers(RefusedError("no")))

    cause = json.loads(str(execution.cause))
    assert (execution.error, cause["errorType"], cause["errorMessage"]) == ("RefusedError", "RefusedError", "no")
    assert any("machines.py" in line for line in cause["stackTrace"])


def test_an_error_that_nobody_catches_fails_the_execution(cloud: Cloud) -> None:
    catch = [{"ErrorEquals": ["RefusedError"], "Next": "End"}]
    machine = definition("Ask", Ask=task("work", Catch=catch, End=True), End=SUCCEED)

    execution = run(cloud, machine, work=answers(KeyError("x")))

    assert (execution.status, execution.error) == ("FAILED", "KeyError")


def test_a_failure_of_the_lambda_service_has_the_service_in_its_name(cloud: Cloud) -> None:
    def refuse(_invocation: Any) -> None:
        raise ServiceError("TooManyRequestsException", "Rate Exceeded.")

    cloud.functions.before.append(refuse)

    execution = run(cloud, definition("Ask", Ask=task("echo", End=True)), echo=echo)

    assert execution.error == "Lambda.TooManyRequestsException"
    assert str(execution.cause).startswith("Rate Exceeded. (Service: AWSLambda; Status Code: 429;")


def test_retries_back_off_exactly_and_stop_at_the_longest_delay(cloud: Cloud) -> None:
    machine = definition("Ask", Ask=task("work", Retry=[{"ErrorEquals": ["ThrottledError"], **RETRY}], End=True))

    execution, history = run_with_history(cloud, machine, work=answers(*[ThrottledError()] * 6, "at last"))

    assert (execution.output, execution.seconds) == ("at last", 2 + 4 + 8 + 16 + 30 + 30)
    assert history.transitions == 7


def test_retries_end_and_then_the_error_is_caught(cloud: Cloud) -> None:
    retry = [{"ErrorEquals": ["ThrottledError"], **RETRY}]
    catch = [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput.Error %}", "Next": "End"}]
    machine = definition("Ask", Ask=task("work", Retry=retry, Catch=catch, End=True), End=SUCCEED)

    execution = run(cloud, machine, work=answers(ThrottledError()))

    assert (execution.output, execution.seconds) == ("ThrottledError", 90)


def test_an_error_that_is_not_listed_is_not_retried(cloud: Cloud) -> None:
    machine = definition("Ask", Ask=task("work", Retry=[{"ErrorEquals": ["ThrottledError"], **RETRY}], End=True))

    execution = run(cloud, machine, work=answers(RefusedError(), "too late"))

    assert (execution.status, execution.seconds) == ("FAILED", 0)


def test_retries_count_anew_each_time_a_state_is_entered(cloud: Cloud) -> None:
    retry = [{"ErrorEquals": ["ThrottledError"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 1}]
    machine = definition(
        "Once",
        Once=task("work", Retry=retry, Next="Again"),
        Again=task("work", Retry=retry, End=True),
    )

    execution = run(cloud, machine, work=answers(ThrottledError(), 1, ThrottledError(), 2))

    assert (execution.output, execution.seconds) == (2, 2)


def test_full_jitter_stays_within_the_back_off_and_comes_from_the_seed(clock: Clock) -> None:
    retry = [{"ErrorEquals": ["ThrottledError"], **RETRY, "JitterStrategy": "FULL"}]
    machine = definition("Ask", Ask=task("work", Retry=retry, End=True))

    def seconds(seed: int) -> float:
        with Cloud(clock, seed=seed) as cloud:
            return run(cloud, machine, work=answers(*[ThrottledError()] * 6, "ok")).seconds

    assert seconds(1) == seconds(1) != seconds(2)
    assert 0 < seconds(3) < 90


def test_an_expression_about_nothing_is_a_query_evaluation_error(cloud: Cloud) -> None:
    execution = run(
        cloud, definition("Keep", Keep={"Type": "Pass", "Assign": {"x": "{% $states.input.no %}"}, "End": True})
    )

    assert (execution.status, execution.error) == ("FAILED", "States.QueryEvaluationError")


def test_a_condition_that_is_not_a_boolean_fails_the_execution(cloud: Cloud) -> None:
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% $states.input.x %}", "Next": "End"}], "Default": "End"}
    machine = definition("Ask", Ask=choice, End=SUCCEED)

    assert run(cloud, machine, given={"x": "true"}).status == "FAILED"


def test_a_payload_that_cannot_be_built_is_caught_like_any_error_of_the_task(cloud: Cloud) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput.Error %}", "Next": "End"}]
    machine = definition("Ask", Ask=task("echo", payload={"x": "{% $missing %}"}, Catch=catch, End=True), End=SUCCEED)

    assert run(cloud, machine, echo=echo).output == "States.QueryEvaluationError"


def test_an_answer_above_256_kilobytes_fails_past_every_catch(cloud: Cloud) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "End"}]
    machine = definition("Ask", Ask=task("work", Catch=catch, End=True), End=SUCCEED)

    execution = run(cloud, machine, work=answers("x" * 300_000))

    assert (execution.status, execution.error) == ("FAILED", "States.DataLimitExceeded")


# --- Stopping --------------------------------------------------------------------------------------------------------


def test_a_stop_ends_a_wait_at_once_with_error_and_cause(cloud: Cloud, clock: Clock) -> None:
    deploy(cloud, definition("Bake", Bake=waiting(3600, Next="Ask"), Ask=task("echo", End=True)), echo=echo)
    arn = cloud.start()
    clock.after(timedelta(seconds=600), lambda: cloud.stop(arn, "Abort", "somebody pressed the button"))

    execution = cloud.wait(arn)

    assert (execution.status, execution.seconds) == ("ABORTED", 600)
    assert (execution.error, execution.cause) == ("Abort", "somebody pressed the button")
    assert cloud.history(arn).states == ["Bake"]
    assert cloud.history(arn).events[-1]["type"] == "ExecutionAborted"


def test_a_stop_ends_the_back_off_of_a_retry_at_once(cloud: Cloud, clock: Clock) -> None:
    retry = [{"ErrorEquals": ["ThrottledError"], "IntervalSeconds": 300, "MaxAttempts": 3}]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "End"}]
    deploy(
        cloud,
        definition("Ask", Ask=task("work", Retry=retry, Catch=catch, End=True), End=SUCCEED),
        work=answers(ThrottledError()),
    )
    arn = cloud.start()
    clock.after(timedelta(seconds=100), lambda: cloud.stop(arn))

    execution = cloud.wait(arn)

    assert (execution.status, execution.seconds, cloud.history(arn).states) == ("ABORTED", 100, ["Ask"])


@pytest.mark.parametrize("answer", ["fine", RefusedError("no"), ThrottledError("slow")], ids=type)
def test_a_stop_while_a_function_runs_wins_over_its_answer(cloud: Cloud, answer: Any) -> None:
    def stopped_meanwhile(_event: Any, _context: Any) -> Any:
        cloud.stop(arn, "Abort", "now")
        return answers(answer)(None, None)

    retry = [{"ErrorEquals": ["ThrottledError"], **RETRY}]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Bad"}]
    machine = definition("Ask", Ask=task("work", Retry=retry, Catch=catch, Next="Bad"), Bad=waiting(60, End=True))
    deploy(cloud, machine, work=stopped_meanwhile)
    arn = cloud.start()

    execution = cloud.wait(arn)

    assert (execution.status, execution.error, execution.seconds) == ("ABORTED", "Abort", 0)
    assert cloud.history(arn).states == ["Ask"]


def test_a_function_under_way_goes_on_after_a_stop_and_a_time_out(cloud: Cloud, clock: Clock) -> None:
    done: list[datetime] = []
    cloud.functions.before.append(lambda _invocation: clock.sleep(50))
    deploy(
        cloud,
        definition("Ask", Ask=task("work", End=True)),
        {"Timeout": 60},
        work=lambda _event, _context: done.append(clock.now),
    )
    began = clock.now
    arn = cloud.start()
    clock.after(timedelta(seconds=20), lambda: cloud.stop(arn))

    stopped = cloud.wait(arn)
    clock.sleep(600)

    assert (stopped.status, stopped.seconds, done) == ("ABORTED", 20, [began + timedelta(seconds=50)])
    assert cloud.describe(arn) == stopped


def test_stopping_before_it_began_stopping_twice_and_stopping_what_has_ended(cloud: Cloud, clock: Clock) -> None:
    deploy(cloud, definition("Ask", Ask=task("echo", End=True)), echo=echo)

    unborn = cloud.start("unborn")
    first = cloud.stop(unborn, "Abort")
    clock.sleep(60)
    ended = cloud.run("ended")

    assert cloud.stop(unborn) == first
    assert (cloud.describe(unborn).status, cloud.history(unborn).states) == ("ABORTED", [])
    assert (cloud.stop(ended.arn), cloud.describe(ended.arn)) == (ended.stopped, ended)


# --- Around it -------------------------------------------------------------------------------------------------------


def test_listeners_are_told_once_of_every_end_with_the_result_in_place(cloud: Cloud, clock: Clock) -> None:
    told: list[Execution] = []
    cloud.on_end(told.append)
    deploy(
        cloud,
        definition(
            "Bake", timeout_seconds=900, Bake=waiting("{% $states.input %}", Next="Ask"), Ask=task("work", End=True)
        ),
        work=answers({"done": True}, RefusedError("no")),
    )

    cloud.run("succeeds", 1)
    cloud.run("fails", 1)
    cloud.run("times out", 3600)
    aborted = cloud.start("aborted", 60)
    clock.sleep(5)
    cloud.stop(aborted)

    assert [(end.name, end.status, end.error) for end in told] == [
        ("succeeds", "SUCCEEDED", None),
        ("fails", "FAILED", "RefusedError"),
        ("times out", "TIMED_OUT", None),
        ("aborted", "ABORTED", None),
    ]
    assert told[0].output == {"done": True}


def test_the_same_name_twice_is_refused_and_no_name_is_a_new_name(cloud: Cloud) -> None:
    deploy(cloud, definition("End", End=SUCCEED))

    cloud.run("migration-1")

    with pytest.raises(ClientError, match="Execution Already Exists"):
        boto3.client("stepfunctions").start_execution(
            stateMachineArn=cloud.deployment.machine_arn, name="migration-1", input="{}"
        )
    assert cloud.run().name != cloud.run().name


def test_everything_can_be_done_through_boto3(cloud: Cloud, clock: Clock) -> None:
    deploy(cloud, definition("Bake", Bake=waiting(3600, End=True)))
    client = boto3.client("stepfunctions")

    arn = client.start_execution(stateMachineArn=cloud.deployment.machine_arn, name="m", input='{"a": 1}')[
        "executionArn"
    ]
    clock.sleep(60)
    client.stop_execution(executionArn=arn, error="Abort", cause="why not")
    described = client.describe_execution(executionArn=arn)

    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "Abort", "why not")
    assert described["stopDate"] - described["startDate"] == timedelta(seconds=60)


def test_an_error_of_the_world_reaches_the_driver_and_not_the_machine(cloud: Cloud) -> None:
    def check(_role: str, _payload: Any, _outcome: Any) -> None:
        msg = "an invariant broke"
        raise AssertionError(msg)

    cloud.on_invoke(check)
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "End"}]
    machine = definition("Ask", Ask=task("echo", Catch=catch, End=True), End=SUCCEED)

    with pytest.raises(AssertionError, match="an invariant broke"):
        run(cloud, machine, echo=echo)
