"""What the requests themselves say of green, minute by minute beside blue, and what that makes of the alarms.

Rule 1: no evidence is never good evidence. A stage needs every alarm OK, enough requests, and few enough failures.
Rule 2: what rolls back is judged by evidence that may be looked at as often as one likes (see `statistics`).
Rule 3: when blue is as sick as green, giving traffic back would not help: that is a cause of its own.
This file knows no CloudWatch: it is given alarms and series as they were read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate
from math import exp, log
from typing import Final

from crossfade.core.plan import Evidence, Plan, Workload, alarms_of
from crossfade.core.probe import Probed
from crossfade.core.sight import Standing
from crossfade.core.statistics import NOTHING, Claim, Count, evidence, fisher_p, weakest, wilson
from crossfade.core.verdict import Alarm, AlarmState, Cause, Health, Verdict, judge
from crossfade.core.waves import wave_of
from crossfade.core.weight import PERCENT

MINUTE: Final = timedelta(minutes=1)
"""The period of the load balancer's metrics."""
PUBLISHING: Final = timedelta(seconds=90)
"""From the end of a minute until its numbers count as complete. AWS promises nothing; 1 to 3 minutes are reported."""
PUBLISHED: Final = timedelta(seconds=180)
"""Until then a side without numbers may only be late, and the minute waits for it: one side alone is no comparison."""

FALSE_ALARMS: Final = 0.01
"""The part of migrations to a green as good as blue that the raw series may roll back, at most."""
FAILURES_MIN: Final = 5
"""Fewer failures than these prove nothing, however rare they should be: they come in clumps (a pod restarts)."""
CLEARLY: Final = 2.0
"""How many times as often as a sick blue green must fail to be the one to blame."""

BAND: Final = 4
"""The observed share may be a quarter to four times the written one: resolvers cache, connections are kept, and one
large resolver is many users."""
RECENT: Final = timedelta(minutes=10)
"""What counts as now: longer than an alarm takes to be OK again after the trouble is over (5 to 9 minutes)."""
LONG: Final = timedelta(minutes=5)
"""After the weights are shown, until users of resolvers that keep to the TTL have followed, with a margin."""

LOOK_BACK: Final = timedelta(hours=6)
"""How much of a long bake is read. What is older has been judged when it was young; `FALSE_ALARMS` is then for this
long."""

NOBODY: Final = Verdict(Health.HEALTHY, "no workload has users on green")
"""What is said when all that has moved was given back, and another wave may still begin."""

_RULE_OF_THREE: Final = 3  # expected requests, of which none came, are a surprise of 1 in 20
_QUESTIONS: Final = 2  # asked of each workload in each stage: worse than blue? too many errors?
_SHOWN_MAX: Final = 1e12
_REASONS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """
    One minute of one load balancer.

    Attributes:
        requests: 0 or more, those included that the load balancer answered itself with a 5xx.
        errors_5xx: Of them, how many were answered with a 5xx, 0 to *requests*; absent in CloudWatch is 0 here.
        p99_seconds: The 99th percentile of the time to answer; None without requests.
        healthy_targets: How many targets passed their health checks; None when that is not known.
    """

    requests: int = 0
    errors_5xx: int = 0
    p99_seconds: float | None = None
    healthy_targets: int | None = None

    @property
    def count(self) -> Count:
        """Requests and failures."""
        return Count(self.requests, self.errors_5xx)


@dataclass(frozen=True, slots=True)
class Minute:
    """The same minute on both sides; *at* is when it begins, UTC."""

    at: datetime
    blue: Sample = Sample()
    green: Sample = Sample()


