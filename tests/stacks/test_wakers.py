"""What wakes the guardian and the latch, and where an event ends that nobody took."""

from typing import Any

import pytest

from tests.stacks.reading import alarm_rules, properties, resources

pytestmark = pytest.mark.xdist_group("stacks")
Json = dict[str, Any]


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
