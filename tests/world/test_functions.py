"""That functions are called as Lambda calls them, and fail as Lambda lets them fail."""

import json
import os
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from world.clock import Clock
from world.functions import Context, CrashError, Function, Functions, Handler, Invocation, ServiceError

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:Crossfade-Shift:1"
SHIFT = Function(
    role="shift_traffic",
    name="Crossfade-Shift",
    arn=ARN,
    handler="lambdas.shift_traffic.handler",
    environment={"CROSSFADE_TABLE": "ledger"},
    timeout_seconds=60,
    memory_mb=512,
)


def none_deployed(clock: Clock) -> Functions:
    return Functions(clock, Random(0))  # noqa: S311  # a seed is the point


def functions(clock: Clock, handler: Handler) -> Functions:
    made = none_deployed(clock)
    made.deploy(SHIFT, lambda _path: handler)
    return made


def answer(clock: Clock, handler: Handler, payload: Any = None) -> dict[str, Any]:
    return functions(clock, handler).invoke(ARN, json.dumps(payload).encode())


def test_event_and_answer_go_through_json(clock: Clock) -> None:
    seen: list[Any] = []

    def handler(event: Any, _context: Any) -> Any:
        seen.append(event)
        return {"pair": (1, 2), 3: None}

    response = answer(clock, handler, {"stage": 0})

    assert seen == [{"stage": 0}]
    assert response == {"StatusCode": 200, "ExecutedVersion": "1", "Payload": {"pair": [1, 2], "3": None}}


def test_an_answer_that_is_not_json_is_an_error_of_the_runtime(clock: Clock) -> None:
    response = answer(clock, lambda _event, _context: {1, 2})

    assert response["FunctionError"] == "Unhandled"
    assert response["Payload"] == {
        "errorType": "Runtime.MarshalError",
        "errorMessage": "Unable to marshal response: Object of type set is not JSON serializable",
    }


def test_an_exception_becomes_the_error_document_of_the_runtime(clock: Clock) -> None:
    def handler(_event: Any, _context: Any) -> None:
        msg = "no stage 9"
        raise LookupError(msg)

    payload = answer(clock, handler)["Payload"]

    assert (payload["errorType"], payload["errorMessage"]) == ("LookupError", "no stage 9")
    assert "no stage 9" not in payload["stackTrace"]
    assert "in handler" in payload["stackTrace"][-1]


