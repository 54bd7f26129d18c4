"""What the router over ExternalDNS promises beyond its port: dialects, records, refusals, tokens."""

import json
import traceback
from typing import Final

import pytest

from crossfade.adapters.external_dns_objects import LAST_APPLIED
from crossfade.core.traffic import Write
from crossfade.core.weight import Side
from crossfade.core.workload import Identifiers, Workload
from crossfade.errors import (
    CrossfadeError,
    RouterObjectMissingError,
    RouterRefusedError,
    RouterUnavailableError,
    WriteConflictError,
)
from crossfade.names import ALPHA_PREFIX, EPOCH_ANNOTATION, FIELD_MANAGER, STABLE_PREFIX
from tests.contracts.estate import BURNHAM, CLUSTERS, GUESTBOOK, WORKLOADS, Estate
from world.kubernetes import Interference

BLUE, GREEN = Side.BLUE, Side.GREEN
STABLE_IMAGE: Final = "registry.k8s.io/external-dns/external-dns:v0.22.0"
STABLE_WEIGHT: Final = f"{STABLE_PREFIX}aws-weight"
ALPHA_WEIGHT: Final = f"{ALPHA_PREFIX}aws-weight"


def write(estate: Estate, workload: Workload, side: Side, weight: int, epoch: int = 7) -> None:
    estate.router.write(WORKLOADS, [Write(workload.name, side, weight)], epoch=epoch)


def interfere(estate: Estate, side: Side, interference: Interference) -> None:
    estate.servers[side].interfere(interference)


# --- Hands ---------------------------------------------------------------------------------------------------------


def test_who_wrote_a_weight_last_is_told_unless_it_was_this_router(estate: Estate) -> None:
    write(estate, BURNHAM, GREEN, 5)
    assert estate.router.observe([BURNHAM])[0].green.by == ""

    estate.annotate(BURNHAM, GREEN, {ALPHA_WEIGHT: "33"})
    hand = estate.router.observe([BURNHAM])[0].green.by
    write(estate, BURNHAM, GREEN, 5)

    assert hand
    assert FIELD_MANAGER not in hand
    assert estate.router.observe([BURNHAM])[0].green.by == ""


@pytest.mark.parametrize(
    ("file", "weight"),
    [
        ({"metadata": {"annotations": {ALPHA_WEIGHT: "33"}}}, 33),
        ({"metadata": {"annotations": {}}}, None),
        ({"metadata": "nonsense"}, None),
        ([], None),
    ],
    ids=["a weight", "no weight", "no object", "no mapping"],
)
def test_the_weight_in_the_file_that_was_applied_last_is_told(estate: Estate, file: object, weight: int | None) -> None:
    estate.annotate(BURNHAM, GREEN, {LAST_APPLIED: json.dumps(file)})

    assert estate.router.observe([BURNHAM])[0].green.applied == weight


# --- Dialects --------------------------------------------------------------------------------------------------------


def test_each_cluster_is_written_in_the_dialect_of_its_own_external_dns(estate: Estate) -> None:
    estate.run_external_dns(GREEN, image=STABLE_IMAGE, args=[])
    estate.annotate(
        BURNHAM,
        GREEN,
        {ALPHA_WEIGHT: None, STABLE_WEIGHT: "0", f"{STABLE_PREFIX}set-identifier": CLUSTERS[GREEN]},
    )
    write(estate, BURNHAM, GREEN, 5)
    write(estate, BURNHAM, BLUE, 95)

    assert estate.annotations(BURNHAM, GREEN)[STABLE_WEIGHT] == "5"
    assert estate.annotations(BURNHAM, BLUE)[ALPHA_WEIGHT] == "95"


def test_clusters_with_different_dialects_are_written_in_both_so_that_an_upgrade_finds_the_weight(
    estate: Estate,
) -> None:
    estate.run_external_dns(GREEN, image=STABLE_IMAGE, args=[])
    estate.annotate(BURNHAM, GREEN, {STABLE_WEIGHT: "0", f"{STABLE_PREFIX}set-identifier": CLUSTERS[GREEN]})
    write(estate, BURNHAM, BLUE, 95)
    write(estate, BURNHAM, GREEN, 5)

    for side, weight in ((BLUE, "95"), (GREEN, "5")):
        annotations = estate.annotations(BURNHAM, side)
        assert (annotations[ALPHA_WEIGHT], annotations[STABLE_WEIGHT]) == (weight, weight)


