"""Write the generated parts of the documentation anew: `python -m tools.reference`; `--check` only looks.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end: NAME -->` in a Markdown file. What is in
between is made from the code, from the synthesised template or from the shipped manifests; all else is written by
hand. `tests/docs` runs the check. With `--demos` the demo's output in the README is made anew, too.
This file knows where facts stand in the code. It knows no prose.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from inspect import cleandoc
from itertools import groupby
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import yaml
from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from crossfade import errors
from crossfade.adapters.config_file import read_config
from crossfade.cli.exits import MEANINGS
from crossfade.cli.synth import template
from crossfade.core.announcement import Announcement, Change, event_schema
from crossfade.core.config import Config
from crossfade.core.duration import format_duration
from crossfade.core.exposure import SLOWEST
from crossfade.core.forms import Between, Form
from crossfade.core.model import Model
from crossfade.core.preflight import CHECKS
from crossfade.core.presets import Preset, stages_of
from crossfade.core.preview import Failures, Preview, Span, preview
from crossfade.core.record import Outcome
from crossfade.core.resolve import MigrationInput
from crossfade.core.verdict import Cause
from crossfade.errors import CrossfadeError, PermanentError, TemporaryError
from crossfade.names import State
from simulation.catalogue import Failure, catalogue
from simulation.faults import How
from simulation.mutants import MUTANTS
from stacks.definition_check import read_definition
from tools.trips import SAMPLE, systems, trips

ROOT: Final = Path(__file__).resolve().parent.parent
CONFIG_FILE: Final = ROOT / "crossfade.yaml"
README_FILE: Final = ROOT / "README.md"
RBAC_FILES: Final = ROOT / "examples" / "rbac"

Json = Mapping[str, Any]
Lines = Iterable[str]

_PART: Final = re.compile(
    r"(?P<open><!-- generated: (?P<name>[a-z-]+) -->\n).*?(?P<close><!-- end: (?P=name) -->)", re.DOTALL
)


def documents() -> list[Path]:
    """Every Markdown file that people read: the top level, `docs/` and `examples/`."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])


def rewritten(text: str) -> str:
    """
    *text* with every generated part made anew.

    Raises:
        KeyError: A part has a name that nothing here makes.
    """
    return _PART.sub(lambda part: f"{part['open']}{made(part['name'])}\n{part['close']}", text)


@cache
def made(name: str) -> str:
    """The text of the part *name*, without a line break at its end."""
    return "\n".join(PARTS[name]())


def stale() -> list[Path]:
    """The documents in which a generated part is not as the code has it."""
    return [path for path in documents() if rewritten(_read(path)) != _read(path)]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for cells in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


# --- Configuration and input -----------------------------------------------------------------------------------------


def config_keys() -> Lines:
    """A table of all keys for every part of the configuration."""
    rows = list(_keys(Config, ""))
    tops = dict.fromkeys(re.split(r"[.\[]", path)[0] for path, *_ in rows)
    for top in tops:
        yield from ("", f"### `{top}`", "")
        yield from _table(
            ["Key", "What it is", "Default", "Meaning"],
            ([f"`{path}`", *rest] for path, *rest in rows if re.split(r"[.\[]", path)[0] == top),
        )
    yield ""


def key_paths(model: type[Model] = Config) -> list[str]:
    """The paths of all keys, such as `plans.NAME.stages[].share`, parents before their children."""
    return [path for path, *_ in _keys(model, "")]


def _keys(model: type[Model], above: str) -> Iterator[tuple[str, str, str, str]]:
    for name, field in model.model_fields.items():
        path = f"{above}{field.alias or name}"
        inner, path = _inner(field.annotation, path)
        described = field.description or (cleandoc(inner.__doc__ or "") if inner else "")
        yield path, _form(field), _default(field), described
        if inner:
            yield from _keys(inner, f"{path}.")


_MARKS: Final[Mapping[object, str]] = {tuple: "[]", dict: ".NAME"}


