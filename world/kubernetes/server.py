"""The API server of one cluster on a loopback port: sockets and threads, nothing else.

Requests are answered in daemon threads while the world's one driving thread waits for them. Closing ends every
connection and joins every thread, so that nothing outlives the cluster.
"""

import json
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from world.kubernetes.access import Authenticator, Caller
from world.kubernetes.api import Answer, Api, Call
from world.kubernetes.interference import ConnectionLost, Interference
from world.kubernetes.store import Store

_POLL_SECONDS = 0.02  # real time, only between the wish to close and the end of the listener


class KubernetesApi:
    """
    The API server of one cluster, listening from construction until `close`.

    Args:
        authenticator: Tells whose a bearer token is; by default every token is refused.
        now: Says what time it is.
        seed: Of the uids.
        version: As `/version` shows it.

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
    ) -> None:
        self.store = Store(now, seed)
        self.is_reachable = True
        self._api = Api(self.store, authenticator, version)
        self._listener = _Listener(self._answer)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self._listener.server_address[1]}"

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
        self._listener.shutdown()
        self._thread.join()
        self._listener.close_all()

    def _answer(self, call: Call) -> Answer:
        if not self.is_reachable:
            raise ConnectionLost
        return self._api.answer(call)


def with_tokens(tokens: dict[str, Caller]) -> Authenticator:
    """An authenticator that knows *tokens* and no others."""
    return tokens.get


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, answer: Callable[[Call], Answer]) -> None:
        self.answer = answer
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        with self._lock:
            self._connections[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._lock:
            self._connections.pop(request, None)

    def close_all(self) -> None:
        with self._lock:
            connections = dict(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # the client was faster
                continue
        for thread in connections.values():
            thread.join()
        self.server_close()


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

    def _send(self, answer: Answer) -> None:
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
