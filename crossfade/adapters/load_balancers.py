"""Which load balancer answers for a host in each cluster, found from the zone each time it is asked.

A load balancer that was replaced has another id and another DNS name, so what was known of the earlier one is of no
use; what is known of a DNS name stays true for as long as target groups belong to its load balancer, and is kept from
one look to the next.
Kubernetes is not asked: the record of a host names its load balancer. Whose that is says the set identifier when it
is the name of a cluster, as EKS Blueprints have it, else the tag of the AWS Load Balancer Controller.
Limits: 400 load balancers or target groups a page, the tags of 20 a call; nobody can ask by DNS name.
Sources: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html;
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/ (the tag).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from crossfade.adapters.aws import Translation
from crossfade.adapters.route53 import WeightedRecord, shown_weight
from crossfade.adapters.seams import Records
from crossfade.core.places import Cluster
from crossfade.core.record import Ends
from crossfade.core.weight import Side
from crossfade.core.workload import ListenerRule, Workload
from crossfade.errors import AlarmsRefusedError, AlarmsUnavailableError, TemporaryError

if TYPE_CHECKING:
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client

CLUSTER_TAG: Final = "elbv2.k8s.aws/cluster"

_PAGE: Final = 400
_TAGS_MAX: Final = 20
_ADDRESSES: Final = frozenset({"A", "AAAA", "CNAME"})
_DUALSTACK: Final = "dualstack."  # how the console writes an alias
_APPLICATION: Final = "application"
_NETWORK: Final = "network"

_ELB: Final = Translation(
    "Elastic Load Balancing",
    throttled=AlarmsUnavailableError,
    unavailable=AlarmsUnavailableError,
    denied=AlarmsRefusedError,
)


@dataclass(frozen=True, slots=True)
class Balancer:
    """
    A load balancer, as CloudWatch names it.

    Attributes:
        region: Where it is.
        dimension: `app/<name>/<id>`.
        groups: Its target groups, `targetgroup/<name>/<id>`.
        part: The one of them that alone is meant, where others serve somebody else; empty for the whole load balancer.
        address: Its DNS name, as Elastic Load Balancing says it; not known of one that serves both sides.
        is_internal: Whether only its VPC reaches it.
        is_network: Whether it is a Network Load Balancer, which counts connections and no answers.
    """

    region: str
    dimension: str
    groups: tuple[str, ...]
    part: str = ""
    address: str = ""
    is_internal: bool = False
    is_network: bool = False


class NotFoundError(Exception):
    """A host's load balancers cannot be told; the message says why and what to do. Never leaves this package."""


@dataclass
class _Region:
    """All load balancers of one Region, by DNS name."""

    name: str
    elb: "ElasticLoadBalancingv2Client"
    listed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def list_groups(self) -> None:
        """Read all target groups anew."""
        groups: dict[str, list[str]] = {}
        for page in self._pages("describe_target_groups"):
            for group in page["TargetGroups"]:
                for balancer in group["LoadBalancerArns"]:
                    groups.setdefault(balancer, []).append(group["TargetGroupArn"].rpartition(":")[2])
        self.groups = groups

    def list(self) -> None:
        """Read all load balancers anew."""
        pages = self._pages("describe_load_balancers")
        self.listed = {entry["DNSName"].lower(): entry for page in pages for entry in page["LoadBalancers"]}

    def has(self, target: str) -> bool:
        """Whether *target* is known, and one of the target groups that were read last belongs to it."""
        return target in self.listed and self.listed[target]["LoadBalancerArn"] in self.groups

    def _pages(self, operation: str) -> Iterator[Mapping[str, Any]]:
        action = "".join(part.title() for part in operation.split("_"))
        paginator: Callable[..., Any] = self.elb.get_paginator
        with _ELB.around(f"elasticloadbalancing:{action}", self.name):
            yield from paginator(operation).paginate(PaginationConfig={"PageSize": _PAGE})

    def find_owners(self, targets: Sequence[str]) -> None:
        """Read from their tags whose the load balancers *targets* are."""
        arns = sorted({self.listed[target]["LoadBalancerArn"] for target in targets if target in self.listed})
        for start in range(0, len(arns), _TAGS_MAX):
            with _ELB.around("elasticloadbalancing:DescribeTags", self.name):
                found: Any = self.elb.describe_tags(ResourceArns=arns[start : start + _TAGS_MAX])
            for described in found["TagDescriptions"]:
                tags = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
                self.owners[described["ResourceArn"]] = tags.get(CLUSTER_TAG, "")

    def balancer(self, host: str, target: str) -> Balancer:
        """
        The load balancer with the DNS name *target*.

        Raises:
            NotFoundError: There is none, or it counts nothing though it has to.
        """
        entry = self.listed.get(target)
        if entry is None:
            msg = f"{host} points to {target}, which is no load balancer of this account in {self.name}"
            raise NotFoundError(msg)
        if entry["Type"] not in (_APPLICATION, _NETWORK):
            msg = f"{host} points to {target}, a {entry['Type']} load balancer, which counts no requests"
            raise NotFoundError(msg)
        arn = entry["LoadBalancerArn"]
        groups = tuple(sorted(self.groups.get(arn, ())))
        dimension, is_internal = arn.partition(":loadbalancer/")[2], entry.get("Scheme") == "internal"
        is_network = entry["Type"] == _NETWORK
        return Balancer(self.name, dimension, groups, address=target, is_internal=is_internal, is_network=is_network)


_Found = Mapping[str, Mapping[Side, Balancer] | str]


