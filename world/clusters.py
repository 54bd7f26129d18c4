"""Clusters that run: an API server each, and what looks after its objects: load balancers, pods, ExternalDNS, Argo CD.

This file knows no users and no alarms.
"""

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from world.api_servers import serve
from world.argocd import ArgoCd
from world.balancing import Balancing
from world.clock import Clock
from world.eks_tokens import EksAuthenticator, Identity
from world.estate_spec import ClusterSpec
from world.external_dns import ExternalDns
from world.kubernetes import KubernetesApi
from world.load_balancers import LoadBalancers
from world.pods import run_pods
from world.route53 import Route53


@dataclass(slots=True)
class Cluster:
    """
    One cluster that runs.

    Attributes:
        spec: What it was built from.
        api: Its API server.
        authenticator: Who judges its tokens.
        external_dns: Its ExternalDNS.
        argocd: Its Argo CD; without Applications it has nothing to do.
    """

    spec: ClusterSpec
    api: KubernetesApi
    authenticator: EksAuthenticator
    external_dns: ExternalDns
    argocd: ArgoCd


@dataclass(slots=True)
class Hub:
    """
    The cluster where Argo CD runs for both sides.

    Attributes:
        api: Its API server.
        argocd: Its Argo CD, which looks after blue and green.
    """

    api: KubernetesApi
    argocd: ArgoCd


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """
    Builds the clusters of one estate.

    Attributes:
        clock: Their time.
        route53: Where their ExternalDNS write.
        balancers: What serves their objects.
        zone_id: Of the hosted zone.
        identities: The callers that their access entries know.
        seed: Of everything that is drawn.
        stack: When it is closed, their API servers end.
    """

    clock: Clock
    route53: Route53
    balancers: LoadBalancers
    zone_id: str
    identities: Sequence[Identity]
    seed: int
    stack: ExitStack

    def build(self, side: str, spec: ClusterSpec) -> Cluster:
        """The cluster *spec*, with weights in DNS and everything synced once."""
        api, authenticator = self._serve(side, spec)
        Balancing(self.balancers, side=side, cluster=spec.name, region=spec.region).serve(api.store)
        run_pods(api)
        external_dns = ExternalDns(self.clock, api.store, self.route53, self.zone_id, spec.name)
        external_dns.sync()
        argocd = ArgoCd(self.clock, api.store, spec.manifests)
        argocd.reconcile()
        return Cluster(spec, api, authenticator, external_dns, argocd)

    def hub(self, spec: ClusterSpec, clusters: Collection[Cluster]) -> Hub:
        """The cluster *spec*, whose Argo CD looks after *clusters*."""
        api, _ = self._serve("hub", spec)
        git = [document for cluster in clusters for document in cluster.spec.manifests]
        argocd = ArgoCd(self.clock, api.store, git, {each.spec.name: each.api.store for each in clusters})
        argocd.reconcile()
        return Hub(api, argocd)

    def _serve(self, name: str, spec: ClusterSpec) -> tuple[KubernetesApi, EksAuthenticator]:
        return serve(spec, self.clock, self.stack, identities=self.identities, seed=f"{self.seed}/{name}")
