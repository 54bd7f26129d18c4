"""The list of all checks before the first write, and what comes of them together. Reads nothing itself."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from crossfade.core.checks import (
    alarms,
    alb,
    argocd,
    dns,
    external_dns,
    probe,
    running,
    switch,
    targets,
)
from crossfade.core.facts import Facts
from crossfade.core.finding import Check, Finding, Grade, together
from crossfade.core.weight import Side

CHECKS: Final[tuple[Check, ...]] = (
    *dns.CHECKS,
    *external_dns.CHECKS,
    *argocd.CHECKS,
    *targets.CHECKS,
    *alb.CHECKS,
    *probe.CHECKS,
    *switch.CHECKS,
    *running.CHECKS,
    *alarms.CHECKS,
)

UNREAD: Final = "answers"
"""The check that fails when something could not be read; then others have not been made."""
AGAIN: Final = frozenset(
    {
        UNREAD,
        "source",
        "external-dns-runs",
        "external-dns-policy",
        "load-balancer",
        "targets",
        "rule-targets",
        "alarm-state",
    }
)
"""The checks that are made again before every stage: cheap ones, without which it cannot be moved or judged."""
_TARGETS: Final = frozenset({"targets", "rule-targets"})

TOLD_MAX: Final = 20
"""So many faults are told in full: a page that goes on is not read, and the cause of a failure has its limits."""


def examine(facts: Facts) -> tuple[Finding, ...]:
    """All findings, in the order of `CHECKS`."""
    return tuple(finding for check in CHECKS for finding in check.run(facts))


@dataclass(frozen=True, slots=True)
class Again:
    """What the checks before a stage come to: what refuses it, and what makes it wait. Empty for nothing."""

    refuses: str
    waits: str


def examine_again(facts: Facts) -> Again:
    """What stands against beginning a stage; a blue without targets can take no traffic back, so that only waits."""
    waits = [each for check in CHECKS if check.id in _TARGETS for each in check.run(facts, on=Side.BLUE)]
    found = [each for check in CHECKS if check.id in AGAIN for each in check.run(facts)]
    return Again(refusal([each for each in found if each not in waits]), refusal(waits))


def graded(findings: Sequence[Finding], grade: Grade) -> tuple[Finding, ...]:
    """The findings with the verdict *grade*."""
    return tuple(finding for finding in findings if finding.verdict is grade)


def refusal(findings: Sequence[Finding]) -> str:
    """All that failed, a line each, each with its fix; empty when nothing did."""
    lines = [str(finding) for finding in together(graded(findings, Grade.FAIL))]
    more = len(lines) - TOLD_MAX
    return "\n".join(lines[:TOLD_MAX] + ([f"and {more} more; `crossfade preflight` shows all"] if more > 0 else []))


def summary(findings: Sequence[Finding]) -> str:
    """One sentence on what has passed."""
    warnings = len(graded(findings, Grade.WARN))
    tail = f", {warnings} with a warning" if warnings else ""
    return f"{len(findings) - len(graded(findings, Grade.FAIL))} checks passed{tail}, the way back was rehearsed"


def table(findings: Sequence[Finding]) -> dict[str, Any]:
    """What the timeline keeps: how often each check came to each verdict, and every warning up to a limit."""
    counts: dict[str, dict[str, int]] = {}
    for (check, verdict), count in Counter((each.check, each.verdict.value) for each in findings).items():
        counts.setdefault(check, {})[verdict] = count
    warnings = together(graded(findings, Grade.WARN))
    return {"table": counts, "warnings": [str(finding) for finding in warnings[:TOLD_MAX]]}
