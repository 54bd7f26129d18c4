"""Parts about time, money and failed requests: what the shipped plans take and cost, as the product computes it."""

from typing import Final

from crossfade.adapters.config_file import read_config
from crossfade.core.duration import format_duration
from crossfade.core.exposure import SLOWEST
from crossfade.core.preview import Failures, Preview, Span, preview
from tools.reference.markdown import CONFIG_FILE, Lines, table
from tools.reference.template import resources


def previews() -> Lines:
    """What the plans of the shipped configuration take and cost, as `crossfade plan` computes it."""
    config = read_config(CONFIG_FILE, now=None)
    head = ["Plan", "Duration", "Users back on blue", "Events, at worst", "Room for people"]
    return table(head, (_preview_row(preview(config.plan(name), requests_per_second=None)) for name in config.plans))


def _preview_row(costs: Preview) -> list[str]:
    events = f"{costs.events:,}, {costs.events_worst:,}"
    return [
        f"`{costs.plan.name}`",
        _span(costs.duration),
        _span(costs.rollback),
        events,
        format_duration(costs.spare),
    ]


def prices() -> Lines:
    """What a run of each plan of the shipped configuration costs, in US dollars."""
    config = read_config(CONFIG_FILE, now=None)
    plans = [preview(config.plan(name), requests_per_second=None) for name in config.plans]
    head = ["Plan", "Transitions", "Calls of functions, at most", "Metrics read, at most", "Together, at most"]
    return table(head, map(_price_row, plans))


def _price_row(costs: Preview) -> list[str]:
    calls = max(costs.transitions) // _TRANSITIONS_PER_CALL
    called = calls * (SLOWEST.call.total_seconds() * _gigabytes() * _DOLLARS_PER_GB_SECOND + _DOLLARS_PER_CALL)
    series = calls * len(costs.plan.workloads) * _SERIES_PER_WORKLOAD
    prices = (max(costs.dollars), called, series * _DOLLARS_PER_SERIES)
    counts = (f"{max(costs.transitions)}", f"{calls}", f"{series:,}")
    cells = [f"{count}: {price:.4f}" for count, price in zip(counts, prices, strict=True)]
    return [f"`{costs.plan.name}`", *cells, f"{sum(prices):.2f}"]


_TRANSITIONS_PER_CALL: Final = 3
"""Wait, Task, Choice."""
_SERIES_PER_WORKLOAD: Final = 10
"""Five metrics of two load balancers; see `adapters.cloudwatch_metrics`."""
_DOLLARS_PER_SERIES: Final = 0.01 / 1_000
"""Of GetMetricData. Source: https://aws.amazon.com/cloudwatch/pricing/"""
_DOLLARS_PER_GB_SECOND: Final = 0.0000133334
_DOLLARS_PER_CALL: Final = 0.20 / 1_000_000
"""Arm, the first tier, US East. Source: https://aws.amazon.com/lambda/pricing/"""


def standing() -> Lines:
    """What the stacks cost while nothing moves, in US dollars a month, free tiers not counted."""
    types = [resource["Type"] for resource in resources().values()]
    rows = [(words, types.count(kind), price) for kind, (words, price) in _MONTHLY.items()]
    rows.append(("Calls of the guardian, one a minute", _MINUTES_A_MONTH, _dollars_per_look()))
    cells = ([words, f"{count:,}", f"{price:.2g}", f"{count * price:.2f}"] for words, count, price in rows)
    return table(["What", "How many", "Each", "Together"], cells)


_MONTHLY: Final = {
    "AWS::CloudWatch::Alarm": ("Alarms on Crossfade itself", 0.10),
    "AWS::CloudWatch::Dashboard": ("Dashboard", 3.00),
}
"""Source: https://aws.amazon.com/cloudwatch/pricing/"""
_MINUTES_A_MONTH: Final = 30 * 24 * 60
_LOOK_SECONDS: Final = 0.2
"""Of the guardian when nothing is leased: one query. Chosen, not measured."""


def _dollars_per_look() -> float:
    return _LOOK_SECONDS * _gigabytes() * _DOLLARS_PER_GB_SECOND + _DOLLARS_PER_CALL


def _gigabytes() -> float:
    """Of the largest function."""
    functions = [each["Properties"] for each in resources().values() if each["Type"] == "AWS::Lambda::Function"]
    largest: int = max(function["MemorySize"] for function in functions)
    return largest / 1024


def _span(span: Span) -> str:
    return f"{format_duration(span.typical)} to {format_duration(span.longest)}"


def failures() -> Lines:
    """How many of a thousand requests a second fail on the default plan, as `crossfade plan` computes it."""
    config = read_config(CONFIG_FILE, now=None)
    plan = config.plan(config.default_plan)
    costs = preview(plan, requests_per_second={each.name: _RATE / len(plan.workloads) for each in plan.workloads})
    turning = ([f"turns bad at {s.wanted_percent:g} %", *_figures(s.turns_bad)] for s in costs.stages)
    rows = [["is bad from its first user on", *_figures(costs.bad_from_start)], *turning]
    return table(["Green", "Expected to fail", "At the slowest pace"], rows)


_RATE: Final = 1_000
"""Requests a second, on all hosts together."""


def _figures(found: Failures | None) -> list[str]:
    figures = (found.expected, found.worst) if found else (None, None)
    return ["-" if figure is None else f"{figure:,.0f}" for figure in figures]
