"""A valid configuration as plain data, and ways to break it at one path."""

import copy
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from crossfade.core.config import Config, check_config
from crossfade.errors import InvalidConfigError

NOW = datetime(2026, 1, 13, 9, 0, tzinfo=UTC)
REMOVED: Any = object()

_VALID: dict[str, Any] = {
    "version": 1,
    "clusters": {
        "blue": {"name": "shop-blue", "region": "eu-west-1"},
        "green": {"name": "shop-green", "region": "eu-west-1"},
    },
    "hostedZone": {"id": "Z0EXAMPLE1", "name": "example.com"},
    "workloads": [
        {
            "name": "cart",
            "namespace": "shop",
            "ingress": "cart-ingress",
            "host": "cart.example.com",
            "router": "external_dns",
            "alarms": ["green-cart-5xx", "green-health"],
        },
        {
            "name": "search",
            "namespace": "shop",
            "ingress": "search-ingress",
            "host": "search.example.com",
            "router": "external_dns",
            "alarms": ["green-health"],
        },
    ],
    "plans": {
        "standard": {
            "stages": [
                {"share": 1, "bake": "10m"},
                {"share": 25, "bake": "10m", "gate": "approval"},
                {"share": 100, "bake": "5m"},
            ],
            "soak": "30m",
            "notAfter": "2026-06-30T18:00:00+02:00",
        },
        "quick": {"preset": "Canary10Percent5Minutes", "soak": "10m"},
    },
    "defaultPlan": "standard",
    "timing": {"poll": "1m"},
    "notifications": {"emails": ["team@example.com"]},
    "triggers": {
        "schedules": [{"name": "weekly", "expression": "cron(0 9 ? * TUE *)", "timezone": "UTC", "plan": "quick"}]
    },
}

Where = Sequence[str | int]


def valid() -> dict[str, Any]:
    """A document without a fault, all of its own."""
    return copy.deepcopy(_VALID)


def changed(*changes: tuple[Where, object]) -> dict[str, Any]:
    """The valid document with a value put (or REMOVED) at each path."""
    document = valid()
    for path, value in changes:
        holder: Any = document
        for part in path[:-1]:
            holder = holder[part]
        if value is REMOVED:
            del holder[path[-1]]
        elif isinstance(holder, list) and path[-1] == len(holder):
            holder.append(value)
        else:
            holder[path[-1]] = value
    return document


def faults(document: object, *, now: datetime | None = NOW) -> list[str]:
    """The faults of *document*; empty when it is valid."""
    try:
        check_config(document, now=now)
    except InvalidConfigError as error:
        return error.faults
    return []


def config(*changes: tuple[Where, object]) -> Config:
    """The valid configuration, changed."""
    return check_config(changed(*changes), now=None)


STAGES = ("plans", "standard", "stages")
CART = ("workloads", 0)
WEEKLY = ("triggers", "schedules", 0)
COPY_OF_CART = {"name": "c", "namespace": "n", "ingress": "i", "host": "c.example.com", "alarms": ["a"]}
DIRECT = {**COPY_OF_CART, "router": "route53"}


def stages(*shares: float) -> list[dict[str, object]]:
    return [{"share": share, "bake": "5m"} for share in shares]


def workloads(count: int) -> list[dict[str, object]]:
    return [{**COPY_OF_CART, "name": f"w{n}", "ingress": f"w{n}", "host": f"w{n}.example.com"} for n in range(count)]
