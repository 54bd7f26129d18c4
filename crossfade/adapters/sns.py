"""Notices to one SNS topic, readable as mail. A topic that is down delays nobody: one attempt, short time-outs.

Limit: a subject has at most 100 ASCII characters. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from crossfade.ports import Notice

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
    """The mail: what happened, and which migration it is about."""
    act = "\n\nSomebody has to act now; docs/runbook.md says what to do." if notice.page else ""
    steps = "".join(f"\n{step}" for step in notice.next_steps)
    evidence = f"\nEvidence: crossfade report {notice.migration}" if notice.outcome else ""
    return f"{notice.text}\n{steps}\nMigration: {notice.migration}{evidence}{act}\n"
