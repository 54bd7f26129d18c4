"""The AWS account in which Crossfade is deployed: found by its stack, spoken to with the caller's own credentials.

boto3's usual ways to credentials work, AWS_PROFILE and AWS_ENDPOINT_URL among them. What AWS or boto3 says when that
fails becomes one sentence that ends with what to do.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own
    CredentialRetrievalError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from crossfade.adapters.aws import code_of
from crossfade.adapters.dynamodb_ledger import DynamoLedger
from crossfade.adapters.s3_reports import console_url, key_of
from crossfade.adapters.step_functions import StepFunctionsExecutions
from crossfade.cli.executions import Executions
from crossfade.errors import LedgerRefusedError, LedgerUnavailableError, PermanentError
from crossfade.names import MACHINE_OUTPUT, REPORTS_OUTPUT, TABLE_OUTPUT
from crossfade.ports import Executions as SleepingExecutions
from crossfade.ports import Ledger

_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 15
_TRIES: Final = 4
_HURRIED_SECONDS: Final = 2

_SAME_TIME: Final = timedelta(seconds=3)
"""AWS tells its time to the second, and an answer takes a moment: less than this is no difference."""

THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
"""Where `crossfade serve` listens, and AWS never does."""

_NO_CREDENTIALS: Final = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    SSOError,
)
_STALE: Final = "refreshed credentials are still expired"
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_NOT_ACCEPTED: Final = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


class NotConnectedError(PermanentError):
    """The deployed Crossfade could not be reached or asked."""


class Reports:
    """
    Reports in a bucket, for reading.

    Args:
        s3: A client with the caller's credentials.
        bucket: Name of the bucket.
        region: Of the bucket.
    """

    def __init__(self, s3: Any, bucket: str, region: str) -> None:
        self._s3, self._bucket, self._region = s3, bucket, region

    def get(self, migration: str) -> str | None:
        """The page of *migration*; None when there is none."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key_of(migration, "html"))
        except ClientError as error:
            if code_of(error) != "NoSuchKey":
                raise
            return None
        page: bytes = answer["Body"].read()
        return page.decode()

    def url(self, migration: str) -> str:
        """Where the console shows it."""
        return console_url(self._region, self._bucket, migration)


class Account:
    """
    One deployment of Crossfade.

    Args:
        profile: Of the AWS configuration; None for boto3's choice.
        region: Of the stack; None for that of the profile.
        stack: Name of the stack.
        hurried: Whether somebody waits with a finger on a key: then it is tried once, and not for long.
    """

    def __init__(self, *, profile: str | None, region: str | None, stack: str, hurried: bool = False) -> None:
        self._seconds = (_HURRIED_SECONDS, _HURRIED_SECONDS) if hurried else (_CONNECT_SECONDS, _READ_SECONDS)
        self._tries = 1 if hurried else _TRIES
        self._session = boto3.Session(profile_name=profile, region_name=region)
        self._session.events.register("after-call", self._note_time)
        self._stack = stack
        self._ahead = timedelta(0)

    @property
    def region(self) -> str:
        """Where everything is asked for."""
        return self._session.region_name or "no Region"

    @property
    def session(self) -> boto3.Session:
        """With the caller's own credentials."""
        return self._session

    @property
    def is_embedded(self) -> bool:
        """Whether it is that of `crossfade serve`, or another on this machine, and not AWS."""
        return urlsplit(self._client("sts").meta.endpoint_url).hostname in THIS_MACHINE

    @property
    def now(self) -> datetime:
        """
        The present instant, UTC, by the clock of AWS, once it has answered anything.

        What people say is put in order with what the migration does by it, so it must not hang on this machine's.
        """
        return datetime.now(UTC) + self._ahead

    @cached_property
    def ledger(self) -> Ledger:
        """The record of migrations."""
        return DynamoLedger(self._client("dynamodb"), table=self._output(TABLE_OUTPUT))

    @cached_property
    def executions(self) -> Executions:
        """Those of the state machine."""
        return Executions(self._client("stepfunctions"), self._output(MACHINE_OUTPUT))

    @cached_property
    def reports(self) -> "Reports":
        """Those that ended migrations left in the bucket."""
        return Reports(self._client("s3"), self._output(REPORTS_OUTPUT), self.region)

    @cached_property
    def sleepers(self) -> SleepingExecutions:
        """Those of them that wait for somebody to wake them."""
        return StepFunctionsExecutions(self._client("stepfunctions"))

    @cached_property
    def caller(self) -> str:
        """ARN of whoever runs the command."""
        arn: str = self._client("sts").get_caller_identity()["Arn"]
        return arn

    def _note_time(self, http_response: Any, **_more: Any) -> None:
        """A handler of botocore's, after each answer."""
        if date := http_response.headers.get("Date"):
            ahead = parsedate_to_datetime(date) - datetime.now(UTC)
            self._ahead = ahead if abs(ahead) > _SAME_TIME else timedelta(0)

    def _output(self, name: str) -> str:
        if name not in self._outputs:
            msg = (
                f"stack {self._stack} in {self.region} has no output {name}; give --stack with the name of Crossfade's"
            )
            raise NotConnectedError(msg)
        return self._outputs[name]

    @cached_property
    def _outputs(self) -> Mapping[str, str]:
        try:
            stacks = self._client("cloudformation").describe_stacks(StackName=self._stack)["Stacks"]
        except ClientError as error:
            if code_of(error) != "ValidationError":
                raise
            msg = f"there is no stack {self._stack} in {self.region}; give the --region, --profile or --stack of yours"
            raise NotConnectedError(msg) from error
        return {each["OutputKey"]: each["OutputValue"] for each in stacks[0].get("Outputs", [])}

    def _client(self, service: str) -> Any:
        connect_seconds, read_seconds = self._seconds
        config = Config(
            connect_timeout=connect_seconds,
            read_timeout=read_seconds,
            retries={"mode": "standard", "total_max_attempts": self._tries},
        )
        try:
            make: Callable[..., Any] = self._session.client
            return make(service, config=config)
        except BotoCoreError:
            raise
        except ValueError as error:  # an AWS_ENDPOINT_URL that is none is no error of botocore's
            msg = f"AWS cannot be asked ({error}); set AWS_ENDPOINT_URL to one that begins with https://, or unset it"
            raise NotConnectedError(msg) from error


