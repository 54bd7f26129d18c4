"""Faults of single requests: refusals, lost requests and lost answers. Nothing of it is in the real API."""

from dataclasses import dataclass

from world.kubernetes.access import Caller, Request
from world.kubernetes.status import ApiError


class ConnectionLost(Exception):  # noqa: N818  # no error of the API: the connection just ends
    """The client gets no answer."""


@dataclass(slots=True)
class Interference:
    """
    What happens to the requests that match; an empty matcher matches all.

    Attributes:
        verb: `patch`, `get`, …
        resource: Plural.
        namespace: Of the object.
        name: Of the object.
        caller: Name of the caller.
        times: How many requests it still meets; None for all.
        skip: How many it lets pass before.
        status: Answer with this HTTP status.
        message: Of that answer.
        retry_after: Seconds, sent as `Retry-After` with that answer.
        drop: Whether the connection ends instead of an answer.
        after_commit: Whether the request takes effect first: the answer is lost, not the request.
    """

    verb: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    caller: str = ""
    times: int | None = None
    skip: int = 0
    status: int = 0
    message: str = "injected fault"
    retry_after: int | None = None
    drop: bool = False
    after_commit: bool = False

    def meets(self, request: Request, caller: Caller) -> bool:
        """Whether it happens to this request; counts it when so."""
        matchers = (
            (self.verb, request.verb),
            (self.resource, request.resource),
            (self.namespace, request.namespace),
            (self.name, request.name),
            (self.caller, caller.name),
        )
        if any(wanted and wanted != actual for wanted, actual in matchers) or self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def happen(self) -> None:
        """
        Let it happen.

        Raises:
            ConnectionLost: For `drop`.
            ApiError: For `status`.
        """
        if self.drop:
            raise ConnectionLost
        if self.status:
            headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
            raise ApiError(self.status, self.message, headers=headers)
