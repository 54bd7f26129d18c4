"""What stands behind a workload on each side, as it was found: objects, load balancer, target groups, rule, records.

Plain data for the checks; nothing is judged here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

ADDRESSES: Final = frozenset({"A", "AAAA", "CNAME"})
"""Types of records that lead users somewhere."""
KEEP_ALIVE_DEFAULT: Final = timedelta(hours=1)
"""Of an Application Load Balancer: `client_keep_alive.seconds`."""
DRAINING_DEFAULT: Final = timedelta(minutes=5)
"""Of a target group: `deregistration_delay.timeout_seconds`."""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """
    An object of which ExternalDNS makes records: an Ingress, a Service, an HTTPRoute or a DNSEndpoint.

    Attributes:
        name: For people, such as `Ingress team-burnham/burnham-ingress`.
        hosts: Of which records are made, lower case.
        address: DNS name of the load balancer to which they lead; empty while there is none.
        identifier: Its set identifier; empty when it has none.
        prefixes: The annotation prefixes under which it carries a weight; none for a DNSEndpoint.
        lack: Why no record leads from it to a load balancer; empty when one does.
        fix: What to do about that.
    """

    name: str
    hosts: tuple[str, ...]
    address: str
    identifier: str
    prefixes: tuple[str, ...]
    lack: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class TargetGroupFacts:
    """
    A target group.

    Attributes:
        name: Its name.
        healthy: How many of its targets are healthy.
        registered: How many targets it has.
        sticky: How long a client stays with one target; None when it does not.
        draining: How long requests under way may go on at a target that is taken out.
    """

    name: str
    healthy: int
    registered: int
    sticky: timedelta | None = None
    draining: timedelta = DRAINING_DEFAULT


@dataclass(frozen=True, slots=True)
class BalancerFacts:
    """
    A load balancer.

    Attributes:
        dimension: As CloudWatch names it, `app/<name>/<id>`.
        state: `active`, `provisioning`, `active_impaired` or `failed`.
        kind: `application`, `network` or `gateway`.
        dualstack: Whether it has IPv6 addresses.
        groups: Its target groups.
        keep_alive: How long a client may keep a connection open.
    """

    dimension: str
    state: str
    kind: str
    dualstack: bool
    groups: tuple[TargetGroupFacts, ...]
    keep_alive: timedelta = KEEP_ALIVE_DEFAULT


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """
    One workload in one cluster.

    Attributes:
        sources: Those of its objects that are there.
        balancer: The load balancer to which they lead, or that of the listener rule with the one target group of this
            cluster; None when there is none in the account.
        missing: Names of those that are not there, for people.
        strangers: Names of further objects of the cluster with its host and set identifier, for people.
        unlisted: Why further objects could not be looked for; empty when they could.
        binding: What its TargetGroupBinding leads to, the ARN or the name of a target group; None when there is none.
    """

    sources: tuple[SourceFacts, ...]
    balancer: BalancerFacts | None
    missing: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    unlisted: str = ""
    binding: str | None = None

    @property
    def address(self) -> str:
        """To which load balancer they lead: the first that one of them names."""
        return next((source.address for source in self.sources if source.address), "")

    @property
    def identifier(self) -> str:
        """Their set identifier; empty when they have none, or several."""
        found = {source.identifier for source in self.sources}
        return found.pop() if len(found) == 1 else ""

    @property
    def hosts(self) -> frozenset[str]:
        """All their hosts."""
        return frozenset(host for source in self.sources for host in source.hosts)


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """
    A listener rule, or the default action of a listener.

    Attributes:
        groups: The weights of its target groups, 0 to 999, by ARN.
        sticky: How long a user stays with one target group, whatever the weights; None when nobody does.
        owner: The tag of the load balancer controller that owns it; empty when none does.
        is_default: Whether it is a default rule, which only its listener can change.
    """

    groups: Mapping[str, int]
    sticky: timedelta | None = None
    owner: str = ""
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """
    A record set of a host, or of the names at which ExternalDNS says who owns the records of that host.

    Attributes:
        type: `A`, `AAAA`, `CNAME`, `TXT`, …
        identifier: Its SetIdentifier; empty for a simple record.
        weight: 0 to 255; None for a record that is not weighted.
        policy: Its routing policy, such as `weighted`, `simple` or `latency`.
        target: The DNS name that it leads to, for an alias or a CNAME.
        owner: Who owns the host's records, for an ownership record (TXT); otherwise empty.
        follows_health: Whether Route 53 looks at the health of the target.
        health_check: Id of the health check that it carries; empty for none.
    """

    type: str
    identifier: str
    weight: int | None
    policy: str
    target: str = ""
    owner: str = ""
    follows_health: bool = False
    health_check: str = ""
