"""The few calls that Crossfade makes about Argo CD's objects: cluster Secrets and Applications, in one cluster.

Argo CD's own API and its tokens are not used: a Secret's annotation, a parameter and the field `operation` are
objects of Kubernetes. Of a Secret nothing but its metadata is kept; its data has credentials.
Source: https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/
This file knows no weight.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kubernetes.client import ApiClient, AppsV1Api, CoreV1Api, CustomObjectsApi

from crossfade.adapters.kubernetes_api import MERGE_PATCH, TIMEOUT_SECONDS, translated
from crossfade.adapters.kubernetes_objects import Annotated
from crossfade.core.argocd import ArgoCd
from crossfade.core.weight import Side
from crossfade.core.workload import Workload
from crossfade.errors import RouterObjectMissingError, RouterRefusedError
from crossfade.names import FIELD_MANAGER

Object = Mapping[str, Any]

_APPLICATIONS: Final = ("argoproj.io", "v1alpha1")
_PLURAL: Final = "applications"
_SERVER: Final = "argocd-server"
"""The Deployment whose image tells the version, as all parts of Argo CD run the same image."""


class ArgoCdApi:
    """
    Argo CD's objects in one cluster.

    Attributes:
        cluster: Its name, for people.
    """

    def __init__(self, cluster: str, connect: Callable[[], ApiClient]) -> None:
        self.cluster = cluster
        self._connect = connect

    def secret(self, namespace: str, name: str) -> Annotated:
        """
        Read the metadata of a Secret.

        Raises:
            RouterObjectMissingError, RouterRefusedError, RouterUnavailableError: As `KubernetesApi` has it.
        """
        with translated(self.place("Secret", namespace, name)):
            answer: Any = CoreV1Api(self._connect()).read_namespaced_secret(
                name, namespace, _preload_content=False, _request_timeout=TIMEOUT_SECONDS
            )
            return annotated(json.loads(answer.data))

    def annotate_secret(
        self,
        namespace: str,
        name: str,
        annotations: Mapping[str, str],
        *,
        resource_version: str,
        dry_run: bool = False,
    ) -> None:
        """
        Set *annotations* of a Secret, if it is still at *resource_version*; everything else stays.

        Raises:
            WriteConflictError: The Secret has changed since.
            RouterObjectMissingError, RouterRefusedError, RouterUnavailableError: As `KubernetesApi` has it.
        """
        patch = {"metadata": {"annotations": dict(annotations), "resourceVersion": resource_version}}
        options = {"dry_run": "All"} if dry_run else {}
        with translated(self.place("Secret", namespace, name)):
            core: Any = CoreV1Api(self._connect())
            core.patch_namespaced_secret(
                name,
                namespace,
                patch,
                field_manager=FIELD_MANAGER,
                _content_type=MERGE_PATCH,
                _preload_content=False,
                _request_timeout=TIMEOUT_SECONDS,
                **options,
            ).read()

    def application(self, namespace: str, name: str) -> Object:
        """
        Read an Application, with its status.

        Raises:
            RouterObjectMissingError, RouterRefusedError, RouterUnavailableError: As `KubernetesApi` has it.
        """
        with translated(self.place("Application", namespace, name)):
            custom: Any = CustomObjectsApi(self._connect())
            answer = custom.get_namespaced_custom_object(
                *_APPLICATIONS, namespace, _PLURAL, name, _preload_content=False, _request_timeout=TIMEOUT_SECONDS
            )
            document: Object = json.loads(answer.data)
            return document

    def patch_application(self, application: Object, patch: Object, *, dry_run: bool = False) -> None:
        """
        Merge *patch* into *application*, if it is still as it was read.

        A list is replaced whole by such a patch, so it has to hold all entries.

        Raises:
            WriteConflictError: The Application has changed since.
            RouterObjectMissingError, RouterRefusedError, RouterUnavailableError: As `KubernetesApi` has it.
        """
        metadata = application["metadata"]
        versioned = {**patch, "metadata": {**patch.get("metadata", {}), "resourceVersion": metadata["resourceVersion"]}}
        options = {"dry_run": "All"} if dry_run else {}
        with translated(self.place("Application", metadata["namespace"], metadata["name"])):
            custom: Any = CustomObjectsApi(self._connect())
            custom.patch_namespaced_custom_object(
                *_APPLICATIONS,
                metadata["namespace"],
                _PLURAL,
                metadata["name"],
                versioned,
                field_manager=FIELD_MANAGER,
                _content_type=MERGE_PATCH,
                _preload_content=False,
                _request_timeout=TIMEOUT_SECONDS,
                **options,
            ).read()

    def image(self, namespace: str) -> str:
        """
        The image that Argo CD runs; empty when we may not see it, as with Argo CD run by AWS.

        Raises:
            RouterUnavailableError: Ask again later.
        """
        try:
            with translated(self.place("Deployment", namespace, _SERVER)):
                answer: Any = AppsV1Api(self._connect()).read_namespaced_deployment(
                    _SERVER, namespace, _preload_content=False, _request_timeout=TIMEOUT_SECONDS
                )
                containers = json.loads(answer.data)["spec"]["template"]["spec"]["containers"]
                return str(containers[0]["image"])
        except (RouterObjectMissingError, RouterRefusedError):
            return ""

    def place(self, kind: str, namespace: str, name: str) -> str:
        """Name of an object for people."""
        return f"{kind} {namespace}/{name} in {self.cluster}"


@dataclass(frozen=True)
class ArgoCds:
    """
    Every Argo CD of a configuration.

    Attributes:
        clusters: Its objects in each cluster, by name and Region.
        sides: The clusters of both sides, by name and Region.
    """

    clusters: Mapping[tuple[str, str], ArgoCdApi]
    sides: Mapping[Side, tuple[str, str]]

    def of(self, workload: Workload, side: Side) -> tuple[ArgoCdApi, ArgoCd]:
        """
        Where the objects of *workload* on *side* are, and its block with every name in full.

        Raises:
            RouterRefusedError: It has no such block, or this deployment does not know its hub.
        """
        if workload.argocd is None:
            msg = f"{workload.name}: has no `argocd` block; say there what its weight is rendered from"
            raise RouterRefusedError(msg)
        own = self.sides[side]
        argocd = workload.argocd.on(own[0])
        place = (argocd.hub.name, argocd.hub.region) if argocd.hub else own
        if place not in self.clusters:
            msg = f"{workload.name}: this deployment does not know the hub {place[0]}; deploy crossfade.yaml as it is"
            raise RouterRefusedError(msg)
        return self.clusters[place], argocd


def annotated(document: Object) -> Annotated:
    """What is kept of an object that is only annotated."""
    metadata = document["metadata"]
    return Annotated(metadata.get("annotations") or {}, metadata["resourceVersion"])