def _inner(annotation: object, path: str) -> tuple[type[Model] | None, str]:
    """The model below a field, and the path of its keys: lists are written `[]`, names of people's choice `NAME`."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation, path
    for part in get_args(annotation):
        mark = _MARKS.get(get_origin(annotation), "")
        inner, below = _inner(part, f"{path}{mark}")
        if inner:
            return inner, below
    return None, path


_KINDS: Final[Mapping[type, str]] = {
    bool: "true or false",
    datetime: "instant with a zone",
    float: "number",
    int: "whole number",
    str: "text",
    timedelta: "duration",
}


def _form(field: FieldInfo) -> str:
    return _bounded(_kind(field.annotation), field.metadata)


def _kind(annotation: object) -> str:
    origin, parts = get_origin(annotation), [part for part in get_args(annotation) if part not in (NoneType, ...)]
    if isinstance(annotation, type):
        return _plain_kind(annotation)
    if hasattr(annotation, "__metadata__"):
        return _bounded(_kind(parts[0]), annotation.__metadata__)
    if origin in (Union, UnionType):
        return _kind(parts[0])
    if origin is dict:
        return "mapping, an entry each"
    return f"`{parts[0]}`" if origin is Literal else _list_of(_kind(parts[0]))


def _plain_kind(kind: type) -> str:
    if issubclass(kind, StrEnum):
        return "one of " + ", ".join(f"`{value.value}`" for value in kind)
    return _KINDS.get(kind, "mapping")


def _list_of(kind: str) -> str:
    return "list" if kind == "mapping" else f"list; each {kind}"


def _bounded(kind: str, metadata: Iterable[object]) -> str:
    """*kind* with what *metadata* demands of it."""
    for each in metadata:
        if isinstance(each, Form):
            kind = each.rule.removeprefix("must be ").replace("must start", "text that starts")
        elif isinstance(each, Between):
            longest = f", at most {format_duration(each.longest)}" if each.longest else ""
            kind += f", at least {format_duration(each.shortest)}{longest}"
        elif isinstance(each, Gt):
            kind += f", above {each.gt}"
        elif isinstance(each, Ge):
            kind += f", at least {each.ge}"
        elif isinstance(each, Le):
            kind += f", at most {each.le}"
        elif isinstance(each, FieldInfo):
            kind = _bounded(kind, each.metadata)
    return kind


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.is_required():
        return "required"
    if value is None or value is PydanticUndefined or value in ((), "") or isinstance(value, Model):
        return "none"
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def input_keys() -> Lines:
    """The keys that a start may have."""
    meanings = attributes(MigrationInput)
    fields = MigrationInput.model_fields
    rows = ([f"`{field.alias or name}`", _form(field), _plain(meanings[name])] for name, field in fields.items())
    return _table(["Key", "What it is", "Meaning"], rows)


def event_kinds() -> Lines:
    """The events that are put on the bus."""
    source = _read(ROOT / "crossfade" / "core" / "announcement.py")
    said = dict(re.findall(r'^    [A-Z_]+ = "(\w+)"  # (.*)$', source, re.MULTILINE))
    rows = ([f"`{change.detail_type}`", f"`{change.value}`", said[change.value]] for change in Change)
    return _table(["Detail type", "`change`", "When"], rows)


def event_keys() -> Lines:
    """What the detail of an event holds."""
    fields = event_schema()["properties"]
    return _table(["Key", "Meaning"], ([f"`{key}`", field["description"]] for key, field in fields.items()))


def event_sample() -> Lines:
    """The detail of one event."""
    sample = Announcement(
        id="manual-20300131-020000/stage_passed/2030-01-31T02:16:30+00:00",
        change=Change.STAGE_PASSED,
        at=datetime(2030, 1, 31, 2, 16, 30, tzinfo=UTC),
        migration="manual-20300131-020000",
        execution="arn:aws:states:eu-west-1:111122223333:execution:Crossfade:manual-20300131-020000",
        plan="standard",
        blue="eks-blueprint-blue",
        green="eks-blueprint-green",
        workloads=5,
        stage=1,
        stages=5,
        share_percent=1,
        dry_run=False,
        outcome=None,
        text="stage 1 passed: all 10 alarms are OK",
        started_by="arn:aws:sts::111122223333:assumed-role/Operator/ann",
        purpose="Kubernetes 1.33 on green",
    )
    return ["```json", json.dumps(json.loads(sample.to_json()), indent=2), "```"]


def _plain(meaning: str) -> str:
    """*meaning* without Python's word for nothing."""
    return meaning.replace("; None for ", "; without it, ")


