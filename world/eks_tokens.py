"""The authenticator of an EKS cluster: whose a bearer token is, judged as EKS judges it.

A token is a presigned STS GetCallerIdentity request for one cluster. EKS sends it to STS; this world knows the fake
credentials, so it computes the signature itself, with no code of the product or of botocore.

Limits: the only callers are those it is told of; access entries are given, not read from the EKS API.
Sources: aws-iam-authenticator pkg/token (the checks), Signature Version 4 (query string).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

from crossfade.names import KUBERNETES_GROUP
from world.kubernetes import Caller

PREFIX = "k8s-aws-v1."
LIFETIME = timedelta(minutes=15)
"""From X-Amz-Date; X-Amz-Expires is not what counts."""
CLOCK_SKEW = timedelta(minutes=5)
LONGEST = 4096
EXPIRES_MAX = 900

_CLUSTER_HEADER = "x-k8s-aws-id"
_ALGORITHM = "AWS4-HMAC-SHA256"
_EMPTY_BODY = hashlib.sha256(b"").hexdigest()
_PARAMETERS = {
    *("Action", "Version", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires"),
    *("X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token"),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Credentials that STS would know, and the groups that the cluster's access entry gives their owner.

    Attributes:
        access_key: Its id.
        secret_key: What requests are signed with.
        arn: Of the caller, as STS names it.
        groups: Kubernetes groups.
    """

    access_key: str
    secret_key: str
    arn: str = "arn:aws:sts::123456789012:assumed-role/crossfade/functions"
    groups: tuple[str, ...] = (KUBERNETES_GROUP,)


EMBEDDED = Identity("embedded", "embedded")
"""The credentials that the embedded cloud gives to the functions."""


class _RefusedError(Exception):
    """The token is no good; the cluster does not say why, the world's log does."""


class EksAuthenticator:
    """
    Tells whose a token is, for one cluster. Call it with the token.

    Args:
        cluster: The cluster's name, which a token must be signed for.
        region: Of the STS endpoint that tokens may name.
        now: Says what time it is.
        identities: The callers there are.

    Attributes:
        last_refusal: Why the last refused token was no good; for tests and people.
    """

    def __init__(
        self,
        cluster: str,
        *,
        region: str,
        now: Callable[[], datetime],
        identities: Sequence[Identity] = (EMBEDDED,),
    ) -> None:
        self.last_refusal = ""
        self._cluster = cluster
        self._hosts = ("sts.amazonaws.com", f"sts.{region}.amazonaws.com")
        self._now = now
        self._identities = {identity.access_key: identity for identity in identities}

    def __call__(self, token: str) -> Caller | None:
        """The caller that *token* belongs to; None when it is no good."""
        try:
            identity = self._verify(token)
        except _RefusedError as error:
            self.last_refusal = str(error)
            return None
        return Caller(identity.arn, identity.groups)

    def _verify(self, token: str) -> Identity:
        host, query = self._read(token)
        key, *scope = query["X-Amz-Credential"].split("/")
        identity = self._identities.get(key)
        if identity is None:
            msg = f"nobody has the access key {key}"
            raise _RefusedError(msg)
        self._check_time(query["X-Amz-Date"])
        signature = _signature(identity.secret_key, scope, host, self._cluster, query)
        if not hmac.compare_digest(signature, query["X-Amz-Signature"]):
            msg = f"the signature is not one for cluster {self._cluster}"
            raise _RefusedError(msg)
        return identity

    def _read(self, token: str) -> tuple[str, dict[str, str]]:
        url = urlsplit(_decode(token))
        pairs = parse_qsl(url.query, keep_blank_values=True)
        query = dict(pairs)
        missing = _PARAMETERS - {"X-Amz-Security-Token"} - query.keys()
        checks = {
            "it is no https URL of STS": url.scheme == "https" and url.netloc in self._hosts and url.path == "/",
            "a parameter is missing, unknown or given twice": len(pairs) == len(query) and not missing,
            "a parameter is unknown": query.keys() <= _PARAMETERS,
            "it asks for something else than GetCallerIdentity": query.get("Action") == "GetCallerIdentity",
            "the algorithm is unknown": query.get("X-Amz-Algorithm") == _ALGORITHM,
            f"{_CLUSTER_HEADER} is not signed": _CLUSTER_HEADER in query.get("X-Amz-SignedHeaders", "").split(";"),
            "X-Amz-Expires is out of range": _is_expiry(query.get("X-Amz-Expires", "")),
        }
        for problem, is_good in checks.items():
            if not is_good:
                raise _RefusedError(problem)
        return url.netloc, query

    def _check_time(self, text: str) -> None:
        try:
            signed = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError as error:
            raise _RefusedError("X-Amz-Date is no date") from error
        if not -CLOCK_SKEW <= self._now() - signed <= LIFETIME:
            msg = f"it was signed at {text}, which is not within 15 minutes"
            raise _RefusedError(msg)


def _decode(token: str) -> str:
    if not token.startswith(PREFIX) or len(token) > LONGEST:
        raise _RefusedError("it is no EKS token")
    encoded = token.removeprefix(PREFIX)
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _RefusedError("it is not base64url") from error


def _is_expiry(text: str) -> bool:
    return text.isdecimal() and int(text) <= EXPIRES_MAX


def _signature(secret: str, scope: Sequence[str], host: str, cluster: str, query: Mapping[str, str]) -> str:
    """What STS would compute for this request, sent to *host* with *cluster* in its header."""
    canonical_query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(query.items())
        if name != "X-Amz-Signature"
    )
    headers = f"host:{host}\n{_CLUSTER_HEADER}:{cluster}\n"
    signed = query["X-Amz-SignedHeaders"]
    request = f"GET\n/\n{canonical_query}\n{headers}\n{signed}\n{_EMPTY_BODY}"
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join((_ALGORITHM, query["X-Amz-Date"], "/".join(scope), hashed))
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = _hmac(key, part)
    return _hmac(key, text).hex()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
