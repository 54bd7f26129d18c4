"""Checks of what runs on green beside what runs on blue: enough pods, and nothing that works on both sides at once.

With GitOps green starts everything the moment it is synced, at weight 0: a CronJob then runs twice, and two sets of
consumers share a queue. Whether that is right only people know, so they say so in `acknowledge`.
"""

from collections.abc import Iterator
from math import ceil
from typing import Final

from crossfade.core.capacity import is_short
from crossfade.core.facts import Facts
from crossfade.core.finding import UNSEEN, Check, Found, Subject, each_workload, fail, passed, warn
from crossfade.core.plan import Plan
from crossfade.core.running import RunningFacts
from crossfade.core.weight import PERCENT, Side
from crossfade.core.workload import Acknowledged, Workload


def each_cluster(plan: Plan) -> Iterator[Subject]:
    """Both clusters."""
    return (Subject(plan, side=side) for side in Side)


def seen(facts: Facts, subject: Subject) -> Iterator[Found]:
    """What runs is to be seen; else the checks below have looked at nothing."""
    running = facts.running(subject.on)
    for why in running.unseen if running else ():
        evidence, _semicolon, _fix = why.rpartition("; ")
        yield warn(evidence or why, "bind the shipped Role crossfade-running, or look at pods and CronJobs yourself")


