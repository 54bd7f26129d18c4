"""A Kubernetes API server in this process: enough for the official client, kubectl-like tools and our controllers.

Read `server` for the door, `api` for the HTTP rules, `store` for the objects. What it leaves out stands in the test
against the recorded answers of the real server, `tests/world/test_kubernetes_api.py`, each with its reason.
"""

from world.kubernetes.access import Authenticator, Caller, Request
from world.kubernetes.interference import ConnectionLost, Interference
from world.kubernetes.resources import Object
from world.kubernetes.server import KubernetesApi, with_tokens
from world.kubernetes.status import ApiError
from world.kubernetes.store import Store

__all__ = [
    "ApiError",
    "Authenticator",
    "Caller",
    "ConnectionLost",
    "Interference",
    "KubernetesApi",
    "Object",
    "Request",
    "Store",
    "with_tokens",
]
