"""Listener rules as an adversary, as `adapters.seams.Rules`.

A rule is source and authority at once, and knows no precondition: who writes last wins. A call that was given up takes
effect within seven seconds or never, as the client does not repeat it (`docs/decisions`, "A listener rule is read
twice"). The weights stand where those of records do, and the tags of a rule where the epochs of records do.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from crossfade.adapters.alb import Rule
from crossfade.core.weight import Side
from crossfade.core.workload import Router
from crossfade.errors import CrossfadeError, RouterThrottledError
from crossfade.names import EPOCH_ANNOTATION
from simulation.estate import Estate

T = TypeVar("T")

LATE_SECONDS: Final = 7
"""A call that was lost writes within this time. Source: the time-outs of `adapters.aws.client`."""


class SimulatedRules:
    """The rules of all workloads that go by one."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._named = {
            workload.listener_rule.rule: workload for workload in estate.plan.workloads if workload.router is Router.ALB
        }

    def read(self, arns: Sequence[str]) -> list[Rule | CrossfadeError]:
        """See `ListenerRules.read`."""
        try:
            return list(self._call("read", lambda: [self._rule(arn) for arn in arns]))
        except CrossfadeError as error:
            return [error for _ in arns]

    def one(self, arn: str) -> Rule:
        """See `ListenerRules.one`."""
        return self._call("read", lambda: self._rule(arn))

    def modify(self, arn: str, actions: Sequence[Mapping[str, Any]]) -> None:
        """See `ListenerRules.modify`: nothing is looked at when it takes effect."""
        workload = self._named[arn]
        under = self._estate.markers.get(workload.name, 0)
        (action,) = actions
        groups = {each["TargetGroupArn"]: each["Weight"] for each in action["ForwardConfig"]["TargetGroups"]}
        weights = {(workload.name, side): groups[workload.listener_rule.group(side)] for side in Side}
        self._call("modify", lambda: self._estate.record(weights, {}, ours=True, under=under), late=True)

    def stamp(self, rule: Rule, epoch: int) -> None:
        """See `ListenerRules.stamp`: the highest that was ever added counts."""
        name = self._named[rule.arn].name

        def stamp() -> None:
            self._estate.markers[name] = max(epoch, self._estate.markers.get(name, 0))

        self._call("stamp", stamp, late=True)

    def _rule(self, arn: str) -> Rule:
        workload = self._named[arn]
        weights = {side: self._estate.listed[workload.name, side] for side in Side}
        groups = [
            {"TargetGroupArn": workload.listener_rule.group(side), "Weight": weight} for side, weight in weights.items()
        ]
        epoch = self._estate.markers.get(workload.name, 0)
        tags = {f"{EPOCH_ANNOTATION}/{epoch}": "written by Crossfade"} if epoch else {}
        return Rule(arn, ({"Type": "forward", "ForwardConfig": {"TargetGroups": groups}},), is_default=False, tags=tags)

    def _call(self, what: str, action: Callable[[], T], *, late: bool = False) -> T:
        def attempt() -> T:
            if "balancer" in self._estate.broken:
                msg = "Elastic Load Balancing limits the rate; it is tried again"
                raise RouterThrottledError(msg)
            return action()

        seams = self._estate.seams
        return seams.call(f"elb: {what}", attempt, RouterThrottledError, late=late, within=LATE_SECONDS)
