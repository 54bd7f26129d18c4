"""What came of asking the load balancer of each side directly, and what that says of green.

Rule 1: one bad answer proves nothing; it only keeps a stage from being left. Several in a row, in looks of their own,
do. Rule 2: where blue does not answer either, giving traffic back would not help.
This file knows no network: answers come in as they were heard.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from crossfade.core.model import Model
from crossfade.core.verdict import Cause, Health, Verdict
from crossfade.core.weight import Side
from crossfade.core.workload import ProbeRequest, Workload

LOOKS: Final = 3
"""So many bad answers in a row are no chance: a green that fails one request in a hundred, which is the most that is
tolerated by default, gives them once in a million looks."""


class Heard(StrEnum):
    """What kind of answer came."""

    STATUS = "status"  # an answer over HTTP
    CERTIFICATE = "certificate"  # a certificate that is not good for the host; nothing was asked
    BROKEN = "broken"  # it was reached and gave no answer
    UNREACHABLE = "unreachable"  # nothing is known: it was not reached from here, or may not be asked


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What one load balancer answered for one host.

    Attributes:
        heard: What kind of answer.
        status: Of the answer; 0 without one.
        days_left: How many whole days its certificate is good for; None without TLS or without an answer.
        detail: What was heard instead of an answer, or where a redirect leads; in words for people.
    """

    heard: Heard
    status: int = 0
    days_left: int | None = None
    detail: str = ""

    def is_good(self, request: ProbeRequest) -> bool:
        """Whether it is one of those that *request* wants."""
        return self.heard is Heard.STATUS and self.status in request.status

    def __str__(self) -> str:
        match self.heard:
            case Heard.STATUS:
                return f"answers {self.status}{f' ({self.detail})' if self.detail else ''}"
            case Heard.CERTIFICATE:
                return f"shows a certificate that is not good for the host ({self.detail})"
            case Heard.BROKEN:
                return f"gives no answer ({self.detail})"
            case Heard.UNREACHABLE:
                return f"is not reachable from here ({self.detail})"


Answers = Mapping[Side, Answer]
"""Of both sides."""


class Failing(Model):
    """
    A workload whose green has answered badly in every look up to now.

    Attributes:
        workload: Its name.
        looks: How many looks that are, 1 or more.
        at: The last of them, UTC: the same look again is not another one.
    """

    workload: str
    looks: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Probed:
    """
    One workload in one look.

    Attributes:
        workload: Its name.
        answers: Of both sides.
        verdict: What that comes to.
        failing: What the next look has to know; None when green's answer was not bad.
    """

    workload: str
    answers: Answers
    verdict: Verdict
    failing: Failing | None = None

    def to_data(self) -> dict[str, Any]:
        """Small values for the timeline."""
        heard = {
            side.value: answer.status if answer.heard is Heard.STATUS else answer.heard.value
            for side, answer in self.answers.items()
        }
        return {**heard, **({"bad_looks": self.failing.looks} if self.failing else {})}


def examine(
    workloads: Iterable[Workload], answers: Mapping[str, Answers], before: Sequence[Failing], now: datetime
) -> tuple[Probed, ...]:
    """
    Say what the answers mean, for each of *workloads* that has a probe.

    Args:
        workloads: Of the plan.
        answers: By workload; all that have a probe.
        before: What the last look knew.
        now: When this look began, UTC.
    """
    known = {failing.workload: failing for failing in before}
    return tuple(
        _one(workload.name, workload.probe, answers[workload.name], known.get(workload.name), now)
        for workload in workloads
        if workload.probe is not None
    )


def _one(name: str, request: ProbeRequest, answers: Answers, before: Failing | None, now: datetime) -> Probed:
    green = answers[Side.GREEN]
    if green.is_good(request):
        return Probed(name, answers, Verdict(Health.HEALTHY, f"{name}: green {green}"))
    if green.heard is Heard.UNREACHABLE:
        return Probed(name, answers, Verdict(Health.INCONCLUSIVE, f"{name}: green {green}", Cause.UNREADABLE), before)
    failing = _once_more(name, before, now)
    return Probed(name, answers, _bad(name, request, answers, failing.looks), failing)


def _once_more(name: str, before: Failing | None, now: datetime) -> Failing:
    if before is None:
        return Failing(workload=name, looks=1, at=now)
    return before if before.at >= now else Failing(workload=name, looks=before.looks + 1, at=now)


def _bad(name: str, request: ProbeRequest, answers: Answers, looks: int) -> Verdict:
    blue, reason = answers[Side.BLUE], f"{name}: green {answers[Side.GREEN]} to the probe"
    if looks < LOOKS:
        return Verdict(Health.INCONCLUSIVE, f"{reason}, in {looks} of {LOOKS} looks", Cause.PROBE_FAILED)
    if not blue.is_good(request):
        return Verdict(Health.INCONCLUSIVE, f"{reason}, but blue {blue}, too", Cause.COMMON_CAUSE)
    return Verdict(Health.UNHEALTHY, f"{reason}, in {looks} looks in a row; blue {blue}", Cause.PROBE_FAILED)
