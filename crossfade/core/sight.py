"""Whether an alarm still sees green: its dimensions against the load balancers of now.

A load balancer or target group that was made anew has another id. An alarm on the one from before gets no data, and
if missing data is good data to it, it stays OK for ever. This file is given both; it looks nothing up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from crossfade.core.verdict import Alarm
from crossfade.core.workload import Workload

_GROUP: Final = "targetgroup/"


@dataclass(frozen=True, slots=True)
class Standing:
    """
    What stands behind green now, as CloudWatch names it.

    Attributes:
        own: Dimensions that are green's alone: its load balancer and target groups; of a shared one, its target group.
        shared: The load balancer that serves both sides; empty when there is none.
    """

    own: frozenset[str]
    shared: str = ""


def blind(
    workloads: Sequence[Workload], alarms: Mapping[str, Alarm], standing: Mapping[str, Standing]
) -> dict[str, str]:
    """
    Why alarms of *workloads* do not see green, by name.

    An alarm whose dimensions name no load balancer watches something else, of which nothing is known here. So is one
    of a workload whose load balancers cannot be told; its requests cannot be read either, and that is said.

    Args:
        workloads: That have users on green.
        alarms: As read, those in the rules of others included, by name.
        standing: By workload, as far as it is known.
    """
    found: dict[str, str] = {}
    for name in dict.fromkeys(name for workload in workloads for name in workload.alarms):
        judged = [workload.name for workload in workloads if name in workload.alarms]
        known = [standing[each] for each in judged if each in standing]
        seen = _seen(name, alarms)
        if len(known) == len(judged) and (strange := _strange(seen, known)):
            found[name] = (
                f"{name} is blind: it watches {', '.join(strange)}, and green of {', '.join(judged)} has "
                f"{', '.join(_likewise(strange, known))} now; give it that dimension"
            )
    return found


def _seen(name: str, alarms: Mapping[str, Alarm]) -> list[str]:
    """The dimensions at which *name*, or the alarms in its rule, look."""
    alarm = alarms.get(name)
    children = alarm.definition.children if alarm and alarm.definition else ()
    looked = (alarms[each] for each in (name, *children) if each in alarms)
    return sorted({dimension for each in looked for dimension in each.sees})


def _strange(seen: Sequence[str], known: Iterable[Standing]) -> list[str]:
    """Those of *seen* that are not green's: all load balancers, or all target groups, if none of them is."""
    green = {dimension for each in known for dimension in (*each.own, each.shared)}
    kinds = ([at for at in seen if _is_group(at) is kind] for kind in (False, True))
    return [at for kind in kinds if not green & set(kind) for at in kind]


def _likewise(strange: Sequence[str], known: Iterable[Standing]) -> Iterator[str]:
    """What green has of the same kind, each once, in order."""
    kinds = {_is_group(at) for at in strange}
    green = {dimension for each in known for dimension in (*each.own, each.shared) if dimension}
    yield from sorted(at for at in green if _is_group(at) in kinds) or ["none"]


def _is_group(dimension: str) -> bool:
    return dimension.startswith(_GROUP)
