"""The few calls that Crossfade makes to a Kubernetes API server, and how its answers become our errors.

Answers are read as plain JSON: the client's models drop fields they do not know and refuse what they do not expect,
and a weight that was written must not look like a failure because of it.
This file knows no ExternalDNS and no weight.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import urllib3
from kubernetes.client import ApiClient, ApiException, AppsV1Api, NetworkingV1Api

from crossfade.errors import (
    CrossfadeError,
    RouterObjectMissingError,
    RouterRefusedError,
    RouterUnavailableError,
    WriteConflictError,
)
from crossfade.names import FIELD_MANAGER, KUBERNETES_GROUP

TIMEOUT_SECONDS: Final = (2, 5)  # connect, read; the client has no time-outs of its own
MERGE_PATCH: Final = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class Annotated:
    """
    What is read of an Ingress.

    Attributes:
        annotations: All of them.
        resource_version: The precondition of a write that rests on this reading.
    """

    annotations: Mapping[str, str]
    resource_version: str


@dataclass(frozen=True, slots=True)
class Container:
    """
    How a Deployment runs its program.

    Attributes:
        image: With tag or digest.
        arguments: Command and arguments, in order.
        environment: Variables with literal values.
    """

    image: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]


class KubernetesApi:
    """
    One cluster's API server.

    Attributes:
        cluster: Its name, for people.
    """

    def __init__(self, cluster: str, connect: Callable[[], ApiClient]) -> None:
        self.cluster = cluster
        self._connect = connect

    def ingress(self, namespace: str, name: str) -> Annotated:
        """
        Read an Ingress.

        Raises:
            RouterObjectMissingError, RouterRefusedError, RouterUnavailableError: See `_error`.
        """
        with translated(self.place(namespace, name)):
            answer: Any = NetworkingV1Api(self._connect()).read_namespaced_ingress(
                name, namespace, _preload_content=False, _request_timeout=TIMEOUT_SECONDS
            )
            metadata = json.loads(answer.data)["metadata"]
            return Annotated(metadata.get("annotations") or {}, metadata["resourceVersion"])

    def ingress_document(self, namespace: str, name: str) -> Mapping[str, Any]:
        """
        Read a whole Ingress, with its status.

        Raises:
            RouterObjectMissingError, RouterRefusedError, RouterUnavailableError: See `_error`.
        """
        with translated(self.place(namespace, name)):
            answer: Any = NetworkingV1Api(self._connect()).read_namespaced_ingress(
                name, namespace, _preload_content=False, _request_timeout=TIMEOUT_SECONDS
            )
            document: Mapping[str, Any] = json.loads(answer.data)
            return document

    def annotate(
        self,
        namespace: str,
        name: str,
        annotations: Mapping[str, str],
        *,
        resource_version: str,
        dry_run: bool = False,
    ) -> None:
        """
        Set *annotations* of an Ingress, if it is still at *resource_version*; everything else stays.

        Args:
            namespace: Of the Ingress.
            name: Of the Ingress.
            annotations: What to set.
            resource_version: Of the reading that this write rests on.
            dry_run: Whether the server only says if it would accept the write.

        Raises:
            WriteConflictError: The Ingress has changed since.
            RouterObjectMissingError, RouterRefusedError, RouterUnavailableError: See `_error`.
        """
        patch = {"metadata": {"annotations": dict(annotations), "resourceVersion": resource_version}}
        options = {"dry_run": "All"} if dry_run else {}
        with translated(self.place(namespace, name)):
            networking: Any = NetworkingV1Api(self._connect())
            networking.patch_namespaced_ingress(
                name,
                namespace,
                patch,
                field_manager=FIELD_MANAGER,
                _content_type=MERGE_PATCH,
                _preload_content=False,
                _request_timeout=TIMEOUT_SECONDS,
                **options,
            ).read()

    def container(self, namespace: str, deployment: str) -> Container | None:
        """
        The container named like its *deployment*, or else its first one; None when we may not see it or it is absent.

        Raises:
            RouterUnavailableError: Ask again later.
        """
        found = self.deployment(namespace, deployment)
        if found is None:
            return None
        with translated(f"Deployment {namespace}/{deployment} in {self.cluster}"):
            return container_of(found)

    def deployment(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """
        Read a whole Deployment, with its status; None when we may not see it or it is absent.

        Raises:
            RouterUnavailableError: Ask again later.
        """
        try:
            with translated(f"Deployment {namespace}/{name} in {self.cluster}"):
                answer: Any = AppsV1Api(self._connect()).read_namespaced_deployment(
                    name, namespace, _preload_content=False, _request_timeout=TIMEOUT_SECONDS
                )
                document: Mapping[str, Any] = json.loads(answer.data)
                return document
        except (RouterObjectMissingError, RouterRefusedError):
            return None

    def place(self, namespace: str, name: str) -> str:
        """Name of an Ingress for people."""
        return f"Ingress {namespace}/{name} in {self.cluster}"


def container_of(deployment: Mapping[str, Any]) -> Container:
    """The container named like its *deployment*, or else its first one."""
    containers = deployment["spec"]["template"]["spec"]["containers"]
    name = deployment["metadata"]["name"]
    found = next((each for each in containers if each["name"] == name), containers[0])
    return Container(
        image=found["image"],
        arguments=(*found.get("command", ()), *found.get("args", ())),
        environment={entry["name"]: entry["value"] for entry in found.get("env", ()) if "value" in entry},
    )


@contextmanager
def translated(place: str) -> Iterator[None]:
    """
    Turn the answers of an API server about *place* into our errors.

    Raises:
        RouterObjectMissingError, RouterRefusedError, RouterUnavailableError, WriteConflictError: See `_error`.
    """
    try:
        yield
    except ApiException as error:
        raise _error(place, int(error.status or 0), _message(error)) from error
    except (
        urllib3.exceptions.HTTPError,
        OSError,
        ValueError,
        TypeError,
        LookupError,
    ) as error:  # no answer, or not Kubernetes'
        msg = f"{place}: the API server gave no readable answer ({type(error).__name__}); it is tried again"
        raise RouterUnavailableError(msg) from error


def _error(place: str, status: int, message: str) -> CrossfadeError:  # noqa: PLR0911 - one answer a status
    """Our error for an answer of the API server; messages contain its words, never a header."""
    match status:
        case 401:  # also what EKS answers while its authenticator is in trouble
            fix = f"it is tried again; if this lasts, give this function's role an access entry with {KUBERNETES_GROUP}"
            return RouterUnavailableError(f"{place}: the API server does not know us ({message}); {fix}")
        case 403:
            fix = f"bind a Role with get and patch on it to the group {KUBERNETES_GROUP}"
            return RouterRefusedError(f"{place}: {message}; {fix}")
        case 404:
            return RouterObjectMissingError(f"{place} does not exist ({message}); create it or correct crossfade.yaml")
        case 409:
            return WriteConflictError(f"{place} was changed by somebody else in between; it is read again")
        case 429:
            return RouterUnavailableError(f"{place}: the API server limits the rate; it is tried again")
        case _ if status >= 500 or status < 400:  # noqa: PLR2004 - server faults, and no error at all
            return RouterUnavailableError(f"{place}: the API server answered {status} ({message}); it is tried again")
        case _:
            fix = "let its admission policies accept a change of the weight and epoch annotations"
            return RouterRefusedError(f"{place}: the API server refused the write ({status}: {message}); {fix}")


def _message(error: ApiException) -> str:
    try:
        return str(json.loads(error.body or "")["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason or "no reason given")
