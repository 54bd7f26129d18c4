"""Notices to one SNS topic, readable as mail. A topic that is down delays nobody: one attempt, short time-outs.

Limit: a subject has at most 100 ASCII characters. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from crossfade.adapters.notices import next_steps, words_of
from crossfade.core.notice import Notice

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient

_SUBJECT_MAX: Final = 100


class SnsNotifier:
    """
    See `ports.Notifier`.

    Args:
        sns: A client that tries once.
        topic_arn: Of the topic.
    """

    def __init__(self, sns: "SNSClient", *, topic_arn: str) -> None:
        self._sns = sns
        self._topic_arn = topic_arn

    def tell(self, notice: Notice) -> bool:
        """See `ports.Notifier.tell`."""
        try:
            self._sns.publish(TopicArn=self._topic_arn, Subject=subject_of(notice), Message=text_of(notice))
        except (ClientError, BotoCoreError):
            return False
        return True


def subject_of(notice: Notice) -> str:
    """The title as SNS takes it: one line of ASCII, cut at 100 characters."""
    line = " ".join(notice.title.split())
    return line.encode("ascii", "replace").decode()[:_SUBJECT_MAX] or "Crossfade"


def text_of(notice: Notice) -> str:
    """The mail: how it is and what to do, then why, then which migration it is about."""
    steps = "".join(f"{step}\n" for step in next_steps(notice))
    evidence = f"Evidence: crossfade report {notice.migration}\n" if notice.outcome else ""
    return f"{words_of(notice)}\n\n{steps}\nMigration: {notice.migration}\n{evidence}".replace("\n\n\n", "\n\n")