@dataclass(frozen=True, slots=True)
class Series:
    """
    The minutes of one workload.

    Attributes:
        workload: Its name.
        minutes: Oldest first; a minute without any number may be absent.
        unreadable: Why there are no numbers, and what to do; empty when there are.
        shown: Blue's and green's weight, as the authority showed them when the load balancers were looked up; None
            when that was not to be seen.
        standing: What stands behind green, as it was looked up for this; None when that is not known.
    """

    workload: str
    minutes: tuple[Minute, ...] = ()
    unreadable: str = ""
    shown: tuple[int | None, int | None] | None = None
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What is asked of the series in one stage.

    Attributes:
        share: The written share of green, above 0 to 1.
        began: When the first write of the stage was tried: from here on, bad signs count.
        moved: When the authority showed the weights: from here on, good signs count.
        now: UTC.
        evidence: What is tolerated and needed.
        questions: How many questions the whole migration asks, so that it is right in all of them.
    """

    share: float
    began: datetime
    moved: datetime
    now: datetime
    evidence: Evidence
    questions: int = 1

    @property
    def needed(self) -> float:
        """The logarithm of the evidence that rolls back."""
        return log(self.questions / FALSE_ALARMS)

    @property
    def known_until(self) -> datetime:
        """Up to when minutes can be complete."""
        return self.now - PUBLISHING

    def is_complete(self, minute: Minute) -> bool:
        """Whether the numbers of *minute* can be expected to stay as they are."""
        end = minute.at + MINUTE
        both = minute.green.requests > 0 and (minute.blue.requests > 0 or self.share >= 1)
        return end <= self.now - (PUBLISHING if both else PUBLISHED)


@dataclass(frozen=True, slots=True)
class Finding:
    """
    What one workload's series say.

    Attributes:
        workload: Its name.
        verdict: What that comes to.
        blue: Requests and failures since the weights were shown.
        green: Likewise.
        minutes: How many complete minutes that are.
        worse: Evidence that green fails more than blue; its logarithm, the highest since the stage began.
        over: Evidence that green fails more than is tolerated; likewise.
        were_both_sick: Whether, at some time since the stage began, both sides failed more than is tolerated.
        were_so_lately: Whether that was a moment ago, so that alarms may not have recovered.
    """

    workload: str
    verdict: Verdict
    blue: Count = NOTHING
    green: Count = NOTHING
    minutes: int = 0
    worse: float = 0.0
    over: float = 0.0
    were_both_sick: bool = False
    were_so_lately: bool = False

    def to_data(self) -> dict[str, object]:
        """Small numbers for the timeline."""
        return {
            "cause": self.verdict.cause.value,
            "minutes": self.minutes,
            **_numbers(self.blue, self.green),
            "evidence_worse": _shown(self.worse),
            "evidence_over": _shown(self.over),
        }


@dataclass(frozen=True, slots=True)
class Assessment:
    """
    All evidence of one look.

    Attributes:
        verdict: What it comes to.
        findings: By workload, in the plan's order.
        alarms: As asked and read; MISSING for those that did not come back.
        latched: Names of alarms that were in ALARM since the stage began.
        asked: Of the series of those that move in this stage.
        probed: The workloads that have a probe, in the plan's order.
        blamed: Names of the workloads of which nothing better can be said than of the whole; empty when all is well.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    alarms: tuple[Alarm, ...]
    latched: tuple[str, ...]
    asked: Asked
    probed: tuple[Probed, ...] = ()
    blamed: tuple[str, ...] = ()

    def to_data(self) -> dict[str, object]:
        """The evidence as small numbers for the timeline; the sums first, then each workload."""
        blue = sum((finding.blue for finding in self.findings), NOTHING)
        green = sum((finding.green for finding in self.findings), NOTHING)
        not_ok = {alarm.name: alarm.state.value for alarm in self.alarms if alarm.state is not AlarmState.OK}
        return {
            "cause": self.verdict.cause.value,
            "alarms_asked": len(self.alarms),
            "alarms_ok": len(self.alarms) - len(not_ok),
            **({"alarms_not_ok": not_ok} if not_ok else {}),
            **({"alarms_latched": list(self.latched)} if self.latched else {}),
            "written_percent": round(self.asked.share * PERCENT, 2),
            **_numbers(blue, green),
            "evidence_needed": _shown(self.asked.needed),
            **({"probes": {each.workload: each.to_data() for each in self.probed}} if self.probed else {}),
            **({"blamed": list(self.blamed)} if self.blamed else {}),
            "workloads": {finding.workload: finding.to_data() for finding in self.findings},
        }


