"""What a plan will do, how long it takes, what it costs, and how many requests fail if green turns out bad.

The formulas, for R requests a second, a share p of them on green, and a part e of those failing:

    turns bad while a stage is watched   R · e · (p · (notice + call + tail) + the share still shown until it is back)
    bad from its first user on           R · e · (the share shown, from the first write until it is back)

*notice* runs from the first failed request to the look that sees the alarm, or the failures in the raw series, whose
numbers are complete as late; with little traffic it also takes until enough have failed. *tail* is how far users lag
behind Route 53. The lag of users cancels out of the second formula: late users come late and leave late.
What a green that turns bad in the last moment of a stage costs is bounded by the next stage's figure.
Two paces are computed: the typical one, and the slowest at which every part still keeps its word.

Sources: ELB publishes a metric each 60 s
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html);
connections of clients are kept for up to 3,600 s by default (`client_keep_alive.seconds`, same guide); the delays of
CloudWatch are reports from the field, as AWS promises none; the tails are means of a model of resolvers and clients.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from crossfade.core.budget import events_needed, pause_after, spare_time
from crossfade.core.duration import format_duration
from crossfade.core.evidence import FAILURES_MIN
from crossfade.core.forecast import Change, Forecast, Leg, Pace, forecast, give_back, places, waves_of
from crossfade.core.plan import Gate, Plan
from crossfade.core.waves import members, wave_name
from crossfade.core.weight import ALL_BLUE, PERCENT, Side, Split

DOLLARS_PER_TRANSITION: Final = 0.025 / 1_000
"""Standard workflows, after the 4,000 free transitions a month; Lambda adds about as much again.
Source: https://aws.amazon.com/step-functions/pricing/"""

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
SLOWEST: Final = Pace(phase=1, call=timedelta(seconds=3))

_TYPICAL_LAG: Final = Lag(publish=timedelta(seconds=90), tail=timedelta(seconds=162))  # browsers and apps
_SLOWEST_LAG: Final = Lag(publish=timedelta(seconds=180), tail=timedelta(seconds=934))  # pooled connections


_PACES: Final = ((TYPICAL, _TYPICAL_LAG), (SLOWEST, _SLOWEST_LAG))


@dataclass(frozen=True, slots=True)
class Span:
    """Time at both paces."""

    typical: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Failures:
    """
    Failed requests at both paces.

    Attributes:
        expected: At the typical pace; None when no alarm could see it before the migration is complete.
        worst: At the slowest pace; None likewise.
    """

    expected: float | None
    worst: float | None


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """
    One weight that will be written, for every workload of its wave alike.

    Attributes:
        stage: Index of the stage; None for the final weights.
        wave: Name of the wave; empty when all workloads move together.
        side: In which cluster.
        weight: 0 to 255.
        split: What users are shared out by once it is shown.
        written: Since the start.
        followed: Since the start: when users whose resolvers keep to the TTL have followed.
    """

    stage: int | None
    wave: str
    side: Side
    weight: int
    split: Split
    written: Span
    followed: Span


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """
    One stage.

    Attributes:
        index: From 0.
        wave: Name of the wave that moves in it; empty when all workloads move together.
        wanted_percent: The share that the plan asks for.
        split: The weights that express it.
        gate: What else must happen before it is left.
        bake: How long it is watched.
        began: Since the start, the time of people not counted.
        moved: Since the start: its weights are read back.
        ended: Since the start: it is left.
        turns_bad: Failed requests if green turns bad while this stage is watched; None without a rate.
        rollback: From the decision until users are back on blue.
    """

    index: int
    wave: str
    wanted_percent: float
    split: Split
    gate: Gate
    bake: timedelta
    began: Span
    moved: Span
    ended: Span
    turns_bad: Failures | None
    rollback: Span


@dataclass(frozen=True, slots=True)
class Budget:
    """
    Whether the plan keeps to what may fail.

    Attributes:
        failed_requests: How many requests may fail.
        kept: Whether the worst figure for a green that is bad from its first user on stays within it;
            None when no rate is known.
    """

    failed_requests: int
    kept: bool | None