@contextmanager
def connected(*, profile: str | None, region: str | None, stack: str, hurried: bool = False) -> Iterator[Account]:
    """
    Inside, whatever AWS says becomes a sentence. The arguments are those of `Account`.

    Raises:
        NotConnectedError: With that sentence.
    """
    try:
        yield Account(profile=profile, region=region, stack=stack, hurried=hurried)
    except (LedgerRefusedError, LedgerUnavailableError) as error:  # its words are meant for the functions
        raise NotConnectedError(_sentence(error.__cause__ or error)) from error
    except (ClientError, BotoCoreError) as error:
        raise NotConnectedError(_sentence(error)) from error
    except RuntimeError as error:  # botocore's word for new credentials that are out of date at once
        if _STALE not in str(error):
            raise
        msg = "your AWS credentials are out of date once they are fetched; log in again, or mend this machine's clock"
        raise NotConnectedError(msg) from error


def _sentence(error: BaseException) -> str:
    match error:
        case ClientError():
            return _refused(error)
        case BotoCoreError():
            return _not_asked(error)
        case _:
            return str(error)


def _refused(error: ClientError) -> str:
    code, action = code_of(error), error.operation_name
    if code in _EXPIRED:
        return "your AWS credentials have expired; log in again"
    if code in _NOT_ACCEPTED:
        return f"AWS does not accept your credentials ({code}); log in again, or check --profile and --region"
    words = str(error.response.get("Error", {}).get("Message", code)).rstrip(". ")
    if code in _DENIED:
        return f"you are not allowed to call {action}: {words}; ask for that permission"
    return f"AWS refused {action}: {words} ({code}); check --region and --stack, then try again"


def _not_asked(error: BotoCoreError) -> str:
    match error:
        case ProfileNotFound():
            return f"{error}; give a --profile of your AWS configuration"
        case NoRegionError():
            return "no Region is set; give --region or set AWS_REGION"
        case InvalidRegionError():
            return f"{_bare(error)}; give a --region such as eu-west-1"
        case _ if isinstance(error, _NO_CREDENTIALS):
            return f"there are no AWS credentials ({error}); log in, or give --profile"
        case HTTPClientError() | ConnectionError():
            return _silent(error)
        case _:
            return f"AWS could not be asked ({_bare(error)}); check your AWS configuration"


def _silent(error: HTTPClientError | ConnectionError) -> str:
    endpoint = str(error.kwargs.get("endpoint_url", ""))
    if urlsplit(endpoint).hostname in THIS_MACHINE:
        return f"nothing answers at {endpoint}; start `crossfade serve` there, or unset AWS_ENDPOINT_URL"
    return f"AWS does not answer ({_bare(error)}); check your network, --region and AWS_ENDPOINT_URL"


def _bare(error: BotoCoreError) -> str:
    """Its words without a full stop, to be gone on from."""
    return str(error).rstrip(". ")
