"""The bucket with the evidence of every migration, and what wakes the function that writes it.

The function runs beside the state machine, never in it: a report that fails delays and harms nothing. Step Functions'
own event tells most ends; our own event tells those that the guardian brings about later.
"""

from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from crossfade.core.announcement import Change
from crossfade.names import EVENT_SOURCE
from stacks.dead_letters import dead_letter_queue
from stacks.findings import acknowledge

KEPT: Final = Duration.days(400)
"""As long as the ledger keeps its records."""

ENDS: Final = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
_LATEST: Final = Duration.hours(2)
_RETRIES: Final = 10


class ReportBucket(Construct):
    """
    Private, encrypted, reached by TLS only; forgets after 400 days.

    Attributes:
        bucket: The bucket. It outlives the stack.
    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[
                s3.LifecycleRule(id="forget", expiration=KEPT, abort_incomplete_multipart_upload_after=Duration.days(1))
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )
        acknowledge(
            self.bucket, "AwsSolutions-S1", "Access logs would need a second bucket; CloudTrail data events tell more."
        )


class ReportRules(Construct):
    """
    What wakes the function.

    Attributes:
        dead_letters: Ends whose report could not be asked for; `crossfade report` makes it at any time.
    """

    def __init__(
        self, scope: Construct, id_: str, *, function: lambda_.Function, machine_arn: str, bus: events.IEventBus
    ) -> None:
        super().__init__(scope, id_)
        self.dead_letters = dead_letter_queue(self)
        target = targets.LambdaFunction(
            function, max_event_age=_LATEST, retry_attempts=_RETRIES, dead_letter_queue=self.dead_letters
        )
        events.Rule(
            self,
            "ExecutionEnded",
            description="Crossfade: an execution ended; its evidence is written down",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": [machine_arn], "status": list(ENDS)},
            ),
            targets=[target],
        )
        events.Rule(
            self,
            "MigrationEnded",
            description="Crossfade: a migration ended after its execution; its evidence is written down",
            event_bus=bus,
            event_pattern=events.EventPattern(
                source=[EVENT_SOURCE], detail={"change": [change.value for change in Change if change.is_end]}
            ),
            targets=[target],
        )
