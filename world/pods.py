"""The pods behind the Services that users reach, as far as EndpointSlices tell of them.

Limits: no pod is an object of its own, and none comes or goes by itself.
Source: Kubernetes, docs/concepts/services-networking/endpoint-slices (labels, conditions).
"""

from collections.abc import Iterator
from typing import Any

from world.application import TARGETS
from world.kubernetes import KubernetesApi, Object


def run_pods(api: KubernetesApi) -> None:
    """Let two ready pods be behind every Service that users reach, and every Deployment have the pods it asks for."""
    for number, (namespace, service) in enumerate(sorted(set(_services(api)))):
        labels = {"kubernetes.io/service-name": service}
        endpoints = [
            {"addresses": [f"10.0.{number}.{10 + pod}"], "conditions": {"ready": True}, "targetRef": {"name": name}}
            for pod in range(TARGETS)
            for name in [f"{service}-{pod}"]
        ]
        piece = an_object("discovery.k8s.io/v1", "EndpointSlice", namespace, f"{service}-slice", labels=labels)
        api.store.add(piece | {"addressType": "IPv4", "endpoints": endpoints})
    for deployment in api.store.all("Deployment"):
        metadata, pods = deployment["metadata"], deployment["spec"].get("replicas", 1)
        status = {"replicas": pods, "readyReplicas": pods, "availableReplicas": pods}
        api.store.merge("Deployment", metadata["namespace"], metadata["name"], {"status": status})


def an_object(api_version: str, kind: str, namespace: str, name: str, **more: Any) -> Object:
    """A Kubernetes object; *more* are its fields, `labels` those of its metadata."""
    labels = more.pop("labels", {})
    metadata = {"namespace": namespace, "name": name, "labels": labels}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


def _services(api: KubernetesApi) -> Iterator[tuple[str, str]]:
    for service in api.store.all("Service"):
        if service["spec"]["type"] == "LoadBalancer":
            yield service["metadata"]["namespace"], service["metadata"]["name"]
    kinds = {resource.kind for resource in api.store.catalogue}
    for route in api.store.all("HTTPRoute") if "HTTPRoute" in kinds else ():
        for rule in route["spec"].get("rules", ()):
            for ref in rule.get("backendRefs", ()):
                yield route["metadata"]["namespace"], ref["name"]
    for binding in api.store.all("TargetGroupBinding") if "TargetGroupBinding" in kinds else ():
        yield binding["metadata"]["namespace"], binding["spec"]["serviceRef"]["name"]
    for ingress in api.store.all("Ingress"):
        for rule in ingress["spec"].get("rules", ()):
            for path in rule.get("http", {}).get("paths", ()):
                yield ingress["metadata"]["namespace"], path["backend"]["service"]["name"]
