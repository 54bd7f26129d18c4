"""Another process asks the embedded cloud over HTTP, as it would ask AWS."""

import threading
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from http.client import HTTPConnection
from typing import Any

import boto3
import pytest

from tests.world.machines import definition, template
from world.clock import Clock
from world.cloud import Cloud
from world.gateway import Gateway


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    made = Gateway()
    with made.open():
        yield made


def ask(gateway: Gateway, question: Callable[[], Any]) -> Any:
    """Ask from another thread, as another process would, while this one serves."""
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(question()), daemon=True)
    asking.start()
    while asking.is_alive():
        gateway.serve(0.01)
    return answers[0]


def test_an_execution_is_started_from_outside_and_answers_carry_the_virtual_date(
    cloud: Cloud, clock: Clock, gateway: Gateway
) -> None:
    cloud.deploy(template(definition("End", End={"Type": "Succeed"}), {}), pytest.fail)
    machine = cloud.deployment.machine_arn
    client = boto3.client("stepfunctions", endpoint_url=gateway.url)

    answer = ask(gateway, lambda: client.start_execution(stateMachineArn=machine, name="outside"))
    clock.sleep(1)

    assert cloud.describe(answer["executionArn"]).status == "SUCCEEDED"
    assert answer["ResponseMetadata"]["HTTPHeaders"]["date"] == "Tue, 24 Nov 2026 09:00:00 GMT"
    assert format_datetime(clock.now, usegmt=True) == "Tue, 24 Nov 2026 09:00:01 GMT"


def test_a_stack_is_found_and_what_lies_in_a_bucket(cloud: Cloud, gateway: Gateway) -> None:
    cloud.add_stack("Crossfade", {"TableName": "ledger"})
    here = boto3.client("s3")
    here.create_bucket(Bucket="reports", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    here.put_object(Bucket="reports", Key="migrations/tonight.html", Body="<h1>ü</h1>".encode())
    cloudformation = boto3.client("cloudformation", endpoint_url=gateway.url)
    s3 = boto3.client("s3", endpoint_url=gateway.url)

    def read(client: Any) -> bytes:
        found: bytes = client.get_object(Bucket="reports", Key="migrations/tonight.html")["Body"].read()
        return found

    (stack,) = ask(gateway, lambda: cloudformation.describe_stacks(StackName="Crossfade"))["Stacks"]
    page = ask(gateway, lambda: read(s3))

    assert stack["Outputs"] == [{"OutputKey": "TableName", "OutputValue": "ledger"}]
    assert page.decode() == "<h1>ü</h1>"


def test_whoever_is_no_aws_client_is_told_so(cloud: Cloud, gateway: Gateway) -> None:
    del cloud

    def look() -> str:
        connection = HTTPConnection(gateway.url.removeprefix("http://"), timeout=5)
        connection.request("GET", "/")
        return connection.getresponse().read().decode()

    assert ask(gateway, look) == "this is the embedded cloud; ask it with an AWS client"
