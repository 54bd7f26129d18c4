"""All evidence of one look: what alarms, series, probes and weights come to together, and who is to blame.

Rule 1: no evidence is never good evidence. A stage needs every alarm OK, enough requests, and few enough failures.
Rule 2: the worst that is said counts; an alarm that both sides' sickness explains is forgiven, but passes no stage.
This file reads nothing: `evidence` examines one workload's series, `verdict` judges alarms.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from crossfade.core.evidence import Asked, Examination, examine
from crossfade.core.numbers import numbers, part, shown
from crossfade.core.plan import Plan
from crossfade.core.probe import Probed
from crossfade.core.series import Series
from crossfade.core.statistics import NOTHING
from crossfade.core.verdict import Alarm, AlarmState, Cause, Health, Verdict, judge
from crossfade.core.waves import wave_of
from crossfade.core.weight import PERCENT
from crossfade.core.wording import gathered
from crossfade.core.workload import Workload, alarms_of

NOBODY: Final = Verdict(Health.HEALTHY, "no workload has users on green")
"""What is said when all that has moved was given back, and another wave may still begin."""
_QUESTIONS: Final = 2  # asked of each workload in each stage: worse than blue? too many errors?
_REASONS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What was read for one look.

    Attributes:
        alarms: What came back, by name.
        series: By workload.
        latched: Names of alarms that were in ALARM since the stage began, whatever they are now.
        doubts: Why some alarms cannot be believed, by name.
        probed: What came of asking green directly.
        drifted: What is wrong with the weights themselves; None for nothing.
    """

    alarms: Mapping[str, Alarm]
    series: Mapping[str, Series]
    latched: Sequence[str] = ()
    doubts: Mapping[str, Verdict] = field(default_factory=dict)
    probed: Sequence[Probed] = ()
    drifted: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """
    All evidence of one look.

    Attributes:
        verdict: What it comes to.
        examined: By workload, in the plan's order.
        alarms: As asked and read; MISSING for those that did not come back.
        latched: Names of alarms that were in ALARM since the stage began.
        asked: Of the series of those that move in this stage.
        probed: The workloads that have a probe, in the plan's order.
        blamed: Names of the workloads of which nothing better can be said than of the whole; empty when all is well.
    """

    verdict: Verdict
    examined: tuple[Examination, ...]
    alarms: tuple[Alarm, ...]
    latched: tuple[str, ...]
    asked: Asked
    probed: tuple[Probed, ...] = ()
    blamed: tuple[str, ...] = ()

    def to_data(self) -> dict[str, Any]:
        """The evidence as small numbers for the timeline; the sums first, then each workload."""
        blue = sum((each.judged[0] for each in self.examined), NOTHING)
        green = sum((each.judged[1] for each in self.examined), NOTHING)
        not_ok = {alarm.name: alarm.state.value for alarm in self.alarms if alarm.state is not AlarmState.OK}
        return {
            "cause": self.verdict.cause.value,
            "alarms_asked": len(self.alarms),
            "alarms_ok": len(self.alarms) - len(not_ok),
            **({"alarms_not_ok": not_ok} if not_ok else {}),
            **({"alarms_latched": list(self.latched)} if self.latched else {}),
            "written_percent": round(self.asked.share * PERCENT, 2),
            **numbers(blue, green),
            "evidence_needed": shown(self.asked.needed),
            **({"probes": {each.workload: each.to_data() for each in self.probed}} if self.probed else {}),
            **({"blamed": list(self.blamed)} if self.blamed else {}),
            "workloads": {each.workload: each.to_data() for each in self.examined},
        }


