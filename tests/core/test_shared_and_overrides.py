"""Weights that workloads have in common, sources that may put a weight back, and what stays behind in Argo CD."""

from dataclasses import replace
from typing import Any

import pytest

from crossfade.core.argocd import ArgoCd, HelmParameter, SecretKey
from crossfade.core.ladder import way_back
from crossfade.core.shared import in_step, sharing, torn
from crossfade.core.traffic import Reading, SideReading, Source, Step, Write, next_step
from crossfade.core.weight import Side, Split
from crossfade.core.workload import Workload
from crossfade.errors import DriftError
from crossfade.steps.common import refuse_drift
from tests.steps.scene import a_plan

BY_SECRET = ArgoCd(applications=("a",), secret=SecretKey(name="{cluster}", key="w"))
BY_PARAMETER = ArgoCd(parameter=HelmParameter(application="team", name="w"))

BEFORE, HALF, AFTER = Split(100, 0), Split(1, 1), Split(0, 100)


def side(weight: int, says: int | None = None, **source: Any) -> SideReading:
    """A weight that is declared and shown, with a source that says *says*, or the same."""
    found = Source(weight if says is None else says, **source)
    return SideReading(weight, weight, source=found)


def reading(blue: SideReading, green: SideReading, name: str = "shop") -> Reading:
    return Reading(name, blue, green)


# --- Sources ---------------------------------------------------------------------------------------------------------


def test_what_every_source_says_too_has_arrived() -> None:
    assert next_step(reading(side(1), side(1)), HALF, settled=True).arrived


@pytest.mark.parametrize(
    "green",
    [
        side(1, says=0, note="it says 0"),
        side(1, follows=False, note="it says 0"),
        SideReading(1, 1, source=Source(None, note="it says 0", reachable=False)),
        SideReading(1, 1, source=Source(None, note="it says 0")),
    ],
)
def test_what_a_source_may_put_back_has_not_arrived_and_is_written_again(green: SideReading) -> None:
    step = next_step(reading(side(1), green), HALF, settled=True)

    assert not step.arrived
    assert (step.writes, step.again) == ((), (Write("shop", Side.GREEN, 1),))
    assert "green is written as 1, but it says 0" in step.reason


def test_blue_is_not_lowered_beside_a_green_that_may_be_put_back() -> None:
    step = next_step(reading(side(100), side(1, says=0)), HALF, settled=True)

    assert step.writes == ()
    assert step.again == (Write("shop", Side.GREEN, 1),)


def test_blue_is_lowered_whatever_its_own_source_says() -> None:
    step = next_step(reading(side(100, says=7), side(1)), HALF, settled=True)

    assert step.writes == (Write("shop", Side.BLUE, 1),)


def test_on_the_way_back_green_keeps_a_little_until_blue_lasts() -> None:
    step = way_back(reading(side(100, says=1), side(1)), BEFORE, settled=True, overdue=False)
    after = way_back(reading(side(100), side(1)), BEFORE, settled=True, overdue=False)

    assert (step.writes, step.again) == ((), (Write("shop", Side.BLUE, 100),))
    assert after.writes == (Write("shop", Side.GREEN, 0),)


def test_on_the_way_back_a_source_that_cannot_be_written_keeps_no_user_on_green() -> None:
    blue = SideReading(100, 100, source=Source(None, note="silent", reachable=False))
    step = way_back(reading(blue, side(50)), BEFORE, settled=True, overdue=False)

    assert step.writes == (Write("shop", Side.GREEN, 1),)


# --- Shared weights --------------------------------------------------------------------------------------------------


def workloads(*blocks: ArgoCd | None) -> list[Workload]:
    first = a_plan().workloads[0]
    return [first.model_copy(update={"name": f"w{n}", "argocd": block}) for n, block in enumerate(blocks)]


def test_workloads_with_the_same_source_share_a_weight() -> None:
    assert sharing(workloads(BY_SECRET, None, BY_SECRET, BY_PARAMETER)) == (frozenset({"w0", "w2"}),)


def test_a_choice_of_some_of_them_tears_them_apart() -> None:
    all_ = workloads(BY_SECRET, BY_SECRET, BY_PARAMETER)

    assert torn(all_, ["w0"]) == (frozenset({"w0", "w1"}),)
    assert torn(all_, ["w2"]) == torn(all_, ["w0", "w1"]) == ()


def test_who_is_ahead_waits_for_its_fellows_and_for_nobody_else() -> None:
    readings = [
        reading(side(100), side(1), "w0"),
        replace(reading(side(100), side(0), "w1"), green=SideReading(1, 0)),
        reading(side(100), side(1), "w2"),
    ]
    targets = dict.fromkeys(("w0", "w1", "w2"), HALF)
    steps = [next_step(each, HALF, settled=True) for each in readings]
    held = in_step(steps, readings, targets, (frozenset({"w0", "w1"}),))

    assert [bool(step.writes) for step in steps] == [True, False, True]
    assert [bool(step.writes) for step in held] == [False, False, True]
    assert held[0] == Step((), arrived=False, reason="w0: waits for w1, which shares its weight")


# --- Drift -----------------------------------------------------------------------------------------------------------


def test_a_source_that_says_what_we_never_wrote_is_somebody_else_s_hand() -> None:
    with pytest.raises(DriftError, match="green is rendered from 77, we left 0 and want 1"):
        refuse_drift([reading(side(100), side(1, says=77))], {"shop": HALF}, {"shop": BEFORE})


def test_a_source_that_still_says_what_we_left_is_only_behind() -> None:
    refuse_drift([reading(side(100), side(1, says=0))], {"shop": HALF}, {"shop": BEFORE})
