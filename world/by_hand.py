"""What people do to an estate by hand: a flag of ExternalDNS, a record, an annotation. Small tools for faults."""

from typing import Any

import boto3

from crossfade.names import WEIGHT_KEY
from world.built import Built
from world.clusters import Cluster
from world.estate_spec import WorkloadSpec
from world.external_dns import DEPLOYMENT, NAMESPACE
from world.route53_records import Record


def set_ready(cluster: Cluster, pods: int) -> None:
    """Let so many pods of the cluster's ExternalDNS be ready."""
    status = {"replicas": 1, "readyReplicas": pods, "availableReplicas": pods}
    cluster.api.store.merge("Deployment", NAMESPACE, DEPLOYMENT, {"status": status})


def tell(cluster: Cluster, flag: str, argument: str) -> None:
    """
    Give *argument* to the cluster's ExternalDNS, instead of any that begins with *flag*.

    Its Deployment has just been edited: it has made no loop since, so records are still as they were.
    """
    deployment = cluster.api.store.read("Deployment", NAMESPACE, DEPLOYMENT)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    kept = [given for given in container["args"] if not given.startswith(flag)]
    patch = {"spec": {"template": {"spec": {"containers": [container | {"args": [*kept, argument]}]}}}}
    cluster.api.store.merge("Deployment", NAMESPACE, DEPLOYMENT, patch)
    cluster.external_dns.is_stuck = True


def annotate(estate: Built, side: str, workload: WorkloadSpec, key: str, value: str) -> None:
    """Set the annotation *key*, under the prefix that ExternalDNS reads, of the first object of *workload*."""
    cluster = estate.clusters[side]
    annotations = {f"{cluster.external_dns.settings.prefix}{key}": value}
    where = workload.kind, workload.namespace, workload.objects[0]
    cluster.api.store.merge(*where, {"metadata": {"annotations": annotations}}, manager="kubectl")
    cluster.external_dns.is_stuck = True


def weigh(estate: Built, side: str, weight: str) -> None:
    """Annotate the first object of the first workload with *weight*, whatever that is."""
    annotate(estate, side, estate.spec.workloads[0], WEIGHT_KEY, weight)


def change_record(estate: Built, action: str, record: Record) -> None:
    """Change one record of the zone."""
    route53: Any = boto3.client("route53", region_name=estate.spec.green.region)
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record.as_request()}]}
    route53.change_resource_record_sets(HostedZoneId=estate.spec.zone_id, ChangeBatch=batch)


def identifier(estate: Built, side: str) -> str | None:
    """The set identifier of the first workload on *side*."""
    found = estate.endpoint(side, estate.spec.workloads[0])
    return found.identifier if found else None


def of_kind(estate: Built, kind: str) -> WorkloadSpec:
    """The first workload whose objects are of *kind*."""
    return next(workload for workload in estate.spec.workloads if workload.kind == kind and workload.objects)
