"""Rules of the configuration that look at more than one field: order, uniqueness, references, totals.

They read the document as it was written, not the checked models: a rule must speak even when another field is
broken, so that people see every fault at once. What is not of the expected kind is skipped; the models report it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from crossfade.core.budget import EVENTS_MAX, events_needed, fits
from crossfade.core.duration import format_duration, parse_duration
from crossfade.core.fault import Path, sentence, written
from crossfade.core.forms import plain, read_instant, shown
from crossfade.core.plan import Gate, Timing
from crossfade.core.presets import Preset, stages_of
from crossfade.core.source import SourceKind
from crossfade.core.weight import PERCENT, encode
from crossfade.core.workload import Router
from crossfade.names import EVENT_SOURCE

Document = Mapping[str, object]
Faults = Iterator[str]


def broken_rules(document: Document, *, timing: Timing | None, now: datetime | None) -> list[str]:
    """
    Every broken rule of *document*, one sentence each.

    Args:
        document: The configuration as read, of any shape.
        timing: Its timing, defaults filled in; None when that is faulty by itself.
        now: UTC; None when the plans' `notAfter` are not to be checked.
    """
    found = [*_cluster_faults(document), *_workload_faults(document), *_timing_faults(timing)]
    names = [_text(_mapping(workload).get("name")) for workload in _list(document.get("workloads"))]
    for name, plan in _mapping(document.get("plans")).items():
        found += _plan_faults(("plans", name), plan, timing, now) if isinstance(plan, Mapping) else ()
        found += _wave_faults(("plans", name, "waves"), _mapping(plan), [known for known in names if known])
    return [*found, *_reference_faults(document), *_trigger_faults(document)]


# --- Clusters and workloads ------------------------------------------------------------------------------------------


def _cluster_faults(document: Document) -> Faults:
    clusters = _mapping(document.get("clusters"))
    blue, green = (_cluster(_mapping(clusters.get(side))) for side in ("blue", "green"))
    if all(blue) and blue == green:
        yield sentence(("clusters", "green"), "is the same cluster as blue; name the one that gets the traffic")


def _cluster(cluster: Document) -> tuple[str | None, str | None]:
    return _text(cluster.get("region")), _text(cluster.get("name"))


def _workload_faults(document: Document) -> Faults:
    workloads = [_mapping(entry) for entry in _list(document.get("workloads"))]
    zone = _text(_mapping(document.get("hostedZone")).get("name"))
    yield from _repeats("workloads", "name", [_text(workload.get("name")) for workload in workloads])
    yield from _repeats("workloads", "host", [_text(workload.get("host")) for workload in workloads])
    for kind in SourceKind:
        yield from _shared_objects(kind.naming.key, workloads)
    yield from _repeats("workloads", "alb.rule", [_text(_mapping(w.get("alb")).get("rule")) for w in workloads])
    for index, workload in enumerate(workloads):
        path: Path = ("workloads", index)
        yield from _zone_faults((*path, "host"), _text(workload.get("host")), zone)
        yield from _twice((*path, "alarms"), _list(workload.get("alarms")))
        yield from _source_faults(path, workload)
        yield from _identifier_faults((*path, "identifiers"), workload)
        yield from _rule_faults((*path, "alb"), workload, _mapping(document.get("clusters")))
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
        yield from _twice((*path, key), _list(workload.get(key)))


def _shared_objects(key: str, workloads: Sequence[Document]) -> Faults:
    """An object has one weight, so it belongs to one workload."""
    seen: dict[tuple[str, str], int] = {}
    for index, workload in enumerate(workloads):
        namespace, named = _text(workload.get("namespace")), workload.get(key)
        for name in dict.fromkeys(_texts(named)):
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
    blue, green = (_text(_mapping(given).get(side)) for side in ("blue", "green"))
    if blue and blue == green:
        yield sentence((*path, "green"), f"{shown(blue)} is blue's, too; each record has its own")


def _rule_faults(path: Path, workload: Document, clusters: Document) -> Faults:
    """A rule and its target groups are one load balancer's, so they share its account and Region; the clusters, too."""
    is_alb, given = workload.get("router") == Router.ALB, workload.get("alb")
    if is_alb and given is None:
        yield sentence(path, "is missing; the router alb needs a listener rule and the target groups of both clusters")
    if not is_alb and given is not None:
        yield sentence(path, "is only for the router alb; remove it, or set router: alb")
    rule, blue, green = (_text(_mapping(given).get(key)) for key in ("rule", "blue", "green"))
    if blue and blue == green:
        yield sentence((*path, "green"), "is blue's target group, too; each cluster has its own")
    for key, arn in (("blue", blue), ("green", green)):
        if rule and arn and _home(rule) and _home(arn) not in ((), _home(rule)):
            yield sentence((*path, key), "is of another account or Region than the rule; they are one load balancer's")
    for side in ("blue", "green"):
        region = _text(_mapping(clusters.get(side)).get("region"))
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
    block = _mapping(given)
    secret, parameter = block.get("secret"), block.get("parameter")
    if secret is not None and parameter is not None:
        yield sentence(path, "has both a secret and a parameter; remove the one that is not rendered from")
    if secret is None and parameter is None:
        yield sentence(path, "has no secret and no parameter; name the one that the weight is rendered from")
    if secret is not None and not _list(block.get("applications")):
        rule = "is empty; name every Application from the Secret to the Ingress, so that their syncs can be watched"
        yield sentence((*path, "applications"), rule)
    yield from _hub_faults(path, block)


