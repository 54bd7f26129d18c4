"""What every probe promises: the fake of the tests, and real TLS connections to doors on this machine."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from time import monotonic
from typing import Any, Final

import pytest

from crossfade.adapters.https_probe import HEAD_BYTES, HttpsProbe, Network, NotAllowedError, check_address, dial
from crossfade.adapters.load_balancers import Balancer
from crossfade.core.probe import Answer, Heard
from crossfade.core.weight import Side
from crossfade.core.workload import ProbeRequest, Scheme, Workload
from crossfade.ports import Probe
from tests.contracts.estate import BURNHAM, GUESTBOOK, REGION
from tests.fakes import FakeProbe
from world.front_doors import Authority
from world.listener import Listener

SHORT: Final = 0.2
"""Seconds that an answer may take here."""
ASKED: Final = BURNHAM.model_copy(update={"probe": ProbeRequest(path="/healthz?deep=1")})
PLAIN: Final = BURNHAM.model_copy(update={"probe": ProbeRequest(scheme=Scheme.HTTP)})

Speak = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Found:
    """The load balancers of both sides, or why they cannot be told."""

    missing: str = ""
    internal: bool = False

    def just_found(self, workloads: Sequence[Workload]) -> Mapping[str, Mapping[Side, Balancer] | str]:
        return {workload.name: self.missing or self._both(workload) for workload in workloads}

    def _both(self, workload: Workload) -> Mapping[Side, Balancer]:
        names = {side: f"{side}-{workload.name}" for side in Side}
        return {
            side: Balancer(REGION, f"app/{name}/1", (), address=f"{name}.elb.example.com", is_internal=self.internal)
            for side, name in names.items()
        }


@dataclass
class Doors:
    """A door a side, which says what a test wants."""

    stack: ExitStack
    authority: Authority = field(default_factory=Authority)
    found: Found = field(default_factory=Found)
    network: Network = field(default_factory=Network)
    open: dict[str, Listener] = field(default_factory=dict)
    dialled: list[tuple[str, int]] = field(default_factory=list)
    heard: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        trust = lambda: ssl.create_default_context(cadata=self.authority.pem)  # noqa: E731 - one line, one use
        self.network = Network(self._dial, trust, read_seconds=SHORT)
        for side in Side:
            self.speak(side, saying(200))

    @property
    def probe(self) -> Probe:
        return HttpsProbe(self.found, self.network)

    def ask(self, workload: Workload = ASKED) -> Answer:
        """What green answers."""
        return self.probe.ask([workload])[workload.name][Side.GREEN]

    def speak(self, side: Side, speak: Speak, *, hosts: Sequence[str] = (BURNHAM.host,), tls: bool = True) -> None:
        """Open the door of *side* anew, with a certificate for *hosts*."""
        if side in self.open:
            self.open[side].close()
        context = self.authority.context(hosts) if tls else None
        self.open[side] = self.stack.enter_context(_closing(Listener(_handler(speak, self.heard), tls=context)))

    def _dial(self, name: str, port: int) -> socket.socket:
        self.dialled.append((name, port))
        return socket.create_connection(("127.0.0.1", self.open[name.partition("-")[0]].port), 1)


@contextmanager
def _closing(listener: Listener) -> Iterator[Listener]:
    try:
        yield listener
    finally:
        if listener.socket.fileno() >= 0:
            listener.close()


def _handler(speak: Speak, heard: list[tuple[str, str, dict[str, str]]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            heard.append((self.path, self.headers["Host"], dict(self.headers)))
            speak(self)

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True

    return Handler


def saying(status: int, **headers: str) -> Speak:
    def speak(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()

    return speak


def writing(data: bytes) -> Speak:
    def speak(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(data)

    return speak


@pytest.fixture
def doors() -> Iterator[Doors]:
    with ExitStack() as stack:
        yield Doors(stack)


# --- What both promise -----------------------------------------------------------------------------------------------


@pytest.fixture(params=["fake", "https"])
def probe(request: pytest.FixtureRequest) -> Probe:
    if request.param == "fake":
        return FakeProbe()
    doors: Doors = request.getfixturevalue("doors")
    return doors.probe


def test_both_sides_of_whoever_has_a_probe_are_asked_and_nobody_else(probe: Probe) -> None:
    answers = probe.ask([GUESTBOOK, ASKED])

    assert list(answers) == ["burnham"]
    said = {side: (answer.heard, answer.status) for side, answer in answers["burnham"].items()}
    assert said == dict.fromkeys(Side, (Heard.STATUS, 200))


def test_nobody_is_asked_when_nobody_has_a_probe(probe: Probe) -> None:
    assert probe.ask([GUESTBOOK]) == {}


def test_days_left_are_known_of_a_certificate(probe: Probe) -> None:
    days = probe.ask([ASKED])["burnham"][Side.GREEN].days_left

    assert days is not None
    assert days > 0


# --- What is sent ----------------------------------------------------------------------------------------------------


def test_the_load_balancer_of_the_record_is_dialled_and_asked_for_the_host(doors: Doors) -> None:
    doors.ask()

    assert set(doors.dialled) == {("blue-burnham.elb.example.com", 443), ("green-burnham.elb.example.com", 443)}
    assert {(path, host) for path, host, _ in doors.heard} == {("/healthz?deep=1", BURNHAM.host)}
    assert {name for *_, headers in doors.heard for name in headers} == {"Host", "User-Agent", "Accept", "Connection"}


def test_an_own_port_is_dialled(doors: Doors) -> None:
    doors.ask(BURNHAM.model_copy(update={"probe": ProbeRequest(port=8443)}))

    assert {port for _, port in doors.dialled} == {8443}


def test_without_tls_port_80_is_asked_and_no_certificate_is_looked_at(doors: Doors) -> None:
    for side in Side:
        doors.speak(side, saying(200), tls=False)

    answer = doors.ask(PLAIN)

    assert {port for _, port in doors.dialled} == {80}
    assert (answer.heard, answer.status, answer.days_left) == (Heard.STATUS, 200, None)


# --- What is heard ---------------------------------------------------------------------------------------------------


def test_a_redirect_is_an_answer_and_is_not_followed(doors: Doors) -> None:
    doors.speak(Side.GREEN, saying(301, Location="https://login.example.com/\u001b"))

    answer = doors.ask()

    assert (answer.heard, answer.status, answer.detail) == (Heard.STATUS, 301, "to https://login.example.com/")
    assert len(doors.dialled) == len(Side)


def test_a_certificate_for_another_host_is_told_and_nothing_is_asked(doors: Doors) -> None:
    doors.speak(Side.GREEN, saying(200), hosts=["www.example.org"])

    answer = doors.ask()

    assert answer.heard is Heard.CERTIFICATE
    assert BURNHAM.host in answer.detail
    assert len(doors.heard) == 1, "blue's"


def test_a_certificate_of_a_ca_that_nobody_knows_is_told(doors: Doors) -> None:
    doors.network = replace(doors.network, trust=ssl.create_default_context)

    assert doors.ask().heard is Heard.CERTIFICATE


@pytest.mark.parametrize(
    ("speak", "words"),
    [
        (writing(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), "not HTTP"),
        (lambda handler: handler.connection.shutdown(socket.SHUT_RDWR), "not HTTP"),
        (lambda _: threading.Event().wait(3 * SHORT), f"says nothing for {SHORT} s"),
        (writing(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 101 + b"\r\n"), "ends the connection"),
    ],
    ids=["another protocol", "silence and the end", "silence", "headers without end"],
)
def test_whatever_is_no_answer_is_told_as_none(doors: Doors, speak: Speak, words: str) -> None:
    doors.speak(Side.GREEN, speak)

    answer = doors.ask()

    assert answer.heard is Heard.BROKEN
    assert words in answer.detail


def test_an_answer_that_drips_is_given_up_after_the_time_for_all_of_it(doors: Doors) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        for _ in range(20):
            handler.wfile.write(b"H")
            threading.Event().wait(SHORT / 4)

    doors.speak(Side.GREEN, drip)
    began = monotonic()

    assert doors.ask().heard is Heard.BROKEN
    assert monotonic() - began < 3 * SHORT


def test_no_more_of_an_answer_is_read_than_its_head_may_have(doors: Doors) -> None:
    doors.speak(Side.GREEN, writing(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 4 * HEAD_BYTES))

    assert doors.ask().status == 200


def test_plain_http_on_the_port_of_https_is_told(doors: Doors) -> None:
    doors.speak(Side.GREEN, saying(200), tls=False)

    answer = doors.ask()

    assert answer.heard is Heard.BROKEN
    assert answer.detail.startswith("TLS failed")


@pytest.mark.parametrize(
    ("error", "internal", "heard", "words"),
    [
        (ConnectionRefusedError(111, "refused"), False, Heard.BROKEN, "refuses connections to port 443"),
        (TimeoutError("timed out"), False, Heard.UNREACHABLE, "nothing answers on port 443 within 3 s"),
        (TimeoutError("timed out"), True, Heard.UNREACHABLE, "it is internal, so only its VPC reaches it; nothing"),
        (socket.gaierror(-2, "Name or service not known"), False, Heard.UNREACHABLE, "Name or service not known"),
        (NotAllowedError("169.254.1.1 is no address"), False, Heard.UNREACHABLE, "169.254.1.1 is no address"),
    ],
)
def test_what_keeps_us_from_a_load_balancer_is_told_apart(
    doors: Doors, error: Exception, *, internal: bool, heard: Heard, words: str
) -> None:
    def fails(_name: str, _port: int) -> socket.socket:
        raise error

    doors.network, doors.found.internal = replace(doors.network, dial=fails), internal

    answer = doors.ask()

    assert answer.heard is heard
    assert words in answer.detail


def test_a_load_balancer_that_cannot_be_told_is_not_reachable(doors: Doors) -> None:
    doors.found.missing = "burnham has no load balancer; wait for it"

    assert doors.ask() == Answer(Heard.UNREACHABLE, detail="burnham has no load balancer; wait for it")
    assert doors.dialled == []


# --- Addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::",  # this machine  # noqa: S104 - nobody listens there
        "169.254.169.254", "169.254.170.2", "fe80::1", "fe80::1%eth0", "fd00:ec2::254",  # metadata and neighbours
        "224.0.0.1", "ff02::1", "240.0.0.1", "255.255.255.255",  # nobody
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_an_address_that_no_load_balancer_has_is_refused(address: str) -> None:
    with pytest.raises(NotAllowedError):
        check_address(address)


@pytest.mark.parametrize(
    "address", ["52.18.1.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.1.1", "2a05:d018::1"]
)
def test_an_address_of_the_internet_or_of_a_vpc_is_not(address: str) -> None:
    check_address(address)


def test_the_way_of_the_functions_leads_to_no_door_on_this_machine(doors: Doors) -> None:
    doors.network = replace(doors.network, dial=lambda _name, port: dial("127.0.0.1", port))

    answer = doors.ask()

    assert (answer.heard, answer.detail) == (Heard.UNREACHABLE, "127.0.0.1 is no address of a load balancer")
    assert doors.heard == []
