"""Listener rules of Application Load Balancers: read with their tags, and changed whole.

ModifyRule and ModifyListener replace all actions and know no precondition. A default action belongs to its listener:
its rule can be read but not modified. The epoch of the last writer stands in the tags, one tag an epoch: adding one
takes nothing away from another writer, so the highest that was ever added counts, whoever adds last.
Limits: 20 resources a DescribeTags; 50 tags a resource; weights 0 to 999; five target groups an action.
Sources: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/ (API_ModifyRule, API_ModifyListener,
API_DescribeTags, API_TargetGroupTuple, API_AuthenticateOidcActionConfig).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from crossfade.adapters.aws import Translation
from crossfade.adapters.gathering import gather
from crossfade.errors import (
    CrossfadeError,
    RouterObjectMissingError,
    RouterRefusedError,
    RouterThrottledError,
    RouterUnavailableError,
)
from crossfade.names import EPOCH_ANNOTATION

if TYPE_CHECKING:
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client

Action = Mapping[str, Any]
"""An action of a rule as the API lists it."""

CONTROLLER_TAGS: Final = ("elbv2.k8s.aws/cluster", "ingress.k8s.aws/stack", "service.k8s.aws/stack")
"""What the AWS Load Balancer Controller puts on everything that it made and will make so again.
Source: https://kubernetes-sigs.github.io/aws-load-balancer-controller/, "Tracking tags"."""

_LISTENER: Final = ":listener/"
_FORWARD: Final = "forward"
_WORKERS: Final = 4
_AT_ONCE: Final = 20
_STAMP: Final = f"{EPOCH_ANNOTATION}/"
_REFUSED: Final = (
    "IncompatibleProtocols",
    "InvalidLoadBalancerAction",
    "OperationNotPermitted",
    "TargetGroupAssociationLimit",
    "TooManyActions",
    "TooManyTags",
    "TooManyUniqueTargetGroupsPerLoadBalancer",
    "UnsupportedProtocol",
    "ValidationError",
)
_ELB: Final = Translation(
    "Elastic Load Balancing",
    throttled=RouterThrottledError,
    unavailable=RouterUnavailableError,
    denied=RouterRefusedError,
    known={
        "ListenerNotFound": (RouterObjectMissingError, "create the listener, or correct `alb.rule` in crossfade.yaml"),
        "RuleNotFound": (RouterObjectMissingError, "create the rule, or correct `alb.rule` in crossfade.yaml"),
        "TargetGroupNotFound": (
            RouterObjectMissingError,
            "create the target group, or correct `alb` in crossfade.yaml",
        ),
        **dict.fromkeys(_REFUSED, (RouterRefusedError, "look at the actions of the rule")),
    },
)


@dataclass(frozen=True, slots=True)
class Rule:
    """
    A listener rule, or the default action of a listener.

    Attributes:
        arn: As configured.
        actions: All of them, as listed.
        is_default: Whether it is the default rule, asked for by its own ARN, which cannot be modified.
        tags: Of the rule or the listener.
    """

    arn: str
    actions: tuple[Action, ...]
    is_default: bool
    tags: Mapping[str, str]

    @property
    def weights(self) -> Mapping[str, int]:
        """The weights of its target groups, by ARN; empty unless exactly one of its actions forwards."""
        forwards = [action for action in self.actions if action["Type"] == _FORWARD]
        return {group["TargetGroupArn"]: group.get("Weight", 1) for group in _groups(forwards[0])} if forwards else {}

    @property
    def sticky(self) -> timedelta | None:
        """For how long a user stays with a target group, whatever the weights; None when nobody does."""
        for action in self.actions:
            config = action.get("ForwardConfig", {}).get("TargetGroupStickinessConfig", {})
            if config.get("Enabled"):
                return timedelta(seconds=config.get("DurationSeconds", 0))
        return None

    @property
    def owner(self) -> str:
        """The tag by which a load balancer controller says that the rule is its own; empty when none does."""
        return next((f"{key}={self.tags[key]}" for key in CONTROLLER_TAGS if key in self.tags), "")

    @property
    def epoch(self) -> int:
        """Of the youngest writer of ours; 0 when there was none."""
        return max(self.epochs, default=0)

    @property
    def epochs(self) -> tuple[int, ...]:
        """All that stand in its tags."""
        found = (key.removeprefix(_STAMP) for key in self.tags if key.startswith(_STAMP))
        return tuple(int(epoch) for epoch in found if epoch.isdecimal())

    def with_weights(self, weights: Mapping[str, int]) -> list[dict[str, Any]]:
        """Its actions with *weights*, by ARN of the target group, and everything else as it is."""
        return [_weighted(action, weights) if action["Type"] == _FORWARD else _kept(action) for action in self.actions]


def _groups(action: Action) -> Sequence[Mapping[str, Any]]:
    """The target groups of an action that forwards; one alone may stand without a ForwardConfig."""
    alone = [{"TargetGroupArn": action["TargetGroupArn"]}] if "TargetGroupArn" in action else []
    groups: Sequence[Mapping[str, Any]] = action.get("ForwardConfig", {}).get("TargetGroups") or alone
    return groups


def _weighted(action: Action, weights: Mapping[str, int]) -> dict[str, Any]:
    groups = [
        {**group, "Weight": weights.get(group["TargetGroupArn"], group.get("Weight", 1))} for group in _groups(action)
    ]
    rest = {key: value for key, value in action.items() if key != "TargetGroupArn"}
    return {**rest, "ForwardConfig": {**action.get("ForwardConfig", {}), "TargetGroups": groups}}


