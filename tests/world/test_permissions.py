"""The evaluator of policies: what a statement lets through, what it does not, and what it does not know."""

from typing import Any

import pytest

from world.permissions import PolicyError, Request, Statement, statements

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/Ledger"
RECORDS = "route53:ChangeResourceRecordSets"
NAMES = f"{RECORDS}NormalizedRecordNames"


def allow(action: Any = "dynamodb:GetItem", resource: Any = TABLE, **more: Any) -> Statement:
    (found,) = statements({"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **more}]})
    return found


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        (allow(), True),
        (allow(["dynamodb:PutItem", "dynamodb:GetItem"]), True),
        (allow("dynamodb:*", "*"), True),
        (allow(resource=f"{TABLE[:-6]}*"), True),
        (allow("dynamodb:PutItem"), False),
        (allow(resource=f"{TABLE}s"), False),
    ],
)
def test_a_statement_allows_its_actions_on_its_resources(statement: Statement, allowed: bool) -> None:  # noqa: FBT001 - a case
    assert statement.allows(Request("dynamodb:GetItem", TABLE)) is allowed


def test_a_call_that_names_no_resource_is_held_to_its_action() -> None:
    assert allow("cloudwatch:GetMetricData", "*").allows(Request("cloudwatch:GetMetricData"))
    assert not allow("cloudwatch:GetMetricData", "*").allows(Request("cloudwatch:DescribeAlarms"))


def changes(*names: str) -> Request:
    return Request(RECORDS, "arn:aws:route53:::hostedzone/Z1", {NAMES: names})


def test_all_values_have_to_be_among_the_allowed_and_there_has_to_be_one() -> None:
    conditions = {"ForAllValues:StringEquals": {NAMES: ["a.example.com", "b.example.com"]}, "Null": {NAMES: "false"}}
    statement = allow(RECORDS, "*", Condition=conditions)

    assert statement.allows(changes("a.example.com", "b.example.com"))
    assert not statement.allows(changes("a.example.com", "other.example.com"))
    assert not statement.allows(changes())


def test_a_key_has_to_have_the_value_that_is_asked_for() -> None:
    statement = allow("events:PutEvents", "*", Condition={"StringEquals": {"events:source": "crossfade"}})

    assert statement.allows(Request("events:PutEvents", "", {"events:source": ["crossfade"]}))
    assert not statement.allows(Request("events:PutEvents", "", {"events:source": ["somebody"]}))
    assert not statement.allows(Request("events:PutEvents"))


def test_what_is_not_known_is_refused_and_never_taken_for_a_grant() -> None:
    with pytest.raises(PolicyError, match="Deny"):
        list(statements({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}))
    with pytest.raises(PolicyError, match="IpAddress"):
        allow(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}).allows(Request("dynamodb:GetItem", TABLE))
