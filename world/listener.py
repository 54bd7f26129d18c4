"""An HTTP server of the world on a loopback port, with TLS if wanted: sockets and threads, nothing else.

Requests are answered in daemon threads while the world's one driving thread waits for them. Closing ends every
connection and joins every thread, so that nothing outlives what it belongs to.
"""

import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

_POLL_SECONDS: Final = 0.02  # real time, only between the wish to close and the end of the listener


class Listener(ThreadingHTTPServer):
    """
    Listens from construction until `close`.

    Args:
        handler: Answers the requests of one connection.
        tls: With what certificate; plain HTTP without.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens on this machine."""
        return int(self.server_address[1])

    def get_request(self) -> tuple[Any, Any]:
        """A new connection; its handshake is the business of the thread that answers it."""
        connection, client = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, client

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own."""
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        with self._lock:
            self._connections[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """End one connection."""
        super().shutdown_request(request)
        with self._lock:
            self._connections.pop(request, None)

    def close(self) -> None:
        """Stop listening, end all connections, join all threads."""
        self.shutdown()
        self._thread.join()
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
