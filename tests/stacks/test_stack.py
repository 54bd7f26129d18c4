"""What the stacks promise around the state machine: permissions, records, messages, alarms, schedules, findings."""

import filecmp
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from crossfade.core.config import WORKLOADS_MAX, Config, check_config
from crossfade.core.host_records import together
from crossfade.names import KUBERNETES_GROUP, METRIC_NAMESPACE, OUTSIDE_THE_MACHINE, SERVICE, Env, Function, Metric
from stacks.asset import ROOT
from stacks.definition_check import read_definition
from stacks.functions import KUBERNETES_FUNCTIONS
from stacks.synth import STACK_NAME, synthesize, template
from tests.deployed import kept_template
from tests.stacks.conftest import DOCUMENT
from tests.stacks.reading import permissions, properties, resources

pytestmark = pytest.mark.xdist_group("stacks")
Json = dict[str, Any]

# --- Permissions -----------------------------------------------------------------------------------------------------

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


# --- Functions -------------------------------------------------------------------------------------------------------


def test_functions_run_python_3_14_on_arm_with_json_logs_and_traces(main_template: Json) -> None:
    for function in properties(main_template, "AWS::Lambda::Function"):
        assert (function["Runtime"], function["Architectures"]) == ("python3.14", ["arm64"])
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert 512 <= function["MemorySize"] <= 1024


def test_every_door_has_a_function_with_its_environment(main_template: Json) -> None:
    functions = properties(main_template, "AWS::Lambda::Function")
    purposes = {function["Handler"]: function["Environment"]["Variables"][Env.PURPOSE] for function in functions}

    assert purposes == {f"lambdas.{function.value}.handler": function.value for function in Function}
    for function in functions:
        variables = function["Environment"]["Variables"]

        assert {Env.TABLE, Env.TOPIC_ARN} <= set(variables)
        assert variables["POWERTOOLS_SERVICE_NAME"] == SERVICE
        assert variables["POWERTOOLS_METRICS_NAMESPACE"] == METRIC_NAMESPACE


def test_every_log_group_forgets_after_a_year_and_outlives_the_stack(main_template: Json) -> None:
    groups = resources(main_template, "AWS::Logs::LogGroup")

    assert len(groups) == len(Function) + 1
    for group in groups.values():
        assert group["Properties"]["RetentionInDays"] == 365
        assert group["DeletionPolicy"] == "Retain"


# --- Ledger, topic, alarms, schedules --------------------------------------------------------------------------------


def test_the_ledger_outlives_the_stack_and_can_be_restored(main_template: Json) -> None:
    (ledger,) = resources(main_template, "AWS::DynamoDB::Table").values()
    content = ledger["Properties"]

    assert ledger["DeletionPolicy"] == ledger["UpdateReplacePolicy"] == "Retain"
    assert content["DeletionProtectionEnabled"] is True
    assert content["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert content["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert [key["AttributeName"] for key in content["KeySchema"]] == ["pk", "sk"]


def test_configured_people_are_subscribed(main_template: Json) -> None:
    (subscription,) = properties(main_template, "AWS::SNS::Subscription")

    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "platform@example.com")


