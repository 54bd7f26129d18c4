"""The HTTP API of one cluster as a pure function of the request: paths, verbs, content types, authentication.

It knows no socket; `server` carries it. Limits: no OpenAPI, no protobuf, no admission plug-ins.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from world.kubernetes import access, patches, status
from world.kubernetes.access import Authenticator, Caller, Request
from world.kubernetes.discovery import discover
from world.kubernetes.interference import Interference
from world.kubernetes.resources import Object, Resource
from world.kubernetes.selection import selected
from world.kubernetes.status import ApiError, NoSuchApiError
from world.kubernetes.store import Key, Store, Writing
from world.kubernetes.validation import unknown_fields
from world.kubernetes.watch import bookmark

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_HEALTH = ("/healthz", "/livez", "/readyz")
_WATCH_SECONDS = 1_800
_REVIEWS = "authorization.k8s.io"
_NAMESPACED_PARTS = 3  # namespaces/<name>/<plural>


@dataclass(frozen=True, slots=True)
class Call:
    """
    An HTTP request.

    Attributes:
        method: GET, POST, …
        target: Path and query.
        headers: By lower-case name.
        body: As sent.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """Without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def content_type(self) -> str:
        """Without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()

    @property
    def manager(self) -> str:
        """The field manager: as given, else the start of the User-Agent."""
        agent = self.headers.get("user-agent", "unknown").partition("/")[0].partition(" ")[0]
        return self.query.get("fieldManager") or agent


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, body (JSON, text, or the events of a watch as they come) and headers."""

    code: int
    body: Object | str | Iterator[Object]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as the cluster's audit log would have it."""

    request: Request
    caller: str
    code: int
    manager: str