def test_clusters_with_one_dialect_are_written_in_that_alone(estate: Estate) -> None:
    write(estate, BURNHAM, BLUE, 95)

    assert STABLE_WEIGHT not in estate.annotations(BURNHAM, BLUE)


def test_an_ingress_that_its_external_dns_cannot_read_has_no_weight_and_is_not_written(estate: Estate) -> None:
    estate.run_external_dns(GREEN, image=STABLE_IMAGE, args=[])
    reading = estate.router.observe([BURNHAM])[0].green
    before = estate.annotations(BURNHAM, GREEN)

    assert (reading.declared, reading.authoritative) == (None, None)
    assert STABLE_WEIGHT in reading.note
    with pytest.raises(RouterObjectMissingError, match=STABLE_WEIGHT):
        write(estate, BURNHAM, GREEN, 5)
    assert estate.annotations(BURNHAM, GREEN) == before


def test_a_deployment_that_may_not_be_read_leaves_what_the_ingress_carries(estate: Estate) -> None:
    estate.servers[GREEN].store.remove("Role", "external-dns", "crossfade-external-dns")
    estate.annotate(BURNHAM, GREEN, {STABLE_WEIGHT: "0", f"{STABLE_PREFIX}set-identifier": CLUSTERS[GREEN]})
    write(estate, BURNHAM, GREEN, 5)

    annotations = estate.annotations(BURNHAM, GREEN)
    assert (annotations[ALPHA_WEIGHT], annotations[STABLE_WEIGHT]) == ("5", "5")


def test_a_deployment_that_is_not_there_leaves_what_the_ingress_carries(estate: Estate) -> None:
    estate.servers[GREEN].store.remove("Deployment", "external-dns", "external-dns")
    write(estate, BURNHAM, GREEN, 5)

    assert estate.declared(BURNHAM, GREEN) == 5


# --- What is read ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["050", "abc", "300", "-1", ""])
def test_a_weight_that_is_not_canonical_is_none_with_the_fix(estate: Estate, value: str) -> None:
    estate.annotate(BURNHAM, BLUE, {ALPHA_WEIGHT: value})
    reading = estate.router.observe([BURNHAM])[0].blue

    assert reading.declared is None
    assert f"aws-weight is {value!r}; write a whole number from 0 to 255" in reading.note


def test_a_weight_that_is_not_canonical_can_be_overwritten_on_the_way_back(estate: Estate) -> None:
    estate.annotate(BURNHAM, BLUE, {ALPHA_WEIGHT: "050"})
    write(estate, BURNHAM, BLUE, 100)

    assert estate.declared(BURNHAM, BLUE) == 100


def test_a_weight_that_was_removed_is_put_back(estate: Estate) -> None:
    estate.by_hand(BURNHAM, BLUE, None)
    write(estate, BURNHAM, BLUE, 100)

    assert estate.declared(BURNHAM, BLUE) == 100


def test_an_ingress_without_set_identifier_takes_no_weight(estate: Estate) -> None:
    estate.annotate(BURNHAM, BLUE, {f"{ALPHA_PREFIX}set-identifier": None})

    with pytest.raises(RouterObjectMissingError, match=r"burnham-ingress(?s:.*)set-identifier"):
        write(estate, BURNHAM, BLUE, 50)


def test_the_record_belongs_to_the_set_identifier_and_not_to_the_name_of_the_cluster(estate: Estate) -> None:
    estate.annotate(BURNHAM, GREEN, {f"{ALPHA_PREFIX}set-identifier": "other"})
    without = estate.router.observe([BURNHAM])[0].green
    estate.show(BURNHAM, GREEN, 12, identifier="other")
    with_record = estate.router.observe([BURNHAM])[0].green

    assert (without.authoritative, with_record.authoritative) == (None, 12)
    assert "'other'" in without.note


def test_addresses_of_both_families_must_agree(estate: Estate) -> None:
    estate.show(BURNHAM, BLUE, 100, type_="AAAA")
    agreed = estate.router.observe([BURNHAM])[0].blue
    estate.show(BURNHAM, BLUE, 99, type_="AAAA")
    disagreed = estate.router.observe([BURNHAM])[0].blue

    assert (agreed.authoritative, agreed.note) == (100, "")
    assert disagreed.authoritative is None
    assert "A 100, AAAA 99" in disagreed.note


def test_a_text_record_has_no_say(estate: Estate) -> None:
    text = {"Name": BURNHAM.host, "Type": "TXT", "SetIdentifier": CLUSTERS[BLUE], "Weight": 3, "TTL": 300}
    estate.change("UPSERT", {**text, "ResourceRecords": [{"Value": '"heritage=external-dns"'}]})

    assert estate.router.observe([BURNHAM])[0].blue.authoritative == 100