def test_the_topic_lets_alarms_of_this_account_publish_and_nobody_without_tls(main_template: Json) -> None:
    (policy,) = properties(main_template, "AWS::SNS::TopicPolicy")
    by_effect = {statement["Effect"]: statement for statement in policy["PolicyDocument"]["Statement"]}

    assert by_effect["Deny"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert by_effect["Allow"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert by_effect["Allow"]["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_crossfade_watches_itself_and_says_so(main_template: Json) -> None:
    alarms = properties(main_template, "AWS::CloudWatch::Alarm")
    watched = [alarm["MetricName"] for alarm in alarms]

    assert sorted(set(watched) - {"Errors"}) == [
        "ApproximateNumberOfMessagesVisible",
        "ExecutionsAborted",
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        Metric.GUARDIAN_ACTED,
        Metric.ROLLBACK_UNCONFIRMED,
    ]
    assert watched.count("Errors") == len(Function)
    for alarm in alarms:
        assert alarm["AlarmActions"]
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["AlarmDescription"]


@pytest.mark.parametrize("metric", [Metric.ROLLBACK_UNCONFIRMED, Metric.GUARDIAN_ACTED])
def test_own_metrics_are_asked_for_as_the_functions_send_them(main_template: Json, metric: Metric) -> None:
    (alarm,) = (alarm for alarm in properties(main_template, "AWS::CloudWatch::Alarm") if alarm["MetricName"] == metric)

    assert alarm["Namespace"] == METRIC_NAMESPACE
    assert alarm["Dimensions"] == [{"Name": "service", "Value": SERVICE}]


def test_the_dashboard_shows_what_judges_green(main_template: Json) -> None:
    (dashboard,) = properties(main_template, "AWS::CloudWatch::Dashboard")
    body = json.dumps(dashboard)

    for alarm in DOCUMENT["workloads"][0]["alarms"]:
        assert f":alarm:{alarm}" in body
    for metric in Metric:
        assert f'\\"{metric}\\"' in body, metric
    for workload in DOCUMENT["workloads"]:
        assert f'\\"workload\\",\\"{workload["name"]}\\"' in body


def test_a_schedule_is_off_by_default_and_starts_late_or_twice_never(main_template: Json) -> None:
    (schedule,) = properties(main_template, "AWS::Scheduler::Schedule")
    target = schedule["Target"]

    assert schedule["State"] == "DISABLED"
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == (
        "cron(0 6 ? * TUE *)",
        "Europe/Dublin",
    )
    assert "scheduler:::aws-sdk:sfn:startExecution" in str(target["Arn"])
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 3}
    assert target["DeadLetterConfig"]


def test_a_scheduled_start_is_named_after_its_delivery_and_runs_its_plan(main_template: Json) -> None:
    (schedule,) = properties(main_template, "AWS::Scheduler::Schedule")
    text = "".join(part if isinstance(part, str) else "arn" for part in schedule["Target"]["Input"]["Fn::Join"][1])
    request = json.loads(text)

    assert request["Name"] == "schedule-<aws.scheduler.execution-id>"
    assert json.loads(request["Input"]) == {"plan": "quick", "startedBy": "schedule tuesday-morning"}


def test_schedules_may_start_this_machine_and_nothing_else(main_template: Json) -> None:
    allowed = permissions(main_template, "SchedulesRole")

    assert set(allowed) == {
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:SendMessage",
        "states:StartExecution",
    }
    assert allowed["states:StartExecution"] == ["Machine"]


def test_without_schedules_there_is_no_scheduler(tmp_path: Path) -> None:
    config = check_config({**DOCUMENT, "triggers": {}, "notifications": {}}, now=None)

    bare = dict(template(synthesize(config, out_dir=tmp_path, code_only=True)))

    assert not resources(bare, "AWS::Scheduler::Schedule")
    assert not [queue for queue in resources(bare, "AWS::SQS::Queue") if not queue.startswith(("Guardian", "Report"))]
    assert not resources(bare, "AWS::SNS::Subscription")


def test_the_outputs_hold_what_a_person_needs_next(main_template: Json) -> None:
    outputs = {name for name in main_template["Outputs"] if not name.startswith("Exports")}

    assert outputs == {
        "StateMachineArn",
        "StateMachineConsole",
        "DashboardConsole",
        "StartCommand",
        "TopicArn",
        "TableName",
        "ReportBucketName",
        *(f"{title(function)}RoleArn" for function in KUBERNETES_FUNCTIONS),
    }
    start = json.dumps(main_template["Outputs"]["StartCommand"]["Value"])
    assert "aws stepfunctions start-execution --region eu-west-1" in start


# --- The guardian ----------------------------------------------------------------------------------------------------


def rules(template: Json) -> tuple[Json, Json]:
    """The rule for bad ends and the one for every minute."""
    found = [
        rule["Properties"]
        for name, rule in resources(template, "AWS::Events::Rule").items()
        if name.startswith("Guardian")
    ]
    (bad_end,) = (rule for rule in found if "EventPattern" in rule)
    (every_minute,) = (rule for rule in found if "ScheduleExpression" in rule)
    return bad_end, every_minute


def test_every_bad_end_of_our_machine_and_of_no_other_wakes_the_guardian(main_template: Json) -> None:
    bad_end, _ = rules(main_template)
    (machine,) = resources(main_template, "AWS::StepFunctions::StateMachine")

    assert bad_end["State"] == "ENABLED"
    assert bad_end["EventPattern"] == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": [{"Ref": machine}], "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
    }


def test_the_guardian_looks_every_minute_whatever_the_events_do(main_template: Json) -> None:
    _, every_minute = rules(main_template)

    assert (every_minute["ScheduleExpression"], every_minute["State"]) == ("rate(1 minute)", "ENABLED")


def test_what_wakes_the_guardian_comes_soon_or_ends_in_a_queue(main_template: Json) -> None:
    (guardian,) = (name for name in resources(main_template, "AWS::Lambda::Function") if "Guardian" in name)
    (queue,) = (name for name in resources(main_template, "AWS::SQS::Queue") if name.startswith("Guardian"))
    retries = []
    for rule in rules(main_template):
        (target,) = rule["Targets"]

        assert target["Arn"] == {"Fn::GetAtt": [guardian, "Arn"]}
        assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}
        assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 60
        retries.append(target["RetryPolicy"]["MaximumRetryAttempts"])
    assert retries == [5, 1]


