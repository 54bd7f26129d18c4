"""CloudWatch metric math, the part that alarms on load balancers use: arithmetic, comparisons, FILL, IF, aggregates.

A series is a list with one value a period, oldest first; None where there is none. It knows no CloudWatch.
Source: CloudWatch User Guide, "Using math expressions with CloudWatch metrics".
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence

Series = Sequence[float | None]

_OPERATORS: Mapping[type, Callable[[float, float], float | None]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: left / right if right else None,
    ast.Pow: operator.pow,
    ast.Gt: lambda left, right: float(left > right),
    ast.GtE: lambda left, right: float(left >= right),
    ast.Lt: lambda left, right: float(left < right),
    ast.LtE: lambda left, right: float(left <= right),
    ast.Eq: lambda left, right: float(left == right),
    ast.NotEq: lambda left, right: float(left != right),
    ast.And: lambda left, right: float(bool(left) and bool(right)),
    ast.Or: lambda left, right: float(bool(left) or bool(right)),
}
_AGGREGATES: Mapping[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "MAX": max,
    "MIN": min,
    "AVG": lambda values: sum(values) / len(values),
}
_WORDS = ((r"&&|\bAND\b", " and "), (r"\|\||\bOR\b", " or "))


class UnsupportedExpressionError(ValueError):
    """The expression uses something that this world does not know."""


def evaluate(expression: str, series: Mapping[str, Series]) -> Series:
    """
    The series that *expression* makes of *series*, all of one length.

    Raises:
        UnsupportedExpressionError: It uses an unknown name, function or operator.
    """
    length = max((len(one) for one in series.values()), default=1)
    python = expression
    for pattern, word in _WORDS:
        python = re.sub(pattern, word, python)
    try:
        tree = ast.parse(python.strip(), mode="eval").body
    except SyntaxError as error:
        msg = f"{expression!r} is no metric math that this world can read"
        raise UnsupportedExpressionError(msg) from error
    return _Evaluation(series, length).of(tree)


class _Evaluation:
    def __init__(self, series: Mapping[str, Series], length: int) -> None:
        self._series = series
        self._length = length

    def of(self, node: ast.expr) -> Series:
        match node:
            case ast.Constant(value=int() | float() as value):
                return [float(value)] * self._length
            case ast.Name(id=name) if name in self._series:
                return self._series[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return [None if value is None else -value for value in self.of(operand)]
            case (
                ast.BinOp(left=left, op=op, right=right)
                | ast.Compare(left=left, ops=[op], comparators=[right])
                | ast.BoolOp(op=op, values=[left, right])
            ):
                return self._pairwise(type(op), left, right)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(name, arguments)
        msg = f"metric math {ast.unparse(node)!r} is not known in this world"
        raise UnsupportedExpressionError(msg)

    def _pairwise(self, kind: type, left: ast.expr, right: ast.expr) -> Series:
        combine = _OPERATORS[kind]
        pairs = zip(self.of(left), self.of(right), strict=True)
        return [None if one is None or other is None else combine(one, other) for one, other in pairs]

    def _call(self, name: str, arguments: list[ast.expr]) -> Series:
        match name, arguments:
            case "FILL", [values, ast.Name(id="REPEAT")]:
                return _repeated(self.of(values))
            case "FILL", [values, fallback]:
                pairs = zip(self.of(values), self.of(fallback), strict=True)
                return [other if value is None else value for value, other in pairs]
            case "IF", [condition, yes, no]:
                triples = zip(self.of(condition), self.of(yes), self.of(no), strict=True)
                return [None if value is None else (one if value else other) for value, one, other in triples]
            case (("SUM" | "MAX" | "MIN" | "AVG"), [ast.List(elts=elements)]):
                columns = zip(*(self.of(element) for element in elements), strict=True)
                return [_aggregated(name, column) for column in columns]
        msg = f"the metric math function {name} is not known in this world, or not with these arguments"
        raise UnsupportedExpressionError(msg)


def _aggregated(name: str, column: Sequence[float | None]) -> float | None:
    values = [value for value in column if value is not None]
    return _AGGREGATES[name](values) if values else None


def _repeated(series: Series) -> Series:
    filled: list[float | None] = []
    for value in series:
        filled.append(filled[-1] if value is None and filled else value)
    return filled
