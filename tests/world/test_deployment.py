"""That a template means here what CloudFormation would make of it."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.world.machines import definition, echo, task, template
from world.cloud import Cloud
from world.functions import Handler
from world.template import Template, TemplateError

ACCOUNT = "123456789012"


def read(**resources: Any) -> Template:
    return Template({"Resources": resources}, stack="Crossfade", account=ACCOUNT, region="eu-west-1")


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


SOME = read(
    Shift=resource("Lambda::Function"),
    ShiftVersion=resource("Lambda::Version", FunctionName={"Ref": "Shift"}),
    Table=resource("DynamoDB::Table", TableName="ledger"),
    Topic=resource("SNS::Topic"),
    Machine=resource("StepFunctions::StateMachine"),
    Logs=resource("Logs::LogGroup"),
    Role=resource("IAM::Role"),
    Pool=resource("Cognito::UserPool"),
)


def never(_path: str) -> Handler:
    pytest.fail("this code should not be loaded")


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        pytest.param({"Ref": "AWS::Region"}, "eu-west-1", id="pseudo parameter"),
        pytest.param({"Ref": "Shift"}, "Crossfade-Shift", id="a function is its name"),
        pytest.param(
            {"Ref": "ShiftVersion"},
            f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:Crossfade-Shift:1",
            id="a version is its ARN",
        ),
        pytest.param({"Ref": "Table"}, "ledger", id="a name that was given"),
        pytest.param({"Ref": "Topic"}, f"arn:aws:sns:eu-west-1:{ACCOUNT}:Crossfade-Topic", id="a topic is its ARN"),
        pytest.param(
            {"Fn::GetAtt": ["Table", "Arn"]},
            f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/ledger",
            id="attribute of a table",
        ),
        pytest.param({"Fn::GetAtt": ["Role", "Arn"]}, f"arn:aws:iam::{ACCOUNT}:role/Crossfade-Role", id="role"),
        pytest.param(
            {"Fn::GetAtt": ["Machine", "Arn"]},
            f"arn:aws:states:eu-west-1:{ACCOUNT}:stateMachine:Crossfade-Machine",
            id="machine",
        ),
        pytest.param(
            {"Fn::GetAtt": ["Logs", "Arn"]},
            f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:Crossfade-Logs:*",
            id="log group",
        ),
        pytest.param({"Fn::GetAtt": ["ShiftVersion", "Version"]}, "1", id="version number"),
        pytest.param(
            {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":states:::lambda:invoke"]]},
            "arn:aws:states:::lambda:invoke",
            id="join",
        ),
        pytest.param({"a": [{"Ref": "Table"}, 1, None]}, {"a": ["ledger", 1, None]}, id="deep inside"),
    ],
)
def test_values_are_resolved(value: Any, meaning: Any) -> None:
    assert SOME.resolve(value) == meaning


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"Fn::Sub": "${Table}"}, "Fn::Sub is not known here"),
        ({"a": [{"Fn::If": ["C", 1, 2]}]}, "Fn::If is not known here"),
        ({"Fn::Join": {"Ref": "Table"}}, "Fn::Join is not known here"),
        ({"Ref": "Nothing"}, "the template does not have it"),
        ({"Ref": "Pool"}, "Pool is a AWS::Cognito::UserPool, which has no name or ARN here"),
        ({"Fn::GetAtt": ["Table", "StreamArn"]}, "the attribute StreamArn of Table is not known here"),
    ],
)
def test_what_is_not_known_is_an_error_and_never_a_guess(value: Any, complaint: str) -> None:
    with pytest.raises(TemplateError, match=complaint.replace("$", r"\$")):
        SOME.resolve(value)


def test_two_of_what_there_should_be_one_is_an_error() -> None:
    two = read(A=resource("SNS::Topic"), B=resource("SNS::Topic"))

    with pytest.raises(TemplateError, match="the template has 2 resources of type AWS::SNS::Topic"):
        two.only("AWS::SNS::Topic")


def test_a_definition_that_is_not_in_the_template_is_an_error(cloud: Cloud) -> None:
    body = template(definition("End", End={"Type": "Succeed"}), {})
    del body["Resources"]["Machine"]["Properties"]["DefinitionString"]

    with pytest.raises(TemplateError, match="Machine has no DefinitionString"):
        cloud.deploy(body, never)


def test_the_machine_invokes_the_published_version_that_its_definition_refers_to(cloud: Cloud) -> None:
    body = template(definition("Ask", Ask=task("echo", payload={"x": 1}, End=True)), {"echo": echo})
    text = body["Resources"]["Machine"]["Properties"]["DefinitionString"]
    before, after = text.split(f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:echo:1")
    body["Resources"]["EchoVersion"] = resource("Lambda::Version", FunctionName={"Ref": "Function0"})
    body["Resources"]["Machine"]["Properties"]["DefinitionString"] = {
        "Fn::Join": ["", [before, {"Ref": "EchoVersion"}, after]]
    }

    deployment = cloud.deploy(body, lambda _path: echo)

    assert cloud.run().output == {"x": 1}
    assert deployment.functions["echo"].arn == f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:echo:1"


def test_a_function_is_known_by_its_handler_and_has_what_the_template_gives_it(cloud: Cloud) -> None:
    variables = {"CROSSFADE_TABLE": {"Ref": "Table"}, "CROSSFADE_TOPIC_ARN": {"Ref": "Topic"}}
    body = template(
        definition("End", End={"Type": "Succeed"}),
        {"shift_traffic": echo},
        Environment={"Variables": variables},
        Timeout=60,
        MemorySize=1024,
    )
    loaded: list[str] = []

    def load(path: str) -> Handler:
        loaded.append(path)
        return echo

    function = cloud.deploy(body, load).functions["shift_traffic"]

    assert loaded == [function.handler] == ["lambdas.shift_traffic.handler"]
    assert function.environment == {
        "CROSSFADE_TABLE": cloud.deployment.table,
        "CROSSFADE_TOPIC_ARN": cloud.deployment.topic_arn,
    }
    assert (function.timeout_seconds, function.memory_mb) == (60, 1024)


def test_the_table_has_its_keys_and_its_time_to_live(cloud: Cloud) -> None:
    body = template(definition("End", End={"Type": "Succeed"}), {})
    body["Resources"]["Table"]["Properties"] |= {
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
        "DeletionProtectionEnabled": True,
    }
    client = boto3.client("dynamodb")

    name = cloud.deploy(body, never).table

    schema = client.describe_table(TableName=name)["Table"]["KeySchema"]
    assert [key["AttributeName"] for key in schema] == ["pk", "sk"]
    assert client.describe_time_to_live(TableName=name)["TimeToLiveDescription"] == {
        "AttributeName": "expires",
        "TimeToLiveStatus": "ENABLED",
    }


def test_the_topic_takes_messages(cloud: Cloud) -> None:
    topic = cloud.deploy(template(definition("End", End={"Type": "Succeed"}), {}), never).topic_arn

    assert boto3.client("sns").publish(TopicArn=topic, Message="hello")["MessageId"]


def test_a_definition_that_step_functions_would_refuse_is_refused(cloud: Cloud) -> None:
    body = template(definition("End", End={"Type": "Succeed", "Nonsense": 1}), {})

    with pytest.raises(ClientError, match='at "Nonsense"'):
        cloud.deploy(body, never)


def test_the_definition_is_plain_json_in_the_template_of_these_tests() -> None:
    body = template(definition("End", End={"Type": "Succeed"}), {})

    assert json.loads(body["Resources"]["Machine"]["Properties"]["DefinitionString"])["QueryLanguage"] == "JSONata"
