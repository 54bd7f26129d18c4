"""Presets: the names of AWS CodeDeploy mean here what they mean there."""

from datetime import timedelta

import pytest

from crossfade.core.presets import LAST_BAKE, Preset, stages_of
from crossfade.core.weight import PERCENT, encode, expresses

CODEDEPLOY = {  # without the platform in front: Lambda, ECS
    "Canary10Percent5Minutes",
    "Canary10Percent10Minutes",
    "Canary10Percent15Minutes",
    "Canary10Percent30Minutes",
    "Linear10PercentEvery1Minute",
    "Linear10PercentEvery2Minutes",
    "Linear10PercentEvery3Minutes",
    "Linear10PercentEvery10Minutes",
    "AllAtOnce",
}


def test_every_name_of_codedeploy_is_known_and_two_are_ours() -> None:
    assert {preset.value for preset in Preset} == CODEDEPLOY | {"Careful", "Fast"}


@pytest.mark.parametrize("minutes", [5, 10, 15, 30])
def test_a_canary_gives_10_percent_watches_and_gives_the_rest(minutes: int) -> None:
    first, last = stages_of(Preset(f"Canary10Percent{minutes}Minutes"))

    assert (first.share_percent, first.bake) == (10, timedelta(minutes=minutes))
    assert (last.share_percent, last.bake) == (100, LAST_BAKE)


@pytest.mark.parametrize(("words", "minutes"), [("1Minute", 1), ("2Minutes", 2), ("3Minutes", 3), ("10Minutes", 10)])
def test_a_linear_preset_adds_10_percent_a_time(words: str, minutes: int) -> None:
    stages = stages_of(Preset(f"Linear10PercentEvery{words}"))

    assert [stage.share_percent for stage in stages] == list(range(10, 101, 10))
    assert {stage.bake for stage in stages[:-1]} == {timedelta(minutes=minutes)}
    assert stages[-1].bake == LAST_BAKE


def test_all_at_once_is_one_stage() -> None:
    assert [stage.share_percent for stage in stages_of(Preset.ALL_AT_ONCE)] == [100]


def test_careful_begins_with_one_percent() -> None:
    assert [stage.share_percent for stage in stages_of(Preset.CAREFUL)] == [1, 5, 25, 50, 100]
    assert {stage.bake for stage in stages_of(Preset.CAREFUL)} == {timedelta(minutes=10)}


@pytest.mark.parametrize("preset", list(Preset))
def test_every_preset_rises_to_100_is_watched_and_can_be_made_of_weights(preset: Preset) -> None:
    shares = [stage.share_percent for stage in stages_of(preset)]

    assert shares == sorted(set(shares))
    assert shares[-1] == PERCENT
    assert all(stage.bake > timedelta(0) for stage in stages_of(preset))
    assert all(expresses(split, share) for split, share in zip(encode(shares), shares, strict=True))
