"""How an EKS cluster is reached: endpoint and CA from DescribeCluster, a bearer token from a presigned STS call.

A token is made for each use, in memory, without the network; it is never stored, logged or shown.
The API server accepts it for 15 minutes from its date, whatever X-Amz-Expires says.
Source: https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/pkg/token/token.go
"""

import base64
import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from kubernetes.client import ApiClient, Configuration

from crossfade.adapters.insights import EKS
from crossfade.errors import RouterRefusedError, RouterUnavailableError

if TYPE_CHECKING:
    from types_boto3_eks import EKSClient

_TOKEN_PREFIX: Final = "k8s-aws-v1."  # noqa: S105 - public, the same for everybody
_EXPIRES_SECONDS: Final = 60  # within the 0 to 900 that the authenticator demands; it does not look further
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def bearer_token(cluster: str, region: str, credentials: Credentials) -> str:
    """
    A token for the API server of *cluster*: a GetCallerIdentity, signed for this cluster and not sent.

    Args:
        cluster: EKS name; the signature covers it, so the token opens no other cluster.
        region: Of the STS endpoint.
        credentials: Of this function's role.
    """
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    url = f"https://sts.{region}.{suffix}/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest("GET", url, headers={"x-k8s-aws-id": cluster})
    signer = SigV4QueryAuth(credentials.get_frozen_credentials(), "sts", region, expires=_EXPIRES_SECONDS)
    signer.add_auth(request)
    return _TOKEN_PREFIX + base64.urlsafe_b64encode(str(request.url).encode()).decode().rstrip("=")


class EksCluster:
    """
    One EKS cluster; `connect` gives its client, which is made once and used by several threads.

    Attributes:
        name: EKS name.
        region: AWS Region.
    """

    def __init__(self, name: str, region: str, *, eks: "EKSClient", credentials: Credentials) -> None:
        self.name = name
        self.region = region
        self._eks = eks
        self._credentials = credentials
        self._client: ApiClient | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"EksCluster(name={self.name!r}, region={self.region!r})"

    def connect(self) -> ApiClient:
        """
        The client of this cluster's API server. It does not retry and mints a token for each call.

        Raises:
            RouterObjectMissingError: There is no such cluster.
            RouterRefusedError: It may not be described, or its endpoint is not safe.
            RouterThrottledError, RouterUnavailableError: Ask again later.
        """
        with self._lock:
            if self._client is None:
                self._client = ApiClient(self._configuration())
            return self._client

    def close(self) -> None:
        """Close the connections; the next `connect` opens new ones."""
        with self._lock:
            if self._client is not None:
                self._client.rest_client.close()
                self._client = None

    def _configuration(self) -> Configuration:
        endpoint, authority = self._describe()
        # Without retries=False urllib3 sleeps through a Retry-After and repeats reads on its own.
        configuration = Configuration(host=endpoint, ca_cert_data=authority, retries=False)
        configuration.api_key = {"BearerToken": ""}
        configuration.refresh_api_key_hook = self._sign  # type: ignore[assignment]  # typed by its default, None
        return configuration

    def _sign(self, configuration: Configuration) -> None:
        token = bearer_token(self.name, self.region, self._credentials)
        configuration.api_key = {"BearerToken": f"Bearer {token}"}

    def _describe(self) -> tuple[str, str | None]:
        with EKS.around("eks:DescribeCluster", self.name):
            cluster = self._eks.describe_cluster(name=self.name)["cluster"]
        endpoint = cluster.get("endpoint")
        if not endpoint:
            msg = f"cluster {self.name} has no endpoint yet (status {cluster.get('status')}); wait until it is ACTIVE"
            raise RouterUnavailableError(msg)
        parts = urlsplit(endpoint)
        if parts.scheme == "https":
            return endpoint, base64.b64decode(cluster["certificateAuthority"]["data"]).decode()
        if parts.hostname in _LOOPBACK:  # the embedded world speaks plain HTTP on this machine
            return endpoint, None
        msg = f"the endpoint of cluster {self.name} is {endpoint}; a token is sent over https only"
        raise RouterRefusedError(msg)