@pytest.mark.parametrize("before", [None, "another"])
def test_variables_are_there_while_the_function_runs_and_only_then(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    def handler(_event: Any, _context: Any) -> Any:
        return os.environ["CROSSFADE_TABLE"]

    if before is not None:
        monkeypatch.setenv("CROSSFADE_TABLE", before)

    assert answer(clock, handler)["Payload"] == "ledger"
    assert os.environ.get("CROSSFADE_TABLE") == before


def test_code_is_loaded_once_and_within_its_environment(clock: Clock) -> None:
    loaded: list[str] = []

    def load(path: str) -> Handler:
        loaded.append(f"{path} for {os.environ['CROSSFADE_TABLE']}")
        return lambda _event, _context: None

    made = none_deployed(clock)
    made.deploy(SHIFT, load)
    made.invoke(ARN, b"{}")
    made.invoke(ARN, b"{}")

    assert loaded == ["lambdas.shift_traffic.handler for ledger"]


def test_the_context_says_what_lambda_says(clock: Clock) -> None:
    def handler(_event: Any, context: Context) -> Any:
        clock.sleep(20)
        return {
            "name": context.function_name,
            "version": context.function_version,
            "arn": context.invoked_function_arn,
            "memory": context.memory_limit_in_mb,
            "left": context.get_remaining_time_in_millis(),
            "group": context.log_group_name,
            "stream": context.log_stream_name,
        }

    assert answer(clock, handler)["Payload"] == {
        "name": "Crossfade-Shift",
        "version": "1",
        "arn": ARN,
        "memory": 512,
        "left": 40_000,
        "group": "/aws/lambda/Crossfade-Shift",
        "stream": "[1]",
    }


def test_each_invocation_has_a_request_id_of_its_own_and_a_seed_repeats_them(clock: Clock) -> None:
    def ids() -> list[str]:
        made = functions(clock, lambda _event, context: context.aws_request_id)
        return [made.invoke(ARN, b"{}")["Payload"] for _ in range(2)]

    first = ids()

    assert first == ids()
    assert len(set(first)) == 2


def test_what_a_function_prints_is_in_the_logs_with_its_time(clock: Clock) -> None:
    def handler(_event: Any, _context: Any) -> None:
        print('{"level": "INFO"}\n\nsecond')  # noqa: T201  # what is tested
        msg = "after printing"
        raise LookupError(msg)

    made = functions(clock, handler)
    clock.sleep(60)
    made.invoke(ARN, b"{}")

    assert [(line.at, line.function, line.text) for line in made.logs] == [
        (clock.now, "shift_traffic", '{"level": "INFO"}'),
        (clock.now, "shift_traffic", "second"),
    ]


def test_observers_hear_of_results_and_of_errors(clock: Clock) -> None:
    told: list[Any] = []
    made = functions(clock, lambda event, _context: 1 / event["by"])
    made.observers.append(lambda role, payload, outcome: told.append((role, payload, outcome)))

    made.invoke(ARN, b'{"by": 2}')
    made.invoke(ARN, b'{"by": 0}')

    assert told[0] == ("shift_traffic", {"by": 2}, 0.5)
    assert isinstance(told[1][2], ZeroDivisionError)


def test_a_crash_before_the_handler_has_no_effect_and_one_after_it_has(clock: Clock) -> None:
    effects: list[str] = []

    def crash(*_what: Any) -> None:
        raise CrashError

    made = functions(clock, lambda _event, _context: effects.append("written"))

    made.before.append(crash)
    before = made.invoke(ARN, b"{}")["Payload"]["errorType"], list(effects)
    made.before.clear()
    made.after.append(crash)
    after = made.invoke(ARN, b"{}")["Payload"]["errorType"], list(effects)

    assert before == ("Runtime.ExitError", [])
    assert after == ("Runtime.ExitError", ["written"])


def test_interceptors_see_the_invocation_and_its_result(clock: Clock) -> None:
    seen: list[Any] = []
    made = functions(clock, lambda _event, _context: "done")
    made.before.append(seen.append)
    made.after.append(lambda invocation, result: seen.append((invocation.request_id, result)))

    made.invoke(ARN, b'{"stage": 1}')

    invocation: Invocation = seen[0]
    assert (invocation.function, invocation.payload, invocation.at) == ("shift_traffic", {"stage": 1}, clock.now)
    assert seen[1] == (invocation.request_id, "done")


def test_an_error_of_the_service_is_a_client_error(clock: Clock) -> None:
    def refuse(_invocation: Any) -> None:
        raise ServiceError("ServiceException", "try again", status=500)

    made = functions(clock, lambda _event, _context: None)
    made.before.append(refuse)

    with pytest.raises(ClientError) as caught:
        made.invoke(ARN, b"{}")
    assert caught.value.response["Error"] == {"Code": "ServiceException", "Message": "try again"}
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500


def test_a_function_that_was_not_deployed_is_not_found(clock: Clock) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        none_deployed(clock).invoke(ARN, b"{}")


def test_a_function_past_its_time_out_is_ended_at_that_instant(clock: Clock) -> None:
    responses: list[Any] = []
    made = functions(clock, lambda _event, _context: pytest.fail("it never came to this"))
    made.before.append(lambda _invocation: clock.sleep(300))
    began = clock.now

    clock.spawn(lambda: responses.append((made.invoke(ARN, b"{}"), clock.now)))
    clock.sleep(1000)

    response, ended = responses[0]
    assert response["Payload"]["errorType"] == "Sandbox.Timedout"
    assert response["Payload"]["errorMessage"].endswith("Error: Task timed out after 60.00 seconds")
    assert ended - began == timedelta(seconds=60)
