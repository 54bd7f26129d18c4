"""What every announcer promises: the bus, the chat and several as one. None of them ever raises."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from crossfade.adapters.announcing_ledger import AnnouncingLedger
from crossfade.adapters.audience import Announcers, Notifiers
from crossfade.adapters.chat import ChatTopic
from crossfade.adapters.event_bus import EventBus
from crossfade.core.announcement import Announcement, Change, announcement_of
from crossfade.core.notice import Notice
from crossfade.core.record import Outcome, Record
from crossfade.core.timeline import Event
from crossfade.errors import LedgerUnavailableError
from crossfade.names import TimelineEvent
from crossfade.ports import Announcer
from tests.contracts.estate import REGION
from tests.fakes import InMemoryLedger, RecordingAnnouncer, RecordingNotifier
from tests.steps.scene import EXECUTION, T0, a_plan

RECORD = Record(migration="tonight", execution=EXECUTION, plan=a_plan(), started=T0, stage=1)


def news_of(what: str = TimelineEvent.STAGE_PASSED, **data: object) -> Announcement:
    news = announcement_of(RECORD, what=what, text="stage 2 passed", at=T0, data=data)
    assert news is not None
    return news


NEWS = news_of(stage=1)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield


@pytest.fixture
def topic(aws: None) -> str:
    del aws
    return str(boto3.client("sns", region_name=REGION).create_topic(Name="chat")["TopicArn"])


def chat(topic: str) -> ChatTopic:
    return ChatTopic(boto3.client("sns", region_name=REGION), topic_arn=topic)


def shown(topic: str) -> list[dict[str, Any]]:
    """What the chat's topic got."""
    sent = sns_backends[DEFAULT_ACCOUNT_ID][REGION].get_topic(topic).sent_notifications
    return [json.loads(text) for _id, text, *_more in sent]


# --- The bus ---------------------------------------------------------------------------------------------------------


def heard_by_a_rule(news: Announcement) -> dict[str, Any]:
    """What a queue gets through a rule on the default bus."""
    events, sqs = boto3.client("events", region_name=REGION), boto3.client("sqs", region_name=REGION)
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="ours", EventPattern=json.dumps({"source": ["crossfade"]}))
    events.put_targets(Rule="ours", Targets=[{"Id": "queue", "Arn": arn}])
    assert EventBus(events, bus="default").announce(news)
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    found: dict[str, Any] = json.loads(message["Body"])
    return found


@pytest.mark.usefixtures("aws")
def test_an_event_is_heard_by_a_rule_on_its_bus() -> None:
    heard = heard_by_a_rule(NEWS)

    assert (heard["source"], heard["detail-type"]) == ("crossfade", "Crossfade Stage Passed")
    assert heard["resources"] == [EXECUTION]
    assert heard["detail"] == json.loads(NEWS.to_json())


@pytest.mark.usefixtures("aws")
def test_a_bus_that_does_not_exist_is_no_error() -> None:
    class Refusing:
        def put_events(self, **_asked: object) -> dict[str, int]:
            return {"FailedEntryCount": 1}

    refusing: Any = Refusing()

    assert EventBus(refusing, bus="gone").announce(NEWS) is False


def test_a_bus_that_does_not_answer_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    dead = boto3.client("events", region_name=REGION, endpoint_url="http://127.0.0.1:9", config=once)

    assert EventBus(dead, bus="default").announce(NEWS) is False


# --- The chat --------------------------------------------------------------------------------------------------------


def test_the_chat_gets_the_form_that_amazon_q_developer_shows(topic: str) -> None:
    assert chat(topic).announce(NEWS)

    (message,) = shown(topic)
    assert (message["version"], message["source"]) == ("1.0", "custom")
    assert message["content"] == {
        "textType": "client-markdown",
        "title": "Crossfade Stage Passed: tonight",
        "description": "stage 2 passed",
        "nextSteps": [],
        "keywords": ["Crossfade", "stage_passed"],
    }
    assert message["metadata"]["additionalContext"]["to"] == "eks-blueprint-green"


