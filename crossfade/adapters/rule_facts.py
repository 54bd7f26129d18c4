"""Listener rules and what is behind them in both clusters, read for the preflight: bindings, target groups, owners."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from crossfade.adapters.alb import ListenerRules, Rule
from crossfade.adapters.balancer_facts import Region
from crossfade.adapters.gathering import gather, raise_worst, split
from crossfade.adapters.kubernetes_api import KubernetesApi
from crossfade.core.facts_places import PlaceFacts, RuleFacts
from crossfade.core.plan import Plan
from crossfade.core.weight import Side
from crossfade.core.workload import Workload
from crossfade.errors import CrossfadeError, RouterObjectMissingError

_WORKERS: Final = 8


def rules_of(plan: Plan, rules: ListenerRules) -> dict[str, RuleFacts | None]:
    """
    The rules of the workloads that have one, by workload; None for a rule that does not exist.

    Raises:
        RouterRefusedError, RouterThrottledError, RouterUnavailableError: One of them could not be read.
    """
    arns = {workload.name: workload.alb.rule for workload in plan.workloads if workload.alb}
    read = dict(zip(arns, rules.read(list(arns.values())), strict=True))
    errors = [answer for answer in read.values() if isinstance(answer, CrossfadeError)]
    raise_worst([error for error in errors if not isinstance(error, RouterObjectMissingError)])
    return {name: _facts(answer) if isinstance(answer, Rule) else None for name, answer in read.items()}


def places_of(
    plan: Plan, clusters: Mapping[Side, KubernetesApi], regions: Mapping[str, Region]
) -> dict[tuple[str, Side], PlaceFacts]:
    """
    The workloads behind a listener rule, in both clusters.

    Raises:
        RouterRefusedError, RouterThrottledError, RouterUnavailableError: Something could not be read.
    """
    places = [(workload, side) for workload in plan.workloads if workload.alb for side in Side]
    calls = [partial(_place, *at, clusters[at[1]], regions[plan.cluster(at[1]).region]) for at in places]
    found, errors = split(gather(calls, workers=_WORKERS))
    raise_worst(errors)
    return {(workload.name, side): held for (workload, side), held in zip(places, found, strict=True)}


def _place(workload: Workload, side: Side, cluster: KubernetesApi, region: Region) -> PlaceFacts:
    rule = workload.listener_rule
    binding: str | None
    try:
        binding = cluster.binding(workload.namespace, rule.binding).group
    except RouterObjectMissingError:
        binding = None
    return PlaceFacts((), region.behind(rule.group(side)), binding=binding)


def _facts(rule: Rule) -> RuleFacts:
    return RuleFacts(rule.weights, sticky=rule.sticky, owner=rule.owner, is_default=rule.is_default)
