"""Who makes the runs of a search: this process, or several that share them.

Results come in the order in which runs were asked for, so that what is found does not depend on how many share them.
This file knows nothing of how runs are chosen.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Final

from simulation.scenario import Result, Scenario
from simulation.session import Session

Runs = Callable[[Iterable[Scenario]], Iterator[Result]]

_CHUNK: Final = 16
"""So many runs are handed over at once: they take about half a second."""
_sessions: Final[list[Session]] = []


@contextmanager
def crew(template: Mapping[str, Any], *, processes: int) -> Iterator[Runs]:
    """
    Give what runs scenarios and yields their results in the same order.

    Args:
        template: The synthesised template of the main stack.
        processes: How many share the runs; 1 is this one.
    """
    if processes == 1:
        session = Session(template)
        yield lambda scenarios: map(session.attempt, scenarios)
        return
    workers = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin, initargs=(template,))
    try:
        yield lambda scenarios: workers.map(_attempt, scenarios, chunksize=_CHUNK)
    finally:
        workers.shutdown(cancel_futures=True)


def _begin(template: Mapping[str, Any]) -> None:
    """A process has one session for all of its runs."""
    _sessions.append(Session(template))


def _attempt(scenario: Scenario) -> Result:
    return _sessions[0].attempt(scenario)