def attributes(documented: type) -> dict[str, str]:
    """What the section `Attributes:` of a docstring says of each, one line each."""
    section = cleandoc(documented.__doc__ or "").partition("Attributes:\n")[2]
    found = re.finditer(r"^    (\w+): (.*(?:\n        .*)*)", section, re.MULTILINE)
    return {each[1]: re.sub(r"\s+", " ", each[2]) for each in found}


def presets() -> Lines:
    """The stages that each preset stands for."""
    rows = (
        [
            f"`{preset.value}`",
            ", ".join(f"{s.share_percent:g} % for {format_duration(s.bake)}" for s in stages_of(preset)),
        ]
        for preset in Preset
    )
    return _table(["Preset", "Stages"], rows)


def stage_weights() -> Lines:
    """The weights of the default plan of the shipped configuration."""
    config = read_config(CONFIG_FILE, now=None)
    stages = config.plan(config.default_plan).stages
    rows = ([f"{s.share_percent:g} %", f"{s.blue}", f"{s.green}", f"{s.split.share_percent:.2f} %"] for s in stages)
    return _table(["Wanted share", "Blue's weight", "Green's weight", "Share of DNS answers"], rows)


@cache
def _resources() -> Mapping[str, Json]:
    """The resources of the main stack, by logical id, as synthesised."""
    resources: Mapping[str, Json] = template(CONFIG_FILE)["Resources"]
    return resources


# --- Time and money ---------------------------------------------------------------------------------------------------


def previews() -> Lines:
    """What the plans of the shipped configuration take and cost, as `crossfade plan` computes it."""
    config = read_config(CONFIG_FILE, now=None)
    head = ["Plan", "Duration", "Users back on blue", "Events, at worst", "Room for people"]
    return _table(head, (_preview_row(preview(config.plan(name), requests_per_second=None)) for name in config.plans))


def _preview_row(costs: Preview) -> list[str]:
    events = f"{costs.events:,}, {costs.events_worst:,}"
    return [
        f"`{costs.plan.name}`",
        _span(costs.duration),
        _span(costs.rollback),
        events,
        format_duration(costs.spare),
    ]


def prices() -> Lines:
    """What a run of each plan of the shipped configuration costs, in US dollars."""
    config = read_config(CONFIG_FILE, now=None)
    plans = [preview(config.plan(name), requests_per_second=None) for name in config.plans]
    head = ["Plan", "Transitions", "Calls of functions, at most", "Metrics read, at most", "Together, at most"]
    return _table(head, map(_price_row, plans))


def _price_row(costs: Preview) -> list[str]:
    calls = max(costs.transitions) // _TRANSITIONS_PER_CALL
    called = calls * (SLOWEST.call.total_seconds() * _gigabytes() * _DOLLARS_PER_GB_SECOND + _DOLLARS_PER_CALL)
    series = calls * len(costs.plan.workloads) * _SERIES_PER_WORKLOAD
    prices = (max(costs.dollars), called, series * _DOLLARS_PER_SERIES)
    counts = (f"{max(costs.transitions)}", f"{calls}", f"{series:,}")
    cells = [f"{count}: {price:.4f}" for count, price in zip(counts, prices, strict=True)]
    return [f"`{costs.plan.name}`", *cells, f"{sum(prices):.2f}"]


