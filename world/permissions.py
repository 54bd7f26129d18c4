"""IAM: what the role of each function may do, asked at every call that the function makes to AWS.

Policies are those of the template. A call that no statement allows is answered as AWS answers it, and kept: a run in
which something was denied has found a missing grant. Known here are the statements that CDK makes of grants; what a
statement says beyond that is an error, never a guess. Where a call names no resource, the action alone is looked at.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from botocore.exceptions import ClientError

Json = Mapping[str, Any]
BEFORE: Final = "before-parameter-build"
"""The event of botocore before a call is made of its parameters."""

_PREFIXES: Final = {"monitoring": "cloudwatch"}
"""Where actions do not begin with the name that requests are signed for."""
_FREE: Final = frozenset({"sts:GetCallerIdentity"})
"""What everybody may."""
_RECORDS: Final = "route53:ChangeResourceRecordSets"
_TRANSACTIONS: Final = {
    "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}  # fmt: skip


class PolicyError(ValueError):
    """A policy says something that is not known here."""


@dataclass(frozen=True)
class Request:
    """
    One thing that a call asks for.

    Attributes:
        action: Such as `dynamodb:PutItem`.
        resource: An ARN; empty when the call names none.
        context: The condition keys that the service sets, with their values.
    """

    action: str
    resource: str = ""
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}" if self.resource else self.action


@dataclass(frozen=True)
class Statement:
    """One Allow of a policy, resolved."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Json

    def allows(self, request: Request) -> bool:
        """Whether it lets *request* through."""
        names_it = any(fnmatchcase(request.action, action) for action in self.actions)
        covers = not request.resource or any(fnmatchcase(request.resource, resource) for resource in self.resources)
        return names_it and covers and all(map(self._holds, self.conditions.items(), [request] * len(self.conditions)))

    @staticmethod
    def _holds(condition: tuple[str, Json], request: Request) -> bool:
        operator, keys = condition
        tests: Mapping[str, Callable[[Sequence[str], Sequence[str]], bool]] = {
            "StringEquals": lambda has, wanted: bool(has) and set(has) <= set(wanted),
            "ForAllValues:StringEquals": lambda has, wanted: set(has) <= set(wanted),
            "Null": lambda has, wanted: wanted == [str(not has).lower()],
        }
        if operator not in tests:
            msg = f"the condition {operator} is not known here; teach it to world/permissions.py"
            raise PolicyError(msg)
        return all(tests[operator](request.context.get(key, ()), _listed(value)) for key, value in keys.items())


def statements(document: Json) -> Iterator[Statement]:
    """
    The statements of a resolved policy *document*.

    Raises:
        PolicyError: One of them is no Allow.
    """
    for statement in document["Statement"]:
        if statement["Effect"] != "Allow":
            msg = f"{statement['Effect']} is not known here; teach it to world/permissions.py"
            raise PolicyError(msg)
        actions, resources = (tuple(_listed(statement[key])) for key in ("Action", "Resource"))
        yield Statement(actions, resources, statement.get("Condition", {}))


@dataclass
class Permissions:
    """
    Who may do what.

    Args:
        account: Of all resources.
        running: Gives the role of the function that runs now; None for nobody, who may do everything.

    Attributes:
        policies: By role.
        denied: What was refused, a sentence each, oldest first.
    """

    account: str
    running: Callable[[], str | None]
    policies: dict[str, tuple[Statement, ...]] = field(default_factory=dict)
    denied: list[str] = field(default_factory=list)

    def check(self, params: Json, model: Any, context: Json, **_more: Any) -> None:
        """
        Look at one call before it is made; a handler of `BEFORE`.

        Raises:
            ClientError: Access is denied.
        """
        role = self.running()
        if role not in self.policies:
            return
        held = self.policies[role]
        for request in _requests(model, params, region=context["client_region"], account=self.account):
            if request.action not in _FREE and not any(statement.allows(request) for statement in held):
                sentence = f"{role} may not {request}: no statement of its policy allows it"
                self.denied.append(sentence)
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": sentence}}, model.name)


def _requests(model: Any, params: Json, *, region: str, account: str) -> Iterator[Request]:
    service = model.service_model.signing_name
    prefix, place = _PREFIXES.get(service, service), f"{region}:{account}"
    if prefix == "dynamodb":
        yield from _of_tables(model.name, params, place)
        return
    resources: Mapping[str, Callable[[Json], str]] = {
        "eks": lambda given: f"arn:aws:eks:{place}:cluster/{given['name']}",
        "route53": _route53_arn,
        "s3": lambda given: f"arn:aws:s3:::{given['Bucket']}/{given['Key']}",
        "sns": lambda given: str(given["TopicArn"]),
        "ssm": lambda given: f"arn:aws:ssm:{place}:parameter{given['Name']}",
        "states": lambda given: str(given["executionArn"]),
    }
    try:
        resource = resources[prefix](params) if prefix in resources else ""
    except KeyError:  # a call of this service that names no such resource
        resource = ""
    action = f"{prefix}:{model.name}"
    yield Request(action, resource, _context(action, params))


def _route53_arn(given: Json) -> str:
    if "HealthCheckId" in given:
        return f"arn:aws:route53:::healthcheck/{given['HealthCheckId']}"
    return f"arn:aws:route53:::hostedzone/{given['HostedZoneId'].removeprefix('/hostedzone/')}"


def _of_tables(operation: str, params: Json, place: str) -> Iterator[Request]:
    """A transaction needs the action of each of its items."""
    items = [item for each in params.get("TransactItems", ()) for item in each.items()]
    for kind, item in items or [(operation, params)]:
        table = f"arn:aws:dynamodb:{place}:table/{item['TableName']}"
        yield Request(f"dynamodb:{_TRANSACTIONS.get(kind, kind)}", table)


def _context(action: str, params: Json) -> dict[str, list[str]]:
    if action == "cloudwatch:PutMetricData":
        return {"cloudwatch:namespace": [params["Namespace"]]}
    if action == "events:PutEvents":
        return {"events:source": [entry["Source"] for entry in params["Entries"]]}
    if action != _RECORDS:
        return {}
    changes = params["ChangeBatch"]["Changes"]
    records = [change["ResourceRecordSet"] for change in changes]
    return {
        f"{_RECORDS}NormalizedRecordNames": [record["Name"].lower().rstrip(".") for record in records],
        f"{_RECORDS}RecordTypes": [record["Type"] for record in records],
        f"{_RECORDS}Actions": [change["Action"] for change in changes],
    }


def _listed(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]
