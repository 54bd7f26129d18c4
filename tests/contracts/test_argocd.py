"""What the router over Argo CD promises beyond its port: sources first, read back, pushed on, shared, in a hub."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from crossfade.adapters.argocd import ArgoCdRouter
from crossfade.adapters.argocd_api import ArgoCds
from crossfade.adapters.argocd_objects import leaves_weights_alone
from crossfade.adapters.argocd_survey import ArgoCdSurvey
from crossfade.core.facts_argocd import ArgoCdFacts
from crossfade.core.places import Cluster, HostedZone
from crossfade.core.plan import Plan
from crossfade.core.traffic import Source, Write
from crossfade.core.weight import Side
from crossfade.core.workload import Workload
from crossfade.errors import RouterObjectMissingError, RouterRefusedError, SharedWeightError, SupersededError
from crossfade.names import ALPHA_PREFIX, EPOCH_ANNOTATION, FIELD_MANAGER, STABLE_PREFIX, WEIGHT_KEY
from tests.contracts.argocd import BY_SECRET, KEY, PARAMETER, ArgoCdGround, an_argocd_estate, by_argocd
from tests.contracts.estate import BURNHAM, CLUSTERS, DOMAIN, GUESTBOOK, REGION, WORKLOADS, ZONE
from world.kubernetes import Interference

BLUE, GREEN = Side.BLUE, Side.GREEN
BOOTSTRAP = f"bootstrap-workloads-{CLUSTERS[GREEN]}"


@pytest.fixture
def ground() -> Iterator[ArgoCdGround]:
    with an_argocd_estate() as opened:
        yield opened


def write(ground: ArgoCdGround, workload: Workload, side: Side, weight: int, epoch: int = 7) -> None:
    ground.router.write(WORKLOADS, [Write(workload.name, side, weight)], epoch=epoch)


def source(ground: ArgoCdGround, workload: Workload, side: Side) -> Source:
    found = ground.router.observe([workload])[0].side(side).source
    assert found is not None
    return found


def patched(ground: ArgoCdGround, side: Side) -> list[str]:
    seen = ground.estate.servers[side].api.audit
    return [entry.request.resource for entry in seen if entry.request.verb == "patch" and entry.code == 200]


# --- Writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("workload", "kind"), [(BURNHAM, "secrets"), (GUESTBOOK, "applications")])
def test_the_source_is_written_before_the_annotation_and_with_the_same_value(
    ground: ArgoCdGround, workload: Workload, kind: str
) -> None:
    write(ground, workload, GREEN, 5)

    assert patched(ground, GREEN) == [kind, "ingresses"]
    assert (ground.said(workload, GREEN), ground.declared(workload, GREEN)) == ("5", 5)
    assert ground.annotations(workload, GREEN)[EPOCH_ANNOTATION] == "7"
    assert {entry.manager for entry in ground.estate.servers[GREEN].api.audit if entry.request.verb == "patch"} == {
        FIELD_MANAGER
    }


def test_nothing_else_of_the_secret_or_the_application_is_changed(ground: ArgoCdGround) -> None:
    helm = {"parameters": [{"name": "image.tag", "value": "1"}], "valueFiles": ["values.yaml"]}
    store = ground.estate.servers[GREEN].store
    store.merge("Application", "argocd", PARAMETER.application, {"spec": {"source": {"helm": helm}}})
    before = ground.source(GUESTBOOK, GREEN), ground.source(BURNHAM, GREEN)
    for workload in WORKLOADS:
        write(ground, workload, GREEN, 5)
    after = ground.source(GUESTBOOK, GREEN), ground.source(BURNHAM, GREEN)

    assert after[0]["spec"]["source"]["helm"]["valueFiles"] == ["values.yaml"]
    assert after[0]["spec"]["source"]["helm"]["parameters"] == [
        {"name": "image.tag", "value": "1"},
        {"name": PARAMETER.name, "value": "5"},
    ]
    assert after[0]["spec"]["syncPolicy"] == before[0]["spec"]["syncPolicy"]
    assert after[1]["data"] == before[1]["data"]
    assert after[1]["metadata"]["labels"] == before[1]["metadata"]["labels"]


def test_a_source_that_refuses_does_not_keep_users_from_coming_back(ground: ArgoCdGround) -> None:
    ground.estate.servers[BLUE].interfere(Interference(verb="patch", resource="secrets", status=403, message="no"))
    ground.estate.by_hand(BURNHAM, BLUE, 1)

    with pytest.raises(RouterRefusedError, match=f"Secret argocd/{CLUSTERS[BLUE]}"):
        write(ground, BURNHAM, BLUE, 100)
    assert ground.declared(BURNHAM, BLUE) == 100


def test_a_younger_epoch_on_the_source_alone_stops_the_annotation_too(ground: ArgoCdGround) -> None:
    stamp = {"metadata": {"annotations": {EPOCH_ANNOTATION: "8"}}}
    ground.estate.servers[GREEN].store.merge("Secret", "argocd", CLUSTERS[GREEN], stamp)

    with pytest.raises(SupersededError, match="Secret"):
        write(ground, BURNHAM, GREEN, 50)
    assert ground.declared(BURNHAM, GREEN) == 0


def test_a_younger_epoch_on_the_annotation_alone_stops_the_source_too(ground: ArgoCdGround) -> None:
    ground.estate.annotate(BURNHAM, GREEN, {EPOCH_ANNOTATION: "8"})

    with pytest.raises(SupersededError, match="Ingress"):
        write(ground, BURNHAM, GREEN, 50)
    assert ground.said(BURNHAM, GREEN) == "0"


def test_the_shipped_rbac_allows_what_is_needed(ground: ArgoCdGround) -> None:
    stall(ground)
    ground.router.observe(WORKLOADS)
    assert ground.router.rehearse(WORKLOADS) == ()
    for workload in WORKLOADS:
        write(ground, workload, GREEN, 5)
    ground.router.stamp(WORKLOADS, epoch=8)

    seen = [entry for side in Side for entry in ground.estate.servers[side].api.audit]
    assert {(entry.code, entry.request.verb) for entry in seen} == {(200, "get"), (200, "patch")}
    assert "operation" in ground.application(BOOTSTRAP, GREEN)


# --- Reading back ----------------------------------------------------------------------------------------------------


def test_what_the_source_and_the_annotation_agree_on_lasts(ground: ArgoCdGround) -> None:
    write(ground, BURNHAM, GREEN, 5)
    reading = ground.router.observe([BURNHAM])[0].green

    assert (reading.lasting, reading.source) == (5, Source(5, note=""))


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_a_source_that_says_otherwise_is_told(ground: ArgoCdGround, workload: Workload) -> None:
    write(ground, workload, GREEN, 5)
    ground.say(workload, GREEN, "0")
    reading = ground.router.observe([workload])[0].green

    assert (reading.declared, reading.lasting) == (5, None)
    assert reading.source is not None
    assert "says '0'" in reading.source.note


def test_a_secret_without_the_key_says_nothing_and_the_key_is_put_back(ground: ArgoCdGround) -> None:
    ground.say(BURNHAM, GREEN, None)
    without = source(ground, BURNHAM, GREEN)
    write(ground, BURNHAM, GREEN, 0)

    assert without.weight is None
    assert "rendered as 0" in without.note
    assert ground.said(BURNHAM, GREEN) == "0"


def test_a_parameter_that_is_not_set_leaves_the_chart_its_say(ground: ArgoCdGround) -> None:
    agreed = ground.router.observe([GUESTBOOK])[0].blue
    ground.report("team-riker", BLUE, workload=GUESTBOOK, sync={"status": "OutOfSync"})
    differing = ground.router.observe([GUESTBOOK])[0].blue

    assert agreed.lasting == 100
    assert differing.lasting is None


def test_an_ingress_that_argo_cd_would_change_does_not_last(ground: ArgoCdGround) -> None:
    ground.report(
        "team-burnham",
        GREEN,
        workload=BURNHAM,
        sync={"status": "OutOfSync"},
        operationState={"phase": "Failed", "message": "no route to Git"},
    )
    told = source(ground, BURNHAM, GREEN)

    assert not told.follows
    assert "team-burnham still renders another weight" in told.note
    assert "Failed: no route to Git" in told.note


def test_an_argo_cd_that_cannot_compare_has_no_say(ground: ArgoCdGround) -> None:
    ground.report("team-burnham", GREEN, workload=BURNHAM, sync={"status": "Unknown"})

    assert source(ground, BURNHAM, GREEN).follows


# --- Applications with several sources -------------------------------------------------------------------------------


def stall(ground: ArgoCdGround, tag: str = "v2.13.3") -> None:
    containers = [{"name": "server", "image": f"quay.io/argoproj/argocd:{tag}"}]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    ground.estate.servers[GREEN].store.merge("Deployment", "argocd", "argocd-server", patch)
    ground.report(BOOTSTRAP, GREEN, sync={"status": "OutOfSync"})


@pytest.mark.parametrize(("tag", "is_pushed"), [("v2.12.6", False), ("v2.13.3", True), ("v3.2.0", False)])
def test_an_affected_version_is_asked_to_sync_what_it_leaves_alone(
    ground: ArgoCdGround, tag: str, *, is_pushed: bool
) -> None:
    stall(ground, tag)
    write(ground, BURNHAM, GREEN, 5)

    assert ("operation" in ground.application(BOOTSTRAP, GREEN)) is is_pushed


@pytest.mark.parametrize(
    "patch",
    [
        pytest.param({"spec": {"syncPolicy": {"automated": {"selfHeal": True}}}}, id="it heals itself"),
        pytest.param({"spec": {"syncPolicy": {"automated": None}}}, id="people sync it"),
        pytest.param({"status": {"operationState": {"phase": "Running"}}, "spec": {}}, id="it is under way"),
    ],
)
def test_an_application_that_syncs_without_us_is_not_asked(ground: ArgoCdGround, patch: dict[str, Any]) -> None:
    stall(ground)
    ground.estate.servers[GREEN].store.merge("Application", "argocd", BOOTSTRAP, patch)
    write(ground, BURNHAM, GREEN, 5)

    assert "operation" not in ground.application(BOOTSTRAP, GREEN)


# --- Rehearsing ------------------------------------------------------------------------------------------------------


def test_a_rehearsal_names_sources_that_could_not_be_written(ground: ArgoCdGround) -> None:
    ground.say(BURNHAM, BLUE, None)
    ground.estate.servers[GREEN].store.remove("Role", "argocd", "crossfade-argocd")
    faults = ground.router.rehearse(WORKLOADS)

    assert len(faults) == 3
    assert f"Secret argocd/{CLUSTERS[BLUE]} in {CLUSTERS[BLUE]} has no weight to return to" in faults[0]
    assert all("bind a Role with get and patch" in fault for fault in faults[1:])


def test_a_source_that_the_application_does_not_have_is_named(ground: ArgoCdGround) -> None:
    wrong = by_argocd(GUESTBOOK)
    assert wrong.argocd is not None
    parameter = PARAMETER.model_copy(update={"source": 1})
    wrong = wrong.model_copy(update={"argocd": wrong.argocd.model_copy(update={"parameter": parameter})})

    assert "has no spec.sources[1]; correct parameter.source" in ground.inner.rehearse([wrong])[0]


# --- Sharing, and a hub ----------------------------------------------------------------------------------------------


def sharing(workload: Workload) -> Workload:
    return by_argocd(workload).model_copy(update={"argocd": BY_SECRET})


def test_workloads_that_share_a_source_are_written_once_and_never_apart(ground: ArgoCdGround) -> None:
    shared = [sharing(workload) for workload in WORKLOADS]
    ground.inner.write(shared, [Write(each.name, GREEN, 5) for each in shared], epoch=7)

    assert patched(ground, GREEN) == ["secrets", "ingresses", "ingresses"]
    with pytest.raises(SharedWeightError, match="5 and 6 are wanted"):
        ground.inner.write(shared, [Write(each.name, GREEN, 5 + n) for n, each in enumerate(shared)], epoch=7)
    assert ground.said(BURNHAM, GREEN) == "5"


def in_a_hub(ground: ArgoCdGround) -> tuple[ArgoCdRouter, Workload]:
    """Blue's cluster plays the hub; it knows both clusters by their Secrets."""
    hub = Cluster(name=CLUSTERS[BLUE], region=REGION)
    ground.estate.servers[BLUE].store.add(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": CLUSTERS[GREEN], "namespace": "argocd", "annotations": {KEY: "0"}},
        }
    )
    argocds = ArgoCds({(hub.name, hub.region): ground.own[BLUE]}, ground.argocds.sides)
    block = BY_SECRET.model_copy(update={"hub": hub, "applications": ("team-burnham",)})
    router = ArgoCdRouter(ground.estate.router, ground.estate.apis, argocds)
    return router, by_argocd(BURNHAM).model_copy(update={"argocd": block})