_TRANSITIONS_PER_CALL: Final = 3
"""Wait, Task, Choice."""
_SERIES_PER_WORKLOAD: Final = 10
"""Five metrics of two load balancers; see `adapters.cloudwatch_metrics`."""
_DOLLARS_PER_SERIES: Final = 0.01 / 1_000
"""Of GetMetricData. Source: https://aws.amazon.com/cloudwatch/pricing/"""
_DOLLARS_PER_GB_SECOND: Final = 0.0000133334
_DOLLARS_PER_CALL: Final = 0.20 / 1_000_000
"""Arm, the first tier, US East. Source: https://aws.amazon.com/lambda/pricing/"""


def standing() -> Lines:
    """What the stacks cost while nothing moves, in US dollars a month, free tiers not counted."""
    types = [resource["Type"] for resource in _resources().values()]
    rows = [(words, types.count(kind), price) for kind, (words, price) in _MONTHLY.items()]
    rows.append(("Calls of the guardian, one a minute", _MINUTES_A_MONTH, _dollars_per_look()))
    cells = ([words, f"{count:,}", f"{price:.2g}", f"{count * price:.2f}"] for words, count, price in rows)
    return _table(["What", "How many", "Each", "Together"], cells)


_MONTHLY: Final = {
    "AWS::CloudWatch::Alarm": ("Alarms on Crossfade itself", 0.10),
    "AWS::CloudWatch::Dashboard": ("Dashboard", 3.00),
}
"""Source: https://aws.amazon.com/cloudwatch/pricing/"""

_MINUTES_A_MONTH: Final = 30 * 24 * 60
_LOOK_SECONDS: Final = 0.2
"""Of the guardian when nothing is leased: one query. Chosen, not measured."""


def _dollars_per_look() -> float:
    return _LOOK_SECONDS * _gigabytes() * _DOLLARS_PER_GB_SECOND + _DOLLARS_PER_CALL


def _gigabytes() -> float:
    """Of the largest function."""
    functions = [each["Properties"] for each in _resources().values() if each["Type"] == "AWS::Lambda::Function"]
    largest: int = max(function["MemorySize"] for function in functions)
    return largest / 1024


def _span(span: Span) -> str:
    return f"{format_duration(span.typical)} to {format_duration(span.longest)}"


def failures() -> Lines:
    """How many of a thousand requests a second fail on the default plan, as `crossfade plan` computes it."""
    config = read_config(CONFIG_FILE, now=None)
    plan = config.plan(config.default_plan)
    costs = preview(plan, requests_per_second={each.name: _RATE / len(plan.workloads) for each in plan.workloads})
    turning = ([f"turns bad at {s.wanted_percent:g} %", *_figures(s.turns_bad)] for s in costs.stages)
    rows = [["is bad from its first user on", *_figures(costs.bad_from_start)], *turning]
    return _table(["Green", "Expected to fail", "At the slowest pace"], rows)


_RATE: Final = 1_000
"""Requests a second, on all hosts together."""


def _figures(found: Failures | None) -> list[str]:
    figures = (found.expected, found.worst) if found else (None, None)
    return ["-" if figure is None else f"{figure:,.0f}" for figure in figures]


# --- The state machine -----------------------------------------------------------------------------------------------


@cache
def definition() -> Json:
    """The synthesised definition."""
    return read_definition(template(CONFIG_FILE))


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
    return _table(["State", "Kind", "What it does"], rows)


# --- Errors and outcomes ---------------------------------------------------------------------------------------------


def error_classes() -> list[type[CrossfadeError]]:
    """All errors with a name that Step Functions can show, in the order of their file."""
    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, CrossfadeError)]
    return [each for each in found if each not in (CrossfadeError, TemporaryError, PermanentError)]


def error_table() -> Lines:
    """Every error: whether it is retried, and what it says."""
    rows = (
        [f"`{e.__name__}`", "rolls back" if issubclass(e, PermanentError) else "retried", _summary(e)]
        for e in error_classes()
    )
    return _table(["Error", "Then it is", "What it says"], rows)