def _hub_faults(path: Path, block: Document) -> Faults:
    """In one place both sides need names of their own."""
    if block.get("hub") is None:
        return
    for part, key in (("secret", "name"), ("parameter", "application")):
        name = _text(_mapping(block.get(part)).get(key))
        if name and "{cluster}" not in name:
            rule = f"{shown(name)} is the same for both sides in one hub; say {{cluster}} where its cluster is named"
            yield sentence((*path, part, key), rule)


def _zone_faults(path: Path, host: str | None, zone: str | None) -> Faults:
    if host and zone and not f".{plain(host)}".endswith(f".{plain(zone)}"):
        yield sentence(path, f"{shown(host)} is outside the hosted zone {shown(zone)}; use a host in that zone")


# --- Plans -----------------------------------------------------------------------------------------------------------


def _plan_faults(path: Path, plan: Document, timing: Timing | None, now: datetime | None) -> Faults:
    stages, preset = plan.get("stages"), plan.get("preset")
    if stages is not None and preset is not None:
        yield sentence(path, "has both stages and a preset; remove one")
    if stages is None and preset is None:
        yield sentence(path, "has no stages and no preset; add one of them")
    yield from _share_faults((*path, "stages"), [_number(_mapping(stage).get("share")) for stage in _list(stages)])
    yield from _expiry_faults((*path, "notAfter"), plan.get("notAfter"), now)
    yield from _length_faults(path, plan, timing)
    gated = any(_mapping(stage).get("gate") == Gate.APPROVAL for stage in _list(stages))
    if _mapping(plan.get("approval")).get("byAnother") is True and not gated:
        yield sentence((*path, "approval", "byAnother"), "no stage waits for approval; give one gate: approval")


def _share_faults(path: Path, shares: Sequence[float | None]) -> Faults:
    found = list(_order_faults(path, shares))
    yield from found
    known = [share for share in shares if share is not None and 0 < share <= PERCENT]
    if known and not found and len(known) == len(shares):
        yield from _expression_faults(path, known)


