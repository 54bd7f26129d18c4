"""The shipped configuration, the sample manifests and the RBAC belong together."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from crossfade.adapters.config_file import read_config
from crossfade.core.blocks.workloads import WorkloadConfig
from crossfade.core.config import Config, json_schema
from crossfade.core.plan import Gate
from crossfade.core.resolve import resolve
from crossfade.core.source import SourceKind
from crossfade.names import ALPHA_PREFIX, IDENTIFIER_KEY, KUBERNETES_GROUP, WEIGHT_KEY
from tests.core.documents import NOW

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
CONFIG = read_config(ROOT / "crossfade.yaml", now=NOW)
CONFIGS = [ROOT / "crossfade.yaml", EXAMPLES / "minimal.yaml", *sorted(EXAMPLES.glob("estates/*/crossfade.yaml"))]
SIDES = ["blue", "green"]

Manifest = dict[str, Any]


def manifests(folder: Path) -> Iterator[Manifest]:
    for file in sorted(folder.glob("*.yaml")):
        yield from yaml.safe_load_all(file.read_text(encoding="utf-8"))


def of_kind(side: str, kind: str) -> dict[tuple[str, str], Manifest]:
    found = [manifest for manifest in manifests(EXAMPLES / "manifests" / side) if manifest["kind"] == kind]
    return {(m["metadata"].get("namespace", ""), m["metadata"]["name"]): m for m in found}


def rbac(kind: str) -> list[Manifest]:
    return [manifest for manifest in manifests(EXAMPLES / "rbac") if manifest["kind"] == kind]


def annotation(manifest: Manifest, key: str) -> Any:
    return manifest["metadata"]["annotations"][ALPHA_PREFIX + key]


workload_cases = pytest.mark.parametrize("workload", CONFIG.workloads, ids=lambda workload: workload.name)
side_cases = pytest.mark.parametrize("side", SIDES)


# --- Configurations --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_shipped_configuration_is_valid_for_us_and_for_editors(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    schema = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")

    read_config(file, now=NOW)
    jsonschema.Draft202012Validator(json_schema()).validate(yaml.safe_load(text))
    assert (file.parent / schema).resolve() == ROOT / "crossfade.schema.json"


def test_the_timing_that_the_comments_show_is_the_default() -> None:
    lines = (ROOT / "crossfade.yaml").read_text(encoding="utf-8").partition("# timing:\n")[2].splitlines()
    shown = dict(line.removeprefix("#").split()[:2] for line in lines)
    document = yaml.safe_load((ROOT / "crossfade.yaml").read_text(encoding="utf-8"))

    timing = {name.rstrip(":"): value for name, value in shown.items()}

    assert Config.from_json(json.dumps({**document, "timing": timing})).timing == CONFIG.timing
    assert set(timing) == set(type(CONFIG.timing).model_fields)


def test_the_default_plan_watches_for_about_an_hour_and_begins_with_one_percent() -> None:
    plan = resolve(CONFIG, {}, now=NOW)
    watched = sum((stage.bake.total_seconds() for stage in plan.stages), plan.soak.total_seconds())

    assert plan.name == "standard"
    assert [stage.share_percent for stage in plan.stages] == [1, 5, 25, 50, 100]
    assert watched == 3_600


def test_there_is_a_plan_with_an_approval_and_a_schedule_that_is_off() -> None:
    assert any(step.gate is Gate.APPROVAL for step in CONFIG.plans["supervised"].steps)
    assert [schedule.enabled for schedule in CONFIG.triggers.schedules] == [False]


@pytest.mark.parametrize("name", list(CONFIG.plans))
def test_every_shipped_plan_resolves(name: str) -> None:
    assert len(resolve(CONFIG, {"plan": name}, now=NOW).workloads) == 5


@workload_cases
def test_every_workload_has_an_alarm_of_its_own(workload: WorkloadConfig) -> None:
    assert f"eks-blueprint-green-{workload.name}-5xx" in workload.alarms


@pytest.mark.parametrize("file", sorted((EXAMPLES / "inputs").glob("*.json")), ids=lambda file: file.stem)
def test_every_shipped_input_is_accepted(file: Path) -> None:
    resolve(CONFIG, json.loads(file.read_text(encoding="utf-8")), now=NOW)


# --- Manifests -------------------------------------------------------------------------------------------------------


@side_cases
@workload_cases
def test_the_ingress_of_a_workload_carries_its_host_and_its_weight(workload: WorkloadConfig, side: str) -> None:
    ingress = of_kind(side, "Ingress")[workload.namespace, workload.sources[0].name]
    cluster = getattr(CONFIG.clusters, side).name

    assert [rule["host"] for rule in ingress["spec"]["rules"]] == [workload.host]
    assert annotation(ingress, IDENTIFIER_KEY) == cluster
    assert annotation(ingress, WEIGHT_KEY) == {"blue": "100", "green": "0"}[side]


@side_cases
def test_there_is_no_ingress_that_nobody_moves(side: str) -> None:
    moved = {(workload.namespace, workload.sources[0].name) for workload in CONFIG.workloads}

    assert set(of_kind(side, "Ingress")) == moved


@side_cases
def test_every_object_lives_in_a_namespace_that_is_there(side: str) -> None:
    namespaces = {name for _, name in of_kind(side, "Namespace")}
    used = {m["metadata"]["namespace"] for m in manifests(EXAMPLES / "manifests" / side) if m["kind"] != "Namespace"}

    assert used == namespaces
    assert {role["metadata"]["namespace"] for role in rbac("Role")} <= namespaces | {
        "argocd"
    }  # its own, if it is there


@side_cases
def test_external_dns_owns_the_records_of_its_own_cluster_only(side: str) -> None:
    (deployment,) = of_kind(side, "Deployment").values()
    (container,) = deployment["spec"]["template"]["spec"]["containers"]

    assert f"--txt-owner-id={getattr(CONFIG.clusters, side).name}" in container["args"]
    assert f"--domain-filter={CONFIG.hosted_zone.name}" in container["args"]
    assert "--interval=1m" in container["args"]


def test_both_clusters_differ_in_weights_owners_and_versions_only() -> None:
    def levelled(side: str) -> list[Manifest]:
        text = json.dumps(list(manifests(EXAMPLES / "manifests" / side)))
        weight = {"blue": '"100"', "green": '"0"'}[side]
        for old, new in (
            (f"eks-blueprint-{side}", "eks-blueprint-x"),
            (f'aws-weight": {weight}', 'aws-weight": "x"'),
            ("v0.13.5", "v"),
            ("v0.15.1", "v"),
        ):
            text = text.replace(old, new)
        found: list[Manifest] = json.loads(text)
        return found

    assert levelled("blue") == levelled("green")


# --- RBAC ------------------------------------------------------------------------------------------------------------


RUNNING = "crossfade-running"


def granted(group: str, resource: str) -> dict[tuple[str, str], set[str]]:
    return {
        (role["metadata"]["namespace"], name): set(rule["verbs"])
        for role in rbac("Role")
        for rule in role["rules"]
        for name in rule["resourceNames"]
        if rule["apiGroups"] == [group] and rule["resources"] == [resource]
    }


def test_the_functions_may_get_and_patch_what_moves_and_nothing_else() -> None:
    moved = {(workload.namespace, workload.sources[0].name): {"get", "patch"} for workload in CONFIG.workloads}

    assert granted("networking.k8s.io", "ingresses") == moved
    assert granted("apps", "deployments") == {
        ("external-dns", "external-dns"): {"get"},
        ("argocd", "argocd-server"): {"get"},
    }


def test_every_rule_names_its_objects() -> None:
    assert all(rule.get("resourceNames") for role in rbac("Role") for rule in role["rules"])


def listed(name: str) -> dict[tuple[str, str], set[str]]:
    return {
        (group, resource): set(rule["verbs"])
        for role in rbac("ClusterRole")
        if role["metadata"]["name"] == name
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def test_what_may_be_listed_is_what_external_dns_looks_at() -> None:
    everywhere = {(kind.naming.group, kind.naming.plural): {"list"} for kind in SourceKind}

    assert listed("crossfade-neighbours") == everywhere


def test_what_runs_may_be_listed_in_the_namespaces_of_the_workloads_only() -> None:
    bound = {
        binding["metadata"]["namespace"]
        for binding in rbac("RoleBinding")
        if binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": RUNNING}
    }

    assert bound == {workload.namespace for workload in CONFIG.workloads}
    assert set(map(frozenset, listed(RUNNING).values())) == {frozenset({"list"})}
    assert all(binding["roleRef"]["name"] != RUNNING for binding in rbac("ClusterRoleBinding"))


def test_every_role_is_bound_to_the_functions_and_to_nobody_else() -> None:
    def place(manifest: Manifest, name: str) -> tuple[str | None, str]:
        return manifest["metadata"].get("namespace"), name

    roles, bindings = rbac("Role") + rbac("ClusterRole"), rbac("RoleBinding") + rbac("ClusterRoleBinding")
    shared = {(workload.namespace, RUNNING) for workload in CONFIG.workloads}
    bound = {place(binding, binding["roleRef"]["name"]) for binding in bindings} - shared
    subjects = [subject for binding in bindings for subject in binding["subjects"]]

    assert bound == {place(role, role["metadata"]["name"]) for role in roles} - {(None, RUNNING)}
    assert {(subject["kind"], subject["name"]) for subject in subjects} == {("Group", KUBERNETES_GROUP)}