def test_only_the_two_rules_may_wake_the_guardian(main_template: Json) -> None:
    permitted = [
        permission
        for permission in properties(main_template, "AWS::Lambda::Permission")
        if "Guardian" in str(permission["FunctionName"])
    ]

    assert sorted(permission["SourceArn"]["Fn::GetAtt"][0] for permission in permitted) == sorted(
        name for name in resources(main_template, "AWS::Events::Rule") if name.startswith("Guardian")
    )
    assert {permission["Principal"] for permission in permitted} == {"events.amazonaws.com"}


def alarm_rules(template: Json) -> list[Json]:
    found = properties(template, "AWS::Events::Rule")
    return [rule for rule in found if "aws.cloudwatch" in rule.get("EventPattern", {}).get("source", ())]


def test_an_alarm_of_the_configuration_that_goes_into_alarm_wakes_the_latch(main_template: Json) -> None:
    (rule,) = alarm_rules(main_template)
    (latch,) = (name for name in resources(main_template, "AWS::Lambda::Function") if "LatchAlarm" in name)
    (target,) = rule["Targets"]

    assert rule["State"] == "ENABLED"
    assert rule["EventPattern"] == {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {"alarmName": ["green-burnham-5xx", "green-burnham"], "state": {"value": ["ALARM"]}},
    }
    assert target["Arn"] == {"Fn::GetAtt": [latch, "Arn"]}
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 900


def test_one_guardian_at_a_time_with_room_kept_for_it(main_template: Json) -> None:
    functions = properties(main_template, "AWS::Lambda::Function")
    reserved = {
        f["Handler"]: f["ReservedConcurrentExecutions"] for f in functions if "ReservedConcurrentExecutions" in f
    }

    assert reserved == {"lambdas.guardian.handler": 1}


def test_an_old_event_is_not_handed_to_the_guardian_again(main_template: Json) -> None:
    found = properties(main_template, "AWS::Lambda::EventInvokeConfig")
    (invoked,) = (each for each in found if "Guardian" in each["FunctionName"]["Ref"])

    assert (invoked["MaximumEventAgeInSeconds"], invoked["MaximumRetryAttempts"]) == (60, 0)