class Api:
    """
    Answers HTTP requests about one cluster.

    Args:
        store: The cluster's objects.
        authenticator: Tells whose a bearer token is.
        version: As `/version` shows it.
        anonymous: Who asks without a token.

    Attributes:
        interferences: What happens to requests, first match wins.
        audit: Every request for objects, oldest first.
    """

    def __init__(
        self, store: Store, authenticator: Authenticator, version: str = "v1.35.0", anonymous: Caller = access.ANONYMOUS
    ) -> None:
        self.store = store
        self.interferences: list[Interference] = []
        self.audit: list[Seen] = []
        self._authenticator = authenticator
        self._anonymous = anonymous
        self._version = version

    def answer(self, call: Call) -> Answer:
        """
        Answer one request.

        Raises:
            ConnectionLost: An interference wants the connection to end instead.
        """
        try:
            return self._answer(call)
        except ApiError as error:
            return Answer(error.code, error.body(), error.headers)
        except NoSuchApiError:
            return Answer(404, "404 page not found\n")

    def _answer(self, call: Call) -> Answer:
        caller = self._authenticate(call)
        parts = call.path.strip("/").split("/")
        if call.path in _HEALTH:
            return Answer(200, "ok")
        if found := discover(self.store.catalogue, parts, self._version):
            if caller == access.ANONYMOUS and parts != ["version"]:
                raise ApiError(403, f'forbidden: User "{caller.name}" cannot get path "{call.path}"')
            return Answer(200, found)
        return self._about_objects(call, caller, *_group_and_rest(self.store, parts))

    def _authenticate(self, call: Call) -> Caller:
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        if kind != "Bearer":
            return self._anonymous
        caller = self._authenticator(token)
        if caller is None:
            raise status.unauthorized()
        return Caller(caller.name, (*caller.groups, "system:authenticated"))

    def _about_objects(self, call: Call, caller: Caller, group: str, version: str, rest: list[str]) -> Answer:
        namespace = ""
        if rest[0] == "namespaces" and len(rest) >= _NAMESPACED_PARTS:
            namespace, rest = rest[1], rest[2:]
        plural, name, subresource, *_ = [*rest, "", ""]
        if group == _REVIEWS:
            return self._review(call, caller)
        verb = _VERBS.get(call.method) or _read_or_delete(call, name)
        full = f"{plural}/{subresource}" if subresource else plural
        request = Request(verb, group, full, namespace, name)
        interference = next((i for i in self.interferences if i.meets(request, caller)), None)
        if interference and not interference.after_commit:
            interference.happen()
        answer = self._audited(call, caller, request, version, subresource)
        if interference:
            interference.happen()
        return answer

    def _audited(self, call: Call, caller: Caller, request: Request, version: str, subresource: str) -> Answer:
        code = 500
        try:
            if not access.is_allowed(self.store, caller, request):
                raise access.forbidden(caller, request)
            resource = self.store.require(request.group, version, request.resource.partition("/")[0])
            answer = _in_version(self._do(call, request, resource, subresource), resource, version)
            code = answer.code
        except ApiError as error:
            code = error.code
            raise
        finally:
            self.audit.append(Seen(request, caller.name, code, call.manager))
        return answer

    def _do(self, call: Call, request: Request, resource: Resource, subresource: str) -> Answer:
        if subresource and not (subresource == "status" and resource.has_status):
            raise status.no_such_resource()
        if (call.method == "POST") == bool(request.name) and call.method in _VERBS:
            raise status.wrong_method()
        key = (request.namespace, request.name)
        match request.verb:
            case "get" | "watch" | "list":
                return Answer(200, self._read(call, resource, request))
            case "create":
                body = _json(call)
                return Answer(201, self.store.create(resource, request.namespace, body, _writing(call, subresource)))
            case "update":
                return Answer(200, self.store.update(resource, key, _json(call), _writing(call, subresource)))
            case "patch":
                return self._patch(call, resource, key, subresource)
            case "delete":
                return Answer(200, self.store.delete(resource, key, _json(call) if call.body else {}))
        raise status.wrong_method()

    def _read(self, call: Call, resource: Resource, request: Request) -> Object | Iterator[Object]:
        if request.verb == "watch":
            return self._watch(call, resource, request)
        if request.verb == "list":
            return self._list(call, resource, request.namespace)
        return self.store.get(resource, (request.namespace, request.name))

    def _patch(self, call: Call, resource: Resource, key: Key, subresource: str) -> Answer:
        accepted = patches.accepted(is_custom=resource.is_custom)
        if call.content_type not in accepted:
            raise status.wrong_content_type(resource, accepted)
        writing = _writing(call, subresource)
        if call.content_type == patches.APPLY:
            if "fieldManager" not in call.query:
                what = "fieldManager: Required value: is required for apply patch"
                raise ApiError(422, f'PatchOptions.meta.k8s.io "" is invalid: {what}')
            return Answer(*self.store.apply(resource, key, yaml.safe_load(call.body), writing))
        patch = _json(call)
        patched = self.store.patch(resource, key, call.content_type, patch, writing)
        unknown = unknown_fields(resource, patch) if isinstance(patch, dict) else ()
        headers = {"Warning": ", ".join(f'299 - "unknown field \\"{name}\\""' for name in unknown)} if unknown else {}
        return Answer(200, patched, headers)

    def _list(self, call: Call, resource: Resource, namespace: str) -> Object:
        query = call.query
        selectors = {"labels": query.get("labelSelector", ""), "fields": query.get("fieldSelector", "")}
        items = self.store.search(resource, namespace, **selectors)
        start = int(base64.b64decode(query["continue"])) if query.get("continue") else 0
        end = start + int(query.get("limit") or len(items))
        metadata: Object = {"resourceVersion": self.store.resource_version}
        if end < len(items):
            metadata |= {"continue": base64.b64encode(str(end).encode()).decode()}
            metadata |= {"remainingItemCount": len(items) - end}
        shown = items[start:end] if resource.is_custom else [_without_type(item) for item in items[start:end]]
        head = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version}
        return head | {"metadata": metadata, "items": shown}

    def _watch(self, call: Call, resource: Resource, request: Request) -> Iterator[Object]:
        """The events of a watch; as those of a real server they begin with what is there, unless a version is given."""
        query, store = call.query, self.store
        fields = query.get("fieldSelector", "") or (f"metadata.name={request.name}" if request.name else "")
        matches = selected(labels=query.get("labelSelector", ""), fields=fields)
        since, asked = store.resource_version, query.get("resourceVersion", "")
        if asked in ("", "0") or query.get("sendInitialEvents") == "true":
            for item in store.search(resource, request.namespace, labels=query.get("labelSelector", ""), fields=fields):
                yield {"type": "ADDED", "object": item}
            if query.get("allowWatchBookmarks") == "true" and query.get("sendInitialEvents") == "true":
                yield bookmark(resource, since)
        else:
            since = asked
        seconds = float(query.get("timeoutSeconds") or _WATCH_SECONDS)

        def concerned(item: Object) -> bool:
            return request.namespace in ("", item["metadata"].get("namespace", "")) and matches(item)

        try:
            yield from store.changes.follow(resource, int(since), concerned, seconds=seconds)
        except ApiError as error:
            yield {"type": "ERROR", "object": error.body()}

    def _review(self, call: Call, caller: Caller) -> Answer:
        """SelfSubjectAccessReview: may I?"""
        review = _json(call)
        asked = review["spec"].get("resourceAttributes") or {}
        subresource = f"/{asked['subresource']}" if asked.get("subresource") else ""
        request = Request(
            verb=asked.get("verb", ""),
            group=asked.get("group", ""),
            resource=asked.get("resource", "") + subresource,
            namespace=asked.get("namespace", ""),
            name=asked.get("name", ""),
        )
        return Answer(201, review | {"status": {"allowed": access.is_allowed(self.store, caller, request)}})


