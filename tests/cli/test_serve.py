"""The embedded world stays open for the commands of other terminals."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from types import SimpleNamespace

import boto3
import pytest
from rich.console import Console

from crossfade.cli.account import Account
from crossfade.cli.serve import ANOTHER, another_person
from crossfade.cli.serve import run as run_on
from tests.cli.conftest import REGION, Run
from tests.world.machines import definition, template
from world.clock import Clock
from world.cloud import Cloud

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class Served:
    """A gateway at which nobody asks anything, and somebody presses Ctrl-C after a while."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def serve(self, _seconds: float) -> None:
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Clock(NINE) as clock, Cloud(clock) as cloud:
        cloud.deploy(template(definition("End", End={"Type": "Succeed"}), {}), pytest.fail)
        yield cloud


def test_time_goes_as_many_times_as_fast_as_asked_for_and_mails_are_printed(cloud: Cloud) -> None:
    out = StringIO()
    topic = cloud.deployment.topic_arn
    cloud.clock.after(
        timedelta(seconds=20),
        lambda: boto3.client("sns").publish(TopicArn=topic, Subject="[tonight] ended", Message="."),
    )

    with pytest.raises(KeyboardInterrupt):
        run_on(cloud, Served(10), 30, Console(file=out))  # type: ignore[arg-type]  # only `serve` is asked for

    assert cloud.clock.now - NINE == timedelta(seconds=30)
    assert out.getvalue() == "2026-11-24 09:00:21  mail: [tonight] ended\n"


def test_somebody_else_than_who_starts_has_credentials_of_their_own(cloud: Cloud) -> None:
    del cloud
    key, secret = another_person()

    caller = boto3.client("sts", aws_access_key_id=key, aws_secret_access_key=secret).get_caller_identity()

    assert caller["Arn"].endswith(f":user/{ANOTHER}")


def test_a_port_that_somebody_has_is_refused_before_anything_is_built(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = run("serve", "--port", str(port))

    assert ran.code == 2
    assert ran.err == f"crossfade: port {port} cannot be listened on (Address already in use); give another --port\n"


@pytest.mark.parametrize(
    ("behind", "believed"),
    [(timedelta(minutes=4), timedelta(minutes=4)), (timedelta(seconds=1), timedelta(0))],
    ids=["a clock that is wrong", "the resolution of a date"],
)
def test_commands_go_by_the_clock_of_aws(account: None, behind: timedelta, believed: timedelta) -> None:
    del account
    here = Account(profile=None, region=REGION, stack="Crossfade")
    date = f"{datetime.now(UTC) + behind:%a, %d %b %Y %H:%M:%S} GMT"

    here.session.events.emit("after-call.sts.GetCallerIdentity", http_response=SimpleNamespace(headers={"Date": date}))

    assert abs(here.now - datetime.now(UTC) - believed) < timedelta(seconds=2)
