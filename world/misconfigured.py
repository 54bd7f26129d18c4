"""What is wrong with an estate before anything moves: the faults that begin with `preflight:`, put into place.

Each is made as people make it: an edited Deployment, a record deleted by hand, an alarm that outlived its load
balancer. This file knows no checks; it only makes the world as it should not be.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import boto3

from world import misconfigured_access, misconfigured_argocd, misconfigured_dns, misconfigured_rules
from world.application import UNHEALTHY_AFTER
from world.built import Built
from world.by_hand import of_kind
from world.estate_spec import BLUE, GREEN
from world.faults import Fault, FaultKind
from world.front_doors import Oddity
from world.insights import an_insight
from world.kubernetes import Object
from world.pods import an_object
from world.possible_faults import idle

GONE: Final = "app/k8s-burnham-0000000000/0123456789abcdef"
"""The dimension of a load balancer that was made anew since."""


def misconfigure(estate: Built, fault: Fault) -> None:
    """
    Put *fault* into place.

    Raises:
        KeyError: It is not one of those that are there before the start.
    """
    _MAKERS[fault.kind](estate)


def _unhealthy_targets(estate: Built) -> None:
    estate.balancers.applications[GREEN].crashed = estate.clock.now - UNHEALTHY_AFTER


def _blind_alarm(estate: Built) -> None:
    """As if green's load balancer had been made anew after the alarm."""
    _put_alarm(estate, dimension=GONE)


def _slow_alarm(estate: Built) -> None:
    """It was made for a weekly report, and nobody has thought of bakes."""
    _put_alarm(estate, Period=600, DatapointsToAlarm=3)


def _firing_alarm(estate: Built) -> None:
    """It takes missing data for a breach; there is none while green has no users."""
    name = _put_alarm(estate, TreatMissingData="breaching")
    reason = "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as "
    _cloudwatch(estate).set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=f"{reason}[Breaching].")


def _put_alarm(estate: Built, *, dimension: str = "", **more: Any) -> str:
    """Make the first alarm anew, on green's load balancer if there is no other *dimension*; the value is its name."""
    workload = estate.spec.workloads[0]
    balancer = dimension or estate.green_balancer(workload).dimension
    given = {
        "AlarmName": workload.alarms[0],
        "Namespace": "AWS/ApplicationELB",
        "MetricName": "HTTPCode_Target_5XX_Count",
        "Dimensions": [{"Name": "LoadBalancer", "Value": balancer}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 5.0,
        "TreatMissingData": "notBreaching",
    }
    _cloudwatch(estate).put_metric_alarm(**given | more)
    return workload.alarms[0]


def _cloudwatch(estate: Built) -> Any:
    return boto3.client("cloudwatch", region_name=estate.spec.green.region)


def _wrong_certificate(estate: Built) -> None:
    estate.doors.odd[GREEN] = Oddity.CERTIFICATE


def _green_500(estate: Built) -> None:
    """As without its database: its health check does not look so far."""
    estate.balancers.applications[GREEN].error_rate = 1.0


def _redirect(estate: Built) -> None:
    estate.doors.odd[GREEN] = Oddity.REDIRECT


def _no_ready_pods(estate: Built) -> None:
    """They run, and are not ready; the load balancer has not noticed yet."""
    workload = estate.spec.workloads[0]
    for piece in estate.clusters[GREEN].api.store.all("EndpointSlice", workload.namespace):
        metadata = piece["metadata"]
        endpoints = [endpoint | {"conditions": {"ready": False}} for endpoint in piece["endpoints"]]
        estate.clusters[GREEN].api.store.merge(
            "EndpointSlice", metadata["namespace"], metadata["name"], {"endpoints": endpoints}
        )


def _sticky(estate: Built) -> None:
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


def _insights(estate: Built) -> None:
    """A client of blue's still asks for an API that is not there any more after the upgrade."""
    name = "Deprecated APIs removed in Kubernetes v1.32"
    insight = an_insight(name, "ERROR", "Deprecated API usage detected within last 30 days.")
    advice = "Update manifests and API clients to use newer Kubernetes APIs."
    estate.insights[estate.spec.blue.name] = [insight | {"recommendation": advice}]


def _low_floor(estate: Built) -> None:
    """Blue has grown with its users; green stands at the minimum."""
    namespace = estate.spec.workloads[0].namespace
    for side, now in ((BLUE, 9), (GREEN, 2)):
        store = estate.clusters[side].api.store
        spec = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2, "maxReplicas": 20}
        store.add(an_object("autoscaling/v2", "HorizontalPodAutoscaler", namespace, "web", spec=spec))
        store.merge("HorizontalPodAutoscaler", namespace, "web", {"status": {"currentReplicas": now}})


