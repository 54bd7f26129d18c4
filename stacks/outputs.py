"""What a person needs right after a deployment: links, names and a command to paste."""

from collections.abc import Mapping

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam

from crossfade.names import REPORTS_OUTPUT, Function


def add_outputs(
    stack: Stack,
    *,
    machine_arn: str,
    dashboard_name: str,
    topic_arn: str,
    table_name: str,
    chat_topic_arn: str | None,
    report_bucket: str,
    roles: Mapping[Function, iam.IRole],
) -> None:
    """
    Add the outputs to *stack*.

    Args:
        stack: Whose outputs they are.
        machine_arn: Of the state machine.
        dashboard_name: Of the dashboard.
        topic_arn: Of the topic.
        table_name: Of the ledger's table.
        chat_topic_arn: Of the topic for a chat; None without one.
        report_bucket: Name of the bucket with the reports.
        roles: Of the functions that talk to the clusters.
    """
    named = {
        **_of_the_machine(stack.region, machine_arn, dashboard_name),
        "TopicArn": ("Where Crossfade tells people", topic_arn),
        "TableName": ("The ledger: plans, baselines, leases and timelines", table_name),
        REPORTS_OUTPUT: ("The evidence reports of past migrations", report_bucket),
    }
    if chat_topic_arn:
        named["ChatTopicArn"] = ("Where a chat is told, in the form of Amazon Q Developer", chat_topic_arn)
    for name, (description, value) in named.items():
        CfnOutput(stack, name, description=description, value=value)
    for function, role in roles.items():
        title = function.value.title().replace("_", "")
        CfnOutput(
            stack, f"{title}RoleArn", description=f"Needs a way into the clusters: {function}", value=role.role_arn
        )


def _of_the_machine(region: str, machine_arn: str, dashboard_name: str) -> dict[str, tuple[str, str]]:
    """Where a migration is started and watched: description and value, by name."""
    console = f"https://{region}.console.aws.amazon.com"
    start = f"aws stepfunctions start-execution --region {region} --state-machine-arn {machine_arn}"
    return {
        "StateMachineArn": ("The state machine", machine_arn),
        "StateMachineConsole": (
            "Where a migration is started and watched",
            f"{console}/states/home?region={region}#/statemachines/view/{machine_arn}",
        ),
        "DashboardConsole": (
            "What to have open in a maintenance window",
            f"{console}/cloudwatch/home?region={region}#dashboards/dashboard/{dashboard_name}",
        ),
        "StartCommand": (
            "Starts the default plan; take --input '{\"dryRun\": true}' to rehearse",
            f"{start} --name manual-$(date +%Y%m%d-%H%M%S) --input '{{}}'",
        ),
    }
