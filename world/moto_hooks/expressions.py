"""Hooks about the language: JSONata, error names, and what the context says."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from jsonata.jexception import JException
from jsonata.jsonata import Jsonata
from jsonata.utils import Utils
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.state import state as state_module
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.seconds import SecondsJSONata
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from world.moto_hooks.swap import swapped

LONGEST_WAIT_SECONDS: Final = 99_999_999
"""Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html"""


@contextmanager
def expressions_are_evaluated() -> Iterator[None]:
    """
    Moto has no JSONata engine wired in (getmoto/moto#10105), and pastes values into expressions unescaped.

    Here they are evaluated by jsonata-python with the values bound as variables, so nothing needs escaping and each
    expression is parsed once. What cannot be evaluated is States.QueryEvaluationError, as on AWS.
    """

    def eval_body(expression: Any, env: Any) -> None:
        store = env.variable_store
        variables = {"states": env.states._states_data, **store._outer_scope, **store._inner_scope}  # noqa: SLF001
        try:
            value = _evaluate(expression.expression, variables)
        except (JException, TypeError, ValueError, RecursionError) as error:  # a wrong type is a TypeError in there
            raise _query_evaluation_error(env, f"'{expression.expression}' failed: {error}") from error
        env.stack.append(value)

    with swapped(StringJSONata, "_eval_body", eval_body):
        yield


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> Jsonata:
    compiled = Jsonata(expression)
    compiled.set_output_convert_nulls(False)  # keeps null (a value) apart from undefined (an error)
    compiled.register_lambda("parse", _parse)
    return compiled


def _evaluate(expression: str, variables: dict[str, Any]) -> Any:
    compiled = _compiled(expression)
    # jsonata-python evaluates on whatever was compiled last in this thread, unless told.
    Jsonata.CURRENT.jsonata = compiled
    value = compiled.evaluate(None, {name: _to_jsonata(value) for name, value in variables.items()})
    if value is None:
        msg = "it returned nothing (undefined)"
        raise ValueError(msg)
    return _from_jsonata(value)


def _parse(text: str) -> Any:
    """`$parse`, which AWS adds to JSONata: strict JSON, and an error for anything else (moto: any expression)."""
    return _to_jsonata(json.loads(text))


def _to_jsonata(value: Any) -> Any:
    match value:
        case None:
            return Utils.NULL_VALUE
        case dict():
            return {key: _to_jsonata(item) for key, item in value.items()}
        case list():
            return [_to_jsonata(item) for item in value]
        case datetime():
            return aws_time(value)
        case _:
            return value


def _from_jsonata(value: Any) -> Any:
    if value is Utils.NULL_VALUE:
        return None
    return json.loads(json.dumps(Utils.convert_nulls(value)))


def _query_evaluation_error(env: Any, cause: str) -> FailureEventException:
    name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    details: Any = {
        "evaluationFailedEventDetails": {"error": name.error_name, "cause": f"The JSONata expression {cause}"}
    }
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=name,
            event_type=HistoryEventType.EvaluationFailed,
            event_details=details,
        )
    )


_parsed_once = lru_cache(maxsize=16)(AmazonStateLanguageParser.parse)


@contextmanager
def definitions_are_parsed_once() -> Iterator[None]:
    """Moto parses the whole definition again for every execution; what it parses to does not change."""
    with swapped(AmazonStateLanguageParser, "parse", staticmethod(_parsed_once)):
        yield


@contextmanager
def the_wildcard_catches_what_it_does_on_aws() -> Iterator[None]:
    """
    Moto's States.ALL catches everything.

    On AWS it does not catch States.Runtime and States.DataLimitExceeded.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    uncatchable = {
        StatesErrorNameType.StatesRuntime.to_name(),
        StatesErrorNameType.StatesStatesDataLimitExceeded.to_name(),
    }

    def eval_body(declaration: Any, env: Any) -> None:
        error_name = env.stack[-1].error_name if env.stack[-1] is not None else None
        original(declaration, env)
        named = {name.error_name for name in declaration.error_names}
        if error_name in uncatchable and error_name not in named:
            env.stack[-1] = False

    with swapped(ErrorEqualsDecl, "_eval_body", eval_body) as original:
        yield


@contextmanager
def a_wait_is_a_whole_number_of_seconds() -> Iterator[None]:
    """Moto waits `int(x)` seconds for any x; AWS refuses what is not an integer from 0 to 99999999."""

    def wait_seconds(wait: Any, env: Any) -> int:
        wait.string_jsonata.eval(env=env)
        seconds = env.stack.pop()
        if type(seconds) is not int or not 0 <= seconds <= LONGEST_WAIT_SECONDS:
            raise _query_evaluation_error(env, f"for Seconds returned {seconds!r}, not a whole number of seconds.")
        return seconds

    with swapped(SecondsJSONata, "_get_wait_seconds", wait_seconds):
        yield


@contextmanager
def context_times_look_like_those_of_aws() -> Iterator[None]:
    """Moto's $states.context.State.EnteredTime is +00:00 with microseconds; AWS writes milliseconds and Z."""

    def state_data(*, EnteredTime: str, Name: str) -> dict[str, str]:  # noqa: N803  # moto's keyword arguments
        return {"EnteredTime": aws_time(datetime.fromisoformat(EnteredTime)), "Name": Name}

    with swapped(state_module, "StateData", state_data):
        yield


def aws_time(when: datetime) -> str:
    """*when* as Step Functions writes it: 2026-11-24T09:00:00.000Z."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def the_interpreter_is_silent() -> Iterator[None]:
    """Moto logs every execution that ends in a Fail state as several errors of its own; the history has it all."""
    logger = logging.getLogger("moto.stepfunctions")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