def _summary(documented: type) -> str:
    return re.sub(r"\s+", " ", cleandoc(documented.__doc__ or "").split("\n\n")[0])


def outcomes() -> Lines:
    """Every outcome with the sentence that stands beside it in the code."""
    source = _read(ROOT / "crossfade" / "core" / "record.py")
    said = dict(re.findall(r'^    [A-Z_]+ = "(\w+)"  # (.*)$', source, re.MULTILINE))
    return _table(["Outcome", "What it means"], ([f"`{each.value}`", said[each.value]] for each in Outcome))


def causes() -> Lines:
    """What a verdict may rest on, with the sentence that stands beside it in the code."""
    source = _read(ROOT / "crossfade" / "core" / "verdict.py")
    said = dict(re.findall(r'^    [A-Z_]+ = "(\w+)"  # (.*)$', source, re.MULTILINE))
    return _table(["In the timeline", "What it means"], ([f"`{each.value}`", said[each.value]] for each in Cause))


def checks() -> Lines:
    """Every check of the preflight."""
    rows = ([f"`{each.id}`", each.title, each.trips, each.fix] for each in CHECKS)
    return _table(["Check", "Passes when", "Fails or warns when", "Fix"], rows)


def tripping() -> Lines:
    """What trips each check in the embedded world, by check."""
    rows = (
        [
            f"`{check.id}`",
            _estate(trip.estate),
            f"`{trip.fault}`" if trip.fault else "as it stands",
            trip.verdict,
            trip.says,
        ]
        for check in CHECKS
        for trip in trips()
        if trip.check == check.id
    )
    return _table(["Check", "Estate", "`--fault`", "Verdict", "It says"], rows)


def _estate(name: str) -> str:
    return "the sample" if name == SAMPLE else f"[{name}](../examples/estates/{name}/crossfade.yaml)"


def systems_table() -> Lines:
    """What an estate may be made of, and where that can be seen."""
    rows = (
        [
            each.name,
            ", ".join(_estate(name) for name in each.estates),
            _code(each.faults),
            "<br>".join(f"`tests/{test}`" for test in each.tests),
        ]
        for each in systems()
    )
    return _table(["System", "Moved in", "Faults", "Seen by"], rows)


def exits() -> Lines:
    """What the exit codes of the commands mean."""
    return _table(["Code", "Meaning"], ([f"{code.value}", words] for code, words in MEANINGS.items()))


def mutants() -> Lines:
    """The seeded bugs of the simulator, and the invariant that must see each."""
    return _table(
        ["Bug", "What is wrong", "Seen by"], ([f"`{each.name}`", each.bug, each.killed_by] for each in MUTANTS)
    )


def faults() -> Lines:
    """How one call of a simulated run may go wrong."""
    source = _read(ROOT / "simulation" / "faults.py")
    said = dict(re.findall(r'^    [A-Z_]+ = "(\w+)"  # (.*)$', source, re.MULTILINE))
    return _table(["Fault", "What happens"], ([f"`{each.value}`", said[each.value]] for each in How))


def failure_catalogue() -> Lines:
    """Every failure of the catalogue, a table for each step of a migration."""
    head = ["#", "What fails", "What happens", "Seen by", "Gap"]
    for step, rows in groupby(catalogue(), key=lambda failure: failure.step):
        yield from ("", f"## {step}", "", *_table(head, ([f.number, f.what, f.then, _seen_by(f), f.gap] for f in rows)))
    yield ""


def _seen_by(failure: Failure) -> str:
    seen = [f"`{test}`" for test in failure.tests]
    if failure.simulated:
        seen.append(f"struck by {_code(failure.simulated)}")
    if failure.by_hand:
        section = failure.by_hand.partition("#")[2].replace("-", " ")
        seen.append(f"by hand: [{section}]({failure.by_hand})")
    return "<br>".join(seen)


