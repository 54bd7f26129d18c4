"""Notices and announcements for a chat channel, through an SNS topic that Amazon Q Developer reads.

It shows messages of its own form only and drops every other, and people's mail programs would show that form as JSON:
so the chat has a topic to itself. All messages of one migration carry its name as their thread.
What is longer than a chat can be read is cut: a title at 250 characters, a description at 8000.
Source: https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from crossfade.adapters.notices import next_steps, words_of
from crossfade.core.announcement import Announcement, Change
from crossfade.core.notice import Notice
from crossfade.core.signals import short_name
from crossfade.names import PRODUCT

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient

_TITLE_MAX: Final = 250
_DESCRIPTION_MAX: Final = 8000

_TOLD_AS_NOTICE: Final = frozenset(change for change in Change if change.is_end) | {Change.WAITING_FOR_APPROVAL}
"""What people get a notice of anyway; the chat shows that one."""


class ChatTopic:
    """
    See `ports.Notifier` and `ports.Announcer`.

    Args:
        sns: A client that tries once.
        topic_arn: Of the topic that the chat reads.
    """

    def __init__(self, sns: "SNSClient", *, topic_arn: str) -> None:
        self._sns = sns
        self._topic_arn = topic_arn

    def tell(self, notice: Notice) -> bool:
        """See `ports.Notifier.tell`."""
        sign = ":rotating_light: " if notice.page else ""
        kind = notice.outcome.value if notice.outcome else "Notice"
        return self._publish(
            notice.migration, f"{sign}{notice.title}", words_of(notice), next_steps=next_steps(notice), kind=kind
        )

    def announce(self, news: Announcement) -> bool:
        """See `ports.Announcer.announce`."""
        if news.change in _TOLD_AS_NOTICE:
            return True
        context = {"plan": news.plan, "from": news.blue, "to": news.green}
        if news.change is Change.STARTED:
            context |= {"started by": short_name(news.started_by) or "not said", "purpose": news.purpose or "not said"}
        title = f"{news.change.detail_type}: {news.migration}"
        return self._publish(news.migration, title, news.text, kind=news.change.value, context=context)

    def _publish(
        self,
        migration: str,
        title: str,
        text: str,
        *,
        kind: str,
        next_steps: Sequence[str] = (),
        context: dict[str, str] | None = None,
    ) -> bool:
        message = {
            "version": "1.0",
            "source": "custom",
            "content": {
                "textType": "client-markdown",
                "title": title[:_TITLE_MAX],
                "description": text[:_DESCRIPTION_MAX],
                "nextSteps": list(next_steps),
                "keywords": [PRODUCT, kind],
            },
            "metadata": {
                "threadId": migration,
                "summary": title[:_TITLE_MAX],
                "eventType": kind,
                "additionalContext": {"migration": migration, **(context or {})},
            },
        }
        try:
            self._sns.publish(TopicArn=self._topic_arn, Message=json.dumps(message))
        except (ClientError, BotoCoreError):
            return False
        return True
