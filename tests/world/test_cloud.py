"""The embedded cloud is closed against this machine and against every other one."""

import os
import time
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore import endpoint

from tests.world.machines import definition, deploy, echo, task, template
from world.clock import Clock
from world.cloud import Cloud, Message, StuckError

END = {"Type": "Succeed"}


def test_the_profiles_and_endpoints_of_this_machine_are_out_of_sight(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://aws.example.com")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    before = dict(os.environ)

    with Cloud(clock, region="eu-central-1"):
        assert boto3.client("sts").get_caller_identity()["Account"] == "123456789012"
        assert boto3.Session().region_name == "eu-central-1"

    assert dict(os.environ) == before


def test_clients_of_this_process_wait_for_no_real_time_while_the_cloud_is_open(clock: Clock) -> None:
    with Cloud(clock):
        during = vars(endpoint)["time"]
        during.sleep(10**6)

    assert (during is time, vars(endpoint)["time"] is time) == (False, True)


def test_one_cloud_knows_nothing_of_another(clock: Clock) -> None:
    for _ in range(2):
        with Cloud(clock) as cloud:
            cloud.deploy(template(definition("End", End=END), {}), lambda _path: echo)

            assert boto3.client("dynamodb").list_tables()["TableNames"] == [cloud.deployment.table]


def test_time_can_be_stepped_while_an_execution_runs(cloud: Cloud, clock: Clock) -> None:
    machine = definition("Bake", Bake={"Type": "Wait", "Seconds": 300, "Next": "Ask"}, Ask=task("echo", End=True))
    deploy(cloud, machine, echo=echo)
    arn = cloud.start()

    clock.sleep(299)
    before = cloud.describe(arn).status
    with pytest.raises(ValueError, match="still runs"):
        _ = cloud.describe(arn).seconds
    clock.sleep(1)

    assert (before, cloud.describe(arn).status) == ("RUNNING", "SUCCEEDED")


def test_an_execution_that_does_not_end_is_stuck_and_says_where(cloud: Cloud) -> None:
    deploy(cloud, definition("Bake", Bake={"Type": "Wait", "Seconds": 10_000_000, "End": True}))

    with pytest.raises(StuckError, match="still runs after 15 days, in Bake"):
        cloud.run()


def test_waiting_for_what_has_ended_takes_no_time(cloud: Cloud, clock: Clock) -> None:
    deploy(cloud, definition("End", End=END))
    ended = cloud.run()
    clock.sleep(60)

    cloud.wait(ended.arn)

    assert clock.now - ended.started == timedelta(seconds=60)


def test_nothing_runs_on_when_the_cloud_is_gone(clock: Clock) -> None:
    called: list[Any] = []
    with Cloud(clock) as cloud:
        machine = definition("Bake", Bake={"Type": "Wait", "Seconds": 300, "Next": "Ask"}, Ask=task("work", End=True))
        deploy(cloud, machine, work=lambda event, _context: called.append(event))
        cloud.start()
        clock.sleep(10)

    clock.sleep(600)

    assert called == []


def test_functions_get_the_variables_of_the_template_and_those_of_the_caller(cloud: Cloud) -> None:
    def handler(_event: Any, _context: Any) -> Any:
        return [os.environ["CROSSFADE_TABLE"], os.environ["CROSSFADE_CONFIG_FILE"]]

    body = template(
        definition("Ask", Ask=task("work", End=True)),
        {"work": handler},
        Environment={"Variables": {"CROSSFADE_TABLE": {"Ref": "Table"}}},
    )
    cloud.deploy(body, lambda _path: handler, environment={"CROSSFADE_CONFIG_FILE": "here.json"})

    assert cloud.run().output == [cloud.deployment.table, "here.json"]


def test_notices_can_be_read(cloud: Cloud) -> None:
    def tell(_event: Any, _context: Any) -> None:
        for subject in ("First", "Second"):
            boto3.client("sns").publish(TopicArn=cloud.deployment.topic_arn, Subject=subject, Message="text")

    deploy(cloud, definition("Tell", Tell=task("tell", End=True)), tell=tell)

    cloud.run()

    assert cloud.messages == [Message("First", "text"), Message("Second", "text")]


def test_the_lines_of_all_functions_are_in_one_log(cloud: Cloud) -> None:
    def speak(_event: Any, context: Any) -> None:
        print(context.function_name)  # noqa: T201  # what is tested

    machine = definition("One", One=task("one", Next="Two"), Two=task("two", End=True))
    deploy(cloud, machine, one=speak, two=speak)

    cloud.run()

    assert [(line.function, line.text) for line in cloud.logs] == [("one", "one"), ("two", "two")]
