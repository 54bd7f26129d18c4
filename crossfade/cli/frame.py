"""One look at a running migration: what every view shows, whatever it was read from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crossfade.core.plan import Plan


@dataclass(frozen=True, slots=True)
class HostRow:
    """
    One host.

    Attributes:
        host: Its name.
        blue: Blue's weight in Route 53, 0 to 255; None while there is no record.
        green: Green's weight, likewise.
        observed_percent: Green's share of the requests of the last minute; None without requests.
        errors_percent: Failed requests of the last minute on green; None without requests.
        alarms: The worst state of its alarms, in CloudWatch's words.
    """

    host: str
    blue: int | None
    green: int | None
    observed_percent: float | None
    errors_percent: float | None
    alarms: str

    @property
    def written_percent(self) -> float | None:
        """Green's share as the weights say."""
        if self.blue is None or self.green is None or self.blue + self.green == 0:
            return None
        return 100 * self.green / (self.blue + self.green)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline: when, a short kind, and a sentence."""

    at: datetime
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """
    What is shown at one moment.

    Attributes:
        now: UTC.
        elapsed: Since the start.
        title: Plan and clusters.
        doing: The state that the machine is in, in words.
        next_event: What happens next, and when.
        stages: Wanted shares of all stages, in percent.
        stage: Index of the current stage; -1 before the first.
        waves: Names of the waves, by the index of their first stage; empty when all workloads move together.
        progress: 0.0 to 1.0 of the expected duration.
        rolling_back: Whether traffic is on its way back.
        hosts: One a workload.
        lines: The timeline so far.
        requests: Served so far, all hosts.
        failed: Of them, failed.
        fault: What was broken on purpose; empty for nothing.
    """

    now: datetime
    elapsed: timedelta
    title: str
    doing: str
    next_event: str
    stages: tuple[float, ...]
    stage: int
    progress: float
    rolling_back: bool
    hosts: tuple[HostRow, ...]
    lines: tuple[Line, ...] = field(default=())
    requests: int = 0
    failed: int = 0
    fault: str = ""
    waves: Mapping[int, str] = field(default_factory=dict)


def rough_length(plan: Plan) -> timedelta:
    """A rough length for the progress bar: bakes, the soak, and three minutes of DNS a stage."""
    return sum((stage.bake for stage in plan.stages), plan.soak) + timedelta(minutes=3) * len(plan.stages)
