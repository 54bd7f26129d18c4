"""What Amazon EKS itself says of upgrading a cluster: its insights of the category UPGRADE_READINESS.

EKS looks once a day, so what it says may be a day old.
Sources: https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html;
https://docs.aws.amazon.com/eks/latest/APIReference/API_ListInsights.html (100 a page at most).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from crossfade.adapters.aws import Translation
from crossfade.core.facts import InsightFacts
from crossfade.core.places import Cluster
from crossfade.errors import RouterObjectMissingError, RouterRefusedError, RouterThrottledError, RouterUnavailableError

if TYPE_CHECKING:
    from types_boto3_eks import EKSClient

EKS: Final = Translation(
    "EKS",
    throttled=RouterThrottledError,
    unavailable=RouterUnavailableError,
    denied=RouterRefusedError,
    known={"ResourceNotFoundException": (RouterObjectMissingError, "correct `clusters` in crossfade.yaml")},
)
_CATEGORY: Final = "UPGRADE_READINESS"
_BAD: Final = ("WARNING", "ERROR")


class Insights:
    """
    The insights of clusters.

    Args:
        eks: A client for each Region.
    """

    def __init__(self, eks: "Mapping[str, EKSClient]") -> None:
        self._eks = eks

    def read(self, cluster: Cluster) -> tuple[InsightFacts, ...] | None:
        """
        Those of *cluster* that do not pass; None when they may not be read.

        Raises:
            RouterObjectMissingError: There is no such cluster.
            RouterThrottledError, RouterUnavailableError: Ask again later.
        """
        try:
            return tuple(self._described(cluster, listed["id"]) for listed in self._listed(cluster))
        except RouterRefusedError:
            return None

    def _listed(self, cluster: Cluster) -> list[Any]:
        paginator: Any = self._eks[cluster.region].get_paginator("list_insights")
        wanted = {"categories": [_CATEGORY], "statuses": list(_BAD)}
        with EKS.around("eks:ListInsights", cluster.name):
            pages = paginator.paginate(clusterName=cluster.name, filter=wanted)
            return [insight for page in pages for insight in page["insights"]]

    def _described(self, cluster: Cluster, id_: str) -> InsightFacts:
        with EKS.around("eks:DescribeInsight", cluster.name):
            found: Any = self._eks[cluster.region].describe_insight(clusterName=cluster.name, id=id_)["insight"]
        status = found["insightStatus"]
        return InsightFacts(
            name=found["name"],
            version=found.get("kubernetesVersion", ""),
            status=status["status"],
            reason=status.get("reason", ""),
            recommendation=found.get("recommendation", ""),
        )
