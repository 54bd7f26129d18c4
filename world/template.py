"""A synthesised template, read without CloudFormation: names, ARNs and properties with every reference resolved.

What a value means that is not known here is an error, never a guess. Nothing is created.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from world import health_checks

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