def _order_faults(path: Path, shares: Sequence[float | None]) -> Faults:
    highest = 0.0
    for index, share in enumerate(shares):
        if share is not None and 0 < share <= highest:
            rule = f"{share:g} does not rise above the {highest:g} before it; let shares rise from stage to stage"
            yield sentence((*path, index, "share"), rule)
        highest = max(highest, share or 0)
    last = shares[-1] if shares else None
    if last is not None and 0 < last < PERCENT:
        yield sentence((*path, len(shares) - 1, "share"), f"{last:g} is the last share; the last must be 100")


def _expression_faults(path: Path, shares: Sequence[float]) -> Faults:
    if _is_encoded(shares):
        return
    rule = "cannot be made of whole weights from 0 to 255; use multiples of 0.5"
    alone = [index for index, share in enumerate(shares) if not _is_encoded((share, PERCENT)[: 1 + (share < PERCENT)])]
    for index in alone:
        yield sentence((*path, index, "share"), f"{shares[index]:g} % {rule}")
    if not alone:
        yield sentence(path, f"these shares together {rule}")


def _is_encoded(shares: Sequence[float]) -> bool:
    try:
        encode(shares)
    except ValueError:
        return False
    return True


def _expiry_faults(path: Path, value: object, now: datetime | None) -> Faults:
    instant = _instant(value)
    if now is not None and instant is not None and instant <= now:
        yield sentence(path, f"{shown(str(value))} is past; move it forward or remove it")


def _length_faults(path: Path, plan: Document, timing: Timing | None) -> Faults:
    bakes, soak = _bakes(plan), _duration(plan.get("soak", "0s"))
    if timing is None or soak is None or bakes is None or fits(bakes, soak, timing):
        return
    needed = events_needed(bakes, soak, timing)
    rule = f"is too long to watch: it could need {needed} history events, and an execution has {EVENTS_MAX}"
    fewer = ", make fewer waves" if plan.get("waves") else ""
    yield sentence(path, f"{rule}; shorten its bakes or its soak{fewer}, or raise timing.poll")


def _bakes(plan: Document) -> list[timedelta] | None:
    """The bakes of all stages of all waves."""
    bakes = _bakes_of_a_wave(plan)
    return None if bakes is None else bakes * max(1, len(_list(plan.get("waves"))))


def _bakes_of_a_wave(plan: Document) -> list[timedelta] | None:
    preset = plan.get("preset")
    if isinstance(preset, str) and preset in set(Preset):
        return [stage.bake for stage in stages_of(Preset(preset))]
    bakes = [_duration(_mapping(stage).get("bake")) for stage in _list(plan.get("stages"))]
    return [bake for bake in bakes if bake is not None] if None not in bakes else None


# --- Waves -----------------------------------------------------------------------------------------------------------


def _wave_faults(path: Path, plan: Document, workloads: Sequence[str]) -> Faults:
    waves = [_mapping(wave) for wave in _list(plan.get("waves"))]
    names = [_text(wave.get("name")) for wave in waves]
    yield from _repeats(written(path), "name", names)
    homes: dict[str, int] = {}
    for index, wave in enumerate(waves):
        for at, name in enumerate(map(_text, _list(wave.get("workloads")))):
            if name is not None:
                yield from _member_faults((*path, index, "workloads", at), name, index, homes, workloads)
        for at, name in enumerate(map(_text, _list(wave.get("after")))):
            if name is not None:
                yield from _order_of_waves((*path, index, "after", at), name, index, waves)
        for key in ("workloads", "after"):
            yield from _twice((*path, index, key), _list(wave.get(key)))
    if waves:
        for name in workloads:
            if name not in homes:
                yield sentence(path, f"{shown(name)} is in no wave; add it to one")


def _member_faults(path: Path, name: str, wave: int, homes: dict[str, int], workloads: Sequence[str]) -> Faults:
    if name not in workloads:
        yield sentence(path, f"there is no workload {shown(name)}; use some of {', '.join(workloads)}")
    elif (home := homes.setdefault(name, wave)) != wave:
        yield sentence(path, f"{shown(name)} is in waves[{home}] already; each workload moves in one wave")


