"""The person of the demo: looks in now and then, and approves a stage that waits, as `crossfade approve` does."""

from datetime import timedelta
from functools import partial
from typing import Final

import boto3

from crossfade.adapters.step_functions import StepFunctionsExecutions
from crossfade.cli.embedded import Embedded
from crossfade.core.signals import SignalKind
from crossfade.core.situation import Phase
from crossfade.core.steering import Steered, signal_for
from crossfade.core.timeline import Event
from crossfade.names import TimelineEvent
from crossfade.steps.wake import wake

LOOKS_IN: Final = timedelta(minutes=5)
"""Between two looks: nobody waits for a person who answers at once."""
_ANSWERED: Final = timedelta(seconds=1)
"""A call takes a moment, so that the approval stands in the timeline before what follows from it."""
_WHO: Final = "arn:aws:sts::123456789012:assumed-role/Operator/ann"
_REASON: Final = "green looks good"


class Approver:
    """
    Approves whatever waits for it.

    Args:
        world: Where the migration runs.
    """

    def __init__(self, world: Embedded) -> None:
        self._world = world

    def look(self, migration: str) -> bool:
        """Look at *migration*, and approve its stage if it waits for that; whether it did."""
        ledger, now = self._world.ledger, self._world.clock.now
        record = ledger.load(migration)
        if record is None:
            return False
        steered = Steered(record, ledger.signals(migration), now)
        if steered.phase is not Phase.WAITING:
            return False
        signal = signal_for(steered, SignalKind.APPROVE, by=_WHO, reason=_REASON, stage=record.stage)
        ledger.signal(migration, signal)
        text = f"approved by {signal.by}: {signal.reason}"
        ledger.append(migration, Event(at=signal.at, what=TimelineEvent.SIGNALLED.value, text=text))
        self._world.clock.after(_ANSWERED, partial(self._wake, migration))
        return True

    def _wake(self, migration: str) -> None:
        sleepers = StepFunctionsExecutions(boto3.client("stepfunctions"))
        wake(self._world.ledger, sleepers, migration, now=self._world.clock.now)