# --- Permissions -----------------------------------------------------------------------------------------------------


Right = tuple[str, str]
"""An action and where it is allowed."""


def iam() -> Lines:
    """What every role of the main stack may do, from the synthesised template; what all functions share comes first."""
    resources = _resources()
    policies = (policy["Properties"] for policy in resources.values() if policy["Type"] == "AWS::IAM::Policy")
    rights = {_owner(policy["Roles"][0]["Ref"], resources): list(_rights(policy, resources)) for policy in policies}
    functions = [held for owner, held in rights.items() if owner.startswith("`")]
    shared = [right for right in functions[0] if all(right in held for held in functions)]
    own = {owner: [right for right in held if right not in shared] for owner, held in sorted(rights.items())}
    rows = {"every function": shared, **own}
    return _table(["Role of", "May"], ([owner, _words(held)] for owner, held in rows.items()))


def _rights(policy: Json, resources: Mapping[str, Json]) -> Iterator[Right]:
    for statement in policy["PolicyDocument"]["Statement"]:
        places = dict.fromkeys(_place(each, resources) for each in _listed(statement["Resource"]))
        effect = "" if statement["Effect"] == "Allow" else ", never"
        condition = _condition(statement.get("Condition", {}))
        for action in _listed(statement["Action"]):
            yield action, f"{' and '.join(places)}{condition}{effect}"


def _condition(condition: Json) -> str:
    """What a condition lets through, in words; that its keys have to be there (`Null`) is left to the prose."""
    tests = [test for operator, test in condition.items() if operator != "Null"]
    parts = [f"`{key.rpartition(':')[2]}` of {_few(_listed(value))}" for test in tests for key, value in test.items()]
    return f", only with {'; '.join(parts)}" if parts else ""


def _few(words: Sequence[str]) -> str:
    more = len(words) - _FEW
    return _code(words[:_FEW]) + (f" and {more} more" if more > 0 else "")


_FEW: Final = 5


def _words(rights: Sequence[Right]) -> str:
    places = dict.fromkeys(place for _, place in rights)
    lines = (f"{_code(action for action, at in rights if at == place)} on {place}" for place in places)
    return "<br>".join(lines) or "nothing more"


def _owner(role: str, resources: Mapping[str, Json]) -> str:
    """Who wears *role*: a function by its module's name, anything else by the service that assumes it."""
    for resource in resources.values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Function" and properties["Role"] == {"Fn::GetAtt": [role, "Arn"]}:
            return f"`{properties['Handler'].split('.')[1]}`"
    trust = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    return _WEARERS[trust[0]["Principal"]["Service"]]


_WEARERS: Final = {
    "events.amazonaws.com": "the rules",
    "scheduler.amazonaws.com": "the schedules",
    "states.amazonaws.com": "the state machine",
}

_PLACES: Final = {
    "AWS::DynamoDB::Table": "the ledger's table",
    "AWS::Lambda::Function": "the functions",
    "AWS::Lambda::Version": "the published versions of the functions",
    "AWS::Logs::LogGroup": "its own log group",
    "AWS::SNS::Topic": "the topic",
    "AWS::SQS::Queue": "a dead-letter queue",
    "AWS::StepFunctions::StateMachine": "the state machine",
}


def _place(resource: Any, resources: Mapping[str, Json]) -> str:
    """A resource in words; an ARN with what CloudFormation fills in written as `${…}`."""
    if isinstance(resource, str):
        return f"`{resource}`"
    (function, argument), *_ = resource.items()
    if function == "Fn::Join":
        return f"`{''.join(_part(each, resources) for each in argument[1])}`"
    name = argument if function == "Ref" else argument[0]
    return _PLACES[resources[name]["Type"]]