def _group_and_rest(store: Store, parts: list[str]) -> tuple[str, str, list[str]]:
    match parts:
        case ["api", version, *rest] if rest:
            return "", version, rest
        case ["apis", group, version, *rest] if rest:
            if (group, version) in store.catalogue.versions() or group == _REVIEWS:
                return group, version, rest
    raise NoSuchApiError


def _read_or_delete(call: Call, name: str) -> str:
    if call.method == "DELETE":
        return "delete" if name else "deletecollection"
    if call.query.get("watch") in ("1", "true", "True"):
        return "watch"
    return "get" if name else "list"


def _writing(call: Call, subresource: str) -> Writing:
    query = call.query
    return Writing(
        manager=call.manager,
        dry_run=query.get("dryRun") == "All",
        subresource=subresource,
        force=query.get("force") == "true",
        strict=query.get("fieldValidation") == "Strict",
    )


def _json(call: Call) -> Any:
    try:
        return json.loads(call.body)
    except json.JSONDecodeError as error:
        at_end = error.pos >= len(call.body.rstrip())
        what = "unexpected end of JSON input" if at_end else "invalid character in JSON input"
        msg = f"error decoding patch: {what}"
        raise status.bad_request(msg) from error


def _in_version(answer: Answer, resource: Resource, version: str) -> Answer:
    """*answer* in the *version* of the path, where the same objects are served in several."""
    if version not in resource.other_versions:
        return answer
    if isinstance(answer.body, Iterator):
        return replace(
            answer, body=({**event, "object": _versioned(event["object"], version)} for event in answer.body)
        )
    return replace(answer, body=_versioned(answer.body, version)) if isinstance(answer.body, dict) else answer


def _versioned(held: Object, version: str) -> Object:
    """An object or a list of them, in another *version* of its group."""
    group, slash, _ = str(held.get("apiVersion", "")).rpartition("/")
    renamed = {**held, "apiVersion": f"{group}{slash}{version}"} if group else held
    return {**renamed, "items": [_versioned(item, version) for item in held["items"]]} if "items" in held else renamed


def _without_type(item: Object) -> Object:
    return {key: value for key, value in item.items() if key not in ("kind", "apiVersion")}