def assess(
    plan: Plan,
    seen: Seen,
    *,
    stage: int,
    began: datetime,
    moved: datetime,
    now: datetime,
    workloads: Sequence[Workload] | None = None,
) -> Assessment:
    """
    Put alarms, series and probes together.

    An alarm is forgiven while the series show that both sides are sick, and until it can have recovered from that;
    but no stage passes under it. A series that could not be read is inconclusive, however good the alarms are.

    Args:
        plan: Whose alarms and workloads are asked.
        seen: What was read; its series from *began* on.
        stage: Which stage's share is written, from 0.
        began: When the first write of the stage was tried.
        moved: When the authority showed the stage's weights.
        now: UTC.
        workloads: Those that are to have users on green, in the plan's order; all of them if none are named.
    """
    watched = plan.workloads if workloads is None else workloads
    asked = _asked(plan, stage, began=began, moved=moved, now=now)
    examined = _examined(plan, stage, watched, seen.series, asked)
    spoken = _Alarms(watched, seen, examined)
    verdict = _worst(_said(watched, seen, spoken, examined), examined) if watched or seen.drifted else NOBODY
    return Assessment(
        verdict=verdict,
        examined=examined,
        alarms=tuple(seen.alarms.get(name, Alarm(name, AlarmState.MISSING)) for name in alarms_of(watched)),
        latched=tuple(seen.latched),
        asked=asked,
        probed=tuple(seen.probed),
        blamed=tuple(_blamed(verdict, watched, spoken, [*examined, *seen.probed])),
    )


def _asked(plan: Plan, stage: int, *, began: datetime, moved: datetime, now: datetime) -> Asked:
    share = plan.stages[stage].split.green_part
    questions = _QUESTIONS * len(plan.workloads) * len(plan.stages)
    return Asked(share, began=began, moved=moved, now=now, evidence=plan.evidence, questions=questions)


def _examined(
    plan: Plan, stage: int, watched: Sequence[Workload], series: Mapping[str, Series], asked: Asked
) -> tuple[Examination, ...]:
    """Those of another wave than the one that moves have all of their users on green already."""
    have_moved = replace(asked, share=1.0)
    moving = plan.stages[stage].wave
    return tuple(
        examine(
            series.get(workload.name) or Series(workload.name, unreadable="its series were not read"),
            asked if wave_of(plan, workload.name) == moving else have_moved,
        )
        for workload in watched
    )


def _said(
    watched: Sequence[Workload], seen: Seen, spoken: "_Alarms", examined: Sequence[Examination]
) -> Sequence[Verdict]:
    said = [*spoken.verdicts(alarms_of(watched)), *(found.verdict for found in examined)]
    said += [each.verdict for each in seen.probed]
    return [*said, seen.drifted] if seen.drifted else said


def _blamed(
    verdict: Verdict, workloads: Sequence[Workload], spoken: "_Alarms", said: Sequence[Examination | Probed]
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

    def __init__(self, workloads: Sequence[Workload], seen: Seen, examined: Sequence[Examination]) -> None:
        is_common = (found for found in examined if found.were_so_lately or found.verdict.cause is Cause.COMMON_CAUSE)
        forgiven = _alarms_of(workloads, is_common)
        explained = _alarms_of(workloads, (found for found in examined if found.were_both_sick))
        self._firing = [name for name, at in seen.alarms.items() if at.state is AlarmState.ALARM and name in forgiven]
        self._spoken = {**seen.alarms, **{name: Alarm(name, AlarmState.OK) for name in self._firing}}
        self._latched = [name for name in seen.latched if name not in explained]
        self._doubts = seen.doubts

    def verdicts(self, names: Sequence[str]) -> Iterator[Verdict]:
        """What those called *names* say."""
        yield judge(names, self._spoken, self._latched, self._doubts)
        if firing := [name for name in self._firing if name in names]:
            reason = f"{', '.join(firing)} fired when both sides were sick"
            yield Verdict(Health.INCONCLUSIVE, reason, Cause.ALARM)


def _alarms_of(workloads: Sequence[Workload], examined: Iterable[Examination]) -> set[str]:
    names = {each.workload for each in examined}
    return {alarm for workload in workloads if workload.name in names for alarm in workload.alarms}


def _worst(verdicts: Sequence[Verdict], examined: Sequence[Examination]) -> Verdict:
    rank = max(map(_rank, verdicts))
    worst = [verdict for verdict in verdicts if _rank(verdict) == rank]
    if worst[0].health is Health.HEALTHY:
        green = sum((each.green for each in examined), NOTHING)
        return Verdict(Health.HEALTHY, f"{worst[0].reason}; {part(green)} to green failed")
    reasons = gathered(verdict.reason for verdict in worst)
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
