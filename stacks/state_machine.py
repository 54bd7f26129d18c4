"""The state machine as a resource: its role, its time-out and its log. The graph stands in `flow`."""

import json
from collections.abc import Mapping
from typing import Final

from aws_cdk import Aws, Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from crossfade.names import BELL_KEY, PRODUCT, Function
from stacks.findings import acknowledge
from stacks.flow import Flow
from stacks.functions import LOG_RETENTION

MACHINE_TIMEOUT: Final = Duration.days(14)
"""Longer than any sensible soak or hold; a run that reaches it is restored by the guardian."""


class Machine(Construct):
    """
    The state machine and its log.

    Attributes:
        machine: The state machine. Its role may invoke exactly the published versions in the definition, publish to
            the topic, and write the bells of the ledger.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        functions: Mapping[Function, lambda_.IVersion],
        topic: sns.ITopic,
        table: dynamodb.ITable,
        sample_input: Mapping[str, object],
    ) -> None:
        super().__init__(scope, id_)
        flow = Flow(self, "Flow", functions=functions, topic=topic, table_name=table.table_name)
        self.machine = self._machine(flow, sample_input)
        self.machine.add_to_role_policy(_may_leave_tokens(table))
        acknowledge(
            self.machine.role,
            "AwsSolutions-IAM5[Resource::*]",
            "X-Ray and the log delivery API (logs:CreateLogDelivery and its family) have no resource to name.",
        )

    def _machine(self, flow: Flow, sample_input: Mapping[str, object]) -> sfn.StateMachine:
        return sfn.StateMachine(
            self,
            "Machine",
            comment=(
                f"{PRODUCT} moves users from blue to green in stages, watches green's alarms, and gives traffic back "
                f"if anything is wrong. The input {{}} is valid. Sample input: {json.dumps(sample_input)}"
            ),
            definition_body=sfn.DefinitionBody.from_chainable(flow.first),
            query_language=sfn.QueryLanguage.JSONATA,
            timeout=MACHINE_TIMEOUT,
            tracing_enabled=True,
            logs=sfn.LogOptions(destination=self._log_group(), level=sfn.LogLevel.ALL, include_execution_data=False),
        )

    def _log_group(self) -> logs.LogGroup:
        """Its name begins as AWS asks: a resource policy for other names can outgrow its limit of 5120 characters."""
        unique = Fn.select(0, Fn.split("-", Fn.select(2, Fn.split("/", Aws.STACK_ID))))
        return logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/vendedlogs/states/{Stack.of(self).stack_name}-{unique}",
            retention=LOG_RETENTION,
            removal_policy=RemovalPolicy.RETAIN,
        )


def _may_leave_tokens(table: dynamodb.ITable) -> iam.PolicyStatement:
    """The machine writes the bells of the ledger, and nothing else in it."""
    return iam.PolicyStatement(
        actions=["dynamodb:UpdateItem"],
        resources=[table.table_arn],
        conditions={
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{BELL_KEY}*"]},
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    )
