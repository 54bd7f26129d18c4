"""What a check is, and what it finds. The checks themselves stand in `checks_*`, their list in `preflight`."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from crossfade.core.facts import Facts
from crossfade.core.plan import Plan
from crossfade.core.weight import Side
from crossfade.core.workload import Workload


class Grade(StrEnum):
    """The three values of a finding."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"  # it may start; somebody should know
    FAIL = "fail"  # it must not start


@dataclass(frozen=True, slots=True)
class Found:
    """What one check saw at one subject: the verdict, what was seen, and what to do about it."""

    verdict: Grade
    evidence: str
    fix: str = ""


def fail(evidence: str, fix: str) -> Found:
    """It must not start."""
    return Found(Grade.FAIL, evidence, fix)


def warn(evidence: str, fix: str) -> Found:
    """It may start; somebody should know."""
    return Found(Grade.WARN, evidence, fix)


def passed(evidence: str) -> Found:
    """In order, and this was seen."""
    return Found(Grade.PASS, evidence)


UNSEEN: Final = Found(Grade.PASS, "")
"""What a check yields when there was nothing to look at: no finding at all, and no reason to pass either."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at: the whole plan, or one workload, cluster, workload in a cluster, or alarm of it."""

    plan: Plan
    workload: Workload | None = None
    side: Side | None = None
    alarm: str = ""

    @property
    def of(self) -> Workload:
        """The workload, for a check that looks at one."""
        if self.workload is None:
            msg = "this check looks at workloads; give it another scope"
            raise TypeError(msg)
        return self.workload

    @property
    def on(self) -> Side:
        """The side, for a check that looks at one."""
        if self.side is None:
            msg = "this check looks at one side; give it another scope"
            raise TypeError(msg)
        return self.side

    def __str__(self) -> str:
        side = f"{self.side}" if self.side else ""
        name = self.workload.name if self.workload else self.alarm
        return " ".join(part for part in (name, side) if part) or "plan"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One line of the table.

    Attributes:
        check: Id of the check.
        about: What was looked at, for people.
        verdict: What it comes to.
        evidence: What was seen.
        fix: What to do; empty when it passed.
    """

    check: str
    about: str
    verdict: Grade
    evidence: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.about}: {self.evidence}; {self.fix}" if self.fix else f"{self.about}: {self.evidence}"

    def with_(self, about: str) -> "Finding":
        """The same, said of *about*."""
        return replace(self, about=about)

    def to_json(self) -> dict[str, str]:
        """For programs."""
        return {
            "check": self.check,
            "about": self.about,
            "verdict": self.verdict.value,
            "evidence": self.evidence,
            "fix": self.fix,
        }


def together(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same said of several is said once, with all their names."""
    names: dict[Finding, list[str]] = {}
    for finding in findings:
        names.setdefault(finding.with_(""), []).append(finding.about)
    return tuple(finding.with_(", ".join(dict.fromkeys(about))) for finding, about in names.items())


Look = Callable[[Facts, Subject], Iterator[Found]]
Scope = Callable[[Plan], Iterable[Subject]]


@dataclass(frozen=True, slots=True)
class Check:
    """
    One thing that is looked at before the first write.

    Attributes:
        id: Its name, for the table and the documentation.
        title: What is true when it passes.
        trips: What makes it fail or warn, for the documentation.
        fix: What to do about it, for the documentation.
        scope: At which subjects of a plan it looks.
        look: Yields what is wrong with a subject; nothing when it is in order.
    """

    id: str
    title: str
    trips: str
    fix: str
    scope: Scope
    look: Look

    def run(self, facts: Facts, *, on: Side | None = None) -> Iterator[Finding]:
        """
        One finding or more a subject; only of those *on* one side, if that is given.

        While something could not be read, nothing to complain of is no finding: it may not have been seen.
        """
        for subject in self.scope(facts.plan):
            if on is not None and subject.side is not on:
                continue
            found = tuple(self.look(facts, subject)) or (() if facts.unread else (passed(self.title),))
            for each in (one for one in found if one is not UNSEEN):
                yield Finding(self.id, str(subject), each.verdict, each.evidence, each.fix)


# --- Scopes ----------------------------------------------------------------------------------------------------------


def the_plan(plan: Plan) -> Iterator[Subject]:
    """The plan as a whole."""
    yield Subject(plan)


def each_workload(plan: Plan) -> Iterator[Subject]:
    """Every workload."""
    return (Subject(plan, workload) for workload in plan.workloads)


def the_zone(plan: Plan) -> Iterator[Subject]:
    """The plan as a whole, if weights of it stand in the zone."""
    return (Subject(plan) for _ in range(any(workload.router.is_dns for workload in plan.workloads)))


def each_controller(plan: Plan) -> Iterator[Subject]:
    """Both clusters, if a controller in them carries weights of the plan."""
    return (Subject(plan, side=side) for _ in the_controllers(plan) for side in Side)


def the_controllers(plan: Plan) -> Iterator[Subject]:
    """The plan as a whole, if controllers carry weights of it."""
    return (Subject(plan) for _ in range(any(not workload.router.is_direct for workload in plan.workloads)))


def each_host(plan: Plan) -> Iterator[Subject]:
    """Every workload whose weights stand in DNS."""
    return (subject for subject in each_workload(plan) if subject.of.router.is_dns)


def each_host_place(plan: Plan) -> Iterator[Subject]:
    """Every one of them in both clusters."""
    return (Subject(plan, subject.of, side) for subject in each_host(plan) for side in Side)


def each_host_on_green(plan: Plan) -> Iterator[Subject]:
    """Every one of them in green."""
    return (Subject(plan, subject.of, Side.GREEN) for subject in each_host(plan))


def each_rule(plan: Plan) -> Iterator[Subject]:
    """Every workload whose weights stand in a listener rule."""
    return (subject for subject in each_workload(plan) if subject.of.alb is not None)


def each_rule_place(plan: Plan) -> Iterator[Subject]:
    """Every one of them in both clusters."""
    return (Subject(plan, subject.of, side) for subject in each_rule(plan) for side in Side)


def each_alarm(plan: Plan) -> Iterator[Subject]:
    """Every alarm, once."""
    return (Subject(plan, alarm=name) for name in plan.alarms)