@dataclass(frozen=True, slots=True)
class Preview:
    """
    All that is known about a plan before it starts.

    Attributes:
        plan: As resolved.
        before: The weights that are assumed at the start.
        stages: In order.
        writes: In order.
        duration: From start to end; the time that people take to approve comes on top.
        approvals: How many stages wait for a person.
        spare: How long people may take in all, approvals and holds, before the history is full.
        rollback: From a decision until users are back on blue, at the slowest of all stages.
        read_back: From a decision until that is read back and said, likewise.
        transitions: Of states, at both paces.
        events: In the history, at the typical pace.
        events_worst: In the history if everything takes as long as it may, and is rolled back at the end.
        requests_per_second: Of all workloads together; None when unknown.
        error_rate: Which part of green's requests is assumed to fail, above 0 to 1.
        bad_from_start: Failed requests if green is bad from its first user on; None without a rate.
        budget: None when there is none.
        warnings: What deserves a second look, a sentence each.
    """

    plan: Plan
    before: Split
    stages: tuple[PlannedStage, ...]
    writes: tuple[PlannedWrite, ...]
    duration: Span
    approvals: int
    spare: timedelta
    rollback: Span
    read_back: Span
    transitions: tuple[int, int]
    events: int
    events_worst: int
    requests_per_second: float | None
    error_rate: float
    bad_from_start: Failures | None
    budget: Budget | None
    warnings: tuple[str, ...]

    @property
    def dollars(self) -> tuple[float, float]:
        """For the transitions, at both paces, in US dollars."""
        typical, longest = self.transitions
        return typical * DOLLARS_PER_TRANSITION, longest * DOLLARS_PER_TRANSITION


def preview(
    plan: Plan,
    *,
    requests_per_second: Mapping[str, float] | None,
    error_rate: float = 1.0,
    failed_requests: int | None = None,
    before: Split = ALL_BLUE,
) -> Preview:
    """
    Say what *plan* will do.

    Args:
        plan: As `resolve` gives it.
        requests_per_second: By workload, all of *plan*'s; None when unknown.
        error_rate: Which part of the requests to a bad green fails, above 0 to 1.
        failed_requests: The budget; None for none.
        before: The weights of every workload at the start.

    Raises:
        ValueError: A rate is missing or negative, or *error_rate* is out of range.
    """
    if not 0 < error_rate <= 1:
        msg = f"an error rate of {error_rate:g} means nothing; give one above 0, at most 1"
        raise ValueError(msg)
    rate = _total(plan, requests_per_second)
    failing = None if rate is None else rate * error_rate
    gather = _gathering(requests_per_second, error_rate)
    views = tuple(_View(plan, pace, lag, before, gather=gather, rates=requests_per_second) for pace, lag in _PACES)
    stages = tuple(_stage(plan, index, views, failing) for index in range(len(plan.stages)))
    bad_from_start = _failures(failing, [view.bad_from_start() for view in views])
    watched = ([stage.bake for stage in plan.stages], plan.soak, plan.timing)
    return Preview(
        plan=plan,
        before=before,
        stages=stages,
        writes=tuple(_writes(plan, views)),
        duration=_span(view.run.ended for view in views),
        approvals=sum(stage.gate is Gate.APPROVAL for stage in plan.stages),
        spare=spare_time(*watched),
        rollback=_slowest(stage.rollback for stage in stages),
        read_back=_span(max(leg.arrived for leg in view.back) for view in views),
        transitions=(views[0].run.transitions, views[1].run.transitions),
        events=views[0].run.events,
        events_worst=events_needed(*watched),
        requests_per_second=rate,
        error_rate=error_rate,
        bad_from_start=bad_from_start,
        budget=_budget(failed_requests, bad_from_start),
        warnings=(*_warnings(plan, views), *_shared(plan), *_starved(plan, requests_per_second, views)),
    )


def longest(plan: Plan) -> timedelta:
    """How long *plan* may take at the slowest, without the time that people take."""
    return preview(plan, requests_per_second=plan.requests_per_second).duration.longest


def over_budget(costs: Preview) -> str:
    """Completes "this budget ...", for a budget that is not kept."""
    worst = costs.bad_from_start.worst if costs.bad_from_start else None
    if worst is None:
        return "cannot be kept: the plan is over before an alarm can see a bad green; lengthen its bakes or its soak"
    return (
        f"is exceeded: up to {worst:,.0f} requests may fail when green is bad from its first user on; "
        f"lower the first share, lengthen the first bakes or raise the budget"
    )


