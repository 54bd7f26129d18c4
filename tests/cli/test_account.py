"""What people are told when AWS cannot be asked: one sentence each, and exit code 2."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    SSOTokenLoadError,
)

from crossfade.cli.account import NotConnectedError, connected
from crossfade.errors import LedgerUnavailableError
from tests.cli.conftest import REGION, TABLE, Deployed, Run

Break = Callable[[pytest.MonkeyPatch], None]

COMMANDS = [
    pytest.param(("start", "--dry-run"), id="start"),
    pytest.param(("status",), id="status"),
    pytest.param(("watch", "tonight"), id="watch"),
    pytest.param(("history",), id="history"),
    pytest.param(("abort", "tonight", "--reason", "r"), id="abort"),
    pytest.param(("hold", "tonight", "--reason", "r"), id="hold"),
    pytest.param(("resume", "tonight"), id="resume"),
    pytest.param(("approve", "tonight", "--stage", "1"), id="approve"),
    pytest.param(("promote", "tonight"), id="promote"),
    pytest.param(("report", "tonight"), id="report"),
]


def _refused(run: Run, *arguments: str) -> str:
    ran = run(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("crossfade: ")
    assert ran.err.count("\n") == 1, ran.err
    return ran.err


@pytest.mark.parametrize("command", COMMANDS)
def test_without_credentials(
    deployed: Deployed, run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    del deployed
    with monkeypatch.context() as nobody:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            nobody.delenv(name, raising=False)
        said = _refused(run, *command)

    assert "there are no AWS credentials (Unable to locate credentials); log in" in said


@pytest.mark.parametrize("command", COMMANDS[:2])
def test_in_the_wrong_region(deployed: Deployed, run: Run, command: tuple[str, ...]) -> None:
    del deployed

    said = _refused(run, *command, "--region", "us-east-1")

    assert "there is no stack Crossfade in us-east-1; give the --region, --profile or --stack of yours" in said


@pytest.mark.parametrize("command", COMMANDS[:2])
def test_without_such_a_stack(deployed: Deployed, run: Run, command: tuple[str, ...]) -> None:
    del deployed

    assert "there is no stack Crossfadde in eu-west-1" in _refused(run, *command, "--stack", "Crossfadde")


@pytest.mark.parametrize("command", COMMANDS[:2])
def test_with_a_stack_that_is_not_ours(another_stack: str, run: Run, command: tuple[str, ...]) -> None:
    said = _refused(run, *command, "--stack", another_stack)

    assert "stack Website in eu-west-1 has no output" in said
    assert "give --stack with the name of Crossfade's" in said


@pytest.mark.parametrize("command", [*COMMANDS[:2], pytest.param(("preflight",), id="preflight")])
def test_with_an_endpoint_that_is_none(
    deployed: Deployed, run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    del deployed
    monkeypatch.setenv("AWS_ENDPOINT_URL", "gibberish")

    assert "(Invalid endpoint: gibberish); set AWS_ENDPOINT_URL to one that" in _refused(run, *command)


def test_with_an_endpoint_that_is_closed(deployed: Deployed, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """moto answers for AWS alone, so this one is asked for."""
    del deployed
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    said = _refused(run, "status")

    assert "nothing answers at http://127.0.0.1:9" in said
    assert "start `crossfade serve` there, or unset AWS_ENDPOINT_URL" in said


def test_preflight_does_not_look_for_clusters_behind_an_endpoint_on_this_machine(
    deployed: Deployed, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    del deployed
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    assert "give --embedded" in _refused(run, "preflight")


def test_a_report_that_cannot_be_written_is_told_before_anything_is_asked(deployed: Deployed, run: Run) -> None:
    del deployed

    said = _refused(run, "report", "tonight", "--file", "no/such/folder.html")

    assert "there is no folder" in said
    assert "make it, or name another file" in said


def test_without_a_region(deployed: Deployed, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    del deployed
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)

    assert "no Region is set; give --region or set AWS_REGION" in _refused(run, "status")


def test_with_a_region_that_is_none(deployed: Deployed, run: Run) -> None:
    del deployed

    assert "give a --region such as eu-west-1" in _refused(run, "status", "--region", "eu west")


def test_with_a_profile_that_is_none(deployed: Deployed, run: Run) -> None:
    del deployed

    assert "(nobody) could not be found; give a --profile of your AWS configuration" in _refused(
        run, "status", "--profile", "nobody"
    )


def _refusal(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(_refusal("ExpiredToken"), "your AWS credentials have expired; log in again", id="expired"),
        pytest.param(_refusal("InvalidClientTokenId"), "AWS does not accept your credentials (Inv", id="not accepted"),
        pytest.param(
            _refusal("AccessDenied", "you are not authorized to perform cloudformation:DescribeStacks."),
            "you are not allowed to call DescribeStacks: you are not authorized to perform cloudformation:DescribeS",
            id="denied",
        ),
        pytest.param(
            _refusal("StateMachineDoesNotExist", "gone"),
            "AWS refused DescribeStacks: gone (StateMachineDoesNotExist); check --region and --stack",
            id="anything else",
        ),
        pytest.param(
            EndpointConnectionError(endpoint_url="https://x"), "AWS does not answer (Could not connect", id="no network"
        ),
        pytest.param(
            ConnectTimeoutError(endpoint_url="https://x"), "AWS does not answer (Connect timeout", id="time-out"
        ),
        pytest.param(SSOTokenLoadError(error_msg="old"), "there are no AWS credentials (Error loading SSO", id="sso"),
        pytest.param(BotoCoreError(), "AWS could not be asked (", id="boto3 itself"),
        pytest.param(
            RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired."),
            "your AWS credentials are out of date once they are fetched; log in again",
            id="a clock that is wrong",
        ),
    ],
)
def test_whatever_aws_says_is_one_sentence(deployed: Deployed, error: Exception, said: str) -> None:
    del deployed

    with pytest.raises(NotConnectedError) as refused, connected(profile=None, region="eu-west-1", stack="Crossfade"):
        raise error

    assert str(refused.value).startswith(said)


def test_without_the_table(deployed: Deployed, run: Run) -> None:
    deployed.baking()
    boto3.client("dynamodb", region_name=REGION).delete_table(TableName=TABLE)

    said = _refused(run, "abort", "tonight", "--reason", "r")

    assert "AWS refused GetItem: Requested resource not found (ResourceNotFoundException); check --region" in said


def test_words_meant_for_the_functions_are_not_shown(deployed: Deployed) -> None:
    del deployed
    cause = EndpointConnectionError(endpoint_url="https://x")

    with (
        pytest.raises(NotConnectedError, match="AWS does not answer"),
        connected(profile=None, region=REGION, stack="Crossfade"),
    ):
        raise LedgerUnavailableError("DynamoDB did not answer; it is tried again") from cause


def test_a_profile_is_used(deployed: Deployed, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    del deployed
    config = tmp_path / "config"
    config.write_text("[profile work]\nregion = us-east-1\naws_access_key_id = a\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_PROFILE", "work")

    assert "there is no stack Crossfade in us-east-1" in _refused(run, "status")