def test_in_a_hub_the_sources_of_both_sides_are_in_one_cluster(ground: ArgoCdGround) -> None:
    router, workload = in_a_hub(ground)
    router.write([workload], [Write(workload.name, GREEN, 5)], epoch=7)
    secret = ground.estate.servers[BLUE].store.read("Secret", "argocd", CLUSTERS[GREEN])

    assert secret["metadata"]["annotations"][KEY] == "5"
    assert patched(ground, BLUE) == ["secrets"]
    assert patched(ground, GREEN) == ["ingresses"]
    assert router.observe([workload])[0].green.lasting == 5


def test_a_silent_hub_leaves_the_annotation_known_and_in_doubt(ground: ArgoCdGround) -> None:
    router, workload = in_a_hub(ground)
    ground.cut_off(BLUE)
    reading = router.observe([workload])[0].green

    assert (reading.reachable, reading.declared, reading.lasting) == (True, 0, None)
    assert reading.source is not None
    assert not reading.source.reachable


def test_an_unknown_hub_is_refused_with_the_fix(ground: ArgoCdGround) -> None:
    _, workload = in_a_hub(ground)
    router = ArgoCdRouter(ground.estate.router, ground.estate.apis, ArgoCds({}, ground.argocds.sides))

    with pytest.raises(RouterRefusedError, match="does not know the hub eks-blueprint-blue; deploy"):
        router.observe([workload])


