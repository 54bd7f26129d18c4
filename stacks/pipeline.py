"""A migration as an action of a CodePipeline pipeline: `Migration` for a pipeline of your own, and an example of one.

The action starts the state machine and waits for it. It passes when the execution succeeds, and fails with the error
that names how the migration ended: RolledBack, Held, Refused, Duplicate, RollbackUnconfirmed. Stopping the pipeline
does not stop the migration: abort it.
Source: https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-StepFunctions.html
"""

from typing import Any, Final

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.findings import acknowledge, as_reported

PREFIX: Final = "pipeline"
"""Before the id of the action; together they are the name of the migration, which has at most 80 characters."""

INPUT_FILE: Final = "migration.json"
OUTPUT: Final = "Migration"


class Migration(actions.StepFunctionInvokeAction):
    """
    One migration as one action, to be put into a stage of a pipeline.

    Args:
        machine: Crossfade's state machine; `StateMachine.from_state_machine_arn` with the output `StateMachineArn`.
        pipeline: The name under which the pipeline stands in the record of the migration.
        plan: The plan to run; None for the deployed default plan.
        reason: Why, for the record. Variables such as `#{SourceVariables.CommitId}` work.
        input_file: A JSON file in a source artifact that is the whole input instead; then *plan* and *reason* are not
            used, and `startedBy` is the file's to say.
        action_name: In the pipeline.
        run_order: Among the actions of its stage, from 1.

    Attributes:
        result: The artifact with the output of the migration, for later actions.
    """

    def __init__(
        self,
        *,
        machine: sfn.IStateMachine,
        pipeline: str,
        plan: str | None = None,
        reason: str = "",
        input_file: codepipeline.ArtifactPath | None = None,
        action_name: str = "Migrate",
        run_order: int = 1,
    ) -> None:
        self.result = codepipeline.Artifact(OUTPUT)
        super().__init__(
            action_name=action_name,
            run_order=run_order,
            state_machine=machine,
            execution_name_prefix=PREFIX,
            state_machine_input=_input(pipeline, plan, reason, input_file),
            output=self.result,
        )


def _input(
    pipeline: str, plan: str | None, reason: str, input_file: codepipeline.ArtifactPath | None
) -> actions.StateMachineInput:
    if input_file is not None:
        return actions.StateMachineInput.file_path(input_file)
    asked = {"plan": plan, "reason": reason, "startedBy": f"pipeline {pipeline}"}
    return actions.StateMachineInput.literal({key: value for key, value in asked.items() if value})


class PipelineStack(Stack):
    """
    The example: whoever puts `migration.zip`, with `migration.json` in it, into its bucket starts that migration.

    Args:
        machine_arn: The output `StateMachineArn` of Crossfade's stack.

    Attributes:
        pipeline: The pipeline.
    """

    def __init__(self, scope: Construct, id_: str, *, machine_arn: str, **stack_options: Any) -> None:
        super().__init__(scope, id_, **stack_options)
        machine = sfn.StateMachine.from_state_machine_arn(self, "Machine", machine_arn)
        bucket = self._bucket("Source", versioned=True)
        artifacts = self._bucket("Artifacts")
        source = codepipeline.Artifact("Source")
        self.pipeline = codepipeline.Pipeline(
            self,
            "Pipeline",
            pipeline_type=codepipeline.PipelineType.V2,
            execution_mode=codepipeline.ExecutionMode.QUEUED,  # a newer start must not overtake a migration
            artifact_bucket=artifacts,
            use_pipeline_role_for_actions=True,
            stages=[
                codepipeline.StageProps(
                    stage_name="Source",
                    actions=[
                        actions.S3SourceAction(
                            action_name="Input",
                            bucket=bucket,
                            bucket_key="migration.zip",
                            output=source,
                            trigger=actions.S3Trigger.POLL,
                        )
                    ],
                ),
                codepipeline.StageProps(
                    stage_name="Migrate",
                    actions=[
                        Migration(machine=machine, pipeline=self.stack_name, input_file=source.at_path(INPUT_FILE))
                    ],
                ),
            ],
        )
        CfnOutput(self, "SourceBucketName", value=bucket.bucket_name, description="Where migration.zip goes")
        self._acknowledge_grants(machine_arn, bucket, artifacts)

    def _acknowledge_grants(self, machine_arn: str, *buckets: s3.Bucket) -> None:
        """What the CDK itself grants a pipeline."""
        role = self.pipeline.role
        for action in ("Abort*", "DeleteObject*", "GetBucket*", "GetObject*", "List*"):
            acknowledge(role, f"AwsSolutions-IAM5[Action::s3:{action}]", "Variants of one right, on two buckets.")
        for bucket in buckets:
            objects = as_reported(role, bucket.arn_for_objects("*"))
            acknowledge(role, f"AwsSolutions-IAM5[Resource::{objects}]", "The objects of the pipeline's own buckets.")
        executions = machine_arn.replace(":stateMachine:", ":execution:")
        acknowledge(
            role,
            f"AwsSolutions-IAM5[Resource::{executions}:{PREFIX}*]",
            "The executions that this pipeline starts; each gets its name when it starts.",
        )

    def _bucket(self, id_: str, *, versioned: bool = False) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            id_,
            versioned=versioned,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(90))],
            removal_policy=RemovalPolicy.RETAIN,
        )
        acknowledge(bucket, "AwsSolutions-S1", "An example; access logs would need another bucket.")
        return bucket
