"""What is wrong with an estate before anything moves: the faults that begin with `preflight:`, put into place.

Each is made as people make it: an edited Deployment, a record deleted by hand, an alarm that outlived its load
balancer. This file knows no checks; it only makes the world as it should not be.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import boto3

from world import misconfigured_rules
from world.application import UNHEALTHY_AFTER
from world.external_dns import DEPLOYMENT, NAMESPACE, TXT_TTL
from world.faults import Fault, FaultKind, InvalidFaultError
from world.front_doors import Oddity
from world.insights import an_insight
from world.kubernetes import Object
from world.misconfigured_argocd import MAKERS
from world.pods import an_object
from world.route53 import Record

if TYPE_CHECKING:
    from world.estate import Cluster, Estate, WorkloadSpec

BLUE: Final = "blue"
GREEN: Final = "green"
GONE: Final = "app/k8s-burnham-0000000000/0123456789abcdef"
"""The dimension of a load balancer that was made anew since."""


def misconfigure(estate: "Estate", fault: Fault) -> None:
    """
    Put *fault* into place.

    Raises:
        KeyError: It is not one of those that are there before the start.
    """
    (_MAKERS.get(fault.kind) or MAKERS[fault.kind])(estate)


def _create_only(estate: "Estate") -> None:
    _tell(estate.clusters[GREEN], "--policy=", "--policy=create-only")


def _dry_run(estate: "Estate") -> None:
    _tell(estate.clusters[GREEN], "--dry-run", "--dry-run")
    estate.clusters[GREEN].external_dns.is_stuck = True


def _external_dns_down(estate: "Estate") -> None:
    set_ready(estate.clusters[BLUE], 0)
    estate.clusters[BLUE].external_dns.is_stuck = True


def _shared_owner(estate: "Estate") -> None:
    """Its first loop, which would delete blue's records, has not come yet."""
    _tell(estate.clusters[GREEN], "--txt-owner-id=", f"--txt-owner-id={estate.clusters[BLUE].spec.name}")
    estate.clusters[GREEN].external_dns.is_stuck = True


def _missing_txt(estate: "Estate") -> None:
    host = estate.spec.workloads[0].host
    for record in estate.route53.records(estate.spec.zone_id):
        is_green = record.set_identifier == _identifier(estate, GREEN)
        if record.type == "TXT" and record.ttl == TXT_TTL and record.name.endswith(host) and is_green:
            change_record(estate, "DELETE", record)


def _simple_record(estate: "Estate") -> None:
    change_record(estate, "CREATE", Record(estate.spec.workloads[0].host, "AAAA", ttl=300, values=("2001:db8::1",)))


def _unhealthy_targets(estate: "Estate") -> None:
    estate.balancers.applications[GREEN].crashed = estate.clock.now - UNHEALTHY_AFTER


def _blind_alarm(estate: "Estate") -> None:
    """As if green's load balancer had been made anew after the alarm."""
    cloudwatch: Any = boto3.client("cloudwatch", region_name=estate.spec.green.region)
    name = estate.spec.workloads[0].alarms[0]
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_5XX_Count",
        Dimensions=[{"Name": "LoadBalancer", "Value": GONE}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=5.0,
        TreatMissingData="notBreaching",
    )


def _private_twin(estate: "Estate") -> None:
    route53: Any = boto3.client("route53", region_name=estate.spec.green.region)
    vpc = {"VPCRegion": estate.spec.green.region, "VPCId": "vpc-0123456789abcdef0"}
    route53.create_hosted_zone(
        Name=estate.spec.zone_name,
        CallerReference="twin",
        VPC=vpc,
        HostedZoneConfig={"PrivateZone": True, "Comment": "split view"},
    )


def _wrong_certificate(estate: "Estate") -> None:
    estate.doors.odd[GREEN] = Oddity.CERTIFICATE


def _green_500(estate: "Estate") -> None:
    """As without its database: its health check does not look so far."""
    estate.balancers.applications[GREEN].error_rate = 1.0


def _redirect(estate: "Estate") -> None:
    estate.doors.odd[GREEN] = Oddity.REDIRECT


def _no_ready_pods(estate: "Estate") -> None:
    """They run, and are not ready; the load balancer has not noticed yet."""
    workload = estate.spec.workloads[0]
    for piece in estate.clusters[GREEN].api.store.all("EndpointSlice", workload.namespace):
        metadata = piece["metadata"]
        endpoints = [endpoint | {"conditions": {"ready": False}} for endpoint in piece["endpoints"]]
        estate.clusters[GREEN].api.store.merge(
            "EndpointSlice", metadata["namespace"], metadata["name"], {"endpoints": endpoints}
        )


