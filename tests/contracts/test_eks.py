"""How an EKS cluster is reached: endpoints, tokens, refusals."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.stub import Stubber

from crossfade.adapters.eks import EksCluster, bearer_token
from crossfade.adapters.kubernetes_api import KubernetesApi
from crossfade.core.weight import Side
from crossfade.errors import (
    CrossfadeError,
    RouterObjectMissingError,
    RouterRefusedError,
    RouterThrottledError,
    RouterUnavailableError,
)
from tests.contracts.estate import BURNHAM, CLUSTERS, REGION, Estate
from world.eks_tokens import EMBEDDED

CREDENTIALS = Credentials("AKIDEXAMPLE", "secret", "session")


def described(cluster: dict[str, Any] | None = None, *, error: tuple[str, int] | None = None) -> EksCluster:
    """A cluster that EKS describes as *cluster*, or whose description is refused."""
    config = Config(retries={"total_max_attempts": 1})
    eks = boto3.client("eks", region_name=REGION, aws_access_key_id="a", aws_secret_access_key="s", config=config)
    stub = Stubber(eks)
    if cluster is not None:
        stub.add_response("describe_cluster", {"cluster": cluster}, {"name": "green"})
    if error is not None:
        stub.add_client_error("describe_cluster", error[0], "no", error[1])
    stub.activate()
    return EksCluster("green", REGION, eks=eks, credentials=CREDENTIALS)


def test_a_token_is_a_presigned_identity_request_for_one_cluster() -> None:
    prefix, encoded = bearer_token("green", REGION, CREDENTIALS).split(".")
    url = urlsplit(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode())
    query = parse_qs(url.query)

    assert (prefix, url.scheme, url.netloc, url.path) == ("k8s-aws-v1", "https", f"sts.{REGION}.amazonaws.com", "/")
    assert query["Action"] == ["GetCallerIdentity"]
    assert query["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]
    assert 0 < int(query["X-Amz-Expires"][0]) <= 900


def test_a_token_of_china_is_signed_for_the_endpoint_there() -> None:
    _, encoded = bearer_token("green", "cn-north-1", CREDENTIALS).split(".")

    assert b"https://sts.cn-north-1.amazonaws.com.cn/?" in base64.urlsafe_b64decode(encoded + "==")


def test_each_request_carries_a_new_token_that_its_cluster_accepts(estate: Estate) -> None:
    api = KubernetesApi(CLUSTERS[Side.BLUE], estate.eks[Side.BLUE].connect)
    for _ in range(2):
        api.read(BURNHAM.sources[0])

    assert [seen.caller for seen in estate.servers[Side.BLUE].api.audit] == [EMBEDDED.arn] * 2


def test_a_token_for_one_cluster_does_not_open_the_other(estate: Estate) -> None:
    blue, green = estate.eks[Side.BLUE], estate.eks[Side.GREEN]
    blue.connect().configuration.host = green.connect().configuration.host

    with pytest.raises(RouterUnavailableError, match="does not know us"):
        KubernetesApi("green", blue.connect).read(BURNHAM.sources[0])


def test_a_cluster_is_described_once(estate: Estate) -> None:
    blue = estate.eks[Side.BLUE]

    assert blue.connect() is blue.connect()


def test_a_closed_cluster_can_be_reached_again(estate: Estate) -> None:
    blue = estate.eks[Side.BLUE]
    blue.connect()
    blue.close()
    blue.close()

    assert KubernetesApi("blue", blue.connect).read(BURNHAM.sources[0]).resource_version


def test_the_authority_of_a_cluster_comes_from_its_description_and_the_client_never_retries() -> None:
    authority = base64.b64encode(b"the certificate").decode()
    cluster = described({"endpoint": "https://green.example.com", "certificateAuthority": {"data": authority}})
    configuration = cluster._configuration()

    assert (configuration.host, configuration.ca_cert_data) == ("https://green.example.com", "the certificate")
    assert configuration.retries is False


def test_a_token_is_not_sent_without_tls_to_another_machine() -> None:
    with pytest.raises(RouterRefusedError, match="https only"):
        described({"endpoint": "http://green.example.com"}).connect()


def test_a_cluster_without_an_endpoint_is_asked_again_later() -> None:
    with pytest.raises(RouterUnavailableError, match="CREATING"):
        described({"status": "CREATING"}).connect()


@pytest.mark.parametrize(
    ("code", "status", "error", "says"),
    [
        ("ResourceNotFoundException", 404, RouterObjectMissingError, "correct `clusters`"),
        ("AccessDeniedException", 403, RouterRefusedError, "grant it"),
        ("ThrottlingException", 429, RouterThrottledError, "tried again"),
        ("ServerException", 500, RouterUnavailableError, "tried again"),
    ],
)
def test_what_eks_refuses_is_an_error_that_says_what_to_do(
    code: str, status: int, error: type[CrossfadeError], says: str
) -> None:
    with pytest.raises(error, match=f"eks:DescribeCluster on green(?s:.*){says}"):
        described(error=(code, status)).connect()


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", json.dumps({"metadata": {}}).encode()])
def test_an_answer_that_is_not_kubernetes_is_asked_again_later(estate: Estate, body: bytes) -> None:
    class Proxy:
        """What stands in the way and answers 200 to everything."""

        status = 200

        def read(self) -> bytes:
            return body

    client: Any = estate.eks[Side.BLUE].connect()
    client.call_api = lambda *_, **__: Proxy()

    with pytest.raises(RouterUnavailableError, match="no readable answer"):
        KubernetesApi("blue", lambda: client).read(BURNHAM.sources[0])