def _cronjobs(estate: Built) -> None:
    """Argo CD has synced green, so the nightly bill is written twice."""
    for cluster in estate.clusters.values():
        spec = {"schedule": "0 3 * * *", "suspend": False}
        namespace = estate.spec.workloads[0].namespace
        cluster.api.store.add(an_object("batch/v1", "CronJob", namespace, "nightly-bill", spec=spec))


def _consumers(estate: Built) -> None:
    """Somebody has scaled green's idle consumers up too early."""
    store = estate.clusters[GREEN].api.store
    for namespace, name in idle(estate.spec.green.manifests):
        store.merge("Deployment", namespace, name, {"spec": {"replicas": 1}})
        store.merge("Deployment", namespace, name, {"status": {"replicas": 1, "readyReplicas": 1}})


def _missing_object(estate: Built) -> None:
    workload = of_kind(estate, "Ingress")
    estate.clusters[GREEN].api.store.remove(workload.kind, workload.namespace, workload.objects[0])
    estate.clusters[GREEN].external_dns.is_stuck = True


def _no_status(estate: Built) -> None:
    """As if the controller had just begun; ExternalDNS has not looked since."""
    workload = of_kind(estate, "Ingress")
    status: Object = {"status": {"loadBalancer": {"ingress": None}}}
    estate.clusters[GREEN].api.store.merge(workload.kind, workload.namespace, workload.objects[0], status)
    estate.clusters[GREEN].external_dns.is_stuck = True


def _shared_host(estate: Built) -> None:
    workload, store = of_kind(estate, "Ingress"), estate.clusters[GREEN].api.store
    held = store.read("Ingress", workload.namespace, workload.objects[0])
    metadata = {"name": "copy", "namespace": workload.namespace, "annotations": held["metadata"]["annotations"]}
    store.add({**held, "metadata": metadata})


def _service_type(estate: Built) -> None:
    workload = of_kind(estate, "Service")
    spec: Object = {"spec": {"type": "ClusterIP"}}
    estate.clusters[GREEN].api.store.merge("Service", workload.namespace, workload.objects[0], spec)
    estate.clusters[GREEN].external_dns.is_stuck = True


def _weightless(estate: Built) -> None:
    workload, store = of_kind(estate, "DNSEndpoint"), estate.clusters[GREEN].api.store
    entries = store.read("DNSEndpoint", workload.namespace, workload.objects[0])["spec"]["endpoints"]
    spec: Object = {"spec": {"endpoints": [{**entry, "providerSpecific": []} for entry in entries]}}
    store.merge("DNSEndpoint", workload.namespace, workload.objects[0], spec)
    estate.clusters[GREEN].external_dns.is_stuck = True


_MAKERS: Final[Mapping[FaultKind, Callable[[Built], None]]] = {
    FaultKind.UNHEALTHY_TARGETS: _unhealthy_targets,
    FaultKind.BLIND_ALARM: _blind_alarm,
    FaultKind.MISSING_OBJECT: _missing_object,
    FaultKind.NO_STATUS: _no_status,
    FaultKind.SHARED_HOST: _shared_host,
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
    FaultKind.CONSUMERS: _consumers,
    FaultKind.FIRING_ALARM: _firing_alarm,
    FaultKind.SLOW_ALARM: _slow_alarm,
    **misconfigured_access.MAKERS,
    **misconfigured_argocd.MAKERS,
    **misconfigured_dns.MAKERS,
    **misconfigured_rules.MAKERS,
}
