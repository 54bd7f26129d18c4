"""What lets the functions into the clusters: an EKS access entry a cluster and role, all in one Kubernetes group.

The entries say who somebody is; what that group may do is RBAC, which lives with the clusters (GitOps).
An access entry belongs to the cluster's Region, so there is one such stack a Region.
Limits: the cluster's authentication mode must be API or API_AND_CONFIG_MAP.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_eks as eks
from aws_cdk import aws_iam as iam
from constructs import Construct

from crossfade.names import KUBERNETES_GROUP, Function


class AccessStack(Stack):
    """Access entries in *clusters* for *roles*."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        clusters: Sequence[str],
        roles: Mapping[Function, iam.IRole],
        **stack_options: Any,
    ) -> None:
        super().__init__(scope, id_, **stack_options)
        for cluster in clusters:
            entries = Construct(self, cluster)
            for function, role in roles.items():
                eks.CfnAccessEntry(
                    entries,
                    function.value,
                    cluster_name=cluster,
                    principal_arn=role.role_arn,
                    kubernetes_groups=[KUBERNETES_GROUP],
                    type="STANDARD",
                )
