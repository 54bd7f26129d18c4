"""The part of the wiring that reaches users: routers, the way around them, and the clusters that they write to.

Like all of the wiring, each is made when it is first asked for; that is why adapters are imported inside the methods.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, assert_never

from crossfade.core.config import Config
from crossfade.core.host_records import together
from crossfade.core.places import Cluster
from crossfade.core.weight import Side
from crossfade.core.workload import Router
from crossfade.errors import InvalidConfigError
from crossfade.ports import TrafficRouter

if TYPE_CHECKING:
    import boto3

    from crossfade.adapters.argocd_api import ArgoCds
    from crossfade.adapters.eks import EksCluster
    from crossfade.adapters.kubernetes_api import KubernetesApi


class Traffic:
    """
    What moves the weights of one configuration.

    Args:
        config: As deployed.
        region: Of the client for Route 53.
        session: Whose credentials open the clusters; those of the environment if there is none.
    """

    def __init__(self, config: Config, *, region: str, session: "boto3.Session | None" = None) -> None:
        self._config = config
        self._region = region
        self._session = session

    @cached_property
    def router(self) -> TrafficRouter:
        """The weights of all workloads, each through its own router."""
        from crossfade.adapters.routers import Routers

        kinds = dict.fromkeys(workload.router for workload in self._config.workloads)
        return Routers({kind: self._router(kind) for kind in kinds})

    def _router(self, kind: Router) -> TrafficRouter:
        match kind:
            case Router.EXTERNAL_DNS:
                return self._external_dns()
            case Router.ROUTE53:
                return self._records
            case Router.ALB:
                return self._listener_rules
            case Router.ARGOCD:
                return self._argocd()
            case _:
                assert_never(kind)

    @cached_property
    def _listener_rules(self) -> TrafficRouter:
        from crossfade.adapters.alb import ListenerRules
        from crossfade.adapters.alb_router import AlbRouter
        from crossfade.adapters.aws import client

        regions = {self._config.clusters.blue.region, self._config.clusters.green.region}
        return AlbRouter(ListenerRules({region: client("elbv2", region, attempts=1) for region in sorted(regions)}))

    def _external_dns(self) -> TrafficRouter:
        from crossfade.adapters.aws import client
        from crossfade.adapters.external_dns import ExternalDnsRouter
        from crossfade.adapters.route53 import RecordReader

        return ExternalDnsRouter(
            self.clusters, RecordReader(client("route53", self._region), self._config.hosted_zone.id)
        )

    def _argocd(self) -> TrafficRouter:
        from crossfade.adapters.argocd import ArgoCdRouter

        return ArgoCdRouter(self._external_dns(), self.clusters, self.argocds)

    @cached_property
    def argocds(self) -> "ArgoCds":
        """Argo CD's objects, in whichever clusters they are."""
        from crossfade.adapters.argocd_api import ArgoCdApi, ArgoCds

        return ArgoCds(
            {
                (at.name, at.region): ArgoCdApi(at.name, self._connection(at).connect)
                for at in self._config.all_clusters
            },
            {side: (at.name, at.region) for side, at in self.sides.items()},
        )

    @cached_property
    def rescue(self) -> TrafficRouter:
        """The weights of all workloads, written to what users ask: Route 53 itself, or the listener rule."""
        from crossfade.adapters.routers import Routers

        below = {kind: self._router(kind) if kind.is_direct else self._records for kind in Router}
        return Routers(below)

    @cached_property
    def _records(self) -> TrafficRouter:
        from crossfade.adapters.aws import client
        from crossfade.adapters.route53 import RecordKeeper
        from crossfade.adapters.route53_router import Route53Router

        zone = self._config.hosted_zone
        hosts = [workload.host for workload in self._config.workloads if workload.router.is_dns]
        return Route53Router(RecordKeeper(client("route53", self._region), zone.id), zone.name, together(hosts))

    @cached_property
    def clusters(self) -> "Mapping[Side, KubernetesApi]":
        """The API server of each side."""
        from crossfade.adapters.kubernetes_api import KubernetesApi

        return {side: KubernetesApi(at.name, self._connection(at).connect) for side, at in self.sides.items()}

    @property
    def sides(self) -> Mapping[Side, Cluster]:
        """The clusters of both sides."""
        return {Side.BLUE: self._config.clusters.blue, Side.GREEN: self._config.clusters.green}

    def _connection(self, at: Cluster) -> "EksCluster":
        import boto3

        from crossfade.adapters.aws import client
        from crossfade.adapters.eks import EksCluster

        credentials = (self._session or boto3.Session()).get_credentials()
        if credentials is None:
            msg = "AWS credentials: there are none; run with the function's role, or log in"
            raise InvalidConfigError([msg])
        return EksCluster(at.name, at.region, eks=client("eks", at.region), credentials=credentials)