def ready_pods(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Green has as many ready pods as blue, or at least enough for the first stage."""
    both = _both(facts)
    name = subject.of.name
    yield from _unseen(both)
    if both is None or name not in both[Side.BLUE].ready or name not in both[Side.GREEN].ready:
        return
    blue, green = both[Side.BLUE].ready[name], both[Side.GREEN].ready[name]
    first = facts.plan.stages[0].share_percent
    needed = max(1, ceil(blue * first / PERCENT))
    shown = f"green has {green} ready pods behind its Services, blue has {blue}"
    if green < needed:
        yield fail(f"{shown}; the first stage of {first:g} % needs {needed}", "let green's pods become ready")
    elif green < blue:
        yield warn(shown, "scale green up, or make sure that it scales while its share rises")
    else:
        yield passed(shown)


def scalers(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Autoscalers let green be as large as blue is now, and blue stay so."""
    both = _both(facts)
    yield from _unseen(both)
    if both is None:
        return
    for name, blue in both[Side.BLUE].scalers.items():
        if not _is_in(subject.of, name):
            continue
        if is_short(blue.now, blue.floor):
            evidence = f"{name} lets blue shrink to {blue.floor} pods as its users leave; it has {blue.now} now"
            yield warn(evidence, f"raise its minReplicas on blue to {blue.now} until the soak is over, or stages wait")
        green = both[Side.GREEN].scalers.get(name)
        if green is None:
            yield warn(f"green has no autoscaler {name}, blue has", "let both clusters have it")
        elif green.ceiling < blue.now:
            evidence = f"{name} lets green have {green.ceiling} pods at most, blue has {blue.now} now"
            yield fail(evidence, f"raise its maxReplicas on green to {blue.now} or more")
        elif green.floor < blue.now:
            evidence = f"{name} lets green shrink to {green.floor} pods, blue has {blue.now} now"
            yield warn(evidence, f"raise its minReplicas on green to {blue.now} until the soak is over")


def cronjobs(facts: Facts, subject: Subject) -> Iterator[Found]:
    """No CronJob runs on both sides, or people say that it may."""
    both = _both(facts)
    yield from _unseen(both)
    if both is None:
        return
    twice = sorted(name for name in both[Side.GREEN].jobs & both[Side.BLUE].jobs if _is_in(subject.of, name))
    if twice:
        evidence = f"CronJobs run on green and on blue: {', '.join(twice)}"
        yield _unless_acknowledged(facts, subject.of, Acknowledged.CRONJOBS, evidence, "suspend them on green")


def consumers(facts: Facts, subject: Subject) -> Iterator[Found]:
    """No declared queue consumer runs on both sides, or people say that it may."""
    both = _both(facts)
    yield from _unseen(both)
    if both is None:
        return
    names = [f"{subject.of.namespace}/{name}" for name in subject.of.consumers]
    twice = [name for name in names if all(both[side].consumers.get(name) for side in Side)]
    if twice:
        evidence = f"queue consumers run on green and on blue: {', '.join(twice)}"
        yield _unless_acknowledged(facts, subject.of, Acknowledged.CONSUMERS, evidence, "scale them to 0 on green")
    elif names and not any(_unseen(both)):
        yield passed(f"on one side at most: {', '.join(names)}")


def insights(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Amazon EKS finds nothing in the way of an upgrade."""
    if facts.estate is None or subject.on not in facts.estate.insights:
        return
    found = facts.estate.insights[subject.on]
    if found is None:
        yield warn("its upgrade insights may not be read", "allow eks:ListInsights and eks:DescribeInsight")
    for each in found or ():
        evidence = f"{each.status}: {each.name} (Kubernetes {each.version}): {each.reason}"
        yield warn(evidence, each.recommendation or "look at the cluster's upgrade insights in the EKS console")


def _both(facts: Facts) -> dict[Side, RunningFacts] | None:
    found = {side: facts.running(side) for side in Side}
    known = {side: running for side, running in found.items() if running is not None}
    return known if len(known) == len(Side) else None


def _unseen(both: dict[Side, RunningFacts] | None) -> Iterator[Found]:
    """Something of what runs was not to be seen: what is not found is then no good sign."""
    if both and any(running.unseen for running in both.values()):
        yield UNSEEN


def _is_in(workload: Workload, name: str) -> bool:
    return name.startswith(f"{workload.namespace}/")


def _unless_acknowledged(facts: Facts, workload: Workload, what: Acknowledged, evidence: str, fix: str) -> Found:
    """A fault, unless a workload of the same namespace says that it is meant."""
    said = [each for each in facts.plan.workloads if each.namespace == workload.namespace]
    if any(what in each.acknowledge for each in said):
        return passed(f"{evidence}; acknowledged")
    return fail(evidence, f"{fix} until it has the users, or say `acknowledge: [{what}]` if running twice is right")


CHECKS: Final = (
    Check(
        "running-seen",
        "pods, autoscalers and CronJobs are to be seen in both clusters",
        "Warns: the API server does not let us see what runs, so the checks below looked at nothing.",
        "Bind the shipped Role crossfade-running.",
        each_cluster,
        seen,
    ),
    Check(
        "ready-pods",
        "green has the pods that blue has",
        "Green has fewer ready pods behind its Services than the first stage needs, by blue's. "
        "Fewer than blue has warns.",
        "Let green's pods become ready; scale green up.",
        each_workload,
        ready_pods,
    ),
    Check(
        "autoscaler-floor",
        "autoscalers let green be as large as blue is, and blue stay so",
        "An autoscaler's maxReplicas on green is less than blue has pods now. A lower minReplicas warns; on blue one "
        "under two thirds of that does.",
        "Raise minReplicas on both sides until the soak is over.",
        each_workload,
        scalers,
    ),
    Check(
        "cronjobs",
        "no CronJob of the workload's namespace runs on both sides",
        "A CronJob of the same name is not suspended in both clusters, and `acknowledge` does not say that it may.",
        "Suspend it on green, or acknowledge it.",
        each_workload,
        cronjobs,
    ),
    Check(
        "consumers",
        "no declared queue consumer runs on both sides",
        "A Deployment named in `consumers` has ready pods in both clusters, and `acknowledge` does not allow it.",
        "Scale it to 0 on green, or acknowledge it.",
        each_workload,
        consumers,
    ),
    Check(
        "upgrade-insights",
        "Amazon EKS finds nothing in the way of an upgrade",
        "Warns: an upgrade insight of the cluster is in WARNING or ERROR. Blue's tell of APIs that clients still use "
        "and a newer green may lack.",
        "Follow the recommendation of the insight.",
        each_cluster,
        insights,
    ),
)
