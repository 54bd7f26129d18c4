"""Who may do what: the roles of the functions and of the machine, and the ways into the clusters."""

import json
from pathlib import Path
from typing import Any

import pytest

from crossfade.core.config import WORKLOADS_MAX, Config, check_config
from crossfade.core.host_records import together
from crossfade.names import KUBERNETES_GROUP, OUTSIDE_THE_MACHINE, Function
from stacks.functions import KUBERNETES_FUNCTIONS
from stacks.synth import synthesize, template
from tests.stacks.conftest import DOCUMENT
from tests.stacks.reading import alarm_rules, permissions, properties, resources

pytestmark = pytest.mark.xdist_group("stacks")
Json = dict[str, Any]

ALWAYS = {
    "logs:CreateLogStream": ["{logs}"],
    "logs:PutLogEvents": ["{logs}"],
    "xray:PutTelemetryRecords": ["*"],
    "xray:PutTraceSegments": ["*"],
}
TRAFFIC = {
    "eks:DescribeCluster": [
        "arn:aws:eks:eu-west-1:*account*:cluster/estate-blue",
        "arn:aws:eks:eu-west-1:*account*:cluster/estate-green",
    ],
    "route53:ListResourceRecordSets": ["arn:aws:route53:::hostedzone/Z0EXAMPLE1234567890"],
}
ALARMS = {"cloudwatch:DescribeAlarms": ["*"]}
REQUESTS = {
    "cloudwatch:GetMetricData": ["*"],
    "elasticloadbalancing:DescribeLoadBalancers": ["*"],
    "elasticloadbalancing:DescribeTags": ["*"],
    "elasticloadbalancing:DescribeTargetGroups": ["*"],
    "route53:ListResourceRecordSets": ["arn:aws:route53:::hostedzone/Z0EXAMPLE1234567890"],
}
TARGETS = {
    f"elasticloadbalancing:Describe{what}": ["*"]
    for what in ("LoadBalancerAttributes", "LoadBalancers", "TargetGroupAttributes", "TargetGroups", "TargetHealth")
}
SURVEY = TARGETS | {"elasticloadbalancing:DescribeTags": ["*"], "route53:ListHostedZonesByName": ["*"]}
INSIGHTS = {"eks:DescribeInsight": TRAFFIC["eks:DescribeCluster"], "eks:ListInsights": TRAFFIC["eks:DescribeCluster"]}
ZONE = "arn:aws:route53:::hostedzone/Z0EXAMPLE1234567890"
PROTECTIONS = {"route53:ListResourceRecordSetProtections": [ZONE]}
RECORDS = {"route53:ChangeResourceRecordSets": [ZONE]}
PUBLISH = {"sns:Publish": ["NotificationsTopic"]}
WEIGHTS = {"ssm:PutParameter": ["arn:aws:ssm:eu-west-1:*account*:parameter/crossfade/estate.example.com/*"]}
ANNOUNCE = {"events:PutEvents": ["arn:aws:events:eu-west-1:*account*:event-bus/default"]}
EXECUTIONS = {"states:DescribeExecution": ["arn:aws:states:eu-west-1:*account*:execution:*Machine*:*"]}


def table(*actions: str) -> dict[str, list[str]]:
    return {f"dynamodb:{action}": ["LedgerTable"] for action in actions}


RECORD = table("GetItem", "PutItem")
LEASES = table("Query")
EPOCH = table("UpdateItem")
GOLDEN = {
    Function.RESOLVE_PLAN: RECORD | ANNOUNCE,
    Function.TAKE_LEASE: RECORD | LEASES | EPOCH,
    Function.PREFLIGHT: RECORD | LEASES | TRAFFIC | ALARMS | SURVEY | INSIGHTS | PROTECTIONS,
    Function.RECORD_BASELINE: RECORD | LEASES | TRAFFIC,
    Function.SHIFT_TRAFFIC: RECORD | ANNOUNCE | LEASES | TRAFFIC | ALARMS | TARGETS | WEIGHTS,
    Function.CHECK_HEALTH: RECORD | ANNOUNCE | LEASES | ALARMS | REQUESTS | PUBLISH,
    Function.COMPLETE: RECORD | ANNOUNCE | LEASES | EPOCH | TRAFFIC | PUBLISH | WEIGHTS,
    Function.ROLL_BACK: RECORD | LEASES | EPOCH | TRAFFIC | REQUESTS | RECORDS | WEIGHTS,
    Function.CONFIRM_ROLLBACK: RECORD | ANNOUNCE | EPOCH | TRAFFIC | REQUESTS | PUBLISH | WEIGHTS,
    Function.GUARDIAN: RECORD
    | ANNOUNCE
    | ALARMS
    | LEASES
    | EPOCH
    | TRAFFIC
    | REQUESTS
    | RECORDS
    | PUBLISH
    | WEIGHTS
    | EXECUTIONS,
    Function.REPORT: table("GetItem") | LEASES | REQUESTS | {"s3:PutObject": ["*ReportsBucket*/migrations/*"]},
    Function.LATCH_ALARM: RECORD | LEASES | EPOCH | {"states:SendTaskSuccess": ["Machine"]},
}