def _kept(action: Action) -> dict[str, Any]:
    """*action* as the API takes it back: the secret of an OIDC client is never listed, and stays as it is if asked."""
    config = action.get("AuthenticateOidcConfig")
    if config is None:
        return dict(action)
    known = {key: value for key, value in config.items() if key != "ClientSecret"}
    return {**action, "AuthenticateOidcConfig": {**known, "UseExistingClientSecret": True}}


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _named(arns: Sequence[str]) -> str:
    """The rules of *arns* for people."""
    return arns[0] if len(arns) == 1 else f"{len(arns)} rules in {_region(arns[0])}"


class ListenerRules:
    """
    The rules of all Regions.

    Args:
        elb: A client for each Region, by name. One that repeats a call by itself may write late: make it with few
            attempts.
    """

    def __init__(self, elb: "Mapping[str, ElasticLoadBalancingv2Client]") -> None:
        self._elb = elb

    def read(self, arns: Sequence[str]) -> list[Rule | CrossfadeError]:
        """
        Every rule of *arns*, in order, or why it cannot be read: it is missing, refused or not answered for.

        As many as may be are asked for at once: the rate of such calls is limited for the whole account.
        """
        alike: dict[tuple[str, bool], list[str]] = {}
        for arn in arns:
            alike.setdefault((_region(arn), _LISTENER in arn), []).append(arn)
        groups = [kind[start : start + _AT_ONCE] for kind in alike.values() for start in range(0, len(kind), _AT_ONCE)]
        found: dict[str, Rule | CrossfadeError] = {}
        answers = gather([partial(self._some, each) for each in groups], workers=_WORKERS)
        for group, answer in zip(groups, answers, strict=True):
            found |= dict.fromkeys(group, answer) if isinstance(answer, CrossfadeError) else answer
        return [found[arn] for arn in arns]

    def one(self, arn: str) -> Rule:
        """
        The rule *arn* as it is now.

        Raises:
            RouterObjectMissingError: It does not exist.
            RouterRefusedError: It may not be read, or is in a Region without a client.
            RouterThrottledError, RouterUnavailableError: Ask again later.
        """
        return self._at_once([arn])[arn]

    def _some(self, arns: Sequence[str]) -> dict[str, Rule | CrossfadeError]:
        """Rules of one Region and kind at once; one by one when one of them does not exist, which spoils the answer."""
        try:
            return dict(self._at_once(arns))
        except RouterObjectMissingError as error:
            if len(arns) == 1:
                return {arns[0]: error}
            return {arn: rule for each in arns for arn, rule in self._some([each]).items()}

    def _at_once(self, arns: Sequence[str]) -> dict[str, Rule]:
        elb = self._of(arns[0])
        listed = self._listed(elb, arns)
        with _ELB.around("elasticloadbalancing:DescribeTags", _named(arns)):
            described: Any = elb.describe_tags(ResourceArns=list(arns))["TagDescriptions"]
        tags = {each["ResourceArn"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in described}
        return {arn: Rule(arn, *listed[arn], tags.get(arn, {})) for arn in arns}

    def modify(self, arn: str, actions: Sequence[Mapping[str, Any]]) -> None:
        """
        Replace all actions of the rule *arn*; its conditions, priority and tags stay.

        Raises:
            RouterObjectMissingError, RouterRefusedError, RouterThrottledError, RouterUnavailableError: As the API says.
        """
        elb: Any = self._of(arn)
        if _LISTENER in arn:
            with _ELB.around("elasticloadbalancing:ModifyListener", arn):
                elb.modify_listener(ListenerArn=arn, DefaultActions=list(actions))
            return
        with _ELB.around("elasticloadbalancing:ModifyRule", arn):
            elb.modify_rule(RuleArn=arn, Actions=list(actions))

    def stamp(self, rule: Rule, epoch: int) -> None:
        """
        Let the tags of *rule* carry *epoch*; the tags of older epochs go.

        Raises:
            RouterObjectMissingError, RouterRefusedError, RouterThrottledError, RouterUnavailableError: As the API says.
        """
        elb = self._of(rule.arn)
        with _ELB.around("elasticloadbalancing:AddTags", rule.arn):
            elb.add_tags(ResourceArns=[rule.arn], Tags=[{"Key": f"{_STAMP}{epoch}", "Value": "written by Crossfade"}])
        if older := [f"{_STAMP}{known}" for known in rule.epochs if known < epoch]:
            with _ELB.around("elasticloadbalancing:RemoveTags", rule.arn):
                elb.remove_tags(ResourceArns=[rule.arn], TagKeys=older)

    def _listed(
        self, elb: "ElasticLoadBalancingv2Client", arns: Sequence[str]
    ) -> dict[str, tuple[tuple[Action, ...], bool]]:
        """The actions of each rule or listener, and whether it is a default rule."""
        what = _named(arns)
        if _LISTENER in arns[0]:
            with _ELB.around("elasticloadbalancing:DescribeListeners", what):
                listeners: Any = elb.describe_listeners(ListenerArns=list(arns))["Listeners"]
            return {each["ListenerArn"]: (tuple(each["DefaultActions"]), False) for each in listeners}
        with _ELB.around("elasticloadbalancing:DescribeRules", what):
            rules: Any = elb.describe_rules(RuleArns=list(arns))["Rules"]
        return {each["RuleArn"]: (tuple(each["Actions"]), bool(each.get("IsDefault"))) for each in rules}

    def _of(self, arn: str) -> "ElasticLoadBalancingv2Client":
        region = _region(arn)
        if region not in self._elb:
            msg = f"{arn} is in {region}, where neither cluster is; correct `alb.rule` in crossfade.yaml"
            raise RouterRefusedError(msg)
        return self._elb[region]
