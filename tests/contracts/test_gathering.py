"""Many calls at once: results in order, errors by rank."""

import threading
from functools import partial

import pytest

from crossfade.adapters.gathering import gather, raise_worst, split
from crossfade.errors import (
    CrossfadeError,
    RouterRefusedError,
    RouterThrottledError,
    RouterUnavailableError,
    SupersededError,
)

WORKERS = pytest.mark.parametrize("workers", [1, 3])


@WORKERS
def test_results_come_in_the_order_of_the_calls(workers: int) -> None:
    assert gather([partial(pow, n, 2) for n in range(20)], workers=workers) == [n * n for n in range(20)]


@WORKERS
def test_all_calls_are_made_although_some_fail(workers: int) -> None:
    def call(number: int) -> int:
        if number % 2:
            raise RouterUnavailableError(str(number))
        return number

    results, errors = split(gather([partial(call, n) for n in range(5)], workers=workers))

    assert results == [0, 2, 4]
    assert [str(error) for error in errors] == ["1", "3"]


def test_calls_are_made_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=5)

    assert len(gather([both.wait, both.wait], workers=2)) == 2


@WORKERS
def test_an_error_that_is_not_ours_passes(workers: int) -> None:
    with pytest.raises(ZeroDivisionError):
        gather([lambda: 1, lambda: 1 // 0], workers=workers)


def test_nothing_to_do_is_nothing_done() -> None:
    assert gather([], workers=8) == []
    raise_worst([])


THROTTLED, REFUSED, SUPERSEDED = RouterThrottledError("a"), RouterRefusedError("b"), SupersededError("c")


@pytest.mark.parametrize(
    ("errors", "worst", "says"),
    [
        pytest.param([THROTTLED], RouterThrottledError, "^a$", id="one"),
        pytest.param([THROTTLED, REFUSED], RouterRefusedError, "^b; a$", id="permanent before temporary"),
        pytest.param([REFUSED, THROTTLED, SUPERSEDED], SupersededError, "^c; b; a$", id="superseded before all"),
        pytest.param([THROTTLED, RouterThrottledError("a")], RouterThrottledError, "^a$", id="the same is told once"),
    ],
)
def test_the_worst_error_is_raised_with_the_words_of_all(
    errors: list[CrossfadeError], worst: type[CrossfadeError], says: str
) -> None:
    with pytest.raises(worst, match=says):
        raise_worst(errors)


def test_a_page_of_errors_is_cut_short() -> None:
    with pytest.raises(RouterThrottledError, match=r"^0; 1; 2; and 7 more like these$"):
        raise_worst([RouterThrottledError(str(number)) for number in range(10)])