def assess(
    plan: Plan,
    *,
    stage: int,
    alarms: Mapping[str, Alarm],
    series: Mapping[str, Series],
    began: datetime,
    moved: datetime,
    now: datetime,
    latched: Sequence[str] = (),
    doubts: Mapping[str, Verdict] | None = None,
    probed: Sequence[Probed] = (),
    drifted: Verdict | None = None,
    workloads: Sequence[Workload] | None = None,
) -> Assessment:
    """
    Put alarms, series and probes together.

    An alarm is forgiven while the series show that both sides are sick, and until it can have recovered from that;
    but no stage passes under it. A series that could not be read is inconclusive, however good the alarms are.

    Args:
        plan: Whose alarms and workloads are asked.
        stage: Which stage's share is written, from 0.
        alarms: What came back, by name.
        series: By workload, from *began* on.
        began: When the first write of the stage was tried.
        moved: When the authority showed the stage's weights.
        now: UTC.
        latched: Names of alarms that were in ALARM since the stage began, whatever they are now.
        doubts: Why some alarms cannot be believed, by name.
        probed: What came of asking green directly.
        drifted: What is wrong with the weights themselves; None for nothing.
        workloads: Those that are to have users on green, in the plan's order; all of them if none are named.
    """
    watched = plan.workloads if workloads is None else workloads
    share = plan.stages[stage].split.share_percent / PERCENT
    questions = _QUESTIONS * len(plan.workloads) * len(plan.stages)
    asked = Asked(share, began=began, moved=moved, now=now, evidence=plan.evidence, questions=questions)
    have_moved = replace(asked, share=1.0)
    moving = plan.stages[stage].wave
    findings = tuple(
        examine(
            series.get(workload.name) or Series(workload.name, unreadable="its series were not read"),
            asked if wave_of(plan, workload.name) == moving else have_moved,
        )
        for workload in watched
    )
    spoken = _Alarms(watched, alarms, latched, findings, doubts or {})
    said = [*spoken.verdicts(alarms_of(watched)), *(found.verdict for found in findings)]
    said += [each.verdict for each in probed]
    said += [drifted] if drifted else []
    verdict = _worst(said, findings) if watched or drifted else NOBODY
    return Assessment(
        verdict=verdict,
        findings=findings,
        alarms=tuple(alarms.get(name, Alarm(name, AlarmState.MISSING)) for name in alarms_of(watched)),
        latched=tuple(latched),
        asked=asked,
        probed=tuple(probed),
        blamed=tuple(_blamed(verdict, watched, spoken, [*findings, *probed])),
    )


def _blamed(
    verdict: Verdict, workloads: Sequence[Workload], spoken: "_Alarms", said: Sequence[Finding | Probed]
) -> Iterator[str]:
    """An alarm speaks against every workload that names it."""
    if verdict.health is Health.HEALTHY:
        return
    for workload in workloads:
        own = [each.verdict for each in said if each.workload == workload.name]
        if max(map(_rank, (*own, *spoken.verdicts(workload.alarms)))) == _rank(verdict):
            yield workload.name


class _Alarms:
    """What the alarms say, those that both sides' sickness explains apart."""

    def __init__(
        self,
        workloads: Sequence[Workload],
        alarms: Mapping[str, Alarm],
        latched: Sequence[str],
        findings: Sequence[Finding],
        doubts: Mapping[str, Verdict],
    ) -> None:
        is_common = (found for found in findings if found.were_so_lately or found.verdict.cause is Cause.COMMON_CAUSE)
        forgiven = _alarms_of(workloads, is_common)
        explained = _alarms_of(workloads, (found for found in findings if found.were_both_sick))
        self._firing = [name for name, at in alarms.items() if at.state is AlarmState.ALARM and name in forgiven]
        self._spoken = {**alarms, **{name: Alarm(name, AlarmState.OK) for name in self._firing}}
        self._latched = [name for name in latched if name not in explained]
        self._doubts = doubts

    def verdicts(self, names: Sequence[str]) -> Iterator[Verdict]:
        """What those called *names* say."""
        yield judge(names, self._spoken, self._latched, self._doubts)
        if firing := [name for name in self._firing if name in names]:
            reason = f"{', '.join(firing)} fired when both sides were sick"
            yield Verdict(Health.INCONCLUSIVE, reason, Cause.ALARM)


