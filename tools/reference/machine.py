"""Parts about the state machine: its picture and its states, from the synthesised definition."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from crossfade.names import State
from tools.reference.markdown import Json, Lines, table
from tools.reference.template import definition


def picture() -> Lines:
    """The state machine as a Mermaid flowchart: what an error rolls back stands in one box."""
    states: Mapping[str, Json] = definition()["States"]
    failing = set(_reachable(State.ROLL_BACK, states)) | {State.DUPLICATE.value}
    forward = [state for state in State if state in states and state not in failing]
    yield from ("```mermaid", "flowchart TD", '  subgraph forward["an error in any of these rolls back"]')
    yield from (f"    {_node(state, states[state])}" for state in forward if states[state]["Type"] != "Succeed")
    yield "  end"
    yield from (f"  {_node(state, states[state])}" for state in State if state in failing or state is State.SUCCEEDED)
    for state in State:
        yield from (f"  {edge}" for edge in _edges(state, states.get(state, {})))
    yield from (f"  forward -. any error .-> {_id(State.ROLL_BACK)}", "```")


def _reachable(start: str, states: Mapping[str, Json]) -> Iterator[str]:
    seen, frontier = {start}, [start]
    while frontier:
        here = frontier.pop()
        yield here
        state = states[here]
        targets = {state.get("Next"), state.get("Default"), *(way["Next"] for way in _ways(state))} - {None} - seen
        seen |= targets
        frontier += targets


def _ways(state: Json) -> list[Json]:
    return [*state.get("Choices", ()), *state.get("Catch", ())]


_SHAPES: Final = {"Choice": '{{"%s"}}', "Wait": '(["%s"])', "Succeed": '(("%s"))', "Fail": '(("%s"))'}


def _node(state: State, content: Json) -> str:
    return _id(state) + _SHAPES.get(content["Type"], '["%s"]') % state.value


def _id(state: str) -> str:
    return State(state).name.lower()


def _edges(state: State, content: Json) -> Iterator[str]:
    """The ways on from *state*, but for the catch of every error that `forward` stands for."""
    here = _id(state)
    if "Next" in content:
        yield f"{here} --> {_id(content['Next'])}"
    for choice in content.get("Choices", ()):
        yield f"{here} -- {_answer(choice['Condition'])} --> {_id(choice['Next'])}"
    if "Default" in content:
        yield f"{here} -- {'otherwise' if _is_word(content) else 'no'} --> {_id(content['Default'])}"
    for caught in content.get("Catch", ()):
        if caught["Next"] != State.ROLL_BACK:
            yield f"{here} -. {_error(caught['ErrorEquals'])} .-> {_id(caught['Next'])}"


def _answer(condition: str) -> str:
    words = re.findall(r"'(\w+)'", condition)
    return " or ".join(words).replace("_", " ") or "yes"


def _is_word(content: Json) -> bool:
    return any(_answer(choice["Condition"]) != "yes" for choice in content["Choices"])


def _error(names: Sequence[str]) -> str:
    return "any error" if "States.ALL" in names else ", ".join(names)


def states() -> Lines:
    """Every state with its comment, in reading order."""
    content = definition()["States"]
    rows = (
        [f"`{state.value}`", content[state]["Type"], content[state]["Comment"]] for state in State if state in content
    )
    return table(["State", "Kind", "What it does"], rows)
