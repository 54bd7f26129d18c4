"""What the AWS Load Balancer Controller does in a cluster: a load balancer for each Ingress, Service and Gateway.

It writes into their status where they are served, and accepts every route of a Gateway that is there.
Limits: everything is there at once; certificates, rules and target types are nobody's business here.
Source: https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/
"""

from typing import Any, Final

from world.kubernetes import Object, Store
from world.load_balancers import LoadBalancers

_CONTROLLER: Final = "gateway.k8s.aws/alb"


class Balancing:
    """
    The controller of one cluster.

    Args:
        balancers: Where load balancers are made.
        side: Of the cluster.
        cluster: Its name.
        region: Its AWS Region.
    """

    def __init__(self, balancers: LoadBalancers, *, side: str, cluster: str, region: str) -> None:
        self._balancers = balancers
        self._place = {"side": side, "cluster": cluster, "region": region}

    def serve(self, store: Store) -> None:
        """Give everything in *store* that asks for one its load balancer."""
        for ingress in store.all("Ingress"):
            self._tell(store, ingress, _in_status(self._address(ingress)))
        for service in store.all("Service"):
            if service["spec"]["type"] == "LoadBalancer":
                self._tell(store, service, _in_status(self._address(service)))
        kinds = {resource.kind for resource in store.catalogue}
        for gateway in store.all("Gateway") if "Gateway" in kinds else ():
            self._tell(store, gateway, {"addresses": [{"type": "Hostname", "value": self._address(gateway)}]})
        for route in store.all("HTTPRoute") if "HTTPRoute" in kinds else ():
            self._tell(store, route, {"parents": [_accepted(ref) for ref in route["spec"].get("parentRefs", ())]})

    def _address(self, held: Object) -> str:
        return self._balancers.serve(held, **self._place).dns_name

    def _tell(self, store: Store, held: Object, status: dict[str, Any]) -> None:
        metadata = held["metadata"]
        store.merge(held["kind"], metadata["namespace"], metadata["name"], {"status": status})


def _in_status(address: str) -> dict[str, Any]:
    return {"loadBalancer": {"ingress": [{"hostname": address}]}}


def _accepted(ref: Object) -> dict[str, Any]:
    condition = {"type": "Accepted", "status": "True", "reason": "Accepted"}
    return {"controllerName": _CONTROLLER, "parentRef": ref, "conditions": [condition]}
