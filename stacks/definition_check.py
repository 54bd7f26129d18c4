"""What cfn-lint does not see in a state machine: ways that lead nowhere, expressions that cannot work, missing nets.

Works on any definition in Amazon States Language with JSONata; knows no CDK. The product's own rules (which errors are
retried, where a Task that fails leads) come from `names`.
Limits: does not look into Map and Parallel, and says so. Knows variables by name, not what is in them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jsonata.jexception import JException
from jsonata.jsonata import Jsonata

from crossfade.names import CRASH_ERRORS, LAMBDA_ERRORS, PAGE_ERRORS, RANG_ERRORS, TEMPORARY_ERRORS, State

Json = Mapping[str, Any]

SLEEPS: Final[Mapping[str, str]] = {
    State.BAKE.value: State.BAKE_BY_THE_CLOCK.value,
    State.SOAK.value: State.SOAK_BY_THE_CLOCK.value,
}
"""Waits for a token, and what stands in for each. Whatever ends one, a look at health follows: that is no failure."""

ELSEWHERE: Final = frozenset(
    {
        (State.TAKE_LEASE.value, "LeaseHeldError"),
        *((sleep, error) for sleep in SLEEPS for error in ("States.Timeout", "States.ALL", *RANG_ERRORS)),
    }
)
"""Caught errors, by state, that need no rollback: another migration holds the hosts, so this one has done nothing; or
a sleep is over, or could not be one that ends early."""

ALSO_RETRIED: Final[Mapping[str, tuple[str, ...]]] = {
    State.COMPLETE.value: CRASH_ERRORS,
    State.GIVE_BACK.value: CRASH_ERRORS,
    State.GIVE_BACK_IN_SOAK.value: CRASH_ERRORS,
    State.ROLL_BACK.value: CRASH_ERRORS,
    State.CONFIRM_ROLLBACK.value: CRASH_ERRORS,
    State.PAGE.value: PAGE_ERRORS,
}
"""What these may retry beside what is temporary, because doing them twice does no harm and not at all does."""

_KNOWN_TYPES: Final = frozenset({"Task", "Choice", "Wait", "Pass", "Succeed", "Fail"})
_GIVEN: Final = frozenset({"states", "", "$"})
"""What every expression may use without assignment: `$states`, `$` and `$$`."""


@dataclass(frozen=True, slots=True)
class _Edge:
    """A way from one state to another, and the variables that are assigned on it."""

    source: str
    target: str
    assigned: frozenset[str]


def read_definition(template: Json) -> Json:
    """
    The definition of the only state machine in a CloudFormation *template*.

    References stand as `${LogicalId}`, so they are text like any other.
    """
    (machine,) = (
        resource
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
    )
    (parts,) = (join[1] for join in [machine["Properties"]["DefinitionString"]["Fn::Join"]])
    text = "".join(part if isinstance(part, str) else f"${{{next(iter(part.values()))}}}" for part in parts)
    definition: Json = json.loads(text)
    return definition


def check_definition(definition: Json) -> list[str]:
    """Every fault of *definition*, one sentence each; empty when there is none."""
    states: Mapping[str, Json] = definition["States"]
    start: str = definition["StartAt"]
    edges = [edge for name, state in states.items() for edge in _edges(name, state)]
    known = [edge for edge in edges if edge.target in states]
    return [
        *(f"{name}: a {state['Type']} is not looked into" for name, state in states.items() if _is_unknown(state)),
        *(f"{edge.source}: leads to {edge.target!r}, which is no state" for edge in edges if edge not in known),
        *(f"{name}: nothing leads here" for name in states if name not in _reachable(start, known)),
        *(fault for name, state in states.items() for fault in _expression_faults(name, state)),
        *_variable_faults(states, start, known),
        *_task_faults(states, known),
        *(f"{name}: waits {state['Seconds']} seconds" for name, state in states.items() if _waits_never(state)),
    ]


def _is_unknown(state: Json) -> bool:
    return state["Type"] not in _KNOWN_TYPES


def _waits_never(state: Json) -> bool:
    seconds = state.get("Seconds")
    return isinstance(seconds, (int, float)) and seconds <= 0


# --- The graph -------------------------------------------------------------------------------------------------------


def _edges(name: str, state: Json) -> Iterator[_Edge]:
    own = frozenset(state.get("Assign", ()))
    for key in ("Next", "Default"):
        if key in state:
            yield _Edge(name, state[key], own)
    for way in [*state.get("Choices", ()), *state.get("Catch", ())]:  # these assign only what stands in them
        yield _Edge(name, way["Next"], frozenset(way.get("Assign", ())))


def _reachable(start: str, edges: list[_Edge]) -> set[str]:
    reached, frontier = {start}, [start]
    while frontier:
        here = frontier.pop()
        news = {edge.target for edge in edges if edge.source == here} - reached
        reached |= news
        frontier += news
    return reached


# --- Expressions -----------------------------------------------------------------------------------------------------


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _expressions(state: Json) -> Iterator[str]:
    for text in _texts(state):
        if _is_whole(text):
            yield text[2:-2].strip()


def _is_whole(text: str) -> bool:
    return text.startswith("{%") and text.endswith("%}")


def _expression_faults(name: str, state: Json) -> Iterator[str]:
    for text in _texts(state):
        if "{%" in text and not _is_whole(text):
            yield f"{name}: {text!r} mixes text and expression, so it is only text"
    for expression in _expressions(state):
        try:
            _parse(expression)
        except JException as error:
            yield f"{name}: {expression!r} is not JSONata: {error}"


def _parse(expression: str) -> Any:
    return Jsonata(expression).ast


def _free_variables(expression: str) -> set[str]:
    try:
        nodes = list(_nodes(_parse(expression)))
    except JException:  # reported as such
        return set()
    called = {id(node.procedure) for node in nodes if node.type in ("function", "partial")}
    used = {node.value for node in nodes if node.type == "variable" and id(node) not in called}
    bound = {node.lhs.value for node in nodes if node.type == "bind"}
    bound |= {argument.value for node in nodes if node.type == "lambda" for argument in node.arguments}
    return used - bound - _GIVEN


def _nodes(node: Any) -> Iterator[Any]:
    """All nodes of a syntax tree: whatever has a type, wherever it hangs."""
    if isinstance(node, list):
        for part in node:
            yield from _nodes(part)
    elif hasattr(node, "type"):
        yield node
        for name, part in vars(node).items():
            if name not in ("outer_instance", "_outer_instance"):
                yield from _nodes(part)


def _variable_faults(states: Mapping[str, Json], start: str, edges: list[_Edge]) -> Iterator[str]:
    surely = _surely_assigned(states, start, edges)
    for name, state in states.items():
        used = {variable for expression in _expressions(state) for variable in _free_variables(expression)}
        for variable in sorted(used - surely[name]):
            yield f"{name}: uses ${variable}, which some way here has not assigned"


def _surely_assigned(states: Mapping[str, Json], start: str, edges: list[_Edge]) -> dict[str, frozenset[str]]:
    """For every state the variables that every way from *start* has assigned before it."""
    everything = frozenset().union(*(edge.assigned for edge in edges))
    surely = {name: frozenset() if name == start else everything for name in states}
    changed = True
    while changed:
        changed = False
        for edge in edges:
            left = surely[edge.target] & (surely[edge.source] | edge.assigned)
            changed |= left != surely[edge.target]
            surely[edge.target] = left
    return surely


# --- Tasks -----------------------------------------------------------------------------------------------------------


def _task_faults(states: Mapping[str, Json], edges: list[_Edge]) -> Iterator[str]:
    failure_column = _reachable(State.ROLL_BACK, edges)
    for name, state in states.items():
        if state["Type"] == "Task":
            if "TimeoutSeconds" not in state:
                yield f"{name}: has no TimeoutSeconds"
            yield from _retry_faults(name, state)
            yield from _catch_faults(name, state, is_failing=name in failure_column)


def _retry_faults(name: str, state: Json) -> Iterator[str]:
    retried = [error for retry in state.get("Retry", ()) for error in retry["ErrorEquals"]]
    for error in retried:
        if error not in (*LAMBDA_ERRORS, *TEMPORARY_ERRORS, *ALSO_RETRIED.get(name, ())):
            yield f"{name}: retries {error}, which is not temporary"


def _catch_faults(name: str, state: Json, *, is_failing: bool) -> Iterator[str]:
    caught = [(error, catch["Next"]) for catch in state.get("Catch", ()) for error in catch["ErrorEquals"]]
    if "States.ALL" not in dict(caught):
        yield f"{name}: does not catch States.ALL"
    if is_failing:
        return
    for error, target in caught:
        if target != State.ROLL_BACK and (name, error) not in ELSEWHERE:
            yield f"{name}: {error} leads to {target!r}, not to {State.ROLL_BACK.value!r}"
