"""Lambda, in this process: the real handlers, called the way the service calls them.

What crosses the border is JSON in both directions; an exception becomes the error document that the Python runtime
writes; the environment variables of the function are there while it runs, and only then. Faults get in by
interceptors, before the handler runs or after it ran. This file knows neither the handlers nor Step Functions.
"""

import io
import json
import os
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from botocore.exceptions import ClientError

from world.clock import Clock, TimeLimitError, escaping

Handler = Callable[[Any, Any], Any]
Load = Callable[[str], Handler]
"""Finds a handler by its path, such as `lambdas.shift_traffic.handler`."""

TOO_MANY_REQUESTS: Final = 429


class ServiceError(Exception):
    """
    The Lambda service itself fails an invocation: raise it in an interceptor.

    Args:
        code: Such as `TooManyRequestsException`; Step Functions says `Lambda.TooManyRequestsException`.
        status: The HTTP status that comes with it.
    """

    def __init__(self, code: str, message: str = "the service said no", *, status: int = TOO_MANY_REQUESTS) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class CrashError(Exception):
    """
    The environment of a function dies: raise it in an interceptor.

    Args:
        error_type: What Step Functions sees, such as `Runtime.ExitError` or `Sandbox.Timedout`.
    """

    def __init__(self, error_type: str = "Runtime.ExitError", message: str = "Runtime exited") -> None:
        super().__init__(message)
        self.error_type = error_type


@dataclass(frozen=True)
class Function:
    """
    A published version of a function.

    Attributes:
        role: What it is for: the module of its handler (`shift_traffic`).
        name: Its physical name.
        arn: With the version.
        handler: The handler's path.
        environment: Its environment variables.
        timeout_seconds: After how long the service ends an invocation.
        memory_mb: In the context only.
    """

    role: str
    name: str
    arn: str
    handler: str
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: int = 3
    memory_mb: int = 128


@dataclass(frozen=True)
class LogLine:
    """One line that a function wrote to standard output."""

    at: datetime
    function: str
    text: str


@dataclass(frozen=True)
class Invocation:
    """
    One call of a function, as interceptors see it.

    Attributes:
        function: Its role.
        payload: Parsed JSON; changing it changes nothing.
        request_id: Another one for each call.
        at: When it began.
    """

    function: str
    payload: Any
    request_id: str
    at: datetime


@dataclass(frozen=True)
class Context:
    """What a handler gets beside the event: the part of the Lambda context that has a meaning here."""

    function: Function
    aws_request_id: str
    deadline: datetime
    clock: Clock

    @property
    def function_name(self) -> str:
        """The physical name."""
        return self.function.name

    @property
    def function_version(self) -> str:
        """The published version."""
        return self.function.arn.rsplit(":", 1)[-1]

    @property
    def invoked_function_arn(self) -> str:
        """With the version."""
        return self.function.arn

    @property
    def memory_limit_in_mb(self) -> int:
        """MiB."""
        return self.function.memory_mb

    @property
    def log_group_name(self) -> str:
        """The default log group of the function."""
        return f"/aws/lambda/{self.function.name}"

    @property
    def log_stream_name(self) -> str:
        """One environment, one stream."""
        return f"[{self.function_version}]"

    def get_remaining_time_in_millis(self) -> int:
        """In virtual time."""
        return max(0, int((self.deadline - self.clock.now) / timedelta(milliseconds=1)))


Observer = Callable[[str, Any, Any], None]
"""Told the role, the payload and the result, or the exception instead of a result."""
Before = Callable[[Invocation], None]
After = Callable[[Invocation, Any], None]


