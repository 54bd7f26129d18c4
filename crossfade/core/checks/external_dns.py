"""Checks of the ExternalDNS of both clusters: whether it carries a weight to Route 53, and how soon.

Sources: ExternalDNS, flags of v0.13 to v0.22; a loop an `--interval`, records up to `--provider-cache-time` old.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from crossfade.core.duration import format_duration
from crossfade.core.facts import ControllerFacts, Facts
from crossfade.core.finding import (
    Check,
    Found,
    Subject,
    each_controller,
    each_host_place,
    fail,
    passed,
    the_controllers,
    warn,
)
from crossfade.core.source import SourceKind
from crossfade.core.weight import Side
from crossfade.core.workload import Workload

WRITES: Final = frozenset({"sync", "upsert-only"})
"""Policies under which a changed weight is written."""


def _moved(facts: Facts) -> tuple[Workload, ...]:
    return tuple(workload for workload in facts.plan.workloads if not workload.router.is_direct)


def _controller(facts: Facts, subject: Subject) -> ControllerFacts | None:
    return facts.controller(subject.on) if _moved(facts) else None


def runs(facts: Facts, subject: Subject) -> Iterator[Found]:
    """It is ready."""
    if not _moved(facts) or facts.estate is None:
        return
    at = _controller(facts, subject)
    if at is None:
        evidence = "Deployment external-dns/external-dns is not to be seen, so nothing of it is checked"
        yield warn(evidence, "bind the shipped Role crossfade-external-dns, or check it by hand")
    elif at.ready < 1:
        yield fail("ExternalDNS has no ready pod, so no weight reaches Route 53", "look at its log and mend it")
    else:
        yield passed(f"{at.ready} ready")


def policy(facts: Facts, subject: Subject) -> Iterator[Found]:
    """It writes changed weights."""
    at = _controller(facts, subject)
    if at is None:
        return
    if at.policy not in WRITES:
        evidence = f"ExternalDNS has --policy={at.policy}, which never changes a weight"
        yield fail(evidence, "run it with --policy=sync or upsert-only")
    if at.dry_run:
        yield fail("ExternalDNS has --dry-run and writes nothing", "run it without")
    if at.registry != "txt":
        yield warn(
            f"ExternalDNS has --registry={at.registry}", "make sure by hand that the clusters own different records"
        )


def prefix(facts: Facts, subject: Subject) -> Iterator[Found]:
    """The weight stands under the prefix that it reads."""
    at, workload = _controller(facts, subject), subject.of
    sources = facts.sources(workload, subject.on)
    annotated = not workload.router.is_direct and workload.kind is not SourceKind.DNS_ENDPOINT
    if at is None or not sources or not annotated:
        return
    if not at.prefix:
        evidence = "neither --annotation-prefix nor the image tag tells which annotations ExternalDNS reads"
        yield warn(evidence, "give its Deployment --annotation-prefix")
        return
    wrong = [source for source in sources if source.prefixes and at.prefix not in source.prefixes]
    for source in wrong:
        evidence = f"the weight stands under {', '.join(source.prefixes)}, ExternalDNS reads {at.prefix}"
        fix = f"annotate {source.name} under {at.prefix}, too, or set --annotation-prefix"
        yield fail(evidence, fix)
    if not wrong:
        yield passed(f"ExternalDNS reads {at.prefix}")


def dialects(facts: Facts, _: Subject) -> Iterator[Found]:
    """Both read the same annotations, or an upgrade of the older one is prepared."""
    blue, green = (facts.controller(side) for side in Side)
    if blue is None or green is None or not _moved(facts) or not (blue.prefix and green.prefix):
        return
    if blue.prefix != green.prefix:
        evidence = f"blue's ExternalDNS reads {blue.prefix}, green's {green.prefix}; weights are written under both"
        fix = (
            "before you upgrade the older one, write set-identifier under both prefixes, too; do not upgrade meanwhile"
        )
        yield warn(evidence, fix)
    else:
        yield passed(f"both read {blue.prefix}")


def scope(facts: Facts, subject: Subject) -> Iterator[Found]:
    """It looks at the objects and at the hosts."""
    at = _controller(facts, subject)
    if at is None:
        return
    for kind in dict.fromkeys(workload.kind for workload in _moved(facts)):
        if kind.naming.flag not in at.sources:
            yield fail(f"ExternalDNS does not look at any {kind}", f"run it with --source={kind.naming.flag}")
    outside = [workload.host for workload in _moved(facts) if not _covers(at.domains, workload.host)]
    if outside:
        evidence = f"--domain-filter leaves out {', '.join(outside)}"
        yield fail(evidence, f"run it with --domain-filter={facts.plan.zone.name}")


def _covers(domains: tuple[str, ...], host: str) -> bool:
    return not domains or any(host == domain or host.endswith(f".{domain}") for domain in domains)


def owners(facts: Facts, _: Subject) -> Iterator[Found]:
    """Both have their own owner id."""
    blue, green = (facts.controller(side) for side in Side)
    if blue is None or green is None or not _moved(facts):
        return
    if blue.owner == green.owner:
        evidence = f"both ExternalDNS have --txt-owner-id={blue.owner}: each deletes the other's records"
        yield fail(evidence, "give each cluster its own owner id, such as its name, at once")
    else:
        yield passed(f"{blue.owner} and {green.owner}")


def pace(facts: Facts, subject: Subject) -> Iterator[Found]:
    """A weight reaches Route 53 before a stage is given up."""
    at = _controller(facts, subject)
    if at is None:
        return
    limit = facts.plan.timing.propagation
    if at.interval is None:
        yield warn("--interval is not readable", f"make sure that a loop takes less than {format_duration(limit)}")
        return
    if at.cache > timedelta(0):
        evidence = f"ExternalDNS caches records for {format_duration(at.cache)}, so it may act on old weights"
        yield warn(evidence, "run it without --provider-cache-time and --txt-cache-interval while traffic moves")
    slowest = at.interval + at.cache
    hint = "; with --events mostly seconds" if at.events else ""
    shown = f"a weight may take {format_duration(slowest)} to be written{hint}, {format_duration(limit)} are given"
    if slowest >= limit:
        yield fail(shown, "shorten --interval, or raise timing.propagation")
    elif at.interval + slowest > limit:
        yield warn(f"{shown}: a single loop that fails is too late", "shorten --interval, or raise timing.propagation")
    else:
        yield passed(shown)


CHECKS: Final = (
    Check(
        "external-dns-runs",
        "ExternalDNS is ready",
        "No pod of ExternalDNS is ready. Warns when its Deployment is not to be seen.",
        "Look at the log of ExternalDNS.",
        each_controller,
        runs,
    ),
    Check(
        "external-dns-policy",
        "ExternalDNS writes changed weights",
        "`--policy=create-only` or `--dry-run`. Another registry than txt warns.",
        "Run it with --policy=sync or upsert-only.",
        each_controller,
        policy,
    ),
    Check(
        "external-dns-prefix",
        "the weight stands under the prefix that ExternalDNS reads",
        "The weight stands under another prefix only. Warns when the prefix cannot be told.",
        "Annotate the object under the prefix that is read, or set --annotation-prefix.",
        each_host_place,
        prefix,
    ),
    Check(
        "external-dns-dialects",
        "both ExternalDNS read the same annotations",
        "Warns: the clusters' ExternalDNS read different prefixes, as v0.22 and older ones do.",
        "Write every annotation under both prefixes before you upgrade the older one.",
        the_controllers,
        dialects,
    ),
    Check(
        "external-dns-scope",
        "ExternalDNS looks at these objects and hosts",
        "The `--source` of a workload's kind is missing, or `--domain-filter` leaves out a host.",
        "Add the source or the domain.",
        each_controller,
        scope,
    ),
    Check(
        "external-dns-owners",
        "both ExternalDNS have owner ids of their own",
        "Both have the same `--txt-owner-id`.",
        "Give each cluster its own owner id.",
        the_controllers,
        owners,
    ),
    Check(
        "external-dns-pace",
        "a weight is written well within timing.propagation",
        "A loop and the cache take longer than `timing.propagation`. A cache, or too little time for two loops, warns.",
        "Shorten --interval, or raise timing.propagation.",
        each_controller,
        pace,
    ),
)