def test_a_secret_that_is_gone_is_an_error_of_the_write(ground: ArgoCdGround) -> None:
    ground.estate.servers[GREEN].store.remove("Secret", "argocd", CLUSTERS[GREEN])

    with pytest.raises(RouterObjectMissingError, match="Secret argocd/eks-blueprint-green"):
        write(ground, BURNHAM, GREEN, 5)
    assert ground.router.observe([BURNHAM])[0].green.lasting is None


# --- What the preflight sees -----------------------------------------------------------------------------------------


def a_plan(*workloads: Workload) -> Plan:
    return Plan(
        name="p",
        blue=Cluster(name=CLUSTERS[BLUE], region=REGION),
        green=Cluster(name=CLUSTERS[GREEN], region=REGION),
        zone=HostedZone(id=ZONE, name=DOMAIN),
        workloads=workloads,
        stages=(),
        soak=timedelta(0),
    )


def surveyed(ground: ArgoCdGround, *workloads: Workload) -> dict[tuple[str, Side], ArgoCdFacts]:
    return ArgoCdSurvey(ground.estate.apis, ground.argocds).read(a_plan(*workloads))


def test_the_survey_sees_sources_applications_and_the_version(ground: ArgoCdGround) -> None:
    stall(ground)
    ground.estate.servers[BLUE].store.remove("Application", "argocd", "team-burnham")
    seen = surveyed(ground, *(by_argocd(workload) for workload in WORKLOADS))
    green, blue = seen[BURNHAM.name, GREEN], seen[BURNHAM.name, BLUE]

    assert (green.version, green.affected, green.weight) == ("2.13.3", True, 0)
    assert [(at.sync, at.manages, at.several, at.generated) for at in green.applications] == [
        ("OutOfSync", False, True, True),
        ("Synced", True, False, False),
    ]
    assert "does not exist" in blue.applications[1].lack
    assert seen[GUESTBOOK.name, BLUE].by_chart


