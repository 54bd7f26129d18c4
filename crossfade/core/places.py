"""Where a migration happens: a cluster, a hosted zone. Names only; whether they exist, the preflight asks."""

from crossfade.core.model import Model


class Cluster(Model):
    """
    An Amazon EKS cluster.

    Attributes:
        name: Its EKS name.
        region: Its AWS Region.
    """

    name: str
    region: str


class HostedZone(Model):
    """A Route 53 hosted zone: its id (`Z…`) and its name without a trailing dot."""

    id: str
    name: str
