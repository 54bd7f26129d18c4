"""Rules wake functions as EventBridge does: soon, at least once, and by the minute."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.world.conftest import NINE
from tests.world.machines import definition, echo, task, template
from world.clock import Clock
from world.cloud import Cloud
from world.events import UnknownRuleError, interval_of, matches
from world.functions import ServiceError
from world.template import TemplateError

Json = dict[str, Any]
BAKE = definition("Bake", Bake={"Type": "Wait", "Seconds": 300, "Next": "End"}, End={"Type": "Succeed"})
FAIL = definition("End", End={"Type": "Fail", "Error": "RolledBack", "Cause": "a bad alarm"})
TARGETS = [{"Id": "0", "Arn": {"Fn::GetAtt": ["Function0", "Arn"]}}]
BAD_END = {
    "EventPattern": {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": [{"Ref": "Machine"}], "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
    },
    "State": "ENABLED",
    "Targets": TARGETS,
}
EVERY_MINUTE = {"ScheduleExpression": "rate(1 minute)", "State": "ENABLED", "Targets": TARGETS}

Woken = list[tuple[timedelta, Json]]


def deploy(cloud: Cloud, clock: Clock, machine: Json, *rules: Json, handler: Callable[..., Any] | None = None) -> Woken:
    """Deploy *machine* and *rules* that wake one function; what it was woken with, and when since nine."""
    woken: Woken = []

    def note(event: Json, _context: object) -> None:
        woken.append((clock.now - NINE, event))

    body = template(machine, {"guardian": echo})
    for number, rule in enumerate(rules):
        body["Resources"][f"Rule{number}"] = {"Type": "AWS::Events::Rule", "Properties": rule}
    cloud.deploy(body, lambda _path: handler or note)
    return woken


def after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_a_stop_is_told_a_second_later_with_the_time_of_the_stop(cloud: Cloud, clock: Clock) -> None:
    woken = deploy(cloud, clock, BAKE, BAD_END)
    arn = cloud.start("tonight")
    clock.after(after(100), lambda: cloud.stop(arn, "Panic", "red button"))

    cloud.wait(arn)
    clock.sleep(10)

    ((at, event),) = woken
    assert at == after(101)
    assert (event["source"], event["time"], event["resources"]) == ("aws.states", "2026-11-24T09:01:40Z", [arn])
    detail = event["detail"]
    assert (detail["status"], detail["name"], detail["error"]) == ("ABORTED", "tonight", "Panic")
    assert detail["stateMachineArn"] == cloud.deployment.machine_arn


def test_a_failure_is_told(cloud: Cloud, clock: Clock) -> None:
    woken = deploy(cloud, clock, FAIL, BAD_END)

    cloud.run()
    clock.sleep(10)

    assert [event["detail"]["status"] for _, event in woken] == ["FAILED"]


def test_a_success_and_the_end_of_another_machine_are_not_let_through(cloud: Cloud, clock: Clock) -> None:
    other = {**BAD_END, "EventPattern": {"detail": {"stateMachineArn": ["arn:aws:states:::stateMachine:Other"]}}}
    woken = deploy(cloud, clock, BAKE, BAD_END, other)

    cloud.run()
    clock.sleep(10)

    assert woken == []


def test_an_event_may_come_twice(cloud: Cloud, clock: Clock) -> None:
    woken = deploy(cloud, clock, FAIL, BAD_END)
    cloud.events.copies = 2

    cloud.run()
    clock.sleep(10)

    assert len(woken) == 2
    assert woken[0] == woken[1]


def test_lost_events_are_lost_and_the_minutes_go_on(cloud: Cloud, clock: Clock) -> None:
    woken = deploy(cloud, clock, FAIL, BAD_END, EVERY_MINUTE)
    cloud.events.lost = True

    cloud.run()
    clock.sleep(150)

    assert [(at, event["detail-type"], event["time"]) for at, event in woken] == [
        (after(60), "Scheduled Event", "2026-11-24T09:01:00Z"),
        (after(120), "Scheduled Event", "2026-11-24T09:02:00Z"),
    ]


def test_a_rule_that_is_off_wakes_nobody(cloud: Cloud, clock: Clock) -> None:
    woken = deploy(cloud, clock, FAIL, BAD_END | {"State": "DISABLED"}, EVERY_MINUTE | {"State": "DISABLED"})

    cloud.run()
    clock.sleep(150)

    assert woken == []


def test_nothing_fires_when_the_cloud_is_gone(clock: Clock) -> None:
    with Cloud(clock) as cloud:
        woken = deploy(cloud, clock, BAKE, EVERY_MINUTE)

    clock.sleep(300)

    assert woken == []


def test_a_function_that_fails_or_cannot_be_called_disturbs_nobody(cloud: Cloud, clock: Clock) -> None:
    def fail(_event: Any, _context: Any) -> None:
        raise ValueError

    def refuse(_invocation: Any) -> None:
        if clock.now - NINE > after(90):
            raise ServiceError("TooManyRequestsException")

    deploy(cloud, clock, BAKE, EVERY_MINUTE, handler=fail)
    cloud.functions.before.append(refuse)

    assert cloud.run().status == "SUCCEEDED"


def test_a_woken_function_may_take_its_time(cloud: Cloud, clock: Clock) -> None:
    cloud.functions.before.append(lambda _invocation: clock.sleep(2))
    woken = deploy(cloud, clock, FAIL, BAD_END)

    cloud.run()
    clock.sleep(10)

    assert [at for at, _ in woken] == [after(3)]


def test_the_machine_and_its_rules_may_share_a_function(cloud: Cloud, clock: Clock) -> None:
    woken = deploy(cloud, clock, definition("Ask", Ask=task("guardian", End=True)), EVERY_MINUTE)

    cloud.run()
    clock.sleep(60)

    assert len(woken) == 2


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (BAD_END | {"EventPattern": {"source": [{"prefix": "aws."}]}}, "pattern .* of source"),
        (EVERY_MINUTE | {"ScheduleExpression": "cron(0 6 * * ? *)"}, "schedule cron"),
        (EVERY_MINUTE | {"Targets": [{"Id": "0", "Arn": "arn:aws:sqs:::queue"}]}, "target that is not known"),
        (EVERY_MINUTE | {"Targets": [TARGETS[0] | {"Input": "{}"}]}, "target that is not known"),
    ],
)
def test_what_a_rule_says_beyond_that_is_an_error(cloud: Cloud, clock: Clock, rule: Json, complaint: str) -> None:
    with pytest.raises((UnknownRuleError, TemplateError), match=complaint):
        deploy(cloud, clock, FAIL, rule)


@pytest.mark.parametrize(
    ("expression", "minutes"), [("rate(1 minute)", 1), ("rate(5 minutes)", 5), ("rate(2 hours)", 120)]
)
def test_rates_are_read(expression: str, minutes: int) -> None:
    assert interval_of(expression) == timedelta(minutes=minutes)


def test_a_pattern_wants_every_key_and_one_of_its_values() -> None:
    pattern = {"source": ["aws.states"], "detail": {"status": ["FAILED", "ABORTED"]}}

    assert matches(pattern, {"source": "aws.states", "detail": {"status": "ABORTED", "name": "x"}})
    assert not matches(pattern, {"source": "aws.states", "detail": {"status": "RUNNING"}})
    assert not matches(pattern, {"source": "aws.states", "detail": {}})
    assert not matches(pattern, {"source": "aws.states"})
