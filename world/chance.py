"""Seeded chance: one stream a part, so that what one part draws disturbs no other; and how many of many."""

from math import sqrt
from random import Random

_FEW = 12
_ROUNDING = 1e-9


def stream(seed: object, *part: object) -> Random:
    """The random numbers of one part of the world."""
    return Random("/".join(map(str, (seed, *part))))


def binomial(random: Random, count: int, chance: float) -> int:
    """How many of *count* happen when each has this *chance*; by the normal distribution when they are many."""
    if count <= 0 or chance <= 0:
        return 0
    if chance > 1 / 2:
        return count - binomial(random, count, 1 - chance)
    mean = count * chance
    if mean > _FEW:
        drawn = round(random.gauss(mean, sqrt(mean * (1 - chance))))
        return min(count, max(0, drawn))
    return _one_by_one(random, count, chance)


def _one_by_one(random: Random, count: int, chance: float) -> int:
    """By inversion of the distribution function."""
    odds = chance / (1 - chance)
    weight = (1 - chance) ** count
    left = random.random()
    happened = 0
    while left > weight and happened < count:
        left -= weight
        weight *= odds * (count - happened) / (happened + 1)
        happened += 1
    return happened


def divide(random: Random, count: int, shares: dict[str, float]) -> dict[str, int]:
    """Divide *count* among the keys of *shares* (which add up to 1) by chance."""
    divided: dict[str, int] = {}
    left, rest = count, 1.0
    for key, share in shares.items():
        got = left if share >= rest - _ROUNDING else binomial(random, left, share / rest)
        divided[key] = got
        left -= got
        rest -= share
    return divided


def about(random: Random, mean: float) -> int:
    """A count around *mean*, as independent requests make it."""
    return max(0, round(random.gauss(mean, sqrt(mean)))) if mean > 0 else 0
