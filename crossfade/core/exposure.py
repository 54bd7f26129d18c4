"""For how long users meet a bad green, and how much of the traffic it has meanwhile: a plan at one pace.

The formulas, for R requests a second, a share p of them on green, and a part e of those failing:

    turns bad while a stage is watched   R · e · (p · (notice + call + tail) + the share still shown until it is back)
    bad from its first user on           R · e · (the share shown, from the first write until it is back)

*notice* runs from the first failed request to the look that sees the alarm, or the failures in the raw series, whose
numbers are complete as late; with little traffic it also takes until enough have failed. *tail* is how far users lag
behind Route 53. The lag of users cancels out of the second formula: late users come late and leave late.
What a green that turns bad in the last moment of a stage costs is bounded by the next stage's figure.
R and e are not known here but as ratios: `preview` multiplies.

Sources: ELB publishes a metric each 60 s
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html);
connections of clients are kept for up to 3,600 s by default (`client_keep_alive.seconds`, same guide); the delays of
CloudWatch are reports from the field, as AWS promises none; the tails are means of a model of resolvers and clients.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from crossfade.core.budget import pause_after
from crossfade.core.evidence import FAILURES_MIN
from crossfade.core.forecast import Change, Forecast, Leg, Pace, forecast, give_back, places, waves_of
from crossfade.core.plan import Plan
from crossfade.core.waves import members
from crossfade.core.weight import Side, Split

METRIC_PERIOD: Final = timedelta(seconds=60)
"""Of the load balancer's metrics."""
_ZERO: Final = timedelta()
_SLOWEST_RATE: Final = 1e-6  # failed requests a second; below that there is no traffic to speak of
_NEVER: Final = timedelta(days=365)  # no execution lives longer


@dataclass(frozen=True, slots=True)
class Lag:
    """
    How late trouble is noticed and users move.

    Attributes:
        publish: From the end of a metric's minute to the alarm's state.
        tail: By how much users lag behind Route 53, on average over them; behind a listener rule they do not.
    """

    publish: timedelta
    tail: timedelta


TYPICAL: Final = Pace(phase=0.5, call=timedelta(seconds=1))
"""What is expected."""
SLOWEST: Final = Pace(phase=1, call=timedelta(seconds=3))
"""The slowest at which every part still keeps its word."""

_TYPICAL_LAG: Final = Lag(publish=timedelta(seconds=90), tail=timedelta(seconds=162))  # browsers and apps
_SLOWEST_LAG: Final = Lag(publish=timedelta(seconds=180), tail=timedelta(seconds=934))  # pooled connections


