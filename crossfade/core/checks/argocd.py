"""Checks of Argo CD: whether it renders what is written, and whether it would put back what it does not know of.

Sources: Argo CD, docs/user-guide/auto_sync.md and sync-options.md; pull requests 19512 and 23655 for the versions.
"""

from collections.abc import Iterator
from typing import Final

from crossfade.core.facts import Facts
from crossfade.core.facts_argocd import ApplicationFacts, ArgoCdFacts
from crossfade.core.finding import Check, Found, Subject, each_host_place, fail, passed, warn
from crossfade.core.plan import Plan
from crossfade.core.workload import Router

_BAD_PHASES: Final = frozenset({"Failed", "Error"})
_MEND: Final = "look at it in Argo CD, mend it and sync it"


def _each_rendered(plan: Plan) -> Iterator[Subject]:
    """Every workload whose router is argocd, in both clusters."""
    return (subject for subject in each_host_place(plan) if subject.of.router is Router.ARGOCD)


def _each_annotated(plan: Plan) -> Iterator[Subject]:
    """Every workload whose live object is all that is written, in both clusters."""
    return (subject for subject in each_host_place(plan) if subject.of.router is Router.EXTERNAL_DNS)


def _rendered(facts: Facts, subject: Subject) -> ArgoCdFacts | None:
    """What was read of Argo CD about a workload in one cluster; None when it was not to be read."""
    return facts.estate.argocd.get((subject.of.name, subject.on)) if facts.estate else None


def applications(facts: Facts, subject: Subject) -> Iterator[Found]:
    """They are there, and one of them renders the objects."""
    seen = _rendered(facts, subject)
    if seen is None:
        return
    for at in seen.applications:
        if at.lack:
            evidence, _semicolon, fix = at.lack.rpartition("; ")
            yield fail(evidence or at.lack, fix)
        elif not at.automated:
            evidence = f"{at.name} is synced by people, so a new weight waits for them"
            yield fail(evidence, "set syncPolicy.automated, or write its parameter instead")
    if not any(at.lack or at.manages for at in seen.applications):
        evidence = f"none of {', '.join(at.name for at in seen.applications)} renders these objects"
        yield fail(evidence, "name all Applications between the source and them in `argocd.applications`")
    yield from _generated(subject, seen)


def _generated(subject: Subject, seen: ArgoCdFacts) -> Iterator[Found]:
    block = subject.of.argocd
    if block is not None and block.parameter is not None and seen.applications[0].generated:
        evidence = f"an ApplicationSet makes {seen.applications[0].name} and puts back what is written in its spec"
        yield fail(evidence, "write the cluster Secret that it renders from: `argocd.secret`")


def synced(facts: Facts, subject: Subject) -> Iterator[Found]:
    """They are synced and healthy."""
    for at in _known(facts, subject):
        if at.sync == "Unknown":
            yield fail(f"{at.name} cannot be compared with Git", "mend what its condition ComparisonError names")
        elif at.sync != "Synced":
            yield fail(f"{at.name} is {at.sync or 'not compared yet'}", _MEND)
        if at.health == "Progressing":
            yield warn(f"{at.name} is Progressing", "let it become healthy first")
        elif at.health not in ("Healthy", ""):
            yield fail(f"{at.name} is {at.health}", _MEND)


def last_sync(facts: Facts, subject: Subject) -> Iterator[Found]:
    """The last one did not fail."""
    for at in _known(facts, subject):
        if at.phase in _BAD_PHASES:
            evidence = f"the last sync of {at.name} is {at.phase} ({at.message or 'no message'}) and not tried again"
            yield fail(evidence, _MEND)
        elif at.phase in ("Running", "Terminating"):
            yield warn(f"a sync of {at.name} is {at.phase}", "let it end first")


