"""A request to a load balancer itself: past DNS, with the name of the host, and to nothing else that could be reached.

The address comes from Elastic Load Balancing, never from an input. It is resolved once and that address is connected
to, so no name server can lead elsewhere between look and leap; addresses of this machine, of its surroundings and of
metadata services are refused. TLS is verified for the host. One GET, no redirect followed, no proxy, no cookie; the
answer's head is read up to 64 KiB, its body never.
This file knows no Kubernetes and judges nothing.
"""

import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from http.client import HTTPException, parse_headers
from io import BytesIO
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, Protocol

from crossfade.adapters.gathering import gather, raise_worst, split
from crossfade.adapters.load_balancers import Balancer
from crossfade.core.probe import Answer, Answers, Heard
from crossfade.core.weight import Side
from crossfade.core.workload import ProbeRequest, Scheme, Workload

CONNECT_SECONDS: Final = 3.0
"""For the connection, and once more for each step of the TLS handshake."""
READ_SECONDS: Final = 5.0
"""From the request to the end of the answer's head."""
ALL_SECONDS: Final = 15.0
"""No request begins later than this after the first: the functions have 60 s for everything that they do."""
HEAD_BYTES: Final = 65_536

_WORKERS: Final = 16
_ADDRESSES_MAX: Final = 2  # one load balancer has one in each zone; a second covers a zone that is just going
_DAY_SECONDS: Final = 86_400
_DETAIL_MAX: Final = 100
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([2-5][0-9]{2})[ \r]")
_HEADERS: Final = ("User-Agent: crossfade-probe", "Accept: */*", "Connection: close")
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e]+")
_METADATA: Final = ip_network("fd00:ec2::/32")
"""Instance metadata, DNS and time over IPv6; the IPv4 ones are link-local.
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html"""
_SHARED: Final = ip_network("100.64.0.0/10")  # VPCs may use it, though it is neither public nor private


class NotAllowedError(Exception):
    """An address to which nothing is ever sent. Never leaves this package."""