def _part(part: Any, resources: Mapping[str, Json]) -> str:
    if isinstance(part, str):
        return part
    name = next(iter(part.values()))
    name = name if isinstance(name, str) else name[0]
    return f"${{{resources[name]['Type'].rpartition('::')[2] if name in resources else name}}}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def rbac() -> Lines:
    """What the shipped RBAC manifests give to Crossfade's group."""
    objects = [each for path in sorted(RBAC_FILES.glob("*.yaml")) for each in yaml.safe_load_all(_read(path))]
    rows = (
        [f"`{each['metadata'].get('namespace', 'all')}`", *(_code(rule.get(key, ["all"])) for key in _RULE)]
        for each in objects
        if each["kind"] in ("Role", "ClusterRole")
        for rule in each["rules"]
    )
    return _table(["Namespace", "API group", "Kind", "Names", "Verbs"], rows)


_RULE: Final = ("apiGroups", "resources", "resourceNames", "verbs")


# --- Make ------------------------------------------------------------------------------------------------------------


def make_targets() -> dict[str, str]:
    """The targets of the Makefile that `make help` lists, with their words."""
    return dict(re.findall(r"^([a-z-]+):.*## (.*)$", _read(ROOT / "Makefile"), re.MULTILINE))


def make_table() -> Lines:
    """Every target that `make help` lists."""
    return _table(["Command", "What it does"], ([f"`make {name}`", words] for name, words in make_targets().items()))


# --- The demo --------------------------------------------------------------------------------------------------------

DEMOS: Final[Mapping[str, tuple[str, ...]]] = {"demo": (), "fault": ("--fault", "green-5xx")}
"""What the README shows of the demo, by the name of its block, and the options that print it."""

_SHOWN: Final = re.compile(
    r"(?P<open><!-- (?P<name>demo|fault): begin -->\n).*?(?P<close><!-- (?P=name): end -->)", re.DOTALL
)


def demo_output(options: Sequence[str]) -> str:
    """What the demo prints with *options*, in long lines, without what repeats itself."""
    command = [sys.executable, "-m", "crossfade", "demo", *options]
    environment = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    text = re.sub(r" +$", "", done.stdout.strip(), flags=re.MULTILINE)
    text = re.sub(r"^.*no complete minute.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^.*stage 3 of 5 begins.*\n(?:.*\n)*?(?=.*stage 5 of 5 begins)", "…\n", text, flags=re.MULTILINE)
    return re.sub(r"(baseline: [^,]+), .*", r"\1, …", text)


def with_demos(text: str) -> str:
    """*text* with its blocks of the demo's output made anew; this takes a minute."""
    return _SHOWN.sub(
        lambda block: f"{block['open']}```text\n{demo_output(DEMOS[block['name']])}\n```\n{block['close']}", text
    )


PARTS: Final[Mapping[str, Callable[[], Lines]]] = {
    "catalogue": failure_catalogue,
    "causes": causes,
    "checks": checks,
    "config-keys": config_keys,
    "errors": error_table,
    "exits": exits,
    "failures": failures,
    "iam": iam,
    "faults": faults,
    "event-kinds": event_kinds,
    "event-keys": event_keys,
    "event-sample": event_sample,
    "input-keys": input_keys,
    "make": make_table,
    "mutants": mutants,
    "outcomes": outcomes,
    "picture": picture,
    "presets": presets,
    "previews": previews,
    "prices": prices,
    "rbac": rbac,
    "standing": standing,
    "states": states,
    "systems": systems_table,
    "tripping": tripping,
    "weights": stage_weights,
}


def main() -> int:
    """Write or check; the exit code is 1 when a checked document is stale."""
    parser = argparse.ArgumentParser(prog="python -m tools.reference", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail when something is stale")
    parser.add_argument("--demos", action="store_true", help="also run the demos that the README shows")
    asked = parser.parse_args()
    if asked.demos:
        README_FILE.write_text(with_demos(_read(README_FILE)), encoding="utf-8")
    found = stale()
    if asked.check:
        for path in found:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale; run: python -m tools.reference\n")
        return 1 if found else 0
    for path in found:
        path.write_text(rewritten(_read(path)), encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
