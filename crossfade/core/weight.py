"""Shares and weights: what people ask for, and the integers that express it.

Rule 1: a share (percent of traffic on green) is turned into a pair of weights here and nowhere else.
Rule 2: two zero weights are no `Split`: Route 53 answers all-zero groups with equal probability.
This file knows no router; 0..255 is the range of the narrowest one, Route 53.

Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

WEIGHT_MAX = 255
PERCENT = 100
FULL_WEIGHT = 100
"""The weight that a cluster with all traffic ends with: what the EKS Blueprints pattern writes."""

TOLERANCE = 0.05
"""How far an achieved share may be from the asked one, relative to the smaller side."""

CLOSE = 0.02
"""What `encode` tries first, before it settles for `TOLERANCE`."""

_GREEN_BASE_MAX = 12
_PERCENT_TOTALS = (FULL_WEIGHT, 200, WEIGHT_MAX, *range(FULL_WEIGHT + 1, WEIGHT_MAX))
"""Sums of both weights: percent itself, half percents, the finest, and then whatever else there is."""


class Side(StrEnum):
    """One of the two clusters."""

    BLUE = "blue"
    GREEN = "green"

    @property
    def other(self) -> "Side":
        """The other cluster."""
        return Side.GREEN if self is Side.BLUE else Side.BLUE


@dataclass(frozen=True, slots=True)
class Split:
    """
    The weights of both clusters for one host.

    Attributes:
        blue: 0 to 255.
        green: 0 to 255; never zero when blue is.
    """

    blue: int
    green: int

    def __post_init__(self) -> None:
        for side, weight in (("blue", self.blue), ("green", self.green)):
            if isinstance(weight, bool) or not isinstance(weight, int) or not 0 <= weight <= WEIGHT_MAX:
                msg = f"{side}: weight {weight!r} is not a whole number from 0 to {WEIGHT_MAX}"
                raise ValueError(msg)
        if self.blue == 0 and self.green == 0:
            msg = "blue and green: both weights are 0, which Route 53 answers as 50:50"
            raise ValueError(msg)

    @property
    def share_percent(self) -> float:
        """The share of DNS answers that name green, 0.0 to 100.0."""
        return PERCENT * self.green / (self.blue + self.green)

    @property
    def green_part(self) -> float:
        """The same share as a part of all, 0.0 to 1.0."""
        return self.share_percent / PERCENT

    def weight(self, side: Side) -> int:
        """The weight of *side*."""
        return self.blue if side is Side.BLUE else self.green

    def __str__(self) -> str:
        return f"blue {self.blue} : green {self.green}"


ALL_BLUE = Split(blue=FULL_WEIGHT, green=0)
ALL_GREEN = Split(blue=0, green=FULL_WEIGHT)


def expresses(split: Split, share_percent: float, tolerance: float = TOLERANCE) -> bool:
    """Whether *split* gives *share_percent* within *tolerance* of its smaller side; 0 and 100 only exactly."""
    if not (split.blue and split.green):  # all or nothing is what was asked for, or it is not: 1e-9 % is no nothing
        return split.share_percent == share_percent
    smaller = min(share_percent, 100 - share_percent)
    return abs(split.share_percent - share_percent) <= smaller * tolerance + 1e-9


def encode(shares_percent: Sequence[float]) -> tuple[Split, ...]:
    """
    Choose one pair of weights a stage for rising *shares_percent*, each above 0, the last one 100.

    One-sided where it can be: green stays at a small base weight while blue is lowered, and only above one half
    is green raised. Mostly one cluster is written a stage, and raising blue alone to 100 undoes nearly
    all of it at once, even when green's cluster does not answer. Where no small base expresses every stage,
    plain percent weights do. Along the stages green never falls and blue never rises, so no intermediate
    pair overshoots.

    Raises:
        ValueError: No pair of weights expresses one of the shares.
    """
    for tolerance in (CLOSE, TOLERANCE):
        for base in range(1, _GREEN_BASE_MAX + 1):
            if one_sided := _one_sided(shares_percent, base, tolerance):
                return one_sided
    for total in _PERCENT_TOTALS:
        if percent := _percent(shares_percent, total):
            return percent
    msg = f"no whole weights from 0 to {WEIGHT_MAX} express the shares {list(shares_percent)}"
    raise ValueError(msg)


def _one_sided(shares_percent: Sequence[float], base: int, tolerance: float) -> tuple[Split, ...] | None:
    splits: list[Split] = []
    before = Split(FULL_WEIGHT, base)
    for share in shares_percent:
        split = _one_side_moved(before, share, tolerance)
        if split is None or not expresses(split, share, tolerance):
            return None
        splits.append(split)
        before = split
    return tuple(splits)


def _one_side_moved(before: Split, share_percent: float, tolerance: float) -> Split | None:
    if expresses(before, share_percent, tolerance):
        return before
    if share_percent >= PERCENT:
        return Split(0, before.green)
    if share_percent <= PERCENT / 2:
        lowered = round(min(before.blue, before.green * (PERCENT - share_percent) / share_percent))
        return Split(lowered, before.green)
    if before.blue > before.green * 2:  # from far below one half in one leap: a small base would overshoot
        return None
    raised = round(before.blue * share_percent / (PERCENT - share_percent))
    return Split(before.blue, max(before.green, raised)) if raised <= WEIGHT_MAX else None


def _percent(shares_percent: Sequence[float], total: int) -> tuple[Split, ...] | None:
    splits = tuple(_nearest(share, total) for share in shares_percent)
    fits = all(expresses(split, share) for split, share in zip(splits, shares_percent, strict=True))
    return splits if fits else None


def _nearest(share_percent: float, total: int) -> Split:
    green = round(total * share_percent / PERCENT)
    return Split(total - green, green)
