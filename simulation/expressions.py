"""JSONata as the synthesised definition uses it, compiled once an expression.

Nearly all expressions copy a value or compare it with a constant; those become plain Python, because the simulator
evaluates millions of them. Everything else goes to the JSONata library; a test compares both on every expression.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from jsonata.jsonata import Jsonata

Scope = Mapping[str, Any]
Compiled = Callable[[Scope], Any]

NOW: Final = "$now"
"""Under this name the scope holds the virtual time."""

_PATH = r"\$[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_LITERAL = r"-?\d+|'[^']*'"
_COPY = re.compile(_PATH)
_COMPARISON = re.compile(rf"({_PATH})\s*(=|!=|<=|>=|<|>)\s*({_PATH}|{_LITERAL})")
_SUM = re.compile(rf"({_PATH})\s*\+\s*(-?\d+)")
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


class QueryError(Exception):
    """An expression failed, or had no value: Step Functions calls this States.QueryEvaluationError."""


def evaluate(template: Any, scope: Scope) -> Any:
    """
    Replace every `{% … %}` in *template* by its value.

    Args:
        scope: Values by variable, without the dollar sign; `states` is the reserved one.

    Raises:
        QueryError: An expression failed or had no value.
    """
    match template:
        case str() if template.startswith("{%") and template.endswith("%}"):
            return _compile(template[2:-2].strip())(scope)
        case dict():
            return {key: evaluate(value, scope) for key, value in template.items()}
        case list():
            return [evaluate(value, scope) for value in template]
        case _:
            return template


@lru_cache(maxsize=1024)
def _compile(expression: str) -> Compiled:
    if expression == "$now()":
        return lambda scope: scope[NOW]
    if _COPY.fullmatch(expression):
        return _copy(expression)
    if found := _COMPARISON.fullmatch(expression):
        left, operator, right = found.groups()
        a, b, compare = _operand(left), _operand(right), _OPERATORS[operator]
        return lambda scope: compare(a(scope), b(scope))
    if found := _SUM.fullmatch(expression):
        value, constant = _copy(found[1]), int(found[2])
        return lambda scope: value(scope) + constant
    return library(expression)


def _operand(text: str) -> Compiled:
    if text.startswith("$"):
        return _copy(text)
    constant = text[1:-1] if text.startswith("'") else int(text)
    return lambda _scope: constant


def _copy(path: str) -> Compiled:
    first, *rest = path[1:].split(".")

    def value(scope: Scope) -> Any:
        try:
            found = scope[first]
            for key in rest:
                found = found[key]
        except (KeyError, TypeError) as error:
            msg = f"{path} has no value"
            raise QueryError(msg) from error
        return found

    return value


def library(expression: str) -> Compiled:
    """*expression* as the JSONata library evaluates it."""
    parsed = Jsonata(expression)
    parsed.register_lambda("parse", json.loads)  # a function of Step Functions, not of JSONata

    def value(scope: Scope) -> Any:
        frame = parsed.create_frame()
        for name, bound in scope.items():
            if name != NOW:
                frame.bind(name, bound)
        try:
            found = parsed.evaluate(None, frame)
        except Exception as error:
            raise QueryError(str(error)) from error
        if found is None:
            msg = f"{expression} has no value"
            raise QueryError(msg)
        return json.loads(json.dumps(found))

    return value
