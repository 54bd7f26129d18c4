"""The Lambda functions: one asset, one role each that can only log, published versions.

What a function may do beyond logging stands in `grants`, where functions meet the table, the topic and the clusters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from aws_cdk import Duration, PhysicalName, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from crossfade.names import METRIC_NAMESPACE, OUTSIDE_THE_MACHINE, SERVICE, Env, Function
from stacks.findings import acknowledge

LOG_RETENTION: Final = logs.RetentionDays.ONE_YEAR


@dataclass(frozen=True, slots=True)
class Profile:
    """
    What one function is and needs.

    Attributes:
        description: One sentence for people in the console.
        timeout_seconds: After this Lambda ends the invocation; the state machine waits a little longer than that.
        memory_mb: CPU comes with memory; importing the Kubernetes client wants more of it.
        kubernetes: Whether it talks to the clusters.
        concurrency: How many may run at once, kept free for it alone; None for as many as the account allows.
    """

    description: str
    timeout_seconds: int = 30
    memory_mb: int = 512
    kubernetes: bool = False
    concurrency: int | None = None


def _kubernetes(description: str) -> Profile:
    return Profile(description, timeout_seconds=60, memory_mb=1024, kubernetes=True)


PROFILES: Final[Mapping[Function, Profile]] = {
    Function.RESOLVE_PLAN: Profile("Fixes the plan of a migration from the deployed configuration and the input."),
    Function.TAKE_LEASE: Profile("Makes sure that no other migration moves the same hosts."),
    Function.PREFLIGHT: _kubernetes("Checks, before anything is written, that moving and rolling back would work."),
    Function.RECORD_BASELINE: _kubernetes("Stores the weights to which a rollback returns."),
    Function.SHIFT_TRAFFIC: _kubernetes("Writes the next safe weights of a stage and reads back what has arrived."),
    Function.CHECK_HEALTH: Profile(
        "Judges green by its alarms and its users' requests: wait, go on or roll back. Never talks to a cluster.",
        timeout_seconds=60,  # a service that hangs must end as evidence that could not be read, not as a crash
    ),
    Function.COMPLETE: _kubernetes("Writes the final weights, reads them back and ends the migration."),
    Function.ROLL_BACK: _kubernetes("Gives traffic back to blue: raises blue first, lowers green after."),
    Function.CONFIRM_ROLLBACK: _kubernetes("Reads back where traffic is after a failure, records it and says so."),
    Function.LATCH_ALARM: Profile(
        "Writes down that an alarm went into ALARM and wakes the migrations that it judges. Woken by events.",
    ),
    Function.GUARDIAN: replace(
        _kubernetes(
            "Gives traffic back when an execution was stopped, timed out or died. Woken by events and minutes."
        ),
        concurrency=1,  # two would take the epoch from each other; one is kept free for it, whatever else runs
    ),
    Function.REPORT: Profile(
        "Writes the evidence report of a migration that has ended. Runs beside the machine, never in it.",
        timeout_seconds=120,  # many workloads over many hours
    ),
}
KUBERNETES_FUNCTIONS: Final = tuple(function for function in Function if PROFILES[function].kubernetes)


class Functions(Construct):
    """
    All functions.

    Attributes:
        by_name: The functions.
        roles: Their roles.
        log_groups: Their log groups.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code: lambda_.Code,
        table_name: str,
        topic_arn: str,
        event_bus: str,
        reports: str,
        chat_topic_arn: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self._code = code
        self._environment = {
            Env.TABLE.value: table_name,
            Env.TOPIC_ARN.value: topic_arn,
            Env.EVENT_BUS.value: event_bus,
            Env.REPORTS.value: reports,
            **({Env.CHAT_TOPIC_ARN.value: chat_topic_arn} if chat_topic_arn else {}),
            "POWERTOOLS_SERVICE_NAME": SERVICE,
            "POWERTOOLS_METRICS_NAMESPACE": METRIC_NAMESPACE,
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }
        self.by_name: dict[Function, lambda_.Function] = {}
        self.roles: dict[Function, iam.Role] = {}
        self.log_groups: dict[Function, logs.LogGroup] = {}
        for function, profile in PROFILES.items():
            self._add(function, profile)

    @property
    def versions(self) -> dict[Function, lambda_.IVersion]:
        """
        The published versions, so that a deployment does not change the code of a running migration.

        What the machine does not invoke has none: it always runs what is deployed.
        """
        functions = {name: function for name, function in self.by_name.items() if name not in OUTSIDE_THE_MACHINE}
        return {name: function.current_version for name, function in functions.items()}

    def _add(self, function: Function, profile: Profile) -> None:
        scope = Construct(self, _title(function))
        self.log_groups[function] = logs.LogGroup(
            scope, "Logs", retention=LOG_RETENTION, removal_policy=RemovalPolicy.RETAIN
        )
        self.roles[function] = self._add_role(scope, function)
        self.by_name[function] = lambda_.Function(
            scope,
            "Function",
            description=profile.description,
            code=self._code,
            handler=f"lambdas.{function.value}.handler",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=profile.memory_mb,
            timeout=Duration.seconds(profile.timeout_seconds),
            reserved_concurrent_executions=profile.concurrency,
            role=self.roles[function],
            environment=self._environment | {Env.PURPOSE.value: function.value},
            log_group=self.log_groups[function],
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            system_log_level_v2=lambda_.SystemLogLevel.WARN,
            tracing=lambda_.Tracing.ACTIVE,  # the service's own; the X-Ray SDK is at its end and slow to import
            current_version_options=lambda_.VersionOptions(
                removal_policy=RemovalPolicy.RETAIN,  # a migration may still run on the old one
            ),
        )

    def _add_role(self, scope: Construct, function: Function) -> iam.Role:
        role = iam.Role(
            scope,
            "Role",
            role_name=PhysicalName.GENERATE_IF_NEEDED,  # named only if a cluster is in another Region (see access)
            description=f"Crossfade: what {function.value} may do",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        self.log_groups[function].grant_write(role)
        acknowledge(role, "AwsSolutions-IAM5[Resource::*]", "X-Ray's PutTraceSegments has no resource to name.")
        return role


def _title(function: Function) -> str:
    """The construct id of *function*: `shift_traffic` becomes `ShiftTraffic`."""
    return function.value.title().replace("_", "")
