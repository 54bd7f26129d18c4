"""The queries of the log widgets, asked of the records of a run: as much of the language as the dashboard uses.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crossfade.cli.dashboard.definition import NotDrawnError

Record = Mapping[str, Any]

_TIMESTAMP: Final = "@timestamp"
_FIELD: Final = re.compile(r"\s*(?:coalesce\(([^()]*)\)|([@\w]+))(?:\s+as\s+(\w+))?\s*(?:,|$)")
_EQUALS: Final = re.compile(r"(?<![!<>=])=(?!=)")

_COMPARED: Final[Mapping[type, Callable[[Any, Any], bool]]] = {
    ast.In: lambda given, wanted: given in wanted,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


@dataclass(frozen=True, slots=True)
class Table:
    """What a query gives: names of the columns, and a text for each of them in every row."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def ask(query: str, records: Sequence[Record]) -> Table:
    """
    What *query* gives of *records*, which are given oldest first.

    Raises:
        NotDrawnError: It uses a command or an expression that is not known here.
    """
    columns: list[tuple[str, tuple[str, ...]]] = []
    found = list(records)
    for command in query.split("|"):
        match command.strip().split(None, 1):
            case ["fields", given]:
                columns = _fields(given)
            case ["filter", condition]:
                test = _condition(condition)
                found = [record for record in found if test(record)]
            case ["sort", "@timestamp desc"]:
                found.reverse()
            case ["limit", number]:
                found = found[: int(number)]
            case ["SOURCE", _groups]:
                pass  # all functions' groups
            case _:
                msg = f"the query command {command.strip()}"
                raise NotDrawnError(msg)
    rows = (tuple(_first(record, names) for _, names in columns) for record in found)
    return Table(tuple(name for name, _ in columns), tuple(rows))


def _fields(given: str) -> list[tuple[str, tuple[str, ...]]]:
    """The columns: the name of each, and the fields of which it shows the first that is there."""
    columns, at, text = [], 0, given.strip()
    while at < len(text):
        found = _FIELD.match(text, at)
        if found is None:
            msg = f"the query field {text[at:]}"
            raise NotDrawnError(msg)
        several, one, name = found.groups()
        names = tuple(each.strip() for each in several.split(",")) if several else (one,)
        columns.append((name or names[0], names))
        at = found.end()
    return columns


def _first(record: Record, names: Sequence[str]) -> str:
    found = (_value(record, name) for name in names)
    return next((str(value) for value in found if value is not None), "")


def _value(record: Record, name: str) -> Any:
    """The records call the time `timestamp`, with an offset that is always the same here."""
    if name == _TIMESTAMP:
        return str(record.get("timestamp", "")).partition("+")[0].replace(",", ".")
    return record.get(name)


def _condition(text: str) -> Callable[[Record], bool]:
    try:
        tree = ast.parse(_EQUALS.sub("==", text.strip()), mode="eval").body
    except SyntaxError:
        return _unknown(text)
    return _test(tree)


def _test(node: ast.expr) -> Callable[[Record], bool]:
    match node:
        case ast.BoolOp(op=op, values=values):
            tests = [_test(value) for value in values]
            combine = all if isinstance(op, ast.And) else any
            return lambda record: combine(test(record) for test in tests)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _test(operand)
            return lambda record: not inner(record)
        case ast.Call(func=ast.Name(id="ispresent"), args=[ast.Name(id=name)]):
            return lambda record: record.get(name) is not None
        case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[right]) if type(op) in _COMPARED:
            compare, value = _COMPARED[type(op)], ast.literal_eval(right)
            return lambda record: compare(record.get(name), value)
    return _unknown(ast.unparse(node))


def _unknown(text: str) -> Callable[[Record], bool]:
    msg = f"the query condition {text}"
    raise NotDrawnError(msg)
