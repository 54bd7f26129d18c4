"""What is said when a migration has ended: one summary, as text for people or as JSON for programs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from crossfade.cli.frame import Line
from crossfade.core.declaration import Declaration, told
from crossfade.core.duration import format_duration
from crossfade.core.record import Outcome

_GOOD = {Outcome.SUCCEEDED, Outcome.DRY_RUN}
_WORDS = {
    Outcome.SUCCEEDED: "all traffic is on green",
    Outcome.ROLLED_BACK: "all traffic is back on blue",
    Outcome.PARTLY_ROLLED_BACK: "some hosts are on green, the others are back on blue",
    Outcome.ROLLBACK_UNCONFIRMED: "the rollback could not be read back; somebody was paged",
    Outcome.HELD: "traffic is held on purpose; somebody was paged",
    Outcome.REFUSED: "nothing was changed",
    Outcome.DUPLICATE: "another execution already does this; nothing was changed",
    Outcome.DRY_RUN: "the preflight passed; nothing was changed",
}


@dataclass(frozen=True, slots=True)
class Summary:
    """
    How a run ended.

    Attributes:
        outcome: In the machine's own word.
        reason: Why, in a sentence.
        weights: Blue's and green's weight of each host, read back after the end.
        authority: Where from.
        timeline: What happened, oldest first.
        requests: Served from start to end, all hosts.
        failed: Of them, failed.
        status: Of the execution, in Step Functions' words.
        events: In the execution's history.
        transitions: Of states.
        began: UTC.
        ended: UTC.
        restored_after: From the moment when the execution was ended from outside until the guardian had read back that
            traffic is where it was; None when the execution ended by itself.
        broken: Promises that were broken, a sentence each; empty when all were kept.
        declare: What Git and Terraform must say now.
    """

    outcome: Outcome
    reason: str
    weights: Mapping[str, Mapping[str, int | None]]
    timeline: tuple[Line, ...]
    requests: int
    failed: int
    status: str
    events: int
    transitions: int
    began: datetime
    ended: datetime
    authority: str = "Route 53"
    restored_after: timedelta | None = None
    broken: tuple[str, ...] = ()
    declare: tuple[Declaration, ...] = ()

    @property
    def headline(self) -> str:
        """How it ended, in one line."""
        return f"{self.outcome}: {_WORDS[self.outcome]}"

    def to_json(self) -> dict[str, Any]:
        """The object that `--output json` prints."""
        return {
            "outcome": self.outcome.value,
            "reason": self.reason,
            "weights": {host: dict(weights) for host, weights in self.weights.items()},
            "timeline": [{"at": line.at.isoformat(), "event": line.what, "text": line.text} for line in self.timeline],
            "requests": {"total": self.requests, "failed": self.failed},
            "execution": {
                "status": self.status,
                "events": self.events,
                "transitions": self.transitions,
                "duration_seconds": round((self.ended - self.began).total_seconds()),
                "restored_after_seconds": round(self.restored_after.total_seconds()) if self.restored_after else None,
            },
            "declare": [asdict(each) for each in self.declare],
            "promise": {"kept": not self.broken, "broken": list(self.broken)},
        }


def show(summary: Summary, console: Console, *, timeline: bool) -> None:
    """Print *summary*, with its timeline unless that was printed already."""
    if timeline:
        console.print(_timeline(summary.timeline))
    console.print()
    console.print(Group(_headline(summary), Text(), _weights(summary), Text(), _figures(summary)))
    if summary.declare:
        console.print(Text(f"\n{told(summary.declare)}"), soft_wrap=True)
    for sentence in summary.broken:
        console.print(Text(f"PROMISE BROKEN: {sentence}", style="bold red"))


def _headline(summary: Summary) -> RenderableType:
    colour = "green" if summary.outcome in _GOOD else "red" if summary.broken else "yellow"
    headline = Text(summary.outcome.value, style=f"bold {colour}")
    headline.append(f": {_WORDS[summary.outcome]}", style="bold")
    if summary.outcome not in _GOOD and summary.reason:
        headline.append(f"\n{summary.reason}", style="default")
    if summary.restored_after is not None:
        took = format_duration(summary.restored_after)
        headline.append(
            f"\nThe execution was ended from outside ({summary.status}); {took} later the guardian had read back that "
            "traffic is where it was.",
            style="default",
        )
    return headline


def _timeline(lines: tuple[Line, ...]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for line in lines:
        table.add_row(f"{line.at:%H:%M:%S}", Text(line.text))
    return table


def _weights(summary: Summary) -> RenderableType:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    table.add_column(f"read back from {summary.authority}")
    table.add_column("blue", justify="right")
    table.add_column("green", justify="right")
    for host, weights in summary.weights.items():
        table.add_row(host, *("-" if weights[side] is None else str(weights[side]) for side in ("blue", "green")))
    return table


def _figures(summary: Summary) -> RenderableType:
    failed = Text(f"{summary.failed:,} failed", style="red" if summary.failed else "green")
    took = format_duration(summary.ended - summary.began)
    return Text.assemble(
        f"{summary.requests:,} requests, ", failed,
        f"; {took} of virtual time, {summary.transitions} state transitions, {summary.events} history events",
    )  # fmt: skip