class LoadBalancers:
    """
    The load balancers of both clusters.

    Args:
        records: The zone of the hosts.
        clusters: Of both sides.
        elb: A client for each Region of *clusters*.

    Attributes:
        shown: The weights that the zone showed in the last `find`, by workload and side; None for no weight.
    """

    def __init__(
        self,
        records: Records,
        clusters: Mapping[Side, Cluster],
        elb: "Mapping[str, ElasticLoadBalancingv2Client]",
    ) -> None:
        self._last: _Found = {}
        self.shown: dict[str, dict[Side, int | None]] = {}
        self._records = records
        self._clusters = clusters
        self._regions = {name: _Region(name, client) for name, client in elb.items()}

    def find(
        self, workloads: Sequence[Workload], ends: Sequence[Ends] = ()
    ) -> Mapping[str, Mapping[Side, Balancer] | str]:
        """
        The load balancers of both sides, by workload; a text says why they cannot be told.

        Where the zone does not answer, *ends* say where its records led before, if they are of all *workloads*.

        Raises:
            RouterObjectMissingError, RouterRefusedError, RouterThrottledError, RouterUnavailableError: The zone.
            AlarmsRefusedError, AlarmsUnavailableError: Elastic Load Balancing.
        """
        self._last, self.shown = {}, {}
        ruled = {w.name: _behind_a_rule(w.alb) for w in workloads if w.alb is not None}
        pointed = [workload for workload in workloads if workload.alb is None]
        self._last = {**ruled, **(self._behind_records(pointed, ends) if pointed else {})}
        return self._last

    def just_found(self, workloads: Sequence[Workload]) -> Mapping[str, Mapping[Side, Balancer] | str]:
        """
        What `find` has just found, once, if it was asked for all of *workloads*; else as `find`.

        So one look at health asks once, though it counts requests and probes. Raises as `find` does.
        """
        found, self._last = self._last, {}
        if any(workload.name not in found for workload in workloads):
            return self.find(workloads)
        return {workload.name: found[workload.name] for workload in workloads}

    def _behind_records(
        self, workloads: Sequence[Workload], ends: Sequence[Ends]
    ) -> Mapping[str, Mapping[Side, Balancer] | str]:
        """Those that the records of the hosts lead to."""
        targets = self._targets(workloads, ends)
        self._look_up({target for both in targets.values() for target in both.values()})
        strange = [target for both in targets.values() if not self._are_named(both) for target in both.values()]
        for region in self._regions.values() if strange else ():
            region.find_owners(strange)
        return {workload.name: self._both(workload.host, targets[workload.host]) for workload in workloads}

    def _look_up(self, targets: AbstractSet[str]) -> None:
        """Read the target groups; and the load balancers, unless all that *targets* name are known and still there."""
        regions = self._regions.values()
        for region in regions:
            region.list_groups()
        if not all(any(region.has(target) for region in regions) for target in targets):
            for region in regions:
                region.list()

    def _targets(self, workloads: Sequence[Workload], ends: Sequence[Ends]) -> dict[str, dict[str, str]]:
        """Where the addresses of each host point to, by set identifier; what the zone showed is kept."""
        known = {each.workload: each for each in ends}
        try:
            records = self._records.read([workload.host for workload in workloads])
        except TemporaryError:
            if any(workload.name not in known for workload in workloads):
                raise
            names = {side: cluster.name for side, cluster in self._clusters.items()}
            return {w.host: {names[side]: known[w.name].of(side) for side in Side} for w in workloads}
        self.shown = {workload.name: self._weights(workload, records[workload.host]) for workload in workloads}
        return {workload.host: _targets(records[workload.host]) for workload in workloads}

    def _weights(self, workload: Workload, records: Sequence[WeightedRecord]) -> dict[Side, int | None]:
        """What *records* give to each side, as far as it is known which is whose."""
        known = workload.identifiers
        names = {side: known.of(side) if known else self._clusters[side].name for side in Side}
        return {side: shown_weight(name, records)[0] for side, name in names.items()}

    def _are_named(self, targets: Mapping[str, str]) -> bool:
        """Whether the records' identifiers are the names of the clusters."""
        return set(targets) == {cluster.name for cluster in self._clusters.values()}

    def _both(self, host: str, targets: Mapping[str, str]) -> Mapping[Side, Balancer] | str:
        try:
            return {side: self._one(host, targets, side) for side in Side}
        except NotFoundError as error:
            return str(error)

    def _one(self, host: str, targets: Mapping[str, str], side: Side) -> Balancer:
        cluster = self._clusters[side]
        region = self._regions[cluster.region]
        if self._are_named(targets):
            return region.balancer(host, targets[cluster.name])
        owned = {
            target
            for target in targets.values()
            if target in region.listed and region.owners.get(region.listed[target]["LoadBalancerArn"]) == cluster.name
        }
        if len(owned) != 1:
            msg = (
                f"{len(owned)} of the load balancers that {host} points to belong to {cluster.name}; "
                f"name the records after the clusters, or tag the load balancer {CLUSTER_TAG}={cluster.name}"
            )
            raise NotFoundError(msg)
        return region.balancer(host, owned.pop())


def _behind_a_rule(rule: ListenerRule) -> dict[Side, Balancer]:
    """Two target groups of one load balancer; ARNs say all that CloudWatch wants to know."""
    region, kind = rule.rule.split(":")[3], rule.rule.rpartition(":")[2].split("/")
    balancer = "/".join(kind[1:4])
    groups = {side: rule.group(side).rpartition(":")[2] for side in Side}
    return {side: Balancer(region, balancer, (group,), part=group) for side, group in groups.items()}


def _targets(records: Sequence[WeightedRecord]) -> dict[str, str]:
    """Where the addresses of a host point to, by set identifier."""
    return {
        record.identifier: record.target.removeprefix(_DUALSTACK)
        for record in records
        if record.type in _ADDRESSES and record.target
    }