def title(function: Function) -> str:
    return function.value.title().replace("_", "")


@pytest.mark.parametrize("function", Function)
def test_roles_hold_exactly_these_actions(main_template: Json, function: Function) -> None:
    logs = f"Functions{title(function)}Logs"
    always = {action: [on.format(logs=logs) for on in resources] for action, resources in ALWAYS.items()}

    assert permissions(main_template, f"Functions{title(function)}Role") == dict(
        sorted((always | GOLDEN[function]).items())
    )


def conditions(template: Json, function: Function) -> list[Json]:
    """Under which each statement of *function* lets records be changed."""
    return [
        statement["Condition"]
        for policy in properties(template, "AWS::IAM::Policy")
        if policy["Roles"][0]["Ref"].startswith(f"Functions{title(function)}Role")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "route53:ChangeResourceRecordSets"
    ]


def names(template: Json, function: Function) -> list[list[str]]:
    key = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
    return [found["ForAllValues:StringEquals"][key] for found in conditions(template, function)]


@pytest.mark.parametrize("function", [Function.ROLL_BACK, Function.GUARDIAN])
def test_a_way_back_may_swap_the_records_of_the_configured_hosts_and_nothing_else(
    main_template: Json, function: Function
) -> None:
    host = "burnham.estate.example.com"
    values = {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": [
            host,
            f"a-{host}",
            f"aaaa-{host}",
            f"cname-{host}",
            f"_crossfade.{host}",
        ],
        "route53:ChangeResourceRecordSetsRecordTypes": ["A", "AAAA", "CNAME", "TXT"],
        "route53:ChangeResourceRecordSetsActions": ["CREATE", "DELETE"],
    }

    assert conditions(main_template, function) == [
        {"ForAllValues:StringEquals": values, "Null": dict.fromkeys(values, "false")}
    ]


def a_workload(name: str, **more: Any) -> Json:
    host = f"{name}.estate.example.com"
    return {"name": name, "namespace": "n", "ingress": name, "host": host, "alarms": ["green"]} | more


@pytest.mark.parametrize("function", [Function.SHIFT_TRAFFIC, Function.COMPLETE])
def test_on_the_way_forward_only_records_that_no_external_dns_keeps_may_be_changed(
    tmp_path: Path, function: Function
) -> None:
    identifiers = {"blue": "blue", "green": "green"}
    workloads = [a_workload("kept"), a_workload("own", router="route53", identifiers=identifiers)]
    config = check_config({**DOCUMENT, "workloads": workloads}, now=None)
    mixed = dict(template(synthesize(config, out_dir=tmp_path, code_only=True)))

    assert [found[0] for found in names(mixed, function)] == ["own.estate.example.com"]
    assert len(names(mixed, Function.ROLL_BACK)[0]) == 10


def test_the_largest_estate_has_a_statement_for_every_request_and_all_of_it_fits(
    tmp_path: Path,
) -> None:
    hosts = [f"a-service-with-a-long-name-{number}" for number in range(WORKLOADS_MAX)]
    workloads = [a_workload(host, alarms=[f"eks-blueprint-green-{host}-5xx"]) for host in hosts]
    config = check_config({**DOCUMENT, "workloads": workloads}, now=None)
    large = dict(template(synthesize(config, out_dir=tmp_path, code_only=True)))
    managed = properties(large, "AWS::IAM::ManagedPolicy")
    statements = [
        len(
            statement["Condition"]["ForAllValues:StringEquals"]["route53:ChangeResourceRecordSetsNormalizedRecordNames"]
        )
        for policy in [*managed, *properties(large, "AWS::IAM::Policy")]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "route53:ChangeResourceRecordSets"
    ]

    assert sorted(statements) == sorted(
        [5 * len(group) for group in together([f"{host}.estate.example.com" for host in hosts])] * 2
    )
    assert all(len(json.dumps(policy["PolicyDocument"], separators=(",", ":"))) < 6144 for policy in managed)
    patterns = [rule["EventPattern"] for rule in alarm_rules(large)]
    assert sum(len(pattern["detail"]["alarmName"]) for pattern in patterns) == len(hosts)
    assert all(len(json.dumps(pattern, separators=(",", ":"))) <= 2048 for pattern in patterns)