def _sticky(estate: "Estate") -> None:
    """Somebody once wanted sessions that last and pods that go slowly."""
    elb: Any = boto3.client("elbv2", region_name=estate.spec.green.region)
    wanted = {
        "stickiness.enabled": "true",
        "stickiness.type": "lb_cookie",
        "stickiness.lb_cookie.duration_seconds": "7200",
        "deregistration_delay.timeout_seconds": "900",
    }
    ours = [one.target_group for one in estate.balancers if one.side == GREEN]
    for group in elb.describe_target_groups()["TargetGroups"]:
        if any(group["TargetGroupArn"].endswith(name) for name in ours):
            attributes = [{"Key": key, "Value": value} for key, value in wanted.items()]
            elb.modify_target_group_attributes(TargetGroupArn=group["TargetGroupArn"], Attributes=attributes)


def _insights(estate: "Estate") -> None:
    """A client of blue's still asks for an API that is not there any more after the upgrade."""
    name = "Deprecated APIs removed in Kubernetes v1.32"
    insight = an_insight(name, "ERROR", "Deprecated API usage detected within last 30 days.")
    advice = "Update manifests and API clients to use newer Kubernetes APIs."
    estate.insights[estate.spec.blue.name] = [insight | {"recommendation": advice}]


def _low_floor(estate: "Estate") -> None:
    """Blue has grown with its users; green stands at the minimum."""
    namespace = estate.spec.workloads[0].namespace
    for side, now in ((BLUE, 9), (GREEN, 2)):
        store = estate.clusters[side].api.store
        spec = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2, "maxReplicas": 20}
        store.add(an_object("autoscaling/v2", "HorizontalPodAutoscaler", namespace, "web", spec=spec))
        store.merge("HorizontalPodAutoscaler", namespace, "web", {"status": {"currentReplicas": now}})


def _cronjobs(estate: "Estate") -> None:
    """Argo CD has synced green, so the nightly bill is written twice."""
    for cluster in estate.clusters.values():
        spec = {"schedule": "0 3 * * *", "suspend": False}
        namespace = estate.spec.workloads[0].namespace
        cluster.api.store.add(an_object("batch/v1", "CronJob", namespace, "nightly-bill", spec=spec))


def _missing_object(estate: "Estate") -> None:
    workload = _of_kind(estate, "Ingress")
    estate.clusters[GREEN].api.store.remove(workload.kind, workload.namespace, workload.objects[0])
    estate.clusters[GREEN].external_dns.is_stuck = True


def _no_status(estate: "Estate") -> None:
    """As if the controller had just begun; ExternalDNS has not looked since."""
    workload = _of_kind(estate, "Ingress")
    status: Object = {"status": {"loadBalancer": {"ingress": None}}}
    estate.clusters[GREEN].api.store.merge(workload.kind, workload.namespace, workload.objects[0], status)
    estate.clusters[GREEN].external_dns.is_stuck = True


def _shared_host(estate: "Estate") -> None:
    workload, store = _of_kind(estate, "Ingress"), estate.clusters[GREEN].api.store
    held = store.read("Ingress", workload.namespace, workload.objects[0])
    metadata = {"name": "copy", "namespace": workload.namespace, "annotations": held["metadata"]["annotations"]}
    store.add({**held, "metadata": metadata})


def _two_owners(estate: "Estate") -> None:
    """Left behind by an ExternalDNS of before, under the name that old versions gave it."""
    workload = _of_kind(estate, "Ingress")
    host, found = workload.host, estate.endpoint(BLUE, workload)
    identifier = found.identifier if found else None
    says = '"heritage=external-dns,external-dns/owner=default,external-dns/resource=ingress/old/old"'
    change_record(estate, "UPSERT", Record(f"a-{host}", "TXT", identifier, 100, ttl=TXT_TTL, values=(says,)))


def _service_type(estate: "Estate") -> None:
    workload = _of_kind(estate, "Service")
    spec: Object = {"spec": {"type": "ClusterIP"}}
    estate.clusters[GREEN].api.store.merge("Service", workload.namespace, workload.objects[0], spec)
    estate.clusters[GREEN].external_dns.is_stuck = True


