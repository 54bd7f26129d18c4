"""The queue for what could not be delivered, the same wherever something is delivered. Who watches it: `monitoring`."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.findings import acknowledge

_KEPT: Final = Duration.days(14)
"""The longest that SQS keeps a message."""


def dead_letter_queue(scope: Construct) -> sqs.Queue:
    """A dead-letter queue of *scope*, encrypted, for transport over TLS only."""
    queue = sqs.Queue(
        scope,
        "DeadLetters",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=_KEPT,
    )
    acknowledge(queue, "AwsSolutions-SQS3", "This is the dead-letter queue itself.")
    return queue
