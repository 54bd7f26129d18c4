"""Bearer tokens are judged as Amazon EKS judges them."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
import time_machine
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from crossfade.names import KUBERNETES_GROUP
from world.eks_tokens import EksAuthenticator, Identity

NINE: Final = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
IDENTITY: Final = Identity("AKIDEXAMPLE", "wonder", "arn:aws:sts::123456789012:assumed-role/shift/x")
GOOD: Final[dict[str, Any]] = {"host": "sts.eu-west-1.amazonaws.com", "cluster": "green", "secret": "wonder"}


def token(
    *,
    host: str,
    cluster: str,
    secret: str,
    key: str = "AKIDEXAMPLE",
    action: str = "GetCallerIdentity",
    expires: int = 60,
    extra: str = "",
    scheme: str = "https",
) -> str:
    url = f"{scheme}://{host}/?Action={action}&Version=2011-06-15{extra}"
    request: Any = AWSRequest("GET", url, headers={"x-k8s-aws-id": cluster})
    with time_machine.travel(NINE, tick=False):
        SigV4QueryAuth(Credentials(key, secret, "session/+="), "sts", "eu-west-1", expires=expires).add_auth(request)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")


def authenticator(now: datetime = NINE) -> EksAuthenticator:
    return EksAuthenticator("green", region="eu-west-1", now=lambda: now, identities=[IDENTITY])


def test_a_good_token_belongs_to_its_caller_and_the_groups_of_the_access_entry() -> None:
    caller = authenticator()(token(**GOOD))

    assert caller is not None
    assert (caller.name, caller.groups) == (IDENTITY.arn, (KUBERNETES_GROUP,))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"cluster": "blue"}, "the signature is not one for cluster green", id="for the other cluster"),
        pytest.param({"secret": "guess"}, "the signature is not one for cluster green", id="with a wrong secret"),
        pytest.param({"key": "AKIDOTHER"}, "nobody has the access key AKIDOTHER", id="of a stranger"),
        pytest.param({"host": "sts.example.com"}, "it is no https URL of STS", id="for another host"),
        pytest.param({"scheme": "http"}, "it is no https URL of STS", id="without TLS"),
        pytest.param({"action": "AssumeRole"}, "it asks for something else than GetCallerIdentity", id="other action"),
        pytest.param({"expires": 901}, "X-Amz-Expires is out of range", id="with a long expiry"),
        pytest.param({"extra": "&Marker=1"}, "a parameter is unknown", id="with another parameter"),
    ],
)
def test_a_token_is_no_good(change: dict[str, Any], reason: str) -> None:
    judge = authenticator()

    assert judge(token(**(GOOD | change))) is None
    assert judge.last_refusal == reason


@pytest.mark.parametrize("text", ["", "admin-token", "k8s-aws-v1.*", "k8s-aws-v1." + "A" * 5000])
def test_what_is_no_token_is_no_good(text: str) -> None:
    assert authenticator()(text) is None


@pytest.mark.parametrize("minutes", [-4, 0, 14, 15])
def test_a_token_lives_fifteen_minutes_from_its_date_whatever_its_expiry_says(minutes: int) -> None:
    assert authenticator(NINE + timedelta(minutes=minutes))(token(**GOOD, expires=60)) is not None


@pytest.mark.parametrize("minutes", [-6, 16])
def test_a_token_of_another_time_is_no_good(minutes: int) -> None:
    assert authenticator(NINE + timedelta(minutes=minutes))(token(**GOOD, expires=900)) is None
