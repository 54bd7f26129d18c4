"""Workloads whose weight is rendered from one and the same place: what they may not do one by one.

Argo CD writes such a weight to all of them, whichever of them it was meant for. So they move in step: nobody takes
the next move before all have made the one before. This file knows no router.
"""

from collections.abc import Iterable, Mapping, Sequence

from crossfade.core.traffic import Reading, Step, rank
from crossfade.core.weight import Split
from crossfade.core.workload import Workload

Groups = tuple[frozenset[str], ...]
"""Names of workloads that share one weight; each group has two or more."""


def sharing(workloads: Iterable[Workload]) -> Groups:
    """Those of *workloads* that share a weight, in groups."""
    found: dict[tuple[str, ...], set[str]] = {}
    for workload in workloads:
        if workload.argocd is not None:
            found.setdefault(workload.argocd.source, set()).add(workload.name)
    return tuple(frozenset(names) for names in found.values() if len(names) > 1)


def torn(all_: Iterable[Workload], chosen: Iterable[str]) -> Groups:
    """The groups of which *chosen* has some, but not all."""
    names = set(chosen)
    return tuple(group for group in sharing(all_) if group & names and not group <= names)


def in_step(
    steps: Sequence[Step], readings: Sequence[Reading], targets: Mapping[str, Split], groups: Groups
) -> tuple[Step, ...]:
    """
    *steps*, with those held back that are ahead of another one of their group.

    Args:
        steps: One a reading, in the same order.
        readings: What they are chosen from.
        targets: The wanted weights, by workload.
        groups: Who shares a weight.
    """
    ranks = {reading.workload: rank(reading, targets[reading.workload]) for reading in readings}
    behind: dict[str, str] = {}
    for group in groups:
        present = sorted(group & ranks.keys())
        behind |= {name: min(present, key=lambda one: ranks[one]) for name in present}
    return tuple(
        _held(step, reading.workload, behind.get(reading.workload, reading.workload), ranks)
        for step, reading in zip(steps, readings, strict=True)
    )


def _held(step: Step, name: str, last: str, ranks: Mapping[str, int]) -> Step:
    if not step.writes or ranks[name] == ranks[last]:
        return step
    return Step((), arrived=False, reason=f"{name}: waits for {last}, which shares its weight")
