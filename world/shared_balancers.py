"""One Application Load Balancer in front of both clusters: listener rules share requests out among target groups.

It exists in moto's ELBv2, with the ARNs that the estate gives. Every request goes by the rule as it is at that moment;
with target group stickiness users are let go only little by little, whatever the weights say.
Limits: of a rule's conditions only the host counts; both clusters of a workload have one target group each.
Source: Elastic Load Balancing User Guide, "Listeners for your Application Load Balancers".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.elbv2.models import elbv2_backends

from world.application import TARGETS

_NOTHING_HERE: Final = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": ""},
}


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """
    The rule of one host, and what it forwards to.

    Attributes:
        arn: Of the listener rule; of the listener, for its default action.
        groups: ARN of the target group of each side.
        binding: Name of the TargetGroupBinding in both clusters.
    """

    arn: str
    groups: Mapping[str, str]
    binding: str

    @property
    def region(self) -> str:
        """Where the load balancer is."""
        return self.arn.split(":")[3]

    @property
    def is_default(self) -> bool:
        """Whether it is the default action of a listener."""
        return ":listener/" in self.arn

    @property
    def listener(self) -> str:
        """ARN of its listener."""
        whole = self.arn.replace(":listener-rule/", ":listener/")
        return whole if self.is_default else whole.rpartition("/")[0]

    @property
    def balancer(self) -> str:
        """ARN of its load balancer."""
        return self.listener.replace(":listener/", ":loadbalancer/").rpartition("/")[0]


@dataclass(slots=True)
class SharedBalancer:
    """
    One load balancer that serves both sides.

    Attributes:
        arn: Of the load balancer.
        region: Where it is.
        dns_name: What records point to.
    """

    arn: str
    region: str
    dns_name: str
    _held: dict[str, dict[str, float]] = field(default_factory=dict)

    def shares(self, host: str, passed: timedelta) -> dict[str, float]:
        """
        How the requests for *host* are shared out among target groups, by ARN; empty when nobody gets them.

        Args:
            host: What is asked for.
            passed: Since this was last asked: so many of those who stay for a while are let go.
        """
        forward, weights = self._forward(host), self.weights(host)
        total = sum(weights.values())
        if not total:
            return {}
        wanted = {arn: weight / total for arn, weight in weights.items()}
        sticky = forward.get("TargetGroupStickinessConfig") or {}
        if not sticky.get("Enabled"):
            self._held.pop(host, None)
            return wanted
        let_go = min(1.0, passed / timedelta(seconds=int(sticky["DurationSeconds"])))
        held = self._held.get(host, wanted)
        now = {arn: held.get(arn, 0.0) * (1 - let_go) + share * let_go for arn, share in wanted.items()}
        self._held[host] = {arn: share / sum(now.values()) for arn, share in now.items()}
        return self._held[host]

    def weights(self, host: str) -> dict[str, int]:
        """The weights of the rule for *host*, by ARN of the target group."""
        groups = self._forward(host).get("TargetGroups", ())
        return {group["TargetGroupArn"]: int(group.get("Weight", 1)) for group in groups}

    def _forward(self, host: str) -> Mapping[str, Any]:
        """The forward config of the rule for *host*: the first that matches, or else the default."""
        books: Any = elbv2_backends[DEFAULT_ACCOUNT_ID][self.region]
        for listener in books.load_balancers[self.arn].listeners.values():
            for actions in _in_order(listener, host):
                for action in actions:
                    if action.type == "forward":
                        config: Mapping[str, Any] = action.data.get("ForwardConfig") or {
                            "TargetGroups": [{"TargetGroupArn": action.data["TargetGroupArn"], "Weight": 1}]
                        }
                        return config
        return {}


def _in_order(listener: Any, host: str) -> Iterator[Any]:
    """The actions of the rules that match *host*, first the one that counts."""
    rules = [rule for rule in listener.rules.values() if not rule.is_default]
    for rule in sorted(rules, key=lambda rule: int(rule.priority)):
        hosts = [value for one in rule.conditions for value in one.get("HostHeaderConfig", {}).get("Values", ())]
        if any(fnmatchcase(host, pattern.lower()) for pattern in hosts):
            yield rule.actions
            return
    yield listener.default_actions


def make(spec: RuleSpec, host: str, tags: Mapping[str, str]) -> SharedBalancer:
    """
    The load balancer of *spec*, with the rule for *host*, which gives blue everything.

    Written into moto's books, where ARNs can be chosen.
    """
    books: Any = elbv2_backends[DEFAULT_ACCOUNT_ID][spec.region]
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    balancer = _balancer(books, spec, listed)
    for arn in spec.groups.values():
        _group(books, arn, balancer, listed)
    groups = [{"TargetGroupArn": arn, "Weight": 100 if side == "blue" else 0} for side, arn in spec.groups.items()]
    forward = {"Type": "forward", "Order": 1, "ForwardConfig": {"TargetGroups": groups}}
    if spec.is_default:
        books.modify_listener(spec.listener, actions=[forward])
        for arn in spec.groups.values():  # only a rule or a new listener tells moto whose a target group is
            books.target_groups[arn].load_balancer_arns.append(balancer.arn)
    else:
        rules = balancer.listeners[spec.listener].rules
        conditions = [{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}]
        made = books.create_rule(spec.listener, conditions, len(rules), [forward], tags=listed)
        _rename(balancer.listeners[spec.listener]._non_default_rules, made, spec.arn)  # noqa: SLF001  # moto's books
    return SharedBalancer(spec.balancer, spec.region, balancer.dns_name.lower())


def _balancer(books: Any, spec: RuleSpec, tags: list[dict[str, str]]) -> Any:
    """The load balancer and its listener, made if they are not there yet."""
    if spec.balancer not in books.load_balancers:
        subnets = [subnet for zone in books.ec2_backend.subnets.values() for subnet in zone]
        made = books.create_load_balancer(spec.balancer.split("/")[-2], [], subnets[:2], tags=tags)
        _rename(books.load_balancers, made, spec.balancer)
    balancer = books.load_balancers[spec.balancer]
    if spec.listener not in balancer.listeners:
        port = 80 + len(balancer.listeners)
        listener = books.create_listener(
            balancer.arn, "HTTP", port, ssl_policy="", certificate=None, actions=[_NOTHING_HERE]
        )
        _rename(balancer.listeners, listener, spec.listener)
    return balancer


def _group(books: Any, arn: str, balancer: Any, tags: list[dict[str, str]]) -> None:
    listening = {"vpc_id": balancer.vpc_id, "protocol": "HTTP", "port": 80, "target_type": "ip"}
    made = books.create_target_group(arn.split("/")[-2], **listening, tags=tags)
    _rename(books.target_groups, made, arn)
    books.register_targets(arn, [{"Id": f"10.0.1.{10 + number}", "Port": 80} for number in range(TARGETS)])


def _rename(books: dict[str, Any], made: Any, arn: str) -> None:
    """Let what moto has *made* be known by *arn*."""
    books[arn] = books.pop(made.arn)
    made.arn = arn
