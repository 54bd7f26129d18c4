"""The topic for a chat: there when it is asked for, a topic of its own, and nothing can be done from there."""

from pathlib import Path

import pytest

from crossfade.core.config import check_config
from crossfade.names import Env
from stacks.synth import synthesize, template
from tests.stacks.conftest import DOCUMENT
from tests.stacks.reading import permissions, properties

pytestmark = pytest.mark.xdist_group("stacks")
CHAT = {"slack": {"workspaceId": "T0123ABCDEF", "channelId": "C0123ABCDEF"}}


def test_a_slack_channel_reads_a_topic_of_its_own_and_may_do_nothing(tmp_path: Path) -> None:
    notifications = {"chat": CHAT, "eventBus": "platform"}
    config = check_config({**DOCUMENT, "notifications": notifications}, now=None)

    made = dict(template(synthesize(config, out_dir=tmp_path, code_only=True, check=True)))

    (channel,) = properties(made, "AWS::Chatbot::SlackChannelConfiguration")
    assert (channel["SlackWorkspaceId"], channel["SlackChannelId"]) == ("T0123ABCDEF", "C0123ABCDEF")
    assert channel["GuardrailPolicies"][0]["Fn::Join"][1][-1].endswith(":iam::aws:policy/AWSDenyAll")
    assert channel["SnsTopicArns"][0]["Ref"].startswith("ChatTopic")
    variables = properties(made, "AWS::Lambda::Function")[0]["Environment"]["Variables"]
    assert variables[Env.EVENT_BUS] == "platform"
    assert variables[Env.CHAT_TOPIC_ARN] != variables[Env.TOPIC_ARN]
    assert len(permissions(made, "FunctionsCheckHealthRole")["sns:Publish"]) == 2
    assert permissions(made, "FunctionsShiftTrafficRole")["sns:Publish"] == ["ChatTopic"]
    assert permissions(made, "FunctionsRollBackRole").keys().isdisjoint({"sns:Publish", "events:PutEvents"})


def test_a_function_may_put_events_of_crossfade_only(main_template: dict[str, object]) -> None:
    statements = [
        statement
        for policy in properties(main_template, "AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "events:PutEvents"
    ]

    assert len(statements) == 6
    assert all(found["Condition"] == {"StringEquals": {"events:source": "crossfade"}} for found in statements)


def test_without_a_chat_there_is_one_topic(main_template: dict[str, object]) -> None:
    assert len(properties(main_template, "AWS::SNS::Topic")) == 1
