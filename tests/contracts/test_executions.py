"""What every source of executions promises: the fake of the tests, and Step Functions (moto)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from crossfade.adapters.aws import client
from crossfade.adapters.step_functions import StepFunctionsExecutions
from crossfade.errors import LedgerRefusedError, LedgerUnavailableError
from crossfade.ports import Executions
from tests.fakes import FakeExecutions

ARN = "arn:aws:states:eu-west-1:123456789012:execution:Crossfade:tonight"
WAIT = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
ROLE = "arn:aws:iam::123456789012:role/machine"


@dataclass
class Account:
    """Executions, and how a test starts, stops and deletes one."""

    executions: Executions
    start: Callable[[], str]
    stop: Callable[[str], object]
    delete: Callable[[str], object]


def in_memory() -> Account:
    fake = FakeExecutions()
    return Account(fake, lambda: ARN, lambda arn: fake.set(arn, "ABORTED"), lambda arn: fake.set(arn, "DELETED"))


def in_moto() -> Account:
    service = boto3.client("stepfunctions", region_name="eu-west-1")
    machine = service.create_state_machine(name="Crossfade", definition=json.dumps(WAIT), roleArn=ROLE)

    def start() -> str:
        return service.start_execution(stateMachineArn=machine["stateMachineArn"], name="tonight")["executionArn"]

    return Account(
        StepFunctionsExecutions(service),
        start,
        lambda arn: service.stop_execution(executionArn=arn),
        lambda _arn: service.delete_state_machine(stateMachineArn=machine["stateMachineArn"]),
    )


@pytest.fixture(params=["in-memory", "step-functions"])
def account(request: pytest.FixtureRequest, credentials: None) -> Iterator[Account]:
    del credentials
    if request.param == "in-memory":
        yield in_memory()
        return
    with mock_aws():
        yield in_moto()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


def test_an_execution_runs_until_it_is_stopped(account: Account) -> None:
    arn = account.start()
    before = account.executions.status(arn)
    account.stop(arn)

    assert (before, account.executions.status(arn)) == ("RUNNING", "ABORTED")


def test_what_step_functions_does_not_know_any_more_is_deleted_and_no_error(account: Account) -> None:
    arn = account.start()
    account.delete(arn)

    assert account.executions.status(arn) == "DELETED"


def test_a_token_that_nobody_waits_under_wakes_nobody() -> None:
    assert not FakeExecutions().wake("a token of yesterday")


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_token_whose_wait_is_over_wakes_nobody(credentials: None, code: str) -> None:
    del credentials
    service = client("stepfunctions", "eu-west-1", attempts=1)
    with Stubber(service) as stubber:
        stubber.add_client_error("send_task_success", code, http_status_code=400)

        assert not StepFunctionsExecutions(service).wake("a token of yesterday")


def test_a_token_is_given_back_and_named_in_no_error(credentials: None) -> None:
    del credentials
    service = client("stepfunctions", "eu-west-1", attempts=1)
    with Stubber(service) as stubber:
        stubber.add_response("send_task_success", {}, {"taskToken": "secret", "output": '{"woken": true}'})
        stubber.add_client_error("send_task_success", "AccessDeniedException", http_status_code=400)

        assert StepFunctionsExecutions(service).wake("secret")
        with pytest.raises(LedgerRefusedError) as refused:
            StepFunctionsExecutions(service).wake("secret")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("ThrottlingException", 400, LedgerUnavailableError),
        ("InternalFailure", 500, LedgerUnavailableError),
        ("ServiceUnavailable", 503, LedgerUnavailableError),
        ("AccessDeniedException", 400, LedgerRefusedError),
    ],
)
def test_step_functions_that_does_not_say_is_never_taken_for_an_end(
    credentials: None, code: str, status: int, error: type[Exception]
) -> None:
    del credentials
    service = client("stepfunctions", "eu-west-1", attempts=1)
    with Stubber(service) as stubber:
        stubber.add_client_error("describe_execution", code, http_status_code=status)

        with pytest.raises(error, match="states:DescribeExecution"):
            StepFunctionsExecutions(service).status(ARN)
