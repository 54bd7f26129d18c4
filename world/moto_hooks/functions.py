"""The hook that runs Lambda functions in this process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

from world.moto_hooks.swap import swapped


@contextmanager
def functions_run_in_process(invoke: Callable[[str, bytes], dict[str, Any]]) -> Iterator[None]:
    """
    Moto runs functions in Docker.

    Args:
        invoke: Given the function's ARN and the payload; the value is a response of lambda:Invoke whose Payload is
            parsed.
    """

    def invoke_lambda_function(parameters: dict[str, Any], **_place: Any) -> dict[str, Any]:
        return invoke(parameters["FunctionName"], parameters["Payload"])

    with swapped(lambda_eval_utils, "_invoke_lambda_function", invoke_lambda_function):
        yield
