"""What every notifier promises: the recording one of the tests, and SNS. It never raises."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from crossfade.adapters.sns import SnsNotifier, subject_of, text_of
from crossfade.core.notice import Notice
from crossfade.core.record import Outcome
from crossfade.ports import Notifier
from tests.contracts.estate import REGION
from tests.fakes import RecordingNotifier

DONE = Notice("tonight", "Crossfade Succeeded: tonight", "all traffic is on green, read back", Outcome.SUCCEEDED)
PAGE = Notice("tonight", "Crossfade NEEDS YOU: tonight", "blue shows 0", Outcome.ROLLBACK_UNCONFIRMED, page=True)


class Ground(Protocol):
    """A notifier and what has arrived."""

    @property
    def notifier(self) -> Notifier: ...

    def arrived(self) -> list[str]: ...

    def break_down(self) -> None: ...


class FakeGround:
    def __init__(self) -> None:
        self.notifier = RecordingNotifier()

    def arrived(self) -> list[str]:
        return [notice.title for notice in self.notifier.told]

    def break_down(self) -> None:
        self.notifier.works = False


class SnsGround:
    def __init__(self) -> None:
        self._client: Any = boto3.client("sns", region_name=REGION)
        self._topic = self._client.create_topic(Name="notices")["TopicArn"]
        self.notifier = SnsNotifier(self._client, topic_arn=self._topic)

    def messages(self) -> list[tuple[str, str]]:
        topic: Any = sns_backends[DEFAULT_ACCOUNT_ID][REGION].get_topic(self._topic)
        return [(subject, text) for _id, text, subject, *_more in topic.sent_notifications]

    def arrived(self) -> list[str]:
        return [subject for subject, _ in self.messages()]

    def break_down(self) -> None:
        self._client.delete_topic(TopicArn=self._topic)


@pytest.fixture
def sns(monkeypatch: pytest.MonkeyPatch) -> Iterator[SnsGround]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield SnsGround()


@pytest.fixture(params=["recording", "sns"])
def ground(request: pytest.FixtureRequest) -> Ground:
    if request.param == "recording":
        return FakeGround()
    found: Ground = request.getfixturevalue("sns")
    return found


def test_a_notice_arrives_with_its_title(ground: Ground) -> None:
    assert ground.notifier.tell(DONE)
    assert ground.arrived() == [DONE.title]


def test_a_notice_that_cannot_be_delivered_raises_nothing_and_says_so(ground: Ground) -> None:
    ground.break_down()

    assert ground.notifier.tell(PAGE) is False


def test_a_topic_that_does_not_answer_delays_nobody() -> None:
    dead = boto3.client(
        "sns",
        endpoint_url="http://127.0.0.1:9",
        region_name=REGION,
        aws_access_key_id="a",
        aws_secret_access_key="s",
        config=Config(retries={"total_max_attempts": 1}),
    )

    assert SnsNotifier(dead, topic_arn="arn:aws:sns:eu-west-1:123456789012:notices").tell(PAGE) is False


def test_the_message_says_what_happened_and_to_which_migration(sns: SnsGround) -> None:
    sns.notifier.tell(DONE)
    _, text = sns.messages()[0]

    assert text.startswith("All traffic is on green, read back\n")
    assert "Migration: tonight\n" in text


def test_a_page_says_that_somebody_has_to_act() -> None:
    assert text_of(PAGE).startswith("ACT NOW. Traffic could not be read back as before")
    assert "Look: crossfade status tonight\n" in text_of(PAGE)
    assert "ACT" not in text_of(DONE)


@pytest.mark.parametrize(
    ("outcome", "first"),
    [
        (Outcome.ROLLED_BACK, "All traffic is back on blue"),
        (Outcome.PARTLY_ROLLED_BACK, "Some hosts are on green"),
        (Outcome.ROLLBACK_UNCONFIRMED, "Traffic could not be read back"),
        (Outcome.HELD, "Traffic stays where it is"),
        (Outcome.REFUSED, "Nothing was changed."),
    ],
)
def test_the_first_line_says_how_it_is_and_the_cause_comes_after(outcome: Outcome, first: str) -> None:
    text = text_of(Notice("tonight", "Crossfade", "nothing was changed: NoWayError: yelb is gone", outcome))

    opening, empty, cause, *_ = text.splitlines()
    assert opening.startswith(first)
    assert empty == ""
    assert cause.startswith("Why: ")
    assert cause.endswith("yelb is gone")
    assert "NoWayError" not in opening + cause
    assert "docs/runbook.md, NoWayError\n" in text


def test_who_has_to_scale_up_blue_is_not_told_that_nothing_has_to_be_done() -> None:
    notice = Notice("tonight", "Crossfade", "blue is small; scale it up now", Outcome.ROLLED_BACK, page=True)

    assert "Nothing has to be done" not in text_of(notice)
    assert "Nothing has to be done now." in text_of(replace(notice, page=False))


@pytest.mark.parametrize(
    ("title", "subject"),
    [
        pytest.param("x" * 150, "x" * 100, id="long"),
        pytest.param("two\nlines\t here", "two lines here", id="several lines"),
        pytest.param("Zürich → Köln", "Z?rich ? K?ln", id="not ASCII"),
        pytest.param("", "Crossfade", id="empty"),
        pytest.param("  \n ", "Crossfade", id="blank"),
    ],
)
def test_a_subject_is_what_sns_takes(title: str, subject: str) -> None:
    assert subject_of(Notice("m", title, "")) == subject
