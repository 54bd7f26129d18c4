"""The few calls that Crossfade makes to a Kubernetes API server, and how its answers become our errors.

Answers are read as plain JSON: the client's models drop fields they do not know and refuse what they do not expect,
and a weight that was written must not look like a failure because of it.
This file knows no ExternalDNS and no weight.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import urllib3
from kubernetes.client import ApiClient, ApiException

from crossfade.adapters.kubernetes_objects import Binding, Container, Document, Held, Resource
from crossfade.core.source import Source, SourceKind
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
_BEARER: Final = ["BearerToken"]
_PAGE: Final = 500
_SUCCESSES: Final = range(200, 300)


_RESOURCES: Final = {
    kind: Resource(kind.value, kind.naming.group, kind.naming.version, kind.naming.plural) for kind in SourceKind
}
_GATEWAY: Final = Resource("Gateway", "gateway.networking.k8s.io", "v1", "gateways")
_DEPLOYMENT: Final = Resource("Deployment", "apps", "v1", "deployments")
_BINDING: Final = Resource("TargetGroupBinding", "elbv2.k8s.aws", "v1beta1", "targetgroupbindings")


class KubernetesApi:
    """
    One cluster's API server.

    Attributes:
        cluster: Its name, for people.
    """

    def __init__(self, cluster: str, connect: Callable[[], ApiClient]) -> None:
        self.cluster = cluster
        self._connect = connect

    def find(self) -> None:
        """
        Find the API server; nothing is asked of it.

        Raises:
            RouterObjectMissingError: There is no such cluster.
            RouterRefusedError, RouterThrottledError, RouterUnavailableError: It cannot be found, or not now.
        """
        with translated(self.cluster):
            self._connect()

    def read(self, source: Source) -> Held:
        """
        Read an object.

        Raises:
            RouterObjectMissingError, RouterRefusedError, RouterUnavailableError: See `_error`.
        """
        path = _RESOURCES[source.kind].path(source.namespace, source.name)
        held = Held(self._call(self.place(source), "GET", path))
        with translated(self.place(source)):
            _ = held.resource_version  # an answer without one is not Kubernetes'
        return held

    def patch(self, source: Source, patch: Document, *, resource_version: str, dry_run: bool = False) -> None:
        """
        Merge *patch* into an object, if that is still at *resource_version*; everything else stays.

        Args:
            source: Which object.
            patch: As RFC 7386 has it; a list is replaced whole.
            resource_version: Of the reading that this write rests on.
            dry_run: Whether the server only says if it would accept the write.

        Raises:
            WriteConflictError: The object has changed since.
            RouterObjectMissingError, RouterRefusedError, RouterUnavailableError: See `_error`.
        """
        metadata = {**patch.get("metadata", {}), "resourceVersion": resource_version}
        query = [("fieldManager", FIELD_MANAGER), *([("dryRun", "All")] if dry_run else [])]
        path = _RESOURCES[source.kind].path(source.namespace, source.name)
        self._call(self.place(source), "PATCH", path, query=query, body={**patch, "metadata": metadata})

    def all(self, kind: SourceKind) -> Iterator[Document]:
        """
        Every object of *kind* in the cluster; none where the cluster does not have the kind.

        Raises:
            RouterRefusedError: They may not be listed.
            RouterUnavailableError: Ask again later.
        """
        return self._pages(f"every {kind} in {self.cluster}", _RESOURCES[kind].path())

    def within(self, resource: Resource, namespace: str) -> Iterator[Document]:
        """
        Every object of a kind in *namespace*; none where the cluster does not have the kind.

        Raises:
            RouterRefusedError: They may not be listed.
            RouterUnavailableError: Ask again later.
        """
        return self._pages(f"every {resource.kind} of {namespace} in {self.cluster}", resource.path(namespace))

    def _pages(self, place: str, path: str) -> Iterator[Document]:
        query = [("limit", str(_PAGE))]
        more: str | None = ""
        while more is not None:
            try:
                page = self._call(place, "GET", path, query=[*query, *_continued(more)], needs="list")
            except RouterObjectMissingError:
                return
            yield from page["items"]
            more = page["metadata"].get("continue") or None

    def gateway(self, namespace: str, name: str) -> Document:
        """
        Read a Gateway, with its status.

        Raises:
            RouterObjectMissingError, RouterRefusedError, RouterUnavailableError: See `_error`.
        """
        place = f"Gateway {namespace}/{name} in {self.cluster}"
        return self._call(place, "GET", _GATEWAY.path(namespace, name), needs="get")

    def binding(self, namespace: str, name: str) -> Binding:
        """
        Read a TargetGroupBinding.

        Raises:
            RouterObjectMissingError, RouterRefusedError, RouterUnavailableError: See `_error`.
        """
        place = f"TargetGroupBinding {namespace}/{name} in {self.cluster}"
        spec = self._call(place, "GET", _BINDING.path(namespace, name), needs="get").get("spec", {})
        group = spec.get("targetGroupARN") or spec.get("targetGroupName") or ""
        return Binding(str(group), str(spec.get("serviceRef", {}).get("name", "")))

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
        place = f"Deployment {namespace}/{name} in {self.cluster}"
        try:
            return self._call(place, "GET", _DEPLOYMENT.path(namespace, name))
        except (RouterObjectMissingError, RouterRefusedError):
            return None

    def place(self, source: Source) -> str:
        """Name of an object for people."""
        return f"{source} in {self.cluster}"

    def _call(
        self,
        place: str,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: Document | None = None,
        needs: str = "get and patch",
    ) -> Document:
        """
        Make one request; the client's typed calls know neither HTTPRoutes nor DNSEndpoints, and no common form.

        Args:
            place: What it is about, for people.
            method: GET or PATCH.
            path: Of the object.
            query: Its parameters.
            body: A merge patch.
            needs: The verbs that a Role must allow, for people.

        Raises:
            CrossfadeError: See `_error`.
        """
        with translated(place, needs):
            client = self._connect()
            headers = {"Accept": "application/json", **({"Content-Type": MERGE_PATCH} if body else {})}
            request = client.param_serialize(
                method, path, query_params=list(query), header_params=headers, body=body, auth_settings=_BEARER
            )
            answer: Any = client.call_api(*request, _request_timeout=TIMEOUT_SECONDS)
            data = answer.read()
            if answer.status not in _SUCCESSES:
                raise ApiException.from_response(http_resp=answer, body=data.decode("utf-8", "replace"), data=None)
            document: Document = json.loads(data)
            return document


def _continued(token: str) -> list[tuple[str, str]]:
    return [("continue", token)] if token else []


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
def translated(place: str, needs: str = "get and patch") -> Iterator[None]:
    """
    Turn the answers of an API server about *place* into our errors.

    Args:
        place: What was asked for, for people.
        needs: The verbs that a Role must allow, for people.

    Raises:
        RouterObjectMissingError, RouterRefusedError, RouterUnavailableError, WriteConflictError: See `_error`.
    """
    try:
        yield
    except ApiException as error:
        raise _error(place, int(error.status or 0), _message(error), needs) from error
    except (
        urllib3.exceptions.HTTPError,
        OSError,
        ValueError,
        TypeError,
        LookupError,
    ) as error:  # no answer, or not Kubernetes'
        fix = "it is tried again; if this lasts, see that its endpoint can be reached from here"
        msg = f"{place}: the API server gave no readable answer ({type(error).__name__}); {fix}"
        raise RouterUnavailableError(msg) from error


def _error(place: str, status: int, message: str, needs: str) -> CrossfadeError:  # noqa: PLR0911 - one answer a status
    """Our error for an answer of the API server; messages contain its words, never a header."""
    match status:
        case 401:  # also what EKS answers while its authenticator is in trouble
            fix = f"it is tried again; if this lasts, give this function's role an access entry with {KUBERNETES_GROUP}"
            return RouterUnavailableError(f"{place}: the API server does not know us ({message}); {fix}")
        case 403:
            fix = f"bind a Role with {needs} on it to the group {KUBERNETES_GROUP}"
            fix = _ADMIT if any(words in message for words in _DENIED) else fix
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
            return RouterRefusedError(f"{place}: the API server refused the write ({status}: {message}); {_ADMIT}")


_ADMIT: Final = "let its admission policies accept a change of the weight and epoch annotations"
_DENIED: Final = ("denied request", "denied the request")
"""How policies and webhooks word a refusal that no Role can mend; both may use the status of a missing right.
Sources: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/; Kubernetes,
apiserver/pkg/admission/plugin/webhook/errors/statuserror.go."""


def _message(error: ApiException) -> str:
    try:
        return str(json.loads(error.body or "")["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason or "no reason given")
