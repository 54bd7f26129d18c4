"""The topic that a chat reads, and the channel that is subscribed to it.

It is a topic of its own, because a chat shows messages of its own form only and mail would show that form as JSON.
The channel can only listen: nobody steers a migration, or anything else of the account, from a chat.
"""

from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_chatbot as chatbot
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from crossfade.core.blocks.starts import SlackConfig

_NOTHING: Final = "AWSDenyAll"
"""An AWS managed policy; without a guardrail the channel would get AdministratorAccess as its limit.
Source: https://docs.aws.amazon.com/chatbot/latest/adminguide/understanding-permissions.html"""


class Chat(Construct):
    """
    One topic, and one channel if the configuration names it.

    Attributes:
        topic: In the form of Amazon Q Developer in chat applications.
    """

    def __init__(self, scope: Construct, id_: str, *, slack: SlackConfig | None) -> None:
        super().__init__(scope, id_)
        self.topic = sns.Topic(self, "Topic", display_name="Crossfade for chats", enforce_ssl=True)
        if slack is not None:
            self._subscribe(slack)

    def _subscribe(self, slack: SlackConfig) -> None:
        chatbot.SlackChannelConfiguration(
            self,
            "Slack",
            slack_channel_configuration_name=f"{Stack.of(self).stack_name}-{slack.channel_id}",
            slack_workspace_id=slack.workspace_id,
            slack_channel_id=slack.channel_id,
            notification_topics=[self.topic],
            guardrail_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(_NOTHING)],
        )