def _alarms_of(workloads: Sequence[Workload], findings: Iterable[Finding]) -> set[str]:
    names = {finding.workload for finding in findings}
    return {alarm for workload in workloads if workload.name in names for alarm in workload.alarms}


def _worst(verdicts: Sequence[Verdict], findings: Sequence[Finding]) -> Verdict:
    rank = max(map(_rank, verdicts))
    worst = [verdict for verdict in verdicts if _rank(verdict) == rank]
    if worst[0].health is Health.HEALTHY:
        green = sum((finding.green for finding in findings), NOTHING)
        return Verdict(Health.HEALTHY, f"{worst[0].reason}; {_part(green)} to green failed")
    reasons = list(dict.fromkeys(verdict.reason for verdict in worst))
    told = reasons[:_REASONS_MAX]
    if more := len(reasons) - len(told):
        told.append(f"and {more} more")
    return Verdict(worst[0].health, "; ".join(told), worst[0].cause)


def _rank(verdict: Verdict) -> int:
    if verdict.health is Health.UNHEALTHY:
        return 3
    if verdict.cause is Cause.COMMON_CAUSE:
        return 2
    return 1 if verdict.health is Health.INCONCLUSIVE else 0


# --- One workload ----------------------------------------------------------------------------------------------------


def examine(series: Series, asked: Asked) -> Finding:
    """Say what the series of one workload prove, and what they do not."""
    if series.unreadable:
        reason = f"{series.workload}: the requests cannot be read: {series.unreadable}"
        return Finding(series.workload, Verdict(Health.INCONCLUSIVE, reason, Cause.UNREADABLE))
    case = _Case(series, asked)
    return Finding(
        workload=series.workload,
        verdict=case.verdict,
        blue=_blue(case.watched),
        green=_green(case.watched),
        minutes=len(case.watched),
        worse=case.worse,
        over=case.over,
        were_both_sick=any(case.both_sick),
        were_so_lately=any(case.both_sick[-(RECENT // MINUTE) :]),
    )


class _Case:
    """
    The evidence of one workload.

    Attributes:
        complete: The minutes since the stage began that are complete.
        watched: Of them, those since the weights were shown in which green can be judged: not both sides were sick.
    """

    def __init__(self, series: Series, asked: Asked) -> None:
        self._name = series.workload
        self._asked = asked
        self._tolerated = asked.evidence.tolerated
        self._over = [m for m in series.minutes if m.at >= asked.began and m.at + MINUTE <= asked.known_until]
        self.complete = [minute for minute in self._over if asked.is_complete(minute)]
        self.watched = [
            minute
            for minute, sick in zip(self.complete, self.both_sick, strict=True)
            if minute.at >= asked.moved and not sick
        ]

    @property
    def verdict(self) -> Verdict:
        """What it all comes to: the bad, then what is common to both, then what is missing."""
        return self._bad() or self._common() or self._missing() or self._good()

    # --- Evidence ----------------------------------------------------------------------------------------------------

    @cached_property
    def worse(self) -> float:
        """
        Evidence that green fails more than blue and what is allowed beyond.

        In a minute in which blue is sick, green must fail clearly more: the weaker of both claims counts.
        """
        fair = Claim(1, self._asked.evidence.excess)
        clear = Claim(CLEARLY, self._asked.evidence.excess)

        def factors(minute: Minute, *, is_blue_sick: bool) -> tuple[float, ...]:
            against = fair.log_factors(minute.green.count, minute.blue.count)
            if not is_blue_sick:
                return against
            return weakest([against, clear.log_factors(minute.green.count, minute.blue.count)])

        return self._highest(
            factors(minute, is_blue_sick=sick) for minute, sick in self._told() if minute.green.requests
        )

    @cached_property
    def over(self) -> float:
        """
        Evidence that green fails more than is tolerated, in minutes in which blue is not sick, too.

        Whether blue is sick does not depend on green's failures, so leaving such minutes out is no choice of them.
        """
        claim = Claim(0, self._tolerated)
        told = (minute for minute, sick in self._told() if minute.green.requests and not sick)
        return self._highest(claim.log_factors(minute.green.count, NOTHING) for minute in told)

    def _highest(self, factors: Iterable[Sequence[float]]) -> float:
        return max(evidence(factors), default=0.0)

    def _told(self) -> Iterator[tuple[Minute, bool]]:
        return zip(self.complete, self._sick_blue, strict=True)

    @cached_property
    def _sick_blue(self) -> list[bool]:
        return self._sick([minute.blue.count for minute in self.complete])

    @cached_property
    def both_sick(self) -> list[bool]:
        """For each complete minute, whether both sides failed more than is tolerated."""
        green = self._sick([minute.green.count for minute in self.complete])
        return [one and other for one, other in zip(green, self._sick_blue, strict=True)]

    def _sick(self, counts: Sequence[Count]) -> list[bool]:
        """For each minute, whether it surely fails more than is tolerated; if one is too little, with those before."""
        return [self._is_over(counts[max(0, end - RECENT // MINUTE) : end]) for end in range(1, len(counts) + 1)]

    def _is_over(self, counts: Sequence[Count]) -> bool:
        for count in accumulate(reversed(counts)):
            bounds = wilson(count.failures, count.requests)
            if bounds.low > self._tolerated or bounds.high < self._tolerated:
                return bounds.low > self._tolerated
        return False

    @cached_property
    def recent(self) -> list[Minute]:
        """The last minutes of those watched."""
        return [minute for minute in self.watched if minute.at >= self._asked.known_until - RECENT - MINUTE]

    # --- Verdicts ----------------------------------------------------------------------------------------------------

    def _bad(self) -> Verdict | None:
        green = _green(self.complete)
        enough = green.failures >= FAILURES_MIN
        if enough and self.worse >= self._asked.needed:
            sentence = f"green fails more than blue: {_compared(self.complete)}"
            return self._blame(Cause.WORSE_THAN_BLUE, sentence)
        if enough and self.over >= self._asked.needed:
            sentence = f"green fails more than the {_percent(self._tolerated)} tolerated: {_compared(self.complete)}"
            return self._common() or self._blame(Cause.TOO_MANY_ERRORS, sentence)
        if _targets([minute.green for minute in self._over]) == 0:
            return self._blame(Cause.NO_TARGETS, "green's load balancer has no healthy target")
        return None

    def _blame(self, cause: Cause, sentence: str) -> Verdict:
        """Green is bad; but a blue without targets cannot take the traffic back."""
        if _targets([minute.blue for minute in self._over]) == 0:
            reason = f"{self._name}: {sentence}; but blue has no healthy target to go back to"
            return Verdict(Health.INCONCLUSIVE, reason, Cause.COMMON_CAUSE)
        return Verdict(Health.UNHEALTHY, f"{self._name}: {sentence}", cause)

    def _common(self) -> Verdict | None:
        if not (self.both_sick and self.both_sick[-1]):
            return None
        lately = list(zip(self.complete, self.both_sick, strict=True))[-(RECENT // MINUTE) :]
        numbers = _compared([minute for minute, sick in lately if sick])
        reason = f"{self._name}: both sides are sick, so giving traffic back would not help: {numbers}"
        return Verdict(Health.INCONCLUSIVE, reason, Cause.COMMON_CAUSE)

    def _missing(self) -> Verdict | None:
        if not self.watched:
            return self._unsure(Cause.TOO_FEW_REQUESTS, "no complete minute with requests yet")
        return self._no_traffic() or self._too_few() or self._too_much() or self._uncertain()

    def _no_traffic(self) -> Verdict | None:
        if self._asked.known_until - self._asked.moved < LONG:
            return None
        written = f"where {_percent(self._asked.share)} are written"
        recent, all_ = _total(self.recent), _total(self.watched)
        is_surprise = recent.requests * self._asked.share / BAND >= _RULE_OF_THREE
        if is_surprise and not _green(self.recent).requests:
            sentence = f"green has none of the last {recent.requests:,} requests {written}"
        elif self._is_short and wilson(_green(self.watched).requests, all_.requests).high < self._asked.share / BAND:
            sentence = f"green has {_green(self.watched).requests:,} of {all_.requests:,} requests {written}"
        else:
            return None
        return self._unsure(Cause.NO_TRAFFIC, f"the shift is not taking effect: {sentence}")

    @property
    def _is_short(self) -> bool:
        return _green(self.watched).requests < self._asked.evidence.requests

    def _too_few(self) -> Verdict | None:
        if self._is_short:
            had, needed = _green(self.watched).requests, self._asked.evidence.requests
            return self._unsure(Cause.TOO_FEW_REQUESTS, f"green had {had:,} of the {needed:,} requests it is judged by")
        if not _green(self.recent).requests:
            return self._unsure(Cause.TOO_FEW_REQUESTS, f"green had no requests in the last {RECENT // MINUTE} minutes")
        return None

    def _too_much(self) -> Verdict | None:
        green, all_ = _green(self.watched), _total(self.watched)
        if wilson(green.requests, all_.requests).low <= min(1.0, BAND * self._asked.share):
            return None
        share = _percent(green.requests / all_.requests)
        sentence = f"green has {share} of the requests where {_percent(self._asked.share)} are written; is blue up?"
        return self._unsure(Cause.TOO_MUCH_TRAFFIC, sentence)

    def _uncertain(self) -> Verdict | None:
        for minutes, least in ((self.watched, 1), (self.recent, FAILURES_MIN)):
            green = _green(minutes)
            if green.rate > self._tolerated and green.failures >= least:
                sentence = f"{_part(green)} to green failed, more than the {_percent(self._tolerated)} tolerated"
                return self._unsure(Cause.UNCERTAIN, f"{sentence}; not enough to be sure")
        return None

    def _unsure(self, cause: Cause, sentence: str) -> Verdict:
        return Verdict(Health.INCONCLUSIVE, f"{self._name}: {sentence}", cause)

    def _good(self) -> Verdict:
        return Verdict(Health.HEALTHY, f"{self._name}: {_part(_green(self.watched))} to green failed")


def is_blue_dead(series: Series) -> bool:
    """Whether blue has no healthy target while green has; not known counts as no."""
    blue, green = ([getattr(minute, side) for minute in series.minutes] for side in ("blue", "green"))
    return _targets(blue) == 0 and (_targets(green) or 0) > 0


def blue_targets(series: Series) -> int | None:
    """How many healthy targets blue has; None when that is not known."""
    return _targets([minute.blue for minute in series.minutes])


def _targets(samples: Sequence[Sample]) -> int | None:
    """The most healthy targets of the last two minutes in which they were counted; None before there are two."""
    known = [sample.healthy_targets for sample in samples if sample.healthy_targets is not None]
    return max(known[-2:]) if len(known) > 1 else None


def _blue(minutes: Iterable[Minute]) -> Count:
    return sum((minute.blue.count for minute in minutes), NOTHING)


def _green(minutes: Iterable[Minute]) -> Count:
    return sum((minute.green.count for minute in minutes), NOTHING)


def _total(minutes: Sequence[Minute]) -> Count:
    return _blue(minutes) + _green(minutes)


# --- Words and numbers -----------------------------------------------------------------------------------------------


def _compared(minutes: Sequence[Minute]) -> str:
    return f"{_part(_green(minutes))} on green, {_part(_blue(minutes))} on blue"


def _part(count: Count) -> str:
    return f"{count.failures:,} of {count.requests:,} requests"


def _percent(share: float) -> str:
    return f"{share * PERCENT:.3g} %"


def _numbers(blue: Count, green: Count) -> dict[str, object]:
    requests = blue.requests + green.requests
    return {
        "blue_requests": blue.requests,
        "blue_failed": blue.failures,
        "green_requests": green.requests,
        "green_failed": green.failures,
        "share_percent": round(PERCENT * green.requests / requests, 2) if requests else None,
        "p_worse": float(f"{fisher_p(green, blue):.3g}"),
    }


def _shown(log_evidence: float) -> float:
    """Evidence as a number for people: three digits, from 0.001 (below that 0) to 10¹²."""
    return float(f"{round(exp(min(log_evidence, log(_SHOWN_MAX))), 3):.3g}")
