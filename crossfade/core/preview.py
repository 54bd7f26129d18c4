"""What a plan will do, how long it takes, what it costs, and how many requests fail if green turns out bad.

Two paces are computed: the typical one, and the slowest at which every part still keeps its word.
This file puts together what others know: `forecast` the times, `exposure` how much of the traffic a bad green has,
`budget` the history, `plan_warnings` what deserves a second look.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from crossfade.core.budget import events_needed, spare_time
from crossfade.core.exposure import Exposure, exposures
from crossfade.core.plan import Gate, Plan
from crossfade.core.plan_warnings import plan_warnings
from crossfade.core.waves import wave_name
from crossfade.core.weight import ALL_BLUE, Side, Split

DOLLARS_PER_TRANSITION: Final = 0.025 / 1_000
"""Standard workflows, after the 4,000 free transitions a month; Lambda adds about as much again.
Source: https://aws.amazon.com/step-functions/pricing/"""


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
    _check(error_rate)
    rate = _total(plan, requests_per_second)
    failing = None if rate is None else rate * error_rate
    views = exposures(plan, before=before, error_rate=error_rate, rates=requests_per_second)
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
        warnings=plan_warnings(plan, *views, requests_per_second),
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


def _stage(plan: Plan, index: int, views: Sequence[Exposure], failing: float | None) -> PlannedStage:
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


def _users_back(view: Exposure, stage: int) -> timedelta:
    """Users follow once blue is up, which is the first change of a rollback."""
    changes = view.back[stage].changes
    return changes[0].shown + view.followed if changes else timedelta()


def _writes(plan: Plan, views: Sequence[Exposure]) -> Iterator[PlannedWrite]:
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


def _check(error_rate: float) -> None:
    if not 0 < error_rate <= 1:
        msg = f"an error rate of {error_rate:g} means nothing; give one above 0, at most 1"
        raise ValueError(msg)


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


def _span(times: Iterator[timedelta]) -> Span:
    typical, longest = times
    return Span(typical, longest)


def _slowest(spans: Iterator[Span]) -> Span:
    every = list(spans)
    return Span(max(span.typical for span in every), max(span.longest for span in every))
