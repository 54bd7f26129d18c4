"""Shares become whole weights: near enough, in one direction, and never both zero."""

from itertools import pairwise
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.core.weight import ALL_BLUE, ALL_GREEN, TOLERANCE, WEIGHT_MAX, Side, Split, encode, expresses


def rising(steps: st.SearchStrategy[float]) -> st.SearchStrategy[list[float]]:
    """Lists of shares that rise and end at 100."""
    return st.lists(steps, max_size=12, unique=True).map(lambda shares: [*sorted(shares), 100.0])


PERCENTS = rising(st.integers(1, 99).map(float))
HALVES = rising(st.integers(1, 199).map(lambda half: half / 2))
ANY = rising(st.floats(0.01, 99.99))


# --- Split -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("split", "share"),
    [(ALL_BLUE, 0.0), (ALL_GREEN, 100.0), (Split(99, 1), 1.0), (Split(1, 1), 50.0), (Split(255, 255), 50.0)],
)
def test_a_share_is_the_part_of_green_in_both(split: Split, share: float) -> None:
    assert split.share_percent == share


@pytest.mark.parametrize(("blue", "green"), [(-1, 1), (1, 256), (True, 1), (1.0, 1), ("1", 1)])
def test_a_weight_is_a_whole_number_from_0_to_255(blue: int, green: int) -> None:
    with pytest.raises(ValueError, match=r"(blue|green): weight .* is not a whole number from 0 to 255"):
        Split(blue, green)


def test_two_zero_weights_are_no_split() -> None:
    with pytest.raises(ValueError, match="both weights are 0, which Route 53 answers as 50:50"):
        Split(0, 0)


def test_each_side_has_its_weight_and_its_other() -> None:
    assert [Split(3, 7).weight(side) for side in Side] == [3, 7]
    assert [side.other for side in Side] == [Side.GREEN, Side.BLUE]
    assert str(Split(3, 7)) == "blue 3 : green 7"


# --- Expression ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("split", "share", "does"),
    [
        pytest.param(Split(99, 1), 1, True, id="exactly"),
        pytest.param(Split(100, 1), 1, True, id="within 5 % of 1 %"),
        pytest.param(Split(90, 1), 1, False, id="10 % too much of 1 %"),
        pytest.param(Split(1, 100), 99, True, id="measured against the smaller side"),
        pytest.param(Split(1, 90), 99, False, id="too much of the smaller side"),
        pytest.param(Split(1, 255), 100, False, id="100 means all"),
        pytest.param(Split(255, 1), 0, False, id="0 means nothing"),
        pytest.param(ALL_GREEN, 100, True, id="all is all"),
    ],
)
def test_a_split_expresses_what_it_comes_near_to(split: Split, share: float, does: bool) -> None:  # noqa: FBT001
    assert expresses(split, share) is does


# --- Encoding --------------------------------------------------------------------------------------------------------


def test_green_keeps_a_small_weight_while_blue_is_lowered() -> None:
    assert encode([1, 5, 25, 50, 100]) == (Split(100, 1), Split(19, 1), Split(3, 1), Split(1, 1), Split(0, 1))


@pytest.mark.parametrize(
    ("shares", "splits"),
    [
        pytest.param(
            [5, 30, 100], [(57, 3), (7, 3), (0, 3)], id="the smallest base that is close, not one that will do"
        ),
        pytest.param([20, 60, 100], [(80, 20), (40, 60), (0, 100)], id="percent when one half is crossed in one leap"),
        pytest.param([10, 50, 75, 100], [(9, 1), (1, 1), (1, 3), (0, 3)], id="green is raised above one half"),
        pytest.param([0.5, 100], [(199, 1), (0, 200)], id="half percents"),
        pytest.param([50, 50.4, 100], [(1, 1), (1, 1), (0, 1)], id="neighbours that one pair serves"),
    ],
)
def test_the_weights_of_a_plan(shares: list[float], splits: list[tuple[int, int]]) -> None:
    assert encode(shares) == tuple(Split(*pair) for pair in splits)


def test_most_stages_write_one_cluster_only() -> None:
    splits = encode([1, 5, 25, 50, 100])

    assert all((a.blue == b.blue) + (a.green == b.green) == 1 for a, b in pairwise(splits))


def test_blue_alone_takes_nearly_everything_back() -> None:
    at_half = encode([1, 5, 25, 50, 100])[3]

    assert Split(ALL_BLUE.blue, at_half.green).share_percent < 1


@given(shares=PERCENTS | HALVES)
def test_every_plan_of_whole_or_half_percents_can_be_encoded(shares: list[float]) -> None:
    assert len(encode(shares)) == len(shares)


NO_WEIGHTS = "no whole weights from 0 to 255 express the shares"


@pytest.mark.parametrize("share", [0.4, 0.5, 1])
def test_a_share_of_one_in_256_can_be_encoded(share: float) -> None:
    assert expresses(encode([share, 100])[0], share)


@pytest.mark.parametrize("share", [1e-10, 0.1, 99.95])
def test_a_share_nearer_to_nothing_or_all_than_one_in_256_cannot_be_encoded(share: float) -> None:
    with pytest.raises(ValueError, match=NO_WEIGHTS):
        encode([share, 100])


@given(share=st.floats(0.01, 99.99))
def test_a_share_can_be_encoded_exactly_if_some_pair_of_weights_comes_near(share: float) -> None:
    sums = range(1, WEIGHT_MAX + 1)
    pairs = [Split(of - green, green) for of in sums for green in {floor(of * share / 100), ceil(of * share / 100)}]

    if any(expresses(split, share) for split in pairs):
        assert expresses(encode([share, 100])[0], share)
    else:
        with pytest.raises(ValueError, match=NO_WEIGHTS):
            encode([share, 100])


@given(shares=PERCENTS | HALVES | ANY)
def test_encoded_weights_are_near_monotonic_and_end_with_blue_at_zero(shares: list[float]) -> None:
    try:
        splits = encode(shares)
    except ValueError:
        return

    for split, share in zip(splits, shares, strict=True):
        assert abs(split.share_percent - share) <= min(share, 100 - share) * TOLERANCE + 1e-6
        assert split.green > 0
    assert all(a.green <= b.green for a, b in pairwise(splits)), "green falls"
    assert all(a.blue >= b.blue for a, b in pairwise(splits)), "blue rises"
    assert splits[-1].blue == 0
    assert all(split.blue > 0 for split in splits[:-1])


@given(shares=PERCENTS | HALVES)
def test_no_mixture_of_two_neighbouring_stages_overshoots(shares: list[float]) -> None:
    splits = encode(shares)

    for before, after in pairwise(splits):
        raised_only = Split(before.blue, after.green)
        assert raised_only.share_percent <= after.share_percent
