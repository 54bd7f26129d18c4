"""EventBridge between the account and the doors that no machine calls: the news of alarms, and what wakes the guardian.

Events can be lost, and are tried again when nobody takes them. This file knows when functions are called, not why.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from crossfade.core.verdict import AlarmState
from crossfade.errors import CrossfadeError
from crossfade.names import ALARM_EVENT, ALARM_SOURCE, Function
from simulation.estate import Estate
from simulation.executions import Doors, ThrottledError
from simulation.faults import CrashError, LateError, Trouble
from simulation.machine import stamp

EVENT_DELAY: Final = timedelta(seconds=1)
_EVENT_TRIES: Final = 3
_EVENT_AGAIN: Final = 60.0
"""Lambda tries an event twice again, first a minute later."""


class Events:
    """
    The rules of the account.

    Args:
        doors: What is called by role.
        estate: Whose clock, alarms and seams it shares.

    Attributes:
        latched: Told of every alarm's event that was taken, with the seconds since the start when the alarm fired.
    """

    def __init__(self, doors: Doors, estate: Estate) -> None:
        self._doors = doors
        self._estate = estate
        self.latched: Callable[[float], None] = lambda _at: None

    def execution_ended(self) -> None:
        """Step Functions tells that one has ended, unless such events are lost."""
        if Trouble.STATUS_EVENTS.value not in self._estate.broken:
            self._estate.clock.after(EVENT_DELAY, self.wake_guardian)

    def tell_alarms(self) -> None:
        """EventBridge tells that every alarm went into ALARM; it tries again when nobody takes it."""
        at = self._estate.clock.now
        for name in self._estate.plan.alarms:
            state = {"value": AlarmState.ALARM.value, "timestamp": stamp(at), "reason": "simulated"}
            event = {"source": ALARM_SOURCE, "detail-type": ALARM_EVENT, "detail": {"alarmName": name, "state": state}}
            self._estate.later(EVENT_DELAY.total_seconds(), partial(self._deliver, event, at, tries=_EVENT_TRIES))

    def _deliver(self, event: dict[str, Any], at: datetime, *, tries: int) -> None:
        if Trouble.ALARM_EVENTS.value in self._estate.broken:
            return
        door = self._doors[Function.LATCH_ALARM.value]
        try:
            self._estate.seams.call("lambda: latch_alarm", lambda: door(event, None), ThrottledError, late=False)
        except (CrossfadeError, CrashError, LateError, ThrottledError):
            if tries > 1:
                self._estate.later(_EVENT_AGAIN, partial(self._deliver, event, at, tries=tries - 1))
        else:
            self.latched((at - self._estate.began).total_seconds())

    def wake_guardian(self) -> None:
        """Wake the guardian as EventBridge does; what goes wrong is its own business, the next minute comes."""
        event = {"time": stamp(self._estate.clock.now)}
        with suppress(CrossfadeError, CrashError, LateError, ThrottledError):
            door = self._doors[Function.GUARDIAN.value]
            self._estate.seams.call("lambda: guardian", lambda: door(event, None), ThrottledError, late=False)
        self._estate.watch()
