"""The users: resolvers that cache answers, clients that keep connections, and what becomes of their requests.

Most resolvers ask again when the TTL of 60 s is over; some keep answers much longer; some clients keep a connection
and do not ask at all. So the share that is observed lags the weights, and never equals them.
Followers of the TTL are a fluid with the noise of a finite number of resolvers; the others are cohorts of their own.

Sources: "resolvers that extend TTLs" (PAM 2023: 8.7 %); ALB client keep-alive 3600 s.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from world.chance import about, divide
from world.clock import Appointment, Clock
from world.load_balancers import LoadBalancers
from world.metrics import LoadBalancerMetrics
from world.route53_records import Answer

STEP: Final = timedelta(seconds=15)
TTL: Final = timedelta(seconds=60)
"""Of an alias to a load balancer; not settable."""
REQUESTS_PER_SECOND: Final = 50.0

VIOLATORS: Final = 0.07
"""The fraction of traffic behind resolvers that extend the TTL."""
POOLED: Final = 0.10
"""The fraction of traffic on connections that outlive the TTL."""

_COHORTS = 24
_RESOLVERS = 160
_VIOLATION = (6.4, 0.9)  # lognormal: a median of 10 minutes
_KEEP_ALIVE_SECONDS = 3600.0
_CONNECTION_SECONDS = 300.0
_NOWHERE = ""

Answers = Callable[[str], Sequence[Answer]]
"""What authoritative servers answer for a host now."""


@dataclass(slots=True)
class Counts:
    """Requests: all of them, and those that failed."""

    total: int = 0
    failed: int = 0

    def add(self, total: int, failed: int) -> None:
        """Count *total* more, *failed* of them failed."""
        self.total += total
        self.failed += failed


@dataclass(slots=True)
class _Cohort:
    """Clients that share one cached answer or one pool of connections."""

    weight: float
    lifetime: Callable[[], float]
    target: str = _NOWHERE
    until: float = 0.0


@dataclass(slots=True)
class Traffic:
    """
    What one host's users got: the truth, not what CloudWatch says.

    Attributes:
        all: Since the beginning.
        by_side: The same for each side; the key is empty for requests that found no server.
        recent: One entry a step, for the last minute: (all, failed) by side.
    """

    all: Counts = field(default_factory=Counts)
    by_side: dict[str, Counts] = field(default_factory=dict)
    recent: deque[dict[str, tuple[int, int]]] = field(default_factory=lambda: deque(maxlen=TTL // STEP))

    def last_minute(self) -> dict[str, Counts]:
        """The last minute's requests by side."""
        counts: dict[str, Counts] = {}
        for step in self.recent:
            for side, (total, failed) in step.items():
                counts.setdefault(side, Counts()).add(total, failed)
        return counts

    def share(self, side: str) -> float | None:
        """The fraction of the last minute's requests that *side* served, 0 to 1; None without requests."""
        counts = self.last_minute()
        total = sum(one.total for one in counts.values())
        return counts.get(side, Counts()).total / total if total else None


class Population:
    """
    The users of one host.

    Args:
        host: What they ask for.
        answers: The authoritative servers.
        random: What they draw from.
        requests_per_second: Of all of them.

    Attributes:
        traffic: What they got so far.
    """

    def __init__(self, host: str, answers: Answers, random: Random, requests_per_second: float) -> None:
        self.host = host
        self.traffic = Traffic()
        self._answers = answers
        self._random = random
        self._rate = requests_per_second
        self._followers: deque[dict[str, float]] = deque(maxlen=TTL // STEP)
        self._cohorts = [
            *(_Cohort(VIOLATORS / _COHORTS, self._violation) for _ in range(_COHORTS)),
            *(_Cohort(POOLED / _COHORTS, self._connection) for _ in range(_COHORTS)),
        ]

    def step(self, now: datetime) -> dict[str, int]:
        """Let one step pass: some ask again, all send requests; the value is how many each target gets."""
        self._ask(now.timestamp())
        return divide(self._random, about(self._random, self._rate * STEP.total_seconds()), self._shares())

    def note(self, served: Mapping[str, tuple[int, int]]) -> None:
        """Count what became of one step's requests: (all, failed) by side."""
        for side, (total, failed) in served.items():
            self.traffic.all.add(total, failed)
            self.traffic.by_side.setdefault(side, Counts()).add(total, failed)
        self.traffic.recent.append(dict(served))

    def _ask(self, now: float) -> None:
        chances = {answer.record.target or _NOWHERE: answer.share for answer in self._answers(self.host)}
        chances = chances or {_NOWHERE: 1.0}
        for _ in range(1 if self._followers else TTL // STEP):
            drawn = divide(self._random, _RESOLVERS, chances)
            self._followers.append({target: count / _RESOLVERS for target, count in drawn.items()})
        targets, weights = list(chances), list(chances.values())
        for cohort in self._cohorts:
            if now >= cohort.until:
                cohort.target = self._random.choices(targets, weights)[0]
                cohort.until = now + cohort.lifetime() * (1 if cohort.until else self._random.random())

    def _shares(self) -> dict[str, float]:
        shares: dict[str, float] = {}
        weight = (1 - VIOLATORS - POOLED) / len(self._followers)
        for bucket in self._followers:
            for target, part in bucket.items():
                shares[target] = shares.get(target, 0.0) + weight * part
        for cohort in self._cohorts:
            shares[cohort.target] = shares.get(cohort.target, 0.0) + cohort.weight
        return shares

    def _violation(self) -> float:
        return self._random.lognormvariate(*_VIOLATION)

    def _connection(self) -> float:
        return min(_KEEP_ALIVE_SECONDS, self._random.expovariate(1 / _CONNECTION_SECONDS))


class Clients:
    """
    The users of all hosts, whose requests the load balancers serve and count.

    Args:
        clock: Its time.
        random: What failures are drawn from.
        balancers: Who serves.
        metrics: Who counts.
        populations: The users of each host.
    """

    def __init__(
        self,
        clock: Clock,
        random: Random,
        balancers: LoadBalancers,
        metrics: LoadBalancerMetrics,
        populations: Sequence[Population],
    ) -> None:
        self.populations = {population.host: population for population in populations}
        self._clock = clock
        self._random = random
        self._balancers = balancers
        self._metrics = metrics

    def start(self) -> Appointment:
        """Let them send requests from now on."""
        return self._clock.every(STEP, self._step, first=STEP / 2)  # so that no step ends with a minute

    def _step(self) -> None:
        for population in self.populations.values():
            served: dict[str, tuple[int, int]] = {}
            for target, requests in population.step(self._clock.now).items():
                for side, count, failed in self._serve(population.host, target, requests) if requests else ():
                    before = served.get(side, (0, 0))
                    served[side] = (before[0] + count, before[1] + failed)
            population.note(served)

    def _serve(self, host: str, target: str, requests: int) -> Iterator[tuple[str, int, int]]:
        """The sides that serve *requests*, how many each, and how many of them failed; without a server all fail."""
        serving = self._balancers.serving(target, host, STEP)
        if not serving:
            yield _NOWHERE, requests, requests
            return
        counts = divide(self._random, requests, {one.target_group: share for one, share in serving})
        for balancer, _ in serving:
            count = counts[balancer.target_group]
            failed = balancer.application.of(host).failures(count, self._random)
            self._metrics.count(balancer, count, failed)
            yield balancer.side, count, failed
