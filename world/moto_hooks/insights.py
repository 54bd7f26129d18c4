"""The hook that gives EKS clusters insights."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from moto.core.botocore_stubber import BotocoreStubber

from world.moto_hooks.swap import swapped

Insight = Mapping[str, Any]
"""As DescribeInsight shows it, without its `recommendation` in lists."""

_PATH: Final = re.compile(r"https://eks\.[^/]+/clusters/(?P<cluster>[^/]+)/insights(/(?P<id>[^/?]+))?$")
_LISTED: Final = ("id", "name", "category", "kubernetesVersion", "description", "insightStatus")


@contextmanager
def clusters_have_insights(found: Callable[[str], Sequence[Insight]]) -> Iterator[None]:
    """
    Moto's EKS knows no insights: it answers 404.

    Args:
        found: Those of a cluster, by its name.
    """
    moto = BotocoreStubber.process_request

    def process_request(stubber: BotocoreStubber, request: Any) -> Any:
        asked = _PATH.match(request.url)
        if asked is None:
            return moto(stubber, request)
        insights = found(asked["cluster"])
        if asked["id"] is None:
            wanted = json.loads(request.body or "{}").get("filter", {})
            listed = [{key: one[key] for key in _LISTED} for one in insights if _is_wanted(one, wanted)]
            return 200, {}, json.dumps({"insights": listed})
        return 200, {}, json.dumps({"insight": next(one for one in insights if one["id"] == asked["id"])})

    with swapped(BotocoreStubber, "process_request", process_request):
        yield


def _is_wanted(insight: Insight, wanted: Mapping[str, Sequence[str]]) -> bool:
    category, status = insight["category"], insight["insightStatus"]["status"]
    return category in wanted.get("categories", [category]) and status in wanted.get("statuses", [status])
