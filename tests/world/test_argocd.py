"""Argo CD in the embedded world: what it renders, when it syncs, and when it does not."""

from typing import Any

import pytest

from crossfade.names import ALPHA_PREFIX, WEIGHT_KEY
from tests.world.estates import documents
from world.argocd import ArgoCd, install
from world.clock import Clock
from world.kubernetes import Store

CLUSTER = "eks-blueprint-green"
BOOTSTRAP = f"bootstrap-workloads-{CLUSTER}"
WEIGHT = f"{ALPHA_PREFIX}{WEIGHT_KEY}"


class Green:
    """Green of the estate that Argo CD renders, with its Argo CD and nothing else."""

    def __init__(self, clock: Clock) -> None:
        manifests = documents("examples/estates/argocd/manifests/green")
        self.store = Store()
        install(self.store)
        for document in manifests:
            if document["kind"] != "Namespace":
                self.store.add(document)
        self.argocd = ArgoCd(clock, self.store, manifests)
        self.look()

    def look(self, times: int = 3) -> None:
        for _ in range(times):
            self.argocd.reconcile()

    def say(self, weight: str | None) -> None:
        patch = {"metadata": {"annotations": {"route53_weight": weight}}}
        self.store.merge("Secret", "argocd", CLUSTER, patch)
        self.look()

    def annotate(self, weight: str, namespace: str = "team-burnham", name: str = "burnham-ingress") -> None:
        self.store.merge("Ingress", namespace, name, {"metadata": {"annotations": {WEIGHT: weight}}})
        self.look()

    def weight(self, namespace: str = "team-burnham", name: str = "burnham-ingress") -> str:
        return str(self.store.read("Ingress", namespace, name)["metadata"]["annotations"][WEIGHT])

    def patch(self, application: str, patch: dict[str, Any]) -> None:
        self.store.merge("Application", "argocd", application, patch)
        self.look()

    def status(self, application: str) -> dict[str, Any]:
        found: dict[str, Any] = self.store.read("Application", "argocd", application)["status"]
        return found

    def run(self, version: str) -> None:
        container = {"name": "server", "image": f"quay.io/argoproj/argocd:{version}"}
        patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
        self.store.merge("Deployment", "argocd", "argocd-server", patch)


@pytest.fixture
def green(clock: Clock) -> Green:
    return Green(clock)


RIKER = ("team-riker", "riker-ingress")


def test_a_weight_in_the_secret_comes_to_the_ingresses_that_no_parameter_rules(green: Green) -> None:
    green.say("7")

    assert green.weight() == "7"
    assert green.weight(*RIKER) == "0"
    assert [green.status(name)["sync"]["status"] for name in (BOOTSTRAP, "team-burnham", "team-riker")] == [
        "Synced"
    ] * 3


def test_a_secret_without_the_key_renders_0(green: Green) -> None:
    green.say("7")
    green.say(None)

    assert green.weight() == "0"


def test_a_live_edit_stays_until_the_next_commit_without_self_heal(green: Green) -> None:
    green.annotate("9")
    before = green.weight(), green.status("team-burnham")["resources"][0]["status"]
    green.argocd.commit()
    green.look()

    assert before == ("9", "OutOfSync")
    assert green.weight() == "0"


def test_a_live_edit_is_put_back_by_self_heal(green: Green) -> None:
    green.annotate("9", *RIKER)

    assert green.weight(*RIKER) == "0"


def test_respected_ignored_differences_survive_a_sync(green: Green) -> None:
    pointer = f"/metadata/annotations/{WEIGHT.replace('/', '~1')}"
    ignore = [{"group": "networking.k8s.io", "kind": "Ingress", "jsonPointers": [pointer]}]
    options = ["RespectIgnoreDifferences=true"]
    green.patch("team-riker", {"spec": {"ignoreDifferences": ignore, "syncPolicy": {"syncOptions": options}}})
    green.annotate("9", *RIKER)
    green.argocd.commit()
    green.look()

    assert green.weight(*RIKER) == "9"
    assert green.status("team-riker")["sync"]["status"] == "Synced"


@pytest.mark.parametrize(("version", "weight"), [("v2.12.6", "7"), ("v2.13.3", "0"), ("v3.1.16", "0"), ("v3.2.0", "7")])
def test_some_versions_leave_changed_values_of_several_sources_alone(green: Green, version: str, weight: str) -> None:
    green.run(version)
    green.say("7")

    assert green.weight() == weight


def test_an_operation_is_carried_out_whatever_the_version(green: Green) -> None:
    green.run("v2.13.3")
    green.say("7")
    green.patch(BOOTSTRAP, {"operation": {"sync": {}}})

    assert green.weight() == "7"
    assert green.status(BOOTSTRAP)["operationState"]["phase"] == "Succeeded"


def test_a_sync_that_hangs_changes_nothing(green: Green) -> None:
    green.argocd.is_stalled = True
    green.say("7")

    assert green.weight() == "0"
    assert green.status(BOOTSTRAP)["operationState"]["phase"] == "Running"


def test_without_git_everything_stays_as_it_is(green: Green) -> None:
    green.argocd.git_is_down = True
    green.say("7")
    green.annotate("9", *RIKER)

    assert (green.weight(), green.weight(*RIKER)) == ("0", "9")
    assert green.status("team-riker")["sync"]["status"] == "Unknown"
    assert green.status("team-riker")["conditions"][0]["type"] == "ComparisonError"


def test_what_is_edited_in_a_generated_application_is_put_back(green: Green) -> None:
    green.patch(BOOTSTRAP, {"spec": {"destination": {"namespace": "elsewhere"}}})

    assert green.store.read("Application", "argocd", BOOTSTRAP)["spec"]["destination"]["namespace"] == "argocd"
