"""The example pipeline as a CDK app: see README.md beside this file. `-c machine=ARN` names the state machine."""

import sys
from typing import Final

import aws_cdk as cdk

from stacks.pipeline import PipelineStack
from stacks.synth import new_app

STACK: Final = "CrossfadePipeline"

app = new_app()
machine_arn = app.node.try_get_context("machine")
if not machine_arn:
    sys.exit("give the output StateMachineArn of Crossfade's stack: -c machine=arn:aws:states:...")
region, account = machine_arn.split(":")[3:5]
PipelineStack(
    app,
    STACK,
    machine_arn=machine_arn,
    env=cdk.Environment(account=account, region=region),
    description="Crossfade: an example pipeline whose last stage is a migration.",
)
app.synth()