class _View:
    """
    A plan at one pace.

    Attributes:
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
        return min(_NEVER, self._gather / _part(split))

    def _green(self, at: Mapping[int, Split]) -> float:
        """Which part of all requests green has with waves *at* these weights; one that is not there has none."""
        return sum(self._parts[wave] * _part(split) for wave, split in at.items())

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


def _part(split: Split) -> float:
    return split.share_percent / PERCENT


def _stage(plan: Plan, index: int, views: Sequence[_View], failing: float | None) -> PlannedStage:
    stage = plan.stages[index]
    return PlannedStage(
        index=index,
        wave=wave_name(plan, index),
        wanted_percent=stage.share_percent,
        split=stage.split,
        gate=stage.gate,
        bake=stage.bake,
        began=_span(view.run.stages[index].began for view in views),
        moved=_span(view.run.stages[index].arrived for view in views),
        ended=_span(view.run.left[index] for view in views),
        turns_bad=_failures(failing, [view.turns_bad(index) for view in views]),
        rollback=_span(_users_back(view, index) for view in views),
    )


def _users_back(view: _View, stage: int) -> timedelta:
    """Users follow once blue is up, which is the first change of a rollback."""
    changes = view.back[stage].changes
    return changes[0].shown + view.followed if changes else _ZERO


def _writes(plan: Plan, views: Sequence[_View]) -> Iterator[PlannedWrite]:
    stages = [index for index, leg in enumerate(views[0].run.stages) for _ in leg.changes]
    typical, slowest = (view.run.changes for view in views)
    for number, (change, late) in enumerate(zip(typical, slowest, strict=True)):
        yield PlannedWrite(
            stage=stages[number] if number < len(stages) else None,
            wave=plan.waves[change.wave].name if plan.waves else "",
            side=change.side,
            weight=change.weight,
            split=change.split,
            written=Span(change.written, late.written),
            followed=Span(change.shown + views[0].followed, late.shown + views[1].followed),
        )


def _failures(failing: float | None, spans: Sequence[timedelta | None]) -> Failures | None:
    if failing is None:
        return None
    expected, worst = (None if span is None else failing * span.total_seconds() for span in spans)
    return Failures(expected, worst)


def _total(plan: Plan, rates: Mapping[str, float] | None) -> float | None:
    if rates is None:
        return None
    missing = [workload.name for workload in plan.workloads if workload.name not in rates]
    if missing:
        msg = f"the requests per second of {', '.join(missing)} are missing; give all or none"
        raise ValueError(msg)
    if min(rates.values()) < 0:
        msg = "there are no negative requests per second; give 0 or more"
        raise ValueError(msg)
    return sum(rates[workload.name] for workload in plan.workloads)


def _budget(failed_requests: int | None, bad_from_start: Failures | None) -> Budget | None:
    if failed_requests is None:
        return None
    if bad_from_start is None:
        return Budget(failed_requests, kept=None)
    return Budget(failed_requests, kept=bad_from_start.worst is not None and bad_from_start.worst <= failed_requests)


def _warnings(plan: Plan, views: Sequence[_View]) -> Iterator[str]:
    slowest = views[-1]
    if slowest.bad_from_start() is None:
        yield "this plan is over before an alarm can see a bad green; lengthen the bakes or the soak"
    notice = slowest.followed - plan.convergence.margin + slowest.alarm + plan.timing.poll
    short = [f"{number}" for number, stage in enumerate(plan.stages[:-1], start=1) if stage.bake < notice]
    if short:
        yield (
            f"it can take {format_duration(notice)} until an alarm is seen, and stage {', '.join(short)} bakes for "
            f"less: a bad green may get more traffic first"
        )
    if plan.timing.propagation < slowest.pace.carried(plan) + plan.timing.poll:
        given = format_duration(plan.timing.propagation)
        yield f"timing.propagation of {given} is less than ExternalDNS may take; a slow minute would roll back"


def _shared(plan: Plan) -> Iterator[str]:
    """Alarms that cannot tell which of several workloads is bad."""
    for alarm in dict.fromkeys(alarm for workload in plan.workloads for alarm in workload.alarms):
        judged = [workload.name for workload in plan.workloads if alarm in workload.alarms]
        if len(judged) > 1:
            yield f"{' and '.join(judged)} share the alarm {alarm}: when one of them is bad, all of them are given back"


def _starved(plan: Plan, rates: Mapping[str, float] | None, views: Sequence[_View]) -> Iterator[str]:
    """Stages that last longer than their bake, because green has too few requests to be judged by."""
    if rates is None:
        return
    for index, stage in enumerate(plan.stages):
        quietest = min(members(plan, stage.wave), key=lambda name: rates[name])
        watched = views[0].run.left[index] - views[0].run.stages[index].arrived
        rate = rates[quietest] * _part(stage.split)
        has_enough = rate * stage.bake.total_seconds() >= plan.evidence.requests
        if has_enough or watched <= plan.convergence.margin + stage.bake + 2 * plan.timing.poll:
            continue
        then = "it is rolled back there" if index in views[0].run.starved else f"it lasts {format_duration(watched)}"
        yield (
            f"in stage {index + 1} green gets {rate:.2g} requests a second to {quietest} and is judged by "
            f"{plan.evidence.requests:,}: {then}; raise its share or its bake"
        )


def _span(times: Iterator[timedelta]) -> Span:
    typical, longest = times
    return Span(typical, longest)


def _slowest(spans: Iterator[Span]) -> Span:
    every = list(spans)
    return Span(max(span.typical for span in every), max(span.longest for span in every))
