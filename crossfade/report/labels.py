"""Where the labels over a chart stand: no two overlap, and no label's line to its mark crosses another label.

Each label starts (or ends) at its mark and stands in a row above the plot; a straight line leads down from it. A label
that reaches over the mark of a later one therefore stands above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

ROWS_MAX = 5
GAP = 8.0
"""Free space between two labels of a row, in pixels."""


@dataclass(frozen=True, slots=True)
class Label:
    """A label that wants a place: the x of its mark and its width, in pixels."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Place:
    """
    The place of one label.

    Attributes:
        row: 0 is next to the plot.
        is_before: Whether the label ends at its mark instead of starting there.
    """

    row: int
    is_before: bool


def place(labels: Sequence[Label], begin: float, end: float) -> tuple[Place, ...] | None:
    """
    Find places for *labels*, given in order of x, between *begin* and *end*.

    All start at their marks when two rows suffice. Else the last ones end at theirs; how many is tried out.

    Returns:
        One place a label; None when they do not fit in `ROWS_MAX` rows.
    """
    found = [places for after in range(len(labels), -1, -1) if (places := _placed(labels, after, begin, end))]
    best = min(found, key=lambda places: max([1, *(place.row for place in places)]), default=None)
    return best if labels else ()


def _placed(labels: Sequence[Label], after: int, begin: float, end: float) -> tuple[Place, ...] | None:
    spans = [_span(label, is_before=index >= after) for index, label in enumerate(labels)]
    if any(left + GAP < begin or right - GAP > end for left, right in spans):
        return None
    rows: list[int | None] = [None] * len(labels)
    for _ in labels:
        for index in range(len(labels)):
            rows[index] = _row(index, labels, spans, rows)
    if any(row is None or row >= ROWS_MAX for row in rows):
        return None
    return tuple(Place(row or 0, index >= after) for index, row in enumerate(rows))


def _span(label: Label, *, is_before: bool) -> tuple[float, float]:
    return (label.x - label.width - GAP, label.x) if is_before else (label.x, label.x + label.width + GAP)


def _row(
    index: int, labels: Sequence[Label], spans: Sequence[tuple[float, float]], rows: Sequence[int | None]
) -> int | None:
    """The row above every label that must stand below this one; None while one of those has no row (yet)."""
    below = [rows[other] for other in range(len(labels)) if other != index and _is_above(index, other, labels, spans)]
    if any(row is None for row in below):
        return None
    return 1 + max((row for row in below if row is not None), default=-1)


def _is_above(index: int, other: int, labels: Sequence[Label], spans: Sequence[tuple[float, float]]) -> bool:
    if _covers(index, other, labels, spans):
        return True
    overlap = spans[index][0] < spans[other][1] and spans[other][0] < spans[index][1]
    return overlap and index < other and not _covers(other, index, labels, spans)


def _covers(index: int, other: int, labels: Sequence[Label], spans: Sequence[tuple[float, float]]) -> bool:
    """Whether the mark of *other* lies under label *index*; of two marks at one x the later one is to the right."""
    left, right = spans[index]
    x, at = (labels[index].x, index), (labels[other].x, other)
    return at > x and labels[other].x < right if right > labels[index].x else at < x and labels[other].x > left
