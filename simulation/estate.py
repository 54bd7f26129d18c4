"""The estate as an adversary: two clusters, their ExternalDNS, Route 53, alarms. Everything documented may happen.

What the authority lists and what name servers answer are two things: a change is listed at once and answered up to
60 s later, each change on its own. Only plain data is kept, so that a run takes milliseconds.
How the product reaches it stands in `api_server`, `zone` and `rules`; this file knows plans, sides and names only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from typing import Final

from crossfade.core.plan import Plan
from crossfade.core.weight import WEIGHT_MAX, Side
from crossfade.core.workload import Router
from crossfade.names import ALPHA_PREFIX, EPOCH_ANNOTATION, IDENTIFIER_KEY, WEIGHT_KEY
from simulation.faults import Seams
from simulation.users import TARGETS, Users
from world.clock import Clock

INTERVAL: Final = timedelta(seconds=60)
PROPAGATION_SECONDS: Final = (5, 60)
WEIGHT: Final = f"{ALPHA_PREFIX}{WEIGHT_KEY}"
IDENTIFIER: Final = f"{ALPHA_PREFIX}{IDENTIFIER_KEY}"

Key = tuple[str, Side]


@dataclass
class Ingress:
    """What the API server stores of an Ingress."""

    annotations: dict[str, str]
    version: int = 1


@dataclass(frozen=True, slots=True)
class Change:
    """A weight that was changed, for the record: who, what, from, to; an annotation, or the record *direct*ly."""

    at: float
    workload: str
    side: Side
    before: int
    after: int
    epoch: int
    ours: bool
    direct: bool = False


@dataclass
class Estate:
    """
    Both clusters and the zone.

    Attributes:
        plan: Which workloads there are.
        ingresses: By workload and side; of workloads whose records are written directly there are none.
        listed: What Route 53 lists, by workload and side.
        answered: What its name servers answer with.
        markers: The epoch that stands beside a host's records, by workload.
        changes: Every change of a weight annotation, or of a record by us, oldest first.
        broken: What does not work at present (see `faults.Trouble`), by its value.
        watch: Called after everything that changes what users get.
        users: Who ask the name servers.
    """

    plan: Plan
    clock: Clock
    random: Random
    seams: Seams
    ingresses: dict[Key, Ingress] = field(default_factory=dict)
    listed: dict[Key, int] = field(default_factory=dict)
    answered: dict[Key, int] = field(default_factory=dict)
    markers: dict[str, int] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    watch: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.began = self.clock.now
        names = tuple(workload.name for workload in self.plan.workloads)
        self.users = Users(names, self.share, self.is_bad, lambda: self.healthy(Side.BLUE))
        self._last = max(names)
        self._at_once: set[str] = set()
        self._batches = 0
        self._shown: dict[Key, int] = {}
        for workload in self.plan.workloads:
            for side, weight in ((Side.BLUE, 100), (Side.GREEN, 0)):
                if workload.router is Router.ALB:
                    self._at_once.add(workload.name)
                elif workload.router is Router.EXTERNAL_DNS:
                    self.ingresses[workload.name, side] = Ingress({WEIGHT: str(weight), IDENTIFIER: side.value})
                self.listed[workload.name, side] = self.answered[workload.name, side] = weight
        for side in Side:
            phase = timedelta(seconds=self.random.uniform(1, INTERVAL.total_seconds()))
            self.clock.every(INTERVAL, partial(self._loop, side), first=phase)

    def is_bad(self, workload: str) -> bool:
        """Whether green fails the requests of *workload* now."""
        return "green_bad" in self.broken or ("one_bad" in self.broken and workload == self._last)

    @property
    def is_blue_dead(self) -> bool:
        """Whether blue has no healthy target now."""
        return "blue_dead" in self.broken

    def healthy(self, side: Side) -> int:
        """How many healthy targets *side* has for each workload; a bad green still passes its health checks."""
        if side is Side.GREEN:
            return TARGETS
        return 0 if self.is_blue_dead else TARGETS // 2 if "blue_shrunk" in self.broken else TARGETS

    @property
    def seconds(self) -> float:
        """Since the start."""
        return (self.clock.now - self.began).total_seconds()

    def share(self, workload: str) -> float:
        """Green's part of what the name servers answer, 0 to 1; all-zero groups are answered equally."""
        blue, green = (self.answered[workload, side] for side in (Side.BLUE, Side.GREEN))
        return green / (blue + green) if blue + green else 0.5

    def elapse(self) -> None:
        """Let users have asked until now; before anything that changes what they get."""
        self.users.elapse(self.seconds)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Let *action* happen in some *seconds*, and look at what users get then."""

        def act() -> None:
            action()
            self.watch()

        self.clock.after(timedelta(seconds=seconds), act)

    def declared(self, workload: str, side: Side) -> int:
        """The weight that the Ingress asks for, as ExternalDNS reads it: what it cannot parse counts as 0."""
        value = self.ingresses[workload, side].annotations.get(WEIGHT, "")
        return int(value) if value.lstrip("-").isdigit() else 0

    def epoch(self, workload: str, side: Side) -> int:
        """The epoch that the Ingress carries; 0 for none."""
        return int(self.ingresses[workload, side].annotations.get(EPOCH_ANNOTATION, "0"))

    def change(self, key: Key, annotations: Mapping[str, str], *, ours: bool) -> None:
        """Change annotations of one Ingress, as the API server does."""
        before, held = self.declared(*key), self.ingresses[key]
        if all(held.annotations.get(name) == value for name, value in annotations.items()):
            return
        held.annotations |= annotations
        held.version += 1
        after = self.declared(*key)
        if after != before:
            self.changes.append(Change(self.seconds, *key, before, after, self.epoch(*key), ours))

    def by_hand(self, key: Key, weight: int) -> None:
        """A person edits a weight where it is written: the annotation, or else the record."""
        if key in self.ingresses:
            self.change(key, {WEIGHT: str(weight)}, ours=False)
        else:
            self.record({key: weight}, {}, ours=False)

    def record(
        self, weights: Mapping[Key, int], markers: Mapping[str, int], *, ours: bool, under: int | None = None
    ) -> None:
        """
        Change records, or a rule, and the epochs beside them by one batch, as the service does when it accepts it.

        Args:
            weights: By workload and side.
            markers: Epochs, by workload.
            ours: Whether the product does it.
            under: The epoch of who does it, if that is not the one that stands beside.
        """
        self.markers |= markers
        for key, weight in weights.items():
            before = self.listed[key]
            if weight != before:
                epoch = self.markers.get(key[0], 0) if under is None else under
                self.changes.append(Change(self.seconds, *key, before, weight, epoch, ours=ours, direct=True))
                self._list(key, weight)
        self.watch()

    def _loop(self, side: Side) -> None:
        """One round of an ExternalDNS: it reads now and writes a few seconds later what it has read."""
        stuck = {f"{side.value}_external_dns", f"{side.value}_api", "route53"} & self.broken
        if stuck:
            return
        wanted = {key: self.declared(*key) for key in self.ingresses if key[1] is side}
        delay = timedelta(seconds=self.random.uniform(0, 4))
        self.clock.after(delay, lambda: self._apply(wanted))

    def _apply(self, wanted: Mapping[Key, int]) -> None:
        if "route53" in self.broken:
            return
        for key, weight in wanted.items():
            if self.listed[key] != weight and 0 <= weight <= WEIGHT_MAX:
                self._list(key, weight)

    def _list(self, key: Key, weight: int) -> None:
        self.listed[key] = weight
        self._batches += 1
        if key[0] in self._at_once:  # both weights of a rule are there for the next request
            self.elapse()
            self.answered[key] = weight
            return
        delay = timedelta(seconds=self.random.uniform(*PROPAGATION_SECONDS))
        self.clock.after(delay, partial(self._answer, key, weight, self._batches))

    def _answer(self, key: Key, weight: int, batch: int) -> None:
        if self._shown.get(key, 0) < batch:  # a younger one may have been faster
            self._shown[key] = batch
            self.elapse()
            self.answered[key] = weight
            self.watch()
