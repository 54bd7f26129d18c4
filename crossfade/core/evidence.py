"""What the requests themselves say of green in one workload, minute by minute beside blue.

Rule 1: no evidence is never good evidence. A stage needs enough requests, and few enough failures.
Rule 2: what rolls back is judged by evidence that may be looked at as often as one likes (see `statistics`).
Rule 3: when blue is as sick as green, giving traffic back would not help: that is a cause of its own.
This file knows no alarms and no other workload; `assessment` puts them together.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate
from math import log
from typing import Any, Final

from crossfade.core.numbers import compared, numbers, part, percent, shown
from crossfade.core.plan import Evidence
from crossfade.core.series import (
    MINUTE,
    PUBLISHED,
    PUBLISHING,
    Minute,
    Series,
    blue_count,
    green_count,
    most_targets,
    total_count,
)
from crossfade.core.statistics import NOTHING, Claim, Count, evidence, weakest, wilson
from crossfade.core.verdict import Cause, Health, Verdict

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


_RULE_OF_THREE: Final = 3  # expected requests, of which none came, are a surprise of 1 in 20


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
class Examination:
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
        blue_since_write: Requests and failures since the first write of the stage: where bad signs are looked for.
        green_since_write: Likewise.
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
    blue_since_write: Count = NOTHING
    green_since_write: Count = NOTHING

    @property
    def judged(self) -> tuple[Count, Count]:
        """Blue's and green's numbers that the verdict is about: bad signs count from the first write on."""
        if self.verdict.health is Health.UNHEALTHY:
            return self.blue_since_write, self.green_since_write
        return self.blue, self.green

    def to_data(self) -> dict[str, Any]:
        """Small numbers for the timeline."""
        return {
            "cause": self.verdict.cause.value,
            "minutes": self.minutes,
            **numbers(*self.judged),
            "evidence_worse": shown(self.worse),
            "evidence_over": shown(self.over),
        }


# --- One workload ----------------------------------------------------------------------------------------------------


def examine(series: Series, asked: Asked) -> Examination:
    """Say what the series of one workload prove, and what they do not."""
    if series.unreadable:
        reason = f"{series.workload}: the requests cannot be read: {series.unreadable}"
        return Examination(series.workload, Verdict(Health.INCONCLUSIVE, reason, Cause.UNREADABLE))
    case = _Case(series, asked)
    return Examination(
        workload=series.workload,
        verdict=case.verdict,
        blue=blue_count(case.watched),
        green=green_count(case.watched),
        minutes=len(case.watched),
        worse=case.worse,
        over=case.over,
        were_both_sick=any(case.both_sick),
        were_so_lately=any(case.both_sick[-(RECENT // MINUTE) :]),
        blue_since_write=blue_count(case.complete),
        green_since_write=green_count(case.complete),
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
        green = green_count(self.complete)
        enough = green.failures >= FAILURES_MIN
        if enough and self.worse >= self._asked.needed:
            sentence = f"green fails more than blue: {compared(self.complete)}"
            return self._blame(Cause.WORSE_THAN_BLUE, sentence)
        if enough and self.over >= self._asked.needed:
            sentence = f"green fails more than the {percent(self._tolerated)} tolerated: {compared(self.complete)}"
            return self._common() or self._blame(Cause.TOO_MANY_ERRORS, sentence)
        if most_targets([minute.green for minute in self._over]) == 0:
            return self._blame(Cause.NO_TARGETS, "green's load balancer has no healthy target")
        return None

    def _blame(self, cause: Cause, sentence: str) -> Verdict:
        """Green is bad; but a blue without targets cannot take the traffic back."""
        if most_targets([minute.blue for minute in self._over]) == 0:
            reason = f"{self._name}: {sentence}; but blue has no healthy target to go back to"
            return Verdict(Health.INCONCLUSIVE, reason, Cause.COMMON_CAUSE)
        return Verdict(Health.UNHEALTHY, f"{self._name}: {sentence}", cause)

    def _common(self) -> Verdict | None:
        if not (self.both_sick and self.both_sick[-1]):
            return None
        lately = list(zip(self.complete, self.both_sick, strict=True))[-(RECENT // MINUTE) :]
        numbers = compared([minute for minute, sick in lately if sick])
        reason = f"{self._name}: both sides are sick, so giving traffic back would not help: {numbers}"
        return Verdict(Health.INCONCLUSIVE, reason, Cause.COMMON_CAUSE)

    def _missing(self) -> Verdict | None:
        if not self.watched:
            return self._unsure(Cause.TOO_FEW_REQUESTS, "no complete minute with requests yet")
        return self._no_traffic() or self._too_few() or self._too_much() or self._uncertain()

    def _no_traffic(self) -> Verdict | None:
        if self._asked.known_until - self._asked.moved < LONG:
            return None
        written = f"where {percent(self._asked.share)} are written"
        recent, all_ = total_count(self.recent), total_count(self.watched)
        is_surprise = recent.requests * self._asked.share / BAND >= _RULE_OF_THREE
        if is_surprise and not green_count(self.recent).requests:
            sentence = f"green has none of the last {recent.requests:,} requests {written}"
        elif (
            self._is_short and wilson(green_count(self.watched).requests, all_.requests).high < self._asked.share / BAND
        ):
            sentence = f"green has {green_count(self.watched).requests:,} of {all_.requests:,} requests {written}"
        else:
            return None
        return self._unsure(Cause.NO_TRAFFIC, f"the shift is not taking effect: {sentence}")

    @property
    def _is_short(self) -> bool:
        return green_count(self.watched).requests < self._asked.evidence.requests

    def _too_few(self) -> Verdict | None:
        if self._is_short:
            had, needed = green_count(self.watched).requests, self._asked.evidence.requests
            return self._unsure(Cause.TOO_FEW_REQUESTS, f"green had {had:,} of the {needed:,} requests it is judged by")
        if not green_count(self.recent).requests:
            return self._unsure(Cause.TOO_FEW_REQUESTS, f"green had no requests in the last {RECENT // MINUTE} minutes")
        return None

    def _too_much(self) -> Verdict | None:
        green, all_ = green_count(self.watched), total_count(self.watched)
        if wilson(green.requests, all_.requests).low <= min(1.0, BAND * self._asked.share):
            return None
        share = percent(green.requests / all_.requests)
        sentence = f"green has {share} of the requests where {percent(self._asked.share)} are written; is blue up?"
        return self._unsure(Cause.TOO_MUCH_TRAFFIC, sentence)

    def _uncertain(self) -> Verdict | None:
        for minutes, least in ((self.watched, 1), (self.recent, FAILURES_MIN)):
            green = green_count(minutes)
            if green.rate > self._tolerated and green.failures >= least:
                sentence = f"{part(green)} to green failed, more than the {percent(self._tolerated)} tolerated"
                return self._unsure(Cause.UNCERTAIN, f"{sentence}; not enough to be sure")
        return None

    def _unsure(self, cause: Cause, sentence: str) -> Verdict:
        return Verdict(Health.INCONCLUSIVE, f"{self._name}: {sentence}", cause)

    def _good(self) -> Verdict:
        return Verdict(Health.HEALTHY, f"{self._name}: {part(green_count(self.watched))} to green failed")


# --- Words and numbers -----------------------------------------------------------------------------------------------
