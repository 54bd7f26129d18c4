"""What a migration leaves in Argo CD that Git may not know: Helm parameters that it has set on Applications.

They are stronger than all values, so they are named at every end until they stand in Git or are taken away.
This file knows records; how Git says it, `declaration` knows.
"""

from crossfade.core.argocd import ArgoCd
from crossfade.core.fleet import read_back
from crossfade.core.places import Cluster
from crossfade.core.record import Record
from crossfade.core.weight import Side


def overrides(record: Record) -> tuple[str, ...]:
    """Every parameter that is set, once, with what it was read back at; nothing before the first write."""
    weights = read_back(record) if record.wrote is not None else {}
    found = [
        _named(workload.argocd.on(cluster.name), cluster, split.weight(side))
        for workload in record.plan.workloads
        for side, cluster in ((side, record.plan.cluster(side)) for side in Side)
        if workload.argocd and (split := weights.get(workload.name))
    ]
    return tuple(dict.fromkeys(name for name in found if name))


def _named(block: ArgoCd, cluster: Cluster, weight: int) -> str:
    if block.parameter is None:
        return ""
    place = f"Application {block.namespace}/{block.parameter.application}"
    return f"{block.parameter.name}={weight} of {place} in {block.hub.name if block.hub else cluster.name}"


def words(record: Record) -> str:
    """The same in a sentence; empty when there is none."""
    found = overrides(record)
    return f"set in Argo CD until Git says it or they are taken away: {', '.join(found)}" if found else ""
