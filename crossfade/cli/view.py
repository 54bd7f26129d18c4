"""How a running migration looks: a live picture for terminals, plain lines for everything else.

A view is shown frames; it knows neither AWS nor the embedded world.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from threading import Event
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from crossfade.cli.frame import Frame, HostRow, Line
from crossfade.core.duration import format_duration

_COLOURS = {
    "rollback_began": "red",
    "traffic_returned": "yellow",
    "stage_passed": "green",
    "soak_passed": "green",
    "preflight_passed": "green",
}
_LINES_SHOWN, _LINES_MIN, _HOSTS_MIN = 9, 3, 3
_REASON_LINES = 2
_AROUND = 11 + _REASON_LINES
"""Lines of the picture beside hosts and timeline: head, stages, progress, borders and gaps."""
_CLOCK_WIDTH = len("02:00:00")


class View(Protocol):
    """Shows frames from `__enter__` to `__exit__`."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; the last frame stays."""

    @property
    def is_seen(self) -> bool:
        """Whether anybody sees a frame; if not, none has to be made."""

    def show(self, frame: Frame) -> None:
        """Show *frame*."""


class SilentView:
    """Shows nothing: for output that a program reads."""

    is_seen: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def show(self, frame: Frame) -> None:
        """Show nothing."""


class PlainView(SilentView):
    """Prints each new line of the timeline once: for logs and pipes."""

    is_seen = True

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = 0

    def show(self, frame: Frame) -> None:
        """Print what is new."""
        for line in frame.lines[self._shown :]:
            self._console.print(f"{_clock(line.at)}  {line.text}", highlight=False, soft_wrap=True, markup=False)
        self._shown = len(frame.lines)


class LiveView:
    """
    Draws the migration in place.

    Args:
        console: A terminal.
        pause_seconds: Real time to leave each picture standing, so that an hour in seconds can be followed.
    """

    is_seen: bool = True

    def __init__(self, console: Console, *, pause_seconds: float) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._pause_seconds = pause_seconds
        self._clock = Event()

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def show(self, frame: Frame) -> None:
        """Draw *frame* over the one before."""
        self._live.update(picture(frame, height=self._console.height), refresh=True)
        self._clock.wait(self._pause_seconds)


def picture(frame: Frame, *, height: int) -> RenderableType:
    """The whole picture of one moment, in a terminal of *height* lines; what does not fit is left out, not cut off."""
    hosts = min(len(frame.hosts), max(_HOSTS_MIN, height - _AROUND - _LINES_MIN))
    more = int(hosts < len(frame.hosts))
    lines = min(_LINES_SHOWN, max(_LINES_MIN, height - _AROUND - hosts - more))
    return Panel(
        Group(
            _head(frame), _stages(frame), _progress(frame), _where(frame), _hosts(frame, hosts), Text(),
            _lines(frame.lines, lines),
        ),
        title=f"[bold]Crossfade[/]  {frame.title}",
        subtitle=_traffic(frame),
        border_style="red" if frame.rolling_back else "cyan",
    )  # fmt: skip


def _head(frame: Frame) -> RenderableType:
    head = Table.grid(expand=True)
    head.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    head.add_column(justify="right")
    doing = Text(frame.doing, style="bold red" if frame.rolling_back else "bold")
    head.add_row(doing, Text(f"{frame.now:%H:%M:%S} UTC  +{format_duration(frame.elapsed)}", style="dim"))
    if frame.fault:
        head.add_row("", Text(f"fault: {frame.fault}", style="magenta"))
    return Group(head, _Reason(Text(frame.next_event, style="dim")))


@dataclass(frozen=True, slots=True)
class _Reason:
    """A text on exactly so many lines, however long it is: what stands below it does not jump."""

    text: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = self.text.wrap(console, options.max_width)
        if len(lines) > _REASON_LINES:
            last = lines[_REASON_LINES - 1]
            last.truncate(options.max_width - 2)
            last.append(" \u2026")
        yield from [*lines, *[Text()] * _REASON_LINES][:_REASON_LINES]


