"""The switches, in memory: what was flipped last, by workload."""

from collections.abc import Sequence
from datetime import datetime

from crossfade.errors import AlarmsUnavailableError


class KeptSwitch:
    """
    See `ports.Switch`.

    Attributes:
        out: Names of the workloads whose green is out.
        flips: Every flip: the name, and whether it went out.
        works: Whether anything can be flipped.
    """

    def __init__(self) -> None:
        self.out: set[str] = set()
        self.flips: list[tuple[str, bool]] = []
        self.works = True

    def flip(self, zone: str, workloads: Sequence[str], *, out: bool, now: datetime) -> None:
        """See `ports.Switch.flip`."""
        del zone, now  # there is one zone, and it takes effect at once
        if not self.works:
            msg = "CloudWatch did not answer cloudwatch:PutMetricData; it is tried again"
            raise AlarmsUnavailableError(msg)
        for name in workloads:
            self.flips.append((name, out))
            (self.out.add if out else self.out.discard)(name)
