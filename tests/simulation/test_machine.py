"""The small interpreter reads the expressions of the synthesised definition as JSONata does.

That it walks the definition as moto's does stands in `tests/stacks/test_two_interpreters.py`.
"""

from typing import Any

import pytest

from simulation.definition import definition_of
from simulation.expressions import NOW, QueryError, evaluate, library
from simulation.session import CONFIG
from tests.deployed import kept_template

SCOPE: dict[str, Any] = {
    "states": {
        "input": {"arrived": True, "partly": False, "action": "wait", "result": {"outcome": "Succeeded"}},
        "result": {"Payload": {"epoch": 3, "wait_seconds": 30, "reason": 'it "works"', "next_stage": 2}},
        "errorOutput": {"Error": "PreflightFailedError", "Cause": '{"errorMessage": "an alarm \\"a\\" is missing"}'},
        "context": {
            "Execution": {"Id": "arn:x", "Name": "x", "Input": {"plan": "two"}, "StartTime": "2026-03-01T02:00:00Z"},
            "State": {"EnteredTime": "2026-03-01T02:00:00Z"},
            "Task": {"Token": "a token"},
        },
    },
    "run": {"stages": 2, "dry_run": False},
    "stage": 1,
    "next": 2,
    "wait": 30,
    "epoch": 3,
    "reason": "because",
    "ending": {"outcome": "RolledBack", "reason": "because"},
}


def expressions(part: Any) -> set[str]:
    match part:
        case str() if part.startswith("{%"):
            return {part}
        case dict():
            return set().union(*(expressions(value) for value in part.values()))
        case list():
            return set().union(*(expressions(value) for value in part))
        case _:
            return set()


def test_every_expression_of_the_definition_means_here_what_it_means_in_jsonata() -> None:
    found = expressions(definition_of(kept_template(CONFIG))) - {"{% $now() %}"}

    assert len(found) > 20
    for expression in sorted(found):
        assert evaluate(expression, SCOPE) == library(expression[2:-2].strip())(SCOPE), expression


@pytest.mark.parametrize("cause", ["plain words", '{"errorMessage": "said"}', ""])
def test_the_cause_of_an_error_is_readable_whether_it_is_json_or_not(cause: str) -> None:
    scope = {**SCOPE, "states": {**SCOPE["states"], "errorOutput": {"Error": "E", "Cause": cause}}}
    catch = definition_of(kept_template(CONFIG))["States"]["Preflight"]["Catch"][0]["Assign"]["reason"]

    assert evaluate(catch, scope) == f"E: {'said' if cause.startswith('{') else cause}"


def test_now_is_the_virtual_time_of_each_evaluation() -> None:
    assert evaluate("{% $now() %}", {**SCOPE, NOW: "2026-03-01T02:00:07Z"}) == "2026-03-01T02:00:07Z"


def test_a_variable_without_a_value_is_an_error_not_nothing() -> None:
    with pytest.raises(QueryError, match="nobody"):
        evaluate("{% $nobody.knows %}", SCOPE)