ELB = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
RULE = f"{ELB}:listener-rule/app/shared/0123456789abcdef/0123456789abcdef"
LISTENER = f"{ELB}:listener/app/shared/0123456789abcdef/0123456789abcdef"
WRITERS = (Function.SHIFT_TRAFFIC, Function.COMPLETE, Function.ROLL_BACK, Function.GUARDIAN)


def behind_a_rule(number: int, *, default: bool = False) -> Json:
    groups = {side: f"{ELB}:targetgroup/shop-{number}-{side}/0123456789abcdef" for side in ("blue", "green")}
    alb = {"rule": LISTENER if default else f"{RULE}/{number:016x}", "binding": "shop", **groups}
    workload = a_workload(f"shop-{number}", router="alb", alb=alb)
    return {key: value for key, value in workload.items() if key != "ingress"}


def ruled(tmp_path: Path, *workloads: Json) -> Json:
    config = check_config({**DOCUMENT, "workloads": list(workloads)}, now=None)
    return dict(template(synthesize(config, out_dir=tmp_path, code_only=True)))


@pytest.fixture(scope="module")
def behind_rules(tmp_path_factory: pytest.TempPathFactory) -> Json:
    return ruled(tmp_path_factory.mktemp("rules"), behind_a_rule(1), behind_a_rule(2, default=True))


@pytest.mark.parametrize("function", Function)
def test_only_who_moves_traffic_may_change_a_rule_and_only_the_configured_ones(
    behind_rules: Json, function: Function
) -> None:
    held = permissions(behind_rules, f"Functions{title(function)}Role")
    changing = {action: on for action, on in held.items() if "Modify" in action or action.endswith("veTags")}
    wanted = {
        "elasticloadbalancing:ModifyListener": [LISTENER],
        "elasticloadbalancing:ModifyRule": [f"{RULE}/{1:016x}"],
        "elasticloadbalancing:RemoveTags": [LISTENER, f"{RULE}/{1:016x}"],
    }

    assert {action: sorted(on) for action, on in changing.items()} == (
        {action: sorted(on) for action, on in wanted.items()} if function in WRITERS else {}
    )
    assert "route53:ChangeResourceRecordSets" not in held


@pytest.mark.parametrize("role", ["FunctionsConfirmRollbackRole", "FunctionsCheckHealthRole"])
def test_whoever_reads_traffic_or_looks_for_drift_may_read_rules(behind_rules: Json, role: str) -> None:
    held = permissions(behind_rules, role)

    assert held["elasticloadbalancing:DescribeRules"] == held["elasticloadbalancing:DescribeListeners"] == ["*"]


def test_many_rules_fit_into_the_policies(tmp_path: Path) -> None:
    large = ruled(tmp_path, *(behind_a_rule(number) for number in range(WORKLOADS_MAX)))
    managed = properties(large, "AWS::IAM::ManagedPolicy")
    every = [*managed, *properties(large, "AWS::IAM::Policy")]
    rules = [
        rule
        for policy in every
        for statement in policy["PolicyDocument"]["Statement"]
        if "elasticloadbalancing:ModifyRule" in statement["Action"]
        for rule in statement["Resource"]
    ]

    assert len(rules) == WORKLOADS_MAX * len(WRITERS)
    assert all(len(json.dumps(policy["PolicyDocument"], separators=(",", ":"))) < 6144 for policy in managed)
    inline = [p for p in properties(large, "AWS::IAM::Policy") if "RollBack" in json.dumps(p["Roles"])]
    assert sum(len(json.dumps(policy["PolicyDocument"], separators=(",", ":"))) for policy in inline) < 10_240


def test_the_machine_may_invoke_exactly_the_published_versions_and_page_one_topic(main_template: Json) -> None:
    allowed = permissions(main_template, "MachineRole")

    assert allowed["lambda:InvokeFunction"] == sorted(
        f"Functions{title(function)}FunctionCurrentVersion"
        for function in Function
        if function not in OUTSIDE_THE_MACHINE
    )
    assert allowed["sns:Publish"] == ["NotificationsTopic"]
    assert {action.split(":")[0] for action in allowed} == {"dynamodb", "lambda", "logs", "sns", "xray"}