def test_all_messages_of_one_migration_are_one_thread(topic: str) -> None:
    chat(topic).announce(NEWS)
    chat(topic).tell(Notice("tonight", "Crossfade Succeeded: tonight", "read back", Outcome.SUCCEEDED))

    assert {message["metadata"]["threadId"] for message in shown(topic)} == {"tonight"}


def test_a_page_in_the_chat_says_what_to_do(topic: str) -> None:
    notice = Notice("tonight", "Crossfade NEEDS YOU: tonight", "blue shows 0", page=True, next_steps=("Look",))
    chat(topic).tell(notice)

    (message,) = shown(topic)
    assert message["content"]["title"].startswith(":rotating_light: ")
    assert message["content"]["description"] == "ACT NOW. Blue shows 0"
    assert message["content"]["nextSteps"] == ["Look", "The runbook says what to do: docs/runbook.md"]


@pytest.mark.parametrize("what", [TimelineEvent.APPROVAL_AWAITED, TimelineEvent.ENDED])
def test_what_people_get_a_notice_of_stands_in_the_chat_once(topic: str, what: str) -> None:
    assert chat(topic).announce(news_of(what, stage=1, outcome="RolledBack")) is True

    assert shown(topic) == []


def test_a_chat_that_is_gone_is_no_error(topic: str) -> None:
    boto3.client("sns", region_name=REGION).delete_topic(TopicArn=topic)

    assert chat(topic).announce(NEWS) is False
    assert chat(topic).tell(Notice("tonight", "t", "x")) is False


# --- Several, and the ledger that announces ---------------------------------------------------------------------------


def test_several_are_told_whatever_becomes_of_one() -> None:
    broken, works = RecordingAnnouncer(works=False), RecordingAnnouncer()
    dumb, told = RecordingNotifier(works=False), RecordingNotifier()
    both: Announcer = Announcers([broken, works])

    assert both.announce(NEWS) is False
    assert works.heard == [NEWS]
    assert Notifiers([dumb, told]).tell(Notice("tonight", "t", "x")) is True
    assert len(told.told) == 1


def test_what_is_written_down_is_announced_once_it_stands_there() -> None:
    heard = RecordingAnnouncer()
    ledger = AnnouncingLedger(InMemoryLedger(), heard)
    ledger.open(RECORD)

    ledger.append("tonight", Event(T0, TimelineEvent.STAGE_PASSED.value, "stage 2 passed", {"stage": 1}))
    ledger.append("tonight", Event(T0, TimelineEvent.WEIGHT_WRITTEN.value, "blue 1"))

    assert [news.change for news in heard.heard] == [Change.STAGE_PASSED]
    assert len(ledger.timeline("tonight")) == 2


def test_what_could_not_be_written_down_is_not_announced() -> None:
    heard, inner = RecordingAnnouncer(), InMemoryLedger()
    ledger = AnnouncingLedger(inner, heard)
    ledger.open(RECORD)
    inner.fail("append", LedgerUnavailableError("busy"))

    with pytest.raises(LedgerUnavailableError):
        ledger.append("tonight", Event(T0, TimelineEvent.STAGE_PASSED.value, "stage 2 passed", {"stage": 1}))
    assert heard.heard == []


def test_an_end_is_announced_with_the_outcome_that_was_saved() -> None:
    heard = RecordingAnnouncer()
    ledger = AnnouncingLedger(InMemoryLedger(), heard)
    record = ledger.open(RECORD)
    ledger.save(record.with_(outcome=Outcome.ROLLED_BACK, ended=T0 + timedelta(minutes=9)))

    ledger.append("tonight", Event(T0, TimelineEvent.ENDED.value, "5xx", {"outcome": "RolledBack"}))

    assert heard.heard[0].outcome is Outcome.ROLLED_BACK
