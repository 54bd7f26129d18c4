"""Plans with a name: those of AWS CodeDeploy, word for word, and two of ours.

`Canary10Percent5Minutes` gives green 10 %, watches for 5 minutes, then gives it the rest;
`Linear10PercentEvery3Minutes` adds 10 % every 3 minutes. Unlike in CodeDeploy the last stage is watched too, for
`LAST_BAKE`, and then the plan's soak begins. `AllAtOnce` is that last stage alone.
This file knows no weights; `weight` finds those.

Source: https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

LAST_BAKE = timedelta(minutes=1)
"""The bake at 100 % of a CodeDeploy preset: one CloudWatch period. The soak does the rest."""


class Preset(StrEnum):
    """The names that a plan may use instead of stages."""

    CANARY_5 = "Canary10Percent5Minutes"
    CANARY_10 = "Canary10Percent10Minutes"
    CANARY_15 = "Canary10Percent15Minutes"
    CANARY_30 = "Canary10Percent30Minutes"
    LINEAR_1 = "Linear10PercentEvery1Minute"
    LINEAR_2 = "Linear10PercentEvery2Minutes"
    LINEAR_3 = "Linear10PercentEvery3Minutes"
    LINEAR_10 = "Linear10PercentEvery10Minutes"
    ALL_AT_ONCE = "AllAtOnce"
    CAREFUL = "Careful"  # a first share so small that few users meet a bad green
    FAST = "Fast"  # for estates that have done this before


@dataclass(frozen=True, slots=True)
class Bake:
    """
    One stage of a preset.

    Attributes:
        share_percent: The share of traffic on green, above 0 to 100.
        bake: How long it is watched.
    """

    share_percent: float
    bake: timedelta


def stages_of(preset: Preset) -> tuple[Bake, ...]:
    """The stages of *preset*, in order."""
    return _STAGES[preset]


def _canary(*, minutes: int) -> tuple[Bake, ...]:
    return (Bake(10, timedelta(minutes=minutes)), Bake(100, LAST_BAKE))


def _linear(*, minutes: int) -> tuple[Bake, ...]:
    return (*_even(range(10, 100, 10), minutes=minutes), Bake(100, LAST_BAKE))


def _even(shares_percent: range | tuple[int, ...], *, minutes: int) -> tuple[Bake, ...]:
    return tuple(Bake(share, timedelta(minutes=minutes)) for share in shares_percent)


_STAGES: Mapping[Preset, tuple[Bake, ...]] = MappingProxyType(
    {
        Preset.CANARY_5: _canary(minutes=5),
        Preset.CANARY_10: _canary(minutes=10),
        Preset.CANARY_15: _canary(minutes=15),
        Preset.CANARY_30: _canary(minutes=30),
        Preset.LINEAR_1: _linear(minutes=1),
        Preset.LINEAR_2: _linear(minutes=2),
        Preset.LINEAR_3: _linear(minutes=3),
        Preset.LINEAR_10: _linear(minutes=10),
        Preset.ALL_AT_ONCE: (Bake(100, LAST_BAKE),),
        Preset.CAREFUL: _even((1, 5, 25, 50, 100), minutes=10),
        Preset.FAST: _even((10, 50, 100), minutes=5),
    }
)
