"""What the outside hears of a whole migration: the events on the bus, in order, and the messages to people."""

import json
from typing import Any

import boto3

from tests.workflow.journey import MIGRATION, journey


def a_listener() -> str:
    """The URL of a queue that hears all that Crossfade puts on the default bus."""
    events, sqs = boto3.client("events"), boto3.client("sqs")
    url: str = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="listener", EventPattern=json.dumps({"source": ["crossfade"]}))
    events.put_targets(Rule="listener", Targets=[{"Id": "queue", "Arn": arn}])
    return url


def heard(url: str) -> list[dict[str, Any]]:
    sqs = boto3.client("sqs")
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"])["detail"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return sorted(found, key=lambda detail: str(detail["at"]))


def test_a_rollback_is_told_on_the_bus_from_its_start_to_its_end() -> None:
    with journey("green-crash@2") as tonight:
        url = a_listener()
        tonight.run({"startedBy": "schedule weekly", "reason": "1.33 on green"})
        told = heard(url)

    assert [detail["change"] for detail in told] == [
        "started",
        "stage_moved",
        "stage_passed",
        "stage_moved",
        "rolled_back",
    ]
    assert {detail["migration"] for detail in told} == {MIGRATION}
    assert {detail["started_by"] for detail in told} == {"schedule weekly"}
    assert told[-1]["outcome"] == "RolledBack"


def test_the_evidence_lies_in_the_bucket_a_moment_after_the_end() -> None:
    with journey("green-crash@2") as tonight:
        tonight.run()
        tonight.pass_time(seconds=5)
        bucket = boto3.client("s3").list_buckets()["Buckets"][0]["Name"]
        stored = boto3.client("s3").get_object(Bucket=bucket, Key=f"migrations/{MIGRATION}/report.json")
        data = json.loads(stored["Body"].read())

    assert (data["outcome"], data["environment"]) == ("RolledBack", "embedded")
    assert data["series"], "what the users' requests showed is in it"
    assert data["readback"]