def test_many_workloads_are_read_in_one_request_to_route_53(estate: Estate) -> None:
    seen: list[str] = []
    events = estate.records._route53.meta.events
    events.register("before-call.route53", lambda model, **_: seen.append(model.name))
    estate.router.observe(WORKLOADS)

    assert seen == ["ListResourceRecordSets"]


# --- A cluster that is silent ----------------------------------------------------------------------------------------


def test_a_silent_cluster_has_the_record_that_is_not_the_other_one_s(estate: Estate) -> None:
    estate.cut_off(BLUE)
    blue = estate.router.observe([BURNHAM])[0].blue

    assert (blue.reachable, blue.declared, blue.authoritative) == (False, None, 100)
    assert blue.identifier == CLUSTERS[BLUE]


def test_a_silent_cluster_among_many_records_has_the_one_that_is_remembered(estate: Estate) -> None:
    estate.show(BURNHAM, GREEN, 7, identifier="canary")
    estate.cut_off(GREEN)
    remembered = BURNHAM.model_copy(update={"identifiers": Identifiers(blue="b", green=CLUSTERS[GREEN])})
    readings = estate.router.observe([BURNHAM, remembered])

    assert [reading.green.authoritative for reading in readings] == [None, 0]
    assert "without a set identifier" in readings[0].green.note


def test_a_silent_cluster_is_asked_once_and_not_for_every_ingress(estate: Estate) -> None:
    interfere(estate, GREEN, Interference(verb="get", resource="deployments", status=503))
    readings = estate.router.observe(WORKLOADS)

    assert [reading.green.reachable for reading in readings] == [False, False]
    assert estate.servers[GREEN].api.audit == []


def test_both_clusters_silent_is_no_answer(estate: Estate) -> None:
    for side in Side:
        interfere(estate, side, Interference(verb="get", resource="ingresses", status=503, times=1))

    with pytest.raises(RouterUnavailableError, match=r"blue(?s:.*)green"):
        estate.router.observe([BURNHAM])


def test_a_refusal_is_no_silence(estate: Estate) -> None:
    interfere(estate, GREEN, Interference(verb="get", resource="ingresses", status=403))
    estate.cut_off(BLUE)

    reading = estate.router.observe([BURNHAM])[0]

    assert isinstance(reading.green.fault, RouterRefusedError)
    assert (reading.blue.reachable, reading.blue.fault) == (False, None)


# --- What is sent ----------------------------------------------------------------------------------------------------


def test_an_ingress_is_changed_by_a_patch_in_our_name_and_in_nothing_but_weight_and_epoch(estate: Estate) -> None:
    store = estate.servers[GREEN].store
    before = store.read("Ingress", BURNHAM.namespace, BURNHAM.sources[0].name)
    write(estate, BURNHAM, GREEN, 5)
    after = store.read("Ingress", BURNHAM.namespace, BURNHAM.sources[0].name)
    seen = [entry for entry in estate.servers[GREEN].api.audit if entry.request.verb == "patch"]

    assert [(entry.manager, entry.code) for entry in seen] == [(FIELD_MANAGER, 200)]
    assert after["spec"] == before["spec"]
    assert after["metadata"]["annotations"] == before["metadata"]["annotations"] | {
        ALPHA_WEIGHT: "5",
        EPOCH_ANNOTATION: "7",
    }


def test_a_rehearsal_sends_the_write_of_a_rollback_to_every_object(estate: Estate) -> None:
    estate.router.rehearse(WORKLOADS)
    seen = {side: [entry.request.verb for entry in estate.servers[side].api.audit] for side in Side}

    assert [seen[side].count("patch") for side in Side] == [2, 2]
    assert estate.annotations(BURNHAM, BLUE).get(EPOCH_ANNOTATION) is None


def test_the_shipped_rbac_allows_what_is_needed_and_no_more(estate: Estate) -> None:
    estate.router.observe(WORKLOADS)
    estate.router.rehearse(WORKLOADS)
    write(estate, BURNHAM, GREEN, 5)
    estate.router.stamp(WORKLOADS, epoch=8)
    codes = {entry.code for side in Side for entry in estate.servers[side].api.audit}
    verbs = {entry.request.verb for side in Side for entry in estate.servers[side].api.audit}

    assert codes == {200}
    assert verbs == {"get", "patch"}


