"""The share that the written weights express, over time: from the baseline and the writes, never from traffic."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from crossfade.core.record import Baseline
from crossfade.core.weight import PERCENT
from crossfade.report.model import WriteEntry

Step = tuple[datetime, float | None]
"""From this instant on, this share in percent; None while a weight is absent or both are 0."""


def share_steps(began: datetime, baseline: Baseline, writes: Sequence[WriteEntry]) -> tuple[Step, ...]:
    """The share of one workload from *began* on; *writes* of other workloads are passed over."""
    weights = {"blue": baseline.blue, "green": baseline.green}
    steps: list[Step] = [(began, _share(weights))]
    for write in writes:
        if write.workload == baseline.workload:
            weights[write.side] = write.after
            steps.append((write.at, _share(weights)))
    return tuple(steps)


def mean_steps(workloads: Sequence[Sequence[Step]]) -> tuple[Step, ...]:
    """The mean share over several workloads, each counting the same; a workload without a share does not count."""
    instants = sorted({at for steps in workloads for at, _ in steps})
    means = [(at, _mean([share_at(steps, at) for steps in workloads])) for at in instants]
    return tuple(means[:1] + [step for before, step in pairwise(means) if step[1] != before[1]])


def share_at(steps: Sequence[Step], at: datetime) -> float | None:
    """The share in force at *at*; None before the first step."""
    index = bisect_right([instant for instant, _ in steps], at) - 1
    return steps[index][1] if index >= 0 else None


def _share(weights: dict[str, int | None]) -> float | None:
    blue, green = weights["blue"], weights["green"]
    if blue is None or green is None or blue + green == 0:
        return None
    return PERCENT * green / (blue + green)


def _mean(shares: Sequence[float | None]) -> float | None:
    known = [share for share in shares if share is not None]
    return sum(known) / len(known) if known else None
