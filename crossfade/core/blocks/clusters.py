"""What `crossfade.yaml` says of places: the two clusters and the hosted zone."""

from pydantic import Field

from crossfade.core.entry import Entry
from crossfade.core.forms import ClusterName, DnsName, Region, ZoneId
from crossfade.core.places import Cluster, HostedZone


class ClusterConfig(Cluster):
    """An Amazon EKS cluster."""

    name: ClusterName = Field(description="The cluster's name in Amazon EKS.")
    region: Region = Field(description="The AWS Region of the cluster.")


class ClustersConfig(Entry):
    """The two clusters."""

    blue: ClusterConfig = Field(description="The cluster that has the users.")
    green: ClusterConfig = Field(description="The cluster that gets them.")


class HostedZoneConfig(HostedZone):
    """The Route 53 hosted zone of every host."""

    id: ZoneId = Field(description="The id of the hosted zone, without /hostedzone/.")
    name: DnsName = Field(description="The name of the hosted zone, without a dot at the end.")
