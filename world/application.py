"""What runs behind the load balancers of one cluster: how often it fails, and whether it passes its health checks."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from world.chance import binomial

UNHEALTHY_AFTER: Final = timedelta(seconds=30)
"""Two failed health checks, 15 s apart: the controller's default."""
TARGETS: Final = 2
HEALTHY_ERROR_RATE: Final = 0.0001
"""What a healthy application answers with 5xx: a fraction, 0 to 1."""


@dataclass(slots=True)
class Application:
    """
    What runs behind the load balancers of one cluster.

    Attributes:
        error_rate: Fraction of requests answered with 5xx, 0 to 1.
        crashed: When it began to answer everything, health checks too, with 5xx; None while it runs.
        response_seconds: Mean time to answer.
        parts: What runs for single hosts and differs from the rest, by host.
    """

    error_rate: float = HEALTHY_ERROR_RATE
    crashed: datetime | None = None
    response_seconds: float = 0.04
    parts: dict[str, "Application"] = field(default_factory=dict)

    def of(self, host: str) -> "Application":
        """What answers the requests for *host*."""
        return self.parts.get(host, self)

    def failures(self, requests: int, random: Random) -> int:
        """How many of *requests* it answers with 5xx."""
        return requests if self.crashed else binomial(random, requests, self.error_rate)

    def healthy_targets(self, now: datetime) -> int:
        """How many of its targets pass their health checks."""
        return 0 if self.crashed and now - self.crashed >= UNHEALTHY_AFTER else TARGETS
