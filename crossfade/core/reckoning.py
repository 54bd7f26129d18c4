"""Expected, worst and actual: what the plan said that a bad green may cost, beside what this migration has cost.

The figures of the plan are those of its preview, for the case at hand: a green that was bad from its first user on
when it was given up in the first stage, or never; else one that turned bad in the stage in which it was given up.
"""

from dataclasses import dataclass

from crossfade.core.charge import told
from crossfade.core.preview import Failures, preview
from crossfade.core.record import Record


@dataclass(frozen=True, slots=True)
class Reckoning:
    """
    Failed requests.

    Attributes:
        actual: Charged; None when nothing was counted.
        budget: How many may fail; None without a budget.
        foreseen: For a bad green; None when the plan has no rates.
    """

    actual: int | None
    budget: int | None
    foreseen: Failures | None

    @property
    def words(self) -> str:
        """For people; empty when nothing was counted."""
        if self.actual is None:
            return ""
        figures = (self.foreseen.expected, self.foreseen.worst) if self.foreseen else (None, None)
        expected, worst = (None if figure is None else f"{figure:,.0f}" for figure in figures)
        beside = f" (a bad green was expected to fail {expected}, {worst} at worst)" if expected and worst else ""
        return f"{told(self.actual, self.budget)}{beside}"

    def to_json(self) -> dict[str, int | None]:
        """For programs, in whole requests."""
        expected, worst = (self.foreseen.expected, self.foreseen.worst) if self.foreseen else (None, None)
        return {
            "actual": self.actual,
            "budget": self.budget,
            "expected": None if expected is None else round(expected),
            "worst": None if worst is None else round(worst),
        }


def reckoning(record: Record) -> Reckoning:
    """What *record* says, running or ended."""
    actual = record.charge.failed if record.charge else None
    return Reckoning(actual, record.plan.failed_requests, _foreseen(record))


def _foreseen(record: Record) -> Failures | None:
    rates = record.plan.requests_per_second
    if rates is None:
        return None
    costs = preview(record.plan, requests_per_second=rates)
    if record.rollback_began is None or record.stage < 1:
        return costs.bad_from_start
    return costs.stages[min(record.stage, len(costs.stages) - 1)].turns_bad
