"""The dashboard's definition as it is deployed: widgets, their places, and the lines of their graphs. It draws nothing.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

MetricKey = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name and dimensions of a metric."""

_HOURS: Final = re.compile(r"-PT(\d+)H")
_MINUTE: Final = 60
_PALETTE: Final = (
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf",
)  # fmt: skip
"""By turns for lines that name no colour; like those of CloudWatch, which are not documented."""


class NotDrawnError(ValueError):
    """A widget uses something that is not known here; the message names it."""


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line of a graph, or one number.

    Attributes:
        metric: What it shows.
        statistic: In CloudWatch's words, such as `Sum`.
        period: Of one value.
        label: In the legend.
        colour: Of the line.
        is_right: Whether it goes by the axis on the right.
    """

    metric: MetricKey
    statistic: str
    period: timedelta
    label: str
    colour: str
    is_right: bool = False


@dataclass(frozen=True, slots=True)
class Widget:
    """
    One widget.

    Attributes:
        kind: `text`, `alarm`, `log` or `metric`.
        x, y, width, height: Its place on the grid of 24 columns.
        properties: As they are deployed.
    """

    kind: str
    x: int
    y: int
    width: int
    height: int
    properties: Mapping[str, Any]

    @property
    def title(self) -> str:
        """What stands over it; empty for nothing."""
        return str(self.properties.get("title", ""))

    def lines(self) -> Sequence[Line]:
        """
        The lines of a metric widget; a dot stands for what the line before has there.

        Raises:
            NotDrawnError: One is an expression.
        """
        return list(self._lines())

    def _lines(self) -> Iterator[Line]:
        before: list[str] = []
        for index, given in enumerate(self.properties.get("metrics", ())):
            words = [word for word in given if isinstance(word, str)]
            options = {**self.properties, **next((word for word in given if isinstance(word, dict)), {})}
            if "expression" in options:
                msg = f"the expression {options['expression']}"
                raise NotDrawnError(msg)
            before = [before[at] if word == "." else word for at, word in enumerate(words)]
            dimensions = frozenset(zip(before[2::2], before[3::2], strict=True))
            yield Line(
                metric=(before[0], before[1], dimensions),
                statistic=options.get("stat", "Average"),
                period=timedelta(seconds=options.get("period", 5 * _MINUTE)),
                label=options.get("label", before[1]),
                colour=options.get("color", _PALETTE[index % len(_PALETTE)]),
                is_right=options.get("yAxis") == "right",
            )


@dataclass(frozen=True, slots=True)
class Definition:
    """
    The whole dashboard.

    Attributes:
        widgets: In the order of the definition.
        shown: How long a time it shows when it is opened.
    """

    widgets: tuple[Widget, ...]
    shown: timedelta

    @classmethod
    def read(cls, body: str) -> "Definition":
        """
        Read a dashboard's body.

        Raises:
            NotDrawnError: It does not begin some hours before now.
        """
        content = json.loads(body)
        start = _HOURS.fullmatch(content.get("start", ""))
        if start is None:
            msg = f"a dashboard that starts at {content.get('start')}"
            raise NotDrawnError(msg)
        widgets = (
            Widget(each["type"], each["x"], each["y"], each["width"], each["height"], each["properties"])
            for each in content["widgets"]
        )
        return cls(tuple(widgets), timedelta(hours=int(start[1])))
