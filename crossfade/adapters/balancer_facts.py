"""Load balancers by DNS name, with what Route 53 and their clients make of them: state, targets, attributes.

Nobody can ask for a load balancer by its DNS name, so all of a Region are listed: 400 a page.
Sources: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/ (DescribeTargetHealth,
DescribeLoadBalancerAttributes, DescribeTargetGroupAttributes).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from crossfade.adapters.aws import Translation
from crossfade.adapters.gathering import gather, raise_worst, split
from crossfade.core.facts_places import DRAINING_DEFAULT, KEEP_ALIVE_DEFAULT, BalancerFacts, TargetGroupFacts
from crossfade.errors import RouterRefusedError, RouterThrottledError, RouterUnavailableError

if TYPE_CHECKING:
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client

_PAGE: Final = 400
_WORKERS: Final = 4
_DUALSTACK: Final = "dualstack."
_KEEP_ALIVE: Final = "client_keep_alive.seconds"
_DRAINING: Final = "deregistration_delay.timeout_seconds"
_ELB: Final = Translation(
    "Elastic Load Balancing",
    throttled=RouterThrottledError,
    unavailable=RouterUnavailableError,
    denied=RouterRefusedError,
)


class Region:
    """
    The load balancers of one Region, as they are when this is made.

    Args:
        name: Of the Region.
        elb: A client in it.

    Attributes:
        dimensions: Of every load balancer and target group that there is.

    Raises:
        RouterRefusedError: They may not be listed.
        RouterThrottledError, RouterUnavailableError: Ask again later.
    """

    def __init__(self, name: str, elb: "ElasticLoadBalancingv2Client") -> None:
        self._name = name
        self._elb = elb
        balancers = list(self._listed("describe_load_balancers", "LoadBalancers"))
        groups = list(self._listed("describe_target_groups", "TargetGroups"))
        self._balancers = {entry["DNSName"].lower(): entry for entry in balancers}
        self._groups: dict[str, list[Mapping[str, Any]]] = {}
        for group in groups:
            for arn in group["LoadBalancerArns"]:
                self._groups.setdefault(arn, []).append(group)
        self.dimensions = frozenset(
            [_dimension(entry["LoadBalancerArn"]) for entry in balancers]
            + [entry["TargetGroupArn"].rpartition(":")[2] for entry in groups]
        )

    def facts(self, addresses: Sequence[str]) -> Mapping[str, BalancerFacts]:
        """
        The load balancers with the DNS names *addresses*, each looked at once; one that is not here is left out.

        Raises:
            RouterRefusedError: They may not be described.
            RouterThrottledError, RouterUnavailableError: Ask again later.
        """
        names = {address: address.removeprefix(_DUALSTACK) for address in addresses}
        known = sorted({name for name in names.values() if name in self._balancers})
        calls: list[Callable[[], BalancerFacts]] = [partial(self._balancer, self._balancers[name]) for name in known]
        results, errors = split(gather(calls, workers=_WORKERS))
        raise_worst(errors)
        found = dict(zip(known, results, strict=True))
        return {address: found[name] for address, name in names.items() if name in found}

    def behind(self, group: str) -> BalancerFacts | None:
        """
        The load balancer of the target group with the ARN *group*, with only this group; None when there is none.

        Raises:
            RouterRefusedError: They may not be described.
            RouterThrottledError, RouterUnavailableError: Ask again later.
        """
        for entry in self._balancers.values():
            found = [one for one in self._groups.get(entry["LoadBalancerArn"], ()) if one["TargetGroupArn"] == group]
            if found:
                return self._balancer(entry, found[:1])
        return None

    def _balancer(self, entry: Mapping[str, Any], groups: Sequence[Mapping[str, Any]] | None = None) -> BalancerFacts:
        """All of a load balancer, or with only some *groups* of it."""
        arn = entry["LoadBalancerArn"]
        listed = self._groups.get(arn, ()) if groups is None else groups
        attributes = self._asked("describe_load_balancer_attributes", LoadBalancerArn=arn)
        seconds = _attributes(attributes).get(_KEEP_ALIVE, "")
        return BalancerFacts(
            dimension=_dimension(arn),
            state=entry["State"]["Code"],
            kind=entry["Type"],
            dualstack=entry.get("IpAddressType", "ipv4") != "ipv4",
            groups=tuple(self._group(group) for group in listed),
            keep_alive=timedelta(seconds=int(seconds)) if seconds.isdigit() else KEEP_ALIVE_DEFAULT,
        )

    def _group(self, entry: Mapping[str, Any]) -> TargetGroupFacts:
        arn = entry["TargetGroupArn"]
        targets = self._asked("describe_target_health", TargetGroupArn=arn)["TargetHealthDescriptions"]
        attributes = _attributes(self._asked("describe_target_group_attributes", TargetGroupArn=arn))
        return TargetGroupFacts(
            name=arn.rpartition(":")[2],
            healthy=sum(target["TargetHealth"]["State"] == "healthy" for target in targets),
            registered=len(targets),
            sticky=_stickiness(attributes),
            draining=timedelta(seconds=int(attributes.get(_DRAINING, DRAINING_DEFAULT.total_seconds()))),
        )

    def _listed(self, operation: str, key: str) -> Iterator[Mapping[str, Any]]:
        paginator: Callable[..., Any] = self._elb.get_paginator
        with _ELB.around(_action(operation), self._name):
            for page in paginator(operation).paginate(PaginationConfig={"PageSize": _PAGE}):
                yield from page[key]

    def _asked(self, operation: str, **arguments: str) -> Any:
        with _ELB.around(_action(operation), self._name):
            return getattr(self._elb, operation)(**arguments)


def _action(operation: str) -> str:
    return f"elasticloadbalancing:{''.join(part.title() for part in operation.split('_'))}"


def _dimension(arn: str) -> str:
    return arn.partition(":loadbalancer/")[2]


def _attributes(answer: Mapping[str, Any]) -> dict[str, str]:
    return {attribute["Key"]: attribute["Value"] for attribute in answer["Attributes"]}


def _stickiness(attributes: Mapping[str, str]) -> timedelta | None:
    if attributes.get("stickiness.enabled") != "true":
        return None
    kind = attributes.get("stickiness.type", "lb_cookie")
    return timedelta(seconds=int(attributes.get(f"stickiness.{kind}.duration_seconds", "86400")))
