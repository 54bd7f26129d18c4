"""What people type, for the end of each help text and for the page of all commands. A test parses every line."""

from collections.abc import Mapping
from typing import Final

EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "demo": (
        "crossfade demo",
        "crossfade demo --plan quick --fault green-5xx@2",
        "crossfade demo --start pipeline --fault green-crash --report report.html",
    ),
    "serve": ("crossfade serve", "crossfade serve --fault green-5xx@2 --speed 60"),
    "simulate": ("crossfade simulate --seeds 100", "crossfade simulate --search exhaustive --processes 2"),
    "replay": ("crossfade replay 42",),
    "plan": (
        "crossfade plan",
        "crossfade plan --plan quick --requests-per-second 200",
        "crossfade plan --workloads burnham,yelb --output json",
    ),
    "preflight": (
        "crossfade preflight --profile platform",
        "crossfade preflight --embedded --fault preflight:blind-alarm",
    ),
    "start": (
        "crossfade start --dry-run",
        'crossfade start --name tonight --plan standard --reason "release 42" --not-after 30m',
        "crossfade start --workloads burnham --profile platform --region eu-west-1",
    ),
    "status": ("crossfade status", "crossfade status tonight"),
    "watch": ("crossfade watch tonight",),
    "approve": ('crossfade approve tonight --stage 1 --reason "latency is fine"',),
    "promote": ('crossfade promote tonight --reason "quiet night"',),
    "hold": ('crossfade hold tonight --for 1h --reason "a strange log line"',),
    "resume": ("crossfade resume tonight",),
    "abort": ('crossfade abort tonight --reason "support reports errors"',),
    "history": ("crossfade history --most 5", "crossfade history tonight --output json"),
    "report": ("crossfade report tonight --open",),
}
"""By command; what they name is in the shipped configuration."""


def told(command: str) -> str:
    """The end of the help text of *command*, which is not to be folded."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in EXAMPLES[command])
