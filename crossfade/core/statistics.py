"""What counts of failed requests prove: exact tests, bounds, and evidence that may be looked at as often as one likes.

A test that is repeated at every look finds something sooner or later, in any noise. So what rolls back is judged by
*evidence* (an e-process): a number that starts at 1 and that good traffic drives above 1/alpha with a probability of
alpha at most, however long and however often it is looked at (Ville's inequality).

All of it takes requests to fail independently of each other. Failures that come in clumps (one pod restarts) break
that; callers ask for a least number of failures, too.

Sources: Fisher's exact test and the binomial test as in any text book; E. B. Wilson, "Probable Inference" (1927);
J. A. Hanley, A. Lippman-Hand, "If Nothing Goes Wrong, Is Everything All Right?" (1983), the rule of three;
J. Ville, "Étude critique de la notion de collectif" (1939); A. Ramdas et al., "Game-Theoretic Statistics and Safe
Anytime-Valid Inference" (2023), which also has mixtures over alternatives and over starting times.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, exp, inf, lgamma, log, log1p, sqrt
from typing import Final

ALTERNATIVES: Final = (1.5, 2.0, 4.0, 8.0, 16.0, 32.0)
"""How many times worse than allowed green may be; evidence is gathered for each and averaged."""

NINETY_FIVE: Final = 1.959963984540054
"""Standard normal quantile of a two-sided interval of 95 %."""

_RULE_OF_THREE: Final = 3
_NEGLIGIBLE: Final = 1e-17


@dataclass(frozen=True, slots=True)
class Count:
    """
    Requests, and those of them that failed.

    Attributes:
        requests: 0 or more.
        failures: 0 to *requests*.
    """

    requests: int = 0
    failures: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.failures <= self.requests:
            msg = f"{self.failures} of {self.requests} requests cannot fail"
            raise ValueError(msg)

    def __add__(self, other: "Count") -> "Count":
        return Count(self.requests + other.requests, self.failures + other.failures)

    def __sub__(self, other: "Count") -> "Count":
        return Count(self.requests - other.requests, self.failures - other.failures)

    @property
    def rate(self) -> float:
        """The part that failed, 0 to 1; 0 without requests."""
        return self.failures / self.requests if self.requests else 0.0


NOTHING: Final = Count()


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a share lies, 0 to 1, with 95 % confidence."""

    low: float
    high: float


# --- One look --------------------------------------------------------------------------------------------------------


def wilson(part: int, whole: int) -> Bounds:
    """
    Wilson's bounds for the share *part* / *whole*; all of 0 to 1 when *whole* is 0.

    The shares p for which |part/whole - p| is at most z standard errors of p: (p̂ + z²/2n ± z √(p̂(1-p̂)/n + z²/4n²))
    / (1 + z²/n), with p̂ = part/whole, n = whole, z = 1.96.
    """
    if whole == 0:
        return Bounds(0.0, 1.0)
    squared = NINETY_FIVE**2 / whole
    share = part / whole
    middle = share + squared / 2
    reach = NINETY_FIVE * sqrt(share * (1 - share) / whole + squared / (4 * whole))
    low = 0.0 if part == 0 else (middle - reach) / (1 + squared)
    high = 1.0 if part == whole else (middle + reach) / (1 + squared)
    return Bounds(max(0.0, low), min(1.0, high))


def requests_needed(rate: float) -> int:
    """
    How many requests without a failure prove, at 95 %, that less than *rate* of them fail: 3/rate.

    Args:
        rate: Above 0, at most 1.
    """
    return ceil(_RULE_OF_THREE / rate)


def fisher_p(green: Count, blue: Count) -> float:
    """
    Fisher's exact test, one-sided: how likely green has so many of all failures, or more, if both fail alike.

    Given N requests, K of them failed, n of them green's: P(X ≥ x) for a hypergeometric X. Sums outward from x, so
    it takes as long as there are terms that count.
    """
    whole, failed, drawn = green.requests + blue.requests, green.failures + blue.failures, green.requests
    lowest, highest = max(0, failed - blue.requests), min(failed, drawn)

    def log_pmf(x: int) -> float:
        return _log_choose(failed, x) + _log_choose(whole - failed, drawn - x) - _log_choose(whole, drawn)

    def rising(x: int) -> float:
        """The term after that of *x*, relative to it."""
        return (failed - x) * (drawn - x) / ((x + 1) * (whole - failed - drawn + x + 1))

    return _upper_tail(green.failures, lowest, highest, log_pmf(green.failures), rising)


