"""What all AWS adapters share: how a client is made, and how its errors become ours.

This file knows no service; which of our errors a code becomes is the adapter's choice.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, CredentialRetrievalError, HTTPClientError  # noqa: A004 - its name

from crossfade.errors import PermanentError, TemporaryError

_CONNECT_SECONDS: Final = 2
_READ_SECONDS: Final = 5
_SERVER_FAULT: Final = 500

_THROTTLED: Final = frozenset(
    {
        "LimitExceededException",
        "PriorRequestNotComplete",  # Route 53 still works on an earlier change of the zone
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttled",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_DENIED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "UnauthorizedOperation",
    }
)
_UNREACHABLE: Final = (HTTPClientError, ConnectionError, CredentialRetrievalError)


def client(service: str, region: str, *, attempts: int = 3) -> Any:
    """
    A client of *service* that gives up soon: waiting is the state machine's business.

    Args:
        service: boto3's name of it.
        region: AWS Region.
        attempts: Tries a call, the first one included. Connecting may take 2 s, an answer 5 s, each try.
    """
    config = Config(
        region_name=region,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    make: Callable[..., Any] = boto3.client
    return make(service, config=config)


def code_of(error: ClientError) -> str:
    """The service's own code, such as `ThrottlingException`."""
    return str(error.response.get("Error", {}).get("Code", ""))


@dataclass(frozen=True, slots=True)
class Translation:
    """
    Which of our errors an AWS error becomes.

    Attributes:
        service: Name for people.
        throttled: For rate limits.
        unavailable: For faults of the service or of the network.
        denied: For missing permissions.
        known: For codes of this service, with the sentence that says what to do.
    """

    service: str
    throttled: type[TemporaryError]
    unavailable: type[TemporaryError]
    denied: type[PermanentError]
    known: Mapping[str, tuple[type[TemporaryError] | type[PermanentError], str]] = field(default_factory=dict)

    @contextmanager
    def around(self, action: str, what: str) -> Iterator[None]:
        """
        Translate what is raised inside; unknown codes pass as they are.

        Args:
            action: The IAM action, such as `dynamodb:GetItem`.
            what: What was asked for, such as the name of a table.
        """
        try:
            yield
        except ClientError as error:
            if (translated := self._translate(error, action, what)) is None:
                raise
            raise translated from error
        except _UNREACHABLE as error:
            msg = f"{self.service} did not answer {action} on {what} ({type(error).__name__}); it is tried again"
            raise self.unavailable(msg) from error

    def _translate(self, error: ClientError, action: str, what: str) -> Exception | None:
        code = code_of(error)
        if code in self.known:
            kind, fix = self.known[code]
            return kind(f"{self.service} refused {action} on {what} ({code}); {fix}")
        if code in _THROTTLED:
            return self.throttled(f"{self.service} limits the rate of {action} on {what} ({code}); it is tried again")
        if code in _DENIED:
            return self.denied(f"{self.service} does not allow {action} on {what}; grant it to this function's role")
        if _status_of(error) >= _SERVER_FAULT:
            return self.unavailable(f"{self.service} failed at {action} on {what} ({code}); it is tried again")
        return None


def _status_of(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
