"""The front doors of the load balancers: HTTPS on this machine, one door a side, with certificates of their own CA.

A door answers for the hosts that the side's Ingresses serve, as the application behind them does at that moment; any
other host gets 404. Sockets and threads are real, so a client's own TLS, time-outs and errors are what is tried.
Limits: both sides' load balancers share one door a side; every path is the same; nothing is measured or counted.
"""

import ssl
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from world.listener import Listener
from world.load_balancers import LoadBalancers

FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)
UNTIL: Final = datetime(2099, 12, 31, tzinfo=UTC)
"""Certificates are judged by the real time, which nobody here can set; so they are good at any."""
ELSEWHERE: Final = "www.example.org"
"""The name on a certificate that is for somebody else."""

_OK, _FOUND, _NOT_FOUND, _BAD_GATEWAY, _FAILED = 200, 302, 404, 502, 500


class Oddity(StrEnum):
    """What a door does instead of what it should."""

    CERTIFICATE = "certificate"  # it shows somebody else's
    REDIRECT = "redirect"  # it sends everybody to a login page


class FrontDoors:
    """
    The doors of both sides. Each opens when it is first looked for.

    Args:
        balancers: Of the estate.
        hosts: The hosts that the Ingresses of a side serve.
        chance: What the failures of a host on a side are drawn from, given both.

    Attributes:
        odd: What a side's door does instead of what it should, by side; to be set before the door is opened.
    """

    def __init__(
        self,
        balancers: LoadBalancers,
        hosts: Callable[[str], Collection[str]],
        chance: Callable[[str, str], Random],
    ) -> None:
        self.odd: dict[str, Oddity] = {}
        self._balancers = balancers
        self._hosts = hosts
        self._chance = chance
        self._chances: dict[tuple[str, str], Random] = {}
        self._authority = Authority()
        self._open: dict[str, Listener] = {}

    @property
    def certificate(self) -> str:
        """Of the CA that all doors' certificates are from; PEM."""
        return self._authority.pem

    def address(self, dns_name: str) -> tuple[str, int]:
        """
        Where the load balancer *dns_name* listens for HTTPS, whatever port it is said to have.

        Raises:
            LookupError: There is no such load balancer.
        """
        balancer = self._balancers.find(dns_name)
        if balancer is None:
            msg = f"{dns_name} is no load balancer here"
            raise LookupError(msg)
        if balancer.side not in self._open:
            self._open[balancer.side] = self._opened(balancer.side)
        return ("127.0.0.1", self._open[balancer.side].port)

    def close(self) -> None:
        """Close all doors, end all connections."""
        while self._open:
            self._open.popitem()[1].close()

    def _opened(self, side: str) -> Listener:
        strange = self.odd.get(side) is Oddity.CERTIFICATE
        names = [ELSEWHERE] if strange else sorted(self._hosts(side))
        return Listener(_handler(lambda host: self._answer(side, host)), tls=self._authority.context(names))

    def _answer(self, side: str, host: str) -> int:
        if host not in self._hosts(side):
            return _NOT_FOUND
        if self.odd.get(side) is Oddity.REDIRECT:
            return _FOUND
        application = self._balancers.applications[side].of(host)
        if application.crashed:
            return _BAD_GATEWAY
        chance = self._chances.setdefault((side, host), self._chance(side, host))
        return _FAILED if application.failures(1, chance) else _OK


def _handler(answer: Callable[[str], int]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
            """Nobody reads it."""

        def do_GET(self) -> None:  # likewise
            status = answer(self.headers.get("Host", ""))
            self.send_response(status)
            if status == _FOUND:
                self.send_header("Location", "https://login.example.com/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # the client went away, or would not have our certificate
                self.close_connection = True

    return Handler


class Authority:
    """
    A CA that issues for anybody.

    Attributes:
        pem: Its certificate.
    """

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the embedded world")])
        plain = x509.BasicConstraints(ca=True, path_length=0)
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = self._certificate(self._name, self._key).add_extension(plain, critical=True)
        certificate = builder.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self.pem = certificate.public_bytes(Encoding.PEM).decode()

    def _certificate(self, name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        public, signer = key.public_key(), self._key.public_key()
        builder = x509.CertificateBuilder(issuer_name=self._name, subject_name=name, public_key=public)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(FROM).not_valid_after(UNTIL)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)

    def context(self, hosts: Collection[str]) -> ssl.SSLContext:
        """For a server with a certificate for *hosts*."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = self._certificate(x509.Name([]), key).add_extension(names, critical=True)
        signed = builder.add_extension(purpose, critical=False).sign(self._key, hashes.SHA256())
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with TemporaryDirectory() as folder:
            chain = Path(folder) / "chain.pem"
            chain.write_bytes(secret + signed.public_bytes(Encoding.PEM))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(chain)
        return context
