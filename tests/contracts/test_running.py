"""What runs in a cluster is read as the API server lists it: pods, autoscalers, CronJobs, queue consumers."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from crossfade.adapters.running import Running, services_of
from crossfade.core.plan import Plan
from crossfade.core.running import ScalerFacts
from crossfade.core.source import SourceKind
from crossfade.core.weight import Side
from tests.contracts.estate import BURNHAM, GUESTBOOK, Estate, an_estate
from tests.steps.scene import a_plan
from world.kubernetes import KubernetesApi as Server
from world.pods import an_object, run_pods

PLAN: Plan = a_plan().model_copy(
    update={"workloads": (BURNHAM.model_copy(update={"consumers": ("mailer", "gone")}), GUESTBOOK)}
)
NAMESPACE = BURNHAM.namespace
REDIRECT = {"name": "to-https", "port": {"name": "use-annotation"}}


@pytest.fixture
def estate() -> Iterator[Estate]:
    with ExitStack() as stack:
        yield stack.enter_context(an_estate())


@pytest.fixture
def green(estate: Estate) -> Server:
    run_pods(estate.servers[Side.GREEN])
    return estate.servers[Side.GREEN]


@pytest.fixture
def running(estate: Estate) -> Running:
    return Running(estate.apis[Side.GREEN])


def endpoints(server: Server, *conditions: dict[str, bool]) -> None:
    """Let burnham's Service have one endpoint for each of *conditions*."""
    found = [{"addresses": [f"10.1.0.{n}"], "conditions": each} for n, each in enumerate(conditions)]
    (name,) = (piece["metadata"]["name"] for piece in server.store.all("EndpointSlice", NAMESPACE))
    server.store.merge("EndpointSlice", NAMESPACE, name, {"endpoints": found})


def test_ready_pods_are_counted_behind_the_services_of_each_workload(green: Server, running: Running) -> None:
    endpoints(green, {"ready": True}, {"ready": False}, {}, {"ready": True})

    assert running.read(PLAN).ready == {"burnham": 3, "guestbook": 2}


def test_a_pod_in_two_slices_is_one_pod(green: Server, running: Running) -> None:
    labels = {"kubernetes.io/service-name": "burnham"}
    found = [{"addresses": ["10.0.0.10"], "targetRef": {"name": "burnham-0"}}]
    green.store.add(
        an_object("discovery.k8s.io/v1", "EndpointSlice", NAMESPACE, "burnham-more", labels=labels)
        | {"addressType": "IPv4", "endpoints": found}
    )

    assert running.read(PLAN).ready["burnham"] == 2


def test_autoscalers_have_a_floor_of_one_unless_told(green: Server, running: Running) -> None:
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 20}
    green.store.add(an_object("autoscaling/v2", "HorizontalPodAutoscaler", NAMESPACE, "web", spec=spec))
    green.store.merge("HorizontalPodAutoscaler", NAMESPACE, "web", {"status": {"currentReplicas": 4}})

    assert running.read(PLAN).scalers == {f"{NAMESPACE}/web": ScalerFacts(floor=1, ceiling=20, now=4)}


def test_a_suspended_cronjob_does_not_run(green: Server, running: Running) -> None:
    for name, suspend in (("bill", False), ("report", True)):
        spec = {"schedule": "0 3 * * *", "suspend": suspend}
        green.store.add(an_object("batch/v1", "CronJob", NAMESPACE, name, spec=spec))
    green.store.add(an_object("batch/v1", "CronJob", "external-dns", "elsewhere", spec={"schedule": "0 3 * * *"}))

    assert running.read(PLAN).jobs == {f"{NAMESPACE}/bill"}


def test_consumers_are_those_that_are_declared_and_there(green: Server, running: Running) -> None:
    for name in ("mailer", "web"):
        green.store.add(an_object("apps/v1", "Deployment", NAMESPACE, name, spec={"selector": {}, "template": {}}))
        green.store.merge("Deployment", NAMESPACE, name, {"status": {"readyReplicas": 3}})

    assert running.read(PLAN).consumers == {f"{NAMESPACE}/mailer": 3}


def test_what_may_not_be_seen_is_said_and_not_taken_for_absent(green: Server, running: Running) -> None:
    green.store.remove("RoleBinding", NAMESPACE, "crossfade-running")

    seen = running.read(PLAN)

    assert "burnham" not in seen.ready
    assert seen.ready["guestbook"] == 2
    assert len(seen.unseen) == 4
    assert all(NAMESPACE in why and "list" in why for why in seen.unseen)


@pytest.mark.parametrize(
    ("kind", "spec", "services"),
    [
        (SourceKind.SERVICE, {}, {"shop"}),
        (SourceKind.DNS_ENDPOINT, {"endpoints": []}, set()),
        (SourceKind.INGRESS, {"defaultBackend": {"service": {"name": "web"}}}, {"web"}),
        (SourceKind.INGRESS, {"rules": [{"host": "a.b"}]}, set()),
        (
            SourceKind.INGRESS,
            {"rules": [{"http": {"paths": [{"backend": {"service": REDIRECT}}]}}]},
            set(),
        ),
        (SourceKind.INGRESS, {"rules": [{"http": {"paths": [{"backend": {"resource": {"name": "b"}}}]}}]}, set()),
        (SourceKind.HTTP_ROUTE, {"rules": [{"backendRefs": [{"name": "a"}, {"name": "b", "kind": "Queue"}]}]}, {"a"}),
    ],
)  # fmt: skip
def test_services_are_found_behind_every_kind(kind: SourceKind, spec: dict[str, Any], services: set[str]) -> None:
    assert services_of(kind, {"metadata": {"name": "shop"}, "spec": spec}) == services
