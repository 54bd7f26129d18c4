"""The sample hosts behind one Application Load Balancer: a listener rule a host, a target group a cluster."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, Final

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.elbv2.models import elbv2_backends

from crossfade.adapters.alb import ListenerRules
from crossfade.adapters.alb_router import AlbRouter
from crossfade.adapters.aws import client
from crossfade.core.weight import Side
from crossfade.core.workload import ListenerRule, Router, Workload
from crossfade.names import EPOCH_ANNOTATION
from tests.contracts.estate import REGION, WORKLOADS, a_cloud
from tests.contracts.zone import Configured

UNREADABLE: Final = 900
"""A weight that a rule may have and Crossfade cannot."""


class Balancer:
    """
    A load balancer with a listener; every workload has a rule.

    Attributes:
        client: What the router calls.
        requests: The operations that it called, oldest first.
        listener: ARN of the listener.
        numbers: For names and priorities that nobody else has.
    """

    def __init__(self) -> None:
        self.client: Any = client("elbv2", REGION, attempts=1)
        self.requests: list[str] = []
        self._elb: Any = boto3.client("elbv2", region_name=REGION)
        self._happen: Callable[[], None] | None = None
        self._moment = ("", 0)
        self.numbers = count(1)
        self.client.meta.events.register("before-call.elbv2", self._on_call)
        books: Any = elbv2_backends[DEFAULT_ACCOUNT_ID][REGION]  # a client of EC2 would cost more than all of this
        subnets = [subnet for zone in books.ec2_backend.subnets.values() for subnet in zone]
        balancer = books.create_load_balancer("eks-blueprint-alb", [], subnets[:2])
        self._vpc = balancer.vpc_id
        nothing: Any = {
            "Type": "fixed-response",
            "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"},
        }
        made = self._elb.create_listener(
            LoadBalancerArn=balancer.arn, Protocol="HTTP", Port=80, DefaultActions=[nothing]
        )
        self.listener: str = made["Listeners"][0]["ListenerArn"]

    def _on_call(self, model: Any, **_: Any) -> None:
        self.requests.append(model.name)
        operation, number = self._moment
        if self._happen and self.requests.count(operation) == number:
            happen, self._happen = self._happen, None
            happen()

    def in_between(self, action: Callable[[], None], *, before: str, number: int = 1) -> None:
        """Let *action* happen before the next call of *before*, or the second with *number* 2, and so on."""
        self._happen, self._moment = action, (before, self.requests.count(before) + number)

    def group(self, name: str) -> str:
        made = self._elb.create_target_group(
            Name=name, Protocol="HTTP", Port=80, VpcId=self._vpc, TargetType="ip", HealthCheckPath="/healthz"
        )
        arn: str = made["TargetGroups"][0]["TargetGroupArn"]
        return arn

    def rule(self, host: str, priority: int, actions: Sequence[dict[str, Any]]) -> str:
        condition = {"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}
        made = self._elb.create_rule(
            ListenerArn=self.listener, Priority=priority, Conditions=[condition], Actions=list(actions)
        )
        arn: str = made["Rules"][0]["RuleArn"]
        return arn

    def listed(self, rule: str) -> dict[str, Any]:
        found: dict[str, Any] = self._elb.describe_rules(RuleArns=[rule])["Rules"][0]
        return found

    def default(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._elb.describe_listeners(ListenerArns=[self.listener])["Listeners"][0][
            "DefaultActions"
        ]
        return found

    def default_rule(self) -> str:
        rules = self._elb.describe_rules(ListenerArn=self.listener)["Rules"]
        arn: str = next(rule["RuleArn"] for rule in rules if rule["IsDefault"])
        return arn

    def set_default(self, actions: Sequence[dict[str, Any]]) -> None:
        self._elb.modify_listener(ListenerArn=self.listener, DefaultActions=list(actions))

    def modify(self, rule: str, actions: Sequence[dict[str, Any]]) -> None:
        self._elb.modify_rule(RuleArn=rule, Actions=list(actions))

    def tag(self, arn: str, key: str, value: str) -> None:
        self._elb.add_tags(ResourceArns=[arn], Tags=[{"Key": key, "Value": value}])

    def tags(self, arn: str) -> dict[str, str]:
        found = self._elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
        return {tag["Key"]: tag["Value"] for tag in found}


def forward(weights: dict[str, int], **more: Any) -> dict[str, Any]:
    """An action that forwards by *weights*."""
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    return {"Type": "forward", "Order": 1, "ForwardConfig": {"TargetGroups": groups, **more}}


class BalancerGround:
    """See `test_router.Ground`. On a *balancer* that others have used before, it has rules of its own."""

    def __init__(self, balancer: Balancer | None = None) -> None:
        self.balancer = balancer or Balancer()
        self.rules: dict[str, ListenerRule] = {}
        for workload in WORKLOADS:
            number = next(self.balancer.numbers)
            blue, green = (self.balancer.group(f"{workload.name}-{number}-{side}") for side in Side)
            rule = self.balancer.rule(workload.host, number, [forward({blue: 100, green: 0})])
            self.rules[workload.name] = ListenerRule(rule=rule, blue=blue, green=green, binding=workload.name)
        self.inner = AlbRouter(ListenerRules({REGION: self.balancer.client}))
        self.router = Configured(self.inner, self.known)

    def known(self, workload: Workload) -> Workload:
        """*workload* as it is configured for the router alb."""
        changes = {"router": Router.ALB, "ingress": None, "alb": self.rules[workload.name]}
        return workload.model_copy(update=changes)

    def weights(self, workload: Workload) -> dict[str, int]:
        action = self.balancer.listed(self.rules[workload.name].rule)["Actions"][-1]
        return {group["TargetGroupArn"]: group["Weight"] for group in action["ForwardConfig"]["TargetGroups"]}

    def declared(self, workload: Workload, side: Side) -> int | None:
        return self.weights(workload).get(self.rules[workload.name].group(side))

    def epoch(self, workload: Workload, side: Side) -> int:
        del side  # one rule speaks for both
        tags = self.balancer.tags(self.rules[workload.name].rule)
        return max((int(key.rpartition("/")[2]) for key in tags if key.startswith(EPOCH_ANNOTATION)), default=0)

    def version(self, workload: Workload, side: Side) -> object:
        return self.declared(workload, side), self.epoch(workload, side) if side is Side.GREEN else 0

    def by_hand(self, workload: Workload, side: Side, weight: int | None) -> None:
        rule = self.rules[workload.name]
        changed = {**self.weights(workload), rule.group(side): UNREADABLE if weight is None else weight}
        self.balancer.modify(rule.rule, [forward(changed)])

    def show(self, workload: Workload, side: Side, weight: int) -> None:
        self.by_hand(workload, side, weight)

    def remove(self, workload: Workload, side: Side) -> None:
        rule = self.rules[workload.name]
        kept = {arn: weight for arn, weight in self.weights(workload).items() if arn != rule.group(side)}
        self.balancer.modify(rule.rule, [forward(kept)])

    def cut_off(self, side: Side) -> None:
        raise NotImplementedError(side)

    def in_between(self, action: Callable[[], None]) -> None:
        self.balancer.in_between(action, before="DescribeRules", number=2)


@contextmanager
def a_balancer() -> Iterator[BalancerGround]:
    with a_cloud():
        yield BalancerGround()
