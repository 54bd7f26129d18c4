"""The hook that lets Route 53 list protections of records."""

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any, Final

from moto.core.botocore_stubber import BotocoreStubber

from world.moto_hooks.swap import swapped

_PATH: Final = re.compile(r"https://route53\.[^/]+/[\d-]+/hostedzone/[^/]+/rrsetprotection")
_ANSWER: Final = (
    '<ListResourceRecordSetProtectionsResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
    "<ResourceRecordSetProtections>{}</ResourceRecordSetProtections></ListResourceRecordSetProtectionsResponse>"
)
_ONE: Final = (
    "<ResourceRecordSetProtection><RecordName>{}.</RecordName><RecordType>{}</RecordType></ResourceRecordSetProtection>"
)


@contextmanager
def records_can_be_protected(found: Callable[[], AbstractSet[tuple[str, str]]]) -> Iterator[None]:
    """
    Moto's Route 53 knows no protections: it answers 404.

    Args:
        found: Name and type of every record that nobody may change.
    """
    moto = BotocoreStubber.process_request

    def process_request(stubber: BotocoreStubber, request: Any) -> Any:
        if _PATH.match(request.url) is None:
            return moto(stubber, request)
        return 200, {}, _ANSWER.format("".join(_ONE.format(*one) for one in sorted(found())))

    with swapped(BotocoreStubber, "process_request", process_request):
        yield