def _order_of_waves(path: Path, name: str, wave: int, waves: Sequence[Document]) -> Faults:
    names = [_text(each.get("name")) for each in waves]
    if name not in names:
        known = ", ".join(each for each in names if each)
        yield sentence(path, f"there is no wave {shown(name)}; use some of {known}")
    elif (other := names.index(name)) == wave:
        yield sentence(path, "a wave cannot come after itself; remove it")
    elif other > wave:
        own = names[wave]
        is_cycle = own in _list(waves[other].get("after"))
        rule = f"is a cycle: {shown(name)} comes after {own} itself; remove one of both" if is_cycle else ""
        yield sentence(path, rule or f"{shown(name)} stands further down; move it above this wave")


# --- Timing ----------------------------------------------------------------------------------------------------------


def _timing_faults(timing: Timing | None) -> Faults:
    if timing is None:
        return
    for longer, shorter in (("propagation", "settle"), ("propagation", "poll"), ("rollback", "propagation")):
        least: timedelta = getattr(timing, shorter)
        if getattr(timing, longer) <= least:
            rule = f"must be longer than timing.{shorter}, which is {format_duration(least)}"
            yield sentence(("timing", longer), rule)


# --- References and triggers -----------------------------------------------------------------------------------------


def _reference_faults(document: Document) -> Faults:
    names = list(_mapping(document.get("plans")))
    triggers = _mapping(document.get("triggers"))
    asked: list[tuple[Path, object]] = [(("defaultPlan",), document.get("defaultPlan"))]
    for kind in ("schedules", "events"):
        entries = enumerate(_list(triggers.get(kind)))
        asked += [(("triggers", kind, index, "plan"), _mapping(entry).get("plan")) for index, entry in entries]
    for path, name in asked:
        if names and _text(name) and name not in names:
            yield sentence(path, f"there is no plan {shown(str(name))}; use one of {', '.join(names)}")


def _trigger_faults(document: Document) -> Faults:
    for kind in ("schedules", "events"):
        entries = _list(_mapping(document.get("triggers")).get(kind))
        yield from _repeats(f"triggers.{kind}", "name", [_text(_mapping(entry).get("name")) for entry in entries])
    yield from _own_event_faults(document)
    yield from _twice(("notifications", "emails"), _list(_mapping(document.get("notifications")).get("emails")))


def _own_event_faults(document: Document) -> Faults:
    """A rule that hears our own events would start a migration for every step of the last one."""
    for index, entry in enumerate(_list(_mapping(document.get("triggers")).get("events"))):
        if _mapping(entry).get("source") == EVENT_SOURCE:
            path: Path = ("triggers", "events", index, "source")
            yield sentence(path, f"{EVENT_SOURCE!r} is Crossfade itself; it would start itself again and again")


# --- Reading what may be anything ------------------------------------------------------------------------------------


def _repeats(entries: str, key: str, values: Sequence[str | None]) -> Faults:
    seen: dict[str, int] = {}
    for index, value in enumerate(values):
        if value is not None and seen.setdefault(value, index) != index:
            first = f"{entries}[{seen[value]}]"
            yield f"{entries}[{index}].{key}: {shown(value)} is already the {key} of {first}; each needs its own"


def _twice(path: Path, values: Sequence[object]) -> Faults:
    texts = [value if isinstance(value, str) else None for value in values]
    for index, text in enumerate(texts):
        if text is not None and text in texts[:index]:
            yield f"{written((*path, index))}: {shown(text)} stands here twice; remove one"


def _mapping(value: object) -> Document:
    return {key: part for key, part in value.items() if isinstance(key, str)} if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: object) -> Sequence[str]:
    """A text, or the texts in a list."""
    return [text for text in map(_text, _list(value) or [value]) if text]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _duration(value: object) -> timedelta | None:
    try:
        return parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _instant(value: object) -> datetime | None:
    try:
        return read_instant(value)
    except ValueError:
        return None
