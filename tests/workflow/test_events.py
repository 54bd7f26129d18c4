"""Somebody's event starts a migration, once, however often it is delivered."""

import json
from pathlib import Path
from typing import Any

import boto3
import yaml
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from crossfade.adapters.config_file import parse_config
from crossfade.cli.embedded import Embedded
from tests.deployed import embedded
from tests.workflow.journey import CONFIG
from world.step_functions import Execution

RULE = {
    "name": "release",
    "source": "com.example.release",
    "detailType": "Release Approved",
    "detail": {"cluster": ["green"]},
    "plan": "short",
    "enabled": True,
}


def an_event(cluster: str = "green") -> None:
    detail = json.dumps({"cluster": cluster, "by": "ann"})
    boto3.client("events").put_events(
        Entries=[{"Source": "com.example.release", "DetailType": "Release Approved", "Detail": detail}]
    )


def executions(world: Embedded) -> list[Execution]:
    """All that were started, the first one first, when all have ended."""
    machine = world.cloud.deployment.machine_arn
    found = boto3.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    ended = [world.cloud.wait(each["executionArn"]) for each in found]
    return sorted(ended, key=lambda each: each.stopped or each.started, reverse=True)


def in_the_chat(migration: str) -> list[dict[str, Any]]:
    """The thread of *migration*, oldest first."""
    topics = sns_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].topics
    (topic,) = (topic for arn, topic in topics.items() if "Chat" in arn)
    messages = [json.loads(text) for _id, text, *_more in topic.sent_notifications]
    return [message for message in messages if message["metadata"]["threadId"] == migration]


def test_an_event_that_comes_twice_moves_traffic_once(tmp_path: Path) -> None:
    document = yaml.safe_load(CONFIG.read_text(encoding="utf-8")) | {
        "triggers": {"events": [RULE]},
        "notifications": {"chat": {}},
        "plans": {"short": {"stages": [{"share": 100, "bake": "1m"}], "soak": "1m"}},
    }
    document["workloads"] = document["workloads"][:1]
    file = tmp_path / "crossfade.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")

    with embedded(parse_config(file.read_text(encoding="utf-8"), now=None), file, seed=1) as world:
        an_event("blue")
        world.cloud.events.copies = 2
        an_event()
        world.clock.sleep(10)
        first, second = executions(world)
        record = world.ledger.load(first.name)
        chat = in_the_chat(first.name)

    assert (first.status, second.status, second.error) == ("SUCCEEDED", "FAILED", "Duplicate")
    assert record is not None
    assert (record.started_by, record.plan.name) == ("event rule release", "short")
    assert record.purpose.startswith("event 00000000-")
    assert [message["metadata"]["eventType"] for message in chat] == [
        "started",
        "stage_moved",
        "stage_passed",
        "Succeeded",
    ]
