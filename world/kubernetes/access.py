"""Who may do what: RBAC evaluated from the Role and RoleBinding objects in the store."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from world.kubernetes.resources import Object
from world.kubernetes.status import ApiError
from world.kubernetes.store import Store

MASTERS = "system:masters"


@dataclass(frozen=True, slots=True)
class Caller:
    """
    An authenticated caller.

    Attributes:
        name: As errors and the audit name it.
        groups: What bindings can name.
    """

    name: str
    groups: tuple[str, ...] = ()


ANONYMOUS = Caller("system:anonymous", ("system:unauthenticated",))

Authenticator = Callable[[str], Caller | None]
"""Who a bearer token belongs to; None when it is no good."""


@dataclass(frozen=True, slots=True)
class Request:
    """
    What somebody wants to do.

    Attributes:
        verb: `get`, `list`, `create`, `update`, `patch`, `delete` or `deletecollection`.
        group: API group.
        resource: Plural, with `/status` for the subresource.
        namespace: Empty for the whole cluster.
        name: Of the object; empty for lists.
    """

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""


def is_allowed(store: Store, caller: Caller, request: Request) -> bool:
    """Whether some binding gives *caller* a rule that covers *request*."""
    if MASTERS in caller.groups:
        return True
    return any(_covers(rule, request) for rule in _rules(store, caller, request.namespace))


def forbidden(caller: Caller, request: Request) -> ApiError:
    """The refusal, in the API server's words."""
    plural = request.resource.partition("/")[0]
    full_name = f"{plural}.{request.group}" if request.group else plural
    named = f' "{request.name}"' if request.name else ""
    where = f'in the namespace "{request.namespace}"' if request.namespace else "at the cluster scope"
    message = (
        f'{full_name}{named} is forbidden: User "{caller.name}" cannot {request.verb} resource '
        f'"{request.resource}" in API group "{request.group}" {where}'
    )
    return ApiError(403, message, details={"name": request.name, "group": request.group, "kind": plural})


def _rules(store: Store, caller: Caller, namespace: str) -> Iterator[Object]:
    bindings = store.seen("ClusterRoleBinding")
    if namespace:
        bindings += store.seen("RoleBinding", namespace)
    for binding in bindings:
        if any(_is_subject(subject, caller) for subject in binding.get("subjects") or ()):
            yield from _role_rules(store, binding)


def _is_subject(subject: Object, caller: Caller) -> bool:
    if subject["kind"] == "Group":
        return subject["name"] in caller.groups
    if subject["kind"] == "User":
        return bool(subject["name"] == caller.name)
    return caller.name == f"system:serviceaccount:{subject.get('namespace')}:{subject['name']}"


def _role_rules(store: Store, binding: Object) -> Sequence[Object]:
    kind, name = binding["roleRef"]["kind"], binding["roleRef"]["name"]
    namespace = "" if kind == "ClusterRole" else binding["metadata"]["namespace"]
    try:
        return store.read(kind, namespace, name).get("rules") or ()
    except ApiError:  # a binding to a role that does not exist gives nothing
        return ()


def _covers(rule: Object, request: Request) -> bool:
    names = rule.get("resourceNames") or ()
    return (
        _lists(rule, "verbs", request.verb)
        and _lists(rule, "apiGroups", request.group)
        and _lists(rule, "resources", request.resource)
        and (not names or request.name in names)
    )


def _lists(rule: Object, field: str, value: str) -> bool:
    return any(item in ("*", value) for item in rule.get(field) or ())
