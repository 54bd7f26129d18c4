"""What Git and Terraform must say once traffic has moved, so that nothing puts the old weights back.

Crossfade writes neither of them: it prints what has to stand there. Pure; knows no file and no repository.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from crossfade.core.fleet import read_back
from crossfade.core.places import Cluster
from crossfade.core.record import Record
from crossfade.core.source import SourceKind
from crossfade.core.weight import Side, Split
from crossfade.core.workload import ListenerRule, Router, Workload
from crossfade.names import ALPHA_PREFIX, WEIGHT_KEY, WEIGHT_PROPERTY


@dataclass(frozen=True, slots=True)
class Declaration:
    """
    What one place must say.

    Attributes:
        cluster: Name of the cluster whose directory or repository it is; empty when both are meant.
        about: The objects that it is about, for people.
        language: `yaml` or `hcl`.
        text: Ready to be pasted.
    """

    cluster: str
    about: tuple[str, ...]
    language: str
    text: str

    def __str__(self) -> str:
        where = f"{self.cluster}: " if self.cluster else ""
        return f"# {where}{', '.join(self.about)}\n{self.text}"


def declarations(record: Record) -> tuple[Declaration, ...]:
    """
    What must stand in Git or Terraform for every workload of *record* that is not where it was before.

    Green comes first: whoever applies in this order raises before lowering. What is equal is said once a cluster.
    """
    found = read_back(record)
    moved = [
        (workload, split)
        for workload in record.workloads
        if (split := found.get(workload.name)) and split != record.baseline_of(workload.name).split
    ]
    sides = ((Side.GREEN, record.plan.green), (Side.BLUE, record.plan.blue))
    each = [
        said for side, cluster in sides for workload, split in moved for said in _of(workload, side, cluster, split)
    ]
    return _together(each)


def _together(each: list[Declaration]) -> tuple[Declaration, ...]:
    merged: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for said in each:
        key = (said.cluster, said.language, said.text)
        merged[key] = tuple(dict.fromkeys((*merged.get(key, ()), *said.about)))
    return tuple(Declaration(cluster, about, language, text) for (cluster, language, text), about in merged.items())


def _of(workload: Workload, side: Side, cluster: Cluster, split: Split) -> Iterator[Declaration]:
    weight = split.weight(side)
    match workload.router:
        case Router.EXTERNAL_DNS:
            yield from _objects(workload, cluster, weight)
        case Router.ARGOCD:
            yield from _rendered(workload, cluster, weight)
        case Router.ROUTE53:
            yield _record(workload, side, weight)
        case Router.ALB:
            yield _rule(workload, workload.listener_rule, split)


def _objects(workload: Workload, cluster: Cluster, weight: int) -> Iterator[Declaration]:
    about = tuple(str(source) for source in workload.sources)
    if workload.kind is SourceKind.DNS_ENDPOINT:
        lines = ("spec:", "  endpoints:", f"    - dnsName: {workload.host}", "      providerSpecific:")
        text = "\n".join((*lines, f"        - name: {WEIGHT_PROPERTY}", f'          value: "{weight}"'))
        yield Declaration(cluster.name, about, "yaml", text)
        return
    text = f'metadata:\n  annotations:\n    {ALPHA_PREFIX}{WEIGHT_KEY}: "{weight}" # or the prefix that it has there'
    yield Declaration(cluster.name, about, "yaml", text)
    where = "where Terraform renders them, as EKS Blueprints do"
    yield Declaration(cluster.name, (where,), "hcl", f'route53_weight = "{weight}"')


def _rendered(workload: Workload, cluster: Cluster, weight: int) -> Iterator[Declaration]:
    source = workload.argocd.on(cluster.name) if workload.argocd else None
    if source and source.secret:
        about = (f"the metadata of {cluster.name} in the gitops-bridge (Secret {source.secret.name})",)
        yield Declaration(cluster.name, about, "hcl", f'{source.secret.key} = "{weight}"')
    if source and source.parameter:
        lines = ("helm:", "  parameters:", f"    - name: {source.parameter.name}", f'      value: "{weight}"')
        about = (f"Application {source.namespace}/{source.parameter.application}",)
        yield Declaration(cluster.name, about, "yaml", "\n".join(lines))


def _record(workload: Workload, side: Side, weight: int) -> Declaration:
    identifier = workload.identifiers.of(side) if workload.identifiers else ""
    lines = (f'set_identifier = "{identifier}"', "weighted_routing_policy {", f"  weight = {weight}", "}")
    return Declaration("", (f"the records of {workload.host}",), "hcl", "\n".join(lines))


def _rule(workload: Workload, rule: ListenerRule, split: Split) -> Declaration:
    groups = [
        line
        for side in (Side.BLUE, Side.GREEN)
        for line in (
            "  target_group {",
            f'    arn    = "{rule.group(side)}"',
            f"    weight = {split.weight(side)}",
            "  }",
        )
    ]
    about = f"the action of {rule.rule}, for {workload.host}"
    return Declaration("", (about,), "hcl", "\n".join(("forward {", *groups, "}")))


def told(found: tuple[Declaration, ...]) -> str:
    """*found* as text for a mail or a terminal; empty when there is nothing to say."""
    if not found:
        return ""
    head = "Git or Terraform must say this now, or the next sync or apply takes the weights back without a bake:"
    return "\n\n".join((head, *(str(each) for each in found)))
