"""Rules of the configuration that look at more than one field: order, uniqueness, references, totals.

They read the document as it was written, not the checked models: a rule must speak even when another field is
broken, so that people see every fault at once. What is not of the expected kind is skipped; the models report it.
What concerns one workload, plan or list of waves stands in `rules.workloads`, `rules.plans` and `rules.waves`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from crossfade.core.duration import format_duration
from crossfade.core.fault import Path, sentence
from crossfade.core.forms import shown
from crossfade.core.loose import Document, Faults, as_list, as_mapping, as_text, repeats, twice
from crossfade.core.plan import Timing
from crossfade.core.rules.plans import plan_faults
from crossfade.core.rules.waves import wave_faults
from crossfade.core.rules.workloads import workload_faults
from crossfade.names import EVENT_SOURCE


def broken_rules(document: Document, *, timing: Timing | None, now: datetime | None) -> list[str]:
    """
    Every broken rule of *document*, one sentence each.

    Args:
        document: The configuration as read, of any shape.
        timing: Its timing, defaults filled in; None when that is faulty by itself.
        now: UTC; None when the plans' `notAfter` are not to be checked.
    """
    found = [*_cluster_faults(document), *workload_faults(document), *_timing_faults(timing)]
    names = [as_text(as_mapping(workload).get("name")) for workload in as_list(document.get("workloads"))]
    for name, plan in as_mapping(document.get("plans")).items():
        found += plan_faults(("plans", name), plan, timing, now) if isinstance(plan, Mapping) else ()
        found += wave_faults(("plans", name, "waves"), as_mapping(plan), [known for known in names if known])
    return [*found, *_reference_faults(document), *_trigger_faults(document)]


def _cluster_faults(document: Document) -> Faults:
    clusters = as_mapping(document.get("clusters"))
    blue, green = (_cluster(as_mapping(clusters.get(side))) for side in ("blue", "green"))
    if all(blue) and blue == green:
        yield sentence(("clusters", "green"), "is the same cluster as blue; name the one that gets the traffic")


def _cluster(cluster: Document) -> tuple[str | None, str | None]:
    return as_text(cluster.get("region")), as_text(cluster.get("name"))


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
    names = list(as_mapping(document.get("plans")))
    triggers = as_mapping(document.get("triggers"))
    asked: list[tuple[Path, object]] = [(("defaultPlan",), document.get("defaultPlan"))]
    for kind in ("schedules", "events"):
        entries = enumerate(as_list(triggers.get(kind)))
        asked += [(("triggers", kind, index, "plan"), as_mapping(entry).get("plan")) for index, entry in entries]
    for path, name in asked:
        if names and as_text(name) and name not in names:
            yield sentence(path, f"there is no plan {shown(str(name))}; use one of {', '.join(names)}")


def _trigger_faults(document: Document) -> Faults:
    for kind in ("schedules", "events"):
        entries = as_list(as_mapping(document.get("triggers")).get(kind))
        yield from repeats(f"triggers.{kind}", "name", [as_text(as_mapping(entry).get("name")) for entry in entries])
    yield from _own_event_faults(document)
    yield from twice(("notifications", "emails"), as_list(as_mapping(document.get("notifications")).get("emails")))


def _own_event_faults(document: Document) -> Faults:
    """A rule that hears our own events would start a migration for every step of the last one."""
    for index, entry in enumerate(as_list(as_mapping(document.get("triggers")).get("events"))):
        if as_mapping(entry).get("source") == EVENT_SOURCE:
            path: Path = ("triggers", "events", index, "source")
            yield sentence(path, f"{EVENT_SOURCE!r} is Crossfade itself; it would start itself again and again")
