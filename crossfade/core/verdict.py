"""What the evidence says: healthy, unhealthy or inconclusive, always with a reason.

Rule 1: no evidence is never good evidence. Rule 2: one bad sign outweighs any number of good ones.
This file judges alarms, `evidence` the raw series, `assessment` puts both together. None knows a CloudWatch client.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from crossfade.core.definition import Definition


class Health(StrEnum):
    """The three values of a verdict."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    INCONCLUSIVE = "inconclusive"  # no data: absence of traffic is not health


class Cause(StrEnum):
    """What a verdict rests on. The values stand in the timeline."""

    GOOD = "good"  # everything spoke, and nothing bad was said
    ALARM = "alarm"  # an alarm is in ALARM, or was since the stage began
    ALARM_GONE = "alarm_gone"  # an alarm that was there at the start is not there any more
    WORSE_THAN_BLUE = "worse_than_blue"  # green fails more than blue over the same minutes
    TOO_MANY_ERRORS = "too_many_errors"  # green fails more than is tolerated, and blue does not
    PROBE_FAILED = "probe_failed"  # green does not answer a probe as it should, and blue does
    NO_TARGETS = "no_targets"  # green's load balancer has no healthy target
    COMMON_CAUSE = "common_cause"  # both sides are sick; giving traffic back would not help
    NO_TRAFFIC = "no_traffic"  # the shift is not taking effect
    TOO_MUCH_TRAFFIC = "too_much_traffic"  # green has far more traffic than its weight gives it
    TOO_FEW_REQUESTS = "too_few_requests"  # not enough to say anything
    UNCERTAIN = "uncertain"  # more errors than tolerated, not enough of them to be sure
    ALARM_SILENT = "alarm_silent"  # an alarm has no data
    ALARM_BLIND = "alarm_blind"  # an alarm watches a load balancer or target group that is not green's any more
    ALARM_EDITED = "alarm_edited"  # an alarm was edited since the start, and nobody has accepted that
    DRIFT = "drift"  # somebody else changed a weight
    UNREADABLE = "unreadable"  # the series could not be read, or green could not be probed


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
        sees: The load balancers and target groups in the dimensions of its metrics, as CloudWatch names them.
        definition: What it was told; None when that is not known.
    """

    name: str
    state: AlarmState
    reason: str = ""
    sees: tuple[str, ...] = ()
    definition: Definition | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence says, why in one sentence, and what that rests on."""

    health: Health
    reason: str
    cause: Cause = Cause.GOOD


def judge(
    asked: Sequence[str],
    alarms: Mapping[str, Alarm],
    latched: Sequence[str] = (),
    doubts: Mapping[str, Verdict] | None = None,
) -> Verdict:
    """
    Judge by alarms alone: any ALARM is unhealthy, anything but OK for all of *asked* is inconclusive.

    What is in doubt is never good; in ALARM it is bad all the same.

    Args:
        asked: Names of the alarms that must speak.
        alarms: What came back, by name.
        latched: Names of alarms that were in ALARM since the stage began, whatever they are now.
        doubts: Why some cannot be believed, by name.
    """
    found = [alarms.get(name, Alarm(name, AlarmState.MISSING)) for name in asked]
    if firing := in_state(found, AlarmState.ALARM):
        return Verdict(Health.UNHEALTHY, _sentence("in ALARM", firing), Cause.ALARM)
    if missing := in_state(found, AlarmState.MISSING):
        return Verdict(Health.UNHEALTHY, _sentence("gone: it was there at the start", missing), Cause.ALARM_GONE)
    if fired := [alarm for alarm in found if alarm.name in latched]:
        return Verdict(Health.UNHEALTHY, _sentence("OK again after an ALARM since the stage began", fired), Cause.ALARM)
    if doubted := [doubts[name] for name in asked if name in doubts] if doubts else []:
        return _doubt(doubted)
    silent = in_state(found, AlarmState.INSUFFICIENT_DATA)
    if silent or not found:
        reason = _sentence("without data", silent) if silent else "no alarm was asked for"
        return Verdict(Health.INCONCLUSIVE, reason, Cause.ALARM_SILENT)
    return Verdict(Health.HEALTHY, f"all {len(found)} alarms are OK" if len(found) > 1 else f"{asked[0]} is OK")


def _doubt(doubted: Sequence[Verdict]) -> Verdict:
    told = [verdict.reason for verdict in doubted[:_NAMED]]
    more = [f"and {len(doubted) - _NAMED} more alarms"] if len(doubted) > _NAMED else []
    return Verdict(Health.INCONCLUSIVE, "; ".join([*told, *more]), doubted[0].cause)


def in_state(alarms: Sequence[Alarm], state: AlarmState) -> list[Alarm]:
    """Those of *alarms* that are in *state*, in order."""
    return [alarm for alarm in alarms if alarm.state is state]


def in_order_of_gravity(states: Iterable[str]) -> list[str]:
    """*states* of alarms, the worst first."""
    gravity = [AlarmState.ALARM, AlarmState.MISSING, AlarmState.INSUFFICIENT_DATA, AlarmState.OK]
    return sorted(states, key=lambda state: gravity.index(AlarmState(state)))


_NAMED = 2
"""So many alarms are told by name; a longer list is not read."""


def _sentence(state: str, alarms: Sequence[Alarm]) -> str:
    names = ", ".join(alarm.name for alarm in alarms[:_NAMED])
    more = f" and {len(alarms) - _NAMED} more" if len(alarms) > _NAMED else ""
    return f"{names}{more} {'is' if len(alarms) == 1 else 'are'} {state}"