class Functions:
    """
    All deployed functions.

    Args:
        clock: Whose time they see.
        random: Where request ids come from.

    Attributes:
        logs: Every line that any of them wrote, oldest first.
        before: Called before the handler runs. What they raise fails the invocation: a ServiceError fails it in the
            service, a CrashError kills the environment, anything else looks as if the handler had raised it. They
            may `clock.sleep`: then the function takes that long, as far as its time-out and the task's allow.
        after: The same, with the result, after the handler ran and did what it does.
        observers: Told how each invocation ended. What they raise fails the run, not the invocation.
        running: The role of the function whose code runs now; None for none.
    """

    def __init__(self, clock: Clock, random: Random) -> None:
        self.logs: list[LogLine] = []
        self.before: list[Before] = []
        self.after: list[After] = []
        self.observers: list[Observer] = []
        self.running: str | None = None
        self._clock = clock
        self._random = random
        self._deployed: dict[str, tuple[Function, Handler]] = {}

    def deploy(self, function: Function, load: Load) -> None:
        """Make *function* callable by its ARN; its code is loaded now, within its environment."""
        with _environment(function.environment):
            self._deployed[function.arn] = (function, load(function.handler))

    def invoke(self, arn: str, payload: bytes) -> dict[str, Any]:
        """
        Call a function and wait for it.

        Returns:
            What lambda:Invoke returns, with the Payload parsed.

        Raises:
            ClientError: The service fails the call, or there is no such function.
            TimeLimitError: A limit of the caller's passed meanwhile.
        """
        if arn not in self._deployed:
            raise _client_error(ServiceError("ResourceNotFoundException", f"Function not found: {arn}", status=404))
        function, handler = self._deployed[arn]
        invocation = Invocation(function.role, json.loads(payload), self._new_id(), self._clock.now)
        try:
            result = self._run(function, handler, invocation, payload)
        except Exception as error:  # noqa: BLE001  # whatever a handler raises is an answer
            self._tell(invocation, error)
            return _failed(error, invocation)
        self._tell(invocation, result)
        return _response(result)

    def _run(self, function: Function, handler: Handler, invocation: Invocation, payload: bytes) -> Any:
        deadline = invocation.at + timedelta(seconds=function.timeout_seconds)
        context = Context(function, invocation.request_id, deadline, self._clock)
        try:
            with self._clock.limit(function.timeout_seconds):
                for before in self.before:
                    before(invocation)
                result = self._call(function, handler, payload, context)
                for after in self.after:
                    after(invocation, result)
        except TimeLimitError as error:
            if self._clock.now < deadline:
                raise
            message = (
                f"RequestId: {invocation.request_id} Error: Task timed out after {function.timeout_seconds:.2f} seconds"
            )
            raise CrashError("Sandbox.Timedout", message) from error
        return result

    def _call(self, function: Function, handler: Handler, payload: bytes, context: Context) -> Any:
        with _environment(function.environment), self._logged(function), self._as(function):
            return _through_json(handler(json.loads(payload), context))

    @contextmanager
    def _as(self, function: Function) -> Iterator[None]:
        before, self.running = self.running, function.role
        try:
            yield
        finally:
            self.running = before

    @contextmanager
    def _logged(self, function: Function) -> Iterator[None]:
        written = io.StringIO()
        try:
            with redirect_stdout(written):
                yield
        finally:
            lines = written.getvalue().splitlines()
            self.logs.extend(LogLine(self._clock.now, function.role, line) for line in lines if line)

    def _tell(self, invocation: Invocation, outcome: Any) -> None:
        with escaping():
            for observer in self.observers:
                observer(invocation.function, invocation.payload, outcome)

    def _new_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


def _through_json(result: Any) -> Any:
    try:
        return json.loads(json.dumps(result))
    except (TypeError, ValueError) as error:
        raise CrashError("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def _response(payload: Any, **more: Any) -> dict[str, Any]:
    return {"StatusCode": 200, "ExecutedVersion": "1", "Payload": payload, **more}


def _failed(error: Exception, invocation: Invocation) -> dict[str, Any]:
    match error:
        case ServiceError():
            raise _client_error(error) from error
        case TimeLimitError():
            raise error
        case _:
            return _response(_error_document(error, invocation), FunctionError="Unhandled")


def _error_document(error: Exception, invocation: Invocation) -> dict[str, Any]:
    """What the Python runtime writes about an exception; Step Functions reads errorType and keeps the rest as Cause."""
    if isinstance(error, CrashError):
        return {"errorMessage": str(error), "errorType": error.error_type}
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": invocation.request_id,
        "stackTrace": traceback.format_tb(error.__traceback__)[-3:],
    }


def _client_error(error: ServiceError) -> ClientError:
    metadata: Any = {"RequestId": "00000000-0000-0000-0000-000000000000", "HTTPStatusCode": error.status}
    return ClientError({"Error": {"Code": error.code, "Message": str(error)}, "ResponseMetadata": metadata}, "Invoke")


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