def test_every_queue_takes_messages_over_tls_only_and_keeps_them_encrypted(main_template: Json) -> None:
    queues = resources(main_template, "AWS::SQS::Queue")
    refused = [
        statement["Resource"]["Fn::GetAtt"][0]
        for policy in properties(main_template, "AWS::SQS::QueuePolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    ]

    assert sorted(refused) == sorted(queues)
    assert all(queue["Properties"]["SqsManagedSseEnabled"] for queue in queues.values())


def test_whatever_lands_in_a_dead_letter_queue_is_told(
    main_template: Json,
) -> None:
    alarms = properties(main_template, "AWS::CloudWatch::Alarm")
    watching = [alarm for alarm in alarms if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"]
    watched = [alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0] for alarm in watching]

    assert sorted(watched) == sorted(resources(main_template, "AWS::SQS::Queue"))
    assert {(alarm["Threshold"], alarm["ComparisonOperator"]) for alarm in watching} == {
        (1, "GreaterThanOrEqualToThreshold")
    }
    assert any("start by a schedule" in alarm["AlarmDescription"] for alarm in watching)


# --- Findings --------------------------------------------------------------------------------------------------------

X_RAY = "X-Ray's PutTraceSegments has no resource to name."
X_RAY_AND_ALARMS = "Neither X-Ray's PutTraceSegments nor DescribeAlarms of composite alarms has a resource to name."
MACHINE = "X-Ray and the log delivery API (logs:CreateLogDelivery and its family) have no resource to name."
QUEUE = "This is the dead-letter queue itself."
NAMES = "Executions of this one state machine; each gets its name when it starts."
PARAMETERS = "The weights of record in this one zone; each exact name would fill the policy."
ACKNOWLEDGED = [
    *(
        (
            f"Crossfade/Functions/{title(function)}/Role",
            "IAM5[Resource::arn:aws:ssm:eu-west-1:<AWS::AccountId>:parameter/crossfade/estate.example.com/*]",
            PARAMETERS,
        )
        for function in Function
        if WEIGHTS.items() <= GOLDEN[function].items()
    ),
    *(
        (
            f"Crossfade/Functions/{title(function)}/Role",
            "IAM5[Resource::*]",
            X_RAY_AND_ALARMS if ALARMS.items() <= GOLDEN[function].items() else X_RAY,
        )
        for function in Function
    ),
    (
        "Crossfade/Functions/Guardian/Role",
        "IAM5[Resource::arn:aws:states:eu-west-1:<AWS::AccountId>:execution:<Machine.Name>:*]",
        NAMES,
    ),
    (
        "Crossfade/Functions/Report/Role",
        "IAM5[Resource::<ReportsBucket.Arn>/migrations/*]",
        "Reports in this one bucket; each gets its name when its migration starts.",
    ),
    ("Crossfade/Guardian/DeadLetters", "SQS3", QUEUE),
    ("Crossfade/ReportRules/DeadLetters", "SQS3", QUEUE),
    (
        "Crossfade/Reports/Bucket",
        "S1",
        "Access logs would need a second bucket; CloudTrail data events tell more.",
    ),
    ("Crossfade/Machine/Machine/Role", "IAM5[Resource::*]", MACHINE),
    ("Crossfade/Schedules/DeadLetters", "SQS3", QUEUE),
]


def test_nothing_is_found_that_is_not_acknowledged(checked: Path) -> None:
    report = json.loads((checked / "validation-report.json").read_text())
    found = [violation["ruleName"] for plugin in report["pluginReports"] for violation in plugin["violations"]]

    assert "AwsSolutions" in {plugin["pluginName"] for plugin in report["pluginReports"]}
    assert found == []


def test_every_acknowledgment_is_listed_here_with_its_reason(checked: Path) -> None:
    report = json.loads((checked / "validation-report.json").read_text())
    acknowledged = {
        (finding["acknowledgedAt"], _rule(finding["acknowledgedId"]), finding["reason"])
        for plugin in report["pluginReports"]
        for finding in plugin.get("suppressedViolations", ())
    }

    assert sorted(acknowledged) == sorted(ACKNOWLEDGED)


def _rule(acknowledged_id: str) -> str:
    """The rule without the pack's name, and without the hash in a logical id."""
    return re.sub(r"[0-9A-F]{8}\.", ".", acknowledged_id).removeprefix("AwsSolutions::AwsSolutions-")


def test_cfn_lint_finds_nothing(synthesized: Path) -> None:
    templates = [str(path) for path in sorted(synthesized.glob("*.template.json"))]

    linted = subprocess.run(  # noqa: S603  # our own tool on our own files
        [Path(sys.executable).with_name("cfn-lint"), *templates], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert linted.stdout + linted.stderr == ""
    assert linted.returncode == 0


# --- The same again --------------------------------------------------------------------------------------------------


def test_two_syntheses_are_identical_and_checks_change_nothing(synthesized: Path, checked: Path) -> None:
    names = sorted(path.name for path in synthesized.glob("*.template.json"))
    _, different, missing = filecmp.cmpfiles(synthesized, checked, names, shallow=False)

    assert len(names) == 2
    assert (different, missing) == ([], [])


def masked(content: Json) -> Json:
    """*content* without what changes with every line of code: the hashes of the asset and of the versions."""
    text = re.sub(r"[0-9a-f]{64}", "<asset>", json.dumps(content))
    text = re.sub(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32,40}", r"\1<version>", text)
    result: Json = json.loads(text)
    return result


def with_readable_definition(content: Json) -> Json:
    copy: Json = json.loads(json.dumps(content))
    (machine,) = properties(copy, "AWS::StepFunctions::StateMachine")
    machine["DefinitionString"] = dict(read_definition(content))
    return copy


def test_the_templates_are_as_last_reviewed(
    main_template: Json, access_template: Json, snapshot: SnapshotAssertion
) -> None:
    as_json = snapshot.use_extension(JSONSnapshotExtension)

    assert masked(with_readable_definition(main_template)) == as_json(name=STACK_NAME)
    assert masked(access_template) == as_json(name="access")


def test_the_app_synthesises_the_shipped_configuration_as_the_tests_do(tmp_path: Path) -> None:
    environment = {"CDK_OUTDIR": str(tmp_path), "CROSSFADE_CODE_ONLY": "1", "HOME": str(Path.home())}

    subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, check=True)

    assert template(tmp_path) == kept_template(ROOT / "crossfade.yaml")


def test_the_app_says_what_is_wrong_with_a_configuration(tmp_path: Path, config: Config) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(config.to_json().replace("estate-blue", "estate blue"))
    environment = {"CROSSFADE_CONFIG": str(wrong), "CDK_OUTDIR": str(tmp_path), "HOME": str(Path.home())}

    ended = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )

    assert ended.returncode == 1
    assert "clusters.blue.name" in ended.stderr
    assert "Traceback" not in ended.stderr


# --- Reports ---------------------------------------------------------------------------------------------------------


def test_the_bucket_of_reports_is_private_encrypted_and_forgets(main_template: Json) -> None:
    (bucket,) = properties(main_template, "AWS::S3::Bucket")
    (policy,) = properties(main_template, "AWS::S3::BucketPolicy")

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    encryption = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption[0]["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == 400
    assert {statement["Effect"] for statement in policy["PolicyDocument"]["Statement"]} == {"Deny"}
    assert "aws:SecureTransport" in str(policy)


def test_every_end_wakes_the_report_and_nothing_else_does(main_template: Json) -> None:
    patterns = [
        rule["EventPattern"]
        for rule in properties(main_template, "AWS::Events::Rule")
        if "FunctionsReport" in str(rule["Targets"])
    ]

    assert sorted(pattern["source"][0] for pattern in patterns) == ["aws.states", "crossfade"]
    assert any(
        pattern["detail"].get("status") == ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"] for pattern in patterns
    )
    assert any("rolled_back" in pattern["detail"].get("change", []) for pattern in patterns)
