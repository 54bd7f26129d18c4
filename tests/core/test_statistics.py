"""What is claimed of the statistics, against scipy as an oracle, by enumeration, and by simulation with seeds."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, hypergeom  # type: ignore[attr-defined]  # made at run time

from crossfade.core.statistics import ALTERNATIVES, Claim, Count, evidence, fisher_p, requests_needed, weakest, wilson

SEED = 20_260_301
TOLERATED = Claim(ratio=0, allowance=0.01)
AS_GOOD = Claim(ratio=1, allowance=0.001)


@st.composite
def counts(draw: st.DrawFn, most: int) -> Count:
    requests = draw(st.integers(0, most))
    return Count(requests, draw(st.integers(0, requests)))


# --- One look, against scipy -----------------------------------------------------------------------------------------


@given(green=counts(5_000).filter(lambda count: count.requests > 0), blue=counts(50_000))
def test_fisher_equals_scipy(green: Count, blue: Count) -> None:
    whole, failed = green.requests + blue.requests, green.failures + blue.failures

    expected = hypergeom.sf(green.failures - 1, whole, failed, green.requests)

    assert fisher_p(green, blue) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    ("green", "blue"),
    [
        (Count(300_000, 1_800), Count(29_700_000, 29_700)),
        (Count(3_000_000, 30_100), Count(3_000_000, 30_000)),
        (Count(3_000_000, 29_000), Count(3_000_000, 30_000)),
        (Count(0, 0), Count(10, 1)),
        (Count(7, 3), Count(0, 0)),
        (Count(10, 10), Count(10, 0)),
    ],
)
def test_fisher_equals_scipy_at_the_size_of_real_minutes(green: Count, blue: Count) -> None:
    whole, failed = green.requests + blue.requests, green.failures + blue.failures

    expected = hypergeom.sf(green.failures - 1, whole, failed, green.requests)

    assert fisher_p(green, blue) == pytest.approx(expected, rel=1e-5, abs=1e-12)


@given(count=counts(100_000).filter(lambda count: count.requests > 0))
def test_wilsons_bounds_equal_scipy(count: Count) -> None:
    expected = binomtest(count.failures, count.requests).proportion_ci(method="wilson")
    bounds = wilson(count.failures, count.requests)

    assert (bounds.low, bounds.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= bounds.low <= count.rate <= bounds.high <= 1


def test_without_requests_a_share_may_be_anything() -> None:
    bounds = wilson(0, 0)

    assert (bounds.low, bounds.high) == (0, 1)


@pytest.mark.parametrize("rate", [0.05, 0.01, 0.005, 0.001])
def test_the_rule_of_three_gives_95_percent(rate: float) -> None:
    needed = requests_needed(rate)

    assert needed == round(3 / rate)
    assert (1 - rate) ** needed <= 0.05
    assert binom.sf(0, needed, rate) >= 0.95


@pytest.mark.parametrize(("requests", "failures"), [(1, 2), (5, -1), (-1, 0)])
def test_impossible_counts_are_refused(requests: int, failures: int) -> None:
    with pytest.raises(ValueError, match="cannot fail"):
        Count(requests, failures)


# --- A factor's mean is at most 1 while its claim holds --------------------------------------------------------------


def mean_factors(claim: Claim, green: int, blue: int, p_green: float, p_blue: float) -> list[float]:
    """The exact mean of each factor, summed over everything that can happen in one minute."""
    means = [0.0] * len(ALTERNATIVES)
    of_green = binom.pmf(range(green + 1), green, p_green)
    of_blue = binom.pmf(range(blue + 1), blue, p_blue)
    for x, y in product(range(green + 1), range(blue + 1)):
        factors = claim.log_factors(Count(green, x), Count(blue, y))
        means = [mean + exp(factor) * of_green[x] * of_blue[y] for mean, factor in zip(means, factors, strict=True)]
    return means


@settings(max_examples=60, deadline=None)
@given(
    green=st.integers(0, 12),
    blue=st.integers(0, 12),
    p_blue=st.just(0.0) | st.floats(1e-6, 1),  # scipy's own pmf overflows below
    claim=st.builds(Claim, st.sampled_from((0.0, 1.0, 2.0)), st.sampled_from((0.0, 0.001, 0.01, 0.2))),
    closeness=st.just(0.0) | st.floats(1e-6, 1),
)
def test_no_factor_has_a_mean_above_one_while_its_claim_holds(
    green: int, blue: int, p_blue: float, claim: Claim, closeness: float
) -> None:
    p_green = min(1.0, claim.ratio * p_blue + claim.allowance) * closeness

    assert max(mean_factors(claim, green, blue, p_green, p_blue)) <= 1 + 1e-9


def test_a_green_that_breaks_the_claim_gathers_evidence() -> None:
    before, after = mean_factors(AS_GOOD, 12, 12, 0.1, 0.1), mean_factors(AS_GOOD, 12, 12, 0.6, 0.1)

    assert max(before) <= 1
    assert max(after) > 10


@given(green=counts(1_000), blue=counts(1_000))
def test_the_weakest_of_two_claims_is_evidence_against_both(green: Count, blue: Count) -> None:
    one, other = (Claim(ratio, 0.001).log_factors(green, blue) for ratio in (1, 2))

    both = weakest([one, other])

    assert all(least <= one_ and least <= other_ for least, one_, other_ in zip(both, one, other, strict=True))


def test_minutes_without_green_requests_say_nothing() -> None:
    assert set(AS_GOOD.log_factors(Count(0), Count(1_000, 900))) == {0.0}
    assert set(AS_GOOD.log_factors(Count(1_000, 900), Count(0))) == {0.0}


# --- Looked at every minute for hours --------------------------------------------------------------------------------

Minutes = Sequence[tuple[Count, Count]]


def simulated(
    random: np.random.Generator, minutes: int, *, green: float, blue: float, rate: float, excess: float = 0.0
) -> Minutes:
    """Minutes of Poisson traffic (requests a minute), independent failures; now and then something strikes both."""
    shared = rate * np.where(random.random(minutes) < 0.05, random.uniform(1, 20, minutes), 1.0)
    n_green, n_blue = random.poisson(green, minutes), random.poisson(blue, minutes)
    x_green = random.binomial(n_green, np.minimum(1, shared + excess))
    x_blue = random.binomial(n_blue, np.minimum(1, shared))
    rows = zip(n_green.tolist(), x_green.tolist(), n_blue.tolist(), x_blue.tolist(), strict=True)
    return [(Count(n, x), Count(m, y)) for n, x, m, y in rows]


def found_after(claim: Claim, minutes: Minutes, alpha: float) -> int | None:
    """After how many minutes the evidence is enough; None when it never is."""
    running = evidence(claim.log_factors(green, blue) for green, blue in minutes)
    return next((number for number, value in enumerate(running, start=1) if value >= -log(alpha)), None)


def at_most(false_alarms: int, runs: int, alpha: float) -> bool:
    """Whether so many false alarms are still likely (1 in 1,000) when *alpha* is the truth."""
    return bool(binom.sf(false_alarms - 1, runs, alpha) > 0.001)


@pytest.mark.parametrize("excess", [0.0, AS_GOOD.allowance], ids=["as good as blue", "worse by what is allowed"])
@pytest.mark.parametrize(
    ("green", "blue", "rate"),
    [(15, 285, 0.02), (150, 150, 0.001), (3_000, 297_000, 0.0005), (285_000, 15_000, 0.01)],
)
def test_six_hours_of_looks_keep_false_alarms_under_alpha(
    green: float, blue: float, rate: float, excess: float
) -> None:
    alpha, runs = 0.05, 60
    random = np.random.default_rng(SEED)

    def one() -> int | None:
        return found_after(AS_GOOD, simulated(random, 360, green=green, blue=blue, rate=rate, excess=excess), alpha)

    alarms = sum(one() is not None for _ in range(runs))

    assert at_most(alarms, runs, alpha), f"{alarms} of {runs} with seed={SEED}"


def test_a_green_exactly_at_the_tolerated_rate_raises_no_more_alarms_than_alpha() -> None:
    alpha, runs = 0.05, 120
    random = np.random.default_rng(SEED)

    def minutes() -> Iterator[tuple[Count, Count]]:
        for n in random.poisson(600, 240).tolist():
            yield Count(n, int(random.binomial(n, TOLERATED.allowance))), Count()

    alarms = sum(found_after(TOLERATED, list(minutes()), alpha) is not None for _ in range(runs))

    assert at_most(alarms, runs, alpha), f"{alarms} of {runs} with seed={SEED}"


def test_a_test_made_for_one_look_is_fooled_by_many() -> None:
    runs = 40
    random = np.random.default_rng(SEED)

    def fooled() -> bool:
        green = blue = Count()
        for one, other in simulated(random, 120, green=300, blue=300, rate=0.01):
            green, blue = green + one, blue + other
            if fisher_p(green, blue) < 0.05:
                return True
        return False

    assert sum(fooled() for _ in range(runs)) > 0.2 * runs, f"seed={SEED}"


@pytest.mark.parametrize(
    ("requests_per_second", "share", "excess", "within"),
    [
        pytest.param(5, 0.5, 0.05, 5, id="5 requests a second, 5 % more fail, half on green"),
        pytest.param(5, 0.05, 0.05, 15, id="5 requests a second, 5 % more fail, 5 % on green"),
        pytest.param(5_000, 0.01, 0.005, 3, id="5,000 requests a second, 0.5 % more fail, 1 % on green"),
        pytest.param(5_000, 0.95, 0.005, 2, id="5,000 requests a second, 0.5 % more fail, 95 % on green"),
        pytest.param(100, 0.05, 1.0, 1, id="everything fails"),
    ],
)
def test_a_worse_green_is_found_in_time(requests_per_second: float, share: float, excess: float, within: int) -> None:
    """At the level of one question among ten of a migration whose false alarms are 1 %."""
    alpha, runs, base = 0.001, 40, 0.0002
    total = requests_per_second * 60
    random = np.random.default_rng(SEED)

    def one() -> int | None:
        green, blue = total * share, total * (1 - share)
        minutes = simulated(random, within, green=green, blue=blue, rate=base, excess=excess)
        return found_after(AS_GOOD, minutes, alpha)

    found = sum(one() is not None for _ in range(runs))

    assert found >= 0.9 * runs, f"{found} of {runs} with seed={SEED}"


def test_four_good_hours_do_not_hide_what_goes_wrong_after_them() -> None:
    random = np.random.default_rng(SEED)
    good = simulated(random, 240, green=3_000, blue=57_000, rate=0.0002)
    bad = simulated(random, 10, green=3_000, blue=57_000, rate=0.0002, excess=0.05)

    found = found_after(AS_GOOD, [*good, *bad], 0.001)

    assert found is not None
    assert 240 < found <= 242, f"seed={SEED}"