def check_address(text: str) -> None:
    """
    Let pass what an address of a load balancer can be: public, or of a VPC.

    Raises:
        NotAllowedError: It is loopback, link-local (metadata), multicast, reserved, or hides another address.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and (address.ipv4_mapped or address.sixtofour or address.teredo):
        msg = f"{address} stands for another address"
        raise NotAllowedError(msg)
    if not _is_allowed(address):
        msg = f"{address} is no address of a load balancer"
        raise NotAllowedError(msg)


def _is_allowed(address: IPv4Address | IPv6Address) -> bool:
    odd = address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
    if odd or address.is_reserved or address in _METADATA:
        return False
    return address.is_global or address.is_private or address in _SHARED


def dial(name: str, port: int) -> socket.socket:
    """
    Connect to the load balancer *name*: resolve once, look at every address, connect to one of those.

    Raises:
        NotAllowedError: One of its addresses is none that a load balancer has.
        OSError: It has no address, or none that takes the connection.
    """
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        check_address(address)
    return _connected(addresses[:_ADDRESSES_MAX], port)


def _connected(addresses: Sequence[str], port: int) -> socket.socket:
    last: OSError = OSError("it has no address")
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=CONNECT_SECONDS)
        except OSError as error:
            last = error
    raise last


@dataclass(frozen=True)
class Network:
    """
    How load balancers are reached. The functions use what stands here; only a host that has load balancers of its
    own, such as the embedded world, brings something else.

    Attributes:
        dial: Connects to a load balancer, by its DNS name, and a port.
        trust: Makes the context that judges certificates.
        read_seconds: From the request to the end of the answer's head.
    """

    dial: Callable[[str, int], socket.socket] = dial
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context
    read_seconds: float = READ_SECONDS


class Finder(Protocol):
    """Where the load balancers of workloads are looked up; see `LoadBalancers`."""

    def just_found(self, workloads: Sequence[Workload]) -> Mapping[str, Mapping[Side, Balancer] | str]:
        """Those of both sides, by workload, as just looked up or else looked up now; a text says why there are none."""


class HttpsProbe:
    """
    See `ports.Probe`.

    Args:
        balancers: Of both clusters.
        network: How they are reached.
    """

    def __init__(self, balancers: Finder, network: Network) -> None:
        self._balancers = balancers
        self._network = network

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return self._network.trust()

    def ask(self, workloads: Sequence[Workload]) -> Mapping[str, Answers]:
        """See `ports.Probe.ask`."""
        asked = [(workload, workload.probe) for workload in workloads if workload.probe is not None]
        if not asked:
            return {}
        found = self._balancers.just_found([workload for workload, _ in asked])
        ends = time.monotonic() + ALL_SECONDS
        calls = [
            partial(self._one, request, workload.host, _side_of(found[workload.name], side), ends)
            for workload, request in asked
            for side in Side
        ]
        answers, errors = split(gather(calls, workers=_WORKERS))
        raise_worst(errors)
        pairs = zip(answers[:: len(Side)], answers[1 :: len(Side)], strict=True)
        return {
            workload.name: dict(zip(Side, pair, strict=True)) for (workload, _), pair in zip(asked, pairs, strict=True)
        }

    def _one(self, request: ProbeRequest, host: str, at: Balancer | str, ends: float) -> Answer:
        if isinstance(at, str):
            return Answer(Heard.UNREACHABLE, detail=at)
        if time.monotonic() > ends:
            return Answer(Heard.UNREACHABLE, detail="there was no time left to ask; so many others did not answer")
        try:
            connection = self._network.dial(at.address, request.at_port)
        except ConnectionRefusedError:
            return Answer(Heard.BROKEN, detail=f"it refuses connections to port {request.at_port}")
        except (NotAllowedError, OSError) as error:
            return Answer(Heard.UNREACHABLE, detail=_why(at, request, error))
        with connection:
            return self._asked(connection, request, host)

    def _asked(self, connection: socket.socket, request: ProbeRequest, host: str) -> Answer:
        try:
            if request.scheme is Scheme.HTTP:
                return self._answer(connection, request, host, None)
            connection.settimeout(CONNECT_SECONDS)
            with self._trust.wrap_socket(connection, server_hostname=host) as secure:
                return self._answer(secure, request, host, _days_left(secure))
        except ssl.SSLCertVerificationError as error:
            return Answer(Heard.CERTIFICATE, detail=_plain(error.verify_message))
        except ssl.SSLError as error:
            return Answer(Heard.BROKEN, detail=f"TLS failed: {_plain(error.reason or type(error).__name__)}")
        except TimeoutError:
            return Answer(
                Heard.BROKEN, detail=f"it takes the connection and says nothing for {self._network.read_seconds:g} s"
            )
        except (OSError, HTTPException) as error:
            return Answer(Heard.BROKEN, detail=f"it ends the connection ({type(error).__name__})")

    def _answer(self, connection: socket.socket, request: ProbeRequest, host: str, days_left: int | None) -> Answer:
        """Send the one request and read the head of what comes back."""
        lines = (f"GET {request.path} HTTP/1.1", f"Host: {host}", *_HEADERS, "", "")
        ends = time.monotonic() + self._network.read_seconds
        connection.settimeout(self._network.read_seconds)
        connection.sendall("\r\n".join(lines).encode("ascii"))
        head = _head(connection, ends)
        status = _STATUS.match(head)
        if status is None:
            return Answer(Heard.BROKEN, detail="what it says is not HTTP")
        location = parse_headers(BytesIO(head.partition(b"\r\n")[2])).get("Location", "")
        where = f"to {_plain(location)}" if location else ""
        return Answer(Heard.STATUS, status=int(status[1]), days_left=days_left, detail=where)


def _side_of(found: Mapping[Side, Balancer] | str, side: Side) -> Balancer | str:
    return found if isinstance(found, str) else found[side]


def _why(at: Balancer, request: ProbeRequest, error: Exception) -> str:
    if isinstance(error, NotAllowedError):
        return str(error)
    inside = "it is internal, so only its VPC reaches it; " if at.is_internal else ""
    if isinstance(error, TimeoutError):
        return f"{inside}nothing answers on port {request.at_port} within {CONNECT_SECONDS:g} s"
    return f"{inside}{_plain(error.strerror or type(error).__name__) if isinstance(error, OSError) else error}"


def _days_left(secure: ssl.SSLSocket) -> int:
    ends = str((secure.getpeercert() or {})["notAfter"])
    return int((ssl.cert_time_to_seconds(ends) - time.time()) // _DAY_SECONDS)


def _head(connection: socket.socket, ends: float) -> bytes:
    """
    The head of an answer, or as much of it as came.

    Raises:
        TimeoutError: It had not come by *ends*, however steadily it drips.
    """
    head = b""
    while b"\r\n\r\n" not in head and len(head) < HEAD_BYTES:
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        part = connection.recv(HEAD_BYTES - len(head))
        if not part:
            break
        head += part
    return head.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def _plain(text: str) -> str:
    """What somebody else wrote, in one short line of printable ASCII."""
    return _UNPRINTABLE.sub(" ", text)[:_DETAIL_MAX].strip()
