"""The API server's refusals: every `Status` text it can answer with stands here, once.

Source of the texts: recorded answers of a real kube-apiserver 1.35 (tests/world/kubernetes_contract).
"""

from collections.abc import Mapping
from typing import Any

from world.kubernetes.resources import Resource

_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


class ApiError(Exception):
    """
    A refusal, as the API server words it.

    Attributes:
        code: HTTP status.
        message: For people.
        reason: For machines.
        details: More for machines.
        headers: Of the answer, such as `Retry-After`.
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        reason: str | None = None,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = _REASONS.get(code, "") if reason is None else reason
        self.details = dict(details or {})
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The `Status` object of the answer."""
        status: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        status |= {"message": self.message, "reason": self.reason, "code": self.code}
        return status | ({"details": self.details} if self.details else {})


class NoSuchApiError(Exception):
    """The path belongs to no API group; the real server answers in plain text."""


def _details(resource: Resource, name: str) -> dict[str, str]:
    return {"name": name, "group": resource.group, "kind": resource.plural}


def bad_request(message: str) -> ApiError:
    """The request cannot be read."""
    return ApiError(400, message)


def unauthorized() -> ApiError:
    """The token is no good."""
    return ApiError(401, "Unauthorized")


def no_such_resource() -> ApiError:
    """The API group lacks this resource."""
    return ApiError(404, "the server could not find the requested resource")


def not_found(resource: Resource, name: str) -> ApiError:
    """The object does not exist."""
    return ApiError(404, f'{resource.full_name} "{name}" not found', details=_details(resource, name))


def already_exists(resource: Resource, name: str) -> ApiError:
    """The object exists."""
    message = f'{resource.full_name} "{name}" already exists'
    return ApiError(409, message, reason="AlreadyExists", details=_details(resource, name))


def modified(resource: Resource, name: str) -> ApiError:
    """The resourceVersion of the request is not the current one."""
    message = (
        f'Operation cannot be fulfilled on {resource.full_name} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return ApiError(409, message, details=_details(resource, name))


def invalid(resource: Resource, name: str, field: str, problem: str) -> ApiError:
    """A field breaks a rule."""
    return ApiError(
        422, f'{resource.full_kind} "{name}" is invalid: {field}: {problem}', details=_details(resource, name)
    )


def invalid_patch(value: str) -> ApiError:
    """The patched object cannot be read as its kind."""
    return ApiError(422, f' "" is invalid: patch: Invalid value: {value}')


def failed_json_patch() -> ApiError:
    """A JSON patch's `test` failed or its path does not exist; the server does not say which."""
    return ApiError(422, "the server rejected our request due to an error in our request")


def wrong_method() -> ApiError:
    """The resource lacks this verb."""
    return ApiError(405, "the server does not allow this method on the requested resource")


def wrong_content_type(resource: Resource, accepted: tuple[str, ...]) -> ApiError:
    """The resource does not accept patches of this type."""
    if not resource.is_custom:
        return ApiError(415, "415: Unsupported Media Type")
    listed = ", ".join(accepted)
    return ApiError(415, f"the body of the request was in an unknown format - accepted media types include: {listed}")
