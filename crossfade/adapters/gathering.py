"""Many calls at once, one deterministic result: what came back in order, or the worst error with all names."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from crossfade.errors import CrossfadeError, PermanentError, SupersededError

T = TypeVar("T")


def gather(calls: Sequence[Callable[[], T]], *, workers: int) -> list[T | CrossfadeError]:
    """
    Make all *calls*, at most *workers* at a time, and give back results or our errors in the order of *calls*.

    Raises:
        Exception: Whatever is not one of our errors, after all calls have ended.
    """

    def attempt(call: Callable[[], T]) -> T | CrossfadeError:
        try:
            return call()
        except CrossfadeError as error:
            return error

    if min(workers, len(calls)) <= 1:
        return [attempt(call) for call in calls]
    with ThreadPoolExecutor(max_workers=min(workers, len(calls))) as pool:
        return list(pool.map(attempt, calls))


def split(results: Sequence[T | CrossfadeError]) -> tuple[list[T], list[CrossfadeError]]:
    """What came back and what failed, each in order."""
    errors = [result for result in results if isinstance(result, CrossfadeError)]
    return [result for result in results if not isinstance(result, CrossfadeError)], errors


def raise_worst(errors: Sequence[CrossfadeError]) -> None:
    """
    Raise one error for all *errors*, with their messages: superseded before permanent before temporary.

    Raises:
        CrossfadeError: Of the class of the worst one; nothing is raised when *errors* is empty.
    """
    if not errors:
        return
    worst = min(errors, key=_rank)
    if len(errors) == 1:
        raise worst
    words = dict.fromkeys(str(error) for error in (worst, *errors))
    shown = "; ".join(list(words)[:_NAMED])
    more = f"; and {len(words) - _NAMED} more like these" if len(words) > _NAMED else ""
    msg = f"{shown}{more}"
    raise type(worst)(msg) from worst


_NAMED = 3
"""So many errors are told in full; a page of the same sentence is not read."""


def _rank(error: CrossfadeError) -> int:
    if isinstance(error, SupersededError):
        return 0
    return 1 if isinstance(error, PermanentError) else 2
