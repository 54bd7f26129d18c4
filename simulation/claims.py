"""I19: what is claimed is true: how a migration ended, by what Route 53 lists, and its cost, by what users lost."""

from collections.abc import Callable
from dataclasses import dataclass

from crossfade.core.plan import OnFailure
from crossfade.core.record import Outcome, Record
from crossfade.core.weight import Side
from simulation.estate import Estate
from simulation.machine import Execution

_ROUNDED = 60
"""Requests that whole numbers a minute and workload may add up to."""
_CLAIMS = {
    Outcome.ROLLED_BACK: {Side.BLUE: 100, Side.GREEN: 0},
    Outcome.SUCCEEDED: {Side.BLUE: 0, Side.GREEN: 100},
}


@dataclass
class Claims:
    """
    Holds claims to the truth.

    Args:
        estate: The truth.
        violated: Told of every violation: the number, and words.
    """

    estate: Estate
    violated: Callable[[str, str], None]

    def made(self, record: Record) -> None:
        """When *record* says how it ended."""
        claimed = _CLAIMS.get(record.outcome) if record.outcome is not None else None
        for key, listed in self.estate.listed.items():
            if claimed is not None and listed != claimed[key[1]]:
                self.violated("I19", f"{record.outcome} was claimed while {key[0]} lists {key[1]} {listed}")
        if record.outcome is Outcome.PARTLY_ROLLED_BACK:
            self._honest_of_each(record)
        epochs = {change.epoch for change in self.estate.changes if change.ours}
        if record.outcome in {Outcome.REFUSED, Outcome.DRY_RUN} and record.epoch in epochs:
            self.violated("I19", f"{record.outcome} was claimed although weights were written")

    def _honest_of_each(self, record: Record) -> None:
        """Each host is all on one side, some on each, and none that has failed is on green."""
        at = {workload.name: place(self.estate, workload.name) for workload in self.estate.plan.workloads}
        names = {workload.name for workload in record.plan.workloads}
        for name in names:
            wanted = {(100, 0)} if name in record.left_out else {(100, 0), (0, 100)}
            if at[name] not in wanted:
                self.violated("I19", f"{record.outcome} was claimed while {name} is at {at[name]}")
        if len({at[name] for name in names}) == 1 or record.plan.on_failure is OnFailure.ALL:
            self.violated("I19", f"{record.outcome} was claimed while all hosts are on one side, or must be")

    def ended(self, execution: Execution, record: Record | None, *, paged: bool) -> None:
        """
        When an execution has ended by itself: it says what the record says, or worse, and then somebody was paged.

        Args:
            execution: As Step Functions shows it.
            record: Of this execution; None when it never opened one.
            paged: Whether somebody has been paged.
        """
        if execution.status not in {"SUCCEEDED", "FAILED"}:
            return  # stopped or timed out: the guardian's business
        outcome = record.outcome if record is not None else None
        said = execution.output.get("outcome") if execution.status == "SUCCEEDED" else execution.error
        good = outcome in {Outcome.SUCCEEDED, Outcome.DRY_RUN}
        agrees = said == outcome and good is (execution.status == "SUCCEEDED")
        never_began = said in {Outcome.REFUSED, Outcome.DUPLICATE} and (record is None or record.epoch == 0)
        unseen = said == Outcome.ROLLBACK_UNCONFIRMED and execution.status == "FAILED" and paged
        if not (agrees or never_began or unseen):
            words = f"{execution.status} with {said}"
            self.violated("I19", f"{execution.name} ended as {words} while its record says {outcome}")

    def charged(self, record: Record | None) -> None:
        """What a migration claims to have cost is not more than users have lost."""
        lost = self.estate.users.failed
        if record is not None and record.charge is not None and record.charge.failed > lost + _ROUNDED:
            self.violated("I19", f"{record.charge.failed:,} failed requests were charged, users have lost {lost:,.0f}")


def place(estate: Estate, workload: str) -> tuple[int, int]:
    """Blue's and green's weight of *workload*, as Route 53 lists them."""
    return estate.listed[workload, Side.BLUE], estate.listed[workload, Side.GREEN]
