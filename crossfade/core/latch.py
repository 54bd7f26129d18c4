"""Alarms that were seen in ALARM, whatever they are when somebody looks: a bad sign is not lost by being short.

Rule 1: a latch counts from when its alarm went into ALARM, not from when that was told; events come late, twice, and
in any order. Rule 2: it counts in the stage in which that happened, and in no other.
This file knows no EventBridge: it is given what was told.
"""

from collections.abc import Sequence
from datetime import datetime

from crossfade.core.model import Model


class Latch(Model):
    """
    One time that an alarm went into ALARM.

    Attributes:
        alarm: Its name.
        at: When its state changed, UTC.
        reason: CloudWatch's words.
    """

    alarm: str
    at: datetime
    reason: str = ""


def latched_since(latches: Sequence[Latch], began: datetime) -> tuple[str, ...]:
    """The names of the alarms that went into ALARM at or after *began*, each once, in order."""
    return tuple(dict.fromkeys(latch.alarm for latch in latches if latch.at >= began))