class Exposure:
    """
    A plan at one pace.

    Attributes:
        pace: How fast its parts are.
        run: From start to end.
        back: The rollback from each stage; times are since the decision.
    """

    def __init__(
        self, plan: Plan, pace: Pace, lag: Lag, before: Split, *, gather: timedelta, rates: Mapping[str, float] | None
    ) -> None:
        self.pace = pace
        self.run: Forecast = forecast(plan, pace, before=before, quietest=_quietest(plan, rates))
        self._places = [places(plan, index, before=before) for index in range(len(plan.stages))]
        self.back: tuple[Leg, ...] = tuple(give_back(plan, pace, at=at, before=before) for at in self._places)
        self._parts = _parts(plan, rates)
        self._plan = plan
        self._lag = lag
        self._before = before
        self._gather = gather

    @property
    def followed(self) -> timedelta:
        """From the authority to a user whose resolver keeps to the TTL."""
        return self.pace.followed(self._plan)

    @property
    def alarm(self) -> timedelta:
        """From the first failed request to the alarm."""
        return METRIC_PERIOD * self.pace.phase + self._lag.publish

    def turns_bad(self, stage: int) -> timedelta:
        """For how long, as if all users were on green, requests fail when green turns bad in *stage*."""
        split = self._plan.stages[stage].split
        pause = pause_after(self._plan.stages[stage].bake, self._plan.timing.poll)
        notice = self.alarm + self._gathered(split) + pause * self.pace.phase
        tail = self._lag.tail if self._plan.convergence.clings else _ZERO
        late = notice + self.pace.call + tail
        at = self._places[stage]
        return late * self._green(dict(enumerate(at))) + self._given_back(at, self.back[stage])

    def bad_from_start(self) -> timedelta | None:
        """
        The same for a green that is bad from its first user on; None when no look comes late enough to see it.

        The alarm's time counts from the whole first share: less may be too little for it.
        """
        first = self.run.stages[0].changes[-1]
        seen = first.shown + self.followed + self.alarm + self._gathered(first.split)
        decision = next((look for look in self.run.looks if look >= seen), None)
        if decision is None:
            return None
        until = decision + self.pace.call
        so_far = [change for change in self.run.changes if change.shown <= until]
        reached = {change.wave: change.split for change in so_far}
        at = [reached.get(wave, self._before) for wave in range(waves_of(self._plan))]
        back = give_back(self._plan, self.pace, at=at, before=self._before)
        return self._shown(so_far, until=until) + self._given_back(at, back)

    def _gathered(self, split: Split) -> timedelta:
        """Until enough requests have failed at *split* to prove anything."""
        return min(_NEVER, self._gather / split.green_part)

    def _green(self, at: Mapping[int, Split]) -> float:
        """Which part of all requests green has with waves *at* these weights; one that is not there has none."""
        return sum(self._parts[wave] * split.green_part for wave, split in at.items())

    def _given_back(self, at: Sequence[Split], back: Leg) -> timedelta:
        """The share still shown from the decision to the last change of *back*, over time."""
        now = [Change(Side.GREEN, each.green, _ZERO, _ZERO, each, wave) for wave, each in enumerate(at)]
        return self._shown((*now, *back.changes), until=back.changes[-1].shown) if back.changes else _ZERO

    def _shown(self, changes: Sequence[Change], *, until: timedelta) -> timedelta:
        """Green's share over time, as if all users were on green: from the first change *until* then."""
        at: dict[int, Split] = {}
        over = _ZERO
        for change, end in zip(changes, [*(change.shown for change in changes[1:]), until], strict=True):
            at[change.wave] = change.split
            over += (end - change.shown) * self._green(at)
        return over


def exposures(
    plan: Plan, *, before: Split, error_rate: float, rates: Mapping[str, float] | None
) -> tuple[Exposure, Exposure]:
    """
    *plan* at the typical pace and at the slowest.

    Args:
        plan: As resolved.
        before: The weights of every workload at the start.
        error_rate: Which part of the requests to a bad green fails, above 0 to 1.
        rates: Requests a second by workload, all of *plan*'s; None when unknown.
    """
    gather = _gathering(rates, error_rate)
    typical = Exposure(plan, TYPICAL, _TYPICAL_LAG, before, gather=gather, rates=rates)
    return typical, Exposure(plan, SLOWEST, _SLOWEST_LAG, before, gather=gather, rates=rates)


def _parts(plan: Plan, rates: Mapping[str, float] | None) -> tuple[float, ...]:
    """Which part of all requests each wave has; without rates every workload counts alike."""
    counted = {workload.name: rates[workload.name] if rates else 1.0 for workload in plan.workloads}
    total = sum(counted.values()) or 1.0
    return tuple(sum(counted[name] for name in members(plan, wave)) / total for wave in range(waves_of(plan)))


def _quietest(plan: Plan, rates: Mapping[str, float] | None) -> list[float] | None:
    """The fewest requests a second of a workload, by wave."""
    if not rates:
        return None
    return [min(rates[name] for name in members(plan, wave)) for wave in range(waves_of(plan))]


def _gathering(rates: Mapping[str, float] | None, error_rate: float) -> timedelta:
    """Until enough requests would have failed with all users on green; the busiest workload shows it first."""
    failing = max(rates.values(), default=0) * error_rate if rates else 0
    return min(_NEVER, timedelta(seconds=FAILURES_MIN / failing)) if failing > _SLOWEST_RATE else _ZERO
