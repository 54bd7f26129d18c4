"""What a person types while a migration runs: a hold or an abort, as the command line sends it.

Whether the word makes sense at that moment the product decides; who is refused goes away. This file knows no invariant.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from crossfade.core.signals import Signal, SignalKind
from crossfade.core.steering import Steered, signal_for
from crossfade.core.timeline import Event
from crossfade.errors import CrossfadeError
from crossfade.names import TimelineEvent
from crossfade.steps.wake import wake
from simulation.estate import Estate
from simulation.executions import Executions
from simulation.faults import CrashError, LateError
from simulation.ledger import SimulatedLedger
from simulation.scenario import MIGRATION

_BY: Final = "arn:aws:sts::123456789012:assumed-role/platform/ana"


@dataclass
class Commands:
    """
    The one person of a run who types.

    Args:
        estate: Whose clock the person goes by.
        ledger: Where words are left.
        executions: What they wake.

    Attributes:
        sent: What was left, oldest first; what the person was told has failed is not among it.
    """

    estate: Estate
    ledger: SimulatedLedger
    executions: Executions
    sent: list[Signal] = field(default_factory=list)

    def hold(self, lasts: timedelta) -> None:
        """Hold the migration for as long as *lasts*."""
        self._send(SignalKind.HOLD, lasts)

    def abort(self) -> None:
        """Abort it."""
        self._send(SignalKind.ABORT)

    def _send(self, kind: SignalKind, hold: timedelta | None = None) -> None:
        with suppress(CrossfadeError, CrashError, LateError):
            brief = self.ledger.brief(MIGRATION)
            record, now = brief.record, self.estate.clock.now
            if record is None or not (self.executions[MIGRATION].is_running or record.orphaned):
                return
            signal = signal_for(Steered(record, brief.signals, now), kind, by=_BY, reason="simulated", hold=hold)
            self.ledger.signal(MIGRATION, signal)
            self.sent.append(signal)
            self.ledger.append(MIGRATION, Event(signal.at, TimelineEvent.SIGNALLED.value, f"{kind.value} by {_BY}"))
            wake(self.ledger, self.executions, MIGRATION, now=now)