# --- Refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("interference", "error", "says"),
    [
        pytest.param(Interference(status=401), RouterUnavailableError, "access entry", id="401"),
        pytest.param(Interference(status=403, message="no"), RouterRefusedError, "bind a Role", id="403"),
        pytest.param(Interference(status=404, message="gone"), RouterObjectMissingError, "create it", id="404"),
        pytest.param(Interference(status=409), WriteConflictError, "read again", id="409"),
        pytest.param(Interference(status=422, message="policy"), RouterRefusedError, "admission", id="422"),
        pytest.param(Interference(status=429, retry_after=3600), RouterUnavailableError, "tried again", id="429"),
        pytest.param(Interference(status=500), RouterUnavailableError, "tried again", id="500"),
        pytest.param(Interference(status=503, retry_after=3600), RouterUnavailableError, "tried again", id="503"),
        pytest.param(Interference(drop=True), RouterUnavailableError, "tried again", id="a lost request"),
        pytest.param(Interference(drop=True, after_commit=True), RouterUnavailableError, "again", id="a lost answer"),
    ],
)
@pytest.mark.parametrize("verb", ["get", "patch"])
def test_an_answer_of_the_api_server_becomes_an_error_that_names_object_and_fix(
    estate: Estate, verb: str, interference: Interference, error: type[CrossfadeError], says: str
) -> None:
    interference.verb, interference.resource, interference.times = verb, "ingresses", None
    interfere(estate, GREEN, interference)

    with pytest.raises(error, match=says) as caught:
        write(estate, BURNHAM, GREEN, 5)
    assert "team-burnham/burnham-ingress in eks-blueprint-green" in str(caught.value)


def test_a_write_whose_answer_was_lost_is_not_sent_again(estate: Estate) -> None:
    interfere(estate, GREEN, Interference(verb="patch", drop=True, after_commit=True, times=1))
    with pytest.raises(RouterUnavailableError):
        write(estate, BURNHAM, GREEN, 5)
    version = estate.version(BURNHAM, GREEN)
    write(estate, BURNHAM, GREEN, 5)

    assert (estate.declared(BURNHAM, GREEN), estate.version(BURNHAM, GREEN)) == (5, version)


def test_a_missing_binding_is_found_by_the_rehearsal(estate: Estate) -> None:
    estate.servers[BLUE].store.remove("RoleBinding", "team-burnham", "crossfade-weights")

    faults = estate.router.rehearse(WORKLOADS)

    assert len(faults) == 1
    assert "bind a Role with get and patch on it to the group crossfade:shifters" in faults[0]


def test_a_role_that_may_read_but_not_patch_is_found_by_the_rehearsal(estate: Estate) -> None:
    rules = [{"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": ["get"]}]
    estate.servers[GREEN].store.merge("Role", "team-riker", "crossfade-weights", {"rules": rules})

    faults = estate.router.rehearse(WORKLOADS)

    assert len(faults) == 1
    assert "team-riker/riker-ingress in eks-blueprint-green" in faults[0]


def test_a_weight_that_could_not_be_restored_is_found_by_the_rehearsal(estate: Estate) -> None:
    estate.annotate(BURNHAM, BLUE, {ALPHA_WEIGHT: "050"})

    assert "has no weight to return to" in estate.router.rehearse(WORKLOADS)[0]


def test_every_object_that_is_gone_is_named(estate: Estate) -> None:
    estate.remove(BURNHAM, BLUE)
    estate.remove(GUESTBOOK, GREEN)

    burnham, riker = estate.router.observe(WORKLOADS)

    assert "burnham-ingress" in str(burnham.blue.fault)
    assert "riker-ingress" in str(riker.green.fault)


# --- Tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_never_appears_in_an_error(estate: Estate) -> None:
    said = []
    for interference in (Interference(status=403), Interference(status=500), Interference(drop=True)):
        interfere(estate, BLUE, interference)
        with pytest.raises(CrossfadeError) as caught:
            write(estate, BURNHAM, BLUE, 50)
        said.append("".join(traceback.format_exception(caught.value)))
        estate.servers[BLUE].api.interferences.clear()
    estate.cut_off(BLUE)
    said.append(repr(estate.router.observe(WORKLOADS)))
    with pytest.raises(CrossfadeError) as caught:
        write(estate, BURNHAM, BLUE, 50)
    said += ["".join(traceback.format_exception(caught.value)), repr(estate.eks), repr(estate.router.__dict__)]

    assert not [text for text in said if "k8s-aws-v1" in text or "X-Amz-Signature" in text or "Bearer" in text]
