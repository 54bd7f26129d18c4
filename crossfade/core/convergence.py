"""How a written weight comes to users, router by router: what has to be waited for, and what does not.

DNS follows late: a controller carries the weight, name servers and resolvers answer earlier ones for a while, clients
keep their connections. A load balancer shares out every single request by its rule, as soon as it has the rule.
A wave is as slow as the slowest of its routers. This file knows no clock and no run.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

EXTERNAL_DNS_INTERVAL: Final = timedelta(seconds=60)
"""Source: ExternalDNS, flag --interval, default 1m."""
SPREAD: Final = timedelta(seconds=60)
"""From Route 53's API to all its name servers: "generally within 60 seconds".
Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html"""
TTL: Final = timedelta(seconds=60)
"""Of an alias to a load balancer; it cannot be set.
Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias.html"""
RULE_SETTLES: Final = timedelta(seconds=10)
"""From a listener rule that was read back until every node of its load balancer goes by it, and until a writer with an
older epoch can have no request under way any more: a call is given up after 7 seconds and not repeated.
AWS names no time for the nodes; reports from the field speak of seconds."""

_ZERO: Final = timedelta()


@dataclass(frozen=True, slots=True)
class Convergence:
    """
    How one router's weights reach users.

    Attributes:
        settle: From "the authority lists a weight" until nobody is answered by an earlier one. Nothing but raising
            blue happens earlier.
        margin: From "the authority lists a weight" to the bake.
        carrier: From a write to the authority, at most: the interval of the controller that carries it.
        spread: From the authority to a user whose resolver keeps to the TTL, at most.
        clings: Whether a client that keeps its connection stays where it was.
    """

    settle: timedelta
    margin: timedelta
    carrier: timedelta
    spread: timedelta
    clings: bool


def through_dns(settle: timedelta, margin: timedelta, *, carried: bool) -> Convergence:
    """Weights in records; *carried* by ExternalDNS from an object in a cluster, or written there."""
    carrier = EXTERNAL_DNS_INTERVAL if carried else _ZERO
    return Convergence(settle, margin, carrier=carrier, spread=SPREAD + TTL, clings=True)


AT_ONCE: Final = Convergence(RULE_SETTLES, margin=_ZERO, carrier=_ZERO, spread=_ZERO, clings=False)
"""Weights in a listener rule: whatever was read back is what the next request is shared out by."""


def slowest(each: Iterable[Convergence]) -> Convergence:
    """One that is as slow as the slowest of *each*, of which there is at least one, in every respect."""
    several = list(each)
    return Convergence(
        settle=max(one.settle for one in several),
        margin=max(one.margin for one in several),
        carrier=max(one.carrier for one in several),
        spread=max(one.spread for one in several),
        clings=any(one.clings for one in several),
    )
