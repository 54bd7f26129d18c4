"""Puts a synthesised template into the embedded cloud: the resources that a run needs, and those only.

It is done here because moto's CloudFormation cannot deploy it; `template` reads the values.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import Final

import boto3

from crossfade.names import Env
from world import health_checks
from world.events import Rule, Start, checked_pattern, interval_of
from world.functions import Function
from world.permissions import Statement, statements
from world.schedules import Schedule, read_schedule
from world.template import (
    ALARM,
    BUCKET,
    FUNCTION,
    HEALTH_CHECK,
    MACHINE,
    POLICY,
    PUBLISHED,
    RULE,
    SCHEDULE,
    TABLE,
    TOPIC,
    Json,
    Template,
    TemplateError,
)

DEFAULT_TIMEOUT_SECONDS: Final = 3
DEFAULT_MEMORY_MB: Final = 128


@dataclass(frozen=True)
class Deployment:
    """
    What was deployed.

    Attributes:
        machine_arn: The state machine.
        functions: By role, which is the module of the handler (`shift_traffic`).
        table: The ledger's table.
        topic_arn: Where notices go.
        rules: The rules that are on.
        schedules: The schedules that are on.
        policies: What each function may do, by role.
    """

    machine_arn: str
    functions: Mapping[str, Function]
    table: str
    topic_arn: str
    rules: tuple[Rule, ...]
    schedules: tuple[Schedule, ...]
    policies: Mapping[str, tuple[Statement, ...]]


def deploy(template: Template, environment: Mapping[str, str]) -> Deployment:
    """
    Create the table, the topic and the state machine, and read what the functions and the rules are.

    Args:
        template: The resources.
        environment: Variables that every function gets beside its own.

    Raises:
        TemplateError, UnknownRuleError: The template is not one that this deployment understands.
        ClientError: moto refuses a resource.
    """
    functions = {
        function.role: function
        for function in (_function(template, id_, environment) for id_ in template.ids(FUNCTION))
    }
    known = {function.arn for function in functions.values()}
    health_checks.deploy(
        [template.property(id_, "HealthCheckConfig") for id_ in template.ids(HEALTH_CHECK)],
        {template.property(id_, "AlarmName"): partial(template.property, id_) for id_ in template.ids(ALARM)},
    )
    for id_ in template.ids(BUCKET):
        boto3.resource("s3").create_bucket(
            Bucket=template.name(id_), CreateBucketConfiguration={"LocationConstraint": template.region}
        )
    return Deployment(
        machine_arn=_create_machine(template, template.only(MACHINE)),
        functions=functions,
        table=_create_table(template, template.only(TABLE)),
        topic_arn=_create_topics(template),
        rules=tuple(_rule(template, id_, known) for id_ in _enabled(template, RULE)),
        schedules=tuple(_schedule(template, id_) for id_ in _enabled(template, SCHEDULE)),
        policies=_policies(template),
    )


def _enabled(template: Template, kind: str) -> list[str]:
    return [id_ for id_ in template.ids(kind) if template.property(id_, "State") != "DISABLED"]


def _policies(template: Template) -> dict[str, tuple[Statement, ...]]:
    """By role of the function; a function without a role in the template may do everything."""
    worn = {template.property(id_, "Handler").split(".")[-2]: _role(template, id_) for id_ in template.ids(FUNCTION)}
    return {function: _held(template, role) for function, role in worn.items() if role}


def _held(template: Template, role: str) -> tuple[Statement, ...]:
    """What the role of that name may do."""
    theirs = (id_ for id_ in template.ids(POLICY) if role in template.property(id_, "Roles"))
    return tuple(found for id_ in theirs for found in statements(template.property(id_, "PolicyDocument")))


def _role(template: Template, function: str) -> str:
    """The name of the role of *function*; empty for none."""
    return str(template.property(function, "Role", "")).rpartition("/")[2]


def _schedule(template: Template, id_: str) -> Schedule:
    names = ("ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
    properties = {name: template.property(id_, name) for name in names}
    return read_schedule(properties, _held(template, properties["Target"]["RoleArn"].rpartition("/")[2]))


def _rule(template: Template, id_: str, functions: AbstractSet[str]) -> Rule:
    pattern = template.property(id_, "EventPattern")
    schedule = template.property(id_, "ScheduleExpression")
    return Rule(
        arn=template.arn(id_),
        pattern=None if pattern is None else checked_pattern(pattern),
        interval=None if schedule is None else interval_of(schedule),
        targets=tuple(_target(id_, target, functions) for target in _targets(template, id_, machines=False)),
        starts=tuple(_start(target) for target in _targets(template, id_, machines=True)),
    )


def _targets(template: Template, id_: str, *, machines: bool) -> list[Json]:
    found: list[Json] = template.property(id_, "Targets", [])
    return [target for target in found if (":stateMachine:" in target["Arn"]) is machines]


def _start(target: Json) -> Start:
    """A state machine that a rule starts; the role and the dead-letter queue of the target are not looked at."""
    transformer = target["InputTransformer"]
    return Start(target["Arn"], transformer.get("InputPathsMap", {}), transformer["InputTemplate"])


def _target(id_: str, target: Json, functions: AbstractSet[str]) -> str:
    """The published version that a rule calls; one without a version is the published one, there is no other here."""
    arn = str(target["Arn"])
    qualified = arn if arn in functions else f"{arn}:{PUBLISHED}"
    unknown = set(target) - {"Arn", "Id", "RetryPolicy", "DeadLetterConfig"}
    if unknown or qualified not in functions:
        msg = f"{id_} has a target that is not known here: {target}; teach it to world/deployment.py"
        raise TemplateError(msg)
    return qualified


def _function(template: Template, id_: str, environment: Mapping[str, str]) -> Function:
    handler = template.property(id_, "Handler")
    return Function(
        role=handler.split(".")[-2],
        name=template.name(id_),
        arn=f"{template.arn(id_)}:{PUBLISHED}",
        handler=handler,
        environment={**template.property(id_, "Environment", {}).get("Variables", {}), **environment},
        timeout_seconds=template.property(id_, "Timeout", DEFAULT_TIMEOUT_SECONDS),
        memory_mb=template.property(id_, "MemorySize", DEFAULT_MEMORY_MB),
    )


def _create_table(template: Template, id_: str) -> str:
    client, name = boto3.client("dynamodb"), template.name(id_)
    client.create_table(
        TableName=name,
        KeySchema=template.property(id_, "KeySchema"),
        AttributeDefinitions=template.property(id_, "AttributeDefinitions"),
        BillingMode="PAY_PER_REQUEST",
    )
    time_to_live = template.property(id_, "TimeToLiveSpecification")
    if time_to_live is not None:
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=time_to_live)
    return name


def _create_topics(template: Template) -> str:
    """Create all topics; the value is the one that the functions' notices go to."""
    for id_ in template.ids(TOPIC):
        boto3.client("sns").create_topic(Name=template.name(id_))
    told = {_variables(template, id_).get(Env.TOPIC_ARN.value) for id_ in template.ids(FUNCTION)}
    topics = {template.arn(id_) for id_ in template.ids(TOPIC)} & told
    return topics.pop() if topics else template.arn(template.only(TOPIC))


def _variables(template: Template, id_: str) -> Json:
    found: Json = template.property(id_, "Environment", {}).get("Variables", {})
    return found


def _create_machine(template: Template, id_: str) -> str:
    definition = template.property(id_, "DefinitionString")
    if not isinstance(definition, str):
        msg = f"{id_} has no DefinitionString; only definitions that stand in the template are known here"
        raise TemplateError(msg)
    return boto3.client("stepfunctions").create_state_machine(
        name=template.name(id_), definition=definition, roleArn=template.property(id_, "RoleArn")
    )["stateMachineArn"]