def source(facts: Facts, subject: Subject) -> Iterator[Found]:
    """It is there and has a weight."""
    seen = _rendered(facts, subject)
    if seen is None:
        return
    if seen.lack:
        evidence, _semicolon, fix = seen.lack.rpartition("; ")
        yield fail(evidence or seen.lack, fix)
    elif seen.by_chart:
        others = [each.name for each in facts.plan.workloads if each.argocd and each.argocd.secret]
        if others:
            evidence = f"{seen.source}, so the Secret of {', '.join(others)} rules this weight, too"
            yield fail(evidence, "set the parameter to the weight of now, or move all by the Secret")
        else:
            yield passed(f"{seen.source}; the first write sets it")
    elif seen.weight is None:
        yield fail(f"{seen.source}", "give it the weight of now, a whole number from 0 to 255")
    else:
        yield passed(seen.source)


def version(facts: Facts, subject: Subject) -> Iterator[Found]:
    """It syncs changed values by itself."""
    seen = _rendered(facts, subject)
    if seen is None:
        return
    left = [at.name for at in seen.applications if at.several and at.automated and not at.heals]
    if left and not seen.version:
        yield warn("the version of Argo CD is not to be seen", "let us read the Deployment argocd-server")
    elif left and seen.affected:
        evidence = f"Argo CD {seen.version} leaves changed values of {', '.join(left)} alone"
        yield warn(f"{evidence}; Crossfade asks for each sync", "upgrade to v3.2, or set selfHeal")
    elif seen.version:
        yield passed(f"Argo CD {seen.version}")


def self_heal(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Nothing puts back a live weight."""
    seen = _rendered(facts, subject)
    for at in seen.applications if seen else ():
        if at.lack:
            yield warn(f"{at.lack.rpartition('; ')[0] or at.lack}", "make sure by hand that Argo CD leaves the weight")
        elif at.leaves_weights:
            yield passed(f"{at.name} leaves weights alone")
        elif at.heals:
            evidence = f"{at.name} heals itself and puts back every weight within seconds"
            yield fail(evidence, "set router: argocd, or let it ignore the weight: see docs/argocd.md")
        elif at.automated:
            evidence = f"{at.name} puts the weight back at the next commit"
            yield warn(evidence, "set router: argocd, or let it ignore the weight: see docs/argocd.md")


def _known(facts: Facts, subject: Subject) -> tuple[ApplicationFacts, ...]:
    seen = _rendered(facts, subject)
    return tuple(at for at in seen.applications if not at.lack) if seen else ()


CHECKS: Final = (
    Check(
        "argocd-applications",
        "every Application from the source to the objects is there",
        "One is missing or may not be read, is synced by people, or none of them renders the objects; or an "
        "ApplicationSet makes the one whose parameter is to be written.",
        "Correct `argocd.applications`; write the Secret where an ApplicationSet is at work.",
        _each_rendered,
        applications,
    ),
    Check(
        "argocd-synced",
        "Argo CD's Applications are synced and healthy",
        "One is OutOfSync, cannot be compared with Git, or is not healthy. Progressing warns.",
        "Mend it in Argo CD.",
        _each_rendered,
        synced,
    ),
    Check(
        "argocd-last-sync",
        "the last sync of Argo CD's Applications did not fail",
        "One failed: Argo CD does not try the same again. One that is under way warns.",
        "Mend it in Argo CD and sync.",
        _each_rendered,
        last_sync,
    ),
    Check(
        "argocd-source",
        "what the weight is rendered from has a weight",
        "The Secret or the Application is missing or may not be read, or the annotation is absent or no weight.",
        "Annotate the Secret, or set the parameter, with the weight of now.",
        _each_rendered,
        source,
    ),
    Check(
        "argocd-version",
        "Argo CD syncs changed values by itself",
        "Warns for v2.13 to v3.1 where an Application has several sources and no self-heal.",
        "Upgrade Argo CD to v3.2, or set selfHeal.",
        _each_rendered,
        version,
    ),
    Check(
        "argocd-self-heal",
        "Argo CD does not put back a weight that is written on the live object",
        "With the router external_dns: the Application of an object heals itself and does not ignore the weight. "
        "One that would put it back at the next commit warns.",
        "Set router: argocd, or `ignoreDifferences` with RespectIgnoreDifferences=true.",
        _each_annotated,
        self_heal,
    ),
)
