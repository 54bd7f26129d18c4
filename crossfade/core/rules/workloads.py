"""Rules about workloads: what each router needs, whose objects and hosts are whose, where a rule and a host belong."""

from collections.abc import Sequence

from crossfade.core.fault import Path, sentence
from crossfade.core.forms import plain, shown
from crossfade.core.loose import Document, Faults, as_list, as_mapping, as_text, as_texts, repeats, twice
from crossfade.core.source import SourceKind
from crossfade.core.workload import Router


def workload_faults(document: Document) -> Faults:
    """Every broken rule about the workloads of *document*, a sentence each."""
    workloads = [as_mapping(entry) for entry in as_list(document.get("workloads"))]
    zone = as_text(as_mapping(document.get("hostedZone")).get("name"))
    yield from repeats("workloads", "name", [as_text(workload.get("name")) for workload in workloads])
    yield from repeats("workloads", "host", [as_text(workload.get("host")) for workload in workloads])
    for kind in SourceKind:
        yield from _shared_objects(kind.naming.key, workloads)
    yield from repeats("workloads", "alb.rule", [as_text(as_mapping(w.get("alb")).get("rule")) for w in workloads])
    for index, workload in enumerate(workloads):
        path: Path = ("workloads", index)
        yield from _zone_faults((*path, "host"), as_text(workload.get("host")), zone)
        yield from twice((*path, "alarms"), as_list(workload.get("alarms")))
        yield from _source_faults(path, workload)
        yield from _identifier_faults((*path, "identifiers"), workload)
        yield from _rule_faults((*path, "alb"), workload, as_mapping(document.get("clusters")))
        yield from _argocd_faults((*path, "argocd"), workload)
        if workload.get("router") == Router.ALB and workload.get("probe") is not None:
            yield sentence(
                (*path, "probe"), "is not for the router alb: one load balancer serves both sides; remove it"
            )
        if workload.get("router") == Router.ALB and workload.get("switch") is True:
            yield sentence((*path, "switch"), "is not for the router alb, whose weights are not in DNS; remove it")


def _source_faults(path: Path, workload: Document) -> Faults:
    """Exactly one of the keys names the objects of a workload; none, where a listener rule carries the weights."""
    keys = [kind.naming.key for kind in SourceKind]
    given = [key for key in keys if workload.get(key) is not None]
    if workload.get("router") == Router.ALB:
        for key in given:
            yield sentence((*path, key), "is not for the router alb; name the TargetGroupBinding in alb.binding")
    elif workload and not given:
        rule = f"is missing; name the Ingress of the host, or else its {', '.join(keys[1:-1])} or {keys[-1]}"
        yield sentence((*path, keys[0]), rule)
    elif len(given) > 1:
        yield sentence(path, f"has {' and '.join(given)}; keep the one in which ExternalDNS finds the weight")
    for key in given:
        yield from twice((*path, key), as_list(workload.get(key)))


def _shared_objects(key: str, workloads: Sequence[Document]) -> Faults:
    """An object has one weight, so it belongs to one workload."""
    seen: dict[tuple[str, str], int] = {}
    for index, workload in enumerate(workloads):
        namespace, named = as_text(workload.get("namespace")), workload.get(key)
        for name in dict.fromkeys(as_texts(named)):
            if namespace and seen.setdefault((namespace, name), index) != index:
                first = f"workloads[{seen[namespace, name]}]"
                rule = f"{shown(f'{namespace}/{name}')} is already the {key} of {first}; each needs its own"
                yield sentence(("workloads", index, key), rule)