def _stages(frame: Frame) -> RenderableType:
    text = Text("stages  ", style="dim")
    for index, share in enumerate(frame.stages):
        if index in frame.waves:
            text.append(f" {frame.waves[index]}:", style="dim")
        style = "green" if index < frame.stage else "bold reverse" if index == frame.stage else "dim"
        text.append(f" {share:g} % ", style="strike dim" if frame.rolling_back and index > frame.stage else style)
        text.append(" ")
    return text


def _progress(frame: Frame) -> RenderableType:
    colour = "red" if frame.rolling_back else "cyan"
    bar = ProgressBar(total=1.0, completed=min(1.0, frame.progress), complete_style=colour, finished_style=colour)
    return Group(bar, Text())  # a bar does not end its line


def _hosts(frame: Frame, most: int) -> RenderableType:
    """The *most* hosts that deserve it most, in their order, without the part of the name that all have."""
    shared = _domain(frame)
    table = Table(box=None, expand=True, padding=(0, 1), header_style="dim")
    table.add_column("host", no_wrap=True, ratio=1)
    for heading in ("blue", "green", "written", "observed", "green 5xx"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("alarms", no_wrap=True)
    shown = sorted(sorted(range(len(frame.hosts)), key=lambda at: _rank(frame.hosts[at]))[:most])
    for row in (frame.hosts[at] for at in shown):
        table.add_row(
            row.host.removesuffix(f".{shared}"), _number(row.blue), _number(row.green), _percent(row.written_percent),
            _percent(row.observed_percent), _errors(row), _alarms(row.alarms),
        )  # fmt: skip
    if left := len(frame.hosts) - len(shown):
        table.add_row(f"and {left} more")
    return table


def _where(frame: Frame) -> Text:
    """The gap over the hosts, with the domain that they share."""
    domain = _domain(frame)
    return Text(f" hosts in {domain}" if domain else "", style="dim")


def _domain(frame: Frame) -> str:
    return _shared_domain([row.host for row in frame.hosts])


def _rank(row: HostRow) -> int:
    """What fails comes first, then what is between the sides."""
    if row.alarms == "ALARM" or _is_failing(row):
        return 0
    return 1 if row.written_percent not in (0, 100) else 2


def _shared_domain(hosts: Sequence[str]) -> str:
    """The domain that all *hosts* are in, at least two labels; empty for none, and for one host alone."""
    labels = [host.split(".")[::-1] for host in hosts]
    shared = list(takewhile(lambda each: len(set(each)) == 1, zip(*(each[:-1] for each in labels), strict=False)))
    return ".".join(each[0] for each in reversed(shared)) if len(hosts) > 1 and len(shared) > 1 else ""


def _lines(lines: tuple[Line, ...], most: int) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(style="dim", no_wrap=True, min_width=_CLOCK_WIDTH)
    table.add_column(overflow="ellipsis", no_wrap=True)
    for line in lines[-most:]:
        table.add_row(_clock(line.at), Text(line.text, style=_COLOURS.get(line.what, "")))
    for _ in range(most - len(lines)):
        table.add_row("", "")
    return table


def _traffic(frame: Frame) -> str:
    if not frame.requests:
        return ""
    style = "red" if frame.failed else "green"
    return f"{frame.requests:,} requests, [{style}]{frame.failed:,} failed[/]"


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}"


def _number(weight: int | None) -> str:
    return "-" if weight is None else str(weight)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1f} %"


def _errors(row: HostRow) -> Text:
    return Text(_percent(row.errors_percent), style="bold red" if _is_failing(row) else "")


def _is_failing(row: HostRow) -> bool:
    return row.errors_percent is not None and row.errors_percent >= 1


def _alarms(state: str) -> Text:
    colour = {"OK": "green", "ALARM": "bold red", "INSUFFICIENT_DATA": "yellow"}.get(state, "")
    return Text(state.lower().replace("_", " ") if state != "ALARM" else state, style=colour)
