"""What the stacks promise around the state machine: functions, ledger, topic, alarms, schedules, reports."""

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

from crossfade.core.config import Config, check_config
from crossfade.names import METRIC_NAMESPACE, SERVICE, Env, Function, Metric
from stacks.asset import ROOT
from stacks.definition_check import read_definition
from stacks.functions import KUBERNETES_FUNCTIONS
from stacks.synth import STACK_NAME, synthesize, template
from tests.deployed import kept_template
from tests.stacks.conftest import DOCUMENT
from tests.stacks.reading import permissions, properties, resources
from tests.stacks.test_grants import title

pytestmark = pytest.mark.xdist_group("stacks")
Json = dict[str, Any]

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