def test_the_machine_writes_nothing_of_the_ledger_but_bells(main_template: Json) -> None:
    allowed = permissions(main_template, "MachineRole")
    (condition,) = (
        statement["Condition"]
        for policy in properties(main_template, "AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if policy["Roles"][0]["Ref"].startswith("MachineRole") and statement["Action"] == "dynamodb:UpdateItem"
    )

    assert {action: on for action, on in allowed.items() if action.startswith("dynamodb")} == EPOCH
    assert condition == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["BELL#*"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }


def test_no_role_is_shared_and_none_has_a_managed_policy(main_template: Json) -> None:
    roles = resources(main_template, "AWS::IAM::Role")
    used = [function["Role"]["Fn::GetAtt"][0] for function in properties(main_template, "AWS::Lambda::Function")]

    assert len(set(used)) == len(used) == len(Function)
    assert not any("ManagedPolicyArns" in role["Properties"] for role in roles.values())


def test_the_functions_that_talk_to_clusters_have_an_entry_in_both(access_template: Json) -> None:
    entries = properties(access_template, "AWS::EKS::AccessEntry")
    seen = sorted((entry["ClusterName"], entry["PrincipalArn"]["Fn::ImportValue"]) for entry in entries)

    for cluster in ("estate-blue", "estate-green"):
        principals = [principal for name, principal in seen if name == cluster]

        assert len(principals) == len(KUBERNETES_FUNCTIONS)
        assert all(any(title(f) in principal for principal in principals) for f in KUBERNETES_FUNCTIONS)
    assert {tuple(entry["KubernetesGroups"]) for entry in entries} == {(KUBERNETES_GROUP,)}


def test_health_is_judged_by_a_function_without_a_way_into_the_clusters() -> None:
    assert Function.CHECK_HEALTH not in KUBERNETES_FUNCTIONS


IRELAND = {"name": "estate-west", "region": "eu-west-1"}
FRANKFURT = {"name": "estate-central", "region": "eu-central-1"}


def in_two_regions(*, blue: Json, green: Json) -> Config:
    return check_config(DOCUMENT | {"clusters": {"blue": blue, "green": green}}, now=None)


def test_clusters_in_two_regions_get_an_access_stack_each(tmp_path: Path) -> None:
    synthesize(in_two_regions(blue=IRELAND, green=FRANKFURT), out_dir=tmp_path, code_only=True, account="123456789012")

    first, second = (
        {entry["ClusterName"] for entry in properties(dict(template(tmp_path, name)), "AWS::EKS::AccessEntry")}
        for name in ("CrossfadeAccess", "CrossfadeAccess-eu-west-1")
    )
    assert (first, second) == ({"estate-central"}, {"estate-west"})


def test_a_hub_gets_access_entries_in_its_region_and_moves_nothing_else(tmp_path: Path) -> None:
    hub = {"name": "platform-hub", "region": "af-south-1"}
    secret = {"name": "{cluster}", "key": "route53_weight"}
    argocd = {"router": "argocd", "argocd": {"hub": hub, "applications": ["team"], "secret": secret}}
    workloads = [{**DOCUMENT["workloads"][0], **argocd}, *DOCUMENT["workloads"][1:]]
    config = check_config(DOCUMENT | {"workloads": workloads}, now=None)
    synthesize(config, out_dir=tmp_path, code_only=True, account="123456789012")

    entries = properties(dict(template(tmp_path, "CrossfadeAccess-af-south-1")), "AWS::EKS::AccessEntry")
    assert {entry["ClusterName"] for entry in entries} == {"platform-hub"}
    assert json.loads((tmp_path / "manifest.json").read_text())["artifacts"]["Crossfade"]["environment"].endswith(
        config.clusters.blue.region
    )
    assert "platform-hub" in json.dumps(template(tmp_path))


def test_the_ledger_does_not_move_when_blue_and_green_swap(tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    synthesize(in_two_regions(blue=IRELAND, green=FRANKFURT), out_dir=there, code_only=True, account="123456789012")
    synthesize(in_two_regions(blue=FRANKFURT, green=IRELAND), out_dir=back, code_only=True, account="123456789012")

    environments = [
        {
            name: stack["environment"]
            for name, stack in json.loads((out / "manifest.json").read_text())["artifacts"].items()
            if stack["type"] == "aws:cloudformation:stack"
        }
        for out in (there, back)
    ]
    assert environments[0] == environments[1]
    assert environments[0]["Crossfade"] == "aws://123456789012/eu-central-1"
    assert template(there, "CrossfadeAccess") == template(back, "CrossfadeAccess")


def test_clusters_in_two_regions_without_an_account_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sign in to AWS"):
        synthesize(in_two_regions(blue=IRELAND, green=FRANKFURT), out_dir=tmp_path, code_only=True)
