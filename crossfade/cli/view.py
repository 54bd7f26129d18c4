"""How a running migration looks: a live picture for terminals, plain lines for everything else.

A view is shown frames; it knows neither AWS nor the embedded world.
"""

from datetime import datetime
from threading import Event
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
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
_LINES_SHOWN = 9
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
        self._live.update(picture(frame), refresh=True)
        self._clock.wait(self._pause_seconds)


def picture(frame: Frame) -> RenderableType:
    """The whole picture of one moment."""
    return Panel(
        Group(_head(frame), _stages(frame), _progress(frame), Text(), _hosts(frame), Text(), _lines(frame.lines)),
        title=f"[bold]Crossfade[/]  {frame.title}",
        subtitle=_traffic(frame),
        border_style="red" if frame.rolling_back else "cyan",
    )


def _head(frame: Frame) -> RenderableType:
    head = Table.grid(expand=True)
    head.add_column(ratio=1)
    head.add_column(justify="right")
    doing = Text(frame.doing, style="bold red" if frame.rolling_back else "bold")
    head.add_row(doing, Text(f"{frame.now:%H:%M:%S} UTC  +{format_duration(frame.elapsed)}", style="dim"))
    head.add_row(Text(frame.next_event, style="dim"), Text(frame.fault and f"fault: {frame.fault}", style="magenta"))
    return head


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
    return ProgressBar(total=1.0, completed=min(1.0, frame.progress), complete_style=colour, finished_style=colour)


def _hosts(frame: Frame) -> RenderableType:
    table = Table(box=None, expand=True, padding=(0, 1), header_style="dim")
    table.add_column("host")
    for heading in ("blue", "green", "written", "observed", "green 5xx"):
        table.add_column(heading, justify="right")
    table.add_column("alarms")
    for row in frame.hosts:
        table.add_row(
            row.host, _number(row.blue), _number(row.green), _percent(row.written_percent),
            _percent(row.observed_percent), _errors(row), _alarms(row.alarms),
        )  # fmt: skip
    return table


def _lines(lines: tuple[Line, ...]) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(style="dim", no_wrap=True, min_width=_CLOCK_WIDTH)
    table.add_column(overflow="ellipsis", no_wrap=True)
    for line in lines[-_LINES_SHOWN:]:
        table.add_row(_clock(line.at), Text(line.text, style=_COLOURS.get(line.what, "")))
    for _ in range(_LINES_SHOWN - len(lines)):
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
    bad = row.errors_percent is not None and row.errors_percent >= 1
    return Text(_percent(row.errors_percent), style="bold red" if bad else "")


def _alarms(state: str) -> Text:
    colour = {"OK": "green", "ALARM": "bold red", "INSUFFICIENT_DATA": "yellow"}.get(state, "")
    return Text(state.lower().replace("_", " ") if state != "ALARM" else state, style=colour)