def _weightless(estate: "Estate") -> None:
    workload, store = _of_kind(estate, "DNSEndpoint"), estate.clusters[GREEN].api.store
    entries = store.read("DNSEndpoint", workload.namespace, workload.objects[0])["spec"]["endpoints"]
    spec: Object = {"spec": {"endpoints": [{**entry, "providerSpecific": []} for entry in entries]}}
    store.merge("DNSEndpoint", workload.namespace, workload.objects[0], spec)
    estate.clusters[GREEN].external_dns.is_stuck = True


def _of_kind(estate: "Estate", kind: str) -> "WorkloadSpec":
    return next(workload for workload in estate.spec.workloads if workload.kind == kind and workload.objects)


NEEDS: Final[Mapping[FaultKind, str]] = {
    FaultKind.MISSING_OBJECT: "Ingress",
    FaultKind.NO_STATUS: "Ingress",
    FaultKind.SHARED_HOST: "Ingress",
    FaultKind.TWO_OWNERS: "Ingress",
    FaultKind.SERVICE_TYPE: "Service",
    FaultKind.WEIGHTLESS: "DNSEndpoint",
}
"""Of which kind a workload has to be for a fault."""


def check_kinds(workloads: "Iterable[WorkloadSpec]", faults: Iterable[Fault]) -> None:
    """
    Make sure that there is something that *faults* can break.

    Raises:
        InvalidFaultError: There is no workload of the kind that one of them is about.
    """
    kinds = {workload.kind for workload in workloads if workload.objects}
    for fault in faults:
        if (kind := NEEDS.get(fault.kind)) and kind not in kinds:
            msg = f"{fault}: no workload here has a {kind}; try --config examples/estates/sources/crossfade.yaml"
            raise InvalidFaultError(msg)


_MAKERS: Final[Mapping[FaultKind, Callable[["Estate"], None]]] = {
    FaultKind.CREATE_ONLY: _create_only,
    FaultKind.DRY_RUN: _dry_run,
    FaultKind.EXTERNAL_DNS_DOWN: _external_dns_down,
    FaultKind.SHARED_OWNER: _shared_owner,
    FaultKind.MISSING_TXT: _missing_txt,
    FaultKind.SIMPLE_RECORD: _simple_record,
    FaultKind.UNHEALTHY_TARGETS: _unhealthy_targets,
    FaultKind.BLIND_ALARM: _blind_alarm,
    FaultKind.PRIVATE_TWIN: _private_twin,
    FaultKind.MISSING_OBJECT: _missing_object,
    FaultKind.NO_STATUS: _no_status,
    FaultKind.SHARED_HOST: _shared_host,
    FaultKind.TWO_OWNERS: _two_owners,
    FaultKind.SERVICE_TYPE: _service_type,
    FaultKind.WEIGHTLESS: _weightless,
    FaultKind.WRONG_CERTIFICATE: _wrong_certificate,
    FaultKind.GREEN_500: _green_500,
    FaultKind.REDIRECT: _redirect,
    FaultKind.NO_READY_PODS: _no_ready_pods,
    FaultKind.LOW_FLOOR: _low_floor,
    FaultKind.STICKY: _sticky,
    FaultKind.INSIGHTS: _insights,
    FaultKind.CRONJOBS: _cronjobs,
    **misconfigured_rules.MAKERS,
}


def set_ready(cluster: "Cluster", pods: int) -> None:
    """Let so many pods of the cluster's ExternalDNS be ready."""
    status = {"replicas": 1, "readyReplicas": pods, "availableReplicas": pods}
    cluster.api.store.merge("Deployment", NAMESPACE, DEPLOYMENT, {"status": status})


def _tell(cluster: "Cluster", flag: str, argument: str) -> None:
    """Give *argument* to the cluster's ExternalDNS, instead of any that begins with *flag*."""
    deployment = cluster.api.store.read("Deployment", NAMESPACE, DEPLOYMENT)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    kept = [given for given in container["args"] if not given.startswith(flag)]
    patch = {"spec": {"template": {"spec": {"containers": [container | {"args": [*kept, argument]}]}}}}
    cluster.api.store.merge("Deployment", NAMESPACE, DEPLOYMENT, patch)


def _identifier(estate: "Estate", side: str) -> str | None:
    """The set identifier of the first workload on *side*."""
    found = estate.endpoint(side, estate.spec.workloads[0])
    return found.identifier if found else None


def change_record(estate: "Estate", action: str, record: Record) -> None:
    """Change one record of the zone."""
    route53: Any = boto3.client("route53", region_name=estate.spec.green.region)
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record.as_request()}]}
    route53.change_resource_record_sets(HostedZoneId=estate.spec.zone_id, ChangeBatch=batch)
