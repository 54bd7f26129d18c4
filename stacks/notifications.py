"""The topic on which Crossfade tells people, and the e-mail addresses that hear it."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


class Notifications(Construct):
    """
    One topic.

    Attributes:
        topic: Not encrypted with a key of ours: the messages hold no secret, and alarms could not publish with the
            key that AWS manages.
    """

    def __init__(self, scope: Construct, id_: str, *, emails: Sequence[str]) -> None:
        super().__init__(scope, id_)
        self.topic = sns.Topic(self, "Topic", display_name="Crossfade", enforce_ssl=True)
        for email in emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))
        self._let_alarms_publish()

    def _let_alarms_publish(self) -> None:
        """A topic with a policy of its own has lost the default one, which would let alarms in."""
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LetAlarmsPublish",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
