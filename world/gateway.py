"""A door to the embedded cloud for other processes: AWS's APIs over HTTP on this machine (AWS_ENDPOINT_URL).

A request says in its signature for which service and Region it is; the signature itself is not checked. Answers carry
the date of this process, which is that of the virtual clock. Nothing is answered but while `serve` is running, in the
thread that drives the clock: so a request is one more thing that happens at an instant, and nothing runs beside it.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber

_SCOPE: Final = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_FORBIDDEN: Final = 403
_OURS: Final = frozenset({"content-length", "date", "server", "connection", "transfer-encoding"})
"""Headers that this server writes itself."""


class Gateway:
    """
    The embedded cloud over HTTP, for as long as it is open.

    Args:
        port: On 127.0.0.1; 0 for one that is free.

    Raises:
        OSError: Somebody listens on *port* already.
    """

    def __init__(self, port: int = 0) -> None:
        self._server = HTTPServer(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """What AWS_ENDPOINT_URL has to be."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def open(self) -> Iterator[None]:
        """Afterwards nobody listens any more."""
        with self._server:
            yield

    def serve(self, seconds: float) -> None:
        """Answer whatever comes within *seconds* of real time."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._server.timeout = left
            self._server.handle_request()


class _Handler(BaseHTTPRequestHandler):
    """Of one request; the connection ends with it."""

    timeout = 5

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        scope = _SCOPE.search(self.headers.get("Authorization", ""))
        if scope is None:
            self._send(_FORBIDDEN, {}, b"this is the embedded cloud; ask it with an AWS client")
            return
        url = f"https://{scope['service']}.{scope['region']}.amazonaws.com{self.path}"
        headers = HTTPHeaders()
        for name, value in self.headers.items():
            headers[name] = value
        request = AWSPreparedRequest(self.command, url, headers, body, stream_output=False)
        status, answered, text = BotocoreStubber().process_request(request) or (_FORBIDDEN, {}, "no such service")
        self._send(int(status), answered, text.encode() if isinstance(text, str) else text)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _answer  # noqa: N815  # names of http.server

    def _send(self, status: int, headers: Any, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Date", formatdate(usegmt=True))
        for name, value in dict(headers).items():
            if name.lower() not in _OURS:
                self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name in http.server
        """Say nothing: what happens stands in the timeline."""
