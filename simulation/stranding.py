"""What blue can still do: a dead one is never raised in place of a green that serves (I1), and no stage leans on one
that has shrunk (I11).

The product cannot know more than it was told, so a workload counts only where it was told, when the rollback began,
that blue has had no target for two whole minutes. A blue that dies later is a gap of the catalogue.
A stage that has begun is not stopped because blue shrinks; the next one is not begun.
"""

from collections.abc import Callable
from dataclasses import dataclass

from crossfade.core.record import Outcome, Record
from crossfade.core.weight import Side
from simulation.cloudwatch import SimulatedMetrics
from simulation.estate import Change, Estate

_DEAD_SECONDS = 180
"""A blue that is dead for so long has been counted without a target in two whole minutes."""
_SHRUNK_SECONDS = 180
_LEFT_TO_PEOPLE = {Outcome.HELD, Outcome.ROLLBACK_UNCONFIRMED}


@dataclass
class Stranding:
    """
    Watches one run.

    Args:
        estate: Whether blue lives.
        metrics: Whether the product was told.
        violated: Told of every violation: the number, and words.

    Attributes:
        kept: Workloads that the product has left on green because of it.
    """

    estate: Estate
    metrics: SimulatedMetrics
    violated: Callable[[str, str], None]
    kept: frozenset[str] = frozenset()
    _stranded: frozenset[str] = frozenset()
    _by: str = ""
    _stage: int = -1
    _was_short: bool = False

    def wrote(self, change: Change, record: Record) -> None:
        """With the first write of a stage blue has not been without half of its targets for minutes."""
        if record.stage == self._stage:
            return
        self._stage = record.stage
        self.estate.elapse()
        short_for = self.estate.users.short_for(self.estate.seconds)
        if record.stage <= 0 or short_for == self.estate.seconds:
            self._was_short = short_for > 0  # then it had no more at the start
        elif short_for > _SHRUNK_SECONDS and not self._was_short:
            what = f"{change.workload}: stage {record.stage + 1} began {short_for:.0f} s after blue had shrunk"
            self.violated("I11", what)

    def began(self, record: Record, returning: frozenset[str]) -> None:
        """The rollback of *record* has begun, in which all of *returning* are to be given back."""
        self.estate.elapse()
        self.kept |= frozenset(record.stranded)
        served = self.estate.seconds - self.estate.users.dead_until
        if record.stranded and served > _DEAD_SECONDS:
            self.violated("I1", f"{', '.join(record.stranded)} kept from a blue that has served for {served:.0f} s")
        dead_for = self.estate.users.dead_for(self.estate.seconds)
        if dead_for < _DEAD_SECONDS or self.metrics.told_at < self.estate.seconds:
            return
        self._stranded = frozenset(name for name in returning if self.estate.listed[name, Side.GREEN])
        self._by = record.migration

    def saw(self, change: Change) -> None:
        """Nobody goes to a dead blue from a green that serves."""
        if change.ours and change.workload in self._stranded and self.estate.is_blue_dead:
            what = f"{change.workload}: {change.side} {change.before} to {change.after} while blue is dead"
            self.violated("I1", what)

    def ended(self, record: Record) -> None:
        """Where a dead blue has kept somebody on green, no other end is claimed."""
        if self._stranded and record.migration == self._by and record.outcome not in _LEFT_TO_PEOPLE:
            self.violated("I1", f"blue is dead under {self._names} and it ended as {record.outcome}")

    def told(self, *, paged: bool) -> None:
        """When everything is quiet somebody has been called."""
        if self._stranded and not paged:
            self.violated("I1", f"blue is dead under {self._names} and nobody was paged")

    @property
    def _names(self) -> str:
        return ", ".join(sorted(self._stranded))
