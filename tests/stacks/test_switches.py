"""Switches: a health check and its alarm for each workload that asks for one, and who may do what with them."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import assertions
from aws_cdk import aws_iam as iam

from crossfade.core.places import HostedZone
from crossfade.names import Function, switch_alarm
from stacks.grants import GRANTS, Switching, grant_switches
from stacks.switches import Switches
from tests.stacks.reading import permissions, properties
from tests.steps.scene import a_plan

ZONE = HostedZone(id="Z0EXAMPLE1234567890", name="estate.example.com")
WORKLOADS = [workload.model_copy(update={"switch": workload.name == "yelb"}) for workload in a_plan().workloads]


def made(switching: Switching = Switching.NONE, *, switched: bool = True) -> dict[str, Any]:
    """The template of a stack with the switches, and with a role that may do *switching*."""
    stack = cdk.Stack(cdk.App(), "Test", env=cdk.Environment(region="eu-west-1"))
    switches = Switches(stack, "Switches", zone=ZONE, workloads=WORKLOADS if switched else WORKLOADS[:1])
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    grant_switches(role, switching, switches.arns)
    return dict(assertions.Template.from_stack(stack).to_json())


def test_only_who_asks_gets_a_health_check_that_follows_its_own_alarm_and_stays_where_it_is_put() -> None:
    template = made()

    (alarm,) = properties(template, "AWS::CloudWatch::Alarm")
    (check,) = properties(template, "AWS::Route53::HealthCheck")
    name = switch_alarm(ZONE.id, "yelb")
    assert alarm["AlarmName"] == name
    assert check["HealthCheckConfig"] == {
        "Type": "CLOUDWATCH_METRIC",
        "AlarmIdentifier": {"Name": name, "Region": "eu-west-1"},
        "InsufficientDataHealthStatus": "LastKnownStatus",
    }
    (output,) = template["Outputs"].values()
    assert "yelb" in output["Description"]
    assert output["Value"]["Fn::GetAtt"][1] == "HealthCheckId"


def test_the_alarm_is_one_that_a_health_check_can_follow() -> None:
    """One metric of one minute with a plain statistic; missing data say nothing; of two values the lower counts."""
    (alarm,) = properties(made(), "AWS::CloudWatch::Alarm")

    assert {
        key: alarm[key] for key in ("Statistic", "Period", "EvaluationPeriods", "Threshold", "TreatMissingData")
    } == {
        "Statistic": "Minimum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "TreatMissingData": "missing",
    }
    assert "DatapointsToAlarm" not in alarm
    assert "Metrics" not in alarm


def test_who_flips_may_write_into_this_namespace_and_nothing_else() -> None:
    template = made(Switching.FLIP)

    assert permissions(template, "Role") == {"cloudwatch:PutMetricData": ["*"]}
    (policy,) = properties(template, "AWS::IAM::Policy")
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Crossfade/Switch"}}


def test_who_looks_may_read_these_health_checks_and_no_other() -> None:
    allowed = permissions(made(Switching.LOOK), "Role")

    assert list(allowed) == ["cloudwatch:GetMetricData", "route53:GetHealthCheck"]
    assert allowed["route53:GetHealthCheck"] == ["arn:*AWS::Partition*:route53:::healthcheck/*SwitchesyelbCheck*"]


def test_without_a_switch_there_is_nothing_to_see_and_nothing_is_allowed() -> None:
    for switching in Switching:
        template = made(switching, switched=False)
        assert {resource["Type"] for resource in template["Resources"].values()} == {"AWS::IAM::Role"}
        assert "Outputs" not in template


def test_the_preflight_looks_and_only_what_gives_back_flips() -> None:
    held = {function: grant.switches for function, grant in GRANTS.items() if grant.switches is not Switching.NONE}

    assert held == {
        Function.PREFLIGHT: Switching.LOOK,
        Function.ROLL_BACK: Switching.FLIP,
        Function.GUARDIAN: Switching.FLIP,
    }
