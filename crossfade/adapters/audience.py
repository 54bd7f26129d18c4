"""Several listeners as one: each is told, whatever becomes of the others."""

from collections.abc import Sequence

from crossfade.core.announcement import Announcement
from crossfade.core.notice import Notice
from crossfade.ports import Announcer, Notifier


class Notifiers:
    """See `ports.Notifier`."""

    def __init__(self, members: Sequence[Notifier]) -> None:
        self._members = tuple(members)

    def tell(self, notice: Notice) -> bool:
        """See `ports.Notifier.tell`; True when at least one has delivered it."""
        delivered = [member.tell(notice) for member in self._members]
        return any(delivered)


class Announcers:
    """See `ports.Announcer`."""

    def __init__(self, members: Sequence[Announcer]) -> None:
        self._members = tuple(members)

    def announce(self, news: Announcement) -> bool:
        """See `ports.Announcer.announce`; True when every one has delivered it."""
        delivered = [member.announce(news) for member in self._members]
        return all(delivered)