def test_the_survey_finds_the_application_of_an_object_by_its_tracking_annotation(ground: ArgoCdGround) -> None:
    tracking = {"argocd.argoproj.io/tracking-id": "team-burnham:networking.k8s.io/Ingress:team-burnham/burnham-ingress"}
    ground.estate.annotate(BURNHAM, GREEN, tracking)
    heal = {"spec": {"syncPolicy": {"automated": {"selfHeal": True}}}}
    ground.estate.servers[GREEN].store.merge("Application", "argocd", "team-burnham", heal)
    seen = surveyed(ground, BURNHAM)

    assert list(seen) == [(BURNHAM.name, GREEN)]
    assert [(at.heals, at.leaves_weights) for at in seen[BURNHAM.name, GREEN].applications] == [(True, False)]


def test_an_application_that_respects_ignored_weights_leaves_them_alone(ground: ArgoCdGround) -> None:
    pointer = f"/metadata/annotations/{ALPHA_PREFIX.replace('/', '~1')}{WEIGHT_KEY}"
    ignore = [{"group": "networking.k8s.io", "kind": "Ingress", "jsonPointers": [pointer]}]
    ground.estate.servers[GREEN].store.merge(
        "Application", "argocd", "team-burnham", {"spec": {"ignoreDifferences": ignore}}
    )
    hidden = ground.application("team-burnham", GREEN)
    options = {"spec": {"syncPolicy": {"syncOptions": ["RespectIgnoreDifferences=true"]}}}
    ground.estate.servers[GREEN].store.merge("Application", "argocd", "team-burnham", options)
    left = ground.application("team-burnham", GREEN)

    assert not leaves_weights_alone(hidden, "Ingress", [ALPHA_PREFIX])
    assert leaves_weights_alone(left, "Ingress", [ALPHA_PREFIX])
    assert not leaves_weights_alone(left, "Ingress", [ALPHA_PREFIX, STABLE_PREFIX])
