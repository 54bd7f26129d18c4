"""Schedules start executions as EventBridge Scheduler does: by local time, at least once, and not too late."""

import json
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from tests.world.conftest import NINE
from tests.world.machines import definition, template
from world.clock import Clock
from world.cloud import Cloud
from world.events import UnknownRuleError
from world.schedules import LATENESS, Schedule
from world.step_functions import Execution

Json = dict[str, Any]
MACHINE = definition("End", End={"Type": "Succeed"})
QUEUE = {"Fn::GetAtt": ["Late", "Arn"]}
REQUEST = {"StateMachineArn": "MACHINE", "Name": "schedule-<aws.scheduler.execution-id>", "Input": '{"plan": "quick"}'}


def deploy(cloud: Cloud, expression: str, *, timezone: str = "UTC", state: str = "ENABLED", **changes: Json) -> None:
    """A machine, and a schedule that may start it, give up after 150 s, and leave a dead letter then."""
    body = template(MACHINE, {})
    before, _, after = json.dumps(REQUEST).partition("MACHINE")
    target = {
        "Arn": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":scheduler:::aws-sdk:sfn:startExecution"]]},
        "Input": {"Fn::Join": ["", [before, {"Ref": "Machine"}, after]]},
        "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        "RetryPolicy": {"MaximumEventAgeInSeconds": 150, "MaximumRetryAttempts": 3},
        "DeadLetterConfig": {"Arn": QUEUE},
    }
    may = [
        {"Effect": "Allow", "Action": "states:StartExecution", "Resource": {"Ref": "Machine"}},
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE},
    ]
    schedule = {
        "ScheduleExpression": expression,
        "ScheduleExpressionTimezone": timezone,
        "State": state,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
    }
    policy = {"Roles": [{"Ref": "Role"}], "PolicyDocument": {"Statement": may}}
    body["Resources"] |= {
        "Late": {"Type": "AWS::SQS::Queue"},
        "Policy": {"Type": "AWS::IAM::Policy", "Properties": policy | changes.get("policy", {})},
        "Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": schedule | changes.get("schedule", {})},
    }
    cloud.deploy(body, pytest.fail)


@pytest.fixture
def ended(cloud: Cloud) -> list[Execution]:
    """What has ended, in order."""
    found: list[Execution] = []
    cloud.on_end(found.append)
    return found


def test_it_starts_in_the_minute_of_its_expression_under_the_name_of_the_delivery(
    cloud: Cloud, clock: Clock, ended: list[Execution]
) -> None:
    deploy(cloud, "cron(30 10 ? * TUE *)", timezone="Europe/Berlin")  # an hour ahead of UTC in November

    clock.sleep(8 * 24 * 3600)

    at = [execution.started - NINE for execution in ended]
    assert at == [timedelta(minutes=30) + LATENESS, timedelta(days=7, minutes=30) + LATENESS]
    assert len({execution.name for execution in ended}) == 2
    assert all(execution.name.startswith("schedule-0000") for execution in ended)
    assert [execution.input for execution in ended] == [{"plan": "quick"}] * 2


@pytest.mark.parametrize(
    ("expression", "hours"),
    [
        ("at(2026-11-24T11:00:00)", [1]),  # 11:00 in Berlin
        ("at(2026-11-24T09:00:00)", []),  # past
        ("rate(2 hours)", [0, 2, 4]),  # the first one at once, as without a start date
        ("cron(0 11-15/2 * NOV,DEC ? 2026)", [1, 3, 5]),
    ],
)
def test_expressions_fire_when_documented(expression: str, hours: list[int]) -> None:
    schedule = Schedule(expression, "Europe/Berlin", "", timedelta(minutes=15), 3, (), "")
    assert [at - NINE for at in islice(schedule.firings(NINE), 3)] == [timedelta(hours=hour) for hour in hours]


def test_a_time_that_a_clock_change_leaves_out_does_not_fire() -> None:
    schedule = Schedule("cron(30 2 * * ? *)", "Europe/Berlin", "", timedelta(minutes=15), 3, (), "")
    saturday = datetime(2026, 3, 28, 0, tzinfo=UTC)
    assert [f"{at:%d %H:%M}" for at in islice(schedule.firings(saturday), 2)] == ["28 01:30", "30 00:30"]


def test_a_cron_that_never_fires_ends_and_one_that_is_not_known_says_so() -> None:
    def firings(expression: str) -> list[datetime]:
        return list(islice(Schedule(expression, "UTC", "", timedelta(), 0, (), "").firings(NINE), 1))

    assert firings("cron(0 9 31 FEB ? *)") == []
    for unknown in ("cron(0 9 LW * ? *)", "cron(0 9 ? * 3#2 *)", "rate(1 week)"):
        with pytest.raises(UnknownRuleError):
            firings(unknown)


def test_a_schedule_that_is_off_starts_nothing(cloud: Cloud, clock: Clock, ended: list[Execution]) -> None:
    deploy(cloud, "rate(1 minute)", state="DISABLED")

    clock.sleep(180)

    assert ended == []


def test_a_start_may_be_delivered_twice_under_two_names(cloud: Cloud, clock: Clock, ended: list[Execution]) -> None:
    cloud.schedules.copies = 2
    deploy(cloud, "rate(1 hour)")

    clock.sleep(60)

    assert len({execution.name for execution in ended}) == 2


def test_a_start_that_fails_is_tried_again_and_given_up_when_it_is_too_old(
    cloud: Cloud, clock: Clock, ended: list[Execution]
) -> None:
    deploy(cloud, "rate(1 hour)")
    cloud.schedules.unreachable_until = clock.now + timedelta(seconds=70)

    clock.sleep(1800)
    cloud.schedules.unreachable_until = clock.now + timedelta(hours=1)
    clock.sleep(3600)

    assert [execution.started - NINE for execution in ended] == [LATENESS + timedelta(minutes=1)]
    (dead,) = cloud.schedules.dead
    assert dead.queue.endswith(":Crossfade-Late")
    assert "does not answer" in dead.error


def test_a_role_that_may_not_start_the_machine_starts_nothing(
    cloud: Cloud, clock: Clock, ended: list[Execution]
) -> None:
    may_tell = [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE}]
    deploy(cloud, "rate(1 hour)", policy={"PolicyDocument": {"Statement": may_tell}})

    clock.sleep(1800)

    assert ended == []
    assert "may not start this machine" in cloud.schedules.dead[0].error


def test_a_window_that_nobody_has_modelled_is_refused(cloud: Cloud) -> None:
    flexible = {"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}}
    with pytest.raises(UnknownRuleError, match="FLEXIBLE"):
        deploy(cloud, "rate(1 hour)", schedule=flexible)
