"""The check of definitions finds each kind of fault, and only where there is one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stacks.definition_check import check_definition
from stacks.synth import STACK_NAME, refuse_unsound

pytestmark = pytest.mark.xdist_group("stacks")
Json = dict[str, Any]
Break = Callable[[Json], object]


def without(state: Json, key: str) -> None:
    del state[key]


FAULTS = [
    pytest.param(
        lambda s: s["Preflight"].update(Next="Nowhere"),
        "Preflight: leads to 'Nowhere', which is no state",
        id="a Next to nowhere",
    ),
    pytest.param(
        lambda s: s["More stages?"].update(Default="Nowhere"),
        "More stages?: leads to 'Nowhere', which is no state",
        id="a Default to nowhere",
    ),
    pytest.param(
        lambda s: s["More stages?"]["Choices"][0].update(Next="Nowhere"),
        "More stages?: leads to 'Nowhere', which is no state",
        id="a Choice to nowhere",
    ),
    pytest.param(
        lambda s: s["Complete"]["Catch"][0].update(Next="Nowhere"),
        "Complete: leads to 'Nowhere', which is no state",
        id="a Catch to nowhere",
    ),
    pytest.param(
        lambda s: s.update(Island={"Type": "Succeed"}),
        "Island: nothing leads here",
        id="an unreachable state",
    ),
    pytest.param(
        lambda s: s["More stages?"].update(Default="Complete"),
        "Soak: nothing leads here",
        id="a state that became unreachable",
    ),
    pytest.param(
        lambda s: s["Bake"].update(TimeoutSeconds="{% $wait + %}"),
        "Bake: '$wait +' is not JSONata",
        id="a broken expression",
    ),
    pytest.param(
        lambda s: s["Duplicate"].update(Cause="because {% $reason %}"),
        "Duplicate: 'because {% $reason %}' mixes text and expression",
        id="an expression inside a text",
    ),
    pytest.param(
        lambda s: s["Bake"].update(TimeoutSeconds="{% $waiting %}"),
        "Bake: uses $waiting, which some way here has not assigned",
        id="a variable that nobody assigns",
    ),
    pytest.param(
        lambda s: without(s["Record baseline"], "Assign"),
        "Shift traffic: uses $stage, which some way here has not assigned",
        id="a variable that only the second round assigns",
    ),
    pytest.param(
        lambda s: without(s["Complete"]["Catch"][0], "Assign"),
        "Roll back: uses $reason, which some way here has not assigned",
        id="a variable that one of many ways does not assign",
    ),
    pytest.param(
        lambda s: s["Roll back"]["Arguments"]["Payload"].update(epoch="{% $epoch %}"),
        "Roll back: uses $epoch, which some way here has not assigned",
        id="a variable that is not yet assigned when the first state fails",
    ),
    pytest.param(
        lambda s: s["Shift traffic"]["Retry"][0]["ErrorEquals"].append("States.Timeout"),
        "Shift traffic: retries States.Timeout, which is not temporary",
        id="a retry of what is not temporary",
    ),
    pytest.param(
        lambda s: s["Page somebody"]["Retry"][0]["ErrorEquals"].append("States.ALL"),
        "Page somebody: retries States.ALL, which is not temporary",
        id="a page that is retried whatever happens",
    ),
    pytest.param(
        lambda s: s["Record baseline"]["Retry"].append(s["Roll back"]["Retry"][-1]),
        "Record baseline: retries Runtime.ExitError, which is not temporary",
        id="a retry of a crash where rolling back is the better way",
    ),
    pytest.param(
        lambda s: without(s["Shift traffic"], "TimeoutSeconds"),
        "Shift traffic: has no TimeoutSeconds",
        id="a Task without a time-out",
    ),
    pytest.param(
        lambda s: without(s["Shift traffic"], "Catch"),
        "Shift traffic: does not catch States.ALL",
        id="a Task without a net",
    ),
    pytest.param(
        lambda s: s["Shift traffic"]["Catch"][0].update(Next="Refused"),
        "Shift traffic: States.ALL leads to 'Refused', not to 'Roll back'",
        id="a Task whose net leads past the rollback",
    ),
    pytest.param(
        lambda s: without(s["Roll back"], "Catch"),
        "Roll back: does not catch States.ALL",
        id="a rollback without a net",
    ),
    pytest.param(
        lambda s: s["Soak by the clock"].update(Seconds=0), "Soak by the clock: waits 0 seconds", id="a wait of nothing"
    ),
    pytest.param(
        lambda s: s["Next stage"].update(Type="Parallel"), "Next stage: a Parallel is not looked into", id="a Parallel"
    ),
]


@pytest.mark.parametrize(("break_it", "fault"), FAULTS)
def test_a_fault_is_found_and_named(broken: Json, break_it: Break, fault: str) -> None:
    break_it(broken["States"])

    assert [found for found in check_definition(broken) if found.startswith(fault)]


@pytest.mark.parametrize(
    "expression",
    [
        "($x := 1; $x + 1)",
        "$map([1, 2], function($v) { $v + 1 })",
        "$sum($states.input.items[$ > 1])",
        "$exists($states.result.Payload) and $states.context.State.RetryCount < 3",
    ],
)
def test_names_that_an_expression_brings_along_are_not_missed(broken: Json, expression: str) -> None:
    broken["States"]["Bake"]["TimeoutSeconds"] = f"{{% {expression} %}}"

    assert check_definition(broken) == []


def test_a_lease_that_another_migration_holds_needs_no_rollback(broken: Json) -> None:
    broken["States"]["Preflight"]["Catch"].insert(0, broken["States"]["Take lease"]["Catch"][0])

    assert check_definition(broken) == ["Preflight: LeaseHeldError leads to 'Duplicate', not to 'Roll back'"]


def test_a_machine_that_is_not_sound_is_refused_where_it_was_synthesised(synthesized: Path, tmp_path: Path) -> None:
    file = f"{STACK_NAME}.template.json"
    sound = (synthesized / file).read_text(encoding="utf-8")
    (tmp_path / file).write_text(sound.replace(r"\"Next\":\"Take lease\"", r"\"Next\":\"Nowhere\""), encoding="utf-8")

    with pytest.raises(ValueError, match=r"is not sound(?s:.*)Resolve plan: leads to 'Nowhere', which is no state"):
        refuse_unsound(tmp_path)
