"""Announcements to one EventBridge bus. A bus that is down delays nobody: one attempt, short time-outs.

Limit: an entry may have 1 MB, an announcement has a few KB. PutEvents answers 200 even for an entry that it refused.
Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from crossfade.core.announcement import Announcement
from crossfade.names import EVENT_SOURCE

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient


class EventBus:
    """
    See `ports.Announcer`.

    Args:
        events: A client that tries once.
        bus: Name of the bus; `default` is there in every account.
    """

    def __init__(self, events: "EventBridgeClient", *, bus: str) -> None:
        self._events = events
        self._bus = bus

    def announce(self, news: Announcement) -> bool:
        """See `ports.Announcer.announce`."""
        try:
            answer = self._events.put_events(
                Entries=[
                    {
                        "EventBusName": self._bus,
                        "Source": EVENT_SOURCE,
                        "DetailType": news.change.detail_type,
                        "Time": news.at,
                        "Resources": [news.execution],
                        "Detail": news.to_json(),
                    }
                ]
            )
        except (ClientError, BotoCoreError):
            return False
        return answer["FailedEntryCount"] == 0