def _identifier_faults(path: Path, workload: Document) -> Faults:
    """Only who writes records needs their set identifiers; ExternalDNS takes them from its objects."""
    router, given = workload.get("router", Router.EXTERNAL_DNS), workload.get("identifiers")
    if router == Router.ROUTE53 and given is None:
        yield sentence(path, "is missing; the router route53 needs the set identifiers of blue's and green's records")
    if router in (Router.EXTERNAL_DNS, Router.ARGOCD) and given is not None:
        yield sentence(path, f"is not for the router {router}, which reads them from the objects; remove it")
    if router == Router.ALB and given is not None:
        yield sentence(path, "is not for the router alb, which touches no record; remove it")
    blue, green = (as_text(as_mapping(given).get(side)) for side in ("blue", "green"))
    if blue and blue == green:
        yield sentence((*path, "green"), f"{shown(blue)} is blue's, too; each record has its own")


def _rule_faults(path: Path, workload: Document, clusters: Document) -> Faults:
    """A rule and its target groups are one load balancer's, so they share its account and Region; the clusters, too."""
    is_alb, given = workload.get("router") == Router.ALB, workload.get("alb")
    if is_alb and given is None:
        yield sentence(path, "is missing; the router alb needs a listener rule and the target groups of both clusters")
    if not is_alb and given is not None:
        yield sentence(path, "is only for the router alb; remove it, or set router: alb")
    rule, blue, green = (as_text(as_mapping(given).get(key)) for key in ("rule", "blue", "green"))
    if blue and blue == green:
        yield sentence((*path, "green"), "is blue's target group, too; each cluster has its own")
    for key, arn in (("blue", blue), ("green", green)):
        if rule and arn and _home(rule) and _home(arn) not in ((), _home(rule)):
            yield sentence((*path, key), "is of another account or Region than the rule; they are one load balancer's")
    for side in ("blue", "green"):
        region = as_text(as_mapping(clusters.get(side)).get("region"))
        if rule and region and _home(rule)[:1] not in ((), (region,)):
            yield sentence((*path, "rule"), f"is not in {region}, the Region of {side}; targets are in one Region")


def _home(arn: str) -> tuple[str, ...]:
    """Region and account of an ARN; empty when it is none."""
    parts = arn.strip().split(":")
    return tuple(parts[3:5]) if len(parts) > 5 else ()  # noqa: PLR2004 - arn:partition:service:region:account:resource


def _argocd_faults(path: Path, workload: Document) -> Faults:
    """The block stands there with its router only, and names one source of the weight."""
    is_asked, given = workload.get("router") == Router.ARGOCD, workload.get("argocd")
    if is_asked and given is None:
        yield sentence(path, "is missing; the router argocd needs to know what the weight is rendered from")
    if not is_asked and given is not None:
        yield sentence(path, "is only for the router argocd; remove it, or set router: argocd")
    if not isinstance(given, dict):
        return
    block = as_mapping(given)
    secret, parameter = block.get("secret"), block.get("parameter")
    if secret is not None and parameter is not None:
        yield sentence(path, "has both a secret and a parameter; remove the one that is not rendered from")
    if secret is None and parameter is None:
        yield sentence(path, "has no secret and no parameter; name the one that the weight is rendered from")
    if secret is not None and not as_list(block.get("applications")):
        rule = "is empty; name every Application from the Secret to the Ingress, so that their syncs can be watched"
        yield sentence((*path, "applications"), rule)
    yield from _hub_faults(path, block)


def _hub_faults(path: Path, block: Document) -> Faults:
    """In one place both sides need names of their own."""
    if block.get("hub") is None:
        return
    for part, key in (("secret", "name"), ("parameter", "application")):
        name = as_text(as_mapping(block.get(part)).get(key))
        if name and "{cluster}" not in name:
            rule = f"{shown(name)} is the same for both sides in one hub; say {{cluster}} where its cluster is named"
            yield sentence((*path, part, key), rule)


def _zone_faults(path: Path, host: str | None, zone: str | None) -> Faults:
    if host and zone and not f".{plain(host)}".endswith(f".{plain(zone)}"):
        yield sentence(path, f"{shown(host)} is outside the hosted zone {shown(zone)}; use a host in that zone")
