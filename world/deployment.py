"""Puts a synthesised template into the embedded cloud: the resources that a run needs, and those only.

The template is read here because moto's CloudFormation cannot deploy it. What a value of the template means that is
not known here is an error, never a guess.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import boto3

from crossfade.names import Env
from world import health_checks
from world.events import Rule, Start, checked_pattern, interval_of
from world.functions import Function
from world.permissions import Statement, statements
from world.schedules import Schedule, read_schedule

Json = Mapping[str, Any]

TABLE: Final = "AWS::DynamoDB::Table"
TOPIC: Final = "AWS::SNS::Topic"
FUNCTION: Final = "AWS::Lambda::Function"
VERSION: Final = "AWS::Lambda::Version"
MACHINE: Final = "AWS::StepFunctions::StateMachine"
RULE: Final = "AWS::Events::Rule"
SCHEDULE: Final = "AWS::Scheduler::Schedule"
POLICY: Final = "AWS::IAM::Policy"
BUCKET: Final = "AWS::S3::Bucket"
ALARM: Final = "AWS::CloudWatch::Alarm"
HEALTH_CHECK: Final = "AWS::Route53::HealthCheck"
DASHBOARD: Final = "AWS::CloudWatch::Dashboard"
PARTITION: Final = "aws"
PUBLISHED: Final = "1"
"""Every published version here is the first one."""

DEFAULT_TIMEOUT_SECONDS: Final = 3
DEFAULT_MEMORY_MB: Final = 128


class TemplateError(ValueError):
    """The template says something that this deployment does not understand."""


@dataclass(frozen=True)
class _Kind:
    """Where the name of a resource type stands, and what its ARN looks like."""

    name_property: str
    arn: str


_KINDS: Final = {
    TABLE: _Kind("TableName", "arn:{partition}:dynamodb:{region}:{account}:table/{name}"),
    TOPIC: _Kind("TopicName", "arn:{partition}:sns:{region}:{account}:{name}"),
    FUNCTION: _Kind("FunctionName", "arn:{partition}:lambda:{region}:{account}:function:{name}"),
    MACHINE: _Kind("StateMachineName", "arn:{partition}:states:{region}:{account}:stateMachine:{name}"),
    BUCKET: _Kind("BucketName", "arn:{partition}:s3:::{name}"),
    "AWS::Logs::LogGroup": _Kind("LogGroupName", "arn:{partition}:logs:{region}:{account}:log-group:{name}:*"),
    "AWS::IAM::Role": _Kind("RoleName", "arn:{partition}:iam::{account}:role/{name}"),
    RULE: _Kind("Name", "arn:{partition}:events:{region}:{account}:rule/{name}"),
    ALARM: _Kind("AlarmName", "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}"),
    "AWS::SQS::Queue": _Kind("QueueName", "arn:{partition}:sqs:{region}:{account}:{name}"),
}


class Template:
    """
    A template whose values can be asked for.

    Args:
        body: As CDK synthesised it.
        stack: Begins the names of resources that have none of their own.
    """

    def __init__(self, body: Json, *, stack: str, account: str, region: str) -> None:
        self._resources: Json = body["Resources"]
        self._stack = stack
        self._place = {"partition": PARTITION, "account": account, "region": region}
        self._pseudo = {
            "AWS::Partition": PARTITION,
            "AWS::AccountId": account,
            "AWS::Region": region,
            "AWS::StackName": stack,
            "AWS::URLSuffix": "amazonaws.com",
        }

    @property
    def region(self) -> str:
        """Where it is deployed."""
        return self._place["region"]

    def ids(self, kind: str) -> list[str]:
        """Logical ids of the resources of type *kind*, in the order of the template."""
        return [id_ for id_, resource in self._resources.items() if resource["Type"] == kind]

    def only(self, kind: str) -> str:
        """
        The logical id of the one resource of type *kind*.

        Raises:
            TemplateError: There is none, or more than one.
        """
        ids = self.ids(kind)
        if len(ids) != 1:
            msg = f"the template has {len(ids)} resources of type {kind}; one was expected"
            raise TemplateError(msg)
        return ids[0]

    def property(self, id_: str, name: str, default: Any = None) -> Any:
        """The property *name* of the resource *id_*, with everything in it resolved."""
        return self.resolve(self._resources[id_].get("Properties", {}).get(name, default))

    def name(self, id_: str) -> str:
        """
        The physical name of the resource *id_*.

        Raises:
            TemplateError: Its type is not known here.
        """
        given = self.property(id_, self._kind(id_).name_property)
        made = f"{self._stack}-{id_}"
        if given is None and self._type(id_) == BUCKET:
            return made.lower()  # as S3 asks
        return made if given is None else str(given)

    def arn(self, id_: str) -> str:
        """The ARN of the resource *id_*; of a version, with the version."""
        if self._type(id_) == VERSION:
            return f"{self.arn(self._resources[id_]['Properties']['FunctionName']['Ref'])}:{PUBLISHED}"
        return self._kind(id_).arn.format(name=self.name(id_), **self._place)

    def resolve(self, value: Any) -> Any:
        """
        What *value* is after deployment.

        Raises:
            TemplateError: It uses an intrinsic function, a reference or an attribute that is not known here.
        """
        match value:
            case {"Ref": str(target)} if len(value) == 1:
                return self._ref(target)
            case {"Fn::GetAtt": [str(target), str(attribute)]} if len(value) == 1:
                return self._attribute(target, attribute)
            case {"Fn::Join": [str(separator), list(parts)]} if len(value) == 1:
                return separator.join(str(self.resolve(part)) for part in parts)
            case dict():
                self._refuse_intrinsics(value)
                return {key: self.resolve(item) for key, item in value.items()}
            case list():
                return [self.resolve(item) for item in value]
            case _:
                return value

    def _refuse_intrinsics(self, value: Json) -> None:
        unknown = [key for key in value if key.startswith("Fn::") or key == "Ref"]
        if isinstance(value.get("Condition"), str):  # one of the template's; those of a policy are mappings
            unknown.append("Condition")
        if unknown:
            msg = f"{unknown[0]} is not known here: {value}; teach it to world/deployment.py"
            raise TemplateError(msg)

    def _ref(self, target: str) -> str:
        if target in self._pseudo:
            return self._pseudo[target]
        return self.arn(target) if self._type(target) in {TOPIC, MACHINE, VERSION} else self.name(target)

    def _attribute(self, target: str, attribute: str) -> str:
        known: dict[str, Callable[[str], str]] = {
            "Arn": self.arn,
            "TopicArn": self.arn,
            "FunctionArn": self.arn,
            "Name": self.name,
            "TopicName": self.name,
            "QueueName": self.name,
            "Version": lambda _id: PUBLISHED,
            "HealthCheckId": lambda id_: health_checks.id_of(self.property(id_, "HealthCheckConfig")),
        }
        if attribute not in known:
            msg = f"the attribute {attribute} of {target} is not known here; teach it to world/deployment.py"
            raise TemplateError(msg)
        return known[attribute](target)

    def _type(self, id_: str) -> str:
        if id_ not in self._resources:
            msg = f"{id_} is referred to, but the template does not have it"
            raise TemplateError(msg)
        return str(self._resources[id_]["Type"])

    def _kind(self, id_: str) -> _Kind:
        kind = self._type(id_)
        if kind not in _KINDS:
            msg = f"{id_} is a {kind}, which has no name or ARN here; teach it to world/deployment.py"
            raise TemplateError(msg)
        return _KINDS[kind]


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