def _upper_tail(x: int, lowest: int, highest: int, log_pmf: float, rising: Callable[[int], float]) -> float:
    """P(X ≥ x) of a distribution with one peak, of which *rising(k)* is pmf(k + 1) / pmf(k)."""
    if x <= lowest:
        return 1.0
    if rising(x - 1) <= 1:  # at or past the peak: terms fall from here on
        return min(1.0, exp(log_pmf) * _falling(rising(at) for at in range(x, highest)))
    below = _falling(1 / rising(at - 1) for at in range(x - 1, lowest, -1))
    return max(0.0, 1 - exp(log_pmf) / rising(x - 1) * below)


def _falling(ratios: Iterable[float]) -> float:
    """1 + r₁ + r₁r₂ + …, until a term no longer counts."""
    total = term = 1.0
    for ratio in ratios:
        term *= ratio
        total += term
        if term < total * _NEGLIGIBLE:
            break
    return total


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


# --- Any number of looks ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """
    What is held until evidence says otherwise: green fails at most *ratio* times as often as blue, plus *allowance*.

    Attributes:
        ratio: 0 or more; 0 leaves blue out.
        allowance: A part of green's requests, 0 to 1.
    """

    ratio: float
    allowance: float

    def log_factors(self, green: Count, blue: Count) -> tuple[float, ...]:
        """
        What one minute says against the claim: the logarithm of a factor for each of `ALTERNATIVES`.

        With n and x the requests and failures of a side, t the alternative, r the ratio, d the allowance:

            q = r n_green / (r n_green + n_blue)        a = t / (1 + q(t - 1))        b = 1 / (1 + q(t - 1))
            factor = a^x_green · b^x_blue · exp(-d n_green (a - 1))

        While the claim holds, its mean is at most 1 whatever blue's own rate is, because 1 + z ≤ exp z gives
        E[factor] ≤ exp(n_green p_green (a - 1) - n_blue p_blue (1 - b) - d n_green (a - 1)) and q makes
        n_blue (1 - b) = r n_green (a - 1). So blue's rate may change from minute to minute, and what strikes both
        sides alike is no evidence. For rare failures and d = 0 it is the likelihood ratio of the conditional
        binomial test: of all failures, each is green's with probability q. With r = 0 it is that of the Poisson test.
        """
        if not green.requests:
            return (0.0,) * len(ALTERNATIVES)
        q = self.ratio * green.requests / (self.ratio * green.requests + blue.requests) if self.ratio else 0.0
        return tuple(self._log_factor(green, blue, q, alternative) for alternative in ALTERNATIVES)

    def _log_factor(self, green: Count, blue: Count, q: float, alternative: float) -> float:
        spread = 1 + q * (alternative - 1)
        a = alternative / spread
        return green.failures * log(a) - blue.failures * log(spread) - self.allowance * green.requests * (a - 1)


def weakest(factors: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """One minute's evidence against all of several claims at once: for each alternative the smallest factor."""
    return tuple(min(of_all) for of_all in zip(*factors, strict=True))


def evidence(minutes: Iterable[Sequence[float]]) -> Iterator[float]:
    """
    The logarithm of the evidence after each of *minutes*, which are log factors as `Claim` gives them.

    Averages over all alternatives and over the minute k in which the trouble may have begun, with weights 1/k(k+1),
    which add up to 1: an early good hour cannot hide what goes wrong after it, at a price of 2 log k.
    S_t = (S_{t-1} + 1/t(t+1)) · factor_t, for each alternative.
    """
    sums = [-inf] * len(ALTERNATIVES)
    for number, factors in enumerate(minutes, start=1):
        start = -log(number * (number + 1))
        sums = [_log_add(held, start) + factor for held, factor in zip(sums, factors, strict=True)]
        yield _log_sum(sums) - log(len(sums))


def _log_add(one: float, other: float) -> float:
    high, low = max(one, other), min(one, other)
    return high if low == -inf else high + log1p(exp(low - high))


def _log_sum(values: Sequence[float]) -> float:
    highest = max(values)
    return highest + log(sum(exp(value - highest) for value in values))
