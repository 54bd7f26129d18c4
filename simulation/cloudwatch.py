"""What tells of the estate's health: alarms, metrics and the load balancers themselves, as the ports ask for them.

They say what is true at the moment, unless the estate has the trouble that they do not.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from crossfade.core.probe import Answer, Answers, Heard
from crossfade.core.record import Ends
from crossfade.core.series import MINUTE, Minute, Series
from crossfade.core.verdict import Alarm, AlarmState
from crossfade.core.weight import Side
from crossfade.core.workload import Workload
from crossfade.errors import AlarmsUnavailableError
from simulation.estate import Estate


class SimulatedAlarms:
    """CloudWatch, as `ports.AlarmSource`: green's alarms follow the troubles of the estate."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self.reads: list[tuple[float, frozenset[AlarmState]]] = []
        self.asked: list[frozenset[str]] = []

    def read(self, names: Sequence[str]) -> Mapping[str, Alarm]:
        """See `ports.AlarmSource.read`."""
        if "cloudwatch" in self._estate.broken:
            msg = "CloudWatch does not answer; it is tried again"
            raise AlarmsUnavailableError(msg)
        return self._estate.seams.call("cloudwatch: read", lambda: self._read(names), AlarmsUnavailableError)

    def _read(self, names: Sequence[str]) -> dict[str, Alarm]:
        found = {name: Alarm(name, self._state(name)) for name in names}
        if "alarm_deleted" in self._estate.broken:
            found.pop(names[0])
        states = {alarm.state for alarm in found.values()}
        if len(found) < len(names):
            states.add(AlarmState.MISSING)
        self.reads.append((self._estate.seconds, frozenset(states)))
        self.asked.append(frozenset(names))
        return found

    def _state(self, alarm: str) -> AlarmState:
        if any(
            alarm in workload.alarms and self._estate.is_bad(workload.name) for workload in self._estate.plan.workloads
        ):
            return AlarmState.ALARM
        if "green_alarm_silent" in self._estate.broken:
            return AlarmState.INSUFFICIENT_DATA
        return AlarmState.OK


class SimulatedMetrics:
    """
    CloudWatch, as `ports.MetricSource`: what users have done, published as soon as a minute is over.

    Attributes:
        told_at: When it answered last, in seconds since the start; less than 0 for never.
    """

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self.told_at = -1.0

    def read(
        self, workloads: Sequence[Workload], *, since: datetime, until: datetime, ends: Sequence[Ends] = ()
    ) -> Mapping[str, Series]:
        """See `ports.MetricSource.read`."""
        del ends  # here the load balancers are known without the zone
        if "cloudwatch" in self._estate.broken:
            msg = "CloudWatch does not answer; it is tried again"
            raise AlarmsUnavailableError(msg)

        def read() -> dict[str, Series]:
            self._estate.elapse()
            first = since.replace(second=0, microsecond=0) + MINUTE
            known = min(until, self._estate.clock.now)  # whose clock is ahead is not told of the future
            instants = [first + number * MINUTE for number in range((known - first) // MINUTE)]
            self.told_at = self._estate.seconds
            return {w.name: Series(w.name, tuple(self._minute(w.name, at) for at in instants)) for w in workloads}

        return self._estate.seams.call("cloudwatch: metrics", read, AlarmsUnavailableError)

    def _minute(self, workload: str, at: datetime) -> Minute:
        return self._estate.users.minute(workload, (at - self._estate.began) // MINUTE, at)


class SimulatedProbe:
    """The load balancers themselves, as `ports.Probe`: a bad green answers 502."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def ask(self, workloads: Sequence[Workload]) -> Mapping[str, Answers]:
        """See `ports.Probe.ask`."""
        green = 502 if "green_bad" in self._estate.broken else 200
        blue = 503 if self._estate.is_blue_dead else 200
        said = {Side.BLUE: Answer(Heard.STATUS, blue), Side.GREEN: Answer(Heard.STATUS, green)}
        names = [workload.name for workload in workloads if workload.probe]
        return self._estate.seams.call("https: ask", lambda: dict.fromkeys(names, said), AlarmsUnavailableError)
