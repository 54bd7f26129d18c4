"""What runs behind the workloads in one cluster: pods, autoscalers, CronJobs, queue consumers. Plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ScalerFacts:
    """
    A HorizontalPodAutoscaler.

    Attributes:
        floor: The fewest pods that it lets run.
        ceiling: The most.
        now: How many run now.
    """

    floor: int
    ceiling: int
    now: int


@dataclass(frozen=True, slots=True)
class RunningFacts:
    """
    What runs in the namespaces of a plan's workloads, in one cluster.

    Attributes:
        ready: How many ready pods are behind the Services of a workload, by its name; absent where no Service is told.
        scalers: By `namespace/name`.
        jobs: CronJobs that are not suspended, as `namespace/name`.
        consumers: How many pods are ready of each declared queue consumer that is there, by `namespace/name`.
        unseen: What was not to be read, and why.
    """

    ready: Mapping[str, int] = field(default_factory=dict)
    scalers: Mapping[str, ScalerFacts] = field(default_factory=dict)
    jobs: frozenset[str] = frozenset()
    consumers: Mapping[str, int] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
