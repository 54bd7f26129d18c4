"""What the evidence says: healthy, unhealthy or inconclusive, always with a reason.

Rule 1: no evidence is never good evidence. Rule 2: one bad sign outweighs any number of good ones.
This file knows no CloudWatch client; it is given what was read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """The three values of a verdict."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    INCONCLUSIVE = "inconclusive"  # no data: absence of traffic is not health


class AlarmState(StrEnum):
    """The states of a CloudWatch alarm, and one for an alarm that was asked for and did not come back."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    MISSING = "MISSING"


@dataclass(frozen=True, slots=True)
class Alarm:
    """
    A CloudWatch alarm as read.

    Attributes:
        name: Its name.
        state: Its state; MISSING when CloudWatch did not return it.
        reason: CloudWatch's words for the state.
    """

    name: str
    state: AlarmState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence says and why."""

    health: Health
    reason: str


def judge(asked: Sequence[str], alarms: Mapping[str, Alarm]) -> Verdict:
    """
    Judge by alarms alone: any ALARM is unhealthy, anything but OK for all of *asked* is inconclusive.

    Args:
        asked: Names of the alarms that must speak.
        alarms: What came back, by name.
    """
    found = [alarms.get(name, Alarm(name, AlarmState.MISSING)) for name in asked]
    firing = [alarm for alarm in found if alarm.state is AlarmState.ALARM]
    if firing:
        return Verdict(Health.UNHEALTHY, _sentence("in ALARM", firing))
    missing = [alarm for alarm in found if alarm.state is AlarmState.MISSING]
    if missing:
        return Verdict(Health.UNHEALTHY, _sentence("gone: it was there at the start", missing))
    silent = [alarm for alarm in found if alarm.state is AlarmState.INSUFFICIENT_DATA]
    if silent or not found:
        return Verdict(Health.INCONCLUSIVE, _sentence("without data", silent) if silent else "no alarm was asked for")
    return Verdict(Health.HEALTHY, f"all {len(found)} alarms are OK" if len(found) > 1 else f"{asked[0]} is OK")


def _sentence(state: str, alarms: Sequence[Alarm]) -> str:
    names = ", ".join(alarm.name for alarm in alarms)
    return f"{names} {'is' if len(alarms) == 1 else 'are'} {state}"
