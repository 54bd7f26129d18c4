"""The API server of one cluster on a loopback port: what is heard and said over HTTP, nothing else."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self

from world.kubernetes.access import ANONYMOUS, Authenticator, Caller
from world.kubernetes.api import Answer, Api, Call
from world.kubernetes.interference import ConnectionLost, Interference
from world.kubernetes.resources import Object
from world.kubernetes.store import Store
from world.listener import Listener


class KubernetesApi:
    """
    The API server of one cluster, listening from construction until `close`.

    Args:
        authenticator: Tells whose a bearer token is; by default every token is refused.
        now: Says what time it is.
        seed: Of the uids.
        version: As `/version` shows it.
        anonymous: Who asks without a token; clients of Kubernetes' own library send none over plain HTTP.

    Attributes:
        store: The objects, for controllers in this process.
        is_reachable: False lets every connection end without an answer.
    """

    def __init__(
        self,
        authenticator: Authenticator = lambda _: None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        seed: object = 0,
        version: str = "v1.35.0",
        anonymous: Caller = ANONYMOUS,
    ) -> None:
        self.store = Store(now, seed)
        self.is_reachable = True
        self._api = Api(self.store, authenticator, version, anonymous)
        self._listener = _Listener(self._answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self._listener.port}"

    @property
    def api(self) -> Api:
        """Its answers, without a socket; `audit` is there."""
        return self._api

    def interfere(self, interference: Interference) -> Interference:
        """Let *interference* happen to requests from now on; take it out of `api.interferences` to end it."""
        self._api.interferences.append(interference)
        return interference

    def close(self) -> None:
        """Stop listening, end all connections, join all threads."""
        self.store.changes.close()
        self._listener.close()

    def _answer(self, call: Call) -> Answer:
        if not self.is_reachable:
            raise ConnectionLost
        return self._api.answer(call)


def with_tokens(tokens: dict[str, Caller]) -> Authenticator:
    """An authenticator that knows *tokens* and no others."""
    return tokens.get


class _Listener(Listener):
    def __init__(self, answer: Callable[[Call], Answer]) -> None:
        self.answer = answer
        super().__init__(_Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Listener

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        """The world's log is the audit."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            answer = self.server.answer(Call(self.command, self.path, headers, body))
        except ConnectionLost:
            self.close_connection = True
            return
        self._send(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  # the base class calls them so

    def _stream(self, events: Iterator[Object]) -> None:
        """Send *events* as they come, a chunk each."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        for event in events:
            data = json.dumps(event).encode() + b"\n"
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _send(self, answer: Answer) -> None:
        if isinstance(answer.body, Iterator):
            self._stream(answer.body)
            return
        is_text = isinstance(answer.body, str)
        data = answer.body.encode() if isinstance(answer.body, str) else json.dumps(answer.body).encode()
        self.send_response(answer.code)
        self.send_header("Content-Type", "text/plain; charset=utf-8" if is_text else "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # the client went away, or the server is closing
            self.close_connection = True

    def finish(self) -> None:
        with suppress(OSError):  # whoever watched has gone away
            super().finish()
