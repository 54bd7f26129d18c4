"""API servers that Amazon EKS knows: one a cluster, with its objects in it.

This file knows nothing of what runs in a cluster.
"""

import base64
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.eks.models import eks_backends

from world.argocd import install
from world.clock import Clock
from world.eks_tokens import EksAuthenticator, Identity
from world.estate_spec import ClusterSpec
from world.kubernetes import KubernetesApi, Object, definitions

_ROLE: Final = "arn:aws:iam::123456789012:role/eks-cluster"
_AUTHORITY: Final = base64.b64encode(b"the embedded clusters speak plain HTTP\n").decode()


def serve(
    spec: ClusterSpec, clock: Clock, stack: ExitStack, *, identities: Sequence[Identity], seed: str
) -> tuple[KubernetesApi, EksAuthenticator]:
    """The API server of the cluster *spec*, until *stack* is closed, and who judges its tokens."""
    authenticator = EksAuthenticator(spec.name, region=spec.region, now=lambda: clock.now, identities=identities)
    api = stack.enter_context(KubernetesApi(authenticator, now=lambda: clock.now, seed=seed))
    _create_in_eks(spec, api.url)
    _load(api, spec.manifests)
    return api, authenticator


def _create_in_eks(spec: ClusterSpec, url: str) -> None:
    """A cluster in moto's EKS whose endpoint is the API server in this process."""
    books = eks_backends[DEFAULT_ACCOUNT_ID][spec.region]
    cluster = books.create_cluster(spec.name, role_arn=_ROLE, resources_vpc_config={})
    cluster.endpoint = url
    cluster.certificate_authority = {"data": _AUTHORITY}


def _load(api: KubernetesApi, manifests: Sequence[Object]) -> None:
    """Apply *manifests*, namespaces first, with the definitions of what is no part of Kubernetes."""
    install(api.store)
    kinds = {document["kind"] for document in manifests}
    for definition in definitions.ALL:
        if definition["spec"]["names"]["kind"] in kinds:
            api.store.add(definition)
    first = ("Namespace", "CustomResourceDefinition")
    for document in sorted(manifests, key=lambda document: document["kind"] not in first):
        api.store.add(document, manager="argocd-controller")
