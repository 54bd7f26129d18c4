"""The live picture fits into the terminal it is drawn in: nothing is cut off, and nothing jumps."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from crossfade.cli.frame import Frame, HostRow, Line
from crossfade.cli.view import picture

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
SHORT = "all 6 alarms are OK"
LONG = "burnham: green had 65 of the 300 requests it is judged by; " * 6


def a_row(host: str, *, green: int = 0, errors: float = 0.0) -> HostRow:
    return HostRow(host, 100 - green, green, float(green), errors, "OK")


def a_frame(*hosts: HostRow, reason: str = SHORT, lines: int = 20) -> Frame:
    told = tuple(Line(NOW, "stage_began", f"line {number}") for number in range(lines))
    return Frame(
        now=NOW,
        elapsed=timedelta(minutes=6),
        title="blue to green",
        doing="baking",
        next_event=reason,
        stages=(1, 5, 25, 50, 100),
        stage=0,
        progress=0.2,
        rolling_back=False,
        hosts=hosts,
        lines=told,
        requests=9_000,
        fault="green-5xx@2",
    )


def drawn(frame: Frame, *, width: int = 80, height: int = 24) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, record=True)
    console.print(picture(frame, height=height))
    return console.export_text().rstrip("\n").split("\n")


FIVE = tuple(
    a_row(f"{name}.eks-blueprint.example.com") for name in ("burnham", "2048", "guestbook-ui", "yelb", "ho11y")
)
FORTY = tuple(a_row(f"host-{number}.example.com") for number in range(40))


@pytest.mark.parametrize("hosts", [FIVE, FORTY], ids=["five hosts", "forty hosts"])
@pytest.mark.parametrize("reason", [SHORT, LONG], ids=["short reason", "long reason"])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (130, 40)])
def test_the_picture_fits_with_its_last_line_and_the_newest_of_the_timeline(
    hosts: tuple[HostRow, ...], reason: str, width: int, height: int
) -> None:
    lines = drawn(a_frame(*hosts, reason=reason), width=width, height=height)

    assert len(lines) <= height
    assert "9,000 requests" in lines[-1]
    assert "line 19" in lines[-2]


def test_the_picture_is_as_high_with_a_long_reason_as_with_a_short_one() -> None:
    assert len(drawn(a_frame(*FIVE, reason=LONG))) == len(drawn(a_frame(*FIVE)))
    assert any("\u2026" in line for line in drawn(a_frame(*FIVE, reason=LONG)))


def test_of_many_hosts_those_that_fail_are_shown_and_the_others_counted() -> None:
    hosts = [*FORTY[:38], a_row("moving.example.com", green=5), a_row("sick.example.com", errors=20.0)]

    text = "\n".join(drawn(a_frame(*hosts)))

    assert "sick" in text
    assert "moving" in text
    assert "and 32 more" in text


def test_the_domain_that_all_hosts_have_is_said_once() -> None:
    lines = drawn(a_frame(*FIVE))
    text = "\n".join(lines)

    assert [line.strip("\u2502 ") for line in lines if "eks-blueprint" in line] == [
        "hosts in eks-blueprint.example.com"
    ]
    assert "guestbook-ui " in text
    assert "written  observed  green 5xx  alarms" in text


def test_a_host_alone_keeps_its_whole_name() -> None:
    assert "shop.example.com" in "\n".join(drawn(a_frame(a_row("shop.example.com"))))
